//! One record, one line: how it is written and how a whole line is told from a torn one.
//!
//! ```text
//! {"v":1,"lane":3,"seq":17,"at":1795227282123456,"kind":"exchange",…,"crc":"9a0b1c2d"}⏎
//! ```
//! `crc` is the CRC-32 (IEEE) of everything before `,"crc":`, in eight lower-case hexadecimal digits,
//! and always the last member: a reader verifies the bytes before it trusts a parser with them. The
//! writer appends to a buffer that its lane reuses, so that a record costs no allocation once the
//! buffer has grown.

use std::io::Write;

use jiff::civil::Date;
use uuid::Uuid;

use super::{
    LIST_LIMIT, TEXT_LIMIT, VERSION,
    entry::{Act, Charge, Entry},
    record::Kind,
};

/// `,"crc":"` + 8 digits + `"}`.
const TRAILER: usize = 8 + 8 + 2;

/// Appends one line. Members are written by the methods; [`Line::finish`] seals it.
pub(super) struct Line<'b> {
    buffer: &'b mut Vec<u8>,
    from: usize,
}

impl<'b> Line<'b> {
    /// Begins a line at the end of `buffer`.
    pub(super) fn begin(buffer: &'b mut Vec<u8>, lane: u32, seq: u64, at: i64, kind: Kind) -> Self {
        let from = buffer.len();
        buffer.extend_from_slice(b"{\"v\":");
        decimal(buffer, u64::from(VERSION));
        let mut line = Self { buffer, from };
        line.number("lane", u64::from(lane));
        line.number("seq", seq);
        line.signed("at", at);
        line.plain("kind", kind.as_str());
        line
    }

    /// Members alone, as they stand in a line: what a reader searches lines for.
    pub(super) fn fragment(buffer: &'b mut Vec<u8>) -> Self {
        let from = buffer.len();
        Self { buffer, from }
    }

    /// Every known member of an exchange.
    pub(super) fn entry(&mut self, entry: &Entry<'_>) {
        self.id("exchange", entry.exchange);
        let times = entry.times;
        self.time("request_in", times.request_in);
        self.time("request_out", times.request_out);
        self.time("response_in", times.response_in);
        self.time("response_out", times.response_out);
        self.text("caller", entry.caller);
        self.text("represented", entry.represented);
        self.digest("certificate", entry.certificate);
        self.text("route", entry.route);
        self.text("service", entry.service);
        self.text("operation", entry.operation);
        self.text("format", entry.format);
        self.texts("filters", entry.filters);
        self.text("contract", entry.contract);
        self.digest("contract_revision", entry.contract_revision);
        self.text("agreement", entry.agreement);
        self.digest("agreement_revision", entry.agreement_revision);
        self.digest("snapshot", entry.snapshot);
        self.text("purpose", entry.purpose);
        self.text("officer", entry.officer);
        self.text("decision", entry.decision);
        self.text("rule", entry.rule);
        self.text("cause", entry.cause);
        self.text("fault", entry.fault);
        self.count("status", entry.status.map(u64::from));
        self.count("request_bytes", entry.request_bytes);
        self.count("response_bytes", entry.response_bytes);
        self.count("records", entry.records);
        self.count("set_aside", entry.set_aside);
        self.count("left_out", entry.left_out);
        self.count("retries", entry.retries);
        self.text("bad_at", entry.bad_at);
        self.text("request_signed", entry.request_signed);
        self.text("response_signed", entry.response_signed);
        self.digest("request_sha256", entry.request_sha256);
        self.digest("response_sha256", entry.response_sha256);
        self.texts("withheld", entry.withheld);
        self.digest("subject", entry.subject);
        if let Some(charge) = &entry.charge {
            self.charge(charge);
        }
    }

    /// The members of an act; `manifest` names the list of its documents.
    pub(super) fn act(&mut self, act: &Act<'_>) {
        let documents = act.documents.filter(|kept| kept.count > 0);
        self.text("actor", Some(act.actor));
        self.text("what", Some(act.what));
        self.digest("snapshot", act.snapshot);
        self.text("note", act.note);
        self.digest("manifest", documents.as_ref().map(|kept| &kept.manifest));
        let count = documents.map_or(0, |kept| kept.count);
        self.number("documents", u64::try_from(count).unwrap_or(u64::MAX));
    }

