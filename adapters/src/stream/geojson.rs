//! Features of GeoJSON or JSON-FG: a collection, or one.
//!
//! What a collection says of itself stands before its features and behind them. Most of it is not data
//! and passed over; `type` may stand on either side. JSON-FG's `coordRefSys` tells how every feature is to
//! be read, so behind the features it comes too late and is refused: the one thing that a document read
//! whole may say and a stream may not.

use contracts::{
    Contract, Document,
    geometry::{COORD_REF_SYS, Crs, KIND},
};

use super::{Between, Cursor, Part, Result, Root, Terms};
use crate::{
    geojson::{self, COLLECTION, FEATURES, IN_FEATURES, Profile, not_a_feature},
    json,
    unreadable::{Problem, Rule},
};

/// What has been read around the features.
pub(super) struct Features {
    profile: Profile,
    stage: Stage,
    root: Option<Root>,
    /// Whether `type` has been seen, and said so.
    is_collection: bool,
    /// What the collection says of its features.
    reference: Option<Crs>,
    /// The collection's members so far: none may come twice.
    names: Vec<String>,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Nothing is read.
    Start,
    /// The root is one feature, and not read.
    Alone,
    /// The bracket of `features` was read.
    Opened,
    /// A feature was read: a comma or the end of them is next.
    Read,
    /// A comma was read: no way around a feature.
    Feature,
    /// The features are over.
    Behind,
    /// The root is over.
    Closed,
}

impl Features {
    pub fn new(profile: Profile) -> Self {
        let (stage, names) = (Stage::Start, Vec::new());
        Self { profile, stage, root: None, is_collection: false, reference: None, names }
    }

    pub fn root(&self) -> Option<Root> {
        self.root
    }

