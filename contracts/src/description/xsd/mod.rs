//! XML Schema 1.0: one document for each view.
//!
//! **Shape.** Two elements can be a document: the record and the collection. Every element is in the
//! contract's namespace, attributes are in none. Types are named after the path of what they describe
//! (`NhiemVu.ChuNhiem.SoDinhDanh`), code lists after the list; only the wrapper of a list has no name of
//! its own. Titles in both languages stand in `xs:documentation`.
//!
//! **Verdict.** Of any document that the XML reader reads, the schema says what the contract's own check
//! says, but for the classes of [`UnsaidRule`], where the schema is the milder one. It is never the
//! stricter one, save for what XML says of itself rather than of the data: `xml:lang`, `xsi:nil="false"`
//! on what is never null, white space in an element that is nil or has attributes only, and text that is
//! not NFC yet (its length is counted before normalisation).

mod leaf;

use serde_json::{Map, Value};

use self::leaf::Leaf;
use super::{markup::Markup, revision, rules};
use crate::{Bilingual, CodeLists, Contract, Field, FieldPath, Form, ListForm, NodeKind, RecordShape, View};

/// A view as XML Schema.
#[derive(Clone, Debug)]
pub struct Xsd {
    /// The schema document.
    pub document: String,
    /// The rules that it does not hold, each at the most one class and path.
    pub unsaid: Vec<Unsaid>,
}

/// A rule that the contract has and its XML Schema has not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unsaid {
    /// The field it is about; the record itself when there is none.
    pub path: Option<FieldPath>,
    /// What kind of rule.
    pub rule: UnsaidRule,
}

/// The kinds of rules that XML Schema 1.0 has no words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnsaidRule {
    /// A rule between fields.
    BetweenFields,
    /// The check digit of an identifier; its form is said.
    CheckDigit,
    /// That a code was in force on a date of the record; that it ever was is said.
    CodeAtDate,
    /// The finer points of an e-mail address or a URI.
    Format,
    /// That no white space stands around a day or a time: the types of XML Schema pass over it.
    Blanks,
    /// A step of a number that is no power of ten.
    Step,
    /// That items differ, where they are records with fields that may be missing, or times, which XML
    /// Schema compares as instants.
    Unique,
    /// What makes a geometry sound; that an element of GML stands there is said.
    Geometry,
}

impl UnsaidRule {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::BetweenFields,
        Self::CheckDigit,
        Self::CodeAtDate,
        Self::Format,
        Self::Blanks,
        Self::Step,
        Self::Unique,
        Self::Geometry,
    ];

    /// What readers of the schema are told.
    pub fn told(self) -> Bilingual {
        let (vi, en) = match self {
            Self::BetweenFields => (
                "XSD không kiểm tra quy tắc giữa các trường này",
                "XSD does not check this rule between fields",
            ),
            Self::CheckDigit => {
                ("XSD không kiểm tra số kiểm tra của mã này", "XSD does not check this code's check digit")
            }
            Self::CodeAtDate => (
                "XSD không kiểm tra mã có hiệu lực vào ngày của bản ghi hay không",
                "XSD does not check that the code was in force on the record's date",
            ),
            Self::Format => ("XSD chỉ kiểm tra sơ bộ dạng này", "XSD checks this format only roughly"),
            Self::Blanks => (
                "XSD bỏ qua khoảng trắng ở hai đầu; hợp đồng không cho phép",
                "XSD passes over white space at both ends; the contract allows none",
            ),
            Self::Step => ("XSD không kiểm tra bước của số", "XSD does not check the number's step"),
            Self::Unique => (
                "XSD không kiểm tra các mục có khác nhau hay không",
                "XSD does not check that the items differ",
            ),
            Self::Geometry => (
                "XSD chỉ kiểm tra có một phần tử GML; loại hình học, hệ tọa độ, vòng khép kín và phạm vi do hợp đồng kiểm tra",
                "XSD checks only that an element of GML is there; the contract checks its kind, reference system, rings and box",
            ),
        };
        Bilingual::new(vi, en)
    }
}

