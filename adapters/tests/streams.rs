//! A stream says what the document says: for every contract of the catalogue, in every format that is
//! read record by record, whole or broken, however it is cut.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::{path::Path, sync::Arc, sync::LazyLock};

use adapters::{
    Expect, Limits, Unknown, json,
    stream::{Collection, Next, Records},
};
use contracts::{Catalog, Contract, Document, Format, Place, Specimens};
use proptest::{prelude::*, sample::Index};

static CONTRACTS: LazyLock<Vec<Arc<Contract>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let (catalog, _) = Catalog::load(&folder).unwrap_or_else(|faults| panic!("{faults:?}"));
    catalog.contracts().cloned().collect()
});

static SPECIMENS: LazyLock<Vec<(&'static Arc<Contract>, Specimens<'static>)>> =
    LazyLock::new(|| CONTRACTS.iter().map(|contract| (contract, contract.specimens())).collect());

/// The records as JSON, then how it ended.
type Told = (Vec<String>, Result<(), (&'static str, Place)>);

/// What a stream of `pieces` says.
fn told<'b>(
    contract: &Arc<Contract>,
    format: Format,
    unknown: Unknown,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Told {
    let records = Records::new(format, Arc::clone(contract), unknown, Limits::default()).unwrap();
    let (mut records, mut pieces) = (records.expecting(Expect::Either), pieces.into_iter());
    let mut told = Vec::new();
    loop {
        match records.next() {
            Ok(Next::Record { document, .. }) => told.push(as_json(&document)),
            Ok(Next::More) => match pieces.next() {
                Some(piece) => records.feed(piece),
                None => records.end(),
            },
            Ok(Next::End) => return (told, Ok(())),
            Err(fault) => return (told, Err((fault.rule, fault.place))),
        }
    }
}

/// What the document says when it is read whole; none in a format that is only read as a stream.
fn whole(contract: &Contract, format: Format, unknown: Unknown, bytes: &[u8]) -> Option<Told> {
    if !adapters::reads(format) {
        return None;
    }
    let read = adapters::read(format, bytes, contract, Expect::Either, unknown, &Limits::default());
    Some(match read.map(|reading| reading.document) {
        Ok(Document::List(records)) => (records.iter().map(as_json).collect(), Ok(())),
        Ok(record) => (vec![as_json(&record)], Ok(())),
        Err(fault) => (Vec::new(), Err((fault.rule, fault.place))),
    })
}

fn as_json(document: &Document<'_>) -> String {
    let mut out = Vec::new();
    json::write(document, &mut out);
    String::from_utf8(out).unwrap()
}

fn cut<'b>(mut bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for size in sizes {
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}

/// A contract, one of its formats, and records that it accepts.
#[derive(Debug)]
struct Sample {
    contract: &'static Arc<Contract>,
    format: Format,
    records: Vec<Document<'static>>,
}

impl Sample {
    /// The records as one document, written whole.
    fn list(&self) -> Vec<u8> {
        let mut out = Vec::new();
        adapters::write(self.format, &Document::List(self.records.clone()), self.contract, &mut out);
        out
    }

    /// The records, written one by one.
    fn pieces(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut collection = Collection::new(self.format, self.contract, self.contract.shape()).unwrap();
        collection.begin(&mut out);
        self.records.iter().for_each(|record| collection.record(record, &mut out));
        collection.end(&mut out);
        out
    }

    fn told<'b>(&self, pieces: impl IntoIterator<Item = &'b [u8]>) -> Told {
        told(self.contract, self.format, Unknown::Keep, pieces)
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    let formats = [Format::Json, Format::Xml, Format::NdJson, Format::Gml, Format::GeoJson, Format::JsonFg];
    let seeds = prop::collection::vec(any::<u64>(), 0..4);
    (prop::sample::select(formats.to_vec()), any::<Index>(), seeds).prop_map(|(format, index, seeds)| {
        let features = matches!(format, Format::Gml | Format::GeoJson | Format::JsonFg);
        let fitting: Vec<_> = SPECIMENS
            .iter()
            .filter(|(contract, _)| !features || contract.shape().main_geometry().is_some())
            .collect();
        let (contract, specimens) = index.get(&fitting);
        let records = seeds.into_iter().filter_map(|seed| specimens.record(seed)).collect();
        Sample { contract, format, records }
    })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..400_usize, 0..40)
}

