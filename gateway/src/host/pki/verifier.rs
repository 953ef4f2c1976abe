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
        Ok((_, certificate)) => (peer::rfc4514(certificate.issuer()), peer::hex(certificate.raw_serial())),
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
