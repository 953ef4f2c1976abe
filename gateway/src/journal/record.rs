//! One record, read back.

use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    entry::{Charge, Entry, Times},
    line::Line,
};

/// What a record tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The head of a segment: which process, which segment, what is still open in the lane.
    Start,
    /// An exchange is about to be forwarded.
    Opening,
    /// What became of an opened exchange; complete in itself.
    Closing,
    /// A whole exchange.
    Exchange,
    /// An opening of a dead process that has no closing: its outcome is unknown.
    Interrupted,
    /// A dead process's files were examined and its torn tails cut.
    Recovery,
    /// A snapshot swap or an administrative act.
    Act,
    /// A kind of a later version; kept, never an error.
    #[default]
    #[serde(other)]
    Other,
}

impl Kind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Opening => "opening",
            Self::Closing => "closing",
            Self::Exchange => "exchange",
            Self::Interrupted => "interrupted",
            Self::Recovery => "recovery",
            Self::Act => "act",
            Self::Other => "other",
        }
    }
}

/// One line of the journal. Names and units are those of [`Entry`] and [`Act`](super::Act), and the
/// same in the file. Members that a later version added are skipped.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The format's version.
    pub v: u32,
    /// The lane.
    pub lane: u32,
    /// Its number in the lane, from 0, without gaps.
    pub seq: u64,
    /// When it was written, microseconds since 1970; never falls within a lane.
    pub at: i64,
    /// What it tells.
    pub kind: Kind,
    /// The exchange's id.
    #[serde(deserialize_with = "id")]
    pub exchange: Option<Uuid>,
    /// See [`Times`].
    pub request_in: Option<i64>,
    /// See [`Times`].
    pub request_out: Option<i64>,
    /// See [`Times`].
    pub response_in: Option<i64>,
    /// See [`Times`].
    pub response_out: Option<i64>,
    /// The calling system.
    pub caller: Option<String>,
    /// The member it spoke for.
    pub represented: Option<String>,
    /// SHA-256 of its certificate.
    #[serde(deserialize_with = "digest")]
    pub certificate: Option<[u8; 32]>,
    /// The route's template.
    pub route: Option<String>,
    /// The service.
    pub service: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// The format read.
    pub format: Option<String>,
    /// The fields filtered on.
    pub filters: Vec<String>,
    /// The contract.
    pub contract: Option<String>,
    /// Its revision.
    #[serde(deserialize_with = "digest")]
    pub contract_revision: Option<[u8; 32]>,
    /// The agreement.
    pub agreement: Option<String>,
    /// Its revision.
    #[serde(deserialize_with = "digest")]
    pub agreement_revision: Option<[u8; 32]>,
    /// The snapshot that decided; in an act, the one that serves from then on.
    #[serde(deserialize_with = "digest")]
    pub snapshot: Option<[u8; 32]>,
    /// The purpose stated.
    pub purpose: Option<String>,
    /// The officer stated.
    pub officer: Option<String>,
    /// `granted`, `refused` or `cut`.
    pub decision: Option<String>,
    /// The rule that refused or broke it.
    pub rule: Option<String>,
    /// The finer reason under the rule.
    pub cause: Option<String>,
    /// Whose fault.
    pub fault: Option<String>,
    /// The status answered.
    pub status: Option<u16>,
    /// Size of the request's body.
    pub request_bytes: Option<u64>,
    /// Size of the answer's body.
    pub response_bytes: Option<u64>,
    /// How many records.
    pub records: Option<u64>,
    /// How many were set aside.
    pub set_aside: Option<u64>,
    /// How many of a reply stayed behind.
    pub left_out: Option<u64>,
    /// How often the provider was sent it again.
    pub retries: Option<u64>,
    /// Which broke the contract.
    pub bad_at: Option<String>,
    /// What became of the request's signed document.
    pub request_signed: Option<String>,
    /// What became of the provider's signed document.
    pub response_signed: Option<String>,
    /// SHA-256 of the request's body.
    #[serde(deserialize_with = "digest")]
    pub request_sha256: Option<[u8; 32]>,
    /// SHA-256 of the answer's body.
    #[serde(deserialize_with = "digest")]
    pub response_sha256: Option<[u8; 32]>,
    /// The fields withheld.
    pub withheld: Vec<String>,
    /// HMAC of the subject's identifier.
    #[serde(deserialize_with = "digest")]
    pub subject: Option<[u8; 32]>,
    /// What day quotas were charged.
    pub charge: Option<Charged>,
    /// An act's actor.
    pub actor: Option<String>,
    /// An act's code.
    pub what: Option<String>,
    /// An act's note.
    pub note: Option<String>,
    /// The list of an act's documents, see [`Documents`](super::Documents).
    #[serde(deserialize_with = "digest")]
    pub manifest: Option<[u8; 32]>,
    /// How many documents an act rests on.
    pub documents: Option<u64>,
    /// A start's own process; a recovery's or interruption's dead one.
    pub process: Option<String>,
    /// A start's number of the segment in its lane.
    pub segment: Option<u64>,
    /// A start's version of the program.
    pub software: Option<String>,
    /// A start's exchanges still open in the lane.
    #[serde(deserialize_with = "ids")]
    pub open: Vec<Uuid>,
    /// A recovery's torn bytes cut.
    pub cut: Option<u64>,
    /// A recovery's interrupted exchanges.
    pub interrupted: Option<u64>,
}

