//! What a dictionary says, before it is laid out.

use serde_json::{Map, Value};

use super::super::{Listed, revision, rules};
use crate::{
    Bilingual, Classification, CodeList, CodeLists, Contract, Field, Form, NodeKind, RecordShape, Status,
    View, validation,
};

/// A dictionary.
pub(super) struct Facts<'c> {
    pub(super) title: &'c Bilingual,
    /// What stands above the tables: a label and what it says.
    pub(super) head: Vec<(Bilingual, String)>,
    pub(super) description: Option<&'c str>,
    /// The record, and the records within it.
    pub(super) records: Vec<RecordFacts<'c>>,
    /// The code lists that fields name.
    pub(super) code_lists: Vec<CodeListFacts<'c>>,
}

/// One record.
pub(super) struct RecordFacts<'c> {
    /// The path of its field; of the root, the name of its element.
    pub(super) name: String,
    pub(super) title: &'c Bilingual,
    pub(super) description: Option<&'c str>,
    pub(super) rows: Vec<Row<'c>>,
    /// The rules between its fields.
    pub(super) rules: Vec<String>,
}

/// One field.
pub(super) struct Row<'c> {
    pub(super) name: &'c str,
    pub(super) title: &'c Bilingual,
    pub(super) kind: Bilingual,
    /// Lengths, bounds, patterns, each in the schema's own words.
    pub(super) limits: Vec<String>,
    pub(super) required: Bilingual,
    pub(super) class: Bilingual,
    pub(super) code_list: Option<&'c str>,
    /// How it stands in XML.
    pub(super) xml: String,
    pub(super) description: Option<&'c str>,
    /// The record beneath, when it has a table of its own.
    pub(super) record: Option<String>,
}

/// One code list.
pub(super) struct CodeListFacts<'c> {
    pub(super) list: &'c CodeList,
    /// Code and name, when the list decides and is short enough to be read.
    pub(super) codes: Vec<(&'c str, &'c str)>,
    pub(super) count: usize,
}

/// A list of more codes is a table to query, not to read.
const MOST_CODES: usize = 100;

impl<'c> Facts<'c> {
    pub(super) fn of(contract: &'c Contract, view: &'c View) -> Self {
        let lists = contract.code_lists();
        let mut facts = Self {
            title: contract.title(),
            head: head(contract, view),
            description: view.schema.get("description").and_then(Value::as_str),
            records: Vec::new(),
            code_lists: Vec::new(),
        };
        if let Some(schema) = view.schema.as_object() {
            let root = (view.shape.record.clone(), contract.title());
            facts.record(root, &view.shape.root, schema, lists);
        }
        facts
    }

