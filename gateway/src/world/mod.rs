//! What decides: documents as written, compiled into one immutable [`Snapshot`], swapped whole.
//!
//! Three things load independently, each all or nothing, so that a fault in one never holds up
//! another: the sharing documents and contracts ([`Snapshot`]), the deny-only suspensions
//! ([`policies::Overlay`]) and the certificates, trust anchors and revocation lists
//! ([`Pki`](crate::host::Pki)).
//! Together they are a [`World`]; an exchange takes one `World` at its start and keeps it.
//!
//! The [`Keeper`] reads, compiles, swaps, journals every swap, and keeps the last good documents
//! on disk, so that a restart during a faulty edit serves what was served before.

mod documents;
mod keeper;
mod last_good;
mod one_off;
mod peers;
mod settings;
mod snapshot;
mod watch;

use std::sync::Arc;

pub use documents::{Documents, sha256};
pub use keeper::{Keeper, Parts, Standing};
pub use one_off::{Claim, OneOff, OneOffs};
pub use peers::{pki_settings, provider};
pub use settings::{Limits, Loaded, Secret, Settings};
pub use snapshot::Snapshot;
pub use watch::watch;

/// What one exchange decides by. Certificates are not part of it: a connection is asked at each
/// request whether its certificate still counts under the [`Tls`](crate::host::Tls) in force.
pub struct World {
    /// Documents and contracts, compiled.
    pub snapshot: Arc<Snapshot>,
    /// Suspensions.
    pub overlay: Arc<policies::Overlay>,
}
