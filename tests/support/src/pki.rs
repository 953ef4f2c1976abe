//! A throw-away PKI: one authority whom the gateway trusts, one whom nobody trusts.
//!
//! Files in its folder (PEM): `ca.pem` and `ca.crl`; `server` for the gateway's own address;
//! `gateway-client`, with which the gateway calls providers; `<member>--<system>` with which a
//! system calls the gateway; `provider--<member>--<system>` with which it answers; and whatever a
//! test issues besides. The authority's key is never written: what a later run cannot use, nobody can.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// How long throw-away certificates live: a demo left running over a long weekend still works.
const LIFE: Duration = Duration::days(30);

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM (PKCS #8).
    pub key: PathBuf,
    serial: u64,
}

impl Identity {
    /// The serial number as certificates' readers print it: whole bytes in lower hexadecimal.
    pub fn serial(&self) -> String {
        let digits = format!("{:x}", self.serial);
        if digits.len() % 2 == 0 { digits } else { format!("0{digits}") }
    }
}

/// One authority and the folder it issues into.
pub struct Pki {
    authority: Authority,
    client: Identity,
    /// Systems' certificates, the latest of each.
    systems: Mutex<BTreeMap<String, Identity>>,
}

struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Serial numbers count up from a start taken from the clock, so that two runs never share one.
    serial: AtomicU64,
}

impl Pki {
    /// Makes an authority, the gateway's two certificates and an empty revocation list.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let authority = Authority::new(folder, "Liên Thông sandbox CA")?;
        write(&folder.join("ca.pem"), authority.issuer.pem().as_bytes())?;
        let name = "Liên Thông sandbox gateway";
        authority.issue("server", name, &dns_and_loopback(&[]), ExtendedKeyUsagePurpose::ServerAuth)?;
        let uri = [SanType::URI("urn:lienthong:gateway".try_into()?)];
        let client = authority.issue("gateway-client", name, &uri, ExtendedKeyUsagePurpose::ClientAuth)?;
        let pki = Self { authority, client, systems: Mutex::default() };
        pki.revoke(&[])?;
        Ok(pki)
    }

    /// The authority's certificate.
    pub fn ca(&self) -> PathBuf {
        self.authority.folder.join("ca.pem")
    }

    /// The certificate with which the gateway calls providers.
    pub fn gateway_client(&self) -> &Identity {
        &self.client
    }

    /// A client certificate for `system` (`H26/quan-ly-khcn`), named by a SAN URI.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn system(&self, system: &str) -> Result<Identity> {
        let name = [SanType::URI(format!("urn:lienthong:system:{system}").try_into()?)];
        let identity =
            self.authority.issue(&file_name(system), system, &name, ExtendedKeyUsagePurpose::ClientAuth)?;
        let mut systems = self.systems.lock().unwrap_or_else(PoisonError::into_inner);
        systems.insert(system.to_owned(), identity.clone());
        Ok(identity)
    }

    /// The certificate issued to `system`, if one was.
    pub fn issued(&self, system: &str) -> Option<Identity> {
        self.systems.lock().unwrap_or_else(PoisonError::into_inner).get(system).cloned()
    }

    /// A server certificate for `system` as a provider, for `localhost` and the further `names`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn provider(&self, system: &str, names: &[&str]) -> Result<Identity> {
        let file = format!("provider--{}", file_name(system));
        self.authority.issue(&file, system, &dns_and_loopback(names), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Replaces the gateway's own certificate and key by new ones.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn renew_server(&self) -> Result<()> {
        let name = "Liên Thông sandbox gateway";
        let usage = ExtendedKeyUsagePurpose::ServerAuth;
        self.authority.issue("server", name, &dns_and_loopback(&[]), usage).map(drop)
    }

    /// A client certificate that claims to be `system` but comes from an authority nobody trusts, whose own
    /// certificate is left in `untrusted-ca.pem`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stranger(&self, system: &str) -> Result<Identity> {
        let other = Authority::new(&self.authority.folder, "An authority nobody trusts")?;
        write(&self.authority.folder.join("untrusted-ca.pem"), other.issuer.pem().as_bytes())?;
        let name = [SanType::URI(format!("urn:lienthong:system:{system}").try_into()?)];
        other.issue(
            &format!("untrusted--{}", file_name(system)),
            system,
            &name,
            ExtendedKeyUsagePurpose::ClientAuth,
        )
    }

    /// Replaces the revocation list by one that names `revoked`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn revoke(&self, revoked: &[&Identity]) -> Result<()> {
        let now = OffsetDateTime::now_utc();
        let list = CertificateRevocationListParams {
            this_update: now - Duration::minutes(5),
            next_update: now + LIFE,
            crl_number: SerialNumber::from(self.authority.serial.fetch_add(1, Ordering::Relaxed)),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|identity| RevokedCertParams {
                    serial_number: SerialNumber::from(identity.serial),
                    revocation_time: now - Duration::minutes(5),
                    reason_code: Some(RevocationReason::KeyCompromise),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.authority.issuer)?;
        write(&self.authority.folder.join("ca.crl"), list.pem()?.as_bytes())
    }
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let now = OffsetDateTime::now_utc();
        (params.not_before, params.not_after) = (now - Duration::hours(1), now + LIFE);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let start = u64::try_from(now.unix_timestamp_nanos() / 1000)?;
        Ok(Self { folder: folder.to_owned(), issuer, serial: AtomicU64::new(start) })
    }

    fn issue(
        &self,
        file: &str,
        name: &str,
        names: &[SanType],
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Identity> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = names.to_vec();
        params.serial_number = Some(SerialNumber::from(serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let now = OffsetDateTime::now_utc();
        // A minute back: machines whose clocks differ a little are no reason to fail.
        (params.not_before, params.not_after) = (now - Duration::minutes(1), now + LIFE);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let identity = Identity {
            certificate: self.folder.join(format!("{file}.pem")),
            key: self.folder.join(format!("{file}.key")),
            serial,
        };
        write(&identity.certificate, certificate.pem().as_bytes())?;
        write(&identity.key, key.serialize_pem().as_bytes())?;
        Ok(identity)
    }
}

/// `H26/quan-ly-khcn` as files are called: `H26--quan-ly-khcn`.
pub fn file_name(system: &str) -> String {
    system.replace('/', "--")
}

fn dns_and_loopback(names: &[&str]) -> Vec<SanType> {
    let mut all = vec![SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into())];
    all.extend(
        ["localhost"].iter().chain(names).filter_map(|name| Some(SanType::DnsName((*name).try_into().ok()?))),
    );
    all
}

