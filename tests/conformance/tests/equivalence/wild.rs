//! Documents as other software writes them: the same tree in forms that our writers never choose.
//!
//! A second writer, independent of the one it tests.

use contracts::{Document, Field, Form, NodeKind, Number, RecordShape, Shape};
use unicode_normalization::UnicodeNormalization;

use super::Chance;

/// How far a wild writer goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wildness {
    /// Only what Canonical XML takes for the same document.
    Canonical,
    /// What XML Schema takes for the same values too: prefixes, white space and comments where they say
    /// nothing, other notations of numbers.
    Valid,
    /// And text in NFD.
    Decomposed,
}

/// A record as XML. `plain` is the same as our writer has it: geometries are taken from there.
pub fn xml(
    document: &Document<'_>,
    shape: &Shape,
    plain: &str,
    wildness: Wildness,
    chance: &mut Chance,
) -> Vec<u8> {
    let parsed = roxmltree::Document::parse(plain).unwrap();
    let is_gml = |node: &roxmltree::Node<'_, '_>| {
        node.tag_name().namespace().is_some_and(|space| space.starts_with("http://www.opengis.net/gml"))
    };
    let geometries = parsed
        .descendants()
        .filter(|node| {
            node.is_element() && is_gml(node) && !node.parent().is_some_and(|above| is_gml(&above))
        })
        .map(|node| plain[node.range()].to_owned())
        .collect();
    let prefix = match (wildness, chance.below(2)) {
        (Wildness::Canonical, _) | (_, 0) => "",
        _ => "tt:",
    };
    let mut writer = Wild { out: String::new(), prefix, wildness, geometries, used: 0, chance };
    writer.prologue();
    let own = if prefix.is_empty() { "xmlns" } else { "xmlns:tt" };
    let mut declared = vec![(own.to_owned(), shape.namespace.clone())];
    for (name, namespace) in
        [("xsi", "http://www.w3.org/2001/XMLSchema-instance"), ("gml", "http://www.opengis.net/gml/3.2")]
    {
        if plain.contains(&format!("xmlns:{name}=")) {
            declared.push((format!("xmlns:{name}"), namespace.to_owned()));
        }
    }
    writer.record(&shape.record, document, &shape.root, declared);
    if writer.is_free() && writer.chance.once_in(2) {
        writer.out.push_str("\n<!-- hết -->\n");
    }
    writer.out.into_bytes()
}

struct Wild<'c> {
    out: String,
    prefix: &'static str,
    wildness: Wildness,
    geometries: Vec<String>,
    used: usize,
    chance: &'c mut Chance,
}

