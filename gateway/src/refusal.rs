//! Why an exchange was refused, whose fault it is, and the one place that turns that into HTTP.
//!
//! Stages return a [`Refusal`]; nothing else decides a status. [`Refusal::face`] is the exhaustive
//! match from reason to status, stable code, fault and words. It never holds a value of a record:
//! what comes from parsers is already a coded rule and a place.

use std::{borrow::Cow, time::Duration};

use adapters::population::Unaskable;
use contracts::{Bilingual, ContractId, Violation, ViolationRule};
use http::{Method, StatusCode};
use policies::{AgreementId, Party, Rule};

use crate::{
    host::{BodyFault, HygieneFault, RevocationFault},
    journal::JournalFault,
    quota,
};

/// Whose fault a refusal is; the words stand in problem documents and in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Who asked: mend the request, the certificate or the agreement.
    Consumer,
    /// Who answers for the service: nothing the consumer can mend.
    Provider,
    /// This gateway or its operators.
    Gateway,
}

impl Blame {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
            Self::Gateway => "gateway",
        }
    }
}

/// Why an exchange ended without what was asked for.
#[derive(Debug)]
pub enum Refusal {
    /// The certificate no longer counts: revoked, expired, or its revocation list is missing or too
    /// old to tell, which never counts as "not revoked".
    Certificate(RevocationFault),
    /// The head of the request is not clean HTTP.
    Unclean(HygieneFault),
    /// A trusted certificate that no member document names.
    SystemUnknown,
    /// The system connects from an address its document does not allow.
    AddressNotAllowed,
    /// The system belongs to another environment than this gateway.
    Environment,
    /// A suspension stops the system, the service or the agreement.
    Suspended {
        /// The suspension's reason, as its document gives it.
        reason: Bilingual,
    },
    /// The system has more connections open than it may.
    TooManyConnections,
    /// `Lt-On-Behalf-Of` names a member the system may not speak for.
    RelayNotAllowed,
    /// The path leads nowhere.
    NotFound,
    /// The path is right, the method is not.
    MethodNotAllowed {
        /// What the path takes.
        allow: &'static [Method],
    },
    /// A query parameter that is unknown, repeated or malformed.
    Parameter {
        /// Which rule: `unknown-parameter`, `repeated-parameter`, `parameter`.
        rule: &'static str,
        /// The parameter's name, when it is one of ours or of the contract.
        name: String,
    },
    /// A header of ours that is malformed.
    Header {
        /// Its name.
        name: &'static str,
    },
    /// The agreement, or the lack of one, says no.
    Denied(policies::Refusal),
    /// A quota is spent.
    QuotaSpent(Box<quota::Exceeded>),
    /// The body did not arrive whole.
    Body(BodyFault),
    /// The body's media type is not one this operation takes.
    MediaType,
    /// None of the formats in `Accept` can be given.
    NotAcceptable,
    /// The body cannot be read as its media type.
    Unreadable(adapters::Unreadable),
    /// The body breaks the contract.
    Violations {
        /// The contract.
        contract: ContractId,
        /// What is broken, without values.
        violations: Vec<Violation>,
    },
    /// The verification cannot be asked of the population database as it stands.
    Unaskable(Unaskable),
    /// A submitted record lies outside the agreement's records.
    RecordOutsideScope,
    /// The record does not exist, or the agreement does not cover it: the two look alike.
    RecordNotFound,
    /// The service is in a declared maintenance window.
    Maintenance {
        /// How long it still lasts.
        remaining: Duration,
    },
    /// No connection to the provider in time, or its certificate is not the declared one: nothing was
    /// sent.
    ProviderUnreachable,
    /// The provider did not answer in time what was sent.
    ProviderTimedOut {
        /// Whether a change may have taken place there.
        outcome_unknown: bool,
    },
    /// The connection broke after the request was sent.
    ProviderBroken {
        /// Whether a change may have taken place there.
        outcome_unknown: bool,
    },
    /// The provider answered with a status that says no.
    ProviderRefused {
        /// Its status.
        status: StatusCode,
    },
    /// The provider's reply breaks the contract, or cannot be read.
    ProviderBrokeContract {
        /// The contract.
        contract: ContractId,
        /// The reader's rule when it could not be read.
        unreadable: Option<&'static str>,
        /// What is broken, without values.
        violations: Vec<Violation>,
        /// Whether a change may have taken place there.
        outcome_unknown: bool,
    },
    /// The provider's reply is larger than the service allows.
    ProviderTooLarge,
    /// The operation is declared but this release of the gateway cannot carry it out.
    NotImplemented {
        /// What is missing.
        what: &'static str,
    },
    /// Evidence could not be written.
    Evidence(JournalFault),
}