/// The XML Schema of `contract` as `view` has it.
pub fn xsd(contract: &Contract, view: &View) -> Xsd {
    let shape = &view.shape;
    let mut writer =
        Writer { view, lists: contract.code_lists(), keys: 0, listed: Vec::new(), unsaid: Vec::new() };
    let root = view.schema.as_object().unwrap_or(EMPTY.get_or_init(Map::new));
    let version = revision(contract);
    let mut attributes = vec![
        ("xmlns:xs", "http://www.w3.org/2001/XMLSchema"),
        ("elementFormDefault", "qualified"),
        ("attributeFormDefault", "unqualified"),
        ("version", version.as_str()),
    ];
    if !shape.namespace.is_empty() {
        attributes.push(("xmlns:d", &shape.namespace));
        attributes.push(("targetNamespace", &shape.namespace));
    }
    let mut markup = Markup::new(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    markup.element("xs:schema", &attributes, |markup| {
        let frame = shape.has_geometry().then(frame_told);
        let told: Vec<Bilingual> = contract.status().caution().into_iter().chain(frame).collect();
        annotate(markup, Some(contract.title()), root, &told);
        let kind = writer.named(&shape.record);
        markup.element("xs:element", &[("name", &shape.record), ("type", &kind)], |markup| {
            writer.uniques(markup, &shape.root, root);
        });
        markup.element("xs:element", &[("name", &shape.collection)], |markup| {
            markup.element("xs:complexType", &[], |markup| {
                markup.element("xs:sequence", &[], |markup| {
                    let record = writer.named(&shape.record);
                    markup.empty(
                        "xs:element",
                        &[("ref", &record), ("minOccurs", "0"), ("maxOccurs", "unbounded")],
                    );
                });
            });
        });
        writer.record(markup, None, &shape.root, root);
        writer.code_lists(markup);
    });
    writer.unsaid.sort();
    writer.unsaid.dedup();
    Xsd { document: markup.end(), unsaid: writer.unsaid }
}

struct Writer<'v> {
    view: &'v View,
    lists: &'v CodeLists,
    /// How many identity constraints have a name; it must be their own in the whole schema.
    keys: usize,
    /// The code lists that types refer to.
    listed: Vec<&'v str>,
    unsaid: Vec<Unsaid>,
}

impl<'v> Writer<'v> {
    /// A name of the schema's own, as references write it.
    fn named(&self, name: &str) -> String {
        if self.view.shape.namespace.is_empty() { name.to_owned() } else { format!("d:{name}") }
    }

    /// The name of the type at `path`.
    fn type_name(&self, path: Option<&FieldPath>) -> String {
        match path {
            Some(path) => format!("{}.{path}", self.view.shape.record),
            None => self.view.shape.record.clone(),
        }
    }

    fn say_not(&mut self, path: Option<&FieldPath>, rule: UnsaidRule) {
        self.unsaid.push(Unsaid { path: path.cloned(), rule });
    }

