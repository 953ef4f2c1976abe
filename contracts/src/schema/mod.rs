//! From `schema.json` to a [`RecordShape`]: the closed subset of JSON Schema 2020-12.
//!
//! A tree of values must have exactly one XML form and one JSON form, and every leaf a class that
//! says how freely it leaves. So what a schema may say is a closed list; anything else is a fault at
//! load, with its place. References are to the file's own definitions (`#/$defs/…`) or to the
//! catalog's shared ones (`parts.json#/$defs/…`, [`parts`]) and are written out here: the compiled schema
//! has none, so it is as deep as the record and no deeper, whatever a sender nests.
//!
//! | part | may have |
//! |---|---|
//! | any field | `type`, `title`, `description`, `x-title` (required), `x-classification`, `xml`, `$ref` |
//! | text, number, boolean | `enum`, `const` |
//! | text | `minLength`, `maxLength`, `pattern`, `format`, `x-code-list`, `x-identifier` |
//! | number | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf` |
//! | list | `items` (no list), `minItems`, `maxItems`, `uniqueItems` |
//! | geometry (an `object`) | `x-geometry` ([`crate::geometry`]) |
//! | record | `properties`, `required`, `additionalProperties: false`, `x-order`, and the rules between fields |
//!
//! Rules between fields (`if`/`then`/`else`, `allOf`, `anyOf`, `oneOf`, `not`, `dependentRequired`)
//! speak of fields that the record has and never add one ([`rules`]).

mod annotations;
mod dates;
mod parts;
mod places;
mod rules;
mod said;
mod site;
#[cfg(test)]
mod tests;
mod xml;

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use serde_json::{Map, Value};

pub(crate) use self::annotations::Listed;
pub(crate) use self::parts::Parts;
pub(crate) use self::places::{Places, below};
use self::{
    dates::Dated,
    said::Said,
    site::{Open, Site},
    xml::{NodeType, Xml},
};
use crate::{
    Bilingual, Classification, CodeLists, Fault, Field, FieldPath, Form, ListForm, Place, RecordShape,
    identifiers::IdentifierKind,
};

pub(crate) use self::rules::{KEYWORDS as RULES, ORDER};

/// A schema as compiled.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The record's fields.
    pub(crate) record: RecordShape,
    /// The schema with references written out and `$defs` gone.
    pub(crate) schema: Value,
    /// The shared parts that are written out in it, those that parts refer to included.
    pub(crate) parts: BTreeSet<String>,
}

/// Compiles the text of the schema file `file`, whose shared parts are `parts`.
///
/// # Errors
/// Every fault of the schema and of the parts it uses, in the order of the files.
pub(crate) fn compile(
    file: &Path,
    text: &str,
    parts: Option<&Parts<'_>>,
    code_lists: &CodeLists,
) -> Result<Compiled, Vec<Fault>> {
    let root: Value = serde_json::from_str(text).map_err(|error| vec![not_json(file, text, &error)])?;
    let mut compiler = Compiler {
        text: Text { file, places: Places::of(text) },
        defs: root.get("$defs").and_then(Value::as_object),
        parts,
        code_lists,
        open: Vec::new(),
        used: HashSet::new(),
        dated: Vec::new(),
        fields: 0,
        faults: Vec::new(),
    };
    let compiled = compiler.root(&root);
    let mut faults = compiler.faults;
    faults.sort_by(|one, two| (&one.file, one.place, one.rule).cmp(&(&two.file, two.place, two.rule)));
    // A definition written out twice tells its faults twice.
    faults.dedup();
    match compiled {
        Some(compiled) if faults.is_empty() => Ok(compiled),
        _ => Err(faults),
    }
}

/// A record of more fields than this comes from references that multiply, not from a circular:
/// the largest contract has a few hundred.
const MOST_FIELDS: usize = 10_000;

/// Records within records go no deeper: a person would not follow, and the compiler would recurse.
const MOST_LEVELS: usize = 24;