/// What a record says was charged; see [`Charge`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Charged {
    /// The day, Asia/Ho_Chi_Minh.
    pub day: Date,
    /// The meters' keys.
    #[serde(deserialize_with = "keys")]
    pub keys: Vec<Arc<str>>,
    /// The flush epoch of the request's charge.
    pub forwarded: Option<u64>,
    /// The flush epoch of the release's charge.
    pub released: Option<u64>,
    /// How many records.
    #[serde(default)]
    pub records: u64,
    /// How many bytes.
    #[serde(default)]
    pub bytes: u64,
}

impl Record {
    /// The record of a line whose checksum was verified; `None` when it is not one.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The record as JSON for machines: the members of the file but its checksum.
    pub fn to_json(&self) -> serde_json::Value {
        let mut buffer = Vec::new();
        self.write(&mut buffer);
        let mut value = serde_json::from_slice(&buffer).unwrap_or_default();
        if let serde_json::Value::Object(members) = &mut value {
            members.remove("crc");
        }
        value
    }

    /// Lends the record as the entry it was written from.
    pub(super) fn as_entry<T>(&self, read: impl FnOnce(&Entry<'_>) -> T) -> T {
        let filters: Vec<&str> = self.filters.iter().map(String::as_str).collect();
        let withheld: Vec<&str> = self.withheld.iter().map(String::as_str).collect();
        read(&Entry {
            exchange: self.exchange.unwrap_or_default(),
            times: Times {
                request_in: self.request_in,
                request_out: self.request_out,
                response_in: self.response_in,
                response_out: self.response_out,
            },
            filters: &filters,
            withheld: &withheld,
            charge: self.charge.as_ref().map(|charged| Charge {
                day: charged.day,
                keys: &charged.keys,
                forwarded: charged.forwarded,
                released: charged.released,
                records: charged.records,
                bytes: charged.bytes,
            }),
            caller: self.caller.as_deref(),
            represented: self.represented.as_deref(),
            certificate: self.certificate.as_ref(),
            route: self.route.as_deref(),
            service: self.service.as_deref(),
            operation: self.operation.as_deref(),
            format: self.format.as_deref(),
            contract: self.contract.as_deref(),
            contract_revision: self.contract_revision.as_ref(),
            agreement: self.agreement.as_deref(),
            agreement_revision: self.agreement_revision.as_ref(),
            snapshot: self.snapshot.as_ref(),
            purpose: self.purpose.as_deref(),
            officer: self.officer.as_deref(),
            decision: self.decision.as_deref(),
            rule: self.rule.as_deref(),
            cause: self.cause.as_deref(),
            fault: self.fault.as_deref(),
            status: self.status,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            records: self.records,
            set_aside: self.set_aside,
            left_out: self.left_out,
            retries: self.retries,
            bad_at: self.bad_at.as_deref(),
            request_signed: self.request_signed.as_deref(),
            response_signed: self.response_signed.as_deref(),
            request_sha256: self.request_sha256.as_ref(),
            response_sha256: self.response_sha256.as_ref(),
            subject: self.subject.as_ref(),
        })
    }

    /// Writes the record as a line of its own version, lane and number.
    fn write(&self, buffer: &mut Vec<u8>) {
        let mut line = Line::begin(buffer, self.lane, self.seq, self.at, self.kind);
        if self.exchange.is_some() {
            self.as_entry(|entry| line.entry(entry));
        } else {
            line.digest("snapshot", self.snapshot.as_ref());
        }
        for (name, text) in [
            ("actor", &self.actor),
            ("what", &self.what),
            ("note", &self.note),
            ("process", &self.process),
            ("software", &self.software),
        ] {
            line.text(name, text.as_deref());
        }
        line.digest("manifest", self.manifest.as_ref());
        for (name, number) in [
            ("documents", self.documents),
            ("segment", self.segment),
            ("cut", self.cut),
            ("interrupted", self.interrupted),
        ] {
            if let Some(number) = number {
                line.number(name, number);
            }
        }
        line.finish();
    }
}

/// The 32 bytes of 64 hexadecimal digits.
pub fn bytes_of(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn keys<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Arc<str>>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.into_iter().map(Arc::from).collect())
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| serde::de::Error::custom("not an exchange id"))
}

fn ids<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Uuid>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| text.parse().map_err(|_| serde::de::Error::custom("not an exchange id")))
        .collect()
}

fn digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 32]>, D::Error> {
    let text = String::deserialize(deserializer)?;
    bytes_of(&text).map(Some).ok_or_else(|| serde::de::Error::custom("not a digest"))
}
