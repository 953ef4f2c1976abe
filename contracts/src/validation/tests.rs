use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::{Number, Record, RecordShape, ViolationRule as Rule, schema};

/// A schema with every kind of rule there is.
const RICH: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object", "additionalProperties": false, "x-classification": "open",
  "required": ["Ma", "Nguoi"],
  "properties": {
    "Ma": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$" },
    "Loai": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "enum": ["mot", "hai"] },
    "Co": { "x-title": { "vi": "a", "en": "a" }, "type": "boolean", "const": true },
    "So": { "x-title": { "vi": "a", "en": "a" }, "type": "number", "minimum": 0, "exclusiveMaximum": 10, "multipleOf": 0.1 },
    "Nam": { "x-title": { "vi": "a", "en": "a" }, "type": ["integer", "null"], "exclusiveMinimum": 1900, "maximum": 2100 },
    "Ngay": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "format": "date" },
    "NamSinh": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "format": "year" },
    "Tinh": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "x-code-list": "don-vi-hanh-chinh-tinh" },
    "CapQuanLy": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "x-code-list": "cap-quan-ly" },
    "LinhVuc": { "x-title": { "vi": "a", "en": "a" }, "type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
      "items": { "type": "string", "x-identifier": "ma-linh-vuc" }, "xml": { "nodeType": "none" } },
    "Hop": { "x-title": { "vi": "a", "en": "a" }, "type": "array", "uniqueItems": true, "items": { "$ref": "#/$defs/Nguoi", "xml": { "name": "H" } } },
    "Nguoi": { "x-title": { "vi": "a", "en": "a" }, "$ref": "#/$defs/Nguoi" }
  },
  "if": { "properties": { "Loai": { "const": "hai" } }, "required": ["Loai"] },
  "then": { "required": ["Ngay"] },
  "dependentRequired": { "Nam": ["NamSinh"] },
  "not": { "required": ["Co", "So"] },
  "$defs": {
    "Nguoi": { "type": "object", "additionalProperties": false,
      "properties": {
        "So": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "x-identifier": "so-dinh-danh" },
        "Khac": { "x-title": { "vi": "a", "en": "a" }, "type": "string" },
        "then": { "x-title": { "vi": "a", "en": "a" }, "type": "integer" }
      },
      "oneOf": [{ "required": ["So"] }, { "required": ["Khac"] }] }
  }
}"##;

fn rich() -> Validator {
    let code_lists = CodeLists::shipped();
    let compiled = schema::compile(Path::new("schema.json"), RICH, None, &code_lists).unwrap();
    Validator::compile(compiled.schema, &compiled.record, &Arc::new(code_lists)).unwrap()
}

fn text(value: &str) -> Document<'_> {
    Document::Text(value.into())
}

fn number(value: &str) -> Document<'_> {
    Document::Number(Number::new(value).unwrap())
}

fn record<'a>(members: impl IntoIterator<Item = (&'a str, Document<'a>)>) -> Document<'a> {
    let mut record = Record::default();
    for (name, value) in members {
        record.push(name, value);
    }
    Document::Record(record)
}

fn person() -> Document<'static> {
    record([("So", text("001099000001"))])
}

/// A record that conforms, with `more` members.
fn conforming<'a>(more: impl IntoIterator<Item = (&'a str, Document<'a>)>) -> Document<'a> {
    record([("Ma", text("abc")), ("Nguoi", person())].into_iter().chain(more))
}

fn found(document: &Document<'_>) -> Vec<(String, Rule)> {
    let violations = rich().check(document, 100).err().unwrap_or_default();
    violations.into_iter().map(|violation| (violation.path, violation.rule)).collect()
}

fn one(path: &str, rule: Rule) -> Vec<(String, Rule)> {
    vec![(path.to_owned(), rule)]
}

