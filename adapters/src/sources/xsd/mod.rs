//! XML Schema 1.0 as a source: global elements, their types, and what of them a contract can hold.
//!
//! Types, groups and references are written out, so that what comes of it is a record as deep as its
//! documents are. The order of elements becomes the order of fields, which is their order in XML again;
//! an element that repeats becomes a list without an element of its own, and an element that holds
//! nothing but one that repeats becomes a list with one. Titles are taken from `xs:documentation`.
//!
//! What is not held, and why, is in [`said`]. Nothing outside the file is opened, whatever it imports.

mod digits;
mod lists;
mod particles;
mod pattern;
mod said;
mod simple;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use contracts::{Bilingual, Fault, Place, draft::Source};
use roxmltree::{Node, NodeId};
use serde_json::{Map, Value, json};

use super::{Said, parsed};

/// The namespace of XML Schema.
const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// How the types of code lists are called in the schemas that the gateway publishes.
const CODE_LIST: &str = "_DanhMuc.";

/// Fields that types may multiply into; a contract takes no more either.
const MOST_FIELDS: usize = 10_000;

/// Steps that writing types out may take, whether or not a field comes of them: groups can multiply without
/// a field, and long lists of values are copied to each field that has them.
const MOST_STEPS: usize = 500_000;

/// Types within types, particles counted: records go 24 levels deep, and this reader recurses.
const MOST_OPEN: usize = 128;

/// Faults that are told; who has more mends these first.
const MOST_FAULTS: usize = 200;

/// Longer words of an author describe, they do not name.
const LONGEST_TITLE: usize = 120;

/// Reads an XML Schema; `record` names the element of a record where more than one could be it.
///
/// # Errors
/// Everything that a contract cannot hold, each with its place.
pub fn of_xsd<'s>(file: &'s Path, text: &'s str, record: Option<&str>) -> Result<Source<'s>, Vec<Fault>> {
    let document = parsed(file, text)?;
    let schema = document.root_element();
    let mut reader = Reader {
        file,
        text,
        target: schema.attribute("targetNamespace").unwrap_or_default(),
        elements: HashMap::new(),
        attributes: HashMap::new(),
        types: HashMap::new(),
        groups: HashMap::new(),
        attribute_groups: HashMap::new(),
        open: Vec::new(),
        fields: 0,
        steps: 0,
        places: HashMap::new(),
        faults: Vec::new(),
        remarks: Vec::new(),
    };
    let made = reader.schema(schema, record);
    let (mut faults, remarks) = (reader.faults, reader.remarks);
    let places = reader.places;
    // What is written out twice tells its faults twice.
    faults.sort_by_key(|fault| (fault.place, fault.rule));
    faults.dedup();
    match made {
        Some(made) if faults.is_empty() => Ok(Source {
            file,
            schema: Value::Object(made.schema),
            title: made.title,
            record: Some(made.record),
            collection: made.collection,
            namespace: made.namespace,
            remarks,
            place: Box::new(move |pointer| Some(Place::of(text, *places.get(pointer)?))),
        }),
        _ => Err(faults),
    }
}

/// What was made of a schema.
struct Made {
    schema: Map<String, Value>,
    title: Option<Bilingual>,
    record: String,
    collection: Option<String>,
    namespace: Option<String>,
}

/// Where in the text, in bytes; lines and columns are counted for what is told only.
type At = usize;

fn place(node: &Node<'_, '_>) -> At {
    node.range().start
}

/// A name that refers to something.
enum Named {
    /// XML Schema's own type.
    Builtin(String),
    /// Something in this file.
    Own(String),
}

struct Reader<'f, 'd> {
    file: &'f Path,
    text: &'f str,
    target: &'d str,
    elements: HashMap<&'d str, Node<'d, 'd>>,
    attributes: HashMap<&'d str, Node<'d, 'd>>,
    types: HashMap<&'d str, Node<'d, 'd>>,
    groups: HashMap<&'d str, Node<'d, 'd>>,
    attribute_groups: HashMap<&'d str, Node<'d, 'd>>,
    /// What is being written out, to see what comes back to itself.
    open: Vec<NodeId>,
    fields: usize,
    steps: usize,
    /// Where each part of the schema that is made comes from, by JSON pointer.
    places: HashMap<String, At>,
    faults: Vec<Fault>,
    remarks: Vec<Fault>,
}

