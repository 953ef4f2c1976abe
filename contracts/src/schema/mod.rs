//! From `schema.json` to a [`RecordShape`]: the closed subset of JSON Schema 2020-12.
//!
//! A tree of values must have exactly one XML form and one JSON form, and every leaf a class that
//! says how freely it leaves. So what a schema may say is a closed list; anything else is a fault at
//! load, with its place. References are local (`#/$defs/…`) and are written out here: the compiled
//! schema has none, so it is as deep as the record and no deeper, whatever a sender nests.
//!
//! | part | may have |
//! |---|---|
//! | any field | `type`, `title`, `description`, `enum`, `const`, `x-title` (required), `x-classification`, `xml`, `$ref` |
//! | text | `minLength`, `maxLength`, `pattern`, `format`, `x-code-list`, `x-identifier` |
//! | number | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf` |
//! | list | `items` (no list), `minItems`, `maxItems`, `uniqueItems` |
//! | record | `properties`, `required`, `additionalProperties: false`, and the rules between fields |
//!
//! Rules between fields (`if`/`then`/`else`, `allOf`, `anyOf`, `oneOf`, `not`, `dependentRequired`)
//! speak of fields that the record has and never add one ([`rules`]).

mod places;
mod rules;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use self::places::{Places, below};
use crate::{
    Bilingual, Classification, CodeLists, Fault, Field, FieldPath, Form, ListForm, NodeKind, RecordShape,
    XmlName, identifiers::IdentifierKind, validation::FORMATS,
};

/// A schema as compiled.
pub(crate) struct Compiled {
    /// The record's fields.
    pub(crate) record: RecordShape,
    /// The schema with references written out and `$defs` gone.
    pub(crate) schema: Value,
}

/// Compiles the text of the schema file `file`.
///
/// # Errors
/// Every fault of the schema, in the order of the file.
pub(crate) fn compile(file: &Path, text: &str, code_lists: &CodeLists) -> Result<Compiled, Vec<Fault>> {
    let root: Value = serde_json::from_str(text).map_err(|error| vec![not_json(file, text, &error)])?;
    let mut compiler = Compiler {
        file,
        places: Places::of(text),
        defs: root.get("$defs").and_then(Value::as_object),
        code_lists,
        open: Vec::new(),
        used: HashSet::new(),
        fields: 0,
        faults: Vec::new(),
    };
    let compiled = compiler.root(&root);
    let mut faults = compiler.faults;
    faults.sort_by(|one, two| one.place.cmp(&two.place).then_with(|| one.rule.cmp(two.rule)));
    faults.dedup();
    match compiled {
        Some(compiled) if faults.is_empty() => Ok(compiled),
        _ => Err(faults),
    }
}

fn not_json(file: &Path, text: &str, error: &serde_json::Error) -> Fault {
    let line_start =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    Fault {
        file: file.to_owned(),
        place: Some(crate::Place::of(text, offset)),
        rule: "not-json",
        message: Bilingual::new(format!("Không phải JSON: {error}"), format!("Not JSON: {error}")),
        remedy: Bilingual::new("Sửa cú pháp ở vị trí đã nêu.", "Correct the syntax at the given place."),
        warning: false,
    }
}

/// A record of more fields than this comes from references that multiply, not from a circular:
/// the largest contract has a few hundred.
const MOST_FIELDS: usize = 10_000;

const ANY: &[&str] =
    &["type", "title", "description", "enum", "const", "x-title", "x-classification", "xml", "$ref"];
const TEXT: &[&str] = &["minLength", "maxLength", "pattern", "format", "x-code-list", "x-identifier"];
const NUMBER: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const LIST: &[&str] = &["items", "minItems", "maxItems", "uniqueItems"];
const RECORD: &[&str] = &["properties", "required", "additionalProperties"];
const ROOT: &[&str] = &["$schema", "$id", "$defs"];
/// What may stand beside `$ref`: annotations of the place, never another rule.
const BESIDE_REF: &[&str] = &["$ref", "title", "description", "x-title", "x-classification", "xml"];

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

struct Compiler<'s> {
    file: &'s Path,
    places: Places<'s>,
    defs: Option<&'s Map<String, Value>>,
    code_lists: &'s CodeLists,
    /// The definitions being written out, to see a reference that comes back to itself.
    open: Vec<&'s str>,
    used: HashSet<&'s str>,
    fields: usize,
    faults: Vec<Fault>,
}

