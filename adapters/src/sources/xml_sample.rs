//! A sample in XML: one record, or an element that holds several of the same name.
//!
//! Elements are fields, in their order; attributes are fields too. An element that repeats is a list; so is
//! one that holds nothing but elements of one name, two of them somewhere in the samples or one that is
//! called `Muc`. Text beside attributes is a field of its own, [`TEXT`]. What stands in other namespaces,
//! GML among it, is not guessed at.

use std::path::Path;

use contracts::{
    Fault, Place,
    draft::{self, Look, Member, Sample, Source},
};
use roxmltree::Node;

use super::{Said, parsed};

/// What the text of an element with attributes is called.
const TEXT: &str = "NoiDung";
/// How the catalog calls the items of a list.
const ITEM: &str = "Muc";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Members of one record that are gathered.
const MOST_MEMBERS: usize = 1_000;
/// Records that are looked at: more say nothing new.
const MOST_RECORDS: usize = 500;

/// Reads an XML document as sample records.
///
/// # Errors
/// It is not XML, holds what a contract cannot, or the samples contradict each other.
pub fn of_xml_sample<'s>(file: &'s Path, text: &'s str) -> Result<Source<'s>, Vec<Fault>> {
    let document = parsed(file, text)?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let mut reader = Reader { file, text, namespace, faults: Vec::new() };
    let children: Vec<Node<'_, '_>> = root.children().filter(Node::is_element).collect();
    let alike =
        children.windows(2).all(|pair| matches!(pair, [one, other] if one.tag_name() == other.tag_name()));
    // Records hold something; a lone child that does is the only record of a list, by its name.
    let holds =
        |node: &Node<'_, '_>| node.children().any(|child| child.is_element()) || node.attributes().len() > 0;
    let lists = root.tag_name().name().starts_with("DanhSach") || children.len() > 1;
    let is_list = alike && lists && children.first().is_some_and(holds);
    let records: Vec<Node<'_, '_>> = if is_list { children } else { vec![root] };
    let name = records.first().map(|record| record.tag_name().name().to_owned());
    let samples: Vec<Sample> =
        records.iter().take(MOST_RECORDS).map(|record| reader.value(*record)).collect();
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let source = draft::of_samples(file, samples)?;
    Ok(Source {
        record: name,
        collection: is_list.then(|| root.tag_name().name().to_owned()),
        namespace: Some(namespace.to_owned()).filter(|namespace| namespace.contains(':')),
        ..source
    })
}

struct Reader<'t> {
    file: &'t Path,
    text: &'t str,
    namespace: &'t str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    // As deep as the document, which is bounded.
    fn value(&mut self, node: Node<'_, '_>) -> Sample {
        if node.attribute((XSI, "nil")).is_some_and(|nil| nil == "true" || nil == "1") {
            return Sample::Null;
        }
        let mut members = Vec::new();
        for attribute in node.attributes() {
            match attribute.namespace() {
                None => members.push(Member {
                    name: attribute.name().to_owned(),
                    value: Sample::Text(Look::of_written(attribute.value())),
                    place: Some(self.place(&node)),
                    node: Some("attribute"),
                }),
                Some(XSI) => {}
                Some(_) => self.fault(&node, &FOREIGN, attribute.name()),
            }
        }
        let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
        let text: String =
            node.children().filter_map(|child| child.is_text().then(|| child.text())?).collect();
        if children.is_empty() {
            let text = text.as_str();
            if members.is_empty() {
                return if text.is_empty() { Sample::Empty } else { Sample::Text(Look::of_written(text)) };
            }
            if !text.is_empty() {
                let value = Sample::Text(Look::of_written(text));
                members.push(Member {
                    name: TEXT.to_owned(),
                    value,
                    place: Some(self.place(&node)),
                    node: Some("text"),
                });
            }
            return Sample::Record(members);
        }
        if !text.trim().is_empty() {
            self.fault(&node, &MIXED, node.tag_name().name());
        }
        let first = children.first().map(|child| child.tag_name().name()).unwrap_or_default();
        let alike = children.iter().all(|child| child.tag_name().name() == first);
        if members.is_empty()
            && alike
            && (children.len() > 1 || first == ITEM)
            && node.parent_element().is_some()
        {
            let items = children.iter().map(|child| (self.child(*child), Some(self.place(child)))).collect();
            return Sample::List { items, item_name: Some(first.to_owned()), wrapped: true };
        }
        for child in children {
            let name = child.tag_name().name();
            let (value, place) = (self.child(child), self.place(&child));
            let known = members.iter().position(|member| member.name == name);
            let Some(known) = known else {
                // Who counts the members refuses so many; here they are only no longer compared.
                if members.len() > MOST_MEMBERS {
                    break;
                }
                members.push(Member { name: name.to_owned(), value, place: Some(place), node: None });
                continue;
            };
            match members.get_mut(known) {
                Some(Member { node: Some(_), .. }) | None => self.fault(&child, &TWICE, name),
                Some(Member { value: Sample::List { items, wrapped: false, .. }, .. }) => {
                    items.push((value, Some(place)));
                }
                Some(member) => {
                    let first = std::mem::replace(&mut member.value, Sample::Null);
                    let items = vec![(first, member.place), (value, Some(place))];
                    member.value = Sample::List { items, item_name: None, wrapped: false };
                }
            }
        }
        Sample::Record(members)
    }

    fn child(&mut self, node: Node<'_, '_>) -> Sample {
        if node.tag_name().namespace().unwrap_or_default() != self.namespace {
            self.fault(&node, &FOREIGN, node.tag_name().name());
            return Sample::Null;
        }
        self.value(node)
    }

    fn place(&self, node: &Node<'_, '_>) -> Place {
        Place::of(self.text, node.range().start)
    }

    fn fault(&mut self, node: &Node<'_, '_>, said: &Said, name: &str) {
        let fault = said.of(self.file, Some(self.place(node)), name, false);
        // The same in every record is said once.
        if self.faults.len() < 100 && !self.faults.iter().any(|known| known.message == fault.message) {
            self.faults.push(fault);
        }
    }
}

const FOREIGN: Said = Said {
    rule: "foreign-namespace",
    message: ["`{}` thuộc một không gian tên khác", "`{}` is in another namespace"],
    remedy: [
        "Bỏ khỏi mẫu; với hình học GML, thêm trường có `x-geometry` vào `schema.json`.",
        "Take it out of the sample; for a geometry in GML, add a field with `x-geometry` to `schema.json`.",
    ],
};

const MIXED: Said = Said {
    rule: "mixed-content",
    message: ["`{}` có văn bản xen giữa các phần tử", "`{}` has text between its elements"],
    remedy: ["Đưa văn bản vào một phần tử riêng.", "Give the text an element of its own."],
};

const TWICE: Said = Said {
    rule: "element-twice",
    message: ["`{}` vừa là thuộc tính vừa là phần tử", "`{}` is both an attribute and an element"],
    remedy: ["Đổi tên một trong hai.", "Rename one of the two."],
};