    /// Passes over what stands around features.
    pub fn between(
        &mut self,
        text: &str,
        cursor: &mut Cursor,
        contract: &Contract,
        terms: &Terms,
    ) -> Result<'static, Between> {
        loop {
            let (part, _) = cursor.part(text, terms.limits.record);
            let mut parts = json::Parts::of(part.text, part.traits, &terms.limits);
            let next = match (self.stage, parts.next()) {
                (Stage::Alone, _) => return Ok(Between::Record),
                (Stage::Closed, Err(_)) => {
                    cursor.pass(part.text.len());
                    return Ok(Between::Over);
                }
                (_, next) => next?,
            };
            self.stage = match (self.stage, next) {
                (Stage::Start, b'{') => {
                    let blank = parts.at();
                    let read = self.open(parts, contract, terms)?;
                    cursor.pass(read.unwrap_or(blank));
                    if read.is_some() { Stage::Opened } else { Stage::Alone }
                }
                (Stage::Start, _) => return Err(Problem::new(Rule::WrongRoot, parts.at())),
                (Stage::Opened | Stage::Read, b']') => passed(cursor, &parts, Stage::Behind),
                (Stage::Read, b',') => passed(cursor, &parts, Stage::Feature),
                (Stage::Read, _) => return Err(Problem::new(Rule::NotWellFormed, parts.at())),
                (Stage::Opened | Stage::Feature, _) => {
                    cursor.pass(parts.at());
                    return Ok(Between::Record);
                }
                (Stage::Behind, b'}') if self.is_collection => passed(cursor, &parts, Stage::Closed),
                (Stage::Behind, b'}') => return Err(not_a_feature()),
                (Stage::Behind, _) => {
                    parts.expect(b',')?;
                    self.member_behind(&mut parts, contract, terms)?;
                    cursor.pass(parts.at());
                    Stage::Behind
                }
                (Stage::Alone, _) => Stage::Alone,
                (Stage::Closed, _) => return Err(Problem::new(Rule::TrailingBytes, parts.at())),
            };
        }
    }

    /// Reads up to the bracket of `features`, and tells how much that is; none when the root is one
    /// feature, or nothing of ours.
    fn open(
        &mut self,
        mut parts: json::Parts<'_, '_>,
        contract: &Contract,
        terms: &Terms,
    ) -> Result<'static, Option<usize>> {
        let mut members: Vec<(String, Document<'_>, usize)> = Vec::new();
        let mut named = false;
        parts.expect(b'{')?;
        while parts.next()? != b'}' {
            if !members.is_empty() {
                parts.expect(b',')?;
                parts.next()?;
            }
            let start = parts.at();
            let name = parts.name()?.into_owned();
            if members.iter().any(|(known, ..)| *known == name) {
                return Err(Problem::new(Rule::DuplicateKey, start));
            }
            let opens = name == FEATURES && parts.next()? == b'[';
            if opens && terms.expect.accepts_collection() {
                parts.expect(b'[')?;
                self.root = Some(Root::Collection);
                self.is_collection = named;
                for (name, value, start) in &members {
                    let said = self.about(contract, terms).around(name, value);
                    self.reference = said.map_err(|problem| standing(problem, *start))?.or(self.reference);
                }
                self.names = members.into_iter().map(|(name, ..)| name).chain([name]).collect();
                return Ok(Some(parts.at()));
            }
            let value = parts.value(2)?;
            if name == KIND {
                let is_collection = value.as_text() == Some(COLLECTION);
                if is_collection && !terms.expect.accepts_collection() {
                    return Err(Problem::new(Rule::WrongRoot, 0));
                }
                if !is_collection {
                    break;
                }
                named = true;
            }
            enough(members.len(), terms, parts.at())?;
            members.push((name, value, start));
        }
        self.root = Some(Root::Record);
        Ok(None)
    }

    /// Reads a member that stands behind the features.
    fn member_behind(
        &mut self,
        parts: &mut json::Parts<'_, '_>,
        contract: &Contract,
        terms: &Terms,
    ) -> Result<'static, ()> {
        parts.next()?;
        let start = parts.at();
        let name = parts.name()?.into_owned();
        if self.names.contains(&name) {
            return Err(Problem::new(Rule::DuplicateKey, start));
        }
        let value = parts.value(2)?;
        let said = self.about(contract, terms).around(&name, &value);
        said.map_err(|problem| standing(problem, start))?;
        match &*name {
            COORD_REF_SYS if self.profile == Profile::JsonFg => {
                return Err(Problem::new(Rule::LateCrs, start));
            }
            KIND if value.as_text() == Some(COLLECTION) => self.is_collection = true,
            KIND => return Err(not_a_feature()),
            _ => {}
        }
        enough(self.names.len(), terms, start)?;
        self.names.push(name);
        Ok(())
    }

    /// The record of the feature that is next, and how long that is.
    pub fn record<'w>(
        &mut self,
        part: Part<'w>,
        contract: &'w Contract,
        terms: &Terms,
    ) -> Result<'w, (Document<'w>, usize)> {
        let alone = self.root != Some(Root::Collection);
        let depth = if alone { 1 } else { IN_FEATURES };
        let (feature, length) = json::read_value(part.text, part.traits, &terms.limits, depth)?;
        let features = self.about(contract, terms);
        let record = match alone {
            true => features.root(feature, terms.expect)?,
            false => features.feature(feature, self.reference)?,
        };
        if !matches!(record, Document::Record(_)) {
            return Err(not_a_feature());
        }
        self.stage = if alone { Stage::Closed } else { Stage::Read };
        Ok((record, length))
    }

    fn about<'c>(&self, contract: &'c Contract, terms: &Terms) -> geojson::Features<'c> {
        geojson::Features { contract, profile: self.profile, unknown: terms.unknown }
    }
}

/// A problem with what begins at `offset`.
fn standing(problem: Problem<'_>, offset: usize) -> Problem<'_> {
    Problem { offset, ..problem }
}

/// Goes on behind the byte that is next.
fn passed(cursor: &mut Cursor, parts: &json::Parts<'_, '_>, stage: Stage) -> Stage {
    cursor.pass(parts.at() + 1);
    stage
}

/// A collection has a handful of members; their names are kept, so their number is bounded, as that of an
/// element's attributes is.
fn enough(members: usize, terms: &Terms, offset: usize) -> Result<'static, ()> {
    if members < terms.limits.attributes { Ok(()) } else { Err(Problem::new(Rule::TooManyNodes, offset)) }
}
