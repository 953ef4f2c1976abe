//! Why a certificate does not count, and what to do about it.

use contracts::Bilingual;

/// Why a peer's certificate does not count (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevocationFault {
    /// Its authority revoked it.
    #[error("the certificate is revoked")]
    Revoked,
    /// The authority's list is past its date and grace: an outage is never a yes.
    #[error("the revocation list is stale")]
    ListStale,
    /// No list covers its issuer.
    #[error("no revocation list covers the issuer")]
    StatusUnknown,
    /// Past its end.
    #[error("the certificate has expired")]
    Expired,
    /// Before its beginning.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Made for another use than a TLS client.
    #[error("the certificate is not for a TLS client")]
    WrongUse,
    /// No anchor stands behind it.
    #[error("no trusted authority issued the certificate")]
    Untrusted,
    /// It cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
}

impl RevocationFault {
    /// The stable code.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Revoked => "certificate-revoked",
            Self::ListStale => "revocation-list-stale",
            Self::StatusUnknown => "revocation-status-unknown",
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::WrongUse => "certificate-wrong-use",
            Self::Untrusted => "certificate-untrusted",
            Self::Unreadable => "certificate-unreadable",
        }
    }

    /// Whether the gateway's operators are at fault rather than the caller: the caller's
    /// certificate may be good and nobody here can tell.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::ListStale | Self::StatusUnknown)
    }

    /// What is wrong.
    pub fn message(self) -> Bilingual {
        match self {
            Self::Revoked => Bilingual::new("Chứng thư đã bị thu hồi", "The certificate is revoked"),
            Self::ListStale => Bilingual::new(
                "Danh sách thu hồi của tổ chức cấp chứng thư đã quá hạn",
                "The authority's revocation list is past its date and grace",
            ),
            Self::StatusUnknown => Bilingual::new(
                "Không có danh sách thu hồi cho tổ chức cấp chứng thư này",
                "No revocation list covers the certificate's issuer",
            ),
            Self::Expired => Bilingual::new("Chứng thư đã hết hạn", "The certificate has expired"),
            Self::NotYetValid => {
                Bilingual::new("Chứng thư chưa đến ngày hiệu lực", "The certificate is not valid yet")
            }
            Self::WrongUse => Bilingual::new(
                "Chứng thư không dùng cho máy khách TLS",
                "The certificate is not made for a TLS client",
            ),
            Self::Untrusted => Bilingual::new(
                "Chứng thư không do tổ chức được tin cậy cấp",
                "No trusted authority issued the certificate",
            ),
            Self::Unreadable => Bilingual::new("Không đọc được chứng thư", "The certificate cannot be read"),
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> Bilingual {
        match self {
            Self::Revoked | Self::Expired => Bilingual::new(
                "Hệ thống gọi cần chứng thư mới; khai báo chứng thư đó trong tài liệu của thành viên",
                "The calling system needs a new certificate; register it in the member's document",
            ),
            Self::ListStale | Self::StatusUnknown => Bilingual::new(
                "Người vận hành cổng: tải danh sách thu hồi mới về `crl_file`",
                "Gateway operators: fetch the present revocation list into `crl_file`",
            ),
            Self::NotYetValid => Bilingual::new(
                "Kiểm tra đồng hồ của máy chủ và ngày hiệu lực của chứng thư",
                "Check this machine's clock and the certificate's first day",
            ),
            Self::WrongUse | Self::Unreadable => Bilingual::new(
                "Xin cấp lại chứng thư X.509 v3 có mục đích `clientAuth`",
                "Have the certificate issued again, X.509 v3 with the purpose `clientAuth`",
            ),
            Self::Untrusted => Bilingual::new(
                "Nếu tổ chức cấp là đúng, thêm chứng thư gốc vào `[[tls.anchors]]`; kiểm tra bên gọi có gửi đủ chứng thư trung gian",
                "If the issuer is right, add its authority to `[[tls.anchors]]`; check that the caller sends its intermediate certificates",
            ),
        }
    }
}