/// How a refusal looks from outside. `kind` is what programs act on, and what the journal calls
/// `rule`; `rule` tells which of its forms it took, for people, and is the journal's `cause` where it
/// says more than the code.
#[derive(Debug)]
pub struct Face {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code of `type`.
    pub kind: &'static str,
    /// The precise rule; `kind` again when there is no finer one.
    pub rule: Cow<'static, str>,
    /// Whose fault.
    pub blame: Blame,
    /// A short title.
    pub title: Bilingual,
    /// What happened and what to do next.
    pub detail: Bilingual,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// The violations to list, if any. Of a provider's reply only fields are told, each once: how
    /// many records it holds, and at which of them it breaks, is nobody's to know who may not see
    /// them all; and a name that the contract does not have is the provider's, whatever it says.
    pub fn violations(&self) -> Cow<'_, [Violation]> {
        match self {
            Self::Violations { violations, .. } => Cow::Borrowed(violations),
            Self::ProviderBrokeContract { violations, .. } => {
                let mut told: Vec<Violation> = Vec::new();
                for violation in violations {
                    let path = anywhere(violation);
                    if !told.iter().any(|known| known.path == path && known.rule == violation.rule) {
                        told.push(Violation { path, ..violation.clone() });
                    }
                }
                Cow::Owned(told)
            }
            _ => Cow::Borrowed(&[]),
        }
    }

    /// The agreement that it speaks of, when the decision had come to one.
    pub fn agreement(&self) -> Option<&AgreementId> {
        match self {
            Self::Denied(refusal) => refusal.agreement.as_ref(),
            _ => None,
        }
    }

    /// Whether the provider may have received something.
    pub fn reached_provider(&self) -> bool {
        matches!(
            self,
            Self::ProviderTimedOut { .. }
                | Self::ProviderBroken { .. }
                | Self::ProviderRefused { .. }
                | Self::ProviderBrokeContract { .. }
                | Self::ProviderTooLarge
        )
    }

    /// The one match from reason to HTTP.
    pub fn face(&self) -> Face {
        use Blame::{Consumer, Gateway, Provider};
        match self {
            Self::Certificate(fault) => Face {
                detail: joined(&fault.message(), &fault.remedy()),
                ..face(
                    403,
                    fault.rule(),
                    if fault.is_ours() { Gateway } else { Consumer },
                    ("Chứng thư không còn giá trị", "Certificate no longer counts"),
                    ("", ""),
                )
            },
            Self::Unclean(fault) => Face {
                status: fault.status(),
                detail: fault.message(),
                ..face(
                    400,
                    fault.rule(),
                    Consumer,
                    ("Yêu cầu HTTP không sạch", "Request is not clean HTTP"),
                    ("", ""),
                )
            },
            Self::SystemUnknown => face(
                403,
                "system-unknown",
                Consumer,
                ("Hệ thống chưa đăng ký", "System not registered"),
                (
                    "Chứng thư hợp lệ nhưng không thuộc hệ thống nào đã đăng ký. Hãy đề nghị đơn vị vận hành cổng đăng ký hệ thống và chứng thư này.",
                    "The certificate is trusted but belongs to no registered system. Ask the gateway's operator to register the system with this certificate.",
                ),
            ),
            Self::AddressNotAllowed => face(
                403,
                "address-not-allowed",
                Consumer,
                ("Địa chỉ không được phép", "Address not allowed"),
                (
                    "Hệ thống kết nối từ địa chỉ mạng ngoài danh sách `allowed_ips` của mình. Hãy kết nối từ địa chỉ đã đăng ký, hoặc đề nghị đơn vị vận hành cổng bổ sung địa chỉ.",
                    "The system connects from an address outside its `allowed_ips`. Connect from a registered address, or ask the gateway's operator to add this one.",
                ),
            ),
            Self::Environment => face(
                403,
                "environment",
                Consumer,
                ("Sai môi trường", "Wrong environment"),
                (
                    "Hệ thống này được đăng ký cho môi trường khác; chứng thư thử nghiệm không dùng được trên môi trường chính thức. Hãy dùng chứng thư của môi trường này.",
                    "This system is registered for another environment; test certificates never work in production. Use the certificate of this environment.",
                ),
            ),
            Self::Suspended { reason } => Face {
                detail: Bilingual::new(
                    format!(
                        "Việc trao đổi đang bị đình chỉ: {}. Hãy liên hệ đơn vị vận hành cổng.",
                        reason.vi
                    ),
                    format!("The exchange is suspended: {}. Contact the gateway's operator.", reason.en),
                ),
                ..face(403, "suspended", Consumer, ("Đang bị đình chỉ", "Suspended"), ("", ""))
            },
            Self::TooManyConnections => Face {
                retry_after: Some(Duration::from_secs(1)),
                ..face(
                    429,
                    "too-many-connections",
                    Consumer,
                    ("Quá nhiều kết nối", "Too many connections"),
                    (
                        "Hệ thống này đang mở quá nhiều kết nối. Hãy dùng lại kết nối đã mở, hoặc đóng bớt.",
                        "This system has too many connections open. Reuse open connections, or close some.",
                    ),
                )
            },
            Self::RelayNotAllowed => face(
                403,
                "relay-not-allowed",
                Consumer,
                ("Không được chuyển tiếp thay", "Relaying not allowed"),
                (
                    "`Lt-On-Behalf-Of` nêu một thành viên mà hệ thống này không được thay mặt (`relays_for`). Hãy bỏ tiêu đề này, hoặc đề nghị đơn vị vận hành cổng bổ sung quyền.",
                    "`Lt-On-Behalf-Of` names a member this system may not speak for (`relays_for`). Leave the header out, or ask the gateway's operator for the right.",
                ),
            ),
            Self::NotFound => face(
                404,
                "not-found",
                Consumer,
                ("Không có đường dẫn này", "No such path"),
                (
                    "Đường dẫn không ứng với dịch vụ nào. `GET /api` liệt kê những gì hệ thống này dùng được.",
                    "The path leads to no service. `GET /api` lists what this system may use.",
                ),
            ),
            Self::MethodNotAllowed { .. } => face(
                405,
                "method-not-allowed",
                Consumer,
                ("Phương thức không đúng", "Method not allowed"),
                (
                    "Đường dẫn đúng nhưng phương thức HTTP thì không; xem tiêu đề `Allow`.",
                    "The path is right but the HTTP method is not; see the `Allow` header.",
                ),
            ),
            Self::Parameter { rule, name } => Face {
                rule: Cow::Borrowed(rule),
                detail: Bilingual::new(
                    format!(
                        "Tham số `{name}` không hợp lệ (quy tắc `{rule}`). Chỉ dùng tên trường của hợp đồng, `limit`, `since`, mỗi tham số một lần."
                    ),
                    format!(
                        "Parameter `{name}` is not valid (rule `{rule}`). Use the contract's field names, `limit`, `since`, each once."
                    ),
                ),
                ..face(400, "parameter", Consumer, ("Tham số sai", "Bad parameter"), ("", ""))
            },
            Self::Header { name } => Face {
                detail: Bilingual::new(
                    format!(
                        "Tiêu đề `{name}` sai dạng, bị lặp, hoặc không dùng được ở đây. Hãy sửa hoặc bỏ tiêu đề này."
                    ),
                    format!(
                        "Header `{name}` is malformed, repeated, or has no use here. Correct it or leave it out."
                    ),
                ),
                ..face(400, "header", Consumer, ("Tiêu đề sai", "Bad header"), ("", ""))
            },
            Self::Denied(refusal) => {
                let title = refusal.rule.title();
                let status = match refusal.rule {
                    Rule::VersionUnknown => 404,
                    Rule::VersionRetired => 410,
                    _ => 403,
                };
                Face {
                    detail: joined(&sentence(&refusal.detail), &refusal.rule.remedy()),
                    ..face(
                        status,
                        refusal.rule.code(),
                        party(refusal.rule.fault()),
                        (&title.vi, &title.en),
                        ("", ""),
                    )
                }
            }
            Self::QuotaSpent(exceeded) => Face {
                rule: Cow::Borrowed(exceeded.rule),
                retry_after: Some(exceeded.retry_after),
                detail: exceeded.explain(),
                ..face(429, "quota-exceeded", Consumer, ("Hết hạn mức", "Quota spent"), ("", ""))
            },
            Self::Body(fault) => body_face(fault),
            Self::MediaType => face(
                415,
                "media-type",
                Consumer,
                ("Định dạng không nhận", "Media type not taken"),
                (
                    "`Content-Type` phải là `application/json` hoặc `application/xml`, bảng mã UTF-8, không nén.",
                    "`Content-Type` must be `application/json` or `application/xml`, in UTF-8, without a content coding.",
                ),
            ),
            Self::NotAcceptable => face(
                406,
                "not-acceptable",
                Consumer,
                ("Không có định dạng được chấp nhận", "No acceptable format"),
                (
                    "`Accept` không nêu định dạng nào cổng có: `application/json`, `application/xml`.",
                    "`Accept` names no format the gateway has: `application/json`, `application/xml`.",
                ),
            ),
            Self::Unreadable(unreadable) => Face {
                rule: Cow::Borrowed(unreadable.rule),
                detail: Bilingual::new(
                    format!(
                        "{} (dòng {}, cột {}). {}",
                        unreadable.message.vi,
                        unreadable.place.line,
                        unreadable.place.column,
                        unreadable.remedy.vi
                    ),
                    format!(
                        "{} (line {}, column {}). {}",
                        unreadable.message.en,
                        unreadable.place.line,
                        unreadable.place.column,
                        unreadable.remedy.en
                    ),
                ),
                ..face(
                    400,
                    "unreadable",
                    Consumer,
                    ("Không đọc được nội dung", "Body cannot be read"),
                    ("", ""),
                )
            },
            Self::Violations { contract, .. } => Face {
                rule: Cow::Owned(contract.to_string()),
                ..face(
                    422,
                    "contract-violation",
                    Consumer,
                    ("Dữ liệu trái hợp đồng", "Data breaks the contract"),
                    (
                        "Dữ liệu gửi lên trái hợp đồng dữ liệu; `violations` nêu từng chỗ. Bên cung cấp chưa nhận được gì.",
                        "The data sent breaks the contract; `violations` lists each place. The provider has received nothing.",
                    ),
                )
            },
            Self::Unaskable(unaskable) => Face {
                rule: Cow::Borrowed(unaskable.field()),
                detail: unaskable.message(),
                ..face(
                    422,
                    "verification-unaskable",
                    Consumer,
                    ("Không xác thực được", "Cannot be verified"),
                    ("", ""),
                )
            },
            Self::RecordOutsideScope => face(
                403,
                "record-outside-scope",
                Consumer,
                ("Bản ghi ngoài phạm vi", "Record outside scope"),
                (
                    "Có bản ghi nằm ngoài phạm vi bản ghi của thỏa thuận. Bên cung cấp chưa nhận được gì. Hãy chỉ gửi bản ghi trong phạm vi.",
                    "A record lies outside the records the agreement covers. The provider has received nothing. Send only records within it.",
                ),
            ),
            Self::RecordNotFound => face(
                404,
                "record-not-found",
                Consumer,
                ("Không có bản ghi", "No such record"),
                (
                    "Không có bản ghi này trong phạm vi thỏa thuận. Hãy kiểm tra lại mã bản ghi.",
                    "There is no such record within the agreement's scope. Check the record's key.",
                ),
            ),
            Self::Maintenance { remaining } => Face {
                retry_after: Some(*remaining),
                ..face(
                    503,
                    "maintenance",
                    Provider,
                    ("Đang bảo trì", "Under maintenance"),
                    (
                        "Dịch vụ đang bảo trì theo lịch đã công bố. Hãy thử lại sau thời gian ở `Retry-After`.",
                        "The service is in announced maintenance. Try again after `Retry-After`.",
                    ),
                )
            },
            Self::ProviderUnreachable => Face {
                retry_after: Some(Duration::from_secs(5)),
                ..face(
                    502,
                    "provider-unreachable",
                    Provider,
                    ("Không kết nối được bên cung cấp", "Provider unreachable"),
                    (
                        "Cổng không kết nối được tới bên cung cấp, hoặc chứng thư của bên đó không đúng khai báo. Yêu cầu chưa được gửi đi.",
                        "The gateway cannot connect to the provider, or its certificate is not the declared one. The request was not sent.",
                    ),
                )
            },
            Self::ProviderTimedOut { outcome_unknown: false } => face(
                504,
                "provider-timeout",
                Provider,
                ("Bên cung cấp không trả lời kịp", "Provider timed out"),
                (
                    "Bên cung cấp không trả lời trong thời hạn. Có thể gửi lại yêu cầu.",
                    "The provider did not answer in time. The request may be sent again.",
                ),
            ),
            Self::ProviderTimedOut { outcome_unknown: true } => face(
                504,
                "outcome-unknown",
                Provider,
                ("Chưa rõ kết quả", "Outcome unknown"),
                (
                    "Bên cung cấp không trả lời kịp và có thể đã thực hiện yêu cầu. Hãy tra cứu trước khi gửi lại.",
                    "The provider did not answer in time and may have carried out the request. Look before sending it again.",
                ),
            ),
            Self::ProviderBroken { outcome_unknown: false } => face(
                502,
                "provider-broken",
                Provider,
                ("Kết nối tới bên cung cấp bị đứt", "Provider connection broke"),
                (
                    "Kết nối tới bên cung cấp bị đứt giữa chừng. Có thể gửi lại yêu cầu.",
                    "The connection to the provider broke midway. The request may be sent again.",
                ),
            ),
            Self::ProviderBroken { outcome_unknown: true } => face(
                504,
                "outcome-unknown",
                Provider,
                ("Chưa rõ kết quả", "Outcome unknown"),
                (
                    "Kết nối bị đứt sau khi gửi; bên cung cấp có thể đã thực hiện yêu cầu. Hãy tra cứu trước khi gửi lại.",
                    "The connection broke after sending; the provider may have carried out the request. Look before sending it again.",
                ),
            ),
            Self::ProviderRefused { status } => provider_refusal(*status),
            Self::ProviderBrokeContract { outcome_unknown: true, .. } => Face {
                rule: Cow::Borrowed("reply-broke-contract"),
                ..face(
                    504,
                    "outcome-unknown",
                    Provider,
                    ("Chưa rõ kết quả", "Outcome unknown"),
                    (
                        "Bên cung cấp báo đã nhận, nhưng trả lời trái hợp đồng dữ liệu nên đã bị chặn; yêu cầu có thể đã được thực hiện. Hãy tra cứu trước khi gửi lại.",
                        "The provider says it has taken the request, but its reply breaks the contract and was stopped; the request may have been carried out. Look before sending it again.",
                    ),
                )
            },
            Self::ProviderBrokeContract { contract, unreadable, .. } => Face {
                rule: unreadable.map_or_else(|| Cow::Owned(contract.to_string()), Cow::Borrowed),
                ..face(
                    502,
                    "provider-broke-contract",
                    Provider,
                    ("Bên cung cấp trái hợp đồng", "Provider broke the contract"),
                    (
                        "Trả lời của bên cung cấp trái hợp đồng dữ liệu nên đã bị chặn. Bên sử dụng không phải sửa gì; đơn vị vận hành sẽ làm việc với bên cung cấp.",
                        "The provider's reply breaks the contract and was stopped. The consumer has nothing to mend; the operators take it up with the provider.",
                    ),
                )
            },
            Self::ProviderTooLarge => face(
                502,
                "provider-too-large",
                Provider,
                ("Trả lời quá lớn", "Reply too large"),
                (
                    "Trả lời của bên cung cấp vượt giới hạn của dịch vụ. Hãy thu hẹp bộ lọc hoặc dùng `limit`.",
                    "The provider's reply exceeds the service's limit. Narrow the filter or use `limit`.",
                ),
            ),
            Self::NotImplemented { what } => Face {
                rule: Cow::Borrowed(what),
                ..face(
                    501,
                    "not-implemented",
                    Gateway,
                    ("Chưa hỗ trợ", "Not implemented"),
                    (
                        "Cổng chưa thực hiện được thao tác này trong phiên bản đang chạy. Hãy hỏi đơn vị vận hành cổng về phiên bản có thao tác này.",
                        "The gateway cannot carry out this operation in the running release. Ask the gateway's operator for a release that can.",
                    ),
                )
            },
            Self::Evidence(_) => Face {
                retry_after: Some(Duration::from_secs(10)),
                ..face(
                    503,
                    "evidence-unavailable",
                    Gateway,
                    ("Không ghi được nhật ký", "Evidence cannot be written"),
                    (
                        "Cổng không ghi được chứng cứ trao đổi nên không cho dữ liệu đi qua. Đơn vị vận hành cần kiểm tra ổ đĩa của nhật ký.",
                        "The gateway cannot write evidence of the exchange, so nothing passes. The operator must check the journal's disk.",
                    ),
                )
            },
        }
    }
}