#[test]
fn each_rule_is_told_by_its_name() {
    assert_eq!(found(&conforming([])), []);
    let cases = [
        ("Loai", text("ba"), Rule::Enum),
        ("Co", Document::Bool(false), Rule::Enum),
        ("So", number("-1"), Rule::Range),
        ("So", number("10.0"), Rule::Range),
        ("So", number("0.35"), Rule::Range),
        ("So", text("1"), Rule::Type),
        ("Ngay", text("2026-02-30"), Rule::Format),
        ("Ngay", Document::Null, Rule::Type),
        ("NamSinh", text("99"), Rule::Format),
        ("Tinh", text("00"), Rule::CodeList),
        ("LinhVuc", Document::List(vec![]), Rule::Items),
        ("LinhVuc", Document::List(vec![text("1"), text("1")]), Rule::Items),
        ("LinhVuc", Document::List(vec![text("1"), text("2"), text("3")]), Rule::Items),
        ("La", text("x"), Rule::UnknownField),
    ];
    for (name, value, rule) in cases {
        assert_eq!(found(&conforming([(name, value)])), one(&format!("/{name}"), rule), "{name}");
    }
    assert_eq!(found(&record([("Nguoi", person())])), one("/Ma", Rule::Required));
    assert_eq!(found(&record([("Ma", text("a")), ("Nguoi", person())])), one("/Ma", Rule::Length));
    assert_eq!(found(&record([("Ma", text("AB")), ("Nguoi", person())])), one("/Ma", Rule::Pattern));
    let items = Document::List(vec![text("1"), text("70")]);
    assert_eq!(found(&conforming([("LinhVuc", items)])), one("/LinhVuc/1", Rule::Identifier));
    assert_eq!(found(&text("x")), one("", Rule::Type));
}

#[test]
fn numbers_are_judged_by_their_digits() {
    assert_eq!(found(&conforming([("So", number("0.3"))])), []);
    assert_eq!(found(&conforming([("So", number("9.9000"))])), []);
    // In floating point this is 10, and so would be out; and its neighbour below in.
    assert_eq!(found(&conforming([("So", number("10.00000000000000000001"))])).len(), 2);
    let year = |digits| found(&conforming([("Nam", number(digits)), ("NamSinh", text("2000"))]));
    assert_eq!(year("2000.0"), [], "an integer by value");
    assert_eq!(year("2.1e3"), []);
    assert_eq!(year("2000.5"), one("/Nam", Rule::Type));
    assert_eq!(year("2100.0000000000000000001").len(), 2);
    assert_eq!(year("1e999999999999"), one("/Nam", Rule::Range));
}

#[test]
fn rules_between_fields_name_the_fields() {
    let by_condition = rich().check(&conforming([("Loai", text("hai"))]), 10).unwrap_err();
    assert_eq!((by_condition[0].path.as_str(), by_condition[0].rule), ("/Ngay", Rule::CrossField));
    assert!(by_condition[0].message.vi.contains("`Loai`") && by_condition[0].message.en.contains("`Loai`"));
    let by_dependence = rich().check(&conforming([("Nam", number("2000"))]), 10).unwrap_err();
    assert_eq!((by_dependence[0].path.as_str(), by_dependence[0].rule), ("/NamSinh", Rule::CrossField));
    assert!(by_dependence[0].message.en.contains("`Nam`"));
    let nobody = record([("Ma", text("ab")), ("Nguoi", record([]))]);
    let neither = rich().check(&nobody, 10).unwrap_err();
    assert_eq!((neither[0].path.as_str(), neither[0].rule), ("/Nguoi", Rule::CrossField));
    assert!(neither[0].message.en.contains("`So` or `Khac`"));
    let both_ways = record([("So", text("001099000001")), ("Khac", text("x"))]);
    let both = rich().check(&record([("Ma", text("ab")), ("Nguoi", both_ways)]), 10).unwrap_err();
    assert!(both[0].message.en.starts_with("Only one"));
    assert_eq!(
        found(&conforming([("Co", Document::Bool(true)), ("So", number("1"))])),
        one("", Rule::CrossField)
    );
    // A field that bears a keyword's name is a field.
    let person = record([("Khac", text("x")), ("then", text("x"))]);
    assert_eq!(found(&record([("Ma", text("ab")), ("Nguoi", person)])), one("/Nguoi/then", Rule::Type));
}

