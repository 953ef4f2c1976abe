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
        match self {
            Self::VersionUnknown => "version-unknown",
            Self::VersionRetired => "version-retired",
            Self::MemberNotValid => "member-not-valid",
            Self::RepresentationNotAllowed => "representation-not-allowed",
            Self::Environment => "environment",
            Self::OperationNotOffered => "operation-not-offered",
            Self::NoAgreement => "no-agreement",
            Self::AgreementNotYet => "agreement-not-yet",
            Self::AgreementExpired => "agreement-expired",
            Self::OneOffUsed => "one-off-used",
            Self::OutsideWindow => "outside-window",
            Self::PurposeMissing => "purpose-missing",
            Self::PurposeUnknown => "purpose-unknown",
            Self::PurposeNotAgreed => "purpose-not-agreed",
            Self::OperationNotAgreed => "operation-not-agreed",
            Self::FormatNotOffered => "format-not-offered",
            Self::FormatNotAgreed => "format-not-agreed",
            Self::FilterRepeated => "filter-repeated",
            Self::FilterNotReleased => "filter-not-released",
            Self::FilterNotOffered => "filter-not-offered",
            Self::FilterNotAgreed => "filter-not-agreed",
        }
    }

    /// Whose fault a refusal by this rule is. What is asked for is the consumer's to choose, and
    /// what was agreed is the consumer's to ask for: all of them are the consumer's.
    pub fn fault(self) -> Party {
        Party::Consumer
    }

    /// What the refusal is called.
    pub fn title(self) -> Bilingual {
        let (vi, en) = match self {
            Self::VersionUnknown => ("Dịch vụ không có phiên bản này", "The service has no such version"),
            Self::VersionRetired => ("Phiên bản này đã ngừng phục vụ", "This version has been retired"),
            Self::MemberNotValid => {
                ("Cơ quan không còn hoặc chưa có hiệu lực", "The member is not in existence on this day")
            }
            Self::RepresentationNotAllowed => {
                ("Hệ thống không được đại diện cho cơ quan này", "The system may not speak for this member")
            }
            Self::Environment => ("Sai môi trường", "Wrong environment"),
            Self::OperationNotOffered => {
                ("Dịch vụ không có thao tác này", "The service does not offer this operation")
            }
            Self::NoAgreement => ("Không có thỏa thuận chia sẻ", "There is no sharing agreement"),
            Self::AgreementNotYet => ("Thỏa thuận chưa có hiệu lực", "The agreement is not yet in force"),
            Self::AgreementExpired => ("Thỏa thuận đã hết hạn", "The agreement has expired"),
            Self::OneOffUsed => {
                ("Thỏa thuận dùng một lần đã được sử dụng", "The one-off agreement has been used")
            }
            Self::OutsideWindow => ("Ngoài khung giờ của thỏa thuận", "Outside the agreement's hours"),
            Self::PurposeMissing => ("Chưa nêu mục đích", "No purpose was stated"),
            Self::PurposeUnknown => ("Mục đích không có trong danh mục", "The purpose is not a known one"),
            Self::PurposeNotAgreed => {
                ("Mục đích không thuộc thỏa thuận", "The purpose is not part of the agreement")
            }
            Self::OperationNotAgreed => {
                ("Thỏa thuận không cho phép thao tác này", "The agreement does not allow this operation")
            }
            Self::FormatNotOffered => {
                ("Dịch vụ không có định dạng này", "The service does not offer this format")
            }
            Self::FormatNotAgreed => {
                ("Thỏa thuận không cho phép định dạng này", "The agreement does not allow this format")
            }
            Self::FilterRepeated => {
                ("Lọc nhiều lần theo cùng một trường", "One field is filtered by more than once")
            }
            Self::FilterNotReleased => (
                "Lọc theo trường không được chia sẻ nguyên vẹn",
                "Filter by a field that is not released as it is",
            ),
            Self::FilterNotOffered => {
                ("Dịch vụ không lọc theo trường này", "The service does not filter by this field")
            }
            Self::FilterNotAgreed => (
                "Thỏa thuận không cho lọc theo trường này",
                "The agreement does not allow a filter by this field",
            ),
        };
        Bilingual::new(vi, en)
    }

    /// What to do next, as a sentence.
    pub fn remedy(self) -> Bilingual {
        let (vi, en) = match self {
            Self::VersionUnknown => {
                ("Hãy gọi một phiên bản mà dịch vụ có.", "Call a version that the service has.")
            }
            Self::VersionRetired => (
                "Hãy chuyển sang phiên bản mới hơn; `GET /api` liệt kê các phiên bản dùng được.",
                "Move to a newer version; `GET /api` lists those in use.",
            ),
            Self::MemberNotValid => (
                "Hãy dùng hệ thống của cơ quan kế thừa, hoặc đề nghị đơn vị vận hành cổng kiểm tra thời hạn.",
                "Use a system of the successor, or ask the gateway's operator to check the dates.",
            ),
            Self::RepresentationNotAllowed => (
                "Hãy bỏ `Lt-On-Behalf-Of`, hoặc đề nghị đơn vị vận hành cổng cấp quyền nói thay.",
                "Leave out `Lt-On-Behalf-Of`, or ask the gateway's operator for the right to speak for it.",
            ),
            Self::Environment => (
                "Hãy dùng hệ thống và chứng thư của đúng môi trường.",
                "Use the system and certificate of the right environment.",
            ),
            Self::OperationNotOffered => {
                ("Hãy chọn một thao tác mà dịch vụ có.", "Choose an operation that the service offers.")
            }
            Self::NoAgreement => {
                ("Hãy ký thỏa thuận chia sẻ với bên cung cấp.", "Make a sharing agreement with the provider.")
            }
            Self::AgreementNotYet => {
                ("Hãy gọi lại từ ngày thỏa thuận có hiệu lực.", "Call again once the agreement is in force.")
            }
            Self::AgreementExpired => (
                "Hãy gia hạn hoặc ký thỏa thuận mới với bên cung cấp.",
                "Renew it, or make a new agreement with the provider.",
            ),
            Self::OneOffUsed => ("Hãy ký thỏa thuận mới.", "Ask for a new agreement."),
            Self::OutsideWindow => {
                ("Hãy gọi lại trong khung giờ của thỏa thuận.", "Call again within the agreement's hours.")
            }
            Self::PurposeMissing => (
                "Hãy nêu một mục đích của thỏa thuận trong `Lt-Purpose`.",
                "State one of the agreement's purposes in `Lt-Purpose`.",
            ),
            Self::PurposeUnknown => (
                "Hãy dùng một mã mục đích mà `GET /api` liệt kê.",
                "Use a code of purpose that `GET /api` lists.",
            ),
            Self::PurposeNotAgreed => (
                "Hãy nêu một mục đích của thỏa thuận, hoặc bổ sung mục đích vào thỏa thuận.",
                "State one of the agreement's purposes, or have this one added to it.",
            ),
            Self::OperationNotAgreed => (
                "Hãy chọn thao tác mà thỏa thuận cho phép, hoặc bổ sung thỏa thuận.",
                "Choose an operation that it allows, or have the agreement extended.",
            ),
            Self::FormatNotOffered => {
                ("Hãy chọn một định dạng mà dịch vụ có.", "Choose a format that the service offers.")
            }
            Self::FormatNotAgreed => (
                "Hãy chọn định dạng mà thỏa thuận cho phép, hoặc bổ sung thỏa thuận.",
                "Choose a format that it allows, or have the agreement extended.",
            ),
            Self::FilterRepeated => ("Hãy lọc theo mỗi trường một lần.", "Filter by each field once."),
            Self::FilterNotReleased => (
                "Hãy bỏ điều kiện này, hoặc đề nghị bên cung cấp chia sẻ trường đó.",
                "Leave it out, or ask the provider to release that field.",
            ),
            Self::FilterNotOffered => {
                ("Hãy lọc theo trường mà dịch vụ có.", "Filter by a field that the service offers.")
            }
            Self::FilterNotAgreed => (
                "Hãy lọc theo trường mà thỏa thuận cho phép, hoặc bổ sung thỏa thuận.",
                "Filter by a field that it allows, or have the agreement extended.",
            ),
        };
        Bilingual::new(vi, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_rules_are_listed_in_order() {
        for (position, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, position, "{rule:?}");
            assert_eq!(Rule::ALL.iter().filter(|other| other.code() == rule.code()).count(), 1);
            assert!(!rule.title().vi.is_empty() && !rule.title().en.is_empty());
        }
    }
}
