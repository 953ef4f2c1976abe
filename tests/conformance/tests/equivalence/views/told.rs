//! What a description tells of fields that its caller does not see.
//!
//! Looked for are, of each withheld field: its names (in JSON and in XML) as words, its titles and its
//! description as phrases in any case of letters, and the name and the titles of its code list. Nothing is
//! found where the same words say something else that the caller may know:
//!
//! - a kept field has the same name, title or list, or has the phrase in a title or a description of its own;
//! - the dataset's own title, owner and legal basis hold the phrase: those are public in the catalogue;
//! - a code list that is kept has the phrase in its title, its source or the name of a code;
//! - every description of the kind has the phrase, whatever the contract: `Mô tả` is a column's head.

use std::collections::{BTreeSet, HashSet};

use contracts::{CodeList, Contract, Field, Form, View};

/// What is known to the caller of one view, and what is not.
pub struct Secrets {
    words: BTreeSet<String>,
    phrases: Vec<(String, String)>,
}

/// Letters and digits, and what joins them to names.
fn is_inside(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

fn words(text: &str) -> HashSet<&str> {
    text.split(|letter| !is_inside(letter)).collect()
}

/// Whether a phrase stands in a text, not as a part of longer words.
pub fn holds(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, found)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + found.len()..].chars().next());
        !before.is_some_and(is_inside) && !after.is_some_and(is_inside)
    })
}

impl Secrets {
    pub fn of(contract: &Contract, view: &View) -> Self {
        let kept: Vec<&Field> = view.shape.walk().collect();
        let gone: Vec<&Field> =
            contract.shape().walk().filter(|field| kept.iter().all(|kept| kept.path != field.path)).collect();
        let lists = contract.code_lists();
        let list = |field: &Field| field.code_list.as_ref().and_then(|name| lists.list(name));

        let mut names: BTreeSet<String> = BTreeSet::new();
        for field in &kept {
            names.extend([field.name.clone(), field.xml.name.clone()]);
            if let Form::List(list) = &field.form {
                names.insert(list.item_name.clone());
            }
            names.extend(list(field).map(|list| list.name().to_owned()));
        }
        let mut public = vec![
            contract.title().vi.clone(),
            contract.title().en.clone(),
            contract.owner().to_owned(),
            contract.legal_basis().join("\n"),
        ];
        for field in &kept {
            public.extend([field.title.vi.clone(), field.title.en.clone()]);
            public.extend(list(field).map(|list| all_of(list)));
        }
        let public = public.join("\n");
        let public_words = words(&public);
        let lower = public.to_lowercase();

        let mut secrets = Self { words: BTreeSet::new(), phrases: Vec::new() };
        for field in &gone {
            let list = list(field);
            let named = [&field.name, &field.xml.name].into_iter().cloned();
            let named = named.chain(list.map(|list| list.name().to_owned()));
            let is_known = |name: &String| names.contains(name) || public_words.contains(name.as_str());
            secrets.words.extend(named.filter(|name| !is_known(name)));
            let described =
                contract.schema_of(&field.path).and_then(|schema| schema.get("description")?.as_str());
            let said = [Some(&*field.title.vi), Some(&*field.title.en), described].into_iter().flatten();
            let said = said.chain(list.into_iter().flat_map(|list| [&*list.title().vi, &*list.title().en]));
            for phrase in said.map(str::to_lowercase).filter(|phrase| !holds(&lower, phrase)) {
                secrets.phrases.push((field.path.to_string(), phrase));
            }
        }
        secrets
    }

    pub fn count(&self) -> usize {
        self.words.len() + self.phrases.len()
    }

    /// What of them a text tells that is not in `common`, which every text of its kind holds.
    pub fn told(&self, text: &str, common: &str) -> Vec<String> {
        let (words, everywhere) = (words(text), words(common));
        let is_told = |word: &&String| words.contains(word.as_str()) && !everywhere.contains(word.as_str());
        let mut found: Vec<String> = self.words.iter().filter(is_told).cloned().collect();
        let (lower, common) = (text.to_lowercase(), common.to_lowercase());
        for (path, phrase) in &self.phrases {
            if holds(&lower, phrase) && !holds(&common, phrase) {
                found.push(format!("`{phrase}` of {path}"));
            }
        }
        found
    }
}

/// All that a description may repeat of a code list.
fn all_of(list: &CodeList) -> String {
    let names = list.editions().iter().flat_map(|edition| edition.entries()).map(|entry| entry.name.as_str());
    let own = [list.title().vi.as_str(), list.title().en.as_str(), list.source()];
    own.into_iter().chain(names).collect::<Vec<_>>().join("\n")
}
