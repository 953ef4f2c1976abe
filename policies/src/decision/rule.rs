//! The rules of a decision, in the order in which they are asked.

use contracts::Bilingual;

/// A rule that a request can fail. The order is the order of the questions, so that of two refusals
/// the greater one came further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The service does not have that version.
    VersionUnknown,
    /// The version is gone.
    VersionRetired,
    /// The consumer's member does not exist on that day.
    MemberNotValid,
    /// The system may not speak for that member.
    RepresentationNotAllowed,
    /// The system, or the service's, belongs to another environment.
    Environment,
    /// The service does not offer the operation.
    OperationNotOffered,
    /// No agreement, and no rule that does without.
    NoAgreement,
    /// The agreement begins later.
    AgreementNotYet,
    /// The agreement is over.
    AgreementExpired,
    /// The agreement was good for one exchange, which took place.
    OneOffUsed,
    /// Outside the hours of the agreement.
    OutsideWindow,
    /// No purpose was stated where one is due.
    PurposeMissing,
    /// The stated purpose is not a known one.
    PurposeUnknown,
    /// The stated purpose is not one of the agreement's.
    PurposeNotAgreed,
    /// The agreement does not allow the operation.
    OperationNotAgreed,
    /// The service cannot give that format.
    FormatNotOffered,
    /// The agreement does not allow the format.
    FormatNotAgreed,
    /// One field is filtered by more than once.
    FilterRepeated,
    /// The filter names a field that is not released as it is.
    FilterNotReleased,
    /// The service does not filter by that field.
    FilterNotOffered,
    /// The agreement does not allow a filter by that field.
    FilterNotAgreed,
}

/// Who can set a refusal right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// Whoever asked.
    Consumer,
    /// Whoever offers the service.
    Provider,
    /// Whoever runs the gateway.
    Gateway,
}

impl Party {
    /// The name in problem documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
            Self::Gateway => "gateway",
        }
    }
}

impl Rule {
    /// Every rule, in order.
    pub const ALL: [Self; 21] = [
        Self::VersionUnknown,
        Self::VersionRetired,
        Self::MemberNotValid,
        Self::RepresentationNotAllowed,
        Self::Environment,
        Self::OperationNotOffered,
        Self::NoAgreement,
        Self::AgreementNotYet,
        Self::AgreementExpired,
        Self::OneOffUsed,
        Self::OutsideWindow,
        Self::PurposeMissing,
        Self::PurposeUnknown,
        Self::PurposeNotAgreed,
        Self::OperationNotAgreed,
        Self::FormatNotOffered,
        Self::FormatNotAgreed,
        Self::FilterRepeated,
        Self::FilterNotReleased,
        Self::FilterNotOffered,
        Self::FilterNotAgreed,
    ];