    /// The type of a record, and then those beneath it.
    fn record(
        &mut self,
        markup: &mut Markup,
        path: Option<&FieldPath>,
        shape: &'v RecordShape,
        schema: &'v Map<String, Value>,
    ) {
        let empty = Map::new();
        let own = |name: &str| -> &'v Map<String, Value> {
            schema_at(schema, name).unwrap_or(EMPTY.get_or_init(Map::new))
        };
        let between = rules(schema);
        if !between.is_empty() {
            self.say_not(path, UnsaidRule::BetweenFields);
        }
        let name = self.type_name(path);
        markup.element("xs:complexType", &[("name", &name)], |markup| {
            let told: Vec<Bilingual> = between.iter().map(|rule| rule_told(rule)).collect();
            annotate(markup, None, &empty, &told);
            let of = |kind: NodeKind| shape.fields.iter().filter(move |field| field.xml.kind == kind);
            match of(NodeKind::Text).next() {
                Some(text) => {
                    let kind = self.leaf_type(text, own(&text.name));
                    markup.element("xs:simpleContent", &[], |markup| {
                        markup.element("xs:extension", &[("base", &kind)], |markup| {
                            annotate(markup, Some(&text.title), own(&text.name), &[]);
                            of(NodeKind::Attribute)
                                .for_each(|field| self.attribute(markup, field, own(&field.name)));
                        });
                    });
                }
                None => {
                    if of(NodeKind::Element).next().is_some() {
                        markup.element("xs:sequence", &[], |markup| {
                            of(NodeKind::Element)
                                .for_each(|field| self.child(markup, field, own(&field.name)));
                        });
                    }
                    of(NodeKind::Attribute).for_each(|field| self.attribute(markup, field, own(&field.name)));
                    if path.is_none() && self.view.shape.has_geometry() {
                        feature_id(markup);
                    }
                }
            }
        });
        for field in &shape.fields {
            let schema = own(&field.name);
            let items = schema_of_items(schema);
            match &field.form {
                Form::Record(inner) => self.record(markup, Some(&field.path), inner, schema),
                Form::List(list) => match &list.item {
                    Form::Record(inner) => self.record(markup, Some(&field.path), inner, items),
                    item => self.leaf(markup, field, item, items),
                },
                leaf => self.leaf(markup, field, leaf, schema),
            }
        }
    }

    fn attribute(&mut self, markup: &mut Markup, field: &Field, schema: &Map<String, Value>) {
        let kind = self.leaf_type(field, schema);
        let mut attributes = vec![("name", field.xml.name.as_str()), ("type", &kind)];
        if field.required {
            attributes.push(("use", "required"));
        }
        markup.element("xs:attribute", &attributes, |markup| {
            annotate(markup, Some(&field.title), schema, &[]);
        });
    }

    /// The element or elements of a field within its record's.
    fn child(&mut self, markup: &mut Markup, field: &'v Field, schema: &'v Map<String, Value>) {
        let optional = (!field.required).then_some(("minOccurs", "0"));
        let nillable = field.nullable && permits_null(schema);
        match &field.form {
            Form::List(list) if list.wrapped => {
                let mut attributes = vec![("name", field.xml.name.as_str())];
                attributes.extend(optional);
                if nillable {
                    attributes.push(("nillable", "true"));
                }
                markup.element("xs:element", &attributes, |markup| {
                    let told = self.list_told(field, list, schema);
                    annotate(markup, Some(&field.title), schema, &told);
                    markup.element("xs:complexType", &[], |markup| {
                        markup.element("xs:sequence", &[], |markup| {
                            self.items(markup, field, list, schema, &list.item_name);
                        });
                    });
                    if is_unique(list, schema) {
                        self.unique(markup, &list.item_name, &list.item);
                    }
                });
            }
            // Absent, or as many as there must be.
            Form::List(list)
                if !field.required && count(schema, "minItems").is_some_and(|least| least > 1) =>
            {
                markup.element("xs:sequence", &[("minOccurs", "0")], |markup| {
                    self.items(markup, field, list, schema, &field.xml.name);
                });
            }
            Form::List(list) => self.items(markup, field, list, schema, &field.xml.name),
            _ => {
                let kind = match &field.form {
                    Form::Record(_) => self.named(&self.type_name(Some(&field.path))),
                    _ => self.leaf_type(field, schema),
                };
                let mut attributes = vec![("name", field.xml.name.as_str()), ("type", kind.as_str())];
                attributes.extend(optional);
                if nillable {
                    attributes.push(("nillable", "true"));
                }
                markup.element("xs:element", &attributes, |markup| {
                    annotate(markup, Some(&field.title), schema, &[]);
                    if let Form::Record(inner) = &field.form {
                        self.uniques(markup, inner, schema);
                    }
                });
            }
        }
    }

    /// The items of a list, each an element called `name`.
    fn items(
        &mut self,
        markup: &mut Markup,
        field: &'v Field,
        list: &'v ListForm,
        schema: &'v Map<String, Value>,
        name: &str,
    ) {
        let items = schema_of_items(schema);
        let kind = match &list.item {
            Form::Record(_) => self.named(&self.type_name(Some(&field.path))),
            _ => self.leaf_type(field, items),
        };
        // Of an unwrapped list that may be absent, its own sequence is left out when there are more.
        let may_be_absent = !list.wrapped && !field.required;
        let least = count(schema, "minItems").filter(|least| !may_be_absent || *least > 1).unwrap_or(0);
        let most = count(schema, "maxItems").map_or_else(|| "unbounded".to_owned(), |most| most.to_string());
        let least = least.to_string();
        let attributes = [("name", name), ("type", &kind), ("minOccurs", &least), ("maxOccurs", &most)];
        markup.element("xs:element", &attributes, |markup| {
            if !list.wrapped {
                let told = self.list_told(field, list, schema);
                annotate(markup, Some(&field.title), schema, &told);
            }
            if let Form::Record(inner) = &list.item {
                self.uniques(markup, inner, items);
            }
        });
    }

    /// What readers are told of a list's rules that are not said.
    fn list_told(&mut self, field: &Field, list: &ListForm, schema: &Map<String, Value>) -> Vec<Bilingual> {
        let mut told = Vec::new();
        let wants_unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        if wants_unique && !is_unique(list, schema) {
            self.say_not(Some(&field.path), UnsaidRule::Unique);
            told.push(UnsaidRule::Unique.told());
        }
        told
    }

    /// The constraints of a record's unwrapped lists, which belong to the element around them.
    fn uniques(&mut self, markup: &mut Markup, shape: &'v RecordShape, schema: &'v Map<String, Value>) {
        for field in &shape.fields {
            if let (Form::List(list), Some(schema)) = (&field.form, schema_at(schema, &field.name))
                && !list.wrapped
                && is_unique(list, schema)
            {
                self.unique(markup, &field.xml.name, &list.item);
            }
        }
    }

    fn unique(&mut self, markup: &mut Markup, element: &str, item: &Form) {
        self.keys += 1;
        let name = format!("khac-nhau-{}", self.keys);
        let selector = self.named(element);
        let fields: Vec<String> = match item {
            Form::Record(record) => record
                .fields
                .iter()
                .map(|field| match field.xml.kind {
                    NodeKind::Element => self.named(&field.xml.name),
                    NodeKind::Attribute => format!("@{}", field.xml.name),
                    NodeKind::Text => ".".to_owned(),
                })
                .collect(),
            _ => vec![".".to_owned()],
        };
        markup.element("xs:unique", &[("name", &name)], |markup| {
            markup.empty("xs:selector", &[("xpath", &selector)]);
            for field in &fields {
                markup.empty("xs:field", &[("xpath", field)]);
            }
        });
    }

    /// The type that a leaf refers to: one of XML Schema's own, or one that [`leaf`](Self::leaf) writes.
    fn leaf_type(&self, field: &Field, schema: &Map<String, Value>) -> String {
        let leaf = Leaf::of(leaf_form(&field.form), schema, self.lists);
        let is_plain = leaf.is_plain() && !is_optional_text(field);
        if is_plain && !matches!(leaf_form(&field.form), Form::Geometry(_)) {
            return leaf.base.to_owned();
        }
        self.named(&self.type_name(Some(&field.path)))
    }

    /// The type of a leaf, when it has rules of its own.
    fn leaf(&mut self, markup: &mut Markup, field: &Field, form: &Form, schema: &'v Map<String, Value>) {
        let leaf = Leaf::of(form, schema, self.lists);
        leaf.unsaid.iter().for_each(|rule| self.say_not(Some(&field.path), *rule));
        if matches!(form, Form::Geometry(_)) {
            return geometry(markup, &self.type_name(Some(&field.path)));
        }
        if leaf.is_plain() && !is_optional_text(field) {
            return;
        }
        self.listed.extend(leaf.listed);
        let name = self.type_name(Some(&field.path));
        let told: Vec<Bilingual> = leaf.unsaid.iter().map(|rule| rule.told()).collect();
        let base = match leaf.listed {
            Some(list) => self.named(&listed_type(list)),
            None => leaf.base.to_owned(),
        };
        if is_optional_text(field) {
            // Left out, the text of an element is empty.
            markup.element("xs:simpleType", &[("name", &name)], |markup| {
                annotate(markup, None, &Map::new(), &told);
                markup.element("xs:union", &[], |markup| {
                    leaf.write(markup, &[], &base);
                    markup.element("xs:simpleType", &[], |markup| {
                        markup.element("xs:restriction", &[("base", "xs:string")], |markup| {
                            markup.empty("xs:length", &[("value", "0")]);
                        });
                    });
                });
            });
            return;
        }
        leaf.write_with(markup, &[("name", &name)], &base, |markup| {
            annotate(markup, None, &Map::new(), &told);
        });
    }

    /// The types of the code lists that were referred to.
    fn code_lists(&mut self, markup: &mut Markup) {
        self.listed.sort_unstable();
        self.listed.dedup();
        for name in std::mem::take(&mut self.listed) {
            let Some(list) = self.lists.list(name) else { continue };
            let listed = super::Listed { list, dated: false };
            markup.element("xs:simpleType", &[("name", &listed_type(name))], |markup| {
                markup.element("xs:annotation", &[], |markup| document(markup, list.title()));
                markup.element("xs:restriction", &[("base", "xs:string")], |markup| {
                    for (code, title) in listed.codes().unwrap_or_default() {
                        markup.element("xs:enumeration", &[("value", code)], |markup| {
                            markup.element("xs:annotation", &[], |markup| {
                                markup.text("xs:documentation", &[("xml:lang", "vi")], title);
                            });
                        });
                    }
                });
            });
        }
    }
}

