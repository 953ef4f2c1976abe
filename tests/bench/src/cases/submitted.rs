//! A submission of 4 KB of JSON, checked before the provider sees any of it.

use super::{
    Case, Sent,
    datasets::{DOSSIER, Dossier, JSON_ITEMS},
};
use crate::{documents::Exchange, upstream::Answer};

pub fn case() -> Case {
    let Dossier { json, .. } = Dossier::with(JSON_ITEMS);
    Case {
        name: "submitted",
        title: "4 KB JSON POST, validated",
        about: "The gateway checks the record against its contract, opens the exchange in the journal, forwards \
                it and closes it; both records wait for the disk. The others pass the bytes unread.",
        exchange: Exchange {
            dataset: &DOSSIER,
            offered: r#"operations.submit = { method = "POST", path = "/" }"#,
            granted: "operations = [\"submit\"]\nformats = [\"json\"]\n[fields]\nrelease = [\"*\"]",
            services: 1,
            consumers: 1,
        },
        below: "",
        sent: Some(Sent { media_type: "application/json", body: json.clone().into() }),
        answer: Answer { status: "201 Created", body: Vec::new() },
        released: Vec::new(),
        forwarded: json.into(),
    }
}
