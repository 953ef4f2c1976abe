//! What a plan leaves of the catalogue's own examples is what its view describes.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use contracts::{Catalog, Number, Record};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::*;

const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(Path::new(CONTRACTS)).unwrap().0);

/// Each contract with the records of its good examples.
static EXAMPLES: LazyLock<Vec<(&'static Contract, Vec<Value>)>> = LazyLock::new(|| {
    let examples = |contract: &Contract| {
        let id = contract.id();
        let folder = format!("{CONTRACTS}/catalog/{}/v{}/examples/ok", id.dataset, id.version);
        let mut records = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                match serde_json::from_slice(&fs::read(path).unwrap()).unwrap() {
                    Value::Array(items) => records.extend(items),
                    record => records.push(record),
                }
            }
        }
        records
    };
    CATALOG.contracts().map(|contract| (&**contract, examples(contract))).collect()
});

/// Numbers go through floats here, which is enough for examples.
fn document(value: &Value) -> Document<'static> {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(Number::new(number.to_string()).unwrap()),
        Value::String(text) => Document::Text(text.clone().into()),
        Value::Array(items) => Document::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            let mut record = Record::with_capacity(members.len());
            members.iter().for_each(|(name, value)| record.push(name.clone(), document(value)));
            Document::Record(record)
        }
    }
}

fn value(document: &Document<'_>) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(value) => Value::Bool(*value),
        Document::Number(number) => serde_json::from_str(number.as_str()).unwrap(),
        Document::Text(text) => Value::String(text.to_string()),
        Document::List(items) => items.iter().map(value).collect(),
        Document::Record(record) => {
            Value::Object(record.iter().map(|(name, member)| (name.to_owned(), value(member))).collect())
        }
    }
}

fn plan_of(contract: &Contract, choices: &[u8]) -> ReleasePlan {
    let agreement: AgreementId = "TT-1".parse().unwrap();
    ReleasePlan::compile(contract.shape(), Some(&agreement), |field| {
        let path = field.path.as_str();
        let at = path.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        let mask = match choices[at % choices.len()] {
            0..=3 => return Treatment::Release,
            4 => Mask::Pseudonym,
            5 => Mask::Initials,
            6 => Mask::Year,
            7 => Mask::Last4,
            _ => return Treatment::Withhold,
        };
        if mask.suits(&field.form) { Treatment::Mask(mask) } else { Treatment::Withhold }
    })
}

/// Every text that could be a name: members' names and texts of one word.
fn names_in<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => found.extend(text.split('.')),
        Value::Array(items) => items.iter().for_each(|item| names_in(item, found)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.insert(name);
            names_in(value, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn under(schema: &Value) -> jsonschema::Validator {
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    jsonschema::options().should_validate_formats(true).with_format("year", is_year).build(schema).unwrap()
}

proptest! {
    #[test]
    fn what_is_left_of_a_valid_record_is_what_the_view_describes(choices in vec(0_u8..12, 1..24)) {
        for (contract, records) in EXAMPLES.iter() {
            let plan = plan_of(contract, &choices);
            let view = plan.view(contract);
            let validator = under(&view.schema);
            for record in records {
                let mut left = document(record);
                plan.apply(&mut left, &MaskKeys::new(b"a master key for tests, not a secret"));
                let left = value(&left);
                let errors: Vec<_> = validator.iter_errors(&left).map(|error| error.to_string()).collect();
                prop_assert!(errors.is_empty(), "{}: {errors:?} in {left}", contract.id());
            }
            for path in plan.withheld() {
                prop_assert!(view.shape.field(path).is_none() && view.schema_of(path).is_none(), "{path}");
            }
            let of_items = |field: &'_ Field| match &field.form {
                Form::List(list) => Some(list.item_name.clone()),
                _ => None,
            };
            let mut kept: BTreeSet<String> = view.shape.walk().filter_map(of_items).collect();
            kept.extend(view.shape.walk().map(|field| field.name.clone()));
            let mut told = BTreeSet::new();
            names_in(&view.schema, &mut told);
            for field in contract.shape().walk().filter(|field| !kept.contains(&field.name)) {
                prop_assert!(!told.contains(field.name.as_str()), "{}: `{}` is told", contract.id(), field.name);
            }
            let leaves = view.shape.walk().filter(|field| field.form.record().is_none()).count();
            prop_assert_eq!(leaves, plan.released().len() + plan.masked().len());
            if plan.is_whole() {
                prop_assert_eq!(&view.schema, contract.schema());
            }
        }
    }
}

#[test]
fn a_masked_field_is_described_as_masked() {
    let contract = CATALOG.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
    let plan = ReleasePlan::compile(contract.shape(), None, |field| match field.path.as_str() {
        "MaSo" => Treatment::Mask(Mask::Last4),
        "TenNhiemVu" => Treatment::Mask(Mask::Year),
        "ThoiGianKetThuc" => Treatment::Mask(Mask::Year),
        "KinhPhi" => Treatment::Mask(Mask::Pseudonym),
        _ => Treatment::Release,
    });
    let view = plan.view(contract);
    let accepts = |name: &str, value: Value| under(&view.schema["properties"][name]).is_valid(&value);
    assert!(
        accepts("MaSo", "***".into())
            && accepts("MaSo", "***1/25".into())
            && !accepts("MaSo", "KC.01".into())
    );
    assert!(accepts("ThoiGianKetThuc", "2026".into()) && accepts("ThoiGianKetThuc", Value::Null));
    assert!(!accepts("ThoiGianKetThuc", "2026-01-31".into()));
    assert!(accepts("KinhPhi", "bidanh-abcdefghijkmnpqrst23".into()) && !accepts("KinhPhi", 5.into()));
    let required = view.schema["required"].as_array().unwrap();
    assert!(required.contains(&"ThoiGianKetThuc".into()), "a date has a year");
    assert!(!required.contains(&"TenNhiemVu".into()), "a title need not begin with one");
}