/// Changes to the bytes: what stands at a place is taken out, and something odd put there.
fn changes() -> impl Strategy<Value = Vec<(Index, usize, &'static [u8])>> {
    let odd: Vec<&'static [u8]> = vec![
        b"<",
        b"&",
        b"]]>",
        b"\r",
        b"\xFF",
        b"\x01",
        b"<!-- -->",
        b"<![CDATA[",
        b"\"",
        b"\\",
        b"{",
        b"[",
        b"]",
        b"}",
        b",",
        b":",
        b"</",
        b">",
        b"/>",
        b"e\xCC\x81",
        b"\xCC\x81",
        b"\xE1",
        b"<?p ?>",
        b"\\ud800",
        b" ",
        b"\n",
        b"1",
        b"null",
        b"",
        b"\"type\":\"Feature\",",
        b"\"type\":\"FeatureCollection\",",
        b"\"coordRefSys\":\"http://www.opengis.net/def/crs/EPSG/0/3405\",",
        b"\"features\":[",
        b"\"crs\":{},",
        b"<gml:featureMembers>",
        b"</gml:featureMembers>",
        b"<gml:featureMember>",
        b"</gml:featureMember>",
        b"<gml:boundedBy/>",
        b" xsi:nil=\"true\"",
        b" xmlns=\"urn:khac\"",
        b"&#13;",
        b"&lt;",
    ];
    prop::collection::vec((any::<Index>(), 0..40_usize, prop::sample::select(odd)), 1..4)
}

/// What a stream cannot know as early, or a whole document not as late: the encoding of all of a document
/// is looked at before anything else, and all of its JSON before its features.
fn may_differ(format: Format, whole: &'static str) -> bool {
    matches!(whole, "encoding" | "control-character") || matches!(format, Format::GeoJson | Format::JsonFg)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_stream_says_what_the_document_says(sample in sample(), sizes in sizes()) {
        let expected: Vec<String> = sample.records.iter().map(as_json).collect();
        for bytes in [sample.list(), sample.pieces()] {
            let at_once = sample.told([&bytes[..]]);
            prop_assert_eq!(at_once.1, Ok(()), "{}", String::from_utf8_lossy(&bytes));
            prop_assert_eq!(&sample.told(bytes.chunks(1)), &at_once);
            prop_assert_eq!(&sample.told(cut(&bytes, &sizes)), &at_once);
            if let Some(whole) = whole(sample.contract, sample.format, Unknown::Keep, &bytes) {
                prop_assert_eq!(&at_once, &whole);
            } else {
                prop_assert_eq!(&at_once.0, &expected);
            }
        }
    }

    #[test]
    fn one_record_alone_says_the_same_whole_and_as_a_stream(sample in sample(), sizes in sizes()) {
        for record in &sample.records {
            let mut bytes = Vec::new();
            adapters::write(sample.format, record, sample.contract, &mut bytes);
            let at_once = sample.told([&bytes[..]]);
            prop_assert_eq!(&sample.told(bytes.chunks(1)), &at_once);
            prop_assert_eq!(&sample.told(cut(&bytes, &sizes)), &at_once);
            if let Some(whole) = whole(sample.contract, sample.format, Unknown::Keep, &bytes) {
                prop_assert_eq!(&at_once, &whole);
            }
        }
    }

    #[test]
    fn a_broken_stream_breaks_the_same_rule_at_the_same_place(
        sample in sample(),
        changes in changes(),
        sizes in sizes(),
        unknown in prop::sample::select(vec![Unknown::Keep, Unknown::Drop, Unknown::Reject]),
    ) {
        let mut bytes = sample.pieces();
        for (at, length, odd) in changes {
            let start = at.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, odd.iter().copied());
        }
        let (contract, format) = (sample.contract, sample.format);
        let at_once = told(contract, format, unknown, [&bytes[..]]);
        prop_assert_eq!(&told(contract, format, unknown, bytes.chunks(1)), &at_once);
        prop_assert_eq!(&told(contract, format, unknown, cut(&bytes, &sizes)), &at_once);
        let Some(whole) = whole(contract, format, unknown, &bytes) else { return Ok(()) };
        let text = String::from_utf8_lossy(&bytes);
        match whole.1 {
            Ok(()) if at_once.1.map_err(|(rule, _)| rule) == Err("coord-ref-sys-late") => {}
            Ok(()) => prop_assert_eq!(&at_once, &whole, "{}", text),
            Err((rule, _)) if may_differ(format, rule) => prop_assert!(at_once.1.is_err(), "{} {}", rule, text),
            Err(fault) => prop_assert_eq!(at_once.1, Err(fault), "{}", text),
        }
    }
}
