use super::*;
use crate::NodeKind;

const FILE: &str = "catalog/mau/v1/schema.json";

const PARTS: &str = "catalog/parts.json";

const TEXT_FIELD: &str =
    r#""MaSo": { "type": "string", "x-title": { "vi": "Mã", "en": "Code" }, "x-classification": "open" }"#;

/// A schema whose field under test stands on line 6, and whatever else follows on line 8.
fn schema(field: &str, rest: &str) -> String {
    let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
    format!(
        "{{\n\"$schema\": \"{DIALECT}\",\n\"type\": \"object\", \"additionalProperties\": false,\n\"properties\": \
         {{\n{TEXT_FIELD},\n{field}\n}}\n{rest}\n}}"
    )
}

fn compiled(text: &str) -> Result<Compiled, Vec<Fault>> {
    compile(Path::new(FILE), text, None, &CodeLists::default())
}

/// What becomes of `field` when the shared parts hold `defs`, which stand on line 3.
fn with_parts(field: &str, defs: &str) -> Result<Compiled, Vec<String>> {
    let text = format!("{{\n\"$schema\": \"{DIALECT}\",\n\"$defs\": {{ {defs} }}\n}}");
    let parts = Parts::read(Path::new(PARTS), &text).map_err(told)?;
    compile(Path::new(FILE), &schema(field, ""), Some(&parts), &CodeLists::default()).map_err(told)
}

/// `file:line rule` of each fault.
fn told(faults: Vec<Fault>) -> Vec<String> {
    let line = |fault: &Fault| fault.place.map_or(0, |place| place.line);
    faults.iter().map(|fault| format!("{}:{} {}", fault.file.display(), line(fault), fault.rule)).collect()
}

/// The rules broken, each with its line.
fn broken(text: &str) -> Vec<(&'static str, u32)> {
    match compiled(text) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            faults.into_iter().map(|fault| (fault.rule, fault.place.map_or(0, |place| place.line))).collect()
        }
    }
}

