use std::fmt::Write as _;

use contracts::{
    CodeLists, ContractId, Language,
    draft::{Draft, Source},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const FILE: &str = "nguon";

fn id() -> ContractId {
    "thiet-bi@1".parse().unwrap()
}

fn drafted(source: Result<Source<'_>, Vec<Fault>>) -> Result<(Value, Vec<&'static str>), Vec<Fault>> {
    let draft = Draft::of(&id(), source?, &CodeLists::default())?;
    let remarks = draft.remarks.iter().map(|remark| remark.rule).collect();
    Ok((serde_json::from_str(&draft.schema).unwrap(), remarks))
}

fn of_schema(text: &str) -> Result<(Value, Vec<&'static str>), Vec<Fault>> {
    drafted(of_xsd(Path::new(FILE), text, None))
}

/// A schema whose record has `parts` on lines from 3 on, and `types` after it.
fn xsd(parts: &str, types: &str) -> String {
    format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"urn:thu\" targetNamespace=\"urn:thu\" elementFormDefault=\"qualified\">\
         <xs:element name=\"ThietBi\"><xs:complexType><xs:sequence>\n<xs:element name=\"Ma\" type=\"xs:string\"/>\n{parts}\n</xs:sequence></xs:complexType></xs:element>\n{types}\n</xs:schema>"
    )
}

/// The field `A` that `types` and an element of type `t:A` make.
fn field(element: &str, types: &str) -> Value {
    let text = xsd(element, types);
    match of_schema(&text) {
        Ok((schema, _)) => {
            let mut field = schema["properties"]["A"].clone();
            for said in ["x-title", "x-classification"] {
                field.as_object_mut().unwrap().remove(said);
            }
            field
        }
        Err(faults) => panic!("{text}\n{faults:#?}"),
    }
}

fn refused(text: &str) -> Vec<(&'static str, u32)> {
    match of_schema(text) {
        Ok((schema, _)) => panic!("taken: {schema:#}"),
        Err(faults) => {
            assert!(faults.iter().all(|fault| !fault.remedy.get(Language::Vi).is_empty() && !fault.warning));
            faults.iter().map(|fault| (fault.rule, fault.place.map_or(0, |place| place.line))).collect()
        }
    }
}

#[test]
fn simple_types_become_leaves() {
    for (restriction, expected) in [
        (
            "base=\"xs:string\"><xs:maxLength value=\"9\"/><xs:pattern value=\"[A-Z]+|\\-\"/>",
            json!({ "type": "string", "maxLength": 9, "pattern": "^(?:[A-Z]+|\\-)$" }),
        ),
        (
            "base=\"xs:string\"><xs:enumeration value=\"a\"/><xs:enumeration value=\"b\"/>",
            json!({ "type": "string", "enum": ["a", "b"] }),
        ),
        (
            "base=\"xs:int\"><xs:minInclusive value=\"+05\"/>",
            json!({ "type": "integer", "minimum": 5, "maximum": 2_147_483_647 }),
        ),
        (
            "base=\"xs:int\"><xs:totalDigits value=\"4\"/>",
            json!({ "type": "integer", "minimum": -9999, "maximum": 9999 }),
        ),
        (
            "base=\"xs:decimal\"><xs:totalDigits value=\"4\"/><xs:fractionDigits value=\"2\"/>",
            json!({ "type": "number", "multipleOf": 0.01, "minimum": -99.99, "maximum": 99.99 }),
        ),
        ("base=\"xs:date\">", json!({ "type": "string", "format": "date" })),
        ("base=\"xs:boolean\"><xs:pattern value=\"true|1\"/>", json!({ "type": "boolean", "const": true })),
        (
            "base=\"xs:integer\"><xs:pattern value=\"[\\-+]?([0-9]*0{3}|0+)\"/>",
            json!({ "type": "integer", "multipleOf": 1000 }),
        ),
    ] {
        let types = format!(
            "<xs:simpleType name=\"A\"><xs:restriction {restriction}</xs:restriction></xs:simpleType>"
        );
        assert_eq!(field("<xs:element name=\"A\" type=\"t:A\"/>", &types), expected, "{restriction}");
    }
}