impl<'d> Reader<'_, 'd> {
    fn schema(&mut self, schema: Node<'d, 'd>, wanted: Option<&str>) -> Option<Made> {
        if !schema.has_tag_name((XS, "schema")) {
            self.fault(place(&schema), &said::NO_SCHEMA, "");
            return None;
        }
        for child in elements(schema) {
            let name = child.attribute("name").unwrap_or_default();
            let known = match child.tag_name().name() {
                "element" => &mut self.elements,
                "attribute" => &mut self.attributes,
                "simpleType" | "complexType" => &mut self.types,
                "group" => &mut self.groups,
                "attributeGroup" => &mut self.attribute_groups,
                other @ ("include" | "redefine" | "override") => {
                    self.fault(place(&child), &said::INCLUDED, &format!("xs:{other}"));
                    continue;
                }
                other @ ("defaultOpenContent" | "assert") => {
                    self.fault(place(&child), &said::NEWER, &format!("xs:{other}"));
                    continue;
                }
                // An import is a fault where something of it is used.
                _ => continue,
            };
            known.insert(name, child);
        }
        let (root, collection) = self.roots(schema, wanted)?;
        let record = root.attribute("name").unwrap_or_default().to_owned();
        if self.target.is_empty() || schema.attribute("elementFormDefault") != Some("qualified") {
            self.remark(place(&schema), &said::UNQUALIFIED, "");
        }
        let mut made = self.content(root, "")?;
        let head = json!({ "type": "object", "additionalProperties": false });
        let mut whole = head.as_object().cloned().unwrap_or_default();
        whole.append(&mut made);
        self.unique(root, &mut whole);
        let (mut title, description) = documented(root);
        if title.is_none() {
            title = documented(schema).0;
        }
        if let Some(description) = description {
            whole.insert("description".to_owned(), Value::String(description));
        }
        Some(Made {
            schema: whole,
            title,
            record,
            collection,
            // A contract's is a full URI.
            namespace: Some(self.target.to_owned()).filter(|target| target.contains(':')),
        })
    }

    /// The element of the record, and the name of that of a list of records.
    fn roots(
        &mut self,
        schema: Node<'d, 'd>,
        wanted: Option<&str>,
    ) -> Option<(Node<'d, 'd>, Option<String>)> {
        let globals: Vec<Node<'d, 'd>> = elements(schema)
            .filter(|child| child.tag_name().name() == "element" && child.has_attribute("name"))
            .collect();
        let lists: Vec<(Node<'d, 'd>, Node<'d, 'd>)> =
            globals.iter().filter_map(|global| Some((*global, self.only_item(*global)?))).collect();
        let known_lists: HashSet<NodeId> = lists.iter().map(|(list, _)| list.id()).collect();
        let is_list = |node: &Node<'d, 'd>| known_lists.contains(&node.id());
        let mut candidates: Vec<Node<'d, 'd>> = globals
            .iter()
            .copied()
            .filter(|global| !is_list(global) && self.complex(*global).is_some())
            .collect();
        if candidates.is_empty() {
            // A list alone: its item is the record.
            candidates = lists.iter().map(|(_, item)| *item).collect();
        } else if candidates.len() > 1 && wanted.is_none() {
            // What others are made of is no record of its own.
            let items: HashSet<NodeId> = lists.iter().map(|(_, item)| item.id()).collect();
            let used: HashSet<&str> = schema
                .descendants()
                .filter(|node| node.has_tag_name((XS, "element")) && node.parent() != Some(schema))
                .filter(|node| !items.contains(&node.id()))
                .filter_map(|node| local(node.attribute("ref")?))
                .collect();
            candidates.retain(|node| node.attribute("name").is_none_or(|name| !used.contains(name)));
        }
        if let Some(wanted) = wanted {
            candidates.retain(|node| node.attribute("name") == Some(wanted));
        }
        let record = match &*candidates {
            [] => {
                self.fault(place(&schema), &said::NO_RECORD, "");
                return None;
            }
            [only] => *only,
            several => {
                let names: Vec<&str> =
                    several.iter().take(10).filter_map(|node| node.attribute("name")).collect();
                self.fault(place(&schema), &said::WHICH_RECORD, &names.join(", "));
                return None;
            }
        };
        let collection = lists.iter().find(|(_, item)| {
            *item == record || item.attribute("ref").and_then(local) == record.attribute("name")
        });
        let collection = collection.and_then(|(list, _)| list.attribute("name")).map(str::to_owned);
        Some((record, collection))
    }

    /// The complex type of an element, wherever it stands.
    fn complex(&self, element: Node<'d, 'd>) -> Option<Node<'d, 'd>> {
        let inner = elements(element).find(|child| child.tag_name().name() == "complexType");
        let named = || self.types.get(local(element.attribute("type")?)?).copied();
        inner.or_else(named).filter(|found| found.tag_name().name() == "complexType")
    }

    /// The one repeating element of records that `element` holds, if it holds nothing else.
    fn only_item(&self, element: Node<'d, 'd>) -> Option<Node<'d, 'd>> {
        let mut parts =
            elements(self.complex(element)?).filter(|part| part.tag_name().name() != "annotation");
        let sequence = parts.next().filter(|part| part.tag_name().name() == "sequence")?;
        let mut items = elements(sequence);
        let item = items.next().filter(|item| item.tag_name().name() == "element")?;
        let repeats = item.attribute("maxOccurs").is_some_and(|most| most != "1" && most != "0");
        let record = match item.attribute("ref") {
            Some(name) => self.complex(*self.elements.get(local(name)?)?),
            None => self.complex(item),
        };
        (parts.next().is_none() && items.next().is_none() && repeats && record.is_some()).then_some(item)
    }

    /// What `name`, written at `node`, refers to.
    fn named(&mut self, name: &str, node: Node<'_, 'd>) -> Option<Named> {
        let (prefix, name) = match name.trim().split_once(':') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, name.trim()),
        };
        let namespace = node.lookup_namespace_uri(prefix).unwrap_or_default();
        if namespace == XS {
            return Some(Named::Builtin(name.to_owned()));
        }
        if namespace == self.target {
            return Some(Named::Own(name.to_owned()));
        }
        let is_gml = namespace.starts_with("http://www.opengis.net/gml");
        self.fault(place(&node), if is_gml { &said::GML } else { &said::UNKNOWN }, name);
        None
    }

    /// Begins to write `node` out; not within itself, and not deeper than records go.
    fn enter(&mut self, node: Node<'_, 'd>) -> Option<usize> {
        self.step(place(&node))?;
        if self.open.contains(&node.id()) || self.open.len() >= MOST_OPEN {
            let name = node.attribute("name").unwrap_or_else(|| node.tag_name().name());
            self.fault(place(&node), &said::RECURSIVE, name);
            return None;
        }
        self.open.push(node.id());
        Some(self.open.len() - 1)
    }

    /// One more step; none when there were too many, or too many fields.
    fn step(&mut self, at: At) -> Option<()> {
        self.steps += 1;
        if self.steps == MOST_STEPS {
            self.fault(at, &said::TOO_MANY, "");
        }
        (self.steps < MOST_STEPS && self.fields <= MOST_FIELDS).then_some(())
    }

    fn leave(&mut self, entered: usize) {
        self.open.truncate(entered);
    }

    fn fault(&mut self, at: At, said: &Said, name: &str) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(said.of(self.file, Some(Place::of(self.text, at)), name, false));
        }
    }

    fn remark(&mut self, at: At, said: &Said, name: &str) {
        if self.remarks.len() < MOST_FAULTS {
            let remark = said.of(self.file, Some(Place::of(self.text, at)), name, true);
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
    }
}