    /// The stable code, as problem documents and the journal carry it.
    pub fn code(self) -> &'static str {
        self.words().code
    }

    /// Whose fault a refusal by this rule is. What is asked for is the consumer's to choose, and
    /// what was agreed is the consumer's to ask for: all of them are the consumer's.
    pub fn fault(self) -> Party {
        Party::Consumer
    }

    /// What the refusal is called.
    pub fn title(self) -> Bilingual {
        bilingual(self.words().refused)
    }

    /// What holds of a request that passes, to stand within a sentence.
    pub fn label(self) -> Bilingual {
        bilingual(self.words().met)
    }

    /// What to do next after a refusal, as a sentence.
    pub fn remedy(self) -> Bilingual {
        bilingual(self.words().remedy)
    }

    fn words(self) -> Words {
        match self {
            Self::VersionUnknown => Words {
                code: "version-unknown",
                refused: ("Dịch vụ không có phiên bản này", "The service has no such version"),
                met: ("phiên bản được phục vụ", "the version is served"),
                remedy: ("Hãy gọi một phiên bản mà dịch vụ có.", "Call a version that the service has."),
            },
            Self::VersionRetired => Words {
                code: "version-retired",
                refused: ("Phiên bản này đã ngừng phục vụ", "This version has been retired"),
                met: ("phiên bản chưa ngừng phục vụ", "the version is not retired"),
                remedy: (
                    "Hãy chuyển sang phiên bản mới hơn; `GET /api` liệt kê các phiên bản dùng được.",
                    "Move to a newer version; `GET /api` lists those in use.",
                ),
            },
            Self::MemberNotValid => Words {
                code: "member-not-valid",
                refused: (
                    "Cơ quan không còn hoặc chưa có hiệu lực",
                    "The member is not in existence on this day",
                ),
                met: ("cơ quan có hiệu lực vào ngày này", "the member exists on this day"),
                remedy: (
                    "Hãy dùng hệ thống của cơ quan kế thừa, hoặc đề nghị đơn vị vận hành cổng kiểm tra thời hạn.",
                    "Use a system of the successor, or ask the gateway's operator to check the dates.",
                ),
            },
            Self::RepresentationNotAllowed => Words {
                code: "representation-not-allowed",
                refused: (
                    "Hệ thống không được đại diện cho cơ quan này",
                    "The system may not speak for this member",
                ),
                met: ("hệ thống được đại diện cho cơ quan này", "the system may speak for this member"),
                remedy: (
                    "Hãy bỏ `Lt-On-Behalf-Of`, hoặc đề nghị đơn vị vận hành cổng cấp quyền nói thay.",
                    "Leave out `Lt-On-Behalf-Of`, or ask the gateway's operator for the right to speak for it.",
                ),
            },
            Self::Environment => Words {
                code: "environment",
                refused: ("Sai môi trường", "Wrong environment"),
                met: ("cùng một môi trường", "one environment"),
                remedy: (
                    "Hãy dùng hệ thống và chứng thư của đúng môi trường.",
                    "Use the system and certificate of the right environment.",
                ),
            },
            Self::OperationNotOffered => Words {
                code: "operation-not-offered",
                refused: ("Dịch vụ không có thao tác này", "The service does not offer this operation"),
                met: ("dịch vụ có thao tác này", "the service offers the operation"),
                remedy: (
                    "Hãy chọn một thao tác mà dịch vụ có.",
                    "Choose an operation that the service offers.",
                ),
            },
            Self::NoAgreement => Words {
                code: "no-agreement",
                refused: ("Không có thỏa thuận chia sẻ", "There is no sharing agreement"),
                met: ("hình thức chia sẻ không đòi thỏa thuận", "the sharing mode needs no agreement"),
                remedy: (
                    "Hãy ký thỏa thuận chia sẻ với bên cung cấp.",
                    "Make a sharing agreement with the provider.",
                ),
            },
            Self::AgreementNotYet => Words {
                code: "agreement-not-yet",
                refused: ("Thỏa thuận chưa có hiệu lực", "The agreement is not yet in force"),
                met: ("thỏa thuận đã có hiệu lực", "the agreement has begun"),
                remedy: (
                    "Hãy gọi lại từ ngày thỏa thuận có hiệu lực.",
                    "Call again once the agreement is in force.",
                ),
            },
            Self::AgreementExpired => Words {
                code: "agreement-expired",
                refused: ("Thỏa thuận đã hết hạn", "The agreement has expired"),
                met: ("thỏa thuận chưa hết hạn", "the agreement has not ended"),
                remedy: (
                    "Hãy gia hạn hoặc ký thỏa thuận mới với bên cung cấp.",
                    "Renew it, or make a new agreement with the provider.",
                ),
            },
            Self::OneOffUsed => Words {
                code: "one-off-used",
                refused: ("Thỏa thuận dùng một lần đã được sử dụng", "The one-off agreement has been used"),
                met: ("thỏa thuận dùng một lần chưa được sử dụng", "the one-off agreement has not been used"),
                remedy: ("Hãy ký thỏa thuận mới.", "Ask for a new agreement."),
            },
            Self::OutsideWindow => Words {
                code: "outside-window",
                refused: ("Ngoài khung giờ của thỏa thuận", "Outside the agreement's hours"),
                met: ("trong khung giờ của thỏa thuận", "within the agreement's hours"),
                remedy: (
                    "Hãy gọi lại trong khung giờ của thỏa thuận.",
                    "Call again within the agreement's hours.",
                ),
            },
            Self::PurposeMissing => Words {
                code: "purpose-missing",
                refused: ("Chưa nêu mục đích", "No purpose was stated"),
                met: ("đã nêu mục đích nếu bắt buộc", "a purpose is stated where one is due"),
                remedy: (
                    "Hãy nêu một mục đích của thỏa thuận trong `Lt-Purpose`.",
                    "State one of the agreement's purposes in `Lt-Purpose`.",
                ),
            },
            Self::PurposeUnknown => Words {
                code: "purpose-unknown",
                refused: ("Mục đích không có trong danh mục", "The purpose is not a known one"),
                met: ("mục đích đã nêu có trong danh mục", "a stated purpose is a known one"),
                remedy: (
                    "Hãy dùng một mã mục đích mà `GET /api` liệt kê.",
                    "Use a code of purpose that `GET /api` lists.",
                ),
            },
            Self::PurposeNotAgreed => Words {
                code: "purpose-not-agreed",
                refused: ("Mục đích không thuộc thỏa thuận", "The purpose is not part of the agreement"),
                met: ("mục đích thuộc thỏa thuận", "the purpose is part of the agreement"),
                remedy: (
                    "Hãy nêu một mục đích của thỏa thuận, hoặc bổ sung mục đích vào thỏa thuận.",
                    "State one of the agreement's purposes, or have this one added to it.",
                ),
            },
            Self::OperationNotAgreed => Words {
                code: "operation-not-agreed",
                refused: (
                    "Thỏa thuận không cho phép thao tác này",
                    "The agreement does not allow this operation",
                ),
                met: ("thỏa thuận cho phép thao tác này", "the agreement allows the operation"),
                remedy: (
                    "Hãy chọn thao tác mà thỏa thuận cho phép, hoặc bổ sung thỏa thuận.",
                    "Choose an operation that it allows, or have the agreement extended.",
                ),
            },
            Self::FormatNotOffered => Words {
                code: "format-not-offered",
                refused: ("Dịch vụ không có định dạng này", "The service does not offer this format"),
                met: ("dịch vụ có định dạng này", "the service offers the format"),
                remedy: ("Hãy chọn một định dạng mà dịch vụ có.", "Choose a format that the service offers."),
            },
            Self::FormatNotAgreed => Words {
                code: "format-not-agreed",
                refused: (
                    "Thỏa thuận không cho phép định dạng này",
                    "The agreement does not allow this format",
                ),
                met: ("thỏa thuận cho phép định dạng này", "the agreement allows the format"),
                remedy: (
                    "Hãy chọn định dạng mà thỏa thuận cho phép, hoặc bổ sung thỏa thuận.",
                    "Choose a format that it allows, or have the agreement extended.",
                ),
            },
            Self::FilterRepeated => Words {
                code: "filter-repeated",
                refused: ("Lọc nhiều lần theo cùng một trường", "One field is filtered by more than once"),
                met: ("chưa lọc theo trường này", "no filter by this field before"),
                remedy: ("Hãy lọc theo mỗi trường một lần.", "Filter by each field once."),
            },
            Self::FilterNotReleased => Words {
                code: "filter-not-released",
                refused: (
                    "Lọc theo trường không được chia sẻ nguyên vẹn",
                    "Filter by a field that is not released as it is",
                ),
                met: (
                    "trường dùng để tìm được chia sẻ nguyên vẹn",
                    "what is searched by is released as it is",
                ),
                remedy: (
                    "Hãy bỏ điều kiện này, hoặc đề nghị bên cung cấp chia sẻ trường đó.",
                    "Leave it out, or ask the provider to release that field.",
                ),
            },
            Self::FilterNotOffered => Words {
                code: "filter-not-offered",
                refused: ("Dịch vụ không lọc theo trường này", "The service does not filter by this field"),
                met: ("dịch vụ lọc được theo trường này", "the service filters by the field"),
                remedy: ("Hãy lọc theo trường mà dịch vụ có.", "Filter by a field that the service offers."),
            },
            Self::FilterNotAgreed => Words {
                code: "filter-not-agreed",
                refused: (
                    "Thỏa thuận không cho lọc theo trường này",
                    "The agreement does not allow a filter by this field",
                ),
                met: ("thỏa thuận cho lọc theo trường này", "the agreement allows a filter by the field"),
                remedy: (
                    "Hãy lọc theo trường mà thỏa thuận cho phép, hoặc bổ sung thỏa thuận.",
                    "Filter by a field that it allows, or have the agreement extended.",
                ),
            },
        }
    }
}

/// What a rule says, Vietnamese and English.
struct Words {
    code: &'static str,
    refused: (&'static str, &'static str),
    met: (&'static str, &'static str),
    remedy: (&'static str, &'static str),
}

fn bilingual((vi, en): (&str, &str)) -> Bilingual {
    Bilingual::new(vi, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_rules_are_listed_in_order() {
        for (position, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, position, "{rule:?}");
            assert_eq!(Rule::ALL.iter().filter(|other| other.code() == rule.code()).count(), 1);
            assert!(rule.title().vi != rule.label().vi && rule.title().en != rule.label().en);
            let remedy = rule.remedy();
            assert!(remedy.vi.ends_with('.') && remedy.en.ends_with('.'), "{rule:?}");
        }
    }
}