    #[inline(always)]
    pub(super) fn text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            quoted(self.buffer, text);
        }
    }

    #[inline(always)]
    pub(super) fn number(&mut self, name: &'static str, number: u64) {
        self.name(name);
        decimal(self.buffer, number);
    }

    /// A list of ids, written even when it is empty.
    pub(super) fn ids<'i>(&mut self, name: &'static str, ids: impl Iterator<Item = &'i Uuid>) {
        self.name(name);
        self.buffer.push(b'[');
        for (index, id) in ids.enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            hyphenated(self.buffer, *id);
        }
        self.buffer.push(b']');
    }

    /// Seals the line: checksum, end.
    pub(super) fn finish(self) {
        let crc = crc32fast::hash(self.buffer.get(self.from..).unwrap_or_default());
        self.buffer.extend_from_slice(b",\"crc\":\"");
        hex(self.buffer, &crc.to_be_bytes());
        self.buffer.extend_from_slice(b"\"}\n");
    }

    #[inline(always)]
    fn count(&mut self, name: &'static str, count: Option<u64>) {
        if let Some(count) = count {
            self.number(name, count);
        }
    }

    #[inline(always)]
    fn time(&mut self, name: &'static str, time: Option<i64>) {
        if let Some(time) = time {
            self.signed(name, time);
        }
    }

    #[inline(always)]
    fn signed(&mut self, name: &'static str, number: i64) {
        self.name(name);
        self.buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn id(&mut self, name: &'static str, id: Uuid) {
        self.name(name);
        hyphenated(self.buffer, id);
    }

    #[inline(always)]
    pub(super) fn digest(&mut self, name: &'static str, digest: Option<&[u8; 32]>) {
        if let Some(digest) = digest {
            self.name(name);
            self.buffer.push(b'"');
            self.buffer.extend_from_slice(digits(digest).as_flattened());
            self.buffer.push(b'"');
        }
    }

    fn texts(&mut self, name: &'static str, texts: &[&str]) {
        if !texts.is_empty() {
            self.name(name);
            list(self.buffer, texts.iter().copied());
        }
    }

    fn charge(&mut self, charge: &Charge<'_>) {
        if charge.forwarded.is_none() && charge.released.is_none() {
            return;
        }
        self.name("charge");
        self.buffer.extend_from_slice(b"{\"day\":");
        date(self.buffer, charge.day);
        self.buffer.extend_from_slice(b",\"keys\":");
        list(self.buffer, charge.keys.iter().map(|key| &**key));
        self.count("forwarded", charge.forwarded);
        self.count("released", charge.released);
        self.count("records", charge.released.map(|_| charge.records));
        self.count("bytes", charge.released.map(|_| charge.bytes));
        self.buffer.push(b'}');
    }

    /// A string of ours that needs no escaping.
    fn plain(&mut self, name: &'static str, text: &'static str) {
        self.name(name);
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.push(b'"');
    }

    /// Copied into each caller, where the name is a constant: a line has thirty, and a call for each would
    /// cost as much as all texts between them.
    #[inline(always)]
    fn name(&mut self, name: &'static str) {
        self.buffer.extend_from_slice(b",\"");
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b"\":");
    }
}

/// Whether `line` (without its line feed) is as it was written.
pub(super) fn whole(line: &[u8]) -> bool {
    let Some((body, trailer)) = line.len().checked_sub(TRAILER).and_then(|at| line.split_at_checked(at))
    else {
        return false;
    };
    let Some(digits) = trailer.strip_prefix(b",\"crc\":\"").and_then(|rest| rest.strip_suffix(b"\"}")) else {
        return false;
    };
    let mut expected = Vec::with_capacity(8);
    hex(&mut expected, &crc32fast::hash(body).to_be_bytes());
    digits == expected
}

/// The `at` of a whole line, without parsing the rest: readers skip by time.
pub(super) fn at(line: &[u8]) -> Option<i64> {
    // The head is ours and fixed, so `"at":` occurs there before anything a caller chose.
    let start = memchr::memmem::find(line.get(..96.min(line.len()))?, b"\"at\":")? + 5;
    let rest = line.get(start..)?;
    let end = memchr::memchr(b',', rest)?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

fn list<'t>(buffer: &mut Vec<u8>, texts: impl Iterator<Item = &'t str>) {
    buffer.push(b'[');
    for (index, text) in texts.take(LIST_LIMIT).enumerate() {
        if index > 0 {
            buffer.push(b',');
        }
        quoted(buffer, text);
    }
    buffer.push(b']');
}

