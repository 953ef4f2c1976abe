//! A small record that the consumer may have whole: checked, and passed byte for byte.

use super::{
    Case,
    datasets::{RECORD, UNIT},
};
use crate::{documents::Exchange, upstream::Answer};

pub fn case() -> Case {
    Case {
        name: "passed",
        title: "small GET, passed byte for byte",
        about: "The gateway checks the record against its contract and, since all of it is released, passes \
                the provider's bytes. The others pass them unread.",
        exchange: Exchange {
            dataset: &UNIT,
            offered: r#"operations.read = { method = "GET", path = "/{id}" }"#,
            granted: "operations = [\"read\"]\nformats = [\"json\"]\n[fields]\nrelease = [\"*\"]",
            services: 1,
            consumers: 1,
        },
        below: "/DV-0001",
        sent: None,
        answer: Answer { status: "200 OK", body: RECORD.into() },
        released: RECORD.into(),
        forwarded: Vec::new(),
    }
}
