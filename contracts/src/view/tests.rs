use std::path::Path;

use serde_json::json;

use super::*;
use crate::Catalog;

fn task() -> std::sync::Arc<Contract> {
    let (catalog, _) = Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    std::sync::Arc::clone(catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap())
}

fn without(paths: &[&str]) -> impl Fn(&Field) -> Seen {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    move |field| {
        if paths.iter().any(|path| path == field.path.as_str()) { Seen::Withheld } else { Seen::Whole }
    }
}

#[test]
fn who_sees_everything_sees_the_contract() {
    let task = task();
    let view = task.view(&|_| Seen::Whole);
    assert_eq!(&view.schema, task.schema());
    assert_eq!(format!("{:?}", view.shape), format!("{:?}", task.whole_view().shape));
}

#[test]
fn what_is_withheld_is_gone_with_its_parent_and_the_rules_about_it() {
    let task = task();
    let view = task.view(&without(&[
        "KetQua.NgayDangKy",
        "ChuongTrinh.Loai",
        "ChuongTrinh.Ten",
        "ChuongTrinh.MaSo",
    ]));
    let results = &view.schema["properties"]["KetQua"];
    assert!(results["properties"].get("NgayDangKy").is_none());
    assert!(results.get("dependentRequired").is_none(), "a number would be said to need a date");
    assert!(view.schema["properties"].get("ChuongTrinh").is_none());
    assert!(view.shape.root.field("ChuongTrinh").is_none());
    assert!(view.schema.get("$id").is_none(), "it is not the contract any more");
    assert_eq!(view.schema["if"], task.schema()["if"], "a rule about what is whole stays");
    assert_eq!(view.schema["then"], task.schema()["then"]);
}

#[test]
fn a_rule_about_a_withheld_field_is_left_out() {
    let task = task();
    let view = task.view(&without(&["TinhTrang"]));
    for keyword in ["if", "then"] {
        assert!(view.schema.get(keyword).is_none(), "{keyword}");
    }
    assert!(!view.schema["required"].as_array().unwrap().contains(&json!("TinhTrang")));
    assert!(!view.schema.to_string().contains("TinhTrang"));
    // Either paper or number: without the one nothing can be said of the other.
    let view = task.view(&without(&["ChuNhiem.SoDinhDanh"]));
    assert!(view.schema["properties"]["ChuNhiem"].get("anyOf").is_none());
    assert!(view.schema["properties"]["ThanhVien"]["items"].get("anyOf").is_some(), "another record's rule");
}

#[test]
fn what_is_changed_has_the_schema_of_what_it_became() {
    let task = task();
    let year = json!({ "type": "string", "format": "year" });
    let view = task.view(&|field| match field.path.as_str() {
        "ThoiGianKetThuc" => Seen::Changed { schema: year.clone(), always: true },
        "ThoiGianBatDau" => Seen::Changed { schema: year.clone(), always: false },
        "KinhPhi" => Seen::Changed { schema: json!({ "type": "string" }), always: true },
        "NoiDungChinh" => {
            Seen::Changed { schema: json!({ "type": "string", "maxLength": 7 }), always: false }
        }
        _ => Seen::Whole,
    });
    let end = &view.schema["properties"]["ThoiGianKetThuc"];
    assert_eq!(end["type"], json!(["string", "null"]));
    assert_eq!(end["format"], "year");
    assert!(end.get("maxLength").is_none() && end.get("x-title").is_some());
    let required = view.schema["required"].as_array().unwrap();
    assert!(required.contains(&json!("ThoiGianKetThuc")) && !required.contains(&json!("ThoiGianBatDau")));
    assert!(matches!(view.shape.root.field("KinhPhi").unwrap().1.form, Form::Text));
    let content = &view.schema["properties"]["NoiDungChinh"];
    assert_eq!(content["items"], json!({ "type": "string", "maxLength": 7 }));
    assert!(content.get("minItems").is_none() && content["maxItems"] == 200);
    assert!(
        !view.shape.root.field("NoiDungChinh").unwrap().1.required,
        "unwrapped, an empty list is not there"
    );
}

#[test]
fn a_condition_may_ask_whether_a_changed_field_is_there() {
    let fates: Fates = [
        ("A".to_owned(), Fate::Whole),
        ("B".to_owned(), Fate::Changed { always: true }),
        ("C".to_owned(), Fate::Changed { always: false }),
        ("D".to_owned(), Fate::Gone),
        ("E".to_owned(), Fate::Record([("A".to_owned(), Fate::Whole), ("F".to_owned(), Fate::Gone)].into())),
    ]
    .into();
    let left = |schema: Value| Value::Object(narrowed(schema.as_object().unwrap(), &fates));
    let same = |schema: Value| assert_eq!(left(schema.clone()), schema);
    same(json!({ "anyOf": [{ "required": ["A"] }, { "required": ["B", "E"] }] }));
    same(json!({ "not": { "properties": { "E": { "required": ["A"] } } } }));
    same(json!({ "x-reads": ["A", "E.A"] }));
    for gone in [
        json!({ "anyOf": [{ "required": ["A"] }, { "required": ["C"] }] }),
        json!({ "oneOf": [{ "properties": { "B": { "const": 1 } } }] }),
        json!({ "not": { "properties": { "E": { "required": ["F"] } } } }),
        json!({ "not": { "anyOf": [{ "not": { "required": ["D"] } }] } }),
        json!({ "if": { "required": ["D"] }, "then": { "required": ["A"] }, "else": { "required": ["B"] } }),
        json!({ "if": { "required": ["A"] }, "then": { "required": ["D"] } }),
        json!({ "dependentRequired": { "D": ["A"], "A": ["C"] } }),
        json!({ "x-reads": ["A", "B"] }),
        json!({ "x-reads": { "E.F": true } }),
        json!({ "const": { "A": 1 } }),
    ] {
        assert_eq!(left(gone.clone()), json!({}), "{gone}");
    }
    assert_eq!(
        left(
            json!({ "allOf": [{ "required": ["A", "D"], "properties": { "B": { "const": 1 }, "A": { "const": 2 } } }] })
        ),
        json!({ "allOf": [{ "required": ["A"], "properties": { "A": { "const": 2 } } }] })
    );
    assert_eq!(
        left(json!({ "dependentRequired": { "A": ["B", "D"] } })),
        json!({ "dependentRequired": { "A": ["B"] } })
    );
}