/// A pointer without what only its reply tells: positions become `*`, unknown names go.
fn anywhere(violation: &Violation) -> String {
    let mut segments: Vec<&str> = violation.path.split('/').collect();
    if violation.rule == ViolationRule::UnknownField {
        segments.pop();
    }
    for segment in &mut segments {
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            *segment = "*";
        }
    }
    segments.join("/")
}

/// A text that stands alone: with a capital and a full stop.
fn sentence(text: &Bilingual) -> Bilingual {
    let whole = |text: &str| {
        let mut letters = text.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
        format!("{first}{}{stop}", letters.as_str())
    };
    Bilingual::new(whole(&text.vi), whole(&text.en))
}

/// What happened, then what to do.
fn joined(message: &Bilingual, remedy: &Bilingual) -> Bilingual {
    Bilingual::new(format!("{} {}", message.vi, remedy.vi), format!("{} {}", message.en, remedy.en))
}

fn party(party: Party) -> Blame {
    match party {
        Party::Consumer => Blame::Consumer,
        Party::Provider => Blame::Provider,
        Party::Gateway => Blame::Gateway,
    }
}

fn face(status: u16, kind: &'static str, blame: Blame, title: (&str, &str), detail: (&str, &str)) -> Face {
    Face {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        kind,
        rule: Cow::Borrowed(kind),
        blame,
        title: Bilingual::new(title.0, title.1),
        detail: Bilingual::new(detail.0, detail.1),
        retry_after: None,
    }
}

