//! What decides: documents as written, compiled into one immutable [`Snapshot`], swapped whole.
//!
//! Three things load independently, each all or nothing, so that a fault in one never holds up
//! another: the sharing documents and contracts ([`Snapshot`]), the deny-only suspensions
//! ([`policies::Overlay`]) and the certificates, trust anchors and revocation lists
//! ([`Pki`](crate::host::Pki)).
//! Together they are a [`World`]; an exchange takes one `World` at its start and keeps it.
//!
//! The [`Keeper`] reads, compiles, swaps, journals every swap and every refusal to swap, and keeps
//! the last good documents, so that a restart during a faulty edit serves what was served before.
//! [`watch()`] tells it of edits; [`upkeep()`] of what time does to documents that nobody edits.

mod check;
mod documents;
#[cfg(test)]
pub(crate) mod fixture;
mod keeper;
mod last_good;
mod ledger;
mod one_off;
mod peers;
mod prober;
mod reaper;
mod scratch;
mod secrets;
mod settings;
mod snapshot;
mod standing;
mod suspensions;
#[cfg(test)]
mod tests;
mod units;
mod upkeep;
mod watch;

use std::sync::Arc;

pub use check::check;
pub use documents::{Documents, rooted, sha256};
pub use keeper::{Keeper, Parts, SETTINGS_NAME, SNAPSHOT_LOADED, SUSPENSIONS_LOADED};
pub use last_good::texts;
pub use ledger::ledger;
pub use one_off::{Claim, OneOff, OneOffs};
pub use prober::probe;
pub use secrets::{Operator, Secrets};
pub use settings::{Limits, Loaded, Secret, Settings};
pub use snapshot::Snapshot;
pub use standing::{Part, Standing};
pub use suspensions::Suspensions;
pub use upkeep::{tell_interrupted, upkeep};
pub use watch::watch;

/// What one exchange decides by. Certificates are not part of it: a connection is asked at each
/// request whether its certificate still counts under the [`Tls`](crate::host::Tls) in force.
#[derive(Clone)]
pub struct World {
    /// Documents and contracts, compiled.
    pub snapshot: Arc<Snapshot>,
    /// Suspensions.
    pub overlay: Arc<policies::Overlay>,
}
