//! The one who looks at providers' endpoints, for the whole process.

use std::sync::Arc;

use super::Keeper;
use crate::host::provider;

/// Looks at endpoints for as long as the keeper is in use: those of the snapshot in service, as its
/// documents ask for it.
pub fn probe(keeper: &Arc<Keeper>) {
    let keeper = Arc::downgrade(keeper);
    let spawned = std::thread::Builder::new().name("health".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(provider::probe(|each| {
            let Some(keeper) = keeper.upgrade() else { return false };
            keeper.world().snapshot.looked_at().iter().for_each(each);
            true
        }));
        Ok::<(), std::io::Error>(())
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for health checks: only calls find out how providers fare");
    }
}