/// A schema where it stands, with the definition it refers to, if any: what stands beside the
/// reference comes first.
struct Site<'s> {
    own: &'s Map<String, Value>,
    own_at: String,
    def: Option<(&'s str, &'s Map<String, Value>)>,
}

impl<'s> Site<'s> {
    fn get(&self, keyword: &str) -> Option<&'s Value> {
        self.own.get(keyword).or_else(|| self.def.and_then(|(_, def)| def.get(keyword)))
    }

    /// The pointer of `keyword`, wherever it is written.
    fn at(&self, keyword: &str) -> String {
        match self.def {
            Some((name, def)) if !self.own.contains_key(keyword) && def.contains_key(keyword) => {
                below(&below("/$defs", name), keyword)
            }
            _ => below(&self.own_at, keyword),
        }
    }

    /// Every keyword that holds here, with its value and pointer, in the order written.
    fn keywords(&self) -> impl Iterator<Item = (&'s str, &'s Value, String)> {
        let def = self.def.into_iter().flat_map(|(_, def)| def);
        let own = self.own;
        own.iter()
            .filter(|(keyword, _)| *keyword != "$ref")
            .chain(def.filter(move |(keyword, _)| !own.contains_key(*keyword)))
            .map(|(keyword, value)| (keyword.as_str(), value, self.at(keyword)))
    }
}

