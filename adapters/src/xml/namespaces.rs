//! Names in XML and what their prefixes stand for (Namespaces in XML 1.0).

use std::borrow::Cow;

use crate::unreadable::Rule;

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
    bindings: Vec<(&'a str, Space)>,
    /// For each open element, how many bindings were in force outside it.
    outside: Vec<usize>,
}

impl<'a> Namespaces<'a> {
    pub fn new() -> Self {
        let names = vec!["".into(), XML.into(), XSI.into()];
        Self { familiar: names.len(), names, bindings: Vec::new(), outside: Vec::new() }
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

    /// Elements open at present.
    pub fn depth(&self) -> usize {
        self.outside.len()
    }

    pub fn enter(&mut self) {
        self.outside.push(self.bindings.len());
    }

    pub fn leave(&mut self) {
        let outside = self.outside.pop().unwrap_or_default();
        self.bindings.truncate(outside);
    }

    /// Binds `prefix` (empty: the default) to the namespace `name` for the element entered last. Tells
    /// whether any writer would do so: at the root, for a namespace we know, under one prefix.
    pub fn bind(&mut self, prefix: &'a str, name: Cow<'a, str>) -> Result<bool, Rule> {
        if prefix == "xml" || name == XML {
            return if prefix == "xml" && name == XML { Ok(false) } else { Err(Rule::Namespace) };
        }
        if prefix == "xmlns" || name == XMLNS || (name.is_empty() && !prefix.is_empty()) {
            return Err(Rule::Namespace);
        }
        let outside = self.outside.last().copied().unwrap_or_default();
        if self.bindings.iter().skip(outside).any(|(bound, _)| *bound == prefix) {
            return Err(Rule::NotWellFormed);
        }
        let space = self.find(&name).unwrap_or(Space(self.names.len()));
        if space.0 == self.names.len() {
            self.names.push(name);
        }
        if self.names.len() > MOST || self.bindings.len() >= MOST {
            return Err(Rule::Namespace);
        }
        let first = self.bindings.iter().all(|(_, bound)| *bound != space);
        self.bindings.push((prefix, space));
        Ok(first && self.outside.len() == 1 && space.0 < self.familiar)
    }

    /// What `prefix` stands for at present.
    pub fn resolve(&self, prefix: &str) -> Option<Space> {
        let mut bindings = self.bindings.iter().rev();
        // Asked for every element: told by its length, the default costs no comparison of nothing.
        if prefix.is_empty() {
            let default = bindings.find(|(bound, _)| bound.is_empty());
            return Some(default.map_or(Space::NONE, |(_, space)| *space));
        }
        match bindings.find(|(bound, _)| *bound == prefix) {
            Some((_, space)) => Some(*space),
            None if prefix == "xml" => Some(Space::XML),
            None => None,
        }
    }

    /// The bindings that the element entered last has from those around it: of each prefix the one in
    /// force, and none that it declares itself.
    pub fn inherited(&self) -> Vec<(&'a str, String)> {
        let outside = self.outside.last().copied().unwrap_or_default();
        let (around, own) = self.bindings.split_at_checked(outside).unwrap_or((&self.bindings, &[]));
        let mut found: Vec<(&'a str, String)> = Vec::new();
        for (prefix, space) in around.iter().rev() {
            let known = found.iter().any(|(known, _)| known == prefix);
            if !known && own.iter().all(|(declared, _)| declared != prefix) {
                found.push((prefix, self.name(*space).to_owned()));
            }
        }
        // An undeclared default needs no declaration to be undeclared.
        found.retain(|(_, name)| !name.is_empty());
        found
    }

    pub fn name(&self, space: Space) -> &str {
        self.names.get(space.0).map_or("", |name| name)
    }

    fn find(&self, name: &str) -> Option<Space> {
        self.names.iter().position(|known| known == name).map(Space)
    }
}

/// Prefix (empty when there is none) and local part of a qualified name; none when it is not one.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let prefixed = prefix.len() < name.len() - local.len();
    (is_name(local) && (!prefixed || is_name(prefix))).then_some((prefix, local))
}

/// Whether `text` is a name without a colon (an `NCName`).
pub(super) fn is_name(text: &str) -> bool {
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
            namespaces.enter();
            namespaces.bind("", format!("urn:{index}").into())?;
            namespaces.leave();
            Ok(())
        });
        assert_eq!(flood, Err(Rule::Namespace));
    }

    #[test]
    fn reserved_prefixes_stay_reserved() {
        let mut namespaces = Namespaces::new();
        namespaces.enter();
        for (prefix, name) in
            [("xml", "urn:x"), ("a", XML), ("xmlns", "urn:x"), ("a", XMLNS), ("", XML), ("a", "")]
        {
            assert_eq!(namespaces.bind(prefix, name.into()), Err(Rule::Namespace), "{prefix} {name}");
        }
        assert_eq!(namespaces.bind("xml", XML.into()), Ok(false));
        assert_eq!(namespaces.bind("", "".into()), Ok(true));
        assert_eq!(namespaces.bind("a", XSI.into()), Ok(true));
        assert_eq!(namespaces.bind("b", XSI.into()), Ok(false));
        assert_eq!(namespaces.bind("b", "urn:x".into()), Err(Rule::NotWellFormed));
        assert_eq!(namespaces.resolve("xml"), Some(Space::XML));
        assert_eq!(namespaces.resolve("b"), Some(Space::XSI));
        assert_eq!(namespaces.resolve("c"), None);
    }
}