    fn record(
        &mut self,
        (name, title): (String, &'c Bilingual),
        shape: &'c RecordShape,
        schema: &'c Map<String, Value>,
        lists: &'c CodeLists,
    ) {
        let place = self.records.len();
        self.records.push(RecordFacts {
            name,
            title,
            // The root's stands above.
            description: if place == 0 { None } else { description(schema) },
            rows: Vec::new(),
            rules: rules(schema),
        });
        let mut rows = Vec::new();
        for field in &shape.fields {
            let own =
                schema.get("properties").and_then(|all| all.get(&field.name)).and_then(Value::as_object);
            let Some(own) = own else { continue };
            let items = own.get("items").and_then(Value::as_object);
            let value = items.unwrap_or(own);
            let listed = Listed::of(value, lists);
            if let Some(listed) = &listed {
                self.code_list(listed);
            }
            rows.push(Row {
                name: &field.name,
                title: &field.title,
                kind: kind(field, value),
                limits: limits(own, items),
                required: required(field),
                class: class(field.classification),
                code_list: listed.map(|listed| listed.list.name()),
                xml: xml(field),
                description: description(own).or_else(|| description(value)),
                record: field.form.record().map(|_| field.path.to_string()),
            });
            if let Some(inner) = field.form.record() {
                self.record((field.path.to_string(), &field.title), inner, value, lists);
            }
        }
        if let Some(record) = self.records.get_mut(place) {
            record.rows = rows;
        }
    }

    fn code_list(&mut self, listed: &Listed<'c>) {
        if self.code_lists.iter().any(|known| known.list.name() == listed.list.name()) {
            return;
        }
        let codes = listed.codes().unwrap_or_default();
        let count = codes.len();
        let codes = if count > MOST_CODES { Vec::new() } else { codes };
        self.code_lists.push(CodeListFacts { list: listed.list, codes, count });
    }
}

fn head(contract: &Contract, view: &View) -> Vec<(Bilingual, String)> {
    let both = |text: Bilingual| format!("{} / {}", text.vi, text.en);
    let told = |status: Status| {
        let caution = status.caution().map(|caution| format!(". {}", both(caution))).unwrap_or_default();
        format!("{}{caution}", both(status.title()))
    };
    let label = Bilingual::new;
    vec![
        (label("Hợp đồng", "Contract"), contract.id().to_string()),
        (label("Trạng thái", "Status"), told(contract.status())),
        (label("Cơ quan chịu trách nhiệm", "Owner"), contract.owner().to_owned()),
        (label("Căn cứ pháp lý", "Legal basis"), contract.legal_basis().join("; ")),
        (label("Cập nhật", "Updated"), both(contract.update().title())),
        (label("Khóa", "Key"), contract.key().to_string()),
        (label("Không gian tên XML", "XML namespace"), view.shape.namespace.clone()),
        (label("Phần tử gốc XML", "XML roots"), format!("{}, {}", view.shape.record, view.shape.collection)),
        (label("Bản sửa đổi (SHA-256)", "Revision (SHA-256)"), revision(contract)),
    ]
    .into_iter()
    // A key that this caller does not see is not named.
    .filter(|(name, _)| name.en != "Key" || view.shape.field(contract.key()).is_some())
    .collect()
}

fn description(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("description").and_then(Value::as_str)
}

fn kind(field: &Field, schema: &Map<String, Value>) -> Bilingual {
    let format = schema.get("format").and_then(Value::as_str);
    let of = |form: &Form| match (form, format) {
        (Form::Text, Some("date")) => ("ngày", "date"),
        (Form::Text, Some("date-time")) => ("ngày giờ", "date and time"),
        (Form::Text, Some("time")) => ("giờ", "time"),
        (Form::Text, Some("year")) => ("năm", "year"),
        (Form::Text, Some("email")) => ("thư điện tử", "e-mail address"),
        (Form::Text, Some("uri")) => ("URI", "URI"),
        (Form::Text, Some("uuid")) => ("UUID", "UUID"),
        (Form::Text, _) => ("văn bản", "text"),
        (Form::Number { integer: true }, _) => ("số nguyên", "whole number"),
        (Form::Number { integer: false }, _) => ("số", "number"),
        (Form::Boolean, _) => ("đúng/sai", "true or false"),
        (Form::Record(_), _) => ("bản ghi", "record"),
        (Form::List(_), _) => ("danh sách", "list"),
        (Form::Geometry(_), _) => ("hình học", "geometry"),
    };
    match &field.form {
        Form::List(list) => {
            let (vi, en) = of(&list.item);
            Bilingual::new(format!("danh sách {vi}"), format!("list of {en}"))
        }
        form => {
            let (vi, en) = of(form);
            Bilingual::new(vi, en)
        }
    }
}

/// The keywords of a leaf that limit its values, as the schema writes them: they are the same in every
/// language.
fn limits(own: &Map<String, Value>, items: Option<&Map<String, Value>>) -> Vec<String> {
    const LIMITS: &[&str] = &[
        "enum",
        "const",
        "minLength",
        "maxLength",
        "pattern",
        "x-identifier",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "x-geometry",
    ];
    let of = |schema: &Map<String, Value>| -> Vec<String> {
        LIMITS
            .iter()
            .filter_map(|keyword| {
                let value = match schema.get(*keyword)? {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                Some(format!("{keyword} {value}"))
            })
            .collect()
    };
    let mut all = of(own);
    all.extend(items.map(of).into_iter().flatten());
    let format = items.unwrap_or(own).get("format").and_then(Value::as_str);
    all.extend(format.and_then(validation::format).map(|format| format!("format {}", format.name)));
    all
}

fn required(field: &Field) -> Bilingual {
    match (field.required, field.nullable) {
        (true, false) => Bilingual::new("có", "yes"),
        (true, true) => Bilingual::new("có, có thể null", "yes, may be null"),
        (false, false) => Bilingual::new("không", "no"),
        (false, true) => Bilingual::new("không, có thể null", "no, may be null"),
    }
}

fn xml(field: &Field) -> String {
    let name = &field.xml.name;
    match (field.xml.kind, &field.form) {
        (NodeKind::Attribute, _) => format!("@{name}"),
        (NodeKind::Text, _) => "text()".to_owned(),
        (NodeKind::Element, Form::List(list)) if list.wrapped => format!("{name}/{}*", list.item_name),
        (NodeKind::Element, Form::List(_)) => format!("{name}+"),
        (NodeKind::Element, _) => name.clone(),
    }
}

fn class(class: Classification) -> Bilingual {
    let (vi, en) = match class {
        Classification::Open => ("mở", "open"),
        Classification::Shared => ("dùng chung", "shared"),
        Classification::Restricted => ("hạn chế", "restricted"),
        Classification::Personal => ("cá nhân", "personal"),
        Classification::PersonalSensitive => ("cá nhân nhạy cảm", "personal, sensitive"),
    };
    Bilingual::new(vi, en)
}