#[test]
fn a_list_that_is_not_complete_takes_any_code() {
    assert_eq!(found(&conforming([("CapQuanLy", text("chua-co-ma"))])), []);
}

/// A schema whose codes are read by a date: of their own record, of one within, of one around.
const DATED: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object", "additionalProperties": false, "x-classification": "open",
  "properties": {
    "Tinh": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "x-code-list": { "list": "don-vi-hanh-chinh-tinh", "at": "Ngay" } },
    "Ngay": { "x-title": { "vi": "a", "en": "a" }, "type": ["string", "null"], "format": "date" },
    "Nam": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "format": "year" },
    "CacTinh": { "x-title": { "vi": "a", "en": "a" }, "type": "array", "xml": { "nodeType": "none" }, "minItems": 1,
      "items": { "type": "string", "x-code-list": { "list": "don-vi-hanh-chinh-tinh", "at": "KetQua.Luc" } } },
    "KetQua": { "x-title": { "vi": "a", "en": "a" }, "type": "object", "additionalProperties": false, "properties": {
      "Luc": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "format": "date-time" } } },
    "Tram": { "x-title": { "vi": "a", "en": "a" }, "type": "array", "items": { "$ref": "#/$defs/Tram", "xml": { "name": "T" } } },
    "Khac": { "x-title": { "vi": "a", "en": "a" }, "$ref": "#/$defs/Noi" }
  },
  "$defs": {
    "Tram": { "type": "object", "additionalProperties": false, "properties": {
      "Ngay": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "format": "date" },
      "Noi": { "x-title": { "vi": "a", "en": "a" }, "$ref": "#/$defs/Noi" } } },
    "Noi": { "type": "object", "additionalProperties": false, "properties": {
      "Tinh": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "x-code-list": { "list": "don-vi-hanh-chinh-tinh", "at": "Ngay" } },
      "TinhTheoNam": { "x-title": { "vi": "a", "en": "a" }, "type": "string", "x-code-list": { "list": "don-vi-hanh-chinh-tinh", "at": "Nam" } } } }
  }
}"##;

#[test]
fn a_code_is_held_against_the_edition_of_its_records_date() {
    let code_lists = CodeLists::shipped();
    let compiled = schema::compile(Path::new("schema.json"), DATED, None, &code_lists).unwrap();
    let validator = Validator::compile(compiled.schema, &compiled.record, &Arc::new(code_lists)).unwrap();
    let found = |document: Document<'_>| {
        let violations = validator.check(&document, 100).err().unwrap_or_default();
        violations.into_iter().map(|violation| (violation.path, violation.rule)).collect::<Vec<_>>()
    };
    let at = |day| record([("Tinh", text("27")), ("Ngay", text(day))]);
    assert_eq!(found(at("2025-06-30")), []);
    assert_eq!(found(at("2025-07-01")), one("/Tinh", Rule::CodeEdition));
    assert_eq!(found(record([("Tinh", text("27"))])), [], "a record that tells no date");
    assert_eq!(found(record([("Tinh", text("27")), ("Ngay", Document::Null)])), []);
    assert_eq!(found(at("hôm qua")), one("/Ngay", Rule::Format), "one fault is told once");
    let unknown = record([("Tinh", text("99")), ("Ngay", text("2026-01-01"))]);
    assert_eq!(found(unknown), one("/Tinh", Rule::CodeList), "of no edition at all");

    let list = Document::List(vec![text("01"), text("27")]);
    let later = record([("Luc", text("2025-06-30T18:00:00Z"))]);
    assert_eq!(
        found(record([("CacTinh", list), ("KetQua", later)])),
        one("/CacTinh/1", Rule::CodeEdition),
        "already the 1st of July in Viet Nam"
    );

    let place = |code| record([("Tinh", text(code))]);
    let station = |day, code| record([("Ngay", text(day)), ("Noi", place(code))]);
    let stations = Document::List(vec![
        station("2025-01-01", "27"),
        station("2026-01-01", "27"),
        record([("Noi", place("27"))]),
    ]);
    assert_eq!(
        found(record([("Ngay", text("2024-01-01")), ("Tram", stations)])),
        one("/Tram/1/Noi/Tinh", Rule::CodeEdition),
        "each station by its own day; the nearest record that can have the date is asked, and no other"
    );
    assert_eq!(
        found(record([("Ngay", text("2026-01-01")), ("Khac", place("27"))])),
        one("/Khac/Tinh", Rule::CodeEdition),
        "the same part beside a date of the root"
    );

    let by_year = |year| record([("Nam", text(year)), ("Khac", record([("TinhTheoNam", text("27"))]))]);
    assert_eq!(found(by_year("2025")), [], "until the middle of that year it was right");
    assert_eq!(found(by_year("2026")), one("/Khac/TinhTheoNam", Rule::CodeEdition));
}

