//! Authorities, certificates and lists made for one test. All names are invented.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// Certificates begin some days back, so that one which has ended had begun.
const BACK: i64 = 60;

/// rcgen's type of moments has no name here; so this is not a function.
macro_rules! date {
    ($days:expr) => {{
        let (year, month, day) = day($days);
        date_time_ymd(year, month, day)
    }};
}

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    pub certificate: PathBuf,
    pub list: PathBuf,
}

pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub serial: u64,
}

impl Authority {
    pub fn new(name: &str, folder: &Path) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap()).unwrap();
        Self::keep(issuer, name, folder)
    }

    /// An intermediate authority under this one.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(authority(name), key, &self.issuer).unwrap();
        Self::keep(issuer, name, &self.folder)
    }

    fn keep(issuer: CertifiedIssuer<'static, KeyPair>, name: &str, folder: &Path) -> Self {
        let stem = folder.join(name.replace(' ', "-"));
        let certificate = stem.with_extension("pem");
        fs::write(&certificate, issuer.pem()).unwrap();
        Self { issuer, folder: folder.to_owned(), certificate, list: stem.with_extension("crl") }
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A certificate for both ends of TLS, valid for `days` from now; a negative number has passed.
    pub fn issue(&self, name: &str, dns: &[&str], days: i64) -> Identity {
        let names: Vec<_> = dns.iter().map(|name| (*name).to_owned()).collect();
        self.issue_with(name, days, CertificateParams::new(names).unwrap())
    }

    /// A certificate for one use only.
    pub fn issue_for(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![usage];
        self.issue_with(name, 30, params)
    }

    /// A certificate with more, or other, in it.
    pub fn issue_with(&self, name: &str, days: i64, mut params: CertificateParams) -> Identity {
        static SERIALS: AtomicU64 = AtomicU64::new(0xa0_01);
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(SerialNumber::from(serial));
        if params.extended_key_usages.is_empty() {
            params.extended_key_usages =
                vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        }
        params.not_before = date!(-BACK);
        params.not_after = date!(days);
        let key = KeyPair::generate().unwrap();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        let stem = self.folder.join(format!("{name}-{serial}"));
        let identity =
            Identity { certificate: stem.with_extension("pem"), key: stem.with_extension("key"), serial };
        fs::write(&identity.certificate, made.pem()).unwrap();
        fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }

    /// Writes the revocation list, good for `days` from now.
    pub fn publish(&self, revoked: &[&Identity], days: i64) {
        let params = CertificateRevocationListParams {
            this_update: date!(-BACK),
            next_update: date!(days),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|identity| RevokedCertParams {
                    serial_number: SerialNumber::from(identity.serial),
                    revocation_time: date!(-1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        fs::write(&self.list, params.signed_by(&self.issuer).unwrap().pem().unwrap()).unwrap();
    }
}

impl Identity {
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(&self.certificate).unwrap().map(Result::unwrap).collect()
    }

    pub fn secret(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key).unwrap()
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "VN");
    params.distinguished_name.push(DnType::OrganizationName, "Co quan Thu, nghiem");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// The date so many days from now, as rcgen takes dates: year, month, day.
fn day(days: i64) -> (i32, u8, u8) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let date = today.checked_add(jiff::Span::new().days(days)).unwrap();
    (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
}
