//! Certificates, keys and revocation lists as files hold them, read with faults an operator can act on.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use contracts::{Bilingual, Fault};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject};

/// The largest file read. The biggest revocation lists of public authorities are about 20 MiB;
/// certificates and keys are kilobytes.
const FILE_CAP: u64 = 32 * 1024 * 1024;

/// Where a certificate, a key or a list is kept; never in the document itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// In a file.
    File(PathBuf),
    /// In an environment variable, by its name.
    Env(String),
}

impl Material {
    /// What faults call it: the path, or the variable as `$NAME`.
    pub fn label(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Env(name) => PathBuf::from(format!("${name}")),
        }
    }

    /// What it holds, bounded.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Box<Fault>> {
        let read = match self {
            Self::File(path) => File::open(path).and_then(|file| {
                let mut bytes = Vec::new();
                file.take(FILE_CAP + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > FILE_CAP {
                    Err(io::ErrorKind::FileTooLarge.into())
                } else {
                    Ok(bytes)
                }
            }),
            Self::Env(name) => {
                std::env::var(name).map(String::into_bytes).map_err(|_| io::ErrorKind::NotFound.into())
            }
        };
        read.map_err(|error| {
            Box::new(self.fault(
                "unreadable-file",
                (
                    &format!("không đọc được: {}", vietnamese(error.kind())),
                    &format!("cannot be read: {}", error.kind()),
                ),
                (
                    "Kiểm tra đường dẫn và quyền đọc của tài khoản chạy cổng",
                    "Check the path and that the account the gateway runs as may read it",
                ),
            ))
        })
    }

    /// One or more certificates, PEM.
    pub(in crate::host) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Box<Fault>> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes()?).collect();
        found.ok().filter(|list| !list.is_empty()).ok_or_else(|| {
            Box::new(self.fault(
                "no-certificate",
                ("không có chứng thư PEM đọc được", "holds no readable PEM certificate"),
                (
                    "Đặt vào tệp một hay nhiều khối `-----BEGIN CERTIFICATE-----`",
                    "Put one or more `-----BEGIN CERTIFICATE-----` blocks in the file",
                ),
            ))
        })
    }

    /// A private key, PEM: PKCS #8, SEC 1 or PKCS #1.
    pub(in crate::host) fn key(&self) -> Result<PrivateKeyDer<'static>, Box<Fault>> {
        PrivateKeyDer::from_pem_slice(&self.bytes()?).map_err(|_| {
            Box::new(self.fault(
                "no-key",
                ("không có khóa bí mật PEM đọc được", "holds no readable PEM private key"),
                (
                    "Đặt vào tệp một khối `-----BEGIN PRIVATE KEY-----` không mật khẩu",
                    "Put one `-----BEGIN PRIVATE KEY-----` block, without a passphrase, in the file",
                ),
            ))
        })
    }

    /// One or more revocation lists: PEM, or one in DER.
    pub(super) fn revocation_lists(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, Box<Fault>> {
        let bytes = self.bytes()?;
        if bytes.first() == Some(&DER_SEQUENCE) {
            return Ok(vec![CertificateRevocationListDer::from(bytes)]);
        }
        let found: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&bytes).collect();
        found.ok().filter(|list| !list.is_empty()).ok_or_else(|| Box::new(self.no_list()))
    }

    pub(super) fn no_list(&self) -> Fault {
        self.fault(
            "no-revocation-list",
            ("không có danh sách thu hồi đọc được", "holds no readable revocation list"),
            (
                "Tải lại danh sách thu hồi (CRL) từ tổ chức cấp chứng thư, dạng PEM hoặc DER",
                "Fetch the authority's revocation list (CRL) again, PEM or DER",
            ),
        )
    }

    /// A fault of this material; texts are (Vietnamese, English).
    pub(in crate::host) fn fault(
        &self,
        rule: &'static str,
        message: (&str, &str),
        remedy: (&str, &str),
    ) -> Fault {
        Fault {
            file: self.label(),
            place: None,
            rule,
            message: Bilingual::new(message.0, message.1),
            remedy: Bilingual::new(remedy.0, remedy.1),
            warning: false,
        }
    }
}

/// The tag every DER certificate and list begins with; PEM begins with text.
const DER_SEQUENCE: u8 = 0x30;

fn vietnamese(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "không tồn tại",
        io::ErrorKind::PermissionDenied => "không có quyền",
        io::ErrorKind::FileTooLarge => "quá lớn",
        io::ErrorKind::IsADirectory => "là một thư mục",
        _ => "lỗi khi đọc",
    }
}