/// A JSON string, at most [`TEXT_LIMIT`] bytes of `text`.
fn quoted(buffer: &mut Vec<u8>, text: &str) {
    let text = capped(text).as_bytes();
    buffer.push(b'"');
    // Nearly every text is a name of ours, copied whole.
    let (words, rest) = text.as_chunks();
    // The last eight bytes overlap those before them, and are one step too.
    let in_rest = match text.last_chunk() {
        Some(last) => has_escaped(*last),
        None => rest.iter().any(|byte| is_escaped(*byte)),
    };
    match in_rest || words.iter().any(|word| has_escaped(*word)) {
        false => buffer.extend_from_slice(text),
        true => escaped(buffer, text),
    }
    buffer.push(b'"');
}

/// What a JSON string holds for `text`.
fn escaped(buffer: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'"' | b'\\' => buffer.extend_from_slice(&[b'\\', *byte]),
            byte if is_escaped(*byte) => {
                buffer.extend_from_slice(b"\\u00");
                buffer.extend_from_slice(&pair(*byte));
            }
            byte => buffer.push(*byte),
        }
    }
}

/// At most [`TEXT_LIMIT`] bytes of whole characters.
fn capped(text: &str) -> &str {
    if text.len() <= TEXT_LIMIT {
        return text;
    }
    let end = (0..=TEXT_LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

/// What a JSON string may not hold as it is (RFC 8259 section 7), and delete, which terminals act on.
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0x7f
}

/// Whether any of eight bytes is. Each is looked at in a number of its own, and what a difference borrows from
/// its neighbour it borrows only where it has found one itself.
fn has_escaped(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let word = u64::from_ne_bytes(word);
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGH;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, 0x20) | is(b'"') | is(b'\\') | is(0x7f) != 0
}

fn hyphenated(buffer: &mut Vec<u8>, id: Uuid) {
    buffer.push(b'"');
    buffer.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    buffer.push(b'"');
}

fn date(buffer: &mut Vec<u8>, day: Date) {
    buffer.push(b'"');
    // Writing to a buffer in memory cannot fail.
    let _ = write!(buffer, "{day}");
    buffer.push(b'"');
}

