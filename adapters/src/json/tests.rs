use std::borrow::Cow;

use contracts::{Document, Place};
use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{read, write};
use crate::{Expect, Limits, sample};

fn rule(text: impl AsRef<[u8]>) -> &'static str {
    match read(text.as_ref(), Expect::Either, &Limits::default()) {
        Ok(_) => "",
        Err(unreadable) => unreadable.rule,
    }
}

fn again(text: &str) -> String {
    let reading = read(text.as_bytes(), Expect::Either, &Limits::default()).unwrap();
    let mut out = Vec::new();
    write(&reading.document, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn text_without_escapes_is_borrowed() {
    let reading = read("{\"Tên\":\"Nhiệm vụ\"}".as_bytes(), Expect::Record, &Limits::default()).unwrap();
    assert!(reading.faithful);
    let (name, value) = reading.document.as_record().unwrap().clone().into_iter().next().unwrap();
    assert!(matches!(name, Cow::Borrowed("Tên")));
    assert!(matches!(value, Document::Text(Cow::Borrowed("Nhiệm vụ"))));
}

#[test]
fn numbers_stay_as_written() {
    let numbers = "[0,-0,1.50,1E5,1e+5,12345678901234567890.10,1e-7]";
    assert_eq!(again(numbers), numbers);
    for wrong in ["01", "+1", ".5", "5.", "1e", "1.e5", "-", "--1", "0x1", "1_0", "Infinity", "NaN"] {
        assert_eq!(rule(format!("[{wrong}]")), "not-well-formed", "{wrong}");
    }
}

#[test]
fn escapes_are_resolved_and_written_minimally() {
    assert_eq!(again(r#"["\u00e9\/\"\\\n\u0009\ud83d\ude00"]"#), "[\"é/\\\"\\\\\\n\\t😀\"]");
    for wrong in [r"\x", r"\u12", r"\u12g4", r"\", r"\U0041"] {
        assert_eq!(rule(format!("[\"{wrong}\"]")), "not-well-formed", "{wrong}");
    }
    for lone in [r"\ud800", r"\udc00", r"\ud800\u0041", r"\ud800\ud800", r"\ud800x"] {
        assert_eq!(rule(format!("[\"{lone}\"]")), "lone-surrogate", "{lone}");
    }
    for control in [r"\u0000", r"\b", r"\f", r"\uffff", "\u{1}", "\n", "\t"] {
        assert_eq!(rule(format!("[\"{control}\"]")), "control-character", "{control}");
    }
}

#[test]
fn names_given_twice_are_refused_at_their_place() {
    let text = "{\"a\":1,\n \"b\":{\"a\":2}, \"a\":3}";
    let unreadable = read(text.as_bytes(), Expect::Record, &Limits::default()).unwrap_err();
    assert_eq!((unreadable.rule, unreadable.place), ("duplicate-key", Place { line: 2, column: 15 }));
    assert_eq!(rule(r#"{"a":1,"\u0061":2}"#), "duplicate-key");
    assert_eq!(rule("{\"é\":1,\"e\u{301}\":2}"), "duplicate-key");
    let many: Vec<String> = (0..5000).map(|index| format!("\"n{index}\":0")).collect();
    assert_eq!(rule(format!("{{{}}}", many.join(","))), "");
    assert_eq!(rule(format!("{{{},\"n7\":0}}", many.join(","))), "duplicate-key");
}

#[test]
fn a_record_like_the_one_before_is_read_by_the_same_rules() {
    for (text, broken) in [
        (r#"[{"a":1,"b":2},{"a":3,"b":4}]"#, ""),
        (r#"[{"a":1,"b":2},{"a":3,"a":4}]"#, "duplicate-key"),
        (r#"[{"a":1,"b":2},{"b":3,"b":4}]"#, "duplicate-key"),
        (r#"[{"a":1,"b":2},{"a":3,"b":4,"a":5}]"#, "duplicate-key"),
        (r#"[{"a":1,"b":2},{"a":3,"\u0061":4}]"#, "duplicate-key"),
        // What a name says is not how it is written.
        (r#"[{"a\"":1},{"a"":2}]"#, "not-well-formed"),
        (r#"[{"a\u0062":1},{"ab":2}]"#, ""),
        (r#"[{"a":1,"b":2,"c":3},{"a":1,"c":2}]"#, ""),
        (r#"[{"a":1,"b":2,"c":3},{"a":1,"c":2,"b":3}]"#, ""),
        (r#"[{"a":1,"b":2,"c":3},{"a":1,"c":2,"a":3}]"#, "duplicate-key"),
        (r#"[{"a":1,"b":2,"c":3},{"b":1,"c":2,"c":3}]"#, "duplicate-key"),
        (r#"[{"ab":1},{"a":2}]"#, ""),
        (r#"[{"a":1},{"ab":2}]"#, ""),
        (r#"[{"a":1},{"a" "b":2}]"#, "not-well-formed"),
        (r#"[{"a":{"b":1}},{"a":{"b":1,"b":2}}]"#, "duplicate-key"),
        (r#"[[{"a":1}],[{"a":1,"a":2}]]"#, "duplicate-key"),
    ] {
        assert_eq!(rule(text), broken, "{text}");
    }
}

#[test]
fn text_is_normalised_and_then_not_faithful() {
    for text in ["[\"Nguye\u{302}\u{303}n\"]", r#"["Nguye\u0302\u0303n"]"#] {
        let reading = read(text.as_bytes(), Expect::Collection, &Limits::default()).unwrap();
        assert_eq!(reading.document.as_list().unwrap()[0].as_text(), Some("Nguyễn"));
        assert!(!reading.faithful);
    }
    let marked = read("\u{FEFF}[]".as_bytes(), Expect::Either, &Limits::default()).unwrap();
    assert!(!marked.faithful);
}

#[test]
fn the_root_is_what_was_expected() {
    let found = |text: &str, expect| {
        read(text.as_bytes(), expect, &Limits::default()).map(|_| ()).map_err(|unreadable| unreadable.rule)
    };
    assert!(found(" {} ", Expect::Record).is_ok());
    assert!(found("[]", Expect::Collection).is_ok());
    assert_eq!(found("[]", Expect::Record), Err("wrong-root"));
    assert_eq!(found("{}", Expect::Collection), Err("wrong-root"));
    assert_eq!(found("\"a\"", Expect::Either), Err("wrong-root"));
    assert_eq!(found("", Expect::Either), Err("not-well-formed"));
    assert_eq!(found("{} {}", Expect::Either), Err("trailing-bytes"));
    assert_eq!(found("[]\u{FEFF}", Expect::Either), Err("trailing-bytes"));
}

#[test]
fn caps_hold() {
    let limits = Limits { nodes: 4, name: 3, text: 5, number: 4, depth: 3, ..Limits::default() };
    let rule = |text: &str| read(text.as_bytes(), Expect::Either, &limits).err().map_or("", |e| e.rule);
    assert_eq!(rule("[1,2,3]"), "");
    assert_eq!(rule("[1,2,3,4]"), "too-many-nodes");
    assert_eq!(rule("{\"abcd\":1}"), "name-too-long");
    assert_eq!(rule("[\"abcdef\"]"), "text-too-long");
    assert_eq!(rule(r#"["a\n\n\n\n\n"]"#), "text-too-long");
    assert_eq!(rule("[12345]"), "number-too-long");
    assert_eq!(rule("[[[]]]"), "");
    assert_eq!(rule("[[[[]]]]"), "too-deep");
}

#[test]
fn hostile_input_is_refused_quickly() {
    assert_eq!(rule("[".repeat(100_000)), "too-deep");
    assert_eq!(rule("{\"a\":".repeat(100_000)), "too-deep");
    assert_eq!(rule(format!("[{}]", "9".repeat(1_000_000))), "number-too-long");
    assert_eq!(rule(format!("[{}1]", "1,".repeat(300_000))), "too-many-nodes");
    let bottomless = Limits { depth: usize::MAX, ..Limits::default() };
    let nested = "[".repeat(100_000);
    assert_eq!(read(nested.as_bytes(), Expect::Either, &bottomless).unwrap_err().rule, "too-deep");
    assert_eq!(rule(b"[\"\xC3\x28\"]"), "encoding");
    assert_eq!(rule(b"\xFF\xFE[\0]\0"), "encoding");
}

#[test]
fn the_deepest_documents_fit_a_threads_stack() {
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let text = format!("{}{}", "{\"a\":[".repeat(128), "]}".repeat(128));
    let reading = read(text.as_bytes(), Expect::Either, &limits).unwrap();
    let mut out = Vec::new();
    write(&reading.document, &mut out);
    assert_eq!(out, text.as_bytes());
}

#[test]
fn errors_never_hold_values() {
    let secret = "BiMat4711";
    let texts = [
        format!("{{\"{secret}\":1,\"{secret}\":2}}"),
        format!("[\"{secret}\\x\"]"),
        format!("[\"{secret}\\ud800\"]"),
        format!("[{secret}]"),
        format!("[] {secret}"),
        format!("\"{secret}\""),
        format!("{{\"{secret}{}\":1}}", "x".repeat(500)),
    ];
    for text in texts {
        let unreadable = read(text.as_bytes(), Expect::Either, &Limits::default()).unwrap_err();
        assert!(!format!("{unreadable:?} {unreadable}").contains(secret), "{}", unreadable.rule);
    }
}

/// What `serde_json` makes of a text, when it is in the language that we read.
fn judged(text: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(text).ok()
}

fn as_serde(document: &Document<'_>) -> serde_json::Value {
    match document {
        Document::Null => serde_json::Value::Null,
        Document::Bool(value) => (*value).into(),
        Document::Number(number) => serde_json::from_str(number.as_str()).unwrap(),
        Document::Text(text) => text.as_ref().into(),
        Document::List(items) => items.iter().map(as_serde).collect(),
        Document::Record(record) => record.iter().map(|(name, value)| (name, as_serde(value))).collect(),
    }
}

/// Fragments that, joined at random, are sometimes JSON.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\\n\"",
        "\"\\u00e9\"",
        "1",
        "-2.5e3",
        "0",
        "true",
        "false",
        "null",
        " ",
        "\n",
        "\"",
        "\\",
        "tru",
        ".",
        "é",
    ]);
    prop::collection::vec(fragment, 0..12).prop_map(|fragments| fragments.concat())
}

/// Names as they are written, and what they say.
const NAMES: [(&str, &str); 8] = [
    ("a", "a"),
    ("ab", "ab"),
    (r"\u0061", "a"),
    (r#"a\""#, "a\""),
    ("é", "é"),
    ("e\u{301}", "é"),
    ("", ""),
    ("a,", "a,"),
];

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = read(&bytes, Expect::Either, &Limits::default());
    }

    #[test]
    fn reads_the_language_that_serde_json_reads(text in fragments()) {
        let ours = read(text.as_bytes(), Expect::Either, &Limits::default());
        match (ours, judged(text.as_bytes())) {
            (Ok(reading), Some(theirs)) => prop_assert_eq!(as_serde(&reading.document), theirs),
            (Ok(_), None) => prop_assert!(false, "accepted what is not JSON"),
            (Err(unreadable), Some(_)) => prop_assert!(
                ["wrong-root", "duplicate-key"].contains(&unreadable.rule), "{}", unreadable.rule),
            (Err(_), None) => {}
        }
    }

    #[test]
    fn alike_records_are_told_apart(
        records in prop::collection::vec(prop::collection::vec(0..NAMES.len(), 0..5), 1..5),
    ) {
        let record = |names: &Vec<usize>| {
            let members: Vec<_> = names.iter().map(|name| format!("\"{}\":{name}", NAMES[*name].0)).collect();
            format!("{{{}}}", members.join(","))
        };
        let text = format!("[{}]", records.iter().map(record).collect::<Vec<_>>().join(","));
        let repeats = |names: &Vec<usize>| {
            let mut meant: Vec<_> = names.iter().map(|name| NAMES[*name].1).collect();
            meant.sort_unstable();
            meant.windows(2).any(|pair| pair[0] == pair[1])
        };
        match read(text.as_bytes(), Expect::Collection, &Limits::default()) {
            Ok(reading) => {
                prop_assert!(!records.iter().any(repeats));
                for (names, read) in records.iter().zip(reading.document.as_list().unwrap()) {
                    let read: Vec<_> = read.as_record().unwrap().iter().map(|(name, _)| name).collect();
                    prop_assert_eq!(names.iter().map(|name| NAMES[*name].1).collect::<Vec<_>>(), read);
                }
            }
            Err(unreadable) => {
                prop_assert_eq!(unreadable.rule, "duplicate-key");
                prop_assert!(records.iter().any(repeats));
            }
        }
    }

    #[test]
    fn mutated_documents_never_panic(document in sample::document(), at: prop::sample::Index, byte: u8) {
        let mut bytes = Vec::new();
        write(&document, &mut bytes);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let ours = read(&bytes, Expect::Either, &Limits::default());
        // Unlike a `Value`, this judge does not mind numbers that no float can hold.
        prop_assert!(ours.is_err() || serde_json::from_slice::<IgnoredAny>(&bytes).is_ok());
    }

    #[test]
    fn written_and_read_again_is_equal(document in sample::document()) {
        let mut bytes = Vec::new();
        write(&document, &mut bytes);
        let reading = read(&bytes, Expect::Either, &Limits::default()).unwrap();
        prop_assert!(reading.faithful);
        prop_assert_eq!(&reading.document, &document);
        let mut second = Vec::new();
        write(&reading.document, &mut second);
        prop_assert_eq!(second, bytes);
    }
}
