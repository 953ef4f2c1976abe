//! A compiled schema: what a record's fields are, and how each is written in XML.
//!
//! The schema language is a closed subset of JSON Schema 2020-12, chosen so that one tree of values
//! has exactly one XML form and one JSON form. See CONTRIBUTING, "How to add: a dataset".

use crate::{Bilingual, Classification, FieldPath, geometry::GeometryForm, identifiers::IdentifierKind};

/// Everything a translator or a release plan needs to know of a dataset.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The XML namespace of every element, a URI.
    pub namespace: String,
    /// The XML root of one record, e.g. `NhiemVu`.
    pub record: String,
    /// The XML root of a list of records, e.g. `DanhSachNhiemVu`.
    pub collection: String,
    /// The record itself.
    pub root: RecordShape,
}

/// A record's fields, in the order of the schema's `properties`, which is the order in XML.
#[derive(Clone, Debug)]
pub struct RecordShape {
    /// The fields, in order.
    pub fields: Vec<Field>,
    /// Whether `additionalProperties` is `false`. Records of a contract always are closed in what
    /// is sent; providers may send more, which is dropped or rejected as the service declares.
    pub closed: bool,
}

/// One field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name in JSON, unaccented PascalCase.
    pub name: String,
    /// Its path from the record's root.
    pub path: FieldPath,
    /// What its value looks like.
    pub form: Form,
    /// Whether the record must have it.
    pub required: bool,
    /// Whether `null` is a value of it.
    pub nullable: bool,
    /// How it stands in XML.
    pub xml: XmlName,
    /// How freely it may leave. Of a record or a list, the most guarded class beneath it: who is given
    /// the whole is given that too.
    pub classification: Classification,
    /// What the field is called.
    pub title: Bilingual,
    /// The code list its values come from (`x-code-list`); of a list, its items' values.
    pub code_list: Option<String>,
    /// The field whose day chooses the edition of the code list (`x-code-list` with `at`), by its path
    /// from the root. No list stands between it and the record that both fields are of.
    pub dated_by: Option<FieldPath>,
    /// The identifier its values are (`x-identifier`); of a list, its items' values.
    pub identifier: Option<IdentifierKind>,
}

/// What a value looks like.
#[derive(Clone, Debug)]
pub enum Form {
    /// Text of any format.
    Text,
    /// A number; `integer` when it has no fraction.
    Number {
        /// Whether the schema says `integer`.
        integer: bool,
    },
    /// `true` or `false`.
    Boolean,
    /// A record within the record.
    Record(RecordShape),
    /// A list.
    List(Box<ListForm>),
    /// A geometry: one value, whatever it holds.
    Geometry(Box<GeometryForm>),
}

/// A list. It is wrapped in an element of the field's name, each item in an element of `item`,
/// unless the schema demands at least one item: only then can absent and empty not be confused,
/// and the items may stand unwrapped (`nodeType: none`), each in an element of the field's name.
#[derive(Clone, Debug)]
pub struct ListForm {
    /// What each item looks like; never a list.
    pub item: Form,
    /// The element of each item: when wrapped, the name in `items.xml.name`; when not, the field's own
    /// XML name.
    pub item_name: String,
    /// Whether the list has an element of its own.
    pub wrapped: bool,
}

/// How a field stands in XML (OpenAPI 3.2's `xml` object).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlName {
    /// Element, attribute, or the element's own text.
    pub kind: NodeKind,
    /// The local name; the field's own unless the schema says otherwise.
    pub name: String,
}

/// OpenAPI 3.2 `nodeType`, as far as the subset has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A child element (the default).
    Element,
    /// An attribute, unqualified; text, numbers and booleans only, never nullable.
    Attribute,
    /// The text of the parent's element; at most one, beside attributes only.
    Text,
}

impl RecordShape {
    /// The field called `name` and its position.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

impl Shape {
    /// The field at `path`, through lists.
    pub fn field(&self, path: &FieldPath) -> Option<&Field> {
        let mut segments = path.segments();
        let mut found = self.root.field(segments.next()?)?.1;
        for segment in segments {
            found = found.form.record()?.field(segment)?.1;
        }
        Some(found)
    }

    /// The geometry that a feature's `geometry` stands for: the first of the record's own fields that is
    /// one, neither listed nor within another record. Without it there is no GeoJSON, JSON-FG or GML.
    pub fn main_geometry(&self) -> Option<&Field> {
        self.root.fields.iter().find(|field| matches!(field.form, Form::Geometry(_)))
    }

    /// Whether there is a geometry anywhere.
    pub fn has_geometry(&self) -> bool {
        self.walk().any(|field| match &field.form {
            Form::Geometry(_) => true,
            Form::List(list) => matches!(list.item, Form::Geometry(_)),
            Form::Text | Form::Number { .. } | Form::Boolean | Form::Record(_) => false,
        })
    }

    /// Every field, parents before children.
    pub fn walk(&self) -> impl Iterator<Item = &Field> {
        let mut pending: Vec<&Field> = self.root.fields.iter().rev().collect();
        std::iter::from_fn(move || {
            let field = pending.pop()?;
            if let Some(record) = field.form.record() {
                pending.extend(record.fields.iter().rev());
            }
            Some(field)
        })
    }
}

impl Form {
    /// The record this form is or lists.
    pub fn record(&self) -> Option<&RecordShape> {
        match self {
            Self::Record(record) => Some(record),
            Self::List(list) => list.item.record(),
            Self::Text | Self::Number { .. } | Self::Boolean | Self::Geometry(_) => None,
        }
    }
}