fn decimal(buffer: &mut Vec<u8>, number: u64) {
    buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Lower-case hexadecimal.
pub(super) fn hex(buffer: &mut Vec<u8>, bytes: &[u8]) {
    bytes.iter().for_each(|byte| buffer.extend_from_slice(&pair(*byte)));
}

/// The digits of a digest. A line has seven, a third of its bytes; computed rather than looked up, sixteen
/// bytes are one step.
fn digits(digest: &[u8; 32]) -> [[u8; 2]; 32] {
    digest.map(pair)
}

fn pair(byte: u8) -> [u8; 2] {
    let digit = |half: u8| half + if half > 9 { b'a' - 10 } else { b'0' };
    [digit(byte >> 4), digit(byte & 0x0f)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{Line, at, whole};
    use crate::journal::{
        LIST_LIMIT, TEXT_LIMIT,
        entry::{Charge, Entry, Times},
        record::{Kind, Record},
    };

    fn written(entry: &Entry<'_>) -> Vec<u8> {
        let mut buffer = Vec::new();
        let mut line = Line::begin(&mut buffer, 3, 17, 1_795_227_282_123_456, Kind::Exchange);
        line.entry(entry);
        line.finish();
        buffer
    }

    fn read(line: &[u8]) -> Record {
        let line = line.strip_suffix(b"\n").unwrap();
        assert!(whole(line), "{}", String::from_utf8_lossy(line));
        Record::parse(line).unwrap()
    }

    #[test]
    fn the_format_is_pinned() {
        let entry = Entry {
            exchange: Uuid::nil(),
            caller: Some("H26/quan-ly-khcn"),
            status: Some(200),
            ..Entry::default()
        };
        assert_eq!(
            String::from_utf8(written(&entry)).unwrap(),
            "{\"v\":1,\"lane\":3,\"seq\":17,\"at\":1795227282123456,\"kind\":\"exchange\",\
             \"exchange\":\"00000000-0000-0000-0000-000000000000\",\"caller\":\"H26/quan-ly-khcn\",\"status\":200,\
             \"crc\":\"9ae44044\"}\n"
        );
    }

    #[test]
    fn a_caller_cannot_forge_a_member_or_a_line() {
        let purpose = "x\",\"status\":999}\n{\"v\":1,\"kind\":\"act\"";
        let line = written(&Entry { purpose: Some(purpose), status: Some(403), ..Entry::default() });
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let record = read(&line);
        assert_eq!((record.purpose.as_deref(), record.status), (Some(purpose), Some(403)));
    }

    #[test]
    fn texts_and_lists_are_capped_at_a_character() {
        let long = "Đ".repeat(TEXT_LIMIT);
        let many = vec!["a"; LIST_LIMIT + 10];
        let record = read(&written(&Entry { officer: Some(&long), filters: &many, ..Entry::default() }));
        assert_eq!(record.officer.unwrap().len(), TEXT_LIMIT);
        assert_eq!(record.filters.len(), LIST_LIMIT);
    }

    proptest! {
        #[test]
        fn eight_bytes_are_judged_as_each_of_them(word: [u8; 8]) {
            prop_assert_eq!(super::has_escaped(word), word.into_iter().any(super::is_escaped));
        }

        #[test]
        fn and_so_are_eight_that_are_nearly_so(word in prop::array::uniform8(prop_oneof![0x1e_u8..0x24, 0x5a_u8..0x5e, 0x7d_u8..0x83])) {
            prop_assert_eq!(super::has_escaped(word), word.into_iter().any(super::is_escaped));
        }

        #[test]
        fn what_was_written_is_read_back(
            texts in prop::array::uniform6(prop::option::of("\\PC{0,40}|[\\x00-\\x7f]{0,40}")),
            names in prop::collection::vec("[A-Za-z.]{1,20}", 0..6),
            numbers in prop::array::uniform4(prop::option::of(any::<u64>())),
            times in prop::array::uniform4(prop::option::of(any::<i64>())),
            digests in prop::array::uniform3(prop::option::of(any::<[u8; 32]>())),
            status in prop::option::of(any::<u16>()),
            id in any::<u128>(),
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let keys: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
            let text = |index: usize| texts[index].as_deref();
            let entry = Entry {
                exchange: Uuid::from_u128(id),
                times: Times { request_in: times[0], request_out: times[1], response_in: times[2], response_out: times[3] },
                caller: text(0), represented: text(1), service: text(2), agreement: text(3), purpose: text(4), officer: text(5),
                filters: &names, withheld: &names,
                certificate: digests[0].as_ref(), subject: digests[1].as_ref(), response_sha256: digests[2].as_ref(),
                status, request_bytes: numbers[0], response_bytes: numbers[1], records: numbers[2], set_aside: numbers[0],
                left_out: numbers[1], bad_at: text(2), request_signed: text(3), response_signed: text(4),
                charge: numbers[3].map(|epoch| Charge {
                    day: jiff::civil::date(2026, 11, 21), keys: &keys, forwarded: Some(epoch), released: Some(epoch),
                    records: epoch, bytes: epoch,
                }),
                ..Entry::default()
            };
            let line = written(&entry);
            prop_assert_eq!(at(&line), Some(1_795_227_282_123_456));
            let record = read(&line);
            prop_assert_eq!(record.exchange, Some(Uuid::from_u128(id)));
            prop_assert_eq!((record.lane, record.seq, record.kind), (3, 17, Kind::Exchange));
            prop_assert_eq!(record.purpose.as_deref(), text(4));
            // Written again from what was read, it is the same line.
            prop_assert_eq!(record.as_entry(written), line);
        }

        #[test]
        fn a_changed_byte_is_noticed(index in any::<prop::sample::Index>(), flip in 1u8..=255) {
            let mut line = written(&Entry { caller: Some("H26/quan-ly-khcn"), ..Entry::default() });
            line.pop();
            let index = index.index(line.len());
            line[index] ^= flip;
            prop_assert!(!whole(&line));
        }
    }
}