#[test]
fn elements_that_repeat_become_lists() {
    assert_eq!(
        field("<xs:element name=\"A\" type=\"xs:string\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>", ""),
        json!({ "type": "array", "minItems": 1, "items": { "type": "string" }, "xml": { "nodeType": "none" } })
    );
    assert_eq!(
        field(
            "<xs:element name=\"A\" nillable=\"true\"><xs:complexType><xs:sequence><xs:element name=\"Muc\" type=\"xs:string\" minOccurs=\"0\" maxOccurs=\"5\"/></xs:sequence></xs:complexType><xs:unique name=\"u\"><xs:selector xpath=\"t:Muc\"/><xs:field xpath=\".\"/></xs:unique></xs:element>",
            ""
        ),
        json!({ "type": ["array", "null"], "maxItems": 5, "items": { "type": "string", "xml": { "name": "Muc" } }, "uniqueItems": true })
    );
}

#[test]
fn types_that_extend_and_texts_with_attributes_become_records() {
    let types = "<xs:complexType name=\"Goc\" abstract=\"true\"><xs:sequence><xs:element name=\"B\" type=\"xs:string\"/></xs:sequence></xs:complexType>\
        <xs:complexType name=\"A\"><xs:complexContent><xs:extension base=\"t:Goc\"><xs:sequence><xs:element name=\"C\" type=\"t:Gia\" minOccurs=\"0\"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>\
        <xs:complexType name=\"Gia\"><xs:simpleContent><xs:extension base=\"xs:decimal\"><xs:attribute name=\"donVi\" type=\"xs:string\" use=\"required\"/></xs:extension></xs:simpleContent></xs:complexType>";
    let field = field("<xs:element name=\"A\" type=\"t:A\"/>", types);
    assert_eq!(field["required"], json!(["B"]));
    let inner = &field["properties"]["C"];
    assert_eq!(inner["required"], json!(["donVi", "NoiDung"]));
    assert_eq!(inner["properties"]["donVi"]["xml"], json!({ "nodeType": "attribute" }));
    assert_eq!(
        (&inner["properties"]["NoiDung"]["type"], &inner["properties"]["NoiDung"]["xml"]),
        (&json!("number"), &json!({ "nodeType": "text" }))
    );
}

#[test]
fn a_choice_is_a_rule_between_fields() {
    let choice = "<xs:choice><xs:element name=\"B\" type=\"xs:string\"/><xs:element name=\"C\" type=\"xs:string\"/></xs:choice>";
    let (schema, _) = of_schema(&xsd(choice, "")).unwrap();
    assert_eq!(schema["required"], json!(["Ma"]));
    assert_eq!(schema["allOf"], json!([{ "oneOf": [{ "required": ["B"] }, { "required": ["C"] }] }]));
    let group = "<xs:sequence minOccurs=\"0\"><xs:element name=\"B\" type=\"xs:string\"/><xs:element name=\"C\" type=\"xs:string\"/></xs:sequence>";
    let (schema, _) = of_schema(&xsd(group, "")).unwrap();
    assert_eq!(schema["dependentRequired"], json!({ "B": ["C"], "C": ["B"] }));
}

#[test]
fn what_is_stricter_is_remarked_and_classes_are_asked() {
    let (schema, remarks) = of_schema(&xsd(
        "<xs:element name=\"HoTen\" type=\"xs:token\"/><xs:element name=\"Luc\" type=\"xs:dateTime\" default=\"x\"/>",
        "",
    ))
    .unwrap();
    assert_eq!(remarks, ["stricter-white-space", "stricter-time", "no-default"]);
    let class = |name: &str| schema["properties"][name]["x-classification"].clone();
    assert_eq!((class("HoTen"), class("Luc")), (json!("personal?"), json!("restricted?")));
}

