//! A pattern, ready to be asked of many short texts.
//!
//! The library's engine borrows memory to work in from a pool for each text, and where several threads
//! check records that pool is what they wait for. Most patterns of contracts are small enough to be
//! written out as a table of states, which needs no memory besides: a match costs a step for each byte.
//! What would make a large table stays the engine's.

use regex::Regex;
use regex_automata::{
    Input,
    dfa::{Automaton, StartKind, dense},
};

/// The longest table, in bytes: a few of them stay in a core's nearest memory together. Classes of
/// letters of every script are beyond it.
const TABLE: usize = 8 * 1024;
/// What making one may take; beyond it the table would be too long in any case.
const MAKING: usize = 64 * 1024;

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    engine: Regex,
    table: Option<Box<dense::DFA<Vec<u32>>>>,
}

impl Matcher {
    /// An ECMA-262 pattern, translated as the library does it and for the engine that it runs.
    pub fn of(pattern: &str) -> Option<Self> {
        let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
        let engine = Regex::new(&translated).ok()?;
        let config = dense::Config::new()
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(TABLE))
            .determinize_size_limit(Some(MAKING));
        let table = dense::Builder::new().configure(config).build(&translated).ok().map(Box::new);
        Some(Self { engine, table })
    }

    /// Whether the pattern is somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        let input = Input::new(text).earliest(true);
        match self.table.as_ref().map(|table| table.try_search_fwd(&input)) {
            Some(Ok(found)) => found.is_some(),
            // A table gives up where it would have to know more of a letter than its byte.
            Some(Err(_)) | None => self.engine.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATTERNS: [&str; 9] = [
        "^[0-9]{2}$",
        "^DV-[0-9]{4}$",
        "^(a|bc)*$",
        "b",
        "",
        "^[^0-9]+$",
        "\\d\\s\\w",
        "^\\*\\*\\*",
        "^[A-Z]{1,3}(-[0-9a-z]+)?$",
    ];

    #[test]
    fn small_patterns_have_tables_and_large_ones_do_not() {
        let has_table = |pattern| Matcher::of(pattern).unwrap().table.is_some();
        assert!(
            has_table("^[0-9]{2}$") && has_table("^DV-[0-9]{4}$") && has_table("^[A-Z]{1,3}(-[0-9a-z]+)?$")
        );
        assert!(!has_table("^\\p{L}{1,40}$") && !has_table("^[ab]*a[ab]{20}$"));
        assert!(Matcher::of("^\\p{L}{1,40}$").unwrap().is_match("Nguyễn"));
        assert!(Matcher::of("(").is_none());
    }

    proptest! {
        #[test]
        fn tables_say_what_the_engine_says(
            pattern in 0..PATTERNS.len(),
            text in prop_oneof!["[0-9]{0,4}", "[abcABD0-9*-]{0,8}", "(DV-)?[0-9]{3,5}\n?", "\\PC{0,6}", "\\w\\s\\w{0,3}"],
        ) {
            let matcher = Matcher::of(PATTERNS[pattern]).unwrap();
            prop_assert_eq!(matcher.is_match(&text), matcher.engine.is_match(&text), "{}", PATTERNS[pattern]);
        }
    }
}
