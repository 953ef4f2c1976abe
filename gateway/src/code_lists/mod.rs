//! `GET /api/danh-muc` and `GET /api/danh-muc/{list}`: the code lists that records are checked against,
//! for whoever has to write or read their codes.
//!
//! What a list says is public knowledge and changes only with the documents, so each page is written in
//! every format when a snapshot is compiled, with an entity tag by which a caller asks again for next to
//! nothing. Only a question for one code or one day is answered anew, from one list.
//!
//! | parameter | asks for |
//! |---|---|
//! | `edition=34` | that edition |
//! | `on=2025-06-30` | the edition valid on that day, and of it the codes valid then |
//! | `code=24` | that code, with what it came of and what became of it |
//!
//! JSON and XML say the same under the same names; CSV is a table of the entries alone.

mod ask;
mod write;

use std::collections::HashMap;

use bytes::Bytes;
use contracts::{CodeList, CodeLists, Format};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ring::digest::{SHA256, digest};

use self::{
    ask::Ask,
    write::{Excerpt, Written},
};
use crate::{
    host::{Answer, fields},
    negotiation,
    refusal::Refusal,
};

/// The formats of these pages, in the order of preference of who has none.
const FORMATS: [Format; 3] = [Format::Json, Format::Xml, Format::Csv];

/// How long a caller may use what it has without asking: a list changes with a reload, which an hour's
/// delay never made worse than the paper it came from.
const CACHE_CONTROL: &str = "private, max-age=3600";

/// The pages that are asked for again and again, written.
pub struct Pages {
    index: Sheet,
    lists: HashMap<String, List>,
}

/// A list's pages.
struct List {
    whole: Sheet,
    /// By edition.
    editions: HashMap<String, Sheet>,
}

/// A page in every format, in the order of [`FORMATS`].
struct Sheet([Leaf; 3]);

/// A page in one format.
#[derive(Clone)]
struct Leaf {
    body: Bytes,
    tag: HeaderValue,
}

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No list of that name.
    List,
    /// The list has no such edition.
    Edition,
    /// No edition of the list was valid on that day.
    Day,
    /// What was asked for of the list does not have that code.
    Code,
}

impl Pages {
    /// Writes the pages of `lists`.
    pub fn of(lists: &CodeLists) -> Self {
        let pages = |list: &CodeList| {
            let editions = list.editions().iter().map(|edition| {
                let excerpt = Excerpt { edition: Some(edition.id()), ..Excerpt::whole(list) };
                (edition.id().to_owned(), Sheet::of(&excerpt.write()))
            });
            List { whole: Sheet::of(&Excerpt::whole(list).write()), editions: editions.collect() }
        };
        Self {
            index: Sheet::of(&write::index(lists)),
            lists: lists.iter().map(|list| (list.name().to_owned(), pages(list))).collect(),
        }
    }

    /// The page of all lists.
    ///
    /// # Errors
    /// A query, or an `Accept` that none of the formats meets.
    pub fn index(&self, query: Option<&str>, headers: &HeaderMap) -> Result<Answer, Refusal> {
        Ask::read(query)?.nothing()?;
        self.index.answer(headers)
    }

    /// The page of the list called `name`, which is one of `lists`.
    ///
    /// # Errors
    /// An unknown list, edition, day or code; a query that cannot be read; an `Accept` that none of the
    /// formats meets.
    pub fn list(
        &self,
        lists: &CodeLists,
        name: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Answer, Refusal> {
        let missing = |what| Refusal::CodeListMissing { what };
        let (Some(list), Some(pages)) = (lists.list(name), self.lists.get(name)) else {
            return Err(missing(Missing::List));
        };
        let ask = Ask::read(query)?;
        let edition = match (&ask.edition, ask.on) {
            (Some(id), _) => Some(list.edition(id).ok_or(missing(Missing::Edition))?),
            (None, Some(day)) => Some(list.edition_on(day).ok_or(missing(Missing::Day))?),
            (None, None) => None,
        };
        let edition = edition.map(contracts::Edition::id);
        if ask.code.is_none() && ask.on.is_none() {
            let written = edition.map_or(Some(&pages.whole), |id| pages.editions.get(id));
            return written.ok_or(missing(Missing::Edition))?.answer(headers);
        }
        let excerpt = Excerpt { list, edition, on: ask.on, code: ask.code.as_deref() };
        if ask.code.is_some() && excerpt.is_empty() {
            return Err(missing(Missing::Code));
        }
        Sheet::of(&excerpt.write()).answer(headers)
    }
}

impl Sheet {
    fn of(written: &Written) -> Self {
        Self([&written.json, &written.xml, &written.csv].map(|body| Leaf::of(body)))
    }

    fn answer(&self, headers: &HeaderMap) -> Result<Answer, Refusal> {
        let format = negotiation::choose(headers, &FORMATS).ok_or(Refusal::NotAcceptable)?;
        let position = FORMATS.iter().position(|known| *known == format).unwrap_or_default();
        let leaf = self.0.get(position).ok_or(Refusal::NotAcceptable)?;
        let mut answer = if leaf.is_had(headers) {
            Answer::new(StatusCode::NOT_MODIFIED, Bytes::new())
        } else {
            let mut answer = Answer::new(StatusCode::OK, leaf.body.clone());
            answer.fields.push(fields::CONTENT_TYPE, media_type(format));
            answer
        };
        answer.fields.pass(fields::ETAG, &leaf.tag);
        answer.fields.push(fields::CACHE_CONTROL, CACHE_CONTROL);
        answer.fields.push(fields::VARY, "accept");
        Ok(answer)
    }
}

fn media_type(format: Format) -> &'static str {
    match format {
        // A table without a charset is read in whatever the reader's system uses (RFC 7111).
        Format::Csv => "text/csv; charset=utf-8",
        other => other.media_type(),
    }
}

impl Leaf {
    fn of(body: &[u8]) -> Self {
        let digest = digest(&SHA256, body);
        let hex: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        // Hexadecimal in quotes always is a header's value.
        let tag = HeaderValue::from_str(&format!("\"{hex}\""));
        Self { body: Bytes::copy_from_slice(body), tag: tag.unwrap_or(HeaderValue::from_static("\"\"")) }
    }

    /// Whether the caller says that it has this page (RFC 9110 section 13.1.2; weak comparison).
    fn is_had(&self, headers: &HeaderMap) -> bool {
        let tag = self.tag.as_bytes();
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|known| known == b"*" || known.strip_prefix(b"W/").unwrap_or(known) == tag)
    }
}

#[cfg(test)]
mod tests;
