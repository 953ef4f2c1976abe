//! What a query asks of a list.

use std::borrow::Cow;

use jiff::civil::Date;
use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// The names that may be asked by.
const NAMES: [&str; 3] = ["edition", "on", "code"];

/// The longest value: no code or edition is longer.
const LONGEST: usize = 64;

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) edition: Option<String>,
    pub(super) on: Option<Date>,
    pub(super) code: Option<String>,
}

impl Ask {
    pub(super) fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut ask = Self::default();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Only a name of ours is told back.
            let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
                return Err(bad("unknown-parameter", ""));
            };
            let value = percent_decode_str(value).decode_utf8().map_err(|_| bad("parameter", name))?;
            if value.is_empty() || value.len() > LONGEST {
                return Err(bad("parameter", name));
            }
            let repeated = match name {
                "edition" => ask.edition.replace(Cow::into_owned(value)).is_some(),
                "code" => ask.code.replace(Cow::into_owned(value)).is_some(),
                _ => ask.on.replace(value.parse().map_err(|_| bad("parameter", name))?).is_some(),
            };
            if repeated {
                return Err(bad("repeated-parameter", name));
            }
        }
        // A day has its edition: two answers to one question.
        if ask.edition.is_some() && ask.on.is_some() {
            return Err(bad("parameter", "on"));
        }
        Ok(ask)
    }

    /// That nothing is asked for.
    pub(super) fn nothing(&self) -> Result<(), Refusal> {
        if *self == Self::default() { Ok(()) } else { Err(bad("unknown-parameter", "")) }
    }
}

fn bad(rule: &'static str, name: &'static str) -> Refusal {
    Refusal::CodeListQuery { rule, name }
}