/// Written beside and renamed, so that a reader never sees half a file; keys are their owner's alone.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let whole = || {
        let new = file.with_file_name(format!(".{}.new", file.file_name()?.to_string_lossy()));
        Some(new)
    };
    let new = whole().with_context(|| format!("{} names no file", file.display()))?;
    let mut out = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&new)
        .with_context(|| format!("writing {}", new.display()))?;
    out.write_all(bytes)?;
    fs::rename(&new, file).with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
    use rustls::{RootCertStore, server::WebPkiClientVerifier};
    use std::sync::Arc;

    fn accepts(folder: &Path, identity: &Identity) -> Result<(), rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
        let crl = CertificateRevocationListDer::from_pem_file(folder.join("ca.crl")).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .with_crls([crl])
            .build()
            .unwrap();
        let leaf = CertificateDer::from_pem_file(&identity.certificate).unwrap();
        let now = rustls::pki_types::UnixTime::now();
        verifier.verify_client_cert(&leaf, &[], now).map(drop)
    }

    #[test]
    fn a_systems_certificate_is_trusted_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::create(folder.path()).unwrap();
        let (one, other) = (pki.system("H26/quan-ly-khcn").unwrap(), pki.system("G03/thu-vien").unwrap());
        assert_eq!(one.certificate, folder.path().join("H26--quan-ly-khcn.pem"));
        accepts(folder.path(), &one).unwrap();
        pki.revoke(&[&one]).unwrap();
        let refused = accepts(folder.path(), &one).unwrap_err();
        assert!(refused.to_string().contains("Revoked"), "{refused}");
        accepts(folder.path(), &other).unwrap();
    }

    #[test]
    fn a_stranger_and_a_server_are_not_clients() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::create(folder.path()).unwrap();
        assert!(accepts(folder.path(), &pki.stranger("H26/quan-ly-khcn").unwrap()).is_err());
        assert!(accepts(folder.path(), &pki.provider("G06/he-thong-khcn", &[]).unwrap()).is_err());
    }
}
