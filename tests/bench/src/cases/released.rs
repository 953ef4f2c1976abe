//! A small record of which the agreement names the fields: written anew, without the others.

use super::{
    Case,
    datasets::{RECORD, RELEASED, UNIT, WIDER},
};
use crate::{documents::Exchange, upstream::Answer};

pub fn case() -> Case {
    Case {
        name: "released",
        title: "small GET, released field by field",
        about: "The gateway checks the record, withholds two of its six fields, masks one and writes the rest \
                anew. The others pass the whole record unread.",
        exchange: Exchange {
            dataset: &UNIT,
            offered: r#"operations.read = { method = "GET", path = "/{id}" }"#,
            granted: "operations = [\"read\"]\nformats = [\"json\"]\n[fields]\n\
                      release = [\"Ma\", \"Ten\", \"MaTinh\"]\nmask = { SoQuyetDinh = \"last4\" }",
            services: 1,
            consumers: 1,
        },
        below: "/DV-0001",
        sent: None,
        answer: Answer { status: "200 OK", body: RECORD.into() },
        released: RELEASED.into(),
        forwarded: Vec::new(),
    }
}

/// The same exchange under an agreement that releases a field more.
pub fn wider() -> Case {
    let mut case = case();
    case.exchange.granted = "operations = [\"read\"]\nformats = [\"json\"]\n[fields]\n\
                             release = [\"Ma\", \"Ten\", \"MaTinh\", \"NamThanhLap\"]\nmask = { SoQuyetDinh = \"last4\" }";
    case.released = WIDER.into();
    case
}