/// A field `Truong` with title and class, and `more` keywords.
fn field(more: &str) -> String {
    format!(r#""Truong": {{ "x-title": {{ "vi": "T", "en": "T" }}, "x-classification": "shared", {more} }}"#)
}

#[test]
fn a_schema_of_the_subset_becomes_a_shape() {
    let text = schema(
        r##""Nguoi": { "x-title": { "vi": "Người", "en": "People" }, "type": "array", "minItems": 1,
            "x-classification": "personal", "items": { "$ref": "#/$defs/Nguoi" }, "xml": { "nodeType": "none" } },
        "Ngay": { "x-title": { "vi": "Ngày", "en": "Day" }, "x-classification": "open",
            "type": ["string", "null"], "format": "date" }"##,
        r#""required": ["MaSo", "Nguoi"],
        "$defs": { "Nguoi": { "type": "object", "additionalProperties": false, "required": ["Ten"], "properties": {
            "ThuTu": { "x-title": { "vi": "Thứ tự", "en": "Order" }, "x-classification": "shared", "type": "integer",
                "xml": { "nodeType": "attribute" } },
            "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "type": "string", "xml": { "nodeType": "text" } } } } }"#,
    );
    let compiled = compiled(&text).unwrap();
    let names: Vec<_> = compiled.record.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["MaSo", "Nguoi", "Ngay"], "the schema's order");
    let people = compiled.record.field("Nguoi").unwrap().1;
    assert!(people.required && !people.nullable);
    assert_eq!(people.classification, Classification::Personal, "the most guarded beneath");
    let Form::List(list) = &people.form else { panic!("a list") };
    assert!(!list.wrapped);
    let inner = list.item.record().unwrap();
    let order = inner.field("ThuTu").unwrap().1;
    assert_eq!((order.xml.kind, order.classification), (NodeKind::Attribute, Classification::Shared));
    let name = inner.field("Ten").unwrap().1;
    assert_eq!(name.path.as_str(), "Nguoi.Ten");
    assert_eq!((name.xml.kind, name.classification), (NodeKind::Text, Classification::Personal));
    assert!(compiled.record.field("Ngay").unwrap().1.nullable);

    let written = compiled.schema.to_string();
    assert!(!written.contains("$ref") && !written.contains("$defs"), "references are written out");
    assert_eq!(
        compiled.schema.pointer("/properties/Nguoi/items/properties/Ten/type").and_then(Value::as_str),
        Some("string")
    );
}

#[test]
fn whatever_is_outside_the_subset_is_a_fault_with_its_place() {
    let cases: &[(&str, &str)] = &[
        (r#""type": "string", "contentEncoding": "base64""#, "unknown-keyword"),
        (r#""type": "string", "minimum": 1"#, "unknown-keyword"),
        (r#""type": "string", "default": "a""#, "unknown-keyword"),
        (r#""type": "integer", "pattern": "a""#, "unknown-keyword"),
        (r#""type": "boolean", "not": { "const": true }"#, "unknown-keyword"),
        (r#""type": ["string", "number"]"#, "type"),
        (r#""type": ["null", "string"]"#, "type"),
        (r#""type": "null""#, "type"),
        (r#""enum": ["a"]"#, "type"),
        (r#""type": "string", "format": "hostname""#, "unknown-format"),
        (r#""type": "string", "pattern": "(?=a)b""#, "pattern"),
        (r#""type": "string", "pattern": "(a)\\1""#, "pattern"),
        (r#""type": "string", "x-identifier": "ma-nhiem-vu""#, "unknown-identifier"),
        (r#""type": "string", "x-code-list": "khong-co""#, "unknown-code-list"),
        (r#""type": "number", "multipleOf": 0"#, "not-a-schema"),
        (r#""type": "string", "x-classification": "secret""#, "repeated-member"),
        (r#""type": "object", "properties": {}, "additionalProperties": false"#, "no-fields"),
        (r#""type": "array""#, "no-items"),
        (r##""$ref": "#/$defs/KhongCo""##, "unknown-reference"),
        (r##""$ref": "https://example.org/x""##, "unknown-reference"),
        (r#""type": "string", "xml": { "prefix": "a" }"#, "xml-binding"),
        (r#""type": "string", "xml": { "name": "1a" }"#, "xml-binding"),
        (r#""type": "string", "xml": { "nodeType": "cdata" }"#, "xml-binding"),
        (r#""type": "string", "xml": { "nodeType": "none" }"#, "xml-node-type"),
        (r#""type": "string", "xml": { "name": "MaSo" }"#, "xml-repeated-name"),
        (r#""type": ["string", "null"], "xml": { "nodeType": "attribute" }"#, "xml-attribute"),
        (
            r#""type": ["object", "null"], "additionalProperties": false, "properties": { "A": { "type": "string", "x-title": { "vi": "A", "en": "A" }, "xml": { "nodeType": "attribute" } } }"#,
            "xml-nil-attributes",
        ),
        (r#""type": "string", "pattern": "a\\b""#, "pattern-xsd"),
        (r#""type": "array", "items": { "type": "string" }"#, "xml-item-name"),
        (r#""type": "array", "items": { "type": "string" }, "xml": { "nodeType": "none" }"#, "xml-unwrapped"),
        (
            r#""type": ["array", "null"], "minItems": 1, "items": { "type": "string" }, "xml": { "nodeType": "none" }"#,
            "xml-unwrapped",
        ),
        (r#""type": "array", "items": { "type": ["string", "null"], "xml": { "name": "A" } }"#, "list-item"),
        (
            r#""type": "array", "items": { "type": "array", "items": { "type": "string", "xml": { "name": "A" } }, "xml": { "name": "A" } }"#,
            "list-item",
        ),
        (r#""type": "string", "minLength": "1""#, "not-a-schema"),
    ];
    for (keywords, rule) in cases {
        let found = broken(&schema(&field(keywords), ""));
        assert!(found.contains(&(rule, 6)), "{keywords}: {found:?}");
        assert!(found.iter().all(|(_, line)| *line == 6), "{keywords}: {found:?}");
    }
}

#[test]
fn a_code_names_its_list_and_a_date_of_its_record() {
    let code_lists = CodeLists::shipped();
    let day = |name: &str, keywords: &str| {
        format!(
            r#""{name}": {{ "x-title": {{ "vi": "N", "en": "N" }}, "x-classification": "open", {keywords} }}"#
        )
    };
    let days = [
        day("Ngay", r#""type": "string", "format": "date""#),
        day("Nam", r#""type": "string", "format": "year""#),
        day("Ten", r#""type": "string""#),
        day("So", r#""type": "integer""#),
        day(
            "CacNgay",
            r#""type": "array", "items": { "type": "string", "format": "date", "xml": { "name": "N" } }"#,
        ),
    ];
    let code = |listed: &str| {
        let code = field(&format!(r#""type": "string", "x-code-list": {listed}"#));
        let inner = format!(
            r#""Trong": {{ "x-title": {{ "vi": "T", "en": "T" }}, "type": "object", "additionalProperties": false, "properties": {{ {code} }} }}"#
        );
        let text = schema(&inner, "").replace(TEXT_FIELD, &format!("{TEXT_FIELD}, {}", days.join(",")));
        let compiled = compile(Path::new(FILE), &text, None, &code_lists);
        compiled
            .map(|compiled| {
                let inner = compiled.record.field("Trong").unwrap().1.form.record().unwrap().clone();
                let code = inner.field("Truong").unwrap().1.clone();
                assert_eq!(code.code_list.as_deref(), Some("don-vi-hanh-chinh-tinh"));
                code.dated_by.map(|path| path.to_string())
            })
            .map_err(|faults| faults.into_iter().map(|fault| (fault.rule, fault.place)).collect::<Vec<_>>())
    };
    let with = |at: &str| code(&format!(r#"{{ "list": "don-vi-hanh-chinh-tinh", "at": "{at}" }}"#));
    assert_eq!(code(r#""don-vi-hanh-chinh-tinh""#), Ok(None));
    assert_eq!(with("Ngay"), Ok(Some("Ngay".to_owned())));
    assert_eq!(with("Nam"), Ok(Some("Nam".to_owned())));
    for no_date in ["Ten", "So", "CacNgay", "KhongCo", "Truong", "Trong.Ngay", "", "a b"] {
        let faults = with(no_date).unwrap_err();
        assert_eq!(faults.len(), 1, "{no_date}");
        assert_eq!((faults[0].0, faults[0].1.unwrap().line), ("code-date", 6), "{no_date}");
    }
    for bad in [
        r#"{ "list": "don-vi-hanh-chinh-tinh" }"#,
        r#"{ "at": "Ngay" }"#,
        r#"{ "list": "don-vi-hanh-chinh-tinh", "at": 1 }"#,
        r#"{ "list": "don-vi-hanh-chinh-tinh", "at": "Ngay", "on": "x" }"#,
        "1",
    ] {
        assert_eq!(code(bad).unwrap_err()[0].0, "code-list", "{bad}");
    }
    assert_eq!(code(r#"{ "list": "khong-co", "at": "Ngay" }"#).unwrap_err()[0].0, "unknown-code-list");
}

#[test]
fn fields_say_what_they_are_called_and_how_freely_they_leave() {
    let broken = |field: &str| broken(&schema(field, ""));
    assert_eq!(broken(r#""T": { "type": "string", "x-classification": "open" }"#), [("no-title", 6)]);
    assert_eq!(
        broken(
            r#""T": { "type": "string", "x-classification": "open", "x-title": { "vi": "T", "en": " " } }"#
        ),
        [("no-title", 6)]
    );
    assert_eq!(
        broken(r#""T": { "type": "string", "x-title": { "vi": "T", "en": "T" } }"#),
        [("no-classification", 6)]
    );
    assert_eq!(
        broken(
            r#""T": { "type": "string", "x-classification": "bi-mat", "x-title": { "vi": "T", "en": "T" } }"#
        ),
        [("unknown-classification", 6)],
        "one mistake is one fault"
    );
    assert_eq!(broken(r#""Tên": { "type": "string" }"#), [("field-name", 6)]);
    assert_eq!(broken(r#""xmlId": { "type": "string" }"#), [("field-name", 6)]);
}

#[test]
fn rules_between_fields_never_add_one() {
    let broken = |rest: &str| broken(&schema(&field(r#""type": "string""#), rest));
    assert_eq!(broken(r#""anyOf": [{ "required": ["MaSo"] }, { "required": ["Truong"] }]"#), []);
    assert_eq!(
        broken(
            r#""if": { "properties": { "MaSo": { "const": "a" } }, "required": ["MaSo"] }, "then": { "required": ["Truong"] }"#
        ),
        []
    );
    for bad in [
        r#""anyOf": [{ "required": ["KhongCo"] }]"#,
        r#""dependentRequired": { "MaSo": ["KhongCo"] }"#,
        r#""dependentRequired": { "KhongCo": ["MaSo"] }"#,
        r#""then": { "properties": { "KhongCo": { "const": 1 } } }"#,
        r#""required": ["KhongCo"]"#,
    ] {
        assert_eq!(broken(bad), [("unknown-field", 8)], "{bad}");
    }
    for bad in [
        r#""not": { "additionalProperties": false }"#,
        r##""allOf": [{ "$ref": "#" }]"##,
        r#""anyOf": [{ "properties": { "MaSo": { "properties": {} } } }]"#,
        r#""not": true"#,
    ] {
        assert_eq!(broken(bad), [("rule", 8)], "{bad}");
    }
}

#[test]
fn fields_in_order_are_of_one_record_and_of_one_kind() {
    let day = |name: &str, format: &str| {
        let title = r#""x-title": { "vi": "T", "en": "T" }, "x-classification": "open""#;
        format!(r#""{name}": {{ {title}, "type": ["string", "null"], "format": "{format}" }}"#)
    };
    let fields = format!("{}, {}, {}", day("Tu", "date"), day("Den", "date"), day("Luc", "date-time"));
    let broken = |rest: &str| broken(&schema(&fields, rest));
    assert_eq!(broken(r#""x-order": [["Tu", "Den"]]"#), []);
    for bad in [
        r#""x-order": []"#,
        r#""x-order": "Tu""#,
        r#""x-order": ["Tu", "Den"]"#,
        r#""x-order": [["Tu"]]"#,
        r#""x-order": [["Tu", "Luc"]]"#,
        r#""x-order": [["MaSo", "MaSo"]]"#,
        r#""x-order": [["Tu", 1]]"#,
    ] {
        assert!(broken(bad).contains(&("order", 8)), "{bad}: {:?}", broken(bad));
    }
    assert_eq!(broken(r#""x-order": [["Tu", "KhongCo"]]"#), [("unknown-field", 8)]);
}

#[test]
fn references_end_and_definitions_are_used() {
    let reference = r##""Truong": { "x-title": { "vi": "T", "en": "T" }, "$ref": "#/$defs/A" }"##;
    let record = |properties: &str| {
        format!(r#"{{ "type": "object", "additionalProperties": false, "properties": {{ {properties} }} }}"#)
    };
    let endless = record(&reference.replace("Truong", "Con"));
    assert_eq!(
        broken(&schema(reference, &format!(r#""$defs": {{ "A": {endless} }}"#))),
        [("endless-reference", 8)]
    );
    assert_eq!(
        broken(&schema(
            reference,
            r##""$defs": { "A": { "$ref": "#/$defs/B" }, "B": { "type": "string" } }"##
        )),
        [("chained-reference", 8), ("unused-definition", 8)]
    );
    let beside = reference.replace("\"$ref\"", "\"minLength\": 1, \"$ref\"");
    assert_eq!(
        broken(&schema(&beside, r#""$defs": { "A": { "type": "string", "x-classification": "open" } }"#)),
        [("beside-ref", 6)]
    );
}

#[test]
fn shared_parts_are_written_out_with_the_parts_they_refer_to() {
    let field = r##""Truong": { "x-classification": "open", "required": ["Duong"], "$ref": "parts.json#/$defs/DiaChi" }"##;
    let tinh = r#""Tinh": { "x-title": { "vi": "Tỉnh", "en": "Province" }, "type": "string" }"#;
    let defs = r##""DiaChi": { "x-title": { "vi": "Địa chỉ", "en": "Address" }, "type": "object",
        "additionalProperties": false, "required": ["MaTinh"], "properties": {
        "Duong": { "x-title": { "vi": "Đường", "en": "Street" }, "type": "string" },
        "MaTinh": { "$ref": "#/$defs/Tinh" } } }, "KhongDung": { "type": "string" }"##;
    let compiled = with_parts(field, &format!("{defs}, {tinh}")).unwrap();
    assert_eq!(compiled.parts, BTreeSet::from(["DiaChi".to_owned(), "Tinh".to_owned()]));
    let address = compiled.record.field("Truong").unwrap().1;
    assert_eq!((address.title.en.as_str(), address.classification), ("Address", Classification::Open));
    let fields = &address.form.record().unwrap().fields;
    let told: Vec<_> = fields.iter().map(|field| (field.path.as_str(), field.required)).collect();
    assert_eq!(
        told,
        [("Truong.Duong", true), ("Truong.MaTinh", true)],
        "what is asked for here comes on top"
    );
    let written = &compiled.schema["properties"]["Truong"];
    assert_eq!(written["required"], serde_json::json!(["MaTinh", "Duong"]));
    assert!(!compiled.schema.to_string().contains("$ref"));
}

#[test]
fn a_fault_of_a_part_is_told_in_the_parts_and_one_of_its_use_where_it_is_used() {
    let refer = |rest: &str| format!(r##""Truong": {{ {rest} "$ref": "parts.json#/$defs/A" }}"##);
    let open = r#""x-classification": "open","#;
    let title = r#""x-title": { "vi": "T", "en": "T" }"#;
    let broken = |field: &str, defs: &str| with_parts(field, defs).err().unwrap_or_default();
    let text = format!(r#""A": {{ {title}, "type": "string" }}"#);
    assert_eq!(broken(&refer(open), &text), [""; 0]);
    assert_eq!(broken(&refer(""), &text), [format!("{FILE}:6 no-classification")], "the place leaves it out");
    assert_eq!(
        broken(&refer(open), &format!(r#""A": {{ {title}, "type": "strng" }}"#)),
        [format!("{PARTS}:3 not-a-schema")]
    );
    assert_eq!(
        broken(&refer(open), &format!(r#""A": {{ {title}, "type": "string", "format": "ngay" }}"#)),
        [format!("{PARTS}:3 unknown-format")]
    );
    assert_eq!(
        broken(&refer(r#""x-classification": "open", "required": ["X"],"#), &text),
        [format!("{FILE}:6 unknown-keyword")],
        "only a record has required fields"
    );
}

#[test]
fn a_refusal_says_what_may_stand_where_it_is() {
    let told = |field: &str, rule: &str| {
        let faults = compiled(&schema(field, "")).unwrap_err();
        let fault = faults.iter().find(|fault| fault.rule == rule).unwrap_or_else(|| panic!("{faults:?}"));
        format!("{} {}", fault.message.en, fault.remedy.en)
    };
    let order = told(&field(r#""type": "string", "x-order": [["A", "B"]]"#), "unknown-keyword");
    assert!(order.contains("`x-order`") && order.contains("beside `properties` and `required`"), "{order}");
    let length = told(&field(r#""type": "integer", "maxLength": 3"#), "unknown-keyword");
    assert!(length.contains("a text (`\"type\": \"string\"`)"), "{length}");
    let other = told(&field(r#""type": "string", "default": "a""#), "unknown-keyword");
    assert!(other.contains("`maxLength`") && other.contains("`x-code-list`"), "{other}");
    let title = told(r#""Truong": { "type": "string", "x-classification": "open" }"#, "no-title");
    assert!(title.contains("`Truong`"), "{title}");
    let class = field(r#""type": "string""#).replace("\"shared\"", "\"personal?\"");
    let class = told(&class, "class-question");
    for known in Classification::ALL {
        assert!(class.contains(&format!("`{}`", known.as_str())), "{class}");
    }

    let parts = r#""A": { "x-title": { "vi": "T", "en": "T" }, "type": "string" }"#;
    let refer = |more: &str| {
        let field =
            format!(r##""Truong": {{ "x-classification": "open", "$ref": "parts.json#/$defs/B"{more} }}"##);
        let text = schema(&field, r#""$defs": { "C": { "type": "string" } }"#);
        let written = format!("{{ \"$schema\": \"{DIALECT}\", \"$defs\": {{\n{parts} }} }}");
        let parts = Parts::read(Path::new(PARTS), &written).unwrap();
        compile(Path::new(FILE), &text, Some(&parts), &CodeLists::default()).unwrap_err()
    };
    let faults = refer(r#", "minLength": 1"#);
    let told = |rule: &str| faults.iter().find(|fault| fault.rule == rule).unwrap().remedy.en.clone();
    assert!(told("unknown-reference").contains("`#/$defs/C`, `parts.json#/$defs/A`"), "{faults:?}");
    assert!(told("beside-ref").contains("`x-title`, `x-classification`"), "{faults:?}");
}

#[test]
fn a_reference_reaches_the_shared_parts_and_nothing_else() {
    let text = r#""A": { "x-title": { "vi": "T", "en": "T" }, "type": "string" }"#;
    for reference in [
        "parts.json#/$defs/B",
        "parts.json",
        "parts.json#A",
        "parts.json#/$defs/A/type",
        "./parts.json#/$defs/A",
        "../parts.json#/$defs/A",
        "../../catalog/parts.json#/$defs/A",
        "file:///parts.json#/$defs/A",
        "khac.json#/$defs/A",
        "#/$defs/A",
    ] {
        let field = format!(r#""Truong": {{ "x-classification": "open", "$ref": "{reference}" }}"#);
        assert_eq!(
            with_parts(&field, text).unwrap_err(),
            [format!("{FILE}:6 unknown-reference")],
            "{reference}"
        );
    }
    let field = r##""Truong": { "x-classification": "open", "$ref": "parts.json#/$defs/A" }"##;
    assert_eq!(compiled(&schema(field, "")).unwrap_err()[0].rule, "unknown-reference", "without parts");
}

#[test]
fn parts_that_come_back_to_themselves_are_refused() {
    let field = r##""Truong": { "x-classification": "open", "$ref": "parts.json#/$defs/A" }"##;
    let record = |name: &str, target: &str| {
        format!(
            r#""{name}": {{ "x-title": {{ "vi": "T", "en": "T" }}, "type": "object", "additionalProperties": false,
            "properties": {{ "Con": {{ "$ref": "{target}" }} }} }}"#
        )
    };
    let own = format!("{},{}", record("A", "#/$defs/B"), record("B", "#/$defs/A"));
    assert_eq!(with_parts(field, &own).unwrap_err(), [format!("{PARTS}:5 endless-reference")]);
    let full = record("A", "parts.json#/$defs/A");
    assert_eq!(with_parts(field, &full).unwrap_err(), [format!("{PARTS}:4 endless-reference")]);
    let chained = r##""A": { "$ref": "#/$defs/B" }, "B": { "type": "string" }"##;
    assert_eq!(with_parts(field, chained).unwrap_err(), [format!("{PARTS}:3 chained-reference")]);
}

#[test]
fn the_file_of_parts_holds_definitions_only() {
    let broken = |text: &str| Parts::read(Path::new(PARTS), text).err().map(told).unwrap_or_default();
    let schema = format!("\"$schema\": \"{DIALECT}\"");
    assert_eq!(broken(&format!("{{ {schema} }}")), [""; 0]);
    assert_eq!(broken("{}"), [format!("{PARTS}:1 dialect")]);
    assert_eq!(broken("{"), [format!("{PARTS}:1 not-json")]);
    assert_eq!(broken(&format!("{{ {schema},\n\"type\": \"object\" }}")), [format!("{PARTS}:2 parts-only")]);
    assert_eq!(
        broken(&format!("{{ {schema},\n\"$defs\": {{ \"A\": {{}},\n\"A\": {{}} }} }}")),
        [format!("{PARTS}:3 repeated-member")]
    );
}

#[test]
fn references_that_multiply_are_bounded() {
    let property = |name: &str, target: &str| {
        format!(r##""{name}": {{ "x-title": {{ "vi": "T", "en": "T" }}, "$ref": "#/$defs/{target}" }}"##)
    };
    // Each definition holds the next one ten times: a million fields from forty lines.
    let mut defs = vec![r#""D6": { "type": "string", "x-classification": "open" }"#.to_owned()];
    for level in 0..6 {
        let next = format!("D{}", level + 1);
        let fields: Vec<_> = (0..10).map(|number| property(&format!("T{number}"), &next)).collect();
        defs.push(format!(
            r#""D{level}": {{ "type": "object", "additionalProperties": false, "properties": {{ {} }} }}"#,
            fields.join(",")
        ));
    }
    let text = schema(&property("Goc", "D0"), &format!("\"$defs\": {{ {} }}", defs.join(",")));
    assert!(broken(&text).iter().any(|(rule, _)| *rule == "too-many-fields"));
}

#[test]
fn xml_text_stands_beside_attributes_and_is_always_there() {
    let record = |fields: &str, required: &str| {
        field(&format!(
            r#""type": "object", "additionalProperties": false, "required": [{required}], "properties": {{ {fields} }}"#
        ))
    };
    let part = |name: &str, node: &str| {
        format!(
            r#""{name}": {{ "x-title": {{ "vi": "T", "en": "T" }}, "type": "string", "xml": {{ "nodeType": "{node}" }} }}"#
        )
    };
    let (text, attribute, element) =
        (part("Text", "text"), part("Thuoc", "attribute"), part("Con", "element"));
    let broken = |fields: &[&str], required: &str| broken(&schema(&record(&fields.join(","), required), ""));
    assert_eq!(broken(&[&text, &attribute], r#""Text""#), []);
    assert_eq!(broken(&[&text, &attribute], ""), [("xml-text", 6)]);
    assert_eq!(broken(&[&text, &element], r#""Text""#), [("xml-text", 6)]);
    let second = part("Text2", "text");
    assert_eq!(broken(&[&text, &second], r#""Text", "Text2""#), [("xml-text", 6)]);
}

#[test]
fn every_fault_comes_at_once_in_the_order_of_the_file() {
    let text = "{\n\"type\": \"object\",\n\"properties\": {\n\"A\": { \"type\": \"strng\" },\n\"B\": 1,\n\"A\": { \"type\": \"string\", \"x-title\": 1 }\n}\n}";
    let found = broken(text);
    assert!(found.is_sorted_by_key(|(_, line)| *line), "{found:?}");
    assert!(found.contains(&("repeated-member", 6)), "{found:?}");
    let not_json = compiled("{\n  \"a\": ,\n}").unwrap_err();
    assert_eq!(not_json[0].place, Some(Place { line: 2, column: 8 }));
    assert_eq!(not_json[0].rule, "not-json");
}