/// A value's type as the schema writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number { integer: bool },
    Boolean,
    Record,
    List,
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
        for (pointer, offset) in std::mem::take(&mut self.places.repeated) {
            let name = pointer.rsplit('/').next().unwrap_or_default().to_owned();
            self.faults.push(Fault {
                file: self.file.to_owned(),
                place: Some(self.places.at(offset)),
                rule: "repeated-member",
                message: Bilingual::new(
                    format!("`{name}` được viết hai lần"),
                    format!("`{name}` is written twice"),
                ),
                remedy: Bilingual::new("Xóa một trong hai.", "Remove one of the two."),
                warning: false,
            });
        }
        let Some(own) = root.as_object() else {
            self.fault(
                "",
                "not-a-record",
                ("Lược đồ phải là một đối tượng JSON", "A schema is a JSON object"),
                ("Viết lược đồ của một bản ghi.", "Write the schema of a record."),
            );
            return None;
        };
        // The draft's own meta-schema knows the type of every keyword's value.
        if let Err(error) = jsonschema::draft202012::meta::validate(root) {
            let pointer = error.instance_path().as_str().to_owned();
            self.fault(
                &pointer,
                "not-a-schema",
                (
                    "Giá trị không hợp lệ theo JSON Schema 2020-12",
                    "The value is not valid in JSON Schema 2020-12",
                ),
                (
                    "Xem quy định của từ khóa này trong JSON Schema 2020-12.",
                    "See what JSON Schema 2020-12 says of this keyword.",
                ),
            );
            return None;
        }
        if own.get("$schema").and_then(Value::as_str) != Some(DIALECT) {
            self.fault(
                "/$schema",
                "dialect",
                ("`$schema` phải là JSON Schema 2020-12", "`$schema` must be JSON Schema 2020-12"),
                (&format!("Đặt `$schema` là `{DIALECT}`."), &format!("Set `$schema` to `{DIALECT}`.")),
            );
        }
        let site = Site { own, own_at: String::new(), def: None };
        if own.get("type").and_then(Value::as_str) != Some("object") {
            self.fault(
                &site.at("type"),
                "not-a-record",
                ("Bản ghi phải có `\"type\": \"object\"`", "A record has `\"type\": \"object\"`"),
                (
                    "Đặt `type` là `object`; danh sách bản ghi do hợp đồng tự có.",
                    "Set `type` to `object`; the list of records comes by itself.",
                ),
            );
            return None;
        }
        let allowed: Vec<&str> = [ANY, RECORD, rules::KEYWORDS, ROOT].concat();
        self.check_keywords(&site, &allowed, |keyword| {
            matches!(keyword, "xml" | "$ref" | "x-title" | "enum" | "const")
        });
        let inherited = self.classification(&site);
        let (record, mut schema) = self.record(&site, None, inherited)?;
        for keyword in ["title", "description", "$id", "$schema"] {
            if let Some(value) = own.get(keyword) {
                schema.shift_insert(0, keyword.to_owned(), value.clone());
            }
        }
        self.unused_definitions();
        Some(Compiled { record, schema: Value::Object(schema) })
    }

    fn record(
        &mut self,
        site: &Site<'s>,
        path: Option<&FieldPath>,
        inherited: Option<Classification>,
    ) -> Option<(RecordShape, Map<String, Value>)> {
        if site.get("additionalProperties") != Some(&Value::Bool(false)) {
            self.fault(&site.at("additionalProperties"), "open-record", ("Bản ghi phải có `\"additionalProperties\": false`", "A record has `\"additionalProperties\": false`"), ("Thêm `\"additionalProperties\": false`: trường không có trong hợp đồng thì không được gửi.", "Add `\"additionalProperties\": false`: what the contract does not have is not sent."));
        }
        let Some(properties) =
            site.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty())
        else {
            self.fault(
                &site.at("properties"),
                "no-fields",
                ("Bản ghi không có trường nào", "The record has no fields"),
                ("Khai báo các trường trong `properties`.", "Declare the fields in `properties`."),
            );
            return None;
        };
        let required = self.required(site, properties);
        let mut shape = RecordShape { fields: Vec::with_capacity(properties.len()), closed: true };
        let mut written = Map::new();
        let properties_at = site.at("properties");
        for (name, property) in properties {
            let at = below(&properties_at, name);
            if let Some((field, schema)) = self.field(name, property, at, path, &required, inherited) {
                shape.fields.push(field);
                written.insert(name.clone(), schema);
            }
        }
        self.check_xml(&shape, &properties_at);
        let mut schema = Map::new();
        for (keyword, value, at) in site.keywords() {
            match keyword {
                "properties" => {
                    schema.insert(keyword.to_owned(), Value::Object(std::mem::take(&mut written)));
                }
                "$defs" | "$schema" | "$id" | "title" | "description" if site.own_at.is_empty() => {}
                _ => {
                    schema.insert(keyword.to_owned(), value.clone());
                }
            }
            if rules::KEYWORDS.contains(&keyword) {
                self.rule(keyword, value, &at, &shape);
            }
        }
        Some((shape, schema))
    }

    fn required(&mut self, site: &Site<'s>, properties: &Map<String, Value>) -> HashSet<&'s str> {
        let mut required = HashSet::new();
        for (position, name) in
            site.get("required").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            let Some(name) = name.as_str() else { continue };
            if !properties.contains_key(name) {
                self.unknown_field(&below(&site.at("required"), &position.to_string()), name);
            }
            required.insert(name);
        }
        required
    }

    fn field(
        &mut self,
        name: &str,
        property: &'s Value,
        at: String,
        parent: Option<&FieldPath>,
        required: &HashSet<&str>,
        inherited: Option<Classification>,
    ) -> Option<(Field, Value)> {
        self.fields += 1;
        if self.fields > MOST_FIELDS {
            if self.fields == MOST_FIELDS + 1 {
                self.fault(
                    &at,
                    "too-many-fields",
                    (
                        "Quá nhiều trường: các `$ref` lồng nhau nhân lên",
                        "Too many fields: nested `$ref` multiply",
                    ),
                    ("Bớt tham chiếu lồng nhau.", "Use fewer nested references."),
                );
            }
            return None;
        }
        if !is_name(name) {
            self.fault(&at, "field-name", ("Tên trường phải bắt đầu bằng chữ cái và chỉ gồm chữ cái không dấu, chữ số, `_`, `-`", "A field's name begins with a letter and has only unaccented letters, digits, `_` and `-`"), ("Đổi tên trường, ví dụ `HoVaTen`.", "Rename the field, such as `HoVaTen`."));
            return None;
        }
        let path = match parent {
            Some(parent) => parent.child(name),
            None => name.parse().ok()?,
        };
        let (site, opened) = self.site(property, at)?;
        let title = self.title(&site);
        let xml = self.xml(&site);
        let value = self.value(&site, Some(&path), inherited, &xml, name);
        if opened {
            self.open.pop();
        }
        let value = value?;
        let kind = match xml.kind {
            Some(NodeType::Attribute) => NodeKind::Attribute,
            Some(NodeType::Text) => NodeKind::Text,
            Some(NodeType::Element | NodeType::None) | None => NodeKind::Element,
        };
        if kind != NodeKind::Element
            && (value.nullable || !matches!(value.form, Form::Text | Form::Number { .. } | Form::Boolean))
        {
            self.fault(&site.at("xml"), "xml-attribute", ("Thuộc tính và nội dung văn bản XML chỉ mang văn bản, số hoặc giá trị logic, và không thể là null", "An XML attribute or text carries text, a number or a truth value, and is never null"), ("Bỏ `nodeType`, hoặc bỏ `null` khỏi `type`.", "Drop `nodeType`, or take `null` out of `type`."));
        }
        let is_required = required.contains(name);
        if kind == NodeKind::Text && !is_required {
            self.fault(&site.at("xml"), "xml-text", ("Nội dung văn bản XML của phần tử phải là trường bắt buộc: văn bản vắng mặt và rỗng không phân biệt được", "The text of an XML element must be a required field: absent and empty text look the same"), ("Đưa trường vào `required`, hoặc bỏ `nodeType: text`.", "List the field in `required`, or drop `nodeType: text`."));
        }
        let field = Field {
            name: name.to_owned(),
            path,
            form: value.form,
            required: is_required,
            nullable: value.nullable,
            xml: XmlName { kind, name: xml.name.unwrap_or_else(|| name.to_owned()) },
            classification: value.classification,
            title: title?,
            code_list: value.code_list,
            identifier: value.identifier,
        };
        Some((field, value.schema))
    }

    /// The schema at `at` with its reference looked up; `true` when a definition was opened, which
    /// the caller closes.
    fn site(&mut self, schema: &'s Value, at: String) -> Option<(Site<'s>, bool)> {
        let Some(own) = schema.as_object() else {
            self.fault(
                &at,
                "not-a-schema",
                ("Cần một lược đồ dạng đối tượng", "A schema object is wanted"),
                ("Viết `{ \"type\": … }`.", "Write `{ \"type\": … }`."),
            );
            return None;
        };
        let Some(reference) = own.get("$ref") else {
            return Some((Site { own, own_at: at, def: None }, false));
        };
        let reference_at = below(&at, "$ref");
        for keyword in own.keys().filter(|keyword| !BESIDE_REF.contains(&keyword.as_str())) {
            self.fault(
                &below(&at, keyword),
                "beside-ref",
                (
                    &format!("`{keyword}` không được đứng cạnh `$ref`"),
                    &format!("`{keyword}` may not stand beside `$ref`"),
                ),
                (
                    "Chuyển từ khóa vào định nghĩa, hoặc viết thẳng không dùng `$ref`.",
                    "Move the keyword into the definition, or write the schema out.",
                ),
            );
        }
        let found = reference
            .as_str()
            .and_then(|reference| reference.strip_prefix("#/$defs/"))
            .and_then(|name| self.defs?.get_key_value(name));
        let Some((name, def)) = found.and_then(|(name, def)| Some((name.as_str(), def.as_object()?))) else {
            self.fault(
                &reference_at,
                "unknown-reference",
                (
                    "`$ref` không trỏ tới định nghĩa nào trong `$defs` của tệp này",
                    "`$ref` names no definition of this file's `$defs`",
                ),
                (
                    "Viết `#/$defs/<tên>` với tên có trong `$defs`.",
                    "Write `#/$defs/<name>` with a name from `$defs`.",
                ),
            );
            return None;
        };
        self.used.insert(name);
        if self.open.contains(&name) {
            self.fault(
                &reference_at,
                "endless-reference",
                ("Định nghĩa tham chiếu lại chính nó", "The definition refers to itself"),
                (
                    "Giới hạn số cấp: viết từng cấp thành định nghĩa riêng.",
                    "Bound the depth: write each level as a definition of its own.",
                ),
            );
            return None;
        }
        if def.contains_key("$ref") {
            self.fault(
                &below(&below("/$defs", name), "$ref"),
                "chained-reference",
                (
                    "Một định nghĩa không được chỉ là tham chiếu tới định nghĩa khác",
                    "A definition may not be a reference to another",
                ),
                ("Tham chiếu thẳng tới định nghĩa cuối.", "Refer to the last definition directly."),
            );
            return None;
        }
        self.open.push(name);
        Some((Site { own, own_at: at, def: Some((name, def)) }, true))
    }

    fn value(
        &mut self,
        site: &Site<'s>,
        path: Option<&FieldPath>,
        inherited: Option<Classification>,
        xml: &Xml,
        name: &str,
    ) -> Option<Typed> {
        let (kind, nullable) = self.kind(site)?;
        let own: &[&str] = match kind {
            Kind::Text => TEXT,
            Kind::Number { .. } => NUMBER,
            Kind::Boolean => &[],
            Kind::Record => &[RECORD, rules::KEYWORDS].concat(),
            Kind::List => LIST,
        };
        self.check_keywords(site, &[ANY, own].concat(), |_| false);
        if xml.kind == Some(NodeType::None) && kind != Kind::List {
            self.fault(
                &site.at("xml"),
                "xml-node-type",
                ("`nodeType: none` chỉ dùng cho danh sách", "`nodeType: none` is for lists only"),
                ("Bỏ `nodeType`.", "Drop `nodeType`."),
            );
        }
        let class = self.classification(site).or(inherited);
        match kind {
            Kind::Record => {
                let (record, mut schema) = self.record(site, path, class)?;
                schema.shift_remove("xml");
                let classification = guarded(&record);
                let schema = annotated(schema, site);
                Some(Typed {
                    form: Form::Record(record),
                    nullable,
                    schema,
                    classification,
                    code_list: None,
                    identifier: None,
                })
            }
            Kind::List => self.list(site, path, class, nullable, xml, name),
            Kind::Text | Kind::Number { .. } | Kind::Boolean => {
                let Some(classification) = class else {
                    self.fault(&site.own_at, "no-classification", ("Trường chưa có phân loại `x-classification`", "The field has no `x-classification`"), ("Thêm `x-classification`: open, shared, restricted, personal hoặc personal-sensitive; có thể đặt ở bản ghi bao ngoài.", "Add `x-classification`: open, shared, restricted, personal or personal-sensitive; the record around it may carry it."));
                    return None;
                };
                let form = match kind {
                    Kind::Number { integer } => Form::Number { integer },
                    Kind::Boolean => Form::Boolean,
                    _ => Form::Text,
                };
                let (code_list, identifier) = self.codes(site);
                let schema =
                    site.keywords().map(|(keyword, value, _)| (keyword.to_owned(), value.clone())).collect();
                Some(Typed {
                    form,
                    nullable,
                    schema: Value::Object(schema),
                    classification,
                    code_list,
                    identifier,
                })
            }
        }
    }

    fn list(
        &mut self,
        site: &Site<'s>,
        path: Option<&FieldPath>,
        class: Option<Classification>,
        nullable: bool,
        xml: &Xml,
        name: &str,
    ) -> Option<Typed> {
        let Some(items) = site.get("items") else {
            self.fault(
                &site.own_at,
                "no-items",
                ("Danh sách chưa khai báo `items`", "The list does not declare `items`"),
                ("Thêm `items`.", "Add `items`."),
            );
            return None;
        };
        let wrapped = xml.kind != Some(NodeType::None);
        let (item_site, opened) = self.site(items, site.at("items"))?;
        let item_xml = self.xml(&item_site);
        let item = self.value(&item_site, path, class, &item_xml, name);
        if opened {
            self.open.pop();
        }
        let item = item?;
        if matches!(item.form, Form::List(_)) || item.nullable {
            self.fault(
                &site.at("items"),
                "list-item",
                (
                    "Phần tử của danh sách không được là danh sách hoặc null",
                    "A list's item is neither a list nor null",
                ),
                (
                    "Bọc danh sách trong thành một bản ghi có trường riêng.",
                    "Put the inner list into a field of a record.",
                ),
            );
        }
        if item_xml.kind.is_some_and(|kind| kind != NodeType::Element) {
            self.fault(
                &item_site.at("xml"),
                "xml-node-type",
                ("Phần tử của danh sách luôn là phần tử XML", "A list's item is always an XML element"),
                ("Bỏ `nodeType` trong `items`.", "Drop `nodeType` within `items`."),
            );
        }
        if wrapped && item_xml.name.is_none() {
            self.fault(
                &site.at("items"),
                "xml-item-name",
                ("Danh sách có phần tử bao phải đặt tên phần tử con", "A wrapped list must name its items"),
                (
                    "Thêm `\"xml\": { \"name\": … }` trong `items`.",
                    "Add `\"xml\": { \"name\": … }` within `items`.",
                ),
            );
        }
        if !wrapped {
            if site.get("minItems").and_then(Value::as_u64).is_none_or(|least| least == 0) || nullable {
                self.fault(&site.at("xml"), "xml-unwrapped", ("Danh sách không có phần tử bao phải có `minItems` từ 1 và không thể là null: nếu không, vắng mặt và rỗng lẫn vào nhau", "An unwrapped list needs `minItems` of at least 1 and is never null: otherwise absent and empty look the same"), ("Thêm `\"minItems\": 1`, hoặc bỏ `nodeType: none`.", "Add `\"minItems\": 1`, or drop `nodeType: none`."));
            }
            if item_xml.name.is_some() {
                self.fault(
                    &item_site.at("xml"),
                    "xml-unwrapped",
                    (
                        "Phần tử của danh sách không có phần tử bao mang tên của trường",
                        "The items of an unwrapped list bear the field's name",
                    ),
                    (
                        "Đặt `name` ở `xml` của trường, bỏ trong `items`.",
                        "Set `name` in the field's `xml`, not within `items`.",
                    ),
                );
            }
        }
        let mut schema = Map::new();
        for (keyword, value, _) in site.keywords() {
            let value = if keyword == "items" { &item.schema } else { value };
            schema.insert(keyword.to_owned(), value.clone());
        }
        let item_name = item_xml.name.or_else(|| xml.name.clone()).unwrap_or_else(|| name.to_owned());
        Some(Typed {
            form: Form::List(Box::new(ListForm { item: item.form, item_name, wrapped })),
            nullable,
            schema: Value::Object(schema),
            classification: item.classification,
            code_list: item.code_list,
            identifier: item.identifier,
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
            "object" => Kind::Record,
            "array" => Kind::List,
            _ => {
                self.fault(&site.at("type"), "type", ("`type` phải là một trong object, array, string, number, integer, boolean, hoặc `[…, \"null\"]`", "`type` is one of object, array, string, number, integer, boolean, or `[…, \"null\"]`"), ("Chọn đúng một kiểu; thêm `\"null\"` ở cuối khi giá trị có thể để trống.", "Choose one type; add `\"null\"` at the end when the value may be null."));
                return None;
            }
        };
        Some((kind, nullable))
    }

    fn check_keywords(&mut self, site: &Site<'s>, allowed: &[&str], refused: impl Fn(&str) -> bool) {
        let keywords: Vec<_> = site.keywords().collect();
        for (keyword, value, at) in keywords {
            if !allowed.contains(&keyword) || refused(keyword) {
                self.fault(
                    &at,
                    "unknown-keyword",
                    (
                        &format!("Từ khóa `{keyword}` không thuộc tập con được dùng ở đây"),
                        &format!("The keyword `{keyword}` is not of the subset that may stand here"),
                    ),
                    (
                        "Xem CONTRIBUTING, \"Adding a dataset\", để biết từ khóa được dùng.",
                        "See CONTRIBUTING, \"Adding a dataset\", for the keywords there are.",
                    ),
                );
                continue;
            }
            self.check_value(keyword, value, &at);
        }
    }

    /// What the meta-schema cannot know of a keyword's value.
    fn check_value(&mut self, keyword: &str, value: &Value, at: &str) {
        match keyword {
            "format"
                if !value.as_str().is_some_and(|name| FORMATS.iter().any(|format| format.name == name)) =>
            {
                let known: Vec<String> = FORMATS.iter().map(|format| format!("`{}`", format.name)).collect();
                let known = known.join(", ");
                self.fault(
                    at,
                    "unknown-format",
                    ("Không có định dạng này", "There is no such format"),
                    (&format!("Dùng một trong {known}."), &format!("Use one of {known}.")),
                );
            }
            "pattern" if value.as_str().is_some_and(|pattern| !is_pattern(pattern)) => {
                self.fault(at, "pattern", ("Biểu thức không đọc được, hoặc cần nhìn trước, nhìn sau hay tham chiếu ngược: những thứ có thể chạy vô hạn", "The pattern cannot be read, or needs look-around or back-references, which can run without end"), ("Viết lại bằng lớp ký tự, lặp và nhóm thông thường.", "Write it with character classes, repetition and groups."));
            }
            "multipleOf" => {
                let step = crate::Number::new(value.to_string());
                let one = crate::Number::new("0");
                if step.zip(one).is_none_or(|(step, zero)| !zero.is_multiple_of(&step)) {
                    self.fault(
                        at,
                        "step",
                        (
                            "Bước phải lớn hơn 0 và có tối đa 19 chữ số có nghĩa",
                            "A step is above 0 and has at most 19 significant digits",
                        ),
                        ("Chọn bước gọn hơn.", "Choose a shorter step."),
                    );
                }
            }
            _ => {}
        }
    }

    fn codes(&mut self, site: &Site<'s>) -> (Option<String>, Option<IdentifierKind>) {
        let code_list = site.get("x-code-list").and_then(|name| {
            let known = name.as_str().filter(|name| self.code_lists.list(name).is_some());
            if known.is_none() {
                self.fault(
                    &site.at("x-code-list"),
                    "unknown-code-list",
                    (
                        "Không có danh mục này trong `code-lists`, hoặc danh mục có lỗi",
                        "There is no such list in `code-lists`, or the list is faulty",
                    ),
                    (
                        "Thêm thư mục danh mục với `list.toml`, hoặc sửa tên.",
                        "Add the list's folder with `list.toml`, or correct the name.",
                    ),
                );
            }
            known.map(str::to_owned)
        });
        let identifier = site.get("x-identifier").and_then(|name| {
            let known = name.as_str().and_then(|name| name.parse().ok());
            if known.is_none() {
                let all: Vec<String> = IdentifierKind::ALL.iter().map(|kind| format!("`{kind}`")).collect();
                let all = all.join(", ");
                self.fault(
                    &site.at("x-identifier"),
                    "unknown-identifier",
                    ("Không có quy tắc định danh này", "There is no such identifier"),
                    (&format!("Dùng một trong {all}."), &format!("Use one of {all}.")),
                );
            }
            known
        });
        (code_list, identifier)
    }

    fn classification(&mut self, site: &Site<'s>) -> Option<Classification> {
        let written = site.get("x-classification")?;
        let class = serde_json::from_value(written.clone()).ok();
        if class.is_none() {
            self.fault(
                &site.at("x-classification"),
                "unknown-classification",
                ("Không có lớp phân loại này", "There is no such class"),
                (
                    "Dùng open, shared, restricted, personal hoặc personal-sensitive.",
                    "Use open, shared, restricted, personal or personal-sensitive.",
                ),
            );
        }
        class
    }

    fn title(&mut self, site: &Site<'s>) -> Option<Bilingual> {
        let title: Option<Bilingual> = site
            .get("x-title")
            .and_then(|title| serde_json::from_value(title.clone()).ok())
            .filter(|title: &Bilingual| !title.vi.trim().is_empty() && !title.en.trim().is_empty());
        if title.is_none() {
            self.fault(
                &site.at("x-title"),
                "no-title",
                (
                    "Trường chưa có tên gọi `x-title` bằng tiếng Việt và tiếng Anh",
                    "The field has no `x-title` in Vietnamese and English",
                ),
                (
                    "Thêm `\"x-title\": { \"vi\": …, \"en\": … }`.",
                    "Add `\"x-title\": { \"vi\": …, \"en\": … }`.",
                ),
            );
        }
        title
    }

    fn xml(&mut self, site: &Site<'s>) -> Xml {
        let mut xml = Xml { kind: None, name: None };
        let Some(written) = site.get("xml") else { return xml };
        let at = site.at("xml");
        for (keyword, value) in written.as_object().into_iter().flatten() {
            match (keyword.as_str(), value.as_str()) {
                ("nodeType", Some("element")) => xml.kind = Some(NodeType::Element),
                ("nodeType", Some("attribute")) => xml.kind = Some(NodeType::Attribute),
                ("nodeType", Some("text")) => xml.kind = Some(NodeType::Text),
                ("nodeType", Some("none")) => xml.kind = Some(NodeType::None),
                ("name", Some(name)) if is_name(name) => xml.name = Some(name.to_owned()),
                _ => self.fault(&below(&at, keyword), "xml-binding", ("`xml` chỉ có `nodeType` (element, attribute, text, none) và `name` (chữ cái, chữ số, `_`, `-`)", "`xml` has only `nodeType` (element, attribute, text, none) and `name` (letters, digits, `_`, `-`)"), ("Sửa khóa hoặc giá trị.", "Correct the key or the value.")),
            }
        }
        if !written.is_object() {
            self.fault(
                &at,
                "xml-binding",
                ("`xml` phải là một đối tượng", "`xml` is an object"),
                ("Viết `{ \"nodeType\": … }`.", "Write `{ \"nodeType\": … }`."),
            );
        }
        xml
    }

    /// Among one element's attributes, and among its children, names are distinct; its text stands
    /// beside attributes only.
    fn check_xml(&mut self, record: &RecordShape, at: &str) {
        let mut seen = HashSet::new();
        let mut text = None;
        for field in &record.fields {
            let at = below(at, &field.name);
            if field.xml.kind == NodeKind::Text {
                if text.replace(&field.name).is_some() {
                    self.fault(
                        &at,
                        "xml-text",
                        ("Một phần tử XML chỉ có một nội dung văn bản", "An XML element has one text"),
                        (
                            "Bỏ `nodeType: text` ở một trong các trường.",
                            "Drop `nodeType: text` on one of the fields.",
                        ),
                    );
                }
            } else if !seen.insert((field.xml.kind == NodeKind::Attribute, field.xml.name.as_str())) {
                self.fault(
                    &at,
                    "xml-repeated-name",
                    (
                        &format!("Tên XML `{}` đã dùng cho một trường khác của bản ghi này", field.xml.name),
                        &format!("The XML name `{}` is another field's of this record", field.xml.name),
                    ),
                    ("Đặt `xml.name` khác.", "Choose another `xml.name`."),
                );
            }
        }
        if text.is_some() && record.fields.iter().any(|field| field.xml.kind == NodeKind::Element) {
            self.fault(
                at,
                "xml-text",
                (
                    "Nội dung văn bản XML chỉ đứng cạnh thuộc tính, không cạnh phần tử con",
                    "XML text stands beside attributes only, never beside child elements",
                ),
                (
                    "Đổi các trường khác thành thuộc tính, hoặc bỏ `nodeType: text`.",
                    "Make the other fields attributes, or drop `nodeType: text`.",
                ),
            );
        }
    }

    fn unused_definitions(&mut self) {
        for name in self.defs.into_iter().flat_map(Map::keys) {
            if !self.used.contains(name.as_str()) {
                let at = below("/$defs", name);
                self.fault(
                    &at,
                    "unused-definition",
                    (
                        &format!("Định nghĩa `{name}` không được dùng, nên không được kiểm tra"),
                        &format!("The definition `{name}` is not used, so nothing checks it"),
                    ),
                    ("Xóa định nghĩa, hoặc tham chiếu tới nó.", "Remove it, or refer to it."),
                );
            }
        }
    }

    fn unknown_field(&mut self, at: &str, name: &str) {
        self.fault(
            at,
            "unknown-field",
            (&format!("Bản ghi không có trường `{name}`"), &format!("The record has no field `{name}`")),
            (
                "Sửa tên, hoặc khai báo trường trong `properties`.",
                "Correct the name, or declare the field in `properties`.",
            ),
        );
    }

    fn fault(&mut self, at: &str, rule: &'static str, message: (&str, &str), remedy: (&str, &str)) {
        self.faults.push(Fault {
            file: PathBuf::from(self.file),
            place: Some(self.places.place(at)),
            rule,
            message: Bilingual::new(message.0, message.1),
            remedy: Bilingual::new(remedy.0, remedy.1),
            warning: false,
        });
    }
}

/// A schema's `xml` object.
struct Xml {
    kind: Option<NodeType>,
    name: Option<String>,
}

/// OpenAPI 3.2's `nodeType`, without `cdata`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NodeType {
    Element,
    Attribute,
    Text,
    None,
}

/// The most guarded class among a record's fields: who is given the record is given all of it.
fn guarded(record: &RecordShape) -> Classification {
    record.fields.iter().map(|field| field.classification).max().unwrap_or(Classification::PersonalSensitive)
}

/// A record's schema with the annotations of the place that refers to it.
fn annotated(mut schema: Map<String, Value>, site: &Site<'_>) -> Value {
    if let Some(xml) = site.get("xml") {
        schema.insert("xml".to_owned(), xml.clone());
    }
    Value::Object(schema)
}

/// A name that is one in JSON, XML and field paths alike.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        // XML keeps names that begin so for itself.
        && !name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"))
}

/// Whether the validator's linear-time engine can run `pattern`.
fn is_pattern(pattern: &str) -> bool {
    jsonschema::options()
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&serde_json::json!({ "pattern": pattern }))
        .is_ok()
}

#[cfg(test)]
mod tests;
