//! A reply of two hundred records, of which the agreement gives some, and some of their fields.

use super::{Case, datasets::UNIT};
use crate::{documents::Exchange, upstream::Answer};

/// What the provider sends.
const RECORDS: usize = 200;

pub fn case() -> Case {
    Case {
        name: "filtered",
        title: "a reply of 200 records, filtered",
        about: "The gateway checks 200 records, drops every fourth, which lies outside the agreement, withholds \
                two fields of each, masks one and writes the rest anew. The others pass all of it unread.",
        exchange: Exchange {
            dataset: &UNIT,
            offered: r#"operations.query = { method = "GET", path = "/", filter = ["MaTinh"] }"#,
            granted: "operations = [\"query\"]\nformats = [\"json\"]\n[fields]\n\
                      release = [\"Ma\", \"Ten\", \"MaTinh\"]\nmask = { SoQuyetDinh = \"last4\" }\n\
                      [records]\nMaTinh = { in = [\"01\", \"27\"] }",
            services: 1,
            consumers: 1,
        },
        below: "",
        sent: None,
        answer: Answer { status: "200 OK", body: list(|_| true, record) },
        released: list(|number| province(number) != "79", released),
        forwarded: Vec::new(),
    }
}

fn list(kept: impl Fn(usize) -> bool, written: impl Fn(usize) -> String) -> Vec<u8> {
    let records: Vec<String> = (0..RECORDS).filter(|&number| kept(number)).map(written).collect();
    format!("[{}]", records.join(",")).into()
}

fn province(number: usize) -> &'static str {
    ["01", "27", "01", "79"].get(number % 4).copied().unwrap_or_default()
}

fn record(number: usize) -> String {
    let province = province(number);
    format!(
        r#"{{"Ma":"DV-{number:04}","Ten":"Viện Thử nghiệm Mẫu số {number}","MaTinh":"{province}","SoQuyetDinh":"2026/{number:04}/QĐ-MAU","NamThanhLap":{},"DangHoatDong":true}}"#,
        1900 + number % 100
    )
}

fn released(number: usize) -> String {
    let province = province(number);
    format!(
        r#"{{"Ma":"DV-{number:04}","Ten":"Viện Thử nghiệm Mẫu số {number}","MaTinh":"{province}","SoQuyetDinh":"***-MAU"}}"#
    )
}