const ANY: &[&str] = &["type", "title", "description", "x-title", "x-classification", "xml", "$ref"];
/// Of values without parts: XML Schema cannot list the others.
const LEAF: &[&str] = &["enum", "const"];
const TEXT: &[&str] = &["minLength", "maxLength", "pattern", "format", "x-code-list", "x-identifier"];
const NUMBER: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const LIST: &[&str] = &["items", "minItems", "maxItems", "uniqueItems"];
const GEOMETRY: &[&str] = &["x-geometry"];
const RECORD: &[&str] = &["properties", "required", "additionalProperties", rules::ORDER];
/// The root is a record with a name and a home instead of a title and a binding.
const ROOT: &[&str] = &["$schema", "$id", "$defs", "type", "title", "description", "x-classification"];

pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A pointer `at`, wherever it is handed on as text, is a JSON pointer into the schema's own file, or
/// one into the shared parts with [`parts::WITHIN`] before it.
struct Compiler<'s> {
    text: Text<'s>,
    defs: Option<&'s Map<String, Value>>,
    parts: Option<&'s Parts<'s>>,
    code_lists: &'s CodeLists,
    /// The definitions being written out, to see a reference that comes back to itself.
    open: Vec<Open>,
    /// The pointers of the definitions referred to.
    used: HashSet<String>,
    /// The codes that are read by a date of their record.
    dated: Vec<Dated>,
    fields: usize,
    faults: Vec<Fault>,
}

/// A JSON file with its places.
struct Text<'t> {
    file: &'t Path,
    places: Places<'t>,
}

/// What stands above a field: its path, and the class it inherits.
#[derive(Clone, Copy)]
struct Above<'a> {
    path: Option<&'a FieldPath>,
    class: Option<Classification>,
}

/// A value's type as the schema writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number {
        integer: bool,
    },
    Boolean,
    Record,
    List,
    /// `object` with `x-geometry`.
    Geometry,
}

/// A value with its schema, and what belongs to the field that holds it.
struct Typed {
    form: Form,
    nullable: bool,
    schema: Value,
    classification: Classification,
    code_list: Option<String>,
    identifier: Option<IdentifierKind>,
}

impl<'s> Compiler<'s> {
    fn root(&mut self, root: &'s Value) -> Option<Compiled> {
        let repeated = self.text.repeated_members();
        self.faults.extend(repeated);
        // The draft's own meta-schema knows the type of every keyword's value.
        if let Err(error) = jsonschema::draft202012::meta::validate(root) {
            let pointer = error.instance_path().as_str().to_owned();
            self.fault(&pointer, &said::NOT_A_SCHEMA, "");
            return None;
        }
        let Some(own) = root.as_object().filter(|own| own.get("type").is_some_and(|kind| kind == "object"))
        else {
            self.fault("/type", &said::NOT_A_RECORD, "");
            return None;
        };
        if own.get("$schema").is_none_or(|dialect| dialect != DIALECT) {
            self.fault("/$schema", &said::DIALECT, DIALECT);
        }
        let site = Site { own, own_at: String::new(), def: None };
        self.check_keywords(&site, &[ROOT, RECORD, rules::KEYWORDS].concat());
        let above = Above { path: None, class: self.classification(&site) };
        let (mut record, mut schema) = self.record(&site, above)?;
        schema.shift_remove("$defs");
        self.dates_of_codes(&mut record, &schema);
        self.unused_definitions();
        Some(Compiled { record, schema: Value::Object(schema), parts: self.used_parts() })
    }