impl Wild<'_> {
    fn is_free(&self) -> bool {
        self.wildness != Wildness::Canonical
    }

    fn prologue(&mut self) {
        match self.chance.below(4) {
            0 => {}
            1 => self.out.push_str("\u{FEFF}<?xml version='1.0'?>"),
            2 => self.out.push_str("<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n"),
            _ => self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n"),
        }
        if self.is_free() && self.chance.once_in(3) {
            self.out.push_str("<?xu-ly gì đó?><!-- đầu -->\n");
        }
    }

    /// What says nothing between elements.
    fn between(&mut self) {
        if self.is_free() {
            let nothing = ["", "", "\n  ", "\t", "\r\n", "<!-- a < b -->", " <?pi?> "];
            self.out.push_str(self.chance.pick(&nothing));
        }
    }

    fn start(&mut self, name: &str, mut attributes: Vec<(String, String)>) {
        self.out.push('<');
        self.out.push_str(self.prefix);
        self.out.push_str(name);
        while !attributes.is_empty() {
            let next = self.chance.below(u32::try_from(attributes.len()).unwrap()) as usize;
            let (name, value) = attributes.remove(next);
            let quote = self.chance.pick(&['"', '\'']);
            self.out.push_str(self.chance.pick(&[" ", "\n", " \t"]));
            self.out.push_str(&name);
            self.out.push_str(self.chance.pick(&["=", " =", "= \n"]));
            self.out.push(quote);
            for character in value.chars() {
                let must = matches!(character, '<' | '&' | '\t' | '\n' | '\r') || character == quote;
                self.character(character, must);
            }
            self.out.push(quote);
        }
    }

    fn end(&mut self, name: &str, is_empty: bool) {
        if is_empty && self.chance.once_in(2) {
            self.out.push_str("/>");
            return;
        }
        if is_empty {
            self.out.push('>');
        }
        self.out.push_str("</");
        self.out.push_str(self.prefix);
        self.out.push_str(name);
        self.out.push_str(self.chance.pick(&[">", " >"]));
    }

    fn record(
        &mut self,
        name: &str,
        document: &Document<'_>,
        shape: &RecordShape,
        mut attributes: Vec<(String, String)>,
    ) {
        let record = document.as_record().unwrap();
        let of = |kind: NodeKind| {
            let fields = shape.fields.iter().filter(move |field| field.xml.kind == kind);
            fields.filter_map(|field| Some((field, record.get(&field.name)?)))
        };
        for (field, value) in of(NodeKind::Attribute) {
            let value = self.leaf(value, &field.form);
            attributes.push((field.xml.name.clone(), value));
        }
        self.start(name, attributes);
        if let Some((field, value)) = of(NodeKind::Text).next() {
            let text = self.leaf(value, &field.form);
            self.text(name, &text);
            return;
        }
        let children: Vec<(&Field, &Document<'_>)> = of(NodeKind::Element).collect();
        if !children.is_empty() {
            self.out.push('>');
            for (field, value) in &children {
                self.between();
                self.field(field, value);
            }
            self.between();
        }
        self.end(name, children.is_empty());
    }

    fn field(&mut self, field: &Field, value: &Document<'_>) {
        let name = &field.xml.name;
        match (&field.form, value) {
            (Form::List(list), Document::List(items)) if list.wrapped => {
                self.start(name, Vec::new());
                if !items.is_empty() {
                    self.out.push('>');
                    for item in items {
                        self.between();
                        self.element(&list.item_name, &list.item, item);
                    }
                    self.between();
                }
                self.end(name, items.is_empty());
            }
            (Form::List(list), Document::List(items)) => {
                for item in items {
                    self.between();
                    self.element(name, &list.item, item);
                }
            }
            (form, value) => self.element(name, form, value),
        }
    }

    fn element(&mut self, name: &str, form: &Form, value: &Document<'_>) {
        match (form, value) {
            (_, Document::Null) => {
                let yes = if self.is_free() { self.chance.pick(&["true", "1", " true "]) } else { "true" };
                self.start(name, vec![("xsi:nil".to_owned(), yes.to_owned())]);
                self.end(name, true);
            }
            (Form::Record(shape), value) => self.record(name, value, shape, Vec::new()),
            (Form::Geometry(_), _) => {
                self.start(name, Vec::new());
                self.out.push('>');
                self.between();
                let geometry = self.geometries[self.used].clone();
                self.used += 1;
                self.out.push_str(&geometry);
                self.between();
                self.end(name, false);
            }
            (form, value) => {
                let text = self.leaf(value, form);
                self.start(name, Vec::new());
                self.text(name, &text);
            }
        }
    }

    /// The characters of a leaf, in any notation its type has.
    fn leaf(&mut self, value: &Document<'_>, form: &Form) -> String {
        let plain = match value {
            Document::Bool(value) => value.to_string(),
            Document::Number(number) => in_xml(number, form).as_str().to_owned(),
            Document::Text(text) if self.wildness == Wildness::Decomposed => return text.nfd().collect(),
            Document::Text(text) => return text.to_string(),
            _ => panic!("no leaf"),
        };
        if !self.is_free() {
            return plain;
        }
        let other = match (plain.as_str(), self.chance.below(4)) {
            ("true", 0) => "1".to_owned(),
            ("false", 0) => "0".to_owned(),
            (text, 1) if text.starts_with(|first: char| first.is_ascii_digit()) => format!("+00{text}"),
            (text, 2) => match text.strip_prefix('-') {
                Some(digits) if digits.starts_with(|first: char| first.is_ascii_digit()) => {
                    format!("-0{digits}")
                }
                _ => text.to_owned(),
            },
            _ => plain,
        };
        format!("{}{other}{}", self.chance.pick(&["", " ", "\n"]), self.chance.pick(&["", "\t ", "\n"]))
    }

    /// An element's text and its end.
    fn text(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            self.end(name, true);
            return;
        }
        self.out.push('>');
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at);
            let (few, after) = rest.split_at(end);
            if !few.contains([']', '\r']) && self.chance.once_in(6) {
                self.out.push_str(&format!("<![CDATA[{few}]]>"));
                rest = after;
                continue;
            }
            if self.is_free() && self.chance.once_in(12) {
                self.out.push_str("<!-- giữa -->");
            }
            match first {
                '\n' if self.chance.once_in(3) => self.out.push_str("\r\n"),
                _ => self.character(first, matches!(first, '<' | '&' | '>' | '\r')),
            }
            rest = &rest[first.len_utf8()..];
        }
        self.end(name, false);
    }

    fn character(&mut self, character: char, must: bool) {
        let named = match character {
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '&' => Some("&amp;"),
            '"' => Some("&quot;"),
            '\'' => Some("&apos;"),
            _ => None,
        };
        match (self.chance.below(if must { 3 } else { 12 }), named) {
            (0, Some(name)) => self.out.push_str(name),
            (0 | 1, _) => self.out.push_str(&format!("&#{};", u32::from(character))),
            (2, _) => self.out.push_str(&format!("&#x{:X};", u32::from(character))),
            _ => self.out.push(character),
        }
    }
}

