//! A schema where it stands, its reference looked up.

use serde_json::{Map, Value};

use super::{Compiler, places::below, said};

/// What may stand beside `$ref`: annotations of the place, never another rule.
const BESIDE_REF: &[&str] = &["$ref", "title", "description", "x-title", "x-classification", "xml"];

/// A schema with the definition it refers to, if any: what stands beside the reference comes first.
pub(super) struct Site<'s> {
    pub(super) own: &'s Map<String, Value>,
    pub(super) own_at: String,
    pub(super) def: Option<(&'s str, &'s Map<String, Value>)>,
}

impl<'s> Site<'s> {
    pub(super) fn get(&self, keyword: &str) -> Option<&'s Value> {
        self.own.get(keyword).or_else(|| self.def.and_then(|(_, def)| def.get(keyword)))
    }

    /// The pointer of `keyword`, wherever it is written.
    pub(super) fn at(&self, keyword: &str) -> String {
        match self.def {
            Some((name, def)) if !self.own.contains_key(keyword) && def.contains_key(keyword) => {
                below(&below("/$defs", name), keyword)
            }
            _ => below(&self.own_at, keyword),
        }
    }

    /// Every keyword that holds here, with its value and pointer, in the order written.
    pub(super) fn keywords(&self) -> impl Iterator<Item = (&'s str, &'s Value, String)> {
        let def = self.def.into_iter().flat_map(|(_, def)| def);
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
        let Some((name, _)) = site.def else { return compile(self, &site) };
        self.open.push(name);
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
        let found = reference
            .as_str()
            .and_then(|reference| reference.strip_prefix("#/$defs/"))
            .and_then(|name| self.defs?.get_key_value(name))
            .and_then(|(name, def)| Some((name.as_str(), def.as_object()?)));
        let Some((name, def)) = found else {
            self.fault(&below(&at, "$ref"), &said::UNKNOWN_REFERENCE, "");
            return None;
        };
        self.used.insert(name);
        if self.open.contains(&name) {
            self.fault(&below(&at, "$ref"), &said::ENDLESS_REFERENCE, name);
            return None;
        }
        if def.contains_key("$ref") {
            self.fault(&below(&below("/$defs", name), "$ref"), &said::CHAINED_REFERENCE, name);
            return None;
        }
        Some(Site { own, own_at: at, def: Some((name, def)) })
    }

    /// Definitions that nothing refers to are checked by nothing.
    pub(super) fn unused_definitions(&mut self) {
        for name in self.defs.into_iter().flat_map(Map::keys) {
            if !self.used.contains(name.as_str()) {
                self.fault(&below("/$defs", name), &said::UNUSED_DEFINITION, name);
            }
        }
    }
}