    /// A record's fields and its schema written out.
    fn record(&mut self, site: &Site<'s>, above: Above<'_>) -> Option<(RecordShape, Map<String, Value>)> {
        if site.get("additionalProperties") != Some(&Value::Bool(false)) {
            self.fault(&site.at("additionalProperties"), &said::OPEN_RECORD, "");
        }
        let properties = site.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty());
        let Some(properties) = properties else {
            self.fault(&site.at("properties"), &said::NO_FIELDS, "");
            return None;
        };
        let required = self.required(site, properties);
        let mut shape = RecordShape { fields: Vec::with_capacity(properties.len()), closed: true };
        let mut written = Map::new();
        let properties_at = site.at("properties");
        for (name, property) in properties {
            let at = below(&properties_at, name);
            let is_required = required.contains(&name.as_str());
            if let Some((field, schema)) = self.field(name, property, at, above, is_required) {
                shape.fields.push(field);
                written.insert(name.clone(), schema);
            }
        }
        // Of a record with a faulty field, names that miss it would be faults of their own.
        if shape.fields.len() == properties.len() {
            self.check_siblings(&shape, &properties_at);
            for (keyword, value, at) in
                site.keywords().filter(|(keyword, ..)| rules::KEYWORDS.contains(keyword))
            {
                self.rule(keyword, value, &at, &shape);
            }
            if let Some(rows) = site.get(rules::ORDER) {
                self.order(rows, &site.at(rules::ORDER), &shape, &written);
            }
        }
        let mut schema: Map<_, _> =
            site.keywords().map(|(keyword, value, _)| (keyword.to_owned(), value.clone())).collect();
        if schema.contains_key("required") {
            schema.insert("required".to_owned(), required.into_iter().collect());
        }
        schema.insert("properties".to_owned(), Value::Object(written));
        Some((shape, schema))
    }

    /// The names that the record must have: its definition's, and those that the place of the reference
    /// asks for on top.
    fn required(&mut self, site: &Site<'s>, properties: &Map<String, Value>) -> Vec<&'s str> {
        let mut required = Vec::new();
        for (names, at) in site.each("required") {
            for (position, name) in names.as_array().into_iter().flatten().enumerate() {
                let Some(name) = name.as_str() else { continue };
                if !properties.contains_key(name) {
                    self.fault(&below(&at, &position.to_string()), &said::UNKNOWN_FIELD, name);
                }
                if !required.contains(&name) {
                    required.push(name);
                }
            }
        }
        required
    }

    fn field(
        &mut self,
        name: &str,
        property: &'s Value,
        at: String,
        above: Above<'_>,
        required: bool,
    ) -> Option<(Field, Value)> {
        self.fields += 1;
        if self.fields > MOST_FIELDS {
            if self.fields == MOST_FIELDS + 1 {
                self.fault(&at, &said::TOO_MANY_FIELDS, "");
            }
            return None;
        }
        if !is_name(name) {
            self.fault(&at, &said::FIELD_NAME, "");
            return None;
        }
        let path = match above.path {
            Some(parent) => parent.child(name),
            None => name.parse().ok()?,
        };
        if path.segments().count() > MOST_LEVELS {
            self.fault(&at, &said::TOO_DEEP, "");
            return None;
        }
        self.at_site(property, at, |compiler, site| {
            let title = compiler.title(site);
            let xml = compiler.xml(site);
            let above = Above { path: Some(&path), ..above };
            let value = compiler.value(site, above, &xml, name)?;
            let xml = compiler.bind(site, xml, name, &value, required);
            let field = Field {
                name: name.to_owned(),
                form: value.form,
                required,
                nullable: value.nullable,
                xml,
                classification: value.classification,
                title: title?,
                code_list: value.code_list,
                dated_by: None,
                identifier: value.identifier,
                path: path.clone(),
            };
            Some((field, value.schema))
        })
    }

    /// The value of a field or the item of a list.
    fn value(&mut self, site: &Site<'s>, above: Above<'_>, xml: &Xml, name: &str) -> Option<Typed> {
        let (kind, nullable) = self.kind(site)?;
        let own: &[&str] = match kind {
            Kind::Text => &[LEAF, TEXT].concat(),
            Kind::Number { .. } => &[LEAF, NUMBER].concat(),
            Kind::Boolean => LEAF,
            Kind::Record => &[RECORD, rules::KEYWORDS].concat(),
            Kind::List => LIST,
            Kind::Geometry => GEOMETRY,
        };
        self.check_keywords(site, &[ANY, own].concat());
        if xml.kind == Some(NodeType::None) && kind != Kind::List {
            self.fault(&site.at("xml"), &said::XML_NODE_TYPE, "");
        }
        let above = Above { class: self.classification(site).or(above.class), ..above };
        let form = match kind {
            Kind::List => return self.list(site, above, nullable, xml, name),
            Kind::Record => {
                let (record, schema) = self.record(site, above)?;
                let classification = most_guarded(&record);
                return Some(Typed {
                    form: Form::Record(record),
                    nullable,
                    schema: Value::Object(schema),
                    classification,
                    code_list: None,
                    identifier: None,
                });
            }
            Kind::Geometry => Form::Geometry(Box::new(self.geometry(site)?)),
            Kind::Text => Form::Text,
            Kind::Number { integer } => Form::Number { integer },
            Kind::Boolean => Form::Boolean,
        };
        let code_list = self.code_list(site, above.path);
        let identifier = self.identifier(site);
        let Some(classification) = above.class else {
            // A part leaves the class to whoever refers to it: there it is missing.
            let at = self.reference_to_part().unwrap_or(&site.own_at).to_owned();
            self.fault(&at, &said::NO_CLASSIFICATION, "");
            return None;
        };
        let mut schema: Map<_, _> =
            site.keywords().map(|(keyword, value, _)| (keyword.to_owned(), value.clone())).collect();
        if let Form::Geometry(geometry) = &form {
            geometry.write_out(&mut schema);
        }
        Some(Typed { form, nullable, schema: Value::Object(schema), classification, code_list, identifier })
    }

    /// A list: what its items are is told of the field that holds it.
    fn list(
        &mut self,
        site: &Site<'s>,
        above: Above<'_>,
        nullable: bool,
        xml: &Xml,
        name: &str,
    ) -> Option<Typed> {
        let Some(items) = site.get("items") else {
            self.fault(&site.own_at, &said::NO_ITEMS, "");
            return None;
        };
        self.at_site(items, site.at("items"), |compiler, item_site| {
            let item_xml = compiler.xml(item_site);
            let item = compiler.value(item_site, above, &item_xml, name)?;
            if matches!(item.form, Form::List(_)) || item.nullable {
                compiler.fault(&site.at("items"), &said::LIST_ITEM, "");
            }
            let (item_name, wrapped) = compiler.bind_items(site, xml, item_site, item_xml, name, nullable);
            let mut schema: Map<_, _> =
                site.keywords().map(|(keyword, value, _)| (keyword.to_owned(), value.clone())).collect();
            schema.insert("items".to_owned(), item.schema);
            let form = Form::List(Box::new(ListForm { item: item.form, item_name, wrapped }));
            Some(Typed { form, nullable, schema: Value::Object(schema), ..item })
        })
    }

    fn kind(&mut self, site: &Site<'s>) -> Option<(Kind, bool)> {
        let (name, nullable) = match site.get("type") {
            Some(Value::String(name)) => (name.as_str(), false),
            Some(Value::Array(names)) => match names.as_slice() {
                [Value::String(name), Value::String(null)] if null == "null" => (name.as_str(), true),
                _ => ("", false),
            },
            _ => ("", false),
        };
        let kind = match name {
            "string" => Kind::Text,
            "number" => Kind::Number { integer: false },
            "integer" => Kind::Number { integer: true },
            "boolean" => Kind::Boolean,
            "object" if site.get("x-geometry").is_some() => Kind::Geometry,
            "object" => Kind::Record,
            "array" => Kind::List,
            _ => {
                self.fault(&site.at("type"), &said::TYPE, "");
                return None;
            }
        };
        Some((kind, nullable))
    }

    fn check_keywords(&mut self, site: &Site<'s>, allowed: &[&str]) {
        for (keyword, value, at) in site.keywords() {
            if allowed.contains(&keyword) {
                self.check_value(keyword, value, &at);
            } else {
                self.unknown_keyword(&at, keyword, allowed);
            }
        }
        // A reference is taken away before keywords are told; the root has no use for one.
        if site.own.contains_key("$ref") && !allowed.contains(&"$ref") {
            self.unknown_keyword(&site.at("$ref"), "$ref", allowed);
        }
    }

    fn unknown_keyword(&mut self, at: &str, keyword: &str, allowed: &[&str]) {
        if let Some(home) = home(keyword) {
            self.fault(at, &said::MISPLACED_KEYWORD, keyword);
            if let Some(fault) = self.faults.last_mut() {
                fault.remedy = said::MISPLACED_KEYWORD.remedies(home);
            }
            return;
        }
        let allowed = allowed.iter().map(|keyword| format!("`{keyword}`")).collect::<Vec<_>>().join(", ");
        let remedy = said::UNKNOWN_KEYWORD.remedy(&allowed);
        self.fault(at, &said::UNKNOWN_KEYWORD, keyword);
        if let Some(fault) = self.faults.last_mut() {
            fault.remedy = remedy;
        }
    }

    /// Records a fault at pointer `at`; `name` fills its texts.
    fn fault(&mut self, at: &str, said: &Said, name: &str) {
        let fault = match (at.strip_prefix(parts::WITHIN), self.parts) {
            (Some(pointer), Some(parts)) => parts.text().fault(pointer, said, name),
            _ => self.text.fault(at, said, name),
        };
        self.faults.push(fault);
    }
}

