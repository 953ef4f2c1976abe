use std::borrow::Cow;

use contracts::{
    Bilingual, Classification, Document, Field, Form, ListForm, NodeKind, Place, RecordShape, Shape, XmlName,
};
use proptest::prelude::*;

use super::{read, write};
use crate::{Expect, Limits, Reading, Unknown, Unreadable, json, sample};

const NAMESPACE: &str = "urn:lienthong:dataset:nhiem-vu:1";

fn field(name: &str, form: Form) -> Field {
    Field {
        name: name.into(),
        path: name.parse().unwrap(),
        form,
        required: false,
        nullable: true,
        xml: XmlName { kind: NodeKind::Element, name: name.into() },
        classification: Classification::Open,
        title: Bilingual::new(name, name),
        code_list: None,
        dated_by: None,
        identifier: None,
    }
}

fn standing(mut field: Field, kind: NodeKind, name: &str) -> Field {
    field.xml = XmlName { kind, name: name.into() };
    field.required = true;
    field
}

fn list(item: Form, item_name: &str, wrapped: bool) -> Form {
    Form::List(Box::new(ListForm { item, item_name: item_name.into(), wrapped }))
}

fn record(fields: Vec<Field>) -> Form {
    Form::Record(RecordShape { fields, closed: true })
}

/// A small task: one field of every kind.
fn shape() -> Shape {
    let number = || Form::Number { integer: false };
    let amount = vec![
        standing(field("DonVi", Form::Text), NodeKind::Attribute, "donVi"),
        standing(field("Nam", number()), NodeKind::Attribute, "nam"),
        standing(field("GiaTri", number()), NodeKind::Text, ""),
    ];
    let fields = vec![
        field("MaSo", Form::Text),
        standing(field("PhienBan", number()), NodeKind::Attribute, "phienBan"),
        field("TenNhiemVu", Form::Text),
        field("KinhPhi", number()),
        field("DaKetThuc", Form::Boolean),
        field("ChuNhiem", record(vec![field("HoVaTen", Form::Text), field("SoDinhDanh", Form::Text)])),
        field("LinhVuc", list(Form::Text, "MaLinhVuc", true)),
        field("ThanhVien", list(record(vec![field("HoVaTen", Form::Text)]), "", false)),
        field("TongMuc", record(amount)),
    ];
    Shape {
        namespace: NAMESPACE.into(),
        record: "NhiemVu".into(),
        collection: "DanhSachNhiemVu".into(),
        root: RecordShape { fields, closed: true },
    }
}

fn read_one<'a>(text: &'a str, shape: &'a Shape, unknown: Unknown) -> Result<Reading<'a>, Unreadable> {
    read(text.as_bytes(), shape, Expect::Either, unknown, &Limits::default())
}

/// The content of a record in the contract's namespace.
fn task(content: &str) -> String {
    format!("<NhiemVu xmlns='{NAMESPACE}'>{content}</NhiemVu>")
}

/// What a document says, as JSON, and whether its bytes are faithful; or the rule it breaks.
fn said(text: &str, unknown: Unknown) -> Result<(String, bool), &'static str> {
    let shape = shape();
    let reading = read_one(text, &shape, unknown).map_err(|unreadable| unreadable.rule)?;
    let mut out = Vec::new();
    json::write(&reading.document, &mut out);
    Ok((String::from_utf8(out).unwrap(), reading.faithful))
}

fn json_of(content: &str) -> String {
    said(&task(content), Unknown::Keep).unwrap().0
}

fn rule(content: &str) -> &'static str {
    said(&task(content), Unknown::Keep).err().unwrap_or("")
}

#[test]
fn every_kind_of_field_is_read_in_the_shapes_order() {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NhiemVu xmlns=\"{NAMESPACE}\" phienBan=' +03 '
            xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">
          <MaSo>  ĐT-007 </MaSo>
          <KinhPhi xsi:nil=\"true\"/>
          <DaKetThuc>\n1 </DaKetThuc>
          <ChuNhiem><HoVaTen>Trần Thị Mẫu</HoVaTen><SoDinhDanh>001099000001</SoDinhDanh></ChuNhiem>
          <LinhVuc><MaLinhVuc>30218</MaLinhVuc></LinhVuc>
          <ThanhVien><HoVaTen>A</HoVaTen></ThanhVien>
          <ThanhVien/>
          <TongMuc donVi='đồng'> 1500000.50 </TongMuc>
        </NhiemVu>\n"
    );
    let (json, faithful) = said(&text, Unknown::Reject).unwrap();
    let expected = concat!(
        r#"{"MaSo":"  ĐT-007 ","PhienBan":3,"KinhPhi":null,"DaKetThuc":true,"#,
        r#""ChuNhiem":{"HoVaTen":"Trần Thị Mẫu","SoDinhDanh":"001099000001"},"LinhVuc":["30218"],"#,
        r#""ThanhVien":[{"HoVaTen":"A"},{}],"TongMuc":{"DonVi":"đồng","GiaTri":1500000.50}}"#
    );
    assert_eq!(json, expected);
    assert!(faithful);
}

