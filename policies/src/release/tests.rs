use std::{collections::BTreeSet, str::FromStr};

use contracts::{
    Bilingual, ListForm, NodeKind, Number, Record, XmlName,
    geometry::{Area, Crs, GeometryForm, Kind},
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const NAMES: [&str; 5] = ["MaSo", "HoVaTen", "SoDinhDanh", "DonVi", "ThanhVien"];

/// A shape without paths or classes, which [`shape`] adds.
#[derive(Clone, Debug)]
enum Plain {
    Text,
    Number,
    Geometry,
    Record(Vec<(&'static str, Plain)>),
    List(Box<Plain>),
}

fn shape(fields: &[(&'static str, Plain)], closed: bool) -> Shape {
    Shape {
        namespace: "urn:x".to_owned(),
        record: "X".to_owned(),
        collection: "DanhSachX".to_owned(),
        root: record_shape(fields, None, closed),
    }
}

fn record_shape(fields: &[(&'static str, Plain)], parent: Option<&FieldPath>, closed: bool) -> RecordShape {
    let field = |(name, plain): &(&'static str, Plain)| {
        let path = match parent {
            Some(parent) => parent.child(name),
            None => FieldPath::from_str(name).unwrap(),
        };
        Field {
            name: (*name).to_owned(),
            form: form(plain, &path, closed),
            path,
            required: false,
            nullable: true,
            xml: XmlName { kind: NodeKind::Element, name: (*name).to_owned() },
            classification: if *name == "SoDinhDanh" {
                Classification::Personal
            } else {
                Classification::Open
            },
            title: Bilingual::new(*name, *name),
            code_list: None,
            dated_by: None,
            identifier: None,
        }
    };
    RecordShape { fields: fields.iter().map(field).collect(), closed }
}

fn form(plain: &Plain, path: &FieldPath, closed: bool) -> Form {
    match plain {
        Plain::Text => Form::Text,
        Plain::Number => Form::Number { integer: false },
        Plain::Geometry => Form::Geometry(Box::new(GeometryForm {
            kinds: vec![Kind::Point],
            crs: vec![Crs::CRS84],
            area: Area { west: 101.0, south: 6.0, east: 118.0, north: 24.0 },
        })),
        Plain::Record(fields) => Form::Record(record_shape(fields, Some(path), closed)),
        Plain::List(item) => Form::List(Box::new(ListForm {
            item: form(item, path, closed),
            item_name: "Muc".to_owned(),
            wrapped: true,
        })),
    }
}

fn text(text: &'static str) -> Document<'static> {
    Document::Text(text.into())
}

fn point() -> Document<'static> {
    let number = |text| Document::Number(Number::new(text).unwrap());
    record(vec![
        ("type", text("Point")),
        ("coordinates", Document::List(vec![number("105.85"), number("21.03")])),
    ])
}

fn record(members: Vec<(&'static str, Document<'static>)>) -> Document<'static> {
    let mut record = Record::default();
    for (name, value) in members {
        record.push(name, value);
    }
    Document::Record(record)
}

fn keys() -> MaskKeys {
    MaskKeys::new(b"a master key for tests, not a secret")
}

fn plan(shape: &Shape, released: &[&str], masked: &[(&str, Mask)]) -> ReleasePlan {
    ReleasePlan::compile(shape, Some(&"TT-1".parse().unwrap()), |field| {
        let path = field.path.as_str();
        if let Some((_, mask)) = masked.iter().find(|(name, _)| *name == path) {
            Treatment::Mask(*mask)
        } else if released.contains(&path) {
            Treatment::Release
        } else {
            Treatment::Withhold
        }
    })
}

fn applied(plan: &ReleasePlan, mut document: Document<'static>) -> Document<'static> {
    plan.apply(&mut document, &keys());
    document
}

fn people() -> Shape {
    let person = vec![("HoVaTen", Plain::Text), ("SoDinhDanh", Plain::Text)];
    shape(&[("MaSo", Plain::Text), ("ThanhVien", Plain::List(Box::new(Plain::Record(person))))], true)
}

#[test]
fn what_was_not_listed_is_not_there() {
    let plan = plan(&people(), &["MaSo", "ThanhVien.HoVaTen"], &[]);
    let person = record(vec![("HoVaTen", text("A")), ("SoDinhDanh", text("0")), ("Moi", text("x"))]);
    let document = record(vec![
        ("MaSo", text("1")),
        ("ThanhVien", Document::List(vec![person, Document::Null])),
        ("TruongMoi", text("y")),
    ]);
    let left = record(vec![
        ("MaSo", text("1")),
        ("ThanhVien", Document::List(vec![record(vec![("HoVaTen", text("A"))]), Document::Null])),
    ]);
    assert_eq!(applied(&plan, document.clone()), left);
    assert_eq!(applied(&plan, Document::List(vec![document, text("no record")])), Document::List(vec![left]));
    let withheld: Vec<&str> = plan.withheld().iter().map(FieldPath::as_str).collect();
    assert_eq!(withheld, ["ThanhVien.SoDinhDanh"]);
    assert!(plan.releases("MaSo") && !plan.releases("ThanhVien.SoDinhDanh") && !plan.releases("ThanhVien"));
    assert!(!plan.is_whole() && !plan.is_personal());
}

#[test]
fn a_geometry_leaves_whole_or_not_at_all_and_carries_nothing_else() {
    let shape = shape(
        &[
            ("MaSo", Plain::Text),
            ("DonVi", Plain::Geometry),
            ("ThanhVien", Plain::List(Box::new(Plain::Geometry))),
        ],
        true,
    );
    let laden = || {
        let mut laden = point();
        let name = record(vec![("HoVaTen", text("A"))]);
        laden.as_record_mut().unwrap().push("properties", name);
        laden
    };
    let crooked = || record(vec![("type", point()), ("coordinates", text("0123"))]);
    let document = |geometry| {
        record(vec![
            ("MaSo", text("1")),
            ("DonVi", geometry),
            ("ThanhVien", Document::List(vec![laden(), crooked(), text("x")])),
        ])
    };
    let released = plan(&shape, &["DonVi", "ThanhVien"], &[]);
    let points = Document::List(vec![point()]);
    assert_eq!(
        applied(&released, document(laden())),
        record(vec![("DonVi", point()), ("ThanhVien", points.clone())])
    );
    assert_eq!(applied(&released, document(crooked())), record(vec![("ThanhVien", points)]));
    let withheld = plan(&shape, &["MaSo"], &[]);
    assert_eq!(applied(&withheld, document(point())), record(vec![("MaSo", text("1"))]));
}

#[test]
fn every_item_of_a_list_is_masked() {
    let plan = plan(&people(), &[], &[("ThanhVien.SoDinhDanh", Mask::Pseudonym)]);
    let person = || record(vec![("HoVaTen", text("A")), ("SoDinhDanh", text("001099000001"))]);
    let left = applied(&plan, record(vec![("ThanhVien", Document::List(vec![person(), person()]))]));
    let people = left.as_record().unwrap().get("ThanhVien").unwrap().as_list().unwrap();
    let [first, second] = people else { panic!("two people went in") };
    assert_eq!(first, second, "one person has one pseudonym");
    let shown = first.as_record().unwrap().get("SoDinhDanh").unwrap().as_text().unwrap();
    assert!(shown.starts_with("bidanh-"), "{shown}");
    assert!(first.as_record().unwrap().get("HoVaTen").is_none());
    assert!(plan.is_personal() && !plan.releases("ThanhVien.SoDinhDanh"));
}

#[test]
fn a_value_of_another_form_is_not_what_was_released() {
    let plan = plan(&people(), &["MaSo", "ThanhVien.HoVaTen"], &[]);
    let secret = || record(vec![("SoDinhDanh", text("001099000001"))]);
    let document = record(vec![("MaSo", secret()), ("ThanhVien", secret())]);
    assert_eq!(applied(&plan, document), record(vec![]));
    let document = record(vec![("MaSo", Document::List(vec![secret()])), ("ThanhVien", text("x"))]);
    assert_eq!(applied(&plan, document), record(vec![]));
    assert_eq!(applied(&plan, text("no record at all")), Document::Null);
}

#[test]
fn order_is_kept_and_does_not_matter() {
    let shape = shape(&[("MaSo", Plain::Text), ("HoVaTen", Plain::Text), ("DonVi", Plain::Text)], true);
    let plan = plan(&shape, &["MaSo", "HoVaTen", "DonVi"], &[]);
    let document = record(vec![("DonVi", text("c")), ("MaSo", text("a")), ("HoVaTen", text("b"))]);
    assert_eq!(applied(&plan, document.clone()), document);
}

#[test]
fn an_open_record_is_never_whole() {
    let fields = [("MaSo", Plain::Text)];
    assert!(plan(&shape(&fields, true), &["MaSo"], &[]).is_whole());
    assert!(!plan(&shape(&fields, false), &["MaSo"], &[]).is_whole());
    assert!(!plan(&shape(&fields, true), &[], &[("MaSo", Mask::Last4)]).is_whole());
}

fn plains() -> impl Strategy<Value = Vec<(&'static str, Plain)>> {
    let leaf = prop_oneof![Just(Plain::Text), Just(Plain::Number)];
    let plain = leaf.prop_recursive(3, 24, 5, |inner| {
        let fields = fields(inner.clone());
        prop_oneof![
            fields.clone().prop_map(Plain::Record),
            // Never a list of lists: contracts have none.
            prop_oneof![Just(Plain::Text), fields.prop_map(Plain::Record)]
                .prop_map(|item| Plain::List(Box::new(item))),
        ]
    });
    fields(plain)
}

fn fields(
    of: impl Strategy<Value = Plain> + Clone,
) -> impl Strategy<Value = Vec<(&'static str, Plain)>> + Clone {
    vec((select(&NAMES[..]), of), 0..5).prop_map(|mut fields| {
        let mut seen = BTreeSet::new();
        fields.retain(|(name, _)| seen.insert(*name));
        fields
    })
}

/// Documents of any form under the same names and one that no contract has.
fn documents() -> impl Strategy<Value = Document<'static>> {
    let leaf = prop_oneof![
        Just(Document::Null),
        Just(Document::Bool(true)),
        Just(Document::Number(Number::new("12").unwrap())),
        "[a-z0-9]{0,12}".prop_map(|text| Document::Text(text.into())),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let names = prop_oneof![select(&NAMES[..]), Just("TruongMoi")];
        let members = vec((names, inner.clone()), 0..6).prop_map(|mut members| {
            let mut seen = BTreeSet::new();
            members.retain(|(name, _)| seen.insert(*name));
            record(members)
        });
        prop_oneof![members, vec(inner, 0..4).prop_map(Document::List)]
    })
}

/// A document that the shape describes.
fn conforming(shape: &RecordShape, seed: &mut impl FnMut() -> bool) -> Document<'static> {
    let mut record = Record::default();
    for field in &shape.fields {
        if seed() {
            record.push(field.name.clone(), value(&field.form, seed));
        }
    }
    Document::Record(record)
}

fn value(form: &Form, seed: &mut impl FnMut() -> bool) -> Document<'static> {
    match form {
        Form::Text | Form::Boolean => text("gia-tri"),
        Form::Geometry(_) => point(),
        Form::Number { .. } => Document::Number(Number::new("7").unwrap()),
        Form::Record(record) => conforming(record, seed),
        Form::List(list) => Document::List(vec![value(&list.item, seed), value(&list.item, seed)]),
    }
}

/// Every scalar with its path.
fn leaves(document: &Document<'_>, path: &str, found: &mut Vec<(String, String)>) {
    match document {
        Document::Null => {}
        Document::Record(record) => {
            for (name, value) in record.iter() {
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                leaves(value, &path, found);
            }
        }
        Document::List(items) => items.iter().for_each(|item| leaves(item, path, found)),
        scalar => found.push((path.to_owned(), format!("{scalar:?}"))),
    }
}

fn treatment(path: &str, choices: &[u8]) -> Treatment {
    let at = path.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    match choices[at % choices.len()] {
        0 | 1 => Treatment::Release,
        2 => Treatment::Mask(Mask::Pseudonym),
        3 => Treatment::Mask(Mask::Last4),
        _ => Treatment::Withhold,
    }
}

proptest! {
    #[test]
    fn only_what_was_released_is_left(
        plains in plains(),
        choices in vec(0_u8..7, 16),
        mut document in documents(),
    ) {
        let shape = shape(&plains, true);
        let agreement: AgreementId = "TT-1".parse().unwrap();
        let plan = ReleasePlan::compile(&shape, Some(&agreement), |field| treatment(field.path.as_str(), &choices));
        let mut before = Vec::new();
        leaves(&document, "", &mut before);
        plan.apply(&mut document, &keys());
        let mut after = Vec::new();
        leaves(&document, "", &mut after);
        for (path, value) in after {
            let parsed: FieldPath = path.parse().unwrap();
            let field = shape.field(&parsed);
            prop_assert!(field.is_some_and(|field| field.form.record().is_none()), "{path} is no leaf");
            match treatment(&path, &choices) {
                Treatment::Withhold => prop_assert!(false, "{path} was withheld"),
                Treatment::Release => prop_assert!(before.contains(&(path, value))),
                Treatment::Mask(_) => prop_assert!(value.contains("bidanh-") || value.contains("***"), "{path}"),
            }
        }
    }

    #[test]
    fn a_whole_plan_changes_nothing(plains in plains(), choices in vec(0_u8..3, 4), seeds in vec(any::<bool>(), 32)) {
        let shape = shape(&plains, true);
        let agreement: AgreementId = "TT-1".parse().unwrap();
        let plan = ReleasePlan::compile(&shape, Some(&agreement), |field| treatment(field.path.as_str(), &choices));
        let mut seeds = seeds.into_iter().cycle();
        let document = conforming(&shape.root, &mut || seeds.next().unwrap());
        let mut left = document.clone();
        plan.apply(&mut left, &keys());
        if plan.is_whole() {
            prop_assert_eq!(&left, &document);
        }
        let leaves = shape.walk().filter(|field| field.form.record().is_none()).count();
        let told = plan.released().len() + plan.masked().len() + plan.withheld().len();
        prop_assert_eq!(told, leaves, "every leaf is released, masked or withheld");
    }
}
