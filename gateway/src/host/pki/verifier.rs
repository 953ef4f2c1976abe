//! The rustls seam: accepts a client's chain when one anchor does, and tells the log why not.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Anchors, RevocationFault};
use crate::host::{connection::HANDSHAKING, peer};

/// Lines about refused chains written per second; a stranger who retries in a loop must not fill
/// the disk. What is left out is counted.
const LINES_PER_SECOND: u64 = 20;

#[derive(Debug)]
pub(super) struct Verifier {
    anchors: Arc<Anchors>,
    algorithms: WebPkiSupportedAlgorithms,
    /// Second of the present window (upper half) and lines in it (lower half).
    window: AtomicU64,
}

impl Verifier {
    pub(super) fn new(anchors: Arc<Anchors>, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { anchors, algorithms, window: AtomicU64::new(0) }
    }

    fn may_log(&self, second: u64) -> bool {
        let update = self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| {
            let lines =
                if window >> 32 == second & u64::from(u32::MAX) { window & u64::from(u32::MAX) } else { 0 };
            (lines < LINES_PER_SECOND).then_some(second << 32 | (lines + 1))
        });
        update.is_ok()
    }
}

impl ClientCertVerifier for Verifier {
    /// Hints of our own: the union over all anchors.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.anchors.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // What cannot be read names no system, whoever signed it.
        let verdict = match peer::facts(end_entity) {
            Ok(_) => self.anchors.verify(end_entity, intermediates, now),
            Err(_) => Err(RevocationFault::Unreadable),
        };
        match verdict {
            Ok(_) => Ok(ClientCertVerified::assertion()),
            Err(fault) => {
                if self.may_log(now.as_secs()) {
                    log(end_entity, fault);
                }
                Err(Error::InvalidCertificate(alert(fault)))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Issuer, serial number and fingerprint say which certificate; the subject is left out, for a
/// stranger may have put a person's name there.
fn log(der: &CertificateDer<'_>, fault: RevocationFault) {
    let fingerprint = peer::hex(ring::digest::digest(&ring::digest::SHA256, der).as_ref());
    let (issuer, serial) = match X509Certificate::from_der(der) {
        // Who issues to himself chose both names.
        Ok((_, certificate)) if certificate.issuer() == certificate.subject() => {
            ("self-signed".to_owned(), peer::serial(certificate.raw_serial()))
        }
        Ok((_, certificate)) => (peer::rfc4514(certificate.issuer()), peer::serial(certificate.raw_serial())),
        Err(_) => ("unreadable".to_owned(), "unreadable".to_owned()),
    };
    let address = HANDSHAKING.try_with(|address| address.to_string()).unwrap_or_default();
    tracing::warn!(
        target: "lienthong::tls",
        rule = fault.rule(),
        %issuer,
        %serial,
        %fingerprint,
        %address,
        remedy = fault.remedy().en,
        "client certificate refused: {}",
        fault.message().en,
    );
}

/// Each fault's TLS alert follows from the error rustls is given.
fn alert(fault: RevocationFault) -> CertificateError {
    match fault {
        RevocationFault::Revoked => CertificateError::Revoked,
        RevocationFault::ListStale | RevocationFault::StatusUnknown => {
            CertificateError::UnknownRevocationStatus
        }
        RevocationFault::Expired => CertificateError::Expired,
        RevocationFault::NotYetValid => CertificateError::NotValidYet,
        RevocationFault::WrongUse => CertificateError::InvalidPurpose,
        RevocationFault::Untrusted => CertificateError::UnknownIssuer,
        RevocationFault::Unreadable => CertificateError::BadEncoding,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, PoisonError},
        time::Duration,
    };

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::host::{
        AnchorSettings, Material, Revocation,
        pki::anchor::Anchor,
        tests::pki::{Authority, Identity},
    };

    /// Collects what the log writes.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Paper {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn verifier(authority: &Authority) -> Verifier {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let settings = AnchorSettings {
            certificate: Material::File(authority.certificate.clone()),
            revocation: Revocation::Required {
                list: Material::File(authority.list.clone()),
                grace: Duration::ZERO,
            },
        };
        let now = jiff::Timestamp::now();
        let anchor =
            Anchor::load(&settings.certificate, &settings.revocation, &provider, now, &mut Vec::new())
                .unwrap();
        let hints = anchor.hints().to_vec();
        let anchors = Arc::new(Anchors { list: vec![anchor], hints });
        Verifier::new(anchors, provider.signature_verification_algorithms)
    }

    /// The verdict on a caller, and what the log says of it.
    fn judge(verifier: &Verifier, caller: &Identity) -> (Result<ClientCertVerified, Error>, String) {
        let paper = Paper::default();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(paper.clone()).finish();
        let verdict = tracing::subscriber::with_default(log, || {
            verifier.verify_client_cert(&caller.chain()[0], &[], UnixTime::now())
        });
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        (verdict, text)
    }

    #[test]
    fn the_log_says_which_certificate_why_and_what_to_do_and_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Goc Thu", folder.path());
        let revoked = authority.issue("ten-nguoi-nao-do", &["x.example"], 30);
        authority.publish(&[&revoked], 7);
        let verifier = verifier(&authority);
        let (verdict, log) = judge(&verifier, &revoked);
        assert_eq!(verdict.unwrap_err(), Error::InvalidCertificate(CertificateError::Revoked));
        let fingerprint = ring::digest::digest(&ring::digest::SHA256, &revoked.chain()[0]);
        for part in [
            "certificate-revoked",
            "CN=Goc Thu,O=Co quan Thu",
            &format!("serial={:x}", revoked.serial),
            &peer::hex(fingerprint.as_ref()),
            "needs a new certificate",
        ] {
            assert!(log.contains(part), "{part} in {log}");
        }
        assert!(!log.contains("ten-nguoi-nao-do"));

        let good = authority.issue("ai-do", &["y.example"], 30);
        let (verdict, log) = judge(&verifier, &good);
        assert!(verdict.is_ok() && log.is_empty(), "{log}");
    }

    #[test]
    fn a_stranger_cannot_fill_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Goc Thu", folder.path());
        authority.publish(&[], 7);
        let verifier = verifier(&authority);
        let stranger = Authority::new("Goc La", folder.path()).issue("la", &["z.example"], 30);
        let lines: usize = (0..100).map(|_| judge(&verifier, &stranger).1.lines().count()).sum();
        // A second may end in between.
        assert!((1..=2 * LINES_PER_SECOND as usize).contains(&lines), "{lines}");
    }
}
