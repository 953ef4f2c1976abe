//! Agreements that are good for one exchange, and whether it took place.
//!
//! What was used is in the journal: an agreement is looked up there once, when it is first compiled,
//! and remembered for the life of the process.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use policies::AgreementId;

use crate::journal::{self, Journal, JournalFault};

/// Which one-off agreements were used.
#[derive(Default)]
pub struct OneOffs(Mutex<HashMap<AgreementId, Arc<OneOff>>>);

/// The one exchange of an agreement.
#[derive(Debug, Default)]
pub struct OneOff {
    used: AtomicBool,
}

/// The right to the one exchange; given back unless it was forwarded.
#[derive(Debug)]
#[must_use]
pub struct Claim {
    of: Arc<OneOff>,
    kept: bool,
}

impl OneOffs {
    /// The one exchange of `agreement`. Blocks the first time it is asked for.
    ///
    /// # Errors
    /// The journal cannot be read: whether the agreement was used is unknown.
    pub fn of(&self, agreement: &AgreementId, journal: &Journal) -> Result<Arc<OneOff>, JournalFault> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(agreement) {
            return Ok(Arc::clone(found));
        }
        let query = journal::Query { agreement: Some(agreement.to_string()), ..journal::Query::default() };
        let mut used = false;
        for exchange in query.exchanges(journal.folder())? {
            let exchange = exchange?;
            // Once forwarded it counts, whatever came back: the provider has acted or may have. So
            // may it in an exchange that was opened and whose end nobody knows.
            used |= exchange.record.request_out.is_some() || exchange.outcome != journal::Outcome::Known;
        }
        let found = Arc::new(OneOff { used: AtomicBool::new(used) });
        known.insert(agreement.clone(), Arc::clone(&found));
        Ok(found)
    }
}

impl OneOff {
    /// Claims the exchange; `None` when it took place or is taking place.
    pub fn claim(self: &Arc<Self>) -> Option<Claim> {
        let free = !self.used.swap(true, Ordering::AcqRel);
        free.then(|| Claim { of: Arc::clone(self), kept: false })
    }
}

impl Claim {
    /// The exchange was forwarded: it counts from here on.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// It was not, after all.
    pub fn give_back(&mut self) {
        self.kept = false;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.kept {
            self.of.used.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_exchange_and_no_more() {
        let agreement = Arc::new(OneOff::default());
        let refused_before_the_provider = agreement.claim().unwrap();
        assert!(agreement.claim().is_none(), "two at once");
        drop(refused_before_the_provider);
        let mut never_arrived = agreement.claim().unwrap();
        never_arrived.keep();
        never_arrived.give_back();
        drop(never_arrived);
        let mut forwarded = agreement.claim().unwrap();
        forwarded.keep();
        drop(forwarded);
        assert!(agreement.claim().is_none(), "used");
    }
}