#[test]
fn fields_in_order_stay_so_around_one_that_is_gone_or_changed() {
    let fates: Fates = [
        ("A".to_owned(), Fate::Whole),
        ("B".to_owned(), Fate::Gone),
        ("C".to_owned(), Fate::Whole),
        ("D".to_owned(), Fate::Changed { always: true }),
    ]
    .into();
    let schema = json!({ "x-order": [["A", "B", "C", "D"], ["A", "B"], ["D", "A"]] });
    let left = narrowed(schema.as_object().unwrap(), &fates);
    assert_eq!(Value::Object(left), json!({ "x-order": [["A", "C"]] }));
}

#[test]
fn a_code_is_no_longer_read_at_a_date_that_is_gone() {
    let task = task();
    let dated = |view: &View| {
        let found = view.shape.walk().filter(|field| field.dated_by.is_some()).count();
        (found, view.schema.to_string().contains("\"at\""))
    };
    assert_eq!(dated(&task.whole_view()), (1, true));
    let view = task.view(&without(&["ThoiGianBatDau"]));
    assert_eq!(dated(&view), (0, false));
    assert_eq!(view.schema["properties"]["MaTinh"]["x-code-list"], "don-vi-hanh-chinh-tinh");
}

#[test]
fn a_code_within_a_record_is_not_read_at_a_date_around_it_that_is_gone() {
    let task = task();
    let mut view = task.whole_view();
    // A code in a record, read at a date of the record around it.
    let inner = |view: &mut View| {
        let field = view.shape.root.fields.iter_mut().find(|field| field.name == "ChuongTrinh").unwrap();
        let Form::Record(record) = &mut field.form else { panic!("a record") };
        record.fields[2].dated_by.clone_from(&Some("ThoiGianBatDau".parse().unwrap()));
    };
    inner(&mut view);
    view.schema["properties"]["ChuongTrinh"]["properties"]["MaSo"]["x-code-list"] =
        json!({ "list": "x", "at": "ThoiGianBatDau" });
    undate(&mut view.shape.root, &mut view.schema, &|date| date.as_str() != "ThoiGianBatDau");
    assert!(!view.schema.to_string().contains("\"at\""));
    assert!(view.shape.walk().all(|field| field.dated_by.is_none()));
}

#[test]
fn no_description_names_what_is_gone() {
    let mut schema = json!({ "description": "as SoDinhDanh says", "properties": {
        "A": { "description": "SoDinhDanhKhac stays, every day" },
        "B": { "items": { "description": "(SoDinhDanh)" } },
        "C": { "description": "Ai không có Số định danh." },
        "D": { "description": "everyday" } } });
    let titles = ["số định danh".to_owned(), "every day, twice".to_owned(), "day".to_owned()];
    let mut gone = Gone { names: ["SoDinhDanh"].into(), titles: titles.into() };
    let mut again = schema.clone();
    hush(&mut schema, &gone);
    let left = json!({ "properties": { "A": {}, "B": { "items": {} }, "C": {}, "D": { "description": "everyday" } } });
    assert_eq!(schema, left);
    gone.titles.remove("day");
    hush(&mut again, &gone);
    assert_eq!(again["properties"]["A"]["description"], "SoDinhDanhKhac stays, every day");
}

#[test]
fn a_description_that_calls_a_withheld_field_by_its_title_goes_with_it() {
    let task = task();
    let mut whole = task.whole_view();
    let title =
        whole.shape.root.fields.iter().find(|field| field.name == "MucTieu").unwrap().title.vi.clone();
    whole.schema["properties"]["NoiDungChinh"]["description"] =
        format!("Theo {}.", title.to_uppercase()).into();
    let mut partly = task.view(&without(&["MucTieu"]));
    let gone = Gone::between(&whole.shape.root, &partly.shape.root);
    assert!(gone.names.contains("MucTieu") && gone.titles.contains(&title.to_lowercase()));
    partly.schema["properties"]["NoiDungChinh"]["description"] =
        whole.schema["properties"]["NoiDungChinh"]["description"].clone();
    hush(&mut partly.schema, &gone);
    assert!(partly.schema["properties"]["NoiDungChinh"].get("description").is_none());
}