#[test]
fn an_edition_that_refuses_is_told_by_list_edition_and_date_and_never_by_value() {
    let code_lists = CodeLists::shipped();
    let compiled = schema::compile(Path::new("schema.json"), DATED, None, &code_lists).unwrap();
    let validator = Validator::compile(compiled.schema, &compiled.record, &Arc::new(code_lists)).unwrap();
    let broken = record([("Tinh", text("27")), ("Ngay", text("2026-01-03"))]);
    let violation = validator.check(&broken, 9).unwrap_err().remove(0);
    for message in [&violation.message.vi, &violation.message.en] {
        for part in ["`don-vi-hanh-chinh-tinh`", "`34`", "`Ngay`"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("27") && !message.contains("2026-01-03"), "{message}");
    }
    assert!(violation.message.vi.contains("mã kế tiếp") && violation.message.en.contains("successor"));
}

#[test]
fn dates_of_many_codes_stop_at_the_limit() {
    let code_lists = CodeLists::shipped();
    let compiled = schema::compile(Path::new("schema.json"), DATED, None, &code_lists).unwrap();
    let validator = Validator::compile(compiled.schema, &compiled.record, &Arc::new(code_lists)).unwrap();
    let later = record([("Luc", text("2026-06-30T18:00:00Z"))]);
    let many = Document::List((0..100_000).map(|_| text("27")).collect());
    let violations = validator.check(&record([("CacTinh", many), ("KetQua", later)]), 3).unwrap_err();
    assert_eq!(violations.len(), 3);
    assert_eq!(violations[2].path, "/CacTinh/2");
}

#[test]
fn violations_come_in_document_order_and_stop_at_the_limit() {
    let broken = record([
        ("Tinh", text("00")),
        ("Loai", text("ba")),
        ("LinhVuc", Document::List(vec![text("x"), text("y")])),
        ("Nguoi", person()),
    ]);
    let order = ["/Tinh", "/Loai", "/LinhVuc/0", "/LinhVuc/1", "/Ma"];
    let paths: Vec<_> = found(&broken).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, order);
    for limit in 0..order.len() {
        let limited = rich().check(&broken, limit).unwrap_err();
        assert_eq!(
            limited.iter().map(|violation| violation.path.as_str()).collect::<Vec<_>>(),
            order[..limit]
        );
    }
}

#[test]
fn equal_records_are_repeats_whatever_their_order() {
    let (one_way, other) = (
        record([("So", text("001099000001")), ("then", number("1"))]),
        record([("then", number("1.0")), ("So", text("001099000001"))]),
    );
    assert_eq!(found(&conforming([("Hop", Document::List(vec![one_way, other]))])), one("/Hop", Rule::Items));
}

#[test]
fn a_long_list_is_searched_for_repeats_in_time() {
    let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    let people = names.iter().map(|name| record([("Khac", text(name))])).collect();
    assert_eq!(found(&conforming([("Hop", Document::List(people))])), []);
}

#[test]
fn a_name_that_could_be_a_value_stays_out_of_the_path() {
    for name in ["001099000001", "B1234567", "Nguyễn Văn Mẫu", "mau@example.org", "a/b", ""] {
        let violations = rich().check(&conforming([(name, Document::Null)]), 10).unwrap_err();
        assert_eq!((violations[0].path.as_str(), violations[0].rule), ("", Rule::UnknownField), "{name}");
        assert!(name.is_empty() || !format!("{violations:?}").contains(name));
    }
}

