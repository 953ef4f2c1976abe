//! What may no longer be said: descriptions are prose, and prose names other fields.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Field, RecordShape};

/// What fields that are gone are called, and none that is left.
#[derive(Default)]
pub(super) struct Gone<'s> {
    pub(super) names: BTreeSet<&'s str>,
    /// In small letters.
    pub(super) titles: BTreeSet<String>,
}

impl<'s> Gone<'s> {
    pub(super) fn between(all: &'s RecordShape, left: &RecordShape) -> Self {
        let mut kept = Vec::new();
        fields(left, &mut kept);
        let mut known = Vec::new();
        fields(all, &mut known);
        let paths: BTreeSet<&str> = kept.iter().map(|field| field.path.as_str()).collect();
        let kept_names: BTreeSet<&str> = kept.iter().map(|field| field.name.as_str()).collect();
        let kept_titles: Vec<String> = kept.iter().flat_map(|field| titles(field)).collect();
        let mut gone = Self::default();
        for field in known.into_iter().filter(|field| !paths.contains(field.path.as_str())) {
            if !kept_names.contains(field.name.as_str()) {
                gone.names.insert(&field.name);
            }
            let untold = |title: &String| !kept_titles.iter().any(|kept| holds(kept, title));
            gone.titles.extend(titles(field).into_iter().filter(untold));
        }
        gone
    }

    /// Whether `text` calls one of them.
    fn is_told(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        text.split(|letter| !is_within_word(letter)).any(|word| self.names.contains(word))
            || self.titles.iter().any(|title| holds(&lower, title))
    }
}

fn fields<'s>(shape: &'s RecordShape, into: &mut Vec<&'s Field>) {
    for field in &shape.fields {
        into.push(field);
        if let Some(inner) = field.form.record() {
            fields(inner, into);
        }
    }
}

fn titles(field: &Field) -> [String; 2] {
    [field.title.vi.to_lowercase(), field.title.en.to_lowercase()]
}

fn is_within_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

/// Whether `phrase` stands in `text` as words of its own.
fn holds(text: &str, phrase: &str) -> bool {
    let ends = |letter: Option<char>| !letter.is_some_and(is_within_word);
    !phrase.is_empty()
        && text.match_indices(phrase).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + phrase.len()..).and_then(|after| after.chars().next());
            ends(before) && ends(after)
        })
}

/// Takes away every description that calls what is gone.
pub(super) fn hush(schema: &mut Value, gone: &Gone<'_>) {
    let Some(members) = schema.as_object_mut() else { return };
    for keyword in ["title", "description"] {
        if members.get(keyword).and_then(Value::as_str).is_some_and(|text| gone.is_told(text)) {
            members.shift_remove(keyword);
        }
    }
    for schema in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        hush(schema.1, gone);
    }
    if let Some(items) = members.get_mut("items") {
        hush(items, gone);
    }
}