#[test]
fn attributes_come_in_the_shapes_order_however_they_were_written() {
    let json = json_of("<TongMuc nam='2025' donVi='đồng'>1</TongMuc>");
    assert_eq!(json, r#"{"TongMuc":{"DonVi":"đồng","Nam":2025,"GiaTri":1}}"#);
    let text = format!("<NhiemVu xmlns='{NAMESPACE}' phienBan='1'><TenNhiemVu/></NhiemVu>");
    assert_eq!(said(&text, Unknown::Reject).unwrap().0, r#"{"PhienBan":1,"TenNhiemVu":""}"#);
}

#[test]
fn names_and_plain_text_are_borrowed() {
    let (shape, text) = (shape(), task("<MaSo>ĐT</MaSo>"));
    let reading = read_one(&text, &shape, Unknown::Reject).unwrap();
    let Document::Record(record) = reading.document else { panic!("a record") };
    let (name, value) = record.into_iter().next().unwrap();
    assert!(matches!(name, Cow::Borrowed("MaSo")));
    assert!(matches!(value, Document::Text(Cow::Borrowed("ĐT"))));
}

#[test]
fn nil_absent_and_empty_are_three_things() {
    let nil = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil";
    assert_eq!(json_of(""), "{}");
    assert_eq!(json_of("<TenNhiemVu/>"), r#"{"TenNhiemVu":""}"#);
    assert_eq!(json_of("<TenNhiemVu></TenNhiemVu>"), r#"{"TenNhiemVu":""}"#);
    assert_eq!(json_of(&format!("<TenNhiemVu {nil}='1'> </TenNhiemVu>")), r#"{"TenNhiemVu":null}"#);
    assert_eq!(json_of(&format!("<TenNhiemVu {nil}='0'>a</TenNhiemVu>")), r#"{"TenNhiemVu":"a"}"#);
    assert_eq!(json_of("<LinhVuc/>"), r#"{"LinhVuc":[]}"#);
    assert_eq!(json_of(&format!("<LinhVuc {nil}='true'/>")), r#"{"LinhVuc":null}"#);
    assert_eq!(json_of(&format!("<ChuNhiem {nil}='true'/>")), r#"{"ChuNhiem":null}"#);
    assert_eq!(rule(&format!("<TenNhiemVu {nil}='true'>a</TenNhiemVu>")), "nil");
    assert_eq!(rule(&format!("<ChuNhiem {nil}='true'><HoVaTen/></ChuNhiem>")), "nil");
    assert_eq!(rule(&format!("<TenNhiemVu {nil}='yes'/>")), "nil");
    assert_eq!(rule(&format!("<TongMuc {nil}='true' donVi=''/>")), "nil");
    assert_eq!(
        said(&format!("<NhiemVu xmlns='{NAMESPACE}' {nil}='true'/>"), Unknown::Keep).unwrap().0,
        "null"
    );
}

#[test]
fn what_is_not_of_its_type_becomes_text_for_the_contract_to_refuse() {
    assert_eq!(json_of("<KinhPhi> nhiều </KinhPhi>"), r#"{"KinhPhi":" nhiều "}"#);
    assert_eq!(json_of("<KinhPhi/>"), r#"{"KinhPhi":""}"#);
    assert_eq!(json_of("<DaKetThuc>có</DaKetThuc>"), r#"{"DaKetThuc":"có"}"#);
    assert_eq!(rule(&format!("<KinhPhi>{}</KinhPhi>", "9".repeat(1000))), "number-too-long");
}

#[test]
fn order_and_number_of_elements_are_the_shapes() {
    assert_eq!(rule("<TenNhiemVu/><MaSo/>"), "order");
    assert_eq!(rule("<MaSo/><MaSo/>"), "repeated-element");
    assert_eq!(rule("<MaSo/><TenNhiemVu/><MaSo/>"), "repeated-element");
    assert_eq!(rule("<LinhVuc/><LinhVuc/>"), "repeated-element");
    assert_eq!(rule("<ThanhVien/><TongMuc donVi=''>1</TongMuc><ThanhVien/>"), "order");
    let shape = shape();
    let text = task("\n<TenNhiemVu/>\n  <MaSo/>");
    let unreadable = read_one(&text, &shape, Unknown::Drop).unwrap_err();
    assert_eq!(unreadable.place, Place { line: 3, column: 3 });
    assert!(unreadable.message.en.ends_with("`MaSo`"), "{}", unreadable.message.en);
}

#[test]
fn text_and_elements_do_not_mix() {
    assert_eq!(rule("x<MaSo/>"), "mixed-content");
    assert_eq!(rule("<MaSo/>&#32;x"), "mixed-content");
    assert_eq!(rule("<MaSo>a<b/></MaSo>"), "mixed-content");
    assert_eq!(rule("<MaSo><b/></MaSo>"), "mixed-content");
    assert_eq!(rule("<LinhVuc>x</LinhVuc>"), "mixed-content");
    assert_eq!(rule("<LinhVuc>x<MaLinhVuc/></LinhVuc>"), "mixed-content");
    assert_eq!(rule("<TongMuc donVi=''>1<x/></TongMuc>"), "mixed-content");
}

#[test]
fn unknown_elements_are_kept_dropped_or_rejected() {
    let text =
        task("<MaSo>1</MaSo><Moi a='1'>x<b>y</b></Moi><Khac>z</Khac><Khac/><TenNhiemVu>2</TenNhiemVu>");
    assert_eq!(
        said(&text, Unknown::Keep).unwrap(),
        (r#"{"MaSo":"1","TenNhiemVu":"2","Moi":{"b":"y"},"Khac":"z"}"#.into(), false)
    );
    assert_eq!(said(&text, Unknown::Drop).unwrap(), (r#"{"MaSo":"1","TenNhiemVu":"2"}"#.into(), false));
    assert_eq!(said(&text, Unknown::Reject), Err("unknown-element"));

    let text = format!("<NhiemVu xmlns='{NAMESPACE}' phienBan='1' moi='2'/>");
    assert_eq!(said(&text, Unknown::Keep).unwrap(), (r#"{"PhienBan":1,"@moi":"2"}"#.into(), true));
    assert_eq!(said(&text, Unknown::Drop).unwrap(), (r#"{"PhienBan":1}"#.into(), false));
    assert_eq!(said(&text, Unknown::Reject), Err("unknown-attribute"));

    for text in [
        task("<LinhVuc><Moi/></LinhVuc>"),
        format!("<DanhSachNhiemVu xmlns='{NAMESPACE}'><Moi/></DanhSachNhiemVu>"),
    ] {
        assert_eq!(said(&text, Unknown::Keep), Err("unknown-element"));
        assert_eq!(said(&text, Unknown::Reject), Err("unknown-element"));
        assert!(!said(&text, Unknown::Drop).unwrap().1);
    }
    assert_eq!(said(&task("<MaSo moi=''/>"), Unknown::Keep), Err("unknown-attribute"));
    assert!(!said(&task("<MaSo moi=''/>"), Unknown::Drop).unwrap().1);
}

#[test]
fn a_stranger_is_never_taken_for_a_field() {
    assert_eq!(json_of("<MaSo xmlns='urn:khac'>1</MaSo>"), r#"{"{urn:khac}MaSo":"1"}"#);
    assert_eq!(json_of("<MaSo xmlns=''>1</MaSo>"), r#"{"{}MaSo":"1"}"#);
    // `PhienBan` is the JSON name of what stands as the attribute `phienBan`.
    assert_eq!(json_of("<PhienBan>1</PhienBan>"), format!(r#"{{"{{{NAMESPACE}}}PhienBan":"1"}}"#));
    let text = format!("<NhiemVu xmlns='{NAMESPACE}' xmlns:n='{NAMESPACE}' n:phienBan='1' MaSo='2'/>");
    assert_eq!(said(&text, Unknown::Keep).unwrap().0, r#"{"@phienBan":"1","@MaSo":"2"}"#);
    let many: String = (0..1000).map(|index| format!("<la{index}/>")).collect();
    assert_eq!(json_of(&many).matches("la").count(), 16);
}

#[test]
fn prefixes_are_free_and_namespaces_are_not() {
    let body = "<n:MaSo>1</n:MaSo>";
    let usual = format!("<n:NhiemVu xmlns:n='{NAMESPACE}'>{body}</n:NhiemVu>");
    assert_eq!(said(&usual, Unknown::Reject).unwrap(), (r#"{"MaSo":"1"}"#.into(), true));
    let tricky = format!("<NhiemVu xmlns='{NAMESPACE}'><n:MaSo xmlns:n='{NAMESPACE}'>1</n:MaSo></NhiemVu>");
    assert_eq!(said(&tricky, Unknown::Reject).unwrap(), (r#"{"MaSo":"1"}"#.into(), false));
    let redefined =
        format!("<n:NhiemVu xmlns:n='{NAMESPACE}'><n:MaSo xmlns:n='urn:khac'>1</n:MaSo></n:NhiemVu>");
    assert_eq!(said(&redefined, Unknown::Reject), Err("unknown-element"));
    let undeclared = format!("<NhiemVu xmlns='{NAMESPACE}'><MaSo xmlns=''>1</MaSo></NhiemVu>");
    assert_eq!(said(&undeclared, Unknown::Reject), Err("unknown-element"));
    let dropped = format!("<NhiemVu xmlns='{NAMESPACE}'><a><b:c/></a></NhiemVu>");
    assert_eq!(said(&dropped, Unknown::Drop), Err("unbound-prefix"));
}

#[test]
fn the_root_is_what_was_expected() {
    let shape = shape();
    let one = task("");
    let many = format!("<DanhSachNhiemVu xmlns='{NAMESPACE}'>{one} {one}</DanhSachNhiemVu>");
    let found = |text: &str, expect| {
        read(text.as_bytes(), &shape, expect, Unknown::Keep, &Limits::default())
            .map(|reading| reading.document.as_list().map(<[_]>::len))
            .map_err(|unreadable| unreadable.rule)
    };
    assert_eq!(found(&one, Expect::Record), Ok(None));
    assert_eq!(found(&many, Expect::Collection), Ok(Some(2)));
    assert_eq!(found(&many, Expect::Either), Ok(Some(2)));
    assert_eq!(found(&one, Expect::Collection), Err("wrong-root"));
    assert_eq!(found(&many, Expect::Record), Err("wrong-root"));
    assert_eq!(found("<NhiemVu/>", Expect::Record), Err("wrong-namespace"));
    assert_eq!(found("<Khac/>", Expect::Either), Err("wrong-root"));
    let nil = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'";
    assert_eq!(found(&format!("<DanhSachNhiemVu xmlns='{NAMESPACE}' {nil}/>"), Expect::Either), Err("nil"));
    let nil_item = format!("<DanhSachNhiemVu xmlns='{NAMESPACE}'><NhiemVu {nil}/></DanhSachNhiemVu>");
    assert_eq!(found(&nil_item, Expect::Either), Err("nil"));
}

#[test]
fn what_is_passed_over_is_not_faithful() {
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    for (text, faithful) in [
        (task("<MaSo><![CDATA[a]]>&amp;</MaSo>"), true),
        (task("<!-- a -->"), false),
        (task("<?a b?>"), false),
        (task("<MaSo>e\u{301}</MaSo>"), false),
        (task("<MaSo>e&#x301;</MaSo>"), false),
        (format!("\u{FEFF}{}", task("")), false),
        (format!("<!-- a -->{}", task("")), false),
        (format!("<NhiemVu xmlns='{NAMESPACE}' xml:lang='vi'/>"), false),
        (format!("<NhiemVu xmlns='{NAMESPACE}' {xsi} xsi:schemaLocation='a b'/>"), false),
        (format!("<NhiemVu xmlns='{NAMESPACE}' {xsi}/>"), true),
        (format!("<NhiemVu xmlns='{NAMESPACE}' xmlns:a='urn:khac'/>"), false),
    ] {
        assert_eq!(said(&text, Unknown::Reject).unwrap().1, faithful, "{text}");
    }
    assert_eq!(json_of("<MaSo>e&#x301;</MaSo>"), r#"{"MaSo":"é"}"#);
    let typed = format!("<NhiemVu xmlns='{NAMESPACE}' {xsi} xsi:type='Khac'/>");
    assert_eq!(said(&typed, Unknown::Drop), Err("xsi-type"));
}

#[test]
fn written_xml_is_minimal_and_complete() {
    let shape = shape();
    let text = concat!(
        r#"[{"MaSo":"a]]>&<\"\r","PhienBan":3,"KinhPhi":null,"DaKetThuc":false,"ChuNhiem":{},"LinhVuc":[],"#,
        r#""ThanhVien":[{"HoVaTen":""},{}],"TongMuc":{"DonVi":"\n\t\"<","GiaTri":1E5}},{"TenNhiemVu":"x","MaSo":"y"}]"#
    );
    let document = json::read(text.as_bytes(), Expect::Either, &Limits::default()).unwrap().document;
    let mut out = Vec::new();
    write(&document, &shape, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><DanhSachNhiemVu xmlns="urn:lienthong:dataset:nhiem-vu:1" "#,
            r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><NhiemVu phienBan="3">"#,
            r#"<MaSo>a]]&gt;&amp;&lt;"&#xD;</MaSo><KinhPhi xsi:nil="true"/><DaKetThuc>false</DaKetThuc><ChuNhiem/>"#,
            r#"<LinhVuc/><ThanhVien><HoVaTen/></ThanhVien><ThanhVien/>"#,
            r#"<TongMuc donVi="&#xA;&#x9;&quot;&lt;">100000</TongMuc></NhiemVu>"#,
            r#"<NhiemVu><MaSo>y</MaSo><TenNhiemVu>x</TenNhiemVu></NhiemVu></DanhSachNhiemVu>"#
        )
    );
}

#[test]
fn what_has_no_place_is_not_written() {
    let shape = shape();
    let text = r#"{"MaSo":[1],"La":1,"KinhPhi":{"a":1},"ChuNhiem":"x","LinhVuc":"y","ThanhVien":null,"PhienBan":null}"#;
    let document = json::read(text.as_bytes(), Expect::Either, &Limits::default()).unwrap().document;
    let mut out = Vec::new();
    write(&document, &shape, &mut out);
    let xml = String::from_utf8(out).unwrap();
    assert_eq!(said(&xml, Unknown::Reject).unwrap().0, "{}");
}

#[test]
fn a_signature_is_never_read_away() {
    let signature =
        "<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsi&#x67;#'><d:SignedInfo/></d:Signature>";
    for text in [
        task(&format!("<MaSo>1</MaSo>{signature}")),
        task(&format!("<Moi><b>{signature}</b></Moi>")),
        task(&format!("<LinhVuc>{signature}</LinhVuc>")),
        format!("<DanhSachNhiemVu xmlns='{NAMESPACE}'>{signature}</DanhSachNhiemVu>"),
        format!("<DanhSachNhiemVu xmlns='{NAMESPACE}'><Moi>{signature}</Moi></DanhSachNhiemVu>"),
        signature.replace("<d:SignedInfo/>", &task("<MaSo>1</MaSo>")),
    ] {
        let told = |unknown| said(&text, unknown).unwrap_err();
        assert_eq!(told(Unknown::Drop), "signed-document", "{text}");
        // Where what is unknown is refused anyway, it may be for that.
        assert!(matches!(told(Unknown::Reject), "signed-document" | "unknown-element"), "{text}");
        assert!(matches!(told(Unknown::Keep), "signed-document" | "unknown-element"), "{text}");
    }
    let other = task("<Signature xmlns='urn:la'/>");
    assert!(said(&other, Unknown::Drop).is_ok());
}

#[test]
fn hostile_documents_are_refused() {
    let laughs = "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>";
    assert_eq!(said(&format!("{laughs}{}", task("<MaSo>&c;</MaSo>")), Unknown::Keep), Err("doctype"));
    assert_eq!(rule("<MaSo>&c;</MaSo>"), "entity");
    let nested = "<a>".repeat(100_000);
    for unknown in [Unknown::Keep, Unknown::Drop] {
        assert_eq!(said(&format!("<NhiemVu xmlns='{NAMESPACE}'>{nested}"), unknown), Err("too-deep"));
    }
    let bottomless = Limits { depth: usize::MAX, ..Limits::default() };
    let (shape, text) = (shape(), format!("<NhiemVu xmlns='{NAMESPACE}'>{nested}"));
    let refused = read(text.as_bytes(), &shape, Expect::Either, Unknown::Keep, &bottomless).unwrap_err();
    assert_eq!(refused.rule, "too-deep");
    assert_eq!(rule(&"<la/>".repeat(300_000)), "too-many-nodes");
    assert_eq!(rule(&"<ThanhVien/>".repeat(300_000)), "too-many-nodes");
}

#[test]
fn the_deepest_documents_fit_a_threads_stack() {
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let (shape, deep) = (shape(), 255);
    let text = task(&format!("{}x{}", "<la>".repeat(deep), "</la>".repeat(deep)));
    let reading = read(text.as_bytes(), &shape, Expect::Either, Unknown::Keep, &limits).unwrap();
    let mut out = Vec::new();
    write(&reading.document, &shape, &mut out);
    json::write(&reading.document, &mut out);
    let deeper = task(&format!("{}x{}", "<la>".repeat(deep + 1), "</la>".repeat(deep + 1)));
    let refused = read(deeper.as_bytes(), &shape, Expect::Either, Unknown::Keep, &limits);
    assert_eq!(refused.unwrap_err().rule, "too-deep");
}

#[test]
fn errors_never_hold_values() {
    let secret = "BiMat4711";
    let shape = shape();
    let texts = [
        task(&format!("<{secret}/>")),
        task(&format!("<MaSo {secret}='{secret}'/>")),
        task(secret),
        task(&format!("<MaSo>&{secret};</MaSo>")),
        task(&format!("<MaSo><{secret}></MaSo>")),
        task(&format!("<{secret}:MaSo/>")),
        task(&format!("<MaSo xmlns='{secret}'/>")),
        format!("<{secret} xmlns='{secret}'/>"),
        format!("<NhiemVu xmlns='{secret}'/>"),
        format!("<?xml version='{secret}'?><a/>"),
        format!("<?xml version='1.0' encoding='{secret}'?><a/>"),
        format!("<!DOCTYPE {secret}><a/>"),
        format!("<a>{secret}"),
    ];
    for text in texts {
        let unreadable = read_one(&text, &shape, Unknown::Reject).unwrap_err();
        assert!(!format!("{unreadable:?} {unreadable}").contains(secret), "{}", unreadable.rule);
    }
}

proptest! {
    #[test]
    fn written_and_read_again_is_equal((shape, document) in sample::shape_and_document()) {
        let mut bytes = Vec::new();
        write(&document, &shape, &mut bytes);
        let reading = read(&bytes, &shape, Expect::Either, Unknown::Reject, &Limits::default());
        let reading = reading.map_err(|unreadable| TestCaseError::fail(unreadable.to_string()))?;
        prop_assert_eq!(&reading.document, &document);
        // GML has notations of its own, so what holds geometry is always written anew.
        prop_assert!(reading.faithful || shape.has_geometry());
        let mut again = Vec::new();
        write(&reading.document, &shape, &mut again);
        prop_assert_eq!(&again, &bytes);
    }

    #[test]
    fn json_says_what_xml_says((shape, document) in sample::shape_and_document()) {
        let (mut xml, mut direct, mut through) = (Vec::new(), Vec::new(), Vec::new());
        write(&document, &shape, &mut xml);
        let reading = read(&xml, &shape, Expect::Either, Unknown::Reject, &Limits::default()).unwrap();
        json::write(&document, &mut direct);
        json::write(&reading.document, &mut through);
        prop_assert_eq!(&through, &direct);
        let back = json::read(&through, Expect::Either, &Limits::default()).unwrap().document;
        prop_assert_eq!(back, document);
    }

    #[test]
    fn mutated_documents_never_panic(
        (shape, document) in sample::shape_and_document(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let mut bytes = Vec::new();
        write(&document, &shape, &mut bytes);
        for (at, byte, change) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"<>&;'\"/=! []?:"[usize::from(byte) % 14]),
                _ => { bytes.remove(at); }
            }
        }
        for unknown in [Unknown::Keep, Unknown::Drop, Unknown::Reject] {
            let _ = read(&bytes, &shape, Expect::Either, unknown, &Limits::default());
        }
    }

    #[test]
    fn faithful_bytes_read_the_same_whatever_becomes_of_strangers(
        (shape, document) in sample::shape_and_document(), at: prop::sample::Index, byte in b' '..=b'~',
    ) {
        let mut bytes = Vec::new();
        write(&document, &shape, &mut bytes);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let drop = read(&bytes, &shape, Expect::Either, Unknown::Drop, &Limits::default());
        if let Ok(dropped) = drop && dropped.faithful {
            let reject = read(&bytes, &shape, Expect::Either, Unknown::Reject, &Limits::default());
            prop_assert_eq!(reject.map(|reading| reading.document), Ok(dropped.document));
        }
    }
}
