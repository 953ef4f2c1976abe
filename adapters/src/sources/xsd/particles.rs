//! Complex types: sequences, choices, groups and attributes, as the fields of a record.

use roxmltree::Node;
use serde_json::{Map, Value, json};

use super::{
    At, MOST_FIELDS, Named, Reader, digits::number, documented, elements, lists::as_list, local, place, said,
};

/// What the text of an element with attributes is called.
const TEXT: &str = "NoiDung";

/// Whether a namespace is GML's, of any version.
fn is_gml(namespace: Option<&str>) -> bool {
    namespace.is_some_and(|namespace| namespace.starts_with("http://www.opengis.net/gml"))
}

/// The fields of one record.
#[derive(Default)]
struct Fields {
    properties: Map<String, Value>,
    required: Vec<String>,
    /// Rules between them.
    rules: Map<String, Value>,
}

impl Fields {
    fn into_schema(self) -> Map<String, Value> {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("additionalProperties".to_owned(), json!(false));
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        schema.insert("properties".to_owned(), Value::Object(self.properties));
        schema.extend(self.rules);
        schema
    }
}

impl<'d> Reader<'_, 'd> {
    /// What an element holds, as a schema; `pointer` is where that will stand.
    pub(super) fn content(&mut self, element: Node<'d, 'd>, pointer: &str) -> Option<Map<String, Value>> {
        self.places.insert(pointer.to_owned(), place(&element));
        if element.attribute("abstract") == Some("true") || element.has_attribute("substitutionGroup") {
            self.fault(place(&element), &said::ABSTRACT, element.attribute("name").unwrap_or_default());
            return None;
        }
        let inner =
            elements(element).find(|child| matches!(child.tag_name().name(), "simpleType" | "complexType"));
        let kind = match (inner, element.attribute("type")) {
            (Some(inner), _) => inner,
            (None, Some(name)) => match self.named(name, element)? {
                Named::Builtin(name) => {
                    let simple = self.builtin(&name, element)?;
                    return self.leaf(simple, place(&element));
                }
                Named::Own(name) => match self.types.get(name.as_str()) {
                    Some(found) => *found,
                    None => {
                        self.fault(place(&element), &said::UNKNOWN, &name);
                        return None;
                    }
                },
            },
            (None, None) => {
                self.fault(place(&element), &said::NO_TYPE, element.attribute("name").unwrap_or_default());
                return None;
            }
        };
        if kind.tag_name().name() == "simpleType" {
            let simple = self.simple(kind)?;
            return self.leaf(simple, place(&element));
        }
        if let Some(geometry) = self.geometry(kind, element) {
            return Some(geometry);
        }
        let mut fields = Fields::default();
        self.complex_type(kind, &mut fields, pointer)?;
        if fields.properties.is_empty() {
            self.fault(place(&element), &said::EMPTY, element.attribute("name").unwrap_or_default());
            return None;
        }
        Some(fields.into_schema())
    }

    /// A complex type that holds one element of GML, whichever.
    fn geometry(&mut self, kind: Node<'d, 'd>, element: Node<'d, 'd>) -> Option<Map<String, Value>> {
        let mut parts = elements(kind).filter(|part| part.tag_name().name() != "annotation");
        let sequence = parts.next().filter(|part| part.tag_name().name() == "sequence")?;
        let mut inside = elements(sequence);
        let any = inside.next().filter(|any| any.tag_name().name() == "any")?;
        let mut spaces = any.attribute("namespace")?.split_ascii_whitespace().peekable();
        let alone = parts.next().is_none() && inside.next().is_none() && spaces.peek().is_some();
        if !alone || !spaces.all(|space| is_gml(Some(space))) {
            return None;
        }
        self.remark(place(&element), &said::GEOMETRY, element.attribute("name").unwrap_or_default());
        let schema = json!({ "type": "object", "x-geometry": {
            "types": ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"],
            "crs": ["CRS84"], "box": [101, 6, 118, 24] } });
        schema.as_object().cloned()
    }

    fn complex_type(&mut self, kind: Node<'d, 'd>, fields: &mut Fields, pointer: &str) -> Option<()> {
        let entered = self.enter(kind)?;
        let done = self.complex_parts(kind, fields, pointer);
        self.leave(entered);
        done
    }

    fn complex_parts(&mut self, kind: Node<'d, 'd>, fields: &mut Fields, pointer: &str) -> Option<()> {
        if kind.attribute("mixed") == Some("true") {
            self.fault(place(&kind), &said::MIXED, "");
            return None;
        }
        if kind.attribute("abstract") == Some("true") {
            self.fault(place(&kind), &said::ABSTRACT, kind.attribute("name").unwrap_or_default());
            return None;
        }
        let mut sound = true;
        for part in elements(kind) {
            let done = match part.tag_name().name() {
                "annotation" => Some(()),
                "simpleContent" => self.simple_content(part, fields, pointer),
                "complexContent" => self.complex_content(part, fields, pointer),
                _ => self.part(part, fields, pointer, false),
            };
            sound &= done.is_some();
        }
        sound.then_some(())
    }

    /// A text with attributes.
    fn simple_content(&mut self, content: Node<'d, 'd>, fields: &mut Fields, pointer: &str) -> Option<()> {
        for derived in elements(content) {
            let simple = match derived.tag_name().name() {
                "extension" => self.simple_named(derived.attribute("base")?, derived)?,
                "restriction" => self.restricted(derived)?,
                _ => continue,
            };
            // Attributes that the base has stay.
            let base =
                derived.attribute("base").and_then(local).and_then(|name| self.types.get(name).copied());
            if let Some(base) = base.filter(|base| base.tag_name().name() == "complexType") {
                let entered = self.enter(base)?;
                let inherited = elements(base)
                    .filter(|child| child.tag_name().name() == "simpleContent")
                    .flat_map(elements)
                    .flat_map(elements)
                    .filter(|part| part.tag_name().name().starts_with("attribute"));
                for part in inherited.collect::<Vec<_>>() {
                    self.part(part, fields, pointer, false)?;
                }
                self.leave(entered);
            }
            for part in elements(derived).filter(|part| part.tag_name().name().starts_with("attribute")) {
                // A restriction says some of them anew.
                if let Some(name) = part.attribute("name") {
                    fields.properties.shift_remove(name);
                    fields.required.retain(|known| known != name);
                }
                self.part(part, fields, pointer, false)?;
            }
            let mut leaf = self.leaf(simple, place(&derived))?;
            leaf.insert("xml".to_owned(), json!({ "nodeType": "text" }));
            self.add(TEXT, Value::Object(leaf), true, place(&derived), fields, pointer)?;
        }
        Some(())
    }

    fn complex_content(&mut self, content: Node<'d, 'd>, fields: &mut Fields, pointer: &str) -> Option<()> {
        for derived in elements(content) {
            if content.attribute("mixed") == Some("true") {
                self.fault(place(&content), &said::MIXED, "");
                return None;
            }
            let extends = match derived.tag_name().name() {
                "extension" => true,
                "restriction" => false,
                _ => continue,
            };
            let base = match self.named(derived.attribute("base")?, derived)? {
                Named::Own(name) => self.types.get(name.as_str()).copied(),
                Named::Builtin(_) => None,
            };
            match base {
                // What is extended stands first. An abstract type may be, by one that is not.
                Some(base) if extends => {
                    let entered = self.enter(base)?;
                    let mut sound = true;
                    for part in elements(base) {
                        sound &= match part.tag_name().name() {
                            "annotation" => true,
                            "complexContent" => self.complex_content(part, fields, pointer).is_some(),
                            _ => self.part(part, fields, pointer, false).is_some(),
                        };
                    }
                    self.leave(entered);
                    sound.then_some(())?;
                }
                None if derived.attribute("base").and_then(local) != Some("anyType") => {
                    self.fault(
                        place(&derived),
                        &said::UNKNOWN,
                        derived.attribute("base").unwrap_or_default(),
                    );
                    return None;
                }
                _ => {}
            }
            for part in elements(derived).filter(|part| part.tag_name().name() != "annotation") {
                self.part(part, fields, pointer, false)?;
            }
        }
        Some(())
    }

    /// A particle or an attribute; all of it may be missing when `optional`.
    fn part(&mut self, part: Node<'d, 'd>, fields: &mut Fields, pointer: &str, optional: bool) -> Option<()> {
        let entered = self.enter(part)?;
        let done = match part.tag_name().name() {
            "element" => self.element(part, fields, pointer, optional).map(drop),
            "sequence" | "all" => self.sequence(part, fields, pointer, optional),
            "choice" => self.choice(part, fields, pointer, optional),
            "attribute" => self.attribute(part, fields, pointer),
            "group" => self.group(part, fields, pointer, optional),
            "attributeGroup" => {
                let known =
                    self.attribute_groups.get(part.attribute("ref").and_then(local).unwrap_or_default());
                match known.copied() {
                    Some(group) => self.each_part(group, fields, pointer, false),
                    None => self.missing(part),
                }
            }
            "annotation" => Some(()),
            // `gml:id` and its like name a feature within one document; they say nothing of the record.
            "anyAttribute" if is_gml(part.attribute("namespace")) => Some(()),
            name @ ("any" | "anyAttribute") => {
                self.fault(place(&part), &said::ANY, &format!("xs:{name}"));
                None
            }
            other => {
                self.fault(place(&part), &said::NEWER, &format!("xs:{other}"));
                None
            }
        };
        self.leave(entered);
        done
    }

    fn missing(&mut self, part: Node<'d, 'd>) -> Option<()> {
        self.fault(place(&part), &said::UNKNOWN, part.attribute("ref").unwrap_or_default());
        None
    }

    fn each_part(
        &mut self,
        of: Node<'d, 'd>,
        fields: &mut Fields,
        pointer: &str,
        optional: bool,
    ) -> Option<()> {
        let mut sound = true;
        for part in elements(of) {
            sound &= self.part(part, fields, pointer, optional).is_some();
        }
        sound.then_some(())
    }

    fn group(
        &mut self,
        part: Node<'d, 'd>,
        fields: &mut Fields,
        pointer: &str,
        optional: bool,
    ) -> Option<()> {
        let known = self.groups.get(part.attribute("ref").and_then(local).unwrap_or_default()).copied();
        let Some(group) = known else { return self.missing(part) };
        let (least, most) = self.occurs(part)?;
        if most != Some(1) {
            self.fault(place(&part), &said::REPEATED_GROUP, "");
            return None;
        }
        self.each_part(group, fields, pointer, optional || least == 0)
    }

    fn sequence(
        &mut self,
        part: Node<'d, 'd>,
        fields: &mut Fields,
        pointer: &str,
        optional: bool,
    ) -> Option<()> {
        let (least, most) = self.occurs(part)?;
        if most != Some(1) {
            self.fault(place(&part), &said::REPEATED_GROUP, "");
            return None;
        }
        if part.tag_name().name() == "all" && elements(part).count() > 1 {
            self.remark(place(&part), &said::ANY_ORDER, "");
        }
        let missing = optional || least == 0;
        if !missing {
            return self.each_part(part, fields, pointer, false);
        }
        // All of it or nothing: each asks for those that are always there together.
        let (before, asked) = (fields.properties.len(), fields.required.len());
        self.each_part(part, fields, pointer, false)?;
        let together = fields.required.split_off(asked);
        let names: Vec<String> = fields.properties.keys().skip(before).cloned().collect();
        if names.len() > 1 && !together.is_empty() {
            let known = fields.rules.entry("dependentRequired").or_insert_with(|| json!({}));
            for name in &names {
                let others: Vec<&String> = together.iter().filter(|other| *other != name).collect();
                if let (false, Some(known)) = (others.is_empty(), known.as_object_mut()) {
                    known.insert(name.clone(), json!(others));
                }
            }
        }
        Some(())
    }

    /// One of several elements.
    fn choice(
        &mut self,
        part: Node<'d, 'd>,
        fields: &mut Fields,
        pointer: &str,
        optional: bool,
    ) -> Option<()> {
        let (least, most) = self.occurs(part)?;
        let branches: Vec<Node<'d, 'd>> =
            elements(part).filter(|child| child.tag_name().name() != "annotation").collect();
        if let [only] = *branches {
            return self.part(only, fields, pointer, optional || least == 0);
        }
        if most != Some(1) {
            self.fault(place(&part), &said::REPEATED_GROUP, "");
            return None;
        }
        let mut may_be_none = optional || least == 0;
        let mut alternatives = Vec::new();
        for branch in branches {
            if branch.tag_name().name() != "element" {
                self.fault(place(&branch), &said::CHOICE_OF_GROUPS, "");
                return None;
            }
            may_be_none |= self.occurs(branch)?.0 == 0;
            if let Some(name) = self.element(branch, fields, pointer, true)? {
                alternatives.push(json!({ "required": [name] }));
            }
        }
        if may_be_none {
            alternatives.push(json!({ "not": { "anyOf": alternatives.clone() } }));
        }
        let rule = json!({ "oneOf": alternatives });
        match fields.rules.get_mut("allOf").and_then(Value::as_array_mut) {
            Some(rules) => rules.push(rule),
            None => drop(fields.rules.insert("allOf".to_owned(), json!([rule]))),
        }
        Some(())
    }

    /// An element among others; its name, unless it never occurs.
    fn element(
        &mut self,
        part: Node<'d, 'd>,
        fields: &mut Fields,
        pointer: &str,
        optional: bool,
    ) -> Option<Option<String>> {
        let (least, most) = self.occurs(part)?;
        if most == Some(0) {
            return Some(None);
        }
        let element = match part.attribute("ref") {
            None => part,
            Some(name) => match self.named(name, part)? {
                Named::Own(name) if self.elements.contains_key(name.as_str()) => {
                    *self.elements.get(name.as_str())?
                }
                Named::Own(name) | Named::Builtin(name) => {
                    self.fault(place(&part), &said::UNKNOWN, &name);
                    return None;
                }
            },
        };
        let name = element.attribute("name")?.to_owned();
        let at = format!("{pointer}/properties/{name}");
        self.places.insert(at.clone(), place(&part));
        let repeats = most != Some(1);
        let held = if repeats { format!("{at}/items") } else { at.clone() };
        let entered = if element == part { None } else { Some(self.enter(element)?) };
        let content = self.content(element, &held);
        entered.into_iter().for_each(|entered| self.leave(entered));
        let mut schema = content?;
        if !repeats {
            schema = as_list(schema);
        }
        self.unique(element, &mut schema);
        self.fixed(element, &mut schema)?;
        if element.attribute("nillable") == Some("true") {
            let kind = schema.get("type").cloned().unwrap_or_default();
            schema.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                values.push(Value::Null);
            }
        }
        if repeats {
            let mut list = Map::new();
            list.insert("type".to_owned(), json!("array"));
            list.insert("minItems".to_owned(), json!(least.max(1)));
            most.into_iter().for_each(|most| drop(list.insert("maxItems".to_owned(), json!(most))));
            list.insert("items".to_owned(), Value::Object(schema));
            list.insert("xml".to_owned(), json!({ "nodeType": "none" }));
            schema = list;
        }
        let own = documented(part);
        let (title, description) = if own.0.is_some() || element == part { own } else { documented(element) };
        if let Some(description) = description {
            schema.insert("description".to_owned(), Value::String(description));
        }
        if let Some(title) = title {
            schema.insert("x-title".to_owned(), json!({ "vi": title.vi, "en": title.en }));
        }
        self.add(&name, Value::Object(schema), least > 0 && !optional, place(&part), fields, pointer)?;
        Some(Some(name))
    }

    fn attribute(&mut self, part: Node<'d, 'd>, fields: &mut Fields, pointer: &str) -> Option<()> {
        let usage = part.attribute("use").unwrap_or("optional");
        if usage == "prohibited" {
            return Some(());
        }
        let attribute = match part.attribute("ref") {
            None => part,
            Some(name) => {
                if name.starts_with("xml:") || !self.target.is_empty() {
                    self.fault(place(&part), &said::QUALIFIED_ATTRIBUTE, name);
                    return None;
                }
                match local(name).and_then(|name| self.attributes.get(name)) {
                    Some(found) => *found,
                    None => return self.missing(part),
                }
            }
        };
        let name = attribute.attribute("name")?;
        let schema = part.document().root_element();
        let form = attribute.attribute("form").or_else(|| schema.attribute("attributeFormDefault"));
        if form == Some("qualified") && !self.target.is_empty() {
            self.fault(place(&part), &said::QUALIFIED_ATTRIBUTE, name);
            return None;
        }
        let inner = elements(attribute).find(|child| child.tag_name().name() == "simpleType");
        let simple = match (inner, attribute.attribute("type")) {
            (Some(inner), _) => self.simple(inner)?,
            (None, Some(kind)) => self.simple_named(kind, attribute)?,
            (None, None) => {
                self.fault(place(&part), &said::NO_TYPE, name);
                return None;
            }
        };
        let mut leaf = self.leaf(simple, place(&part))?;
        self.fixed(attribute, &mut leaf)?;
        leaf.insert("xml".to_owned(), json!({ "nodeType": "attribute" }));
        if let (Some(title), description) = documented(attribute) {
            leaf.insert("x-title".to_owned(), json!({ "vi": title.vi, "en": title.en }));
            description.into_iter().for_each(|text| drop(leaf.insert("description".to_owned(), json!(text))));
        }
        self.add(name, Value::Object(leaf), usage == "required", place(&part), fields, pointer)
    }

    /// A fixed value; a default is the source's alone.
    fn fixed(&mut self, node: Node<'d, 'd>, schema: &mut Map<String, Value>) -> Option<()> {
        if node.has_attribute("default") {
            self.remark(place(&node), &said::DEFAULT, node.attribute("name").unwrap_or_default());
        }
        let Some(fixed) = node.attribute("fixed") else { return Some(()) };
        let value = match schema.get("type").and_then(Value::as_str) {
            Some("integer" | "number") => number(fixed),
            Some("boolean") => match fixed.trim() {
                "true" | "1" => Some(json!(true)),
                "false" | "0" => Some(json!(false)),
                _ => None,
            },
            Some("string") => Some(json!(fixed)),
            _ => None,
        };
        match value {
            Some(value) => {
                schema.insert("const".to_owned(), value);
                Some(())
            }
            None => {
                self.fault(place(&node), &said::FACET, "fixed");
                None
            }
        }
    }

    fn add(
        &mut self,
        name: &str,
        schema: Value,
        required: bool,
        at: At,
        fields: &mut Fields,
        pointer: &str,
    ) -> Option<()> {
        self.fields += 1;
        if self.fields > MOST_FIELDS {
            if self.fields == MOST_FIELDS + 1 {
                self.fault(at, &said::TOO_MANY, "");
            }
            return None;
        }
        if fields.properties.contains_key(name) {
            self.fault(at, &said::TWICE, name);
            return None;
        }
        self.places.entry(format!("{pointer}/properties/{name}")).or_insert(at);
        fields.properties.insert(name.to_owned(), schema);
        if required {
            fields.required.push(name.to_owned());
        }
        Some(())
    }

    /// How often a particle occurs: at least, and at most unless there is no bound.
    fn occurs(&mut self, node: Node<'d, 'd>) -> Option<(u64, Option<u64>)> {
        let number = |name: &str| node.attribute(name).map_or(Some(1), |text| text.trim().parse().ok());
        let most = match node.attribute("maxOccurs") {
            Some("unbounded") => Some(None),
            _ => number("maxOccurs").map(Some),
        };
        match (number("minOccurs"), most) {
            (Some(least), Some(most)) => Some((least, most)),
            _ => {
                self.fault(place(&node), &said::NUMBER, "minOccurs, maxOccurs");
                None
            }
        }
    }
}