impl Text<'_> {
    /// The fault at JSON pointer `at` of this file; `name` fills its texts.
    fn fault(&self, at: &str, said: &Said, name: &str) -> Fault {
        self.fault_at(self.places.place(at), said, name)
    }

    /// A fault for each member written a second time.
    fn repeated_members(&mut self) -> Vec<Fault> {
        let repeated = std::mem::take(&mut self.places.repeated);
        let fault = |(pointer, offset): (String, usize)| {
            let name = pointer.rsplit('/').next().unwrap_or_default();
            self.fault_at(self.places.at(offset), &said::REPEATED_MEMBER, name)
        };
        repeated.into_iter().map(fault).collect()
    }

    fn fault_at(&self, place: Place, said: &Said, name: &str) -> Fault {
        Fault {
            file: self.file.to_owned(),
            place: Some(place),
            rule: said.rule,
            message: said.message(name),
            remedy: said.remedy(name),
            warning: false,
        }
    }
}

/// Where a keyword of the subset belongs that may not stand where it was found, in both languages.
fn home(keyword: &str) -> Option<[&'static str; 2]> {
    let of = |keywords: &[&str]| keywords.contains(&keyword);
    match keyword {
        _ if of(RECORD) || of(rules::KEYWORDS) => Some([
            "bản ghi chứa các trường: cùng cấp với `properties` và `required`",
            "the record that holds the fields, beside `properties` and `required`",
        ]),
        _ if of(TEXT) => Some(["trường văn bản (`\"type\": \"string\"`)", "a text (`\"type\": \"string\"`)"]),
        _ if of(NUMBER) => Some([
            "trường số (`\"type\": \"number\"` hoặc `\"integer\"`)",
            "a number (`\"type\": \"number\"` or `\"integer\"`)",
        ]),
        _ if of(LEAF) => Some(["trường văn bản, số hoặc logic", "a text, a number or a truth value"]),
        _ if of(LIST) => Some(["danh sách (`\"type\": \"array\"`)", "a list (`\"type\": \"array\"`)"]),
        _ if of(GEOMETRY) => {
            Some(["trường hình học (`\"type\": \"object\"`)", "a geometry (`\"type\": \"object\"`)"])
        }
        _ => None,
    }
}

