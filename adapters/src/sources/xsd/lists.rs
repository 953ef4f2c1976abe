//! Lists: elements that repeat, with and without an element around them, and whether their items differ.

use roxmltree::Node;
use serde_json::{Map, Value, json};

use super::{Reader, elements, local, place, said};

impl<'d> Reader<'_, 'd> {
    /// `xs:unique` on the items of a list says `uniqueItems`; other such rules have no place.
    pub(super) fn unique(&mut self, element: Node<'d, 'd>, schema: &mut Map<String, Value>) {
        for rule in
            elements(element).filter(|child| matches!(child.tag_name().name(), "unique" | "key" | "keyref"))
        {
            let said_by = |name: &str| {
                elements(rule)
                    .filter(|child| child.tag_name().name() == name)
                    .filter_map(|child| child.attribute("xpath"))
                    .filter_map(|path| local(path.trim_start_matches('@')))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            let (selected, parts) = (said_by("selector"), said_by("field"));
            let held = match (rule.tag_name().name(), &*selected) {
                ("unique", [item]) => list_of(schema, item).filter(|list| is_whole(list, &parts)),
                _ => None,
            };
            match held {
                Some(list) => drop(list.insert("uniqueItems".to_owned(), json!(true))),
                None => {
                    let name = format!("xs:{}", rule.tag_name().name());
                    self.fault(place(&rule), &said::KEY, &name);
                }
            }
        }
    }
}

/// The list whose items are elements called `item`, of a record or of the schema itself.
fn list_of<'m>(schema: &'m mut Map<String, Value>, item: &str) -> Option<&'m mut Map<String, Value>> {
    let named = schema.get("items").and_then(|items| items.get("xml")).and_then(|xml| xml.get("name"));
    if named.is_some_and(|name| name == item) {
        return Some(schema);
    }
    let list = schema.get_mut("properties")?.get_mut(item)?.as_object_mut()?;
    (list.get("type")? == "array").then_some(list)
}

/// Whether `parts` are all there is of an item.
fn is_whole(list: &Map<String, Value>, parts: &[String]) -> bool {
    let items = list.get("items");
    match items.and_then(|items| items.get("properties")).and_then(Value::as_object) {
        None => parts == ["."],
        Some(fields) => fields.iter().all(|(name, field)| {
            let is_text =
                field.get("xml").and_then(|xml| xml.get("nodeType")).is_some_and(|kind| kind == "text");
            parts.iter().any(|part| part == if is_text { "." } else { name })
        }),
    }
}

/// A record that holds one repeating element and nothing else, as the list that it is.
pub(super) fn as_list(schema: Map<String, Value>) -> Map<String, Value> {
    let only = schema.get("properties").and_then(Value::as_object).filter(|fields| fields.len() == 1);
    let Some((name, list)) = only.and_then(|fields| fields.iter().next()) else { return schema };
    let unwrapped = list.get("xml").and_then(|xml| xml.get("nodeType")).is_some_and(|kind| kind == "none");
    let Some(list) = list.as_object().filter(|_| unwrapped) else { return schema };
    let always = schema.get("required").is_some();
    let mut made = list.clone();
    made.shift_remove("xml");
    // Those of the element around, which a list has not: the items are named by their own.
    made.shift_remove("x-title");
    made.shift_remove("description");
    if !always {
        made.shift_remove("minItems");
    }
    if let Some(items) = made.get_mut("items").and_then(Value::as_object_mut) {
        items.insert("xml".to_owned(), json!({ "name": name }));
    }
    made
}
