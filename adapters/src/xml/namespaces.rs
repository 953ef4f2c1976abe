//! Names in XML and what their prefixes stand for (Namespaces in XML 1.0).

use std::borrow::Cow;

use crate::{text, unreadable::Rule};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Namespaces of one document, and declarations in force at one place. Both are searched one after the
/// other; real documents have under ten.
const MOST: usize = 64;

/// One namespace of a document, as cheap to compare as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space(usize);

impl Space {
    /// No namespace.
    pub const NONE: Self = Self(0);
    /// `xml:lang`, `xml:space` and the like.
    pub const XML: Self = Self(1);
    /// `xsi:nil` and the like.
    pub const XSI: Self = Self(2);
}

/// The namespaces of a document and the prefixes in force.
pub(super) struct Namespaces<'a> {
    names: Vec<Cow<'a, str>>,
    /// How many of `names` were there before the document was read.
    familiar: usize,
    bindings: Vec<Binding<'a>>,
    /// What no prefix stands for: asked for every element, told without a search.
    default: Space,
}

/// A declaration in force.
#[derive(Clone, Copy, Debug)]
struct Binding<'a> {
    /// How deep the element stands that declares it.
    depth: usize,
    prefix: &'a str,
    space: Space,
}

/// What a root puts in force for the parts of its document that are read one by one.
pub(crate) struct Scope {
    /// The root's name as written, which its end tag repeats.
    element: String,
    names: Vec<String>,
    familiar: usize,
    /// Prefixes and what they stand for.
    bindings: Vec<(String, Space)>,
}

/// How deep a root stands.
const ROOT: usize = 1;

impl Scope {
    /// The root's name as written.
    pub fn element(&self) -> &str {
        &self.element
    }
}

impl<'a> Namespaces<'a> {
    pub fn new() -> Self {
        let names = vec!["".into(), XML.into(), XSI.into()];
        Self { familiar: names.len(), names, bindings: Vec::new(), default: Space::NONE }
    }

    /// Those of a part of a document, inside the root that `scope` tells of.
    pub fn within(scope: &'a Scope) -> Self {
        let mut namespaces = Self {
            names: scope.names.iter().map(|name| Cow::Borrowed(name.as_str())).collect(),
            familiar: scope.familiar,
            bindings: scope
                .bindings
                .iter()
                .map(|(prefix, space)| Binding { depth: ROOT, prefix, space: *space })
                .collect(),
            default: Space::NONE,
        };
        namespaces.find_default();
        namespaces
    }

    /// What is in force at present, for the parts within the root `element`.
    pub fn scope(&self, element: &str) -> Scope {
        Scope {
            element: element.to_owned(),
            names: self.names.iter().map(|name| name.to_string()).collect(),
            familiar: self.familiar,
            bindings: self
                .bindings
                .iter()
                .map(|binding| (binding.prefix.to_owned(), binding.space))
                .collect(),
        }
    }

    /// Announces a namespace that the caller knows, before the document is read.
    pub fn announce(&mut self, name: &'a str) -> Space {
        let space = self.find(name).unwrap_or(Space(self.names.len()));
        if space.0 == self.names.len() {
            self.names.push(name.into());
        }
        self.familiar = self.names.len();
        space
    }

    /// The namespace of names without a prefix.
    pub fn default(&self) -> Space {
        self.default
    }

    /// Lets go of what the element at `depth` has declared.
    pub fn leave(&mut self, depth: usize) {
        let before = self.bindings.len();
        while self.bindings.last().is_some_and(|binding| binding.depth == depth) {
            self.bindings.pop();
        }
        if self.bindings.len() < before {
            self.find_default();
        }
    }

    /// Binds `prefix` (empty: the default) to the namespace `name` for the element at `depth`, counted
    /// from 1. Tells whether any writer would do so: at the root, for a namespace we know, under one
    /// prefix.
    pub fn bind(&mut self, depth: usize, prefix: &'a str, name: Cow<'a, str>) -> Result<bool, Rule> {
        if prefix == "xml" || name == XML {
            return if prefix == "xml" && name == XML { Ok(false) } else { Err(Rule::Namespace) };
        }
        if prefix == "xmlns" || name == XMLNS || (name.is_empty() && !prefix.is_empty()) {
            return Err(Rule::Namespace);
        }
        let mut own = self.bindings.iter().rev().take_while(|binding| binding.depth == depth);
        if own.any(|binding| binding.prefix == prefix) {
            return Err(Rule::NotWellFormed);
        }
        let space = self.find(&name).unwrap_or(Space(self.names.len()));
        if space.0 == self.names.len() {
            self.names.push(name);
        }
        if self.names.len() > MOST || self.bindings.len() >= MOST {
            return Err(Rule::Namespace);
        }
        let first = self.bindings.iter().all(|binding| binding.space != space);
        self.bindings.push(Binding { depth, prefix, space });
        if prefix.is_empty() {
            self.default = space;
        }
        Ok(first && depth == ROOT && space.0 < self.familiar)
    }

