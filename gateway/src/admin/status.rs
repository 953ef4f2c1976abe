//! What `lienthong status` shows, as JSON.

use serde_json::{Value, json};

use crate::{exchange::Gateway, world::Standing};

/// The state of the gateway; nothing personal, nothing secret.
pub fn json(gateway: &Gateway) -> Value {
    let world = gateway.keeper().world();
    let snapshot = &world.snapshot;
    let standing = gateway.keeper().standing();
    let (granted, refused) = gateway.metrics().outcomes();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "environment": snapshot.environment(),
        "ready": gateway.unready().is_none(),
        "unready": gateway.unready(),
        "started_at": gateway.started_at().to_string(),
        "snapshot": {
            "hash": snapshot.hash(),
            "loaded_at": snapshot.loaded_at().to_string(),
            "members": snapshot.register().members().count(),
            "services": snapshot.register().services().count(),
            "agreements": snapshot.register().agreements().count(),
            "contracts": snapshot.catalog().contracts().count(),
        },
        "suspensions": world.overlay.iter().count(),
        "documents": self::standing(&standing),
        "certificate": {"expires": gateway.keeper().tls().current().own_expiry().to_string()},
        "exchanges": {"granted": granted, "refused": refused, "under_way": gateway.metrics().count_under_way()},
        "journal": gateway.journal().fault().map_or_else(|| "ok".to_owned(), |fault| fault.to_string()),
    })
}

/// How the last reload ended.
pub fn standing(standing: &Standing) -> Value {
    json!({
        "at": standing.at.map(|at| at.to_string()),
        "last_good": standing.last_good,
        "faults": standing.faults,
        "warnings": standing.warnings,
    })
}
