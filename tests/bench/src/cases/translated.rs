//! A submission of 4 KB of XML to a provider that speaks JSON.

use super::{
    Case, Sent,
    datasets::{DOSSIER, Dossier, XML_ITEMS},
};
use crate::{documents::Exchange, upstream::Answer};

pub fn case() -> Case {
    let Dossier { json, xml } = Dossier::with(XML_ITEMS);
    Case {
        name: "translated",
        title: "4 KB XML in, JSON to the provider",
        about: "The gateway reads the record from XML, checks it, and writes it as JSON for the provider; the two \
                journal records of a submission wait for the disk. The others pass the XML unread.",
        exchange: Exchange {
            dataset: &DOSSIER,
            offered: r#"operations.submit = { method = "POST", path = "/" }"#,
            granted: "operations = [\"submit\"]\nformats = [\"xml\", \"json\"]\n[fields]\nrelease = [\"*\"]",
            services: 1,
            consumers: 1,
        },
        below: "",
        sent: Some(Sent { media_type: "application/xml", body: xml.into() }),
        answer: Answer { status: "201 Created", body: Vec::new() },
        released: Vec::new(),
        forwarded: json.into(),
    }
}
