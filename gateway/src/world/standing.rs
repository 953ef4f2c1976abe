//! How the last reload ended, for operators.

use std::sync::Arc;

use contracts::Fault;
use jiff::Timestamp;

/// The rule of what was not taken into service because no evidence of it could be kept.
pub(super) const NOT_JOURNALLED: &str = "not-journalled";
/// The rule of contracts that could not be laid out to be compiled.
pub(super) const NO_SCRATCH: &str = "no-scratch-folder";

/// What loads on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Sharing documents and contracts.
    Documents,
    /// Suspensions.
    Suspensions,
    /// Certificates, anchors and revocation lists.
    Certificates,
}

/// What is wrong with what was written, part by part, whether or not it is in service.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// When a reload was last tried.
    pub at: Option<Timestamp>,
    /// Whether the documents in service are the copy kept by an earlier run.
    pub last_good: bool,
    parts: [Found; 3],
}

#[derive(Clone, Debug, Default)]
struct Found {
    faults: Arc<[Fault]>,
    warnings: Arc<[Fault]>,
}

impl Standing {
    /// Faults that keep something written from deciding.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.parts.iter().flat_map(|found| &*found.faults)
    }

    /// Faults that keep nothing from working yet.
    pub fn warnings(&self) -> impl Iterator<Item = &Fault> {
        self.parts.iter().flat_map(|found| &*found.warnings)
    }

    /// What was written is in service, `found` notwithstanding: for suspensions, which act where they
    /// are clear, there may be faults among it.
    pub(super) fn taken(&mut self, part: Part, found: Vec<Fault>) {
        let (warnings, faults): (Vec<_>, Vec<_>) = found.into_iter().partition(|fault| fault.warning);
        *self.of(part) = Found { faults: faults.into(), warnings: warnings.into() };
    }

    /// What was written is not in service. What was warned of before still is, and still holds.
    pub(super) fn refused(&mut self, part: Part, faults: Vec<Fault>) {
        self.of(part).faults = faults.into();
    }

    /// What is in service is what is written again: an earlier fault was mended.
    pub(super) fn mended(&mut self, part: Part) {
        self.of(part).faults = Arc::default();
    }

    /// Whether something is out of service that only waits for the disk: what was written is sound, and nobody
    /// need write it again.
    pub(super) fn waits_for_disk(&self) -> bool {
        self.faults().any(|fault| [NOT_JOURNALLED, NO_SCRATCH].contains(&fault.rule))
    }

    /// Whether exactly these faults are known already.
    pub(super) fn knows(&mut self, part: Part, faults: &[Fault]) -> bool {
        *self.of(part).faults == *faults
    }

    fn of(&mut self, part: Part) -> &mut Found {
        let [documents, suspensions, certificates] = &mut self.parts;
        match part {
            Part::Documents => documents,
            Part::Suspensions => suspensions,
            Part::Certificates => certificates,
        }
    }
}