/// A number as XML has it: without exponent, and an integer without point.
pub fn in_xml(number: &Number<'_>, form: &Form) -> Number<'static> {
    let plain = match form {
        Form::Number { integer: true } => number.plain_integer(),
        _ => number.plain(),
    };
    Number::new(plain.into_owned()).unwrap()
}

/// A document as JSON, the members of its records in any order.
pub fn json(document: &Document<'_>, decomposed: bool, chance: &mut Chance) -> Vec<u8> {
    let mut out = String::from(chance.pick(&["", "\u{FEFF}", " \n"]));
    value(document, decomposed, chance, &mut out);
    out.push_str(chance.pick(&["", "\r\n"]));
    out.into_bytes()
}

fn value(document: &Document<'_>, decomposed: bool, chance: &mut Chance, out: &mut String) {
    fn blank<'b>(chance: &mut Chance) -> &'b str {
        ["", "", " ", "\n\t", "\r\n"][chance.below(5) as usize]
    }
    match document {
        Document::Null => out.push_str("null"),
        Document::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Document::Number(number) => out.push_str(number.as_str()),
        Document::Text(text) => string(text, decomposed, chance, out),
        Document::List(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                out.push_str(blank(chance));
                value(item, decomposed, chance, out);
                out.push_str(blank(chance));
            }
            out.push(']');
        }
        Document::Record(record) => {
            out.push('{');
            let mut members: Vec<_> = record.iter().collect();
            let count = members.len();
            while !members.is_empty() {
                let next = chance.below(u32::try_from(members.len()).unwrap()) as usize;
                let (name, member) = members.remove(next);
                out.push_str(if members.len() + 1 < count { "," } else { "" });
                out.push_str(blank(chance));
                string(name, false, chance, out);
                out.push_str(blank(chance));
                out.push(':');
                out.push_str(blank(chance));
                value(member, decomposed, chance, out);
                out.push_str(blank(chance));
            }
            out.push('}');
        }
    }
}

fn string(text: &str, decomposed: bool, chance: &mut Chance, out: &mut String) {
    let text: String = if decomposed { text.nfd().collect() } else { text.to_owned() };
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '/' => Some("\\/"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            _ => None,
        };
        let must = matches!(character, '"' | '\\' | '\n' | '\r' | '\t');
        match (chance.below(if must { 2 } else { 9 }), short) {
            (0, Some(short)) => out.push_str(short),
            (0 | 1, _) => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