/// The child elements of XML Schema.
fn elements<'a, 'd: 'a>(node: Node<'a, 'd>) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(|child| child.tag_name().namespace() == Some(XS))
}

/// A name without its prefix.
fn local(name: &str) -> Option<&str> {
    name.trim().rsplit(':').next()
}

/// Title and description, from an annotation's documentation. Words in one language are a title in it;
/// words that name no language are a title, when they are short and no other title is there.
fn documented(node: Node<'_, '_>) -> (Option<Bilingual>, Option<String>) {
    let (mut vi, mut en, mut other) = (None, None, None);
    let annotations = elements(node).filter(|child| child.tag_name().name() == "annotation");
    for said in annotations.flat_map(elements).filter(|child| child.tag_name().name() == "documentation") {
        let text: String =
            said.descendants().filter_map(|part| part.is_text().then(|| part.text())?).collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            continue;
        }
        let language = said.attribute(("http://www.w3.org/XML/1998/namespace", "lang")).unwrap_or_default();
        let place = match language.get(..2) {
            Some("vi") => &mut vi,
            Some("en") => &mut en,
            _ => &mut other,
        };
        place.get_or_insert(text);
    }
    if vi.is_none()
        && en.is_none()
        && other.as_ref().is_some_and(|text| text.chars().count() <= LONGEST_TITLE)
    {
        vi = other.take();
    }
    let title = (vi.is_some() || en.is_some())
        .then(|| Bilingual::new(vi.unwrap_or_default(), en.unwrap_or_default()));
    (title, other)
}