fn body_face(fault: &BodyFault) -> Face {
    use Blame::Consumer;
    match fault {
        BodyFault::TooLarge => face(
            413,
            "body-too-large",
            Consumer,
            ("Nội dung quá lớn", "Body too large"),
            (
                "Nội dung vượt giới hạn của dịch vụ. Hãy chia thành nhiều lần gửi.",
                "The body exceeds the service's limit. Send it in parts.",
            ),
        ),
        BodyFault::TooSlow => face(
            408,
            "body-too-slow",
            Consumer,
            ("Nội dung đến quá chậm", "Body too slow"),
            (
                "Nội dung không đến đủ trong thời hạn. Hãy kiểm tra đường truyền và gửi lại.",
                "The body did not arrive in time. Check the line and send again.",
            ),
        ),
        BodyFault::Coding => face(
            415,
            "content-coding",
            Consumer,
            ("Mã hóa nội dung không nhận", "Content coding not taken"),
            (
                "Cổng chỉ nhận nội dung không nén (`Content-Encoding: identity`).",
                "Only uncompressed bodies are taken (`Content-Encoding: identity`).",
            ),
        ),
        BodyFault::Broken => face(
            400,
            "body-broken",
            Consumer,
            ("Nội dung bị đứt", "Body broken off"),
            (
                "Nội dung bị đứt hoặc sai khung truyền. Hãy gửi lại trọn vẹn.",
                "The body broke off or is framed wrongly. Send it again, whole.",
            ),
        ),
    }
}