#[test]
fn what_a_contract_cannot_hold_is_refused_with_its_line() {
    for (part, types, rule) in [
        ("<xs:any/>", "", "any"),
        ("<xs:element name=\"A\"/>", "", "any-type"),
        ("<xs:element name=\"A\" type=\"xs:base64Binary\"/>", "", "type-not-held"),
        ("<xs:element name=\"A\" type=\"t:Khong\"/>", "", "unknown-component"),
        ("<xs:element ref=\"t:Khong\"/>", "", "unknown-component"),
        (
            "<xs:element name=\"A\" xmlns:g=\"http://www.opengis.net/gml/3.2\" type=\"g:PointPropertyType\"/>",
            "",
            "gml-type",
        ),
        (
            "<xs:element name=\"A\"><xs:complexType mixed=\"true\"><xs:sequence/></xs:complexType></xs:element>",
            "",
            "mixed-content",
        ),
        ("<xs:element name=\"A\"><xs:complexType/></xs:element>", "", "no-fields"),
        ("<xs:element name=\"Ma\" type=\"xs:string\"/>", "", "element-twice"),
        (
            "<xs:sequence maxOccurs=\"2\"><xs:element name=\"A\" type=\"xs:string\"/><xs:element name=\"B\" type=\"xs:string\"/></xs:sequence>",
            "",
            "repeated-group",
        ),
        (
            "<xs:element name=\"A\"><xs:simpleType><xs:list itemType=\"xs:string\"/></xs:simpleType></xs:element>",
            "",
            "list-in-text",
        ),
        (
            "<xs:element name=\"A\"><xs:simpleType><xs:union memberTypes=\"xs:int xs:string\"/></xs:simpleType></xs:element>",
            "",
            "union",
        ),
        (
            "<xs:element name=\"A\"><xs:simpleType><xs:restriction base=\"xs:date\"><xs:minInclusive value=\"2000-01-01\"/></xs:restriction></xs:simpleType></xs:element>",
            "",
            "facet-not-held",
        ),
        (
            "<xs:element name=\"A\"><xs:simpleType><xs:restriction base=\"xs:string\"><xs:pattern value=\"\\i\\c*\"/></xs:restriction></xs:simpleType></xs:element>",
            "",
            "pattern-not-held",
        ),
        ("<xs:element name=\"A\" substitutionGroup=\"t:B\" type=\"xs:string\"/>", "", "substitution"),
        (
            "<xs:element name=\"A\"><xs:complexType><xs:attribute ref=\"xml:lang\"/></xs:complexType></xs:element>",
            "",
            "qualified-attribute",
        ),
        (
            "<xs:element name=\"A\"><xs:complexType><xs:sequence><xs:element name=\"B\" type=\"xs:string\" maxOccurs=\"2\"/></xs:sequence></xs:complexType><xs:key name=\"k\"><xs:selector xpath=\"t:B\"/><xs:field xpath=\".\"/></xs:key></xs:element>",
            "",
            "key",
        ),
        ("<xs:element name=\"Tên\" type=\"xs:string\"/>", "", "field-name"),
    ] {
        assert_eq!(refused(&xsd(part, types)), [(rule, 3)], "{part}");
    }
    assert_eq!(
        refused(&xsd(
            "<xs:element name=\"A\" type=\"t:A\"/>",
            "<xs:complexType name=\"A\"><xs:sequence><xs:element name=\"B\" type=\"t:A\" minOccurs=\"0\"/></xs:sequence></xs:complexType>"
        )),
        [("recursive-type", 5)]
    );
    assert_eq!(
        refused(&xsd("", "<xs:include schemaLocation=\"http://localhost/khac.xsd\"/>")),
        [("xs-include", 5)]
    );
    assert_eq!(refused("<khac/>"), [("not-a-schema", 1)]);
    assert_eq!(refused("<a"), [("not-xml", 1)]);
    assert_eq!(refused("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), [("doctype", 1)]);
    let two = xsd(
        "",
        "<xs:element name=\"Khac\"><xs:complexType><xs:sequence><xs:element name=\"B\" type=\"xs:string\"/></xs:sequence></xs:complexType></xs:element>",
    );
    assert_eq!(refused(&two), [("which-record", 1)]);
    let (schema, _) = drafted(of_xsd(Path::new(FILE), &two, Some("Khac"))).unwrap();
    assert!(schema["properties"]["B"].is_object());
}

#[test]
fn schemas_that_multiply_or_nest_without_end_are_stopped() {
    // Each type holds the one before twice: more fields than atoms, and then groups with no field at all.
    let mut types = "<xs:complexType name=\"T0\"><xs:sequence><xs:element name=\"B\" type=\"xs:string\"/></xs:sequence></xs:complexType>".to_owned();
    let mut groups = "<xs:group name=\"G0\"><xs:sequence/></xs:group>".to_owned();
    for level in 1..30 {
        let below = level - 1;
        write!(types, "<xs:complexType name=\"T{level}\"><xs:sequence><xs:element name=\"B\" type=\"t:T{below}\"/><xs:element name=\"C\" type=\"t:T{below}\"/></xs:sequence></xs:complexType>").unwrap();
        write!(groups, "<xs:group name=\"G{level}\"><xs:sequence><xs:group ref=\"t:G{below}\"/><xs:group ref=\"t:G{below}\"/></xs:sequence></xs:group>").unwrap();
    }
    assert!(
        refused(&xsd("<xs:element name=\"A\" type=\"t:T29\"/>", &types))
            .iter()
            .any(|(rule, _)| *rule == "too-many-fields")
    );
    assert!(
        refused(&xsd("<xs:group ref=\"t:G29\"/>", &groups))
            .iter()
            .any(|(rule, _)| *rule == "too-many-fields")
    );
    let deep = format!("{}{}", "<xs:sequence>".repeat(5_000), "</xs:sequence>".repeat(5_000));
    assert_eq!(refused(&xsd(&deep, "")).first().map(|(rule, _)| *rule), Some("too-deep"));
    let cap = "<xs:element name=\"A\"><xs:simpleType><xs:restriction base=\"xs:string\"><xs:pattern value=\"((a{1000}){1000}){1000}\"/></xs:restriction></xs:simpleType></xs:element>";
    assert!(!refused(&xsd(cap, "")).is_empty());
}

#[test]
fn samples_in_xml_show_lists_numbers_and_attributes() {
    let text = "<DanhSachThietBi xmlns=\"urn:thu:1\">\n<ThietBi loai=\"x\"><Ma>01</Ma><Gia>5</Gia><Nhan><Muc>a</Muc></Nhan><Anh>u</Anh><Anh>v</Anh><Ngay>2026-01-31</Ngay></ThietBi>\n\
        <ThietBi loai=\"y\"><Ma>02</Ma><Gia>5.5</Gia><Nhan/><Anh>w</Anh><Ngay>2026-01-31</Ngay><Nguoi><Ten>z</Ten></Nguoi></ThietBi></DanhSachThietBi>";
    let source = of_xml_sample(Path::new(FILE), text).unwrap();
    assert_eq!(
        (source.record.as_deref(), source.collection.as_deref()),
        (Some("ThietBi"), Some("DanhSachThietBi"))
    );
    assert_eq!(source.namespace.as_deref(), Some("urn:thu:1"));
    let (schema, remarks) = drafted(Ok(source)).unwrap();
    assert_eq!(remarks, ["number-or-code"], "of the price; a code stays a text");
    let of = |name: &str| schema["properties"][name].clone();
    assert_eq!((&of("Ma")["type"], &of("Gia")["type"]), (&json!("string"), &json!("number")));
    assert_eq!(of("loai")["xml"], json!({ "nodeType": "attribute" }));
    assert_eq!(
        (&of("Nhan")["items"]["xml"]["name"], &of("Anh")["xml"]["nodeType"]),
        (&json!("Muc"), &json!("none"))
    );
    assert_eq!((&of("Ngay")["format"], &of("Nguoi")["type"]), (&json!("date"), &json!("object")));
    assert_eq!(schema["required"], json!(["loai", "Ma", "Gia", "Nhan", "Anh", "Ngay"]));

    for (text, rule) in [
        ("<a xmlns:g=\"urn:g\"><b>1</b><g:c>1</g:c></a>", "foreign-namespace"),
        ("<a><b>x<c>1</c></b></a>", "mixed-content"),
        ("<a b=\"1\"><b>1</b></a>", "element-twice"),
        ("<a><b/></a>", "nothing-shown"),
        ("<!DOCTYPE a><a><b>1</b></a>", "doctype"),
    ] {
        let faults = drafted(of_xml_sample(Path::new(FILE), text)).unwrap_err();
        assert_eq!(faults.first().map(|fault| fault.rule), Some(rule), "{text}");
    }
}

#[test]
fn samples_in_csv_show_columns() {
    let text = "\u{FEFF}Ma;Gia;ToChuc.Ten;ToChuc.MaSo;Nhan\r\n01;1200;\"Viện; \"\"mẫu\"\"\";A;[\"x\"]\r\n02;7;;;\r\n\r\n";
    let (schema, _) = drafted(of_csv_sample(Path::new(FILE), text)).unwrap();
    assert_eq!(schema["required"], json!(["Ma", "Gia"]));
    assert_eq!(schema["properties"]["Gia"]["type"], "integer");
    assert_eq!(schema["properties"]["ToChuc"]["required"], json!(["Ten", "MaSo"]));
    assert_eq!(schema["properties"]["Nhan"]["items"]["type"], "string");
    for (text, rule, line) in [
        ("", "no-header", 1),
        ("A,,C\n1,2,3", "no-header", 1),
        ("A,A\n1,2", "column-twice", 1),
        ("A,B\n1,2\n1", "ragged-row", 3),
        ("A,B\n\"x\ny\",2\n\"1,2", "open-quote", 4),
        ("A,%\n1,2", "field-name", 1),
        ("Mã thiết bị,Ma thiet bi\n1,2", "column-twice", 1),
        ("\n\nA,№\n1,2", "field-name", 3),
    ] {
        let faults = drafted(of_csv_sample(Path::new(FILE), text)).unwrap_err();
        let first = faults.first().map(|fault| (fault.rule, fault.place.map_or(0, |place| place.line)));
        assert_eq!(first, Some((rule, line)), "{text}");
    }
}

#[test]
fn a_table_with_headings_in_vietnamese_is_just_taken() {
    let text = "Mã thiết bị;Tên thiết bị (đầy đủ);Ngày mua;Nguyên giá;Khối lượng;Dài\n\
        TB-01;Máy mẫu;31/01/2026;125.000.000;125.000;0.125\nTB-02;Máy thử;1/2/2026;2.500.000;3.500;1.5\n";
    let draft =
        Draft::of(&id(), of_csv_sample(Path::new(FILE), text).unwrap(), &CodeLists::default()).unwrap();
    let schema: Value = serde_json::from_str(&draft.schema).unwrap();
    let fields: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["MaThietBi", "TenThietBiDayDu", "NgayMua", "NguyenGia", "KhoiLuong", "Dai"]);
    let of = |name: &str, key: &str| schema["properties"][name][key].clone();
    assert_eq!(of("TenThietBiDayDu", "x-title"), json!({ "vi": "Tên thiết bị (đầy đủ)", "en": "" }));
    for text in ["NgayMua", "NguyenGia", "KhoiLuong"] {
        assert_eq!((of(text, "type"), of(text, "format")), (json!("string"), Value::Null), "{text}");
    }
    assert_eq!(of("Dai", "type"), "number", "with a place more it is no number of thousands");
    let told: Vec<_> = draft
        .remarks
        .iter()
        .map(|remark| (remark.rule, remark.place.unwrap().line, remark.message.en.split('`').nth(1).unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("local-date", 2, "NgayMua"),
            ("separated-number", 2, "NguyenGia"),
            ("separated-number", 2, "KhoiLuong"),
            ("number-or-code", 2, "Dai"),
        ]
    );
    assert!(draft.remarks.iter().all(|remark| remark.warning && !remark.message.en.contains("TB-0")));

    let told = |text: &str| of_csv_sample(Path::new(FILE), text).map(|_| ()).unwrap_err();
    let faults = told("Mã thiết bị,Ma thiet bi,%\n1,2,3");
    assert_eq!(faults.len(), 2, "all at once: {faults:?}");
    assert!(faults[0].message.vi.contains("`Mã thiết bị`, `Ma thiet bi` → `MaThietBi`"), "{faults:?}");
    assert!(faults[1].message.vi.contains("`%`"), "{faults:?}");
    assert!(told("A,,C\n1,2,3")[0].message.en.contains("Column 2"));
}

#[test]
fn days_and_numbers_are_known_as_people_write_them() {
    use contracts::draft::Look;
    for (text, look) in [
        ("31/01/2026", Look::LocalDate),
        ("1-2-2026", Look::LocalDate),
        ("31.12.2026", Look::LocalDate),
        ("32/01/2026", Look::Plain),
        ("125.000.000", Look::Separated),
        ("-1.250,5", Look::Separated),
        ("1,250,000.75", Look::Separated),
        ("12,5", Look::Separated),
        ("125.000", Look::Doubtful),
        ("0.125", Look::Decimal),
        ("1250.500", Look::Decimal),
        ("1.25", Look::Decimal),
        ("10.11.12.13", Look::Plain),
        ("TB.001", Look::Plain),
        ("1.2.3", Look::Plain),
        ("2026-01-31", Look::Date),
    ] {
        assert_eq!(Look::of_written(text), look, "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_read_as_a_source_panics(text in ".{0,200}") {
        let _ = of_xsd(Path::new(FILE), &text, None).is_ok();
        let _ = of_xml_sample(Path::new(FILE), &text).is_ok();
        let _ = of_csv_sample(Path::new(FILE), &text).is_ok();
    }

    #[test]
    fn no_pattern_panics(pattern in r"[\[\]()\\{}a-z|^$.*?+\-,0-9]{0,40}") {
        let escaped = pattern.replace('&', "&amp;").replace('<', "&lt;");
        let part = format!("<xs:element name=\"A\"><xs:simpleType><xs:restriction base=\"xs:string\"><xs:pattern value=\"{escaped}\"/></xs:restriction></xs:simpleType></xs:element>");
        let _ = of_schema(&xsd(&part, "")).is_ok();
    }
}