static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();

fn schema_at<'v>(schema: &'v Map<String, Value>, name: &str) -> Option<&'v Map<String, Value>> {
    schema.get("properties")?.get(name)?.as_object()
}

fn schema_of_items(schema: &Map<String, Value>) -> &Map<String, Value> {
    schema.get("items").and_then(Value::as_object).unwrap_or(EMPTY.get_or_init(Map::new))
}

/// The type of a code list. Names of records begin with a letter, so none is taken.
fn listed_type(list: &str) -> String {
    format!("_DanhMuc.{list}")
}

fn leaf_form(form: &Form) -> &Form {
    match form {
        Form::List(list) => &list.item,
        other => other,
    }
}

/// In GML a record is a feature and has a `gml:id`.
fn feature_id(markup: &mut Markup) {
    markup.element(
        "xs:anyAttribute",
        &[("namespace", "http://www.opengis.net/gml/3.2"), ("processContents", "lax")],
        |_| {},
    );
}

/// The type of a geometry: one element of GML, checked by GML's own schema where a validator has that. It is not
/// imported, so that the document stands alone.
fn geometry(markup: &mut Markup, name: &str) {
    markup.element("xs:complexType", &[("name", name)], |markup| {
        annotate(markup, None, &Map::new(), &[UnsaidRule::Geometry.told()]);
        markup.element("xs:sequence", &[], |markup| {
            let spaces = "http://www.opengis.net/gml/3.2 http://www.opengis.net/gml";
            markup.empty("xs:any", &[("namespace", spaces), ("processContents", "lax")]);
        });
    });
}