fn provider_refusal(status: StatusCode) -> Face {
    use Blame::{Consumer, Provider};
    let (answer, kind, blame) = match status.as_u16() {
        409 => (409, "provider-conflict", Consumer),
        410 => (410, "provider-gone", Consumer),
        412 => (412, "provider-precondition", Consumer),
        400 | 422 => (422, "provider-rejected", Consumer),
        429 => (503, "provider-busy", Provider),
        _ => (502, "provider-error", Provider),
    };
    Face {
        rule: Cow::Owned(format!("status-{}", status.as_u16())),
        ..face(
            answer,
            kind,
            blame,
            ("Bên cung cấp từ chối", "Provider refused"),
            (
                "Bên cung cấp đã nhận yêu cầu và trả lời không thực hiện; nội dung trả lời không được chuyển tiếp. Hãy đối chiếu với bên cung cấp bằng mã trao đổi.",
                "The provider received the request and answered that it will not carry it out; its words are not passed on. Take it up with the provider, naming the exchange.",
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(path: &str, rule: ViolationRule) -> Violation {
        Violation { path: path.to_owned(), rule, message: Bilingual::new("sai", "wrong") }
    }

    fn broke(violations: Vec<Violation>, outcome_unknown: bool) -> Refusal {
        let contract = "nhiem-vu@1".parse().unwrap();
        Refusal::ProviderBrokeContract { contract, unreadable: None, violations, outcome_unknown }
    }

    #[test]
    fn a_providers_violations_tell_fields_and_neither_positions_nor_its_own_names() {
        let refusal = broke(
            vec![
                violation("/17/KinhPhi", ViolationRule::Type),
                violation("/941/KinhPhi", ViolationRule::Type),
                violation("/3/ThanhVien/12/HoVaTen", ViolationRule::Length),
                violation("/3/NguyenVanA", ViolationRule::UnknownField),
            ],
            false,
        );
        let told: Vec<String> = refusal.violations().iter().map(|told| told.path.clone()).collect();
        assert_eq!(told, ["/*/KinhPhi", "/*/ThanhVien/*/HoVaTen", "/*"]);
    }

    #[test]
    fn a_consumers_violations_tell_where_each_is() {
        let contract = "nhiem-vu@1".parse().unwrap();
        let violations = vec![violation("/17/KinhPhi", ViolationRule::Type)];
        let refusal = Refusal::Violations { contract, violations: violations.clone() };
        assert_eq!(*refusal.violations(), violations);
    }

    #[test]
    fn a_broken_reply_to_a_change_is_no_failure_to_try_again() {
        let (read, changed) = (broke(vec![], false).face(), broke(vec![], true).face());
        assert_eq!((read.status.as_u16(), read.kind), (502, "provider-broke-contract"));
        assert_eq!((changed.status.as_u16(), changed.kind), (504, "outcome-unknown"));
        assert_eq!(changed.rule, "reply-broke-contract");
    }

    #[test]
    fn every_denial_says_what_to_do_next() {
        for rule in Rule::ALL {
            let detail = Bilingual::new("thỏa thuận đã hết hạn", "agreement `TT-1` ended");
            let face = Refusal::Denied(policies::Refusal { rule, detail, agreement: None }).face();
            assert!(face.detail.vi.starts_with("Thỏa thuận đã hết hạn. "), "{}", face.detail.vi);
            assert!(face.detail.en.starts_with("Agreement `TT-1` ended. "), "{}", face.detail.en);
            assert!(face.detail.vi.ends_with('.') && face.detail.en.ends_with('.'), "{rule:?}");
        }
    }
}
