//! One trust anchor: who may issue systems' certificates, and how their revocation is known.
//!
//! rustls does the verification; what it leaves open is closed here. Without lists it does not
//! check revocation at all, so an anchor either declares that its authority issues none or has
//! them loaded. It takes lists past their `nextUpdate` as good for ever, so the age of the lists
//! that decide about a chain is checked after it: past `nextUpdate` plus the anchor's grace nothing
//! of this anchor is accepted any more.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use rustls::{
    CertificateError, DistinguishedName, Error, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{Material, Revocation, RevocationFault};
use contracts::Fault;

/// An anchor as loaded.
#[derive(Debug)]
pub(super) struct Anchor {
    verifier: Arc<dyn ClientCertVerifier>,
    lists: Option<Lists>,
}

/// How old an authority's revocation list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAge {
    /// The file it was read from.
    pub file: PathBuf,
    /// When its authority promised the next one.
    pub next_update: Timestamp,
    /// From when nothing of its issuer is accepted any more: `next_update` and the grace.
    pub stale_from: Timestamp,
}

#[derive(Debug)]
struct Lists {
    file: PathBuf,
    grace: Duration,
    known: Vec<List>,
}

/// What the age check needs of one list: its issuer's name (DER) and its `nextUpdate` (Unix time).
#[derive(Debug)]
struct List {
    issuer: Vec<u8>,
    next_update: i64,
}

impl Anchor {
    /// Loads an anchor; adds its faults and warnings to `faults` and gives nothing when one of them
    /// leaves it unusable.
    pub(super) fn load(
        certificate: &Material,
        revocation: &Revocation,
        provider: &Arc<CryptoProvider>,
        now: Timestamp,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let roots = read_roots(certificate, now, faults)?;
        let (lists, ders) = match revocation {
            Revocation::None => (None, Vec::new()),
            Revocation::Required { list, grace } => {
                let (known, ders) = read_lists(list, &roots, faults)?;
                if known.iter().any(|one| one.stale_at(*grace) <= now.as_second()) {
                    faults.push(stale(list));
                }
                (Some(Lists { file: list.label(), grace: *grace, known }), ders)
            }
        };
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        match builder.with_crls(ders).build() {
            Ok(verifier) => Some(Self { verifier, lists }),
            Err(_) => {
                faults.push(match revocation {
                    Revocation::None => unusable(certificate),
                    Revocation::Required { list, .. } => list.no_list(),
                });
                None
            }
        }
    }

    /// The names offered to callers as issuers we know.
    pub(super) fn hints(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    /// How old its lists are.
    pub(super) fn lists(&self) -> impl Iterator<Item = ListAge> {
        self.lists.iter().flat_map(|lists| {
            lists.known.iter().filter_map(|list| {
                Some(ListAge {
                    file: lists.file.clone(),
                    next_update: Timestamp::from_second(list.next_update).ok()?,
                    stale_from: Timestamp::from_second(list.stale_at(lists.grace)).ok()?,
                })
            })
        })
    }

    /// Verifies a chain at `now`; gives the Unix time until which the lists behind the verdict are
    /// young enough.
    pub(super) fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<i64, RevocationFault> {
        self.verifier.verify_client_cert(leaf, intermediates, now).map_err(|error| fault_of(&error))?;
        let Some(lists) = &self.lists else { return Ok(i64::MAX) };
        let until = std::iter::once(leaf)
            .chain(intermediates)
            .filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1.issuer().as_raw().to_owned()))
            .flat_map(|issuer| lists.known.iter().filter(move |list| list.issuer == issuer))
            .map(|list| list.stale_at(lists.grace))
            .min()
            // rustls found a list for the leaf, so one is here; if not, nothing is known.
            .ok_or(RevocationFault::StatusUnknown)?;
        if until <= i64::try_from(now.as_secs()).unwrap_or(i64::MAX) {
            return Err(RevocationFault::ListStale);
        }
        Ok(until)
    }
}

impl List {
    fn read(der: &[u8]) -> Option<Self> {
        let (_, list) = CertificateRevocationList::from_der(der).ok()?;
        Some(Self { issuer: list.issuer().as_raw().to_owned(), next_update: list.next_update()?.timestamp() })
    }