fn is_optional_text(field: &Field) -> bool {
    field.xml.kind == NodeKind::Text && !field.required
}

fn count(schema: &Map<String, Value>, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_u64)
}

/// Whether `null` is among the listed values, if any are.
fn permits_null(schema: &Map<String, Value>) -> bool {
    let listed = schema.get("enum").and_then(Value::as_array);
    schema.get("const").is_none_or(Value::is_null)
        && listed.is_none_or(|values| values.iter().any(Value::is_null))
}

/// Whether the schema wants different items, and XML Schema can tell: it compares values, and only of
/// items whose parts are all there.
fn is_unique(list: &ListForm, schema: &Map<String, Value>) -> bool {
    let items = schema_of_items(schema);
    let is_comparable = |form: &Form, schema: &Map<String, Value>| match form {
        Form::Text => !matches!(schema.get("format").and_then(Value::as_str), Some("date-time" | "time")),
        Form::Number { .. } | Form::Boolean => true,
        Form::Record(_) | Form::List(_) | Form::Geometry(_) => false,
    };
    schema.get("uniqueItems") == Some(&Value::Bool(true))
        && match &list.item {
            Form::Record(record) => record.fields.iter().all(|field| {
                field.required
                    && !field.nullable
                    && schema_at(items, &field.name).is_some_and(|own| is_comparable(&field.form, own))
            }),
            leaf => is_comparable(leaf, items),
        }
}

fn rule_told(rule: &str) -> Bilingual {
    let told = UnsaidRule::BetweenFields.told();
    Bilingual::new(format!("{}: {rule}", told.vi), format!("{}: {rule}", told.en))
}

/// What whoever validates GML has to know: a collection's root is none of this schema's.
fn frame_told() -> Bilingual {
    Bilingual::new(
        "Danh sách dạng GML nằm trong `gml:FeatureCollection`, do lược đồ của GML khai báo: hãy kiểm tra từng đối tượng bên trong, hoặc cả danh sách dạng `application/xml`, theo XSD này",
        "A list in GML stands in `gml:FeatureCollection`, which GML's own schema declares: validate each feature in it, or the list as `application/xml`, with this XSD",
    )
}

/// The documentation of a declaration: titles, the description as written, what is not said.
fn annotate(markup: &mut Markup, title: Option<&Bilingual>, schema: &Map<String, Value>, told: &[Bilingual]) {
    let description = schema.get("description").and_then(Value::as_str);
    if title.is_none() && description.is_none() && told.is_empty() {
        return;
    }
    markup.element("xs:annotation", &[], |markup| {
        title.into_iter().for_each(|title| document(markup, title));
        if let Some(description) = description {
            markup.text("xs:documentation", &[], description);
        }
        told.iter().for_each(|told| document(markup, told));
    });
}

fn document(markup: &mut Markup, text: &Bilingual) {
    markup.text("xs:documentation", &[("xml:lang", "vi")], &text.vi);
    markup.text("xs:documentation", &[("xml:lang", "en")], &text.en);
}
