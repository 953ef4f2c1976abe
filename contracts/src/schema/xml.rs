//! How fields stand in XML: the `xml` object, and what keeps one tree to one XML form.

use std::collections::HashSet;

use super::{Compiler, Typed, is_name, places::below, said, site::Site};
use crate::{Form, NodeKind, RecordShape, XmlName};

/// A schema's `xml` object.
#[derive(Default)]
pub(super) struct Xml {
    pub(super) kind: Option<NodeType>,
    pub(super) name: Option<String>,
}

/// OpenAPI 3.2's `nodeType`, without `cdata`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeType {
    Element,
    Attribute,
    Text,
    None,
}

impl Compiler<'_> {
    /// Reads the `xml` object of `site`.
    pub(super) fn xml(&mut self, site: &Site<'_>) -> Xml {
        let mut xml = Xml::default();
        let Some(written) = site.get("xml") else { return xml };
        let at = site.at("xml");
        if !written.is_object() {
            self.fault(&at, &said::XML_BINDING, "");
        }
        for (keyword, value) in written.as_object().into_iter().flatten() {
            match (keyword.as_str(), value.as_str()) {
                ("nodeType", Some("element")) => xml.kind = Some(NodeType::Element),
                ("nodeType", Some("attribute")) => xml.kind = Some(NodeType::Attribute),
                ("nodeType", Some("text")) => xml.kind = Some(NodeType::Text),
                ("nodeType", Some("none")) => xml.kind = Some(NodeType::None),
                ("name", Some(name)) if is_name(name) => xml.name = Some(name.to_owned()),
                _ => self.fault(&below(&at, keyword), &said::XML_BINDING, ""),
            }
        }
        xml
    }

    /// The binding of a field: attributes and text are scalar and never null, and text is there
    /// whenever its element is.
    pub(super) fn bind(
        &mut self,
        site: &Site<'_>,
        xml: Xml,
        name: &str,
        value: &Typed,
        required: bool,
    ) -> XmlName {
        let kind = match xml.kind {
            Some(NodeType::Attribute) => NodeKind::Attribute,
            Some(NodeType::Text) => NodeKind::Text,
            Some(NodeType::Element | NodeType::None) | None => NodeKind::Element,
        };
        let scalar = matches!(value.form, Form::Text | Form::Number { .. } | Form::Boolean);
        if kind != NodeKind::Element && (value.nullable || !scalar) {
            self.fault(&site.at("xml"), &said::XML_ATTRIBUTE, "");
        }
        if kind == NodeKind::Text && !required {
            self.fault(&site.at("xml"), &said::XML_TEXT_OPTIONAL, "");
        }
        // A null element has no attributes in the tree, but XML Schema would ask for them.
        let has_attributes =
            |record: &RecordShape| record.fields.iter().any(|field| field.xml.kind == NodeKind::Attribute);
        if value.nullable && matches!(&value.form, Form::Record(record) if has_attributes(record)) {
            self.fault(&site.at("type"), &said::XML_NIL_ATTRIBUTES, "");
        }
        XmlName { kind, name: xml.name.unwrap_or_else(|| name.to_owned()) }
    }

    /// Names a list's items, and says whether the list has an element of its own. Without one,
    /// absent and empty look the same, so an empty list must be impossible.
    pub(super) fn bind_items(
        &mut self,
        site: &Site<'_>,
        xml: &Xml,
        items: &Site<'_>,
        item_xml: Xml,
        name: &str,
        nullable: bool,
    ) -> (String, bool) {
        if item_xml.kind.is_some_and(|kind| kind != NodeType::Element) {
            self.fault(&items.at("xml"), &said::XML_NODE_TYPE, "");
        }
        let wrapped = xml.kind != Some(NodeType::None);
        match (wrapped, &item_xml.name) {
            (true, None) => self.fault(&site.at("items"), &said::XML_ITEM_NAME, ""),
            (false, Some(_)) => self.fault(&items.at("xml"), &said::XML_UNWRAPPED_NAME, ""),
            (true, Some(_)) | (false, None) => {}
        }
        let least = site.get("minItems").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if !wrapped && (least == 0 || nullable) {
            self.fault(&site.at("xml"), &said::XML_UNWRAPPED, "");
        }
        let item_name = item_xml.name.or_else(|| xml.name.clone()).unwrap_or_else(|| name.to_owned());
        (item_name, wrapped)
    }

    /// Among one element's attributes, and among its children, names are distinct; its text stands
    /// beside attributes only.
    pub(super) fn check_siblings(&mut self, record: &RecordShape, at: &str) {
        let mut seen = HashSet::new();
        let mut text = None;
        for field in &record.fields {
            let at = below(at, &field.name);
            if field.xml.kind == NodeKind::Text {
                if text.replace(&field.name).is_some() {
                    self.fault(&at, &said::XML_TEXT_TWICE, "");
                }
            } else if !seen.insert((field.xml.kind == NodeKind::Attribute, field.xml.name.as_str())) {
                self.fault(&at, &said::XML_REPEATED_NAME, &field.xml.name);
            }
        }
        if text.is_some() && record.fields.iter().any(|field| field.xml.kind == NodeKind::Element) {
            self.fault(at, &said::XML_TEXT_MIXED, "");
        }
    }
}