    fn stale_at(&self, grace: Duration) -> i64 {
        self.next_update.saturating_add(i64::try_from(grace.as_secs()).unwrap_or(i64::MAX))
    }
}

fn read_roots(certificate: &Material, now: Timestamp, faults: &mut Vec<Fault>) -> Option<RootCertStore> {
    let ders = certificate.certificates().map_err(|fault| faults.push(*fault)).ok()?;
    let mut roots = RootCertStore::empty();
    for der in ders {
        warn_of_age(certificate, &der, now, faults);
        if roots.add(der).is_err() {
            faults.push(unusable(certificate));
            return None;
        }
    }
    Some(roots)
}

/// The lists of a file, of which one at least must be the anchor's own: with another authority's
/// alone every caller would be refused, and the operator would hear of it from them.
fn read_lists(
    list: &Material,
    roots: &RootCertStore,
    faults: &mut Vec<Fault>,
) -> Option<(Vec<List>, Vec<CertificateRevocationListDer<'static>>)> {
    let ders = list.revocation_lists().map_err(|fault| faults.push(*fault)).ok()?;
    let Some(known) = ders.iter().map(|der| List::read(der)).collect::<Option<Vec<_>>>() else {
        faults.push(list.no_list());
        return None;
    };
    let subjects = roots.subjects();
    if !known.iter().any(|one| subjects.iter().any(|subject| subject.as_ref() == one.issuer)) {
        faults.push(list.fault(
            "revocation-list-of-another",
            (
                "danh sách thu hồi không phải của tổ chức cấp chứng thư này",
                "the revocation list is not this authority's",
            ),
            (
                "Đặt vào `crl_file` danh sách do chính tổ chức của `certificate` phát hành",
                "Put in `crl_file` the list issued by the authority of `certificate`",
            ),
        ));
        return None;
    }
    Some((known, ders))
}

fn unusable(certificate: &Material) -> Fault {
    certificate.fault(
        "bad-certificate",
        ("chứng thư gốc không dùng được", "the authority's certificate cannot be used"),
        (
            "Thay bằng chứng thư gốc X.509 v3 của tổ chức cấp chứng thư",
            "Replace it with the authority's X.509 v3 certificate",
        ),
    )
}

fn fault_of(error: &Error) -> RevocationFault {
    let reason = match error {
        Error::InvalidCertificate(reason) => reason,
        // Signed by someone else, say: such a list says nothing.
        Error::InvalidCertRevocationList(_) => return RevocationFault::StatusUnknown,
        _ => return RevocationFault::Unreadable,
    };
    match reason {
        CertificateError::Revoked => RevocationFault::Revoked,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => RevocationFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            RevocationFault::NotYetValid
        }
        CertificateError::UnknownRevocationStatus => RevocationFault::StatusUnknown,
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            RevocationFault::ListStale
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            RevocationFault::WrongUse
        }
        CertificateError::BadEncoding => RevocationFault::Unreadable,
        _ => RevocationFault::Untrusted,
    }
}

fn stale(list: &Material) -> Fault {
    let mut fault = list.fault(
        "revocation-list-stale",
        (
            "danh sách thu hồi đã quá hạn và quá thời gian ân hạn: mọi chứng thư của tổ chức cấp này bị từ chối",
            "the revocation list is past its date and its grace: every certificate of this authority is refused",
        ),
        ("Tải danh sách thu hồi mới từ tổ chức cấp chứng thư", "Fetch the authority's present revocation list"),
    );
    fault.warning = true;
    fault
}

fn warn_of_age(certificate: &Material, der: &CertificateDer<'_>, now: Timestamp, faults: &mut Vec<Fault>) {
    let expired = X509Certificate::from_der(der)
        .is_ok_and(|(_, parsed)| parsed.validity().not_after.timestamp() <= now.as_second());
    if expired {
        let mut fault = certificate.fault(
            "anchor-expired",
            (
                "chứng thư gốc đã hết hạn nhưng vẫn đang được tin",
                "the authority's certificate has expired and is still trusted",
            ),
            (
                "Thay bằng chứng thư gốc mới, hoặc bỏ mục này",
                "Replace it with the authority's new certificate, or remove the entry",
            ),
        );
        fault.warning = true;
        faults.push(fault);
    }
}