#[test]
fn a_tree_as_deep_as_readers_allow_is_walked_no_deeper_than_the_contract() {
    let deep = (0..500).fold(text("x"), |inner, _| record([("Nguoi", Document::List(vec![inner]))]));
    assert_eq!(found(&conforming([("Hop", Document::List(vec![deep]))]))[0].0, "/Hop/0");
}

#[test]
fn a_list_of_nothing_but_faults_costs_what_is_asked_for() {
    let items = (0..200_000).map(|_| record([])).collect();
    let violations = rich().check(&conforming([("Hop", Document::List(items))]), 20).unwrap_err();
    let paths: Vec<_> = violations.iter().map(|violation| violation.path.as_str()).collect();
    assert_eq!(paths[..3], ["/Hop", "/Hop/0", "/Hop/1"], "the repeats, then each item");
    assert_eq!(paths.len(), 20);
}

#[test]
fn lists_within_lists_have_their_places() {
    let schema = serde_json::json!({
        "type": "object",
        "properties": { "A": { "type": "object", "properties": { "B": { "type": "array", "items": {
            "type": "object", "properties": { "C": { "type": "array", "items": { "type": "string" } } }
        } } } } }
    });
    let shape = RecordShape { fields: Vec::new(), closed: true };
    let validator = Validator::compile(schema, &shape, &Arc::default()).unwrap();
    let inner = |items| record([("C", Document::List(items))]);
    let list = vec![inner(vec![text("x")]), inner(vec![text("x"), Document::Null]), Document::Null];
    let document = record([("Z", Document::Null), ("A", record([("B", Document::List(list))]))]);
    let violations = validator.check(&document, 9).unwrap_err();
    let paths: Vec<_> = violations.iter().map(|violation| violation.path.as_str()).collect();
    assert_eq!(paths, ["/A/B/1/C/1", "/A/B/2"]);
}

/// Marks every text and number of a generated document, so that none can hide in a message.
const MARK: &str = "7302951846";

fn scalar() -> impl Strategy<Value = Document<'static>> {
    prop_oneof![
        Just(Document::Null),
        any::<bool>().prop_map(Document::Bool),
        "\\PC{0,8}".prop_map(|rest| Document::Text(format!("{rest}{MARK}").into())),
        "-?[1-9][0-9]{0,3}"
            .prop_map(|digits| { Document::Number(Number::new(format!("{digits}{MARK}.5e-7")).unwrap()) }),
        Just(text("001099000001")),
        Just(text("hai")),
    ]
}

/// Any document, with the schema's names among its members'.
fn any_document() -> impl Strategy<Value = Document<'static>> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "Ma",
            "Loai",
            "Co",
            "So",
            "Nam",
            "Ngay",
            "NamSinh",
            "Tinh",
            "CapQuanLy",
            "LinhVuc",
            "Hop",
            "Nguoi",
            "Khac",
            "then",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,5}".prop_map(|rest| format!("{rest}{MARK}")),
    ];
    scalar().prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Document::List),
            prop::collection::vec((name.clone(), inner), 0..8).prop_map(|members| {
                let mut record = Record::default();
                for (name, value) in members {
                    if record.get(&name).is_none() {
                        record.push(name, value);
                    }
                }
                Document::Record(record)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_document_panics_the_check_and_no_violation_tells_a_value(document in any_document()) {
        thread_local!(static RICH: Validator = rich());
        let violations = RICH.with(|rich| rich.check(&document, 1000)).err().unwrap_or_default();
        for violation in &violations {
            let told = format!("{violation:?}");
            prop_assert!(!told.contains(MARK), "{told}");
            prop_assert!(!told.contains("001099000001"), "{told}");
            prop_assert!(!violation.message.vi.is_empty() && !violation.message.en.is_empty());
        }
        let limited = RICH.with(|rich| rich.check(&document, 3)).err().unwrap_or_default();
        prop_assert_eq!(&limited[..], &violations[..violations.len().min(3)]);
    }
}