    /// What `prefix` stands for at present.
    pub fn resolve(&self, prefix: &str) -> Option<Space> {
        if prefix.is_empty() {
            return Some(self.default);
        }
        match self.bindings.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) => Some(binding.space),
            None if prefix == "xml" => Some(Space::XML),
            None => None,
        }
    }

    /// The bindings that the element at `depth`, the innermost, has from those around it: of each prefix
    /// the one in force, and none that it declares itself.
    pub fn inherited(&self, depth: usize) -> Vec<(&'a str, String)> {
        let mut found: Vec<(&'a str, String)> = Vec::new();
        let mut seen: Vec<&'a str> = Vec::new();
        for binding in self.bindings.iter().rev() {
            let known = seen.contains(&binding.prefix);
            seen.push(binding.prefix);
            if !known && binding.depth < depth {
                found.push((binding.prefix, self.name(binding.space).to_owned()));
            }
        }
        // An undeclared default needs no declaration to be undeclared.
        found.retain(|(_, name)| !name.is_empty());
        found
    }

    pub fn name(&self, space: Space) -> &str {
        self.names.get(space.0).map_or("", |name| name)
    }

    fn find_default(&mut self) {
        let default = self.bindings.iter().rev().find(|binding| binding.prefix.is_empty());
        self.default = default.map_or(Space::NONE, |binding| binding.space);
    }

    fn find(&self, name: &str) -> Option<Space> {
        self.names.iter().position(|known| known == name).map(Space)
    }
}

/// Prefix (empty when there is none) and local part of a qualified name; none when it is not one.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = text::cut(name, b':').unwrap_or(("", name));
    let prefixed = prefix.len() < name.len() - local.len();
    (is_name(local) && (!prefixed || is_name(prefix))).then_some((prefix, local))
}

/// Whether `text` is a name without a colon (an `NCName`).
pub(super) fn is_name(text: &str) -> bool {
    // Nearly every name is one of these, told without decoding characters.
    if let [b'A'..=b'Z' | b'a'..=b'z' | b'_', rest @ ..] = text.as_bytes()
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_names() {
        assert_eq!(split("MaSo"), Some(("", "MaSo")));
        assert_eq!(split("nv:MaSo"), Some(("nv", "MaSo")));
        assert_eq!(split("_Tên-1.2"), Some(("", "_Tên-1.2")));
        for wrong in ["", ":a", "a:", "a:b:c", "1a", "-a", "a<b", "a/", "a:1", "a\"b", "a=b"] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_flood_of_declarations_is_stopped() {
        let mut namespaces = Namespaces::new();
        let flood = (0..100).try_for_each(|index| {
            namespaces.bind(2, "", format!("urn:{index}").into())?;
            namespaces.leave(2);
            Ok(())
        });
        assert_eq!(flood, Err(Rule::Namespace));
    }

    #[test]
    fn reserved_prefixes_stay_reserved() {
        let mut namespaces = Namespaces::new();
        for (prefix, name) in
            [("xml", "urn:x"), ("a", XML), ("xmlns", "urn:x"), ("a", XMLNS), ("", XML), ("a", "")]
        {
            assert_eq!(namespaces.bind(1, prefix, name.into()), Err(Rule::Namespace), "{prefix} {name}");
        }
        assert_eq!(namespaces.bind(1, "xml", XML.into()), Ok(false));
        assert_eq!(namespaces.bind(1, "", "".into()), Ok(true));
        assert_eq!(namespaces.bind(1, "a", XSI.into()), Ok(true));
        assert_eq!(namespaces.bind(1, "b", XSI.into()), Ok(false));
        assert_eq!(namespaces.bind(1, "b", "urn:x".into()), Err(Rule::NotWellFormed));
        assert_eq!(namespaces.resolve("xml"), Some(Space::XML));
        assert_eq!(namespaces.resolve("b"), Some(Space::XSI));
        assert_eq!(namespaces.resolve("c"), None);
    }
}
