//! A schema where it stands, its reference looked up.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Compiler, Parts, parts, places::below, said};

/// What may stand beside `$ref`: annotations of the place, and the fields that a record must have here
/// beyond those it always must. Never another rule.
const BESIDE_REF: &[&str] =
    &["$ref", "title", "description", "x-title", "x-classification", "xml", "required"];

/// The most references that are told; there are a dozen shared parts.
const MOST_LISTED: usize = 30;

/// A schema with the definition it refers to, if any: what stands beside the reference comes first.
pub(super) struct Site<'s> {
    pub(super) own: &'s Map<String, Value>,
    pub(super) own_at: String,
    pub(super) def: Option<Definition<'s>>,
}

/// A definition referred to, of this file or of the shared parts.
pub(super) struct Definition<'s> {
    schema: &'s Map<String, Value>,
    at: String,
}

/// A definition being written out.
pub(super) struct Open {
    /// Its pointer.
    def: String,
    /// The pointer of what refers to it.
    from: String,
}

impl<'s> Site<'s> {
    pub(super) fn get(&self, keyword: &str) -> Option<&'s Value> {
        self.own.get(keyword).or_else(|| self.def.as_ref().and_then(|def| def.schema.get(keyword)))
    }

    /// What the definition and then what stands beside the reference says under `keyword`, with pointers.
    pub(super) fn each(&self, keyword: &str) -> impl Iterator<Item = (&'s Value, String)> {
        let def = self.def.as_ref().map(|def| (def.schema, &def.at));
        def.into_iter()
            .chain([(self.own, &self.own_at)])
            .filter_map(move |(schema, at)| Some((schema.get(keyword)?, below(at, keyword))))
    }

    /// The pointer of `keyword`, wherever it is written.
    pub(super) fn at(&self, keyword: &str) -> String {
        match &self.def {
            Some(def) if !self.own.contains_key(keyword) && def.schema.contains_key(keyword) => {
                below(&def.at, keyword)
            }
            _ => below(&self.own_at, keyword),
        }
    }

    /// Every keyword that holds here, with its value and pointer, in the order written.
    pub(super) fn keywords(&self) -> impl Iterator<Item = (&'s str, &'s Value, String)> {
        let def = self.def.as_ref().into_iter().flat_map(|def| def.schema);
        let own = self.own;
        own.iter()
            .filter(|(keyword, _)| *keyword != "$ref")
            .chain(def.filter(move |(keyword, _)| !own.contains_key(*keyword)))
            .map(|(keyword, value)| (keyword.as_str(), value, self.at(keyword)))
    }
}

impl<'s> Compiler<'s> {
    /// What `compile` makes of the schema at `at`, whose reference, if any, is open meanwhile.
    pub(super) fn at_site<T>(
        &mut self,
        schema: &'s Value,
        at: String,
        compile: impl FnOnce(&mut Self, &Site<'s>) -> Option<T>,
    ) -> Option<T> {
        let site = self.site(schema, at)?;
        let Some(def) = &site.def else { return compile(self, &site) };
        self.open.push(Open { def: def.at.clone(), from: site.own_at.clone() });
        let compiled = compile(self, &site);
        self.open.pop();
        compiled
    }

    fn site(&mut self, schema: &'s Value, at: String) -> Option<Site<'s>> {
        let Some(own) = schema.as_object() else {
            self.fault(&at, &said::NOT_A_SCHEMA, "");
            return None;
        };
        let Some(reference) = own.get("$ref") else {
            return Some(Site { own, own_at: at, def: None });
        };
        for keyword in own.keys().filter(|keyword| !BESIDE_REF.contains(&keyword.as_str())) {
            self.fault(&below(&at, keyword), &said::BESIDE_REF, keyword);
        }
        let Some((name, def)) = reference.as_str().and_then(|reference| self.definition(reference, &at))
        else {
            let there = self.references(at.starts_with(parts::WITHIN));
            self.fault(&below(&at, "$ref"), &said::UNKNOWN_REFERENCE, &there);
            return None;
        };
        self.used.insert(def.at.clone());
        if self.open.iter().any(|open| open.def == def.at) {
            self.fault(&below(&at, "$ref"), &said::ENDLESS_REFERENCE, name);
            return None;
        }
        if def.schema.contains_key("$ref") {
            self.fault(&below(&def.at, "$ref"), &said::CHAINED_REFERENCE, name);
            return None;
        }
        Some(Site { own, own_at: at, def: Some(def) })
    }

    /// The definition that `reference`, written at `at`, names: one of the same file, or a shared part.
    fn definition(&self, reference: &str, at: &str) -> Option<(&'s str, Definition<'s>)> {
        let to_parts = reference.strip_prefix(parts::WITHIN);
        let within = if to_parts.is_some() || at.starts_with(parts::WITHIN) { parts::WITHIN } else { "" };
        let defs = if within.is_empty() { self.defs } else { self.parts.and_then(Parts::defs) };
        let name = to_parts.or_else(|| reference.strip_prefix('#'))?.strip_prefix("/$defs/")?;
        let (name, schema) = defs?.get_key_value(name)?;
        let at = below(&format!("{within}/$defs"), name);
        Some((name, Definition { schema: schema.as_object()?, at }))
    }

    /// The references that may be written, as far as a person reads; `within` the shared parts or in the
    /// schema's own file.
    fn references(&self, within: bool) -> String {
        let own = if within { None } else { self.defs };
        let own = own.into_iter().flat_map(Map::keys).map(|name| format!("`#/$defs/{name}`"));
        let before = if within { "" } else { "parts.json" };
        let shared = self.parts.into_iter().flat_map(Parts::names);
        let all: Vec<String> =
            own.chain(shared.map(|name| format!("`{before}#/$defs/{name}`"))).take(MOST_LISTED).collect();
        if all.is_empty() { "–".to_owned() } else { all.join(", ") }
    }

    /// Where this schema's own file refers to the shared part that is being written out, if one is.
    pub(super) fn reference_to_part(&self) -> Option<&str> {
        let entered = self.open.iter().find(|open| open.def.starts_with(parts::WITHIN));
        entered.map(|open| open.from.as_str())
    }

    /// Definitions that nothing refers to are checked by nothing.
    pub(super) fn unused_definitions(&mut self) {
        for name in self.defs.into_iter().flat_map(Map::keys) {
            let at = below("/$defs", name);
            if !self.used.contains(&at) {
                self.fault(&at, &said::UNUSED_DEFINITION, name);
            }
        }
    }

    /// The names of the shared parts that were used.
    pub(super) fn used_parts(&self) -> BTreeSet<String> {
        let names = self.parts.into_iter().flat_map(Parts::names);
        names
            .filter(|name| self.used.contains(&below(&format!("{}/$defs", parts::WITHIN), name)))
            .map(str::to_owned)
            .collect()
    }
}