/// The most guarded class among a record's fields: who is given the record is given all of it.
fn most_guarded(record: &RecordShape) -> Classification {
    record.fields.iter().map(|field| field.classification).max().unwrap_or(Classification::PersonalSensitive)
}

/// A name that is one in JSON, XML and field paths alike. XML keeps names in `xml` for itself.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"))
}

/// Shows `visit` every code list that a schema, as written, names.
// serde_json refuses more than 128 levels, which bounds this recursion.
pub(crate) fn each_list(schema: &Value, visit: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(members) => {
            if let Some(listed) = members.get("x-code-list").and_then(Listed::of) {
                visit(listed.name);
            }
            members.values().for_each(|member| each_list(member, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| each_list(item, visit)),
        _ => {}
    }
}

pub(crate) fn not_json(file: &Path, text: &str, error: &serde_json::Error) -> Fault {
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = (before + error.column().saturating_sub(1)).min(text.len());
    Fault {
        file: file.to_owned(),
        place: Some(Place::of(text, offset)),
        rule: "not-json",
        message: Bilingual::new(format!("Không phải JSON: {error}"), format!("Not JSON: {error}")),
        remedy: Bilingual::new("Sửa cú pháp ở vị trí đã nêu.", "Correct the syntax at the given place."),
        warning: false,
    }
}
