//! Features to the tree's records.
//!
//! What a feature and a collection have besides the members that this reader looks into is no data and passed
//! over ([`Features::beside`] tells what is not so harmless). Reading a tree forgets where things stood; an error is
//! rare, so [`Features::stumbled`] looks for its place when there is one.

use contracts::{
    Contract, Document, Form, Number, Record,
    geometry::{COORD_REF_SYS, COORDINATES, Crs, GeometryForm, KIND, UnknownCrs, position},
};

use super::Profile;
use crate::{
    Expect, Limits, Reading, Unknown, Unreadable, json, text,
    unreadable::{Problem, Rule},
};

type Result<'a, T> = std::result::Result<T, Problem<'a>>;

/// Lists around a position that a geometry of any kind has; what nests deeper is left for the contract to
/// refuse.
const DEEPEST: usize = 4;

/// How deep the features of a collection stand.
pub(crate) const IN_FEATURES: usize = 3;

pub(crate) const FEATURES: &str = "features";
pub(crate) const COLLECTION: &str = "FeatureCollection";
const FEATURE: &str = "Feature";

/// Members that a collection and a feature may not have (RFC 7946, 7.1): they would make them something else.
const MISUSED_AROUND: [&str; 4] = ["coordinates", "geometries", "geometry", "properties"];
const MISUSED_IN_FEATURE: [&str; 3] = ["coordinates", "geometries", FEATURES];

/// Reads a feature of `contract`, or a collection of them, as `expect` allows. Features never are faithful:
/// what is passed on is written anew.
///
/// # Errors
/// The first rule that the bytes break, and where: at a member of the collection, or at the beginning of a
/// feature that is none.
pub fn read<'a>(
    bytes: &'a [u8],
    contract: &'a Contract,
    profile: Profile,
    expect: Expect,
    unknown: Unknown,
    limits: &Limits,
) -> std::result::Result<Reading<'a>, Unreadable> {
    let document = json::read(bytes, Expect::Record, limits)?.document;
    let reader = Features { contract, profile, unknown };
    let is_collection = kind(&document) == Some(COLLECTION) && expect.accepts_collection();
    let document = reader.root(document, expect).map_err(|problem| {
        let offset = is_collection.then(|| reader.stumbled(bytes, limits)).flatten().unwrap_or(0);
        Unreadable::new(bytes, Problem { offset, ..problem })
    })?;
    Ok(Reading { document, faithful: false })
}

/// Makes records of features.
pub(crate) struct Features<'a> {
    pub contract: &'a Contract,
    pub profile: Profile,
    pub unknown: Unknown,
}

impl<'a> Features<'a> {
    /// The record of a root that is a feature, or the records of one that is a collection.
    pub fn root(&self, document: Document<'a>, expect: Expect) -> Result<'a, Document<'a>> {
        match (kind(&document), document) {
            (Some(FEATURE), root) if expect.accepts_record() => self.feature(root, None),
            (Some(COLLECTION), Document::Record(root)) if expect.accepts_collection() => {
                self.collection(root)
            }
            (Some(_), _) => Err(Problem::new(Rule::WrongRoot, 0)),
            (None, _) => Err(not_a_feature()),
        }
    }

    fn collection(&self, root: Record<'a>) -> Result<'a, Document<'a>> {
        let (mut features, mut reference) = (None, None);
        for (name, value) in root {
            match &*name {
                FEATURES => features = Some(value),
                name => reference = self.around(name, &value)?.or(reference),
            }
        }
        let Some(Document::List(features)) = features else { return Err(not_a_feature()) };
        let records = features.into_iter().map(|feature| self.feature(feature, reference));
        records.collect::<Result<'_, Vec<_>>>().map(Document::List)
    }

    /// What a collection that is refused is refused for, by its beginning: a member, or a feature.
    fn stumbled(&self, bytes: &'a [u8], limits: &Limits) -> Option<usize> {
        let surveyed = text::survey(bytes).ok()?;
        let mut parts = json::Parts::of(surveyed.text, surveyed.traits, limits);
        parts.expect(b'{').ok()?;
        loop {
            parts.next().ok()?;
            let start = parts.at();
            let name = parts.name().ok()?;
            if name == FEATURES && parts.next().ok()? == b'[' {
                if let Some(start) = self.stumbled_among(&mut parts) {
                    return Some(start);
                }
            } else {
                let value = parts.value(2).ok()?;
                if self.around(&name, &value).is_err() {
                    return Some(start);
                }
            }
            parts.expect(b',').ok()?;
        }
    }

    /// The beginning of the first feature of a list that is none; the list is passed over.
    fn stumbled_among(&self, parts: &mut json::Parts<'a, '_>) -> Option<usize> {
        parts.expect(b'[').ok()?;
        while parts.next().ok()? != b']' {
            let start = parts.at();
            let feature = parts.value(IN_FEATURES).ok()?;
            if self.feature(feature, None).is_err() {
                return Some(start);
            }
            if parts.next().ok()? == b',' {
                parts.expect(b',').ok()?;
            }
        }
        parts.expect(b']').ok()?;
        None
    }

    /// What a member of a collection says of its features, which are another: the reference system of
    /// `place`, or nothing.
    pub fn around(&self, name: &str, value: &Document<'_>) -> Result<'static, Option<Crs>> {
        match name {
            COORD_REF_SYS if self.profile == Profile::JsonFg => system(value).map(Some),
            COORD_REF_SYS => only_crs84(value).map(|()| None),
            "crs" => obsolete(value).map(|()| None),
            _ => match MISUSED_AROUND.iter().find(|misused| **misused == name) {
                Some(misused) if self.is_strict() => Err(Problem::about(Rule::NotAFeature, 0, misused)),
                _ => Ok(None),
            },
        }
    }

    /// The record of a feature; `reference` is what the collection says of `place`.
    pub fn feature(&self, feature: Document<'a>, mut reference: Option<Crs>) -> Result<'a, Document<'a>> {
        let Document::Record(feature) = feature else { return Err(not_a_feature()) };
        let fg = self.profile == Profile::JsonFg;
        let (mut geometry, mut place, mut id, mut properties, mut is_feature) =
            (None, None, None, None, false);
        for (name, value) in feature {
            match &*name {
                KIND => is_feature = value.as_text() == Some(FEATURE),
                "geometry" => geometry = Some(value),
                "properties" => properties = Some(value),
                "id" => id = Some(value),
                "place" if fg => place = Some(value),
                COORD_REF_SYS if fg => reference = Some(system(&value)?),
                COORD_REF_SYS => only_crs84(&value)?,
                "crs" => obsolete(&value)?,
                name => self.beside(name, &value)?,
            }
        }
        let mut properties = match properties {
            Some(Document::Record(properties)) => properties,
            Some(Document::Null) => Record::default(),
            _ => return Err(not_a_feature()),
        };
        let Some(geometry) = geometry.filter(|_| is_feature) else { return Err(not_a_feature()) };
        let geometry = match place {
            Some(place @ Document::Record(_)) => self.placed(place, reference)?,
            None | Some(Document::Null) => self.found(geometry)?,
            Some(_) => return Err(not_a_feature()),
        };
        self.identify(&mut properties, id)?;
        self.assemble(properties, geometry)
    }

    /// What a feature has besides. It is foreign to the standard (RFC 7946, 6.1) and no data, so it is passed
    /// over. Not so, from a sender who is held to say nothing in vain: what the standard gives another
    /// meaning, and what shows that data stands where nobody reads it.
    fn beside(&self, name: &str, value: &Document<'_>) -> Result<'a, ()> {
        if !self.is_strict() {
            return Ok(());
        }
        if let Some(misused) = MISUSED_IN_FEATURE.iter().find(|misused| **misused == name) {
            return Err(Problem::about(Rule::NotAFeature, 0, misused));
        }
        let said = match name {
            _ if *value == Document::Null => None,
            "time" if self.profile == Profile::JsonFg => Some("time"),
            "place" => Some("place"),
            name => self.contract.shape().root.field(name).map(|(_, field)| field.name.as_str()),
        };
        said.map_or(Ok(()), |said| Err(Problem::about(Rule::BesideProperties, 0, said)))
    }

    fn is_strict(&self) -> bool {
        self.unknown != Unknown::Drop
    }

    /// The record: properties in the shape's order, the geometry in its place.
    fn assemble(&self, mut properties: Record<'a>, mut geometry: Document<'a>) -> Result<'a, Document<'a>> {
        let shape = self.contract.shape();
        let main = shape.main_geometry();
        let mut record = Record::with_capacity(shape.root.fields.len());
        for field in &shape.root.fields {
            let value = properties.remove(&field.name);
            if main.is_none_or(|main| main.name != field.name) {
                if let Some(mut value) = value {
                    self.adopt(&field.form, &mut value)?;
                    record.push(field.name.as_str(), value);
                }
                continue;
            }
            let geometry = std::mem::replace(&mut geometry, Document::Null);
            match (geometry, value) {
                // Said twice, it could be said in two ways.
                (_, Some(value)) if value != Document::Null => return Err(not_a_feature()),
                (Document::Null, Some(_)) => record.push(field.name.as_str(), Document::Null),
                (Document::Null, None) => {}
                (_, Some(_)) => return Err(not_a_feature()),
                (mut geometry, None) => {
                    if let Form::Geometry(form) = &field.form {
                        settle(form, &mut geometry);
                    }
                    record.push(field.name.as_str(), geometry);
                }
            }
        }
        // Without a geometry field there is no place for one.
        if geometry != Document::Null {
            return Err(not_a_feature());
        }
        for (name, value) in properties {
            record.push(name, value);
        }
        Ok(Document::Record(record))
    }

    /// The key: in `properties`, in `id`, or the same in both.
    fn identify(&self, properties: &mut Record<'a>, id: Option<Document<'a>>) -> Result<'static, ()> {
        let key = self.contract.key().as_str();
        match (properties.get(key), id) {
            (Some(known), Some(id)) if *known != id => Err(Problem::new(Rule::FeatureId, 0)),
            (None, Some(id)) => {
                properties.push(key.to_owned(), id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A geometry of GeoJSON, which is in CRS84.
    fn found(&self, mut geometry: Document<'a>) -> Result<'static, Document<'a>> {
        if let Document::Record(record) = &mut geometry {
            if let Some(name) = record.remove(COORD_REF_SYS) {
                only_crs84(&name)?;
            }
            if let Some(crs) = record.remove("crs") {
                obsolete(&crs)?;
            }
            record.remove("bbox");
        }
        Ok(geometry)
    }

    /// A geometry of JSON-FG, in the reference system that it names itself or that `around` it was named;
    /// without either it is CRS84.
    fn placed(&self, mut place: Document<'a>, around: Option<Crs>) -> Result<'static, Document<'a>> {
        if let Document::Record(record) = &mut place {
            record.remove("bbox");
            record.remove("conformsTo");
            let own = record.remove(COORD_REF_SYS).map(|name| system(&name)).transpose()?;
            let crs = own.or(around).unwrap_or(Crs::CRS84);
            if crs != Crs::CRS84 {
                record.push(COORD_REF_SYS, Document::Text(crs.uri().into()));
            }
        }
        Ok(place)
    }

    /// Geometries within `properties`.
    fn adopt(&self, form: &Form, value: &mut Document<'a>) -> Result<'static, ()> {
        match (form, value) {
            (Form::Geometry(form), value @ Document::Record(_)) => {
                let geometry = std::mem::replace(value, Document::Null);
                *value = match self.profile {
                    Profile::GeoJson => self.found(geometry)?,
                    Profile::JsonFg => self.placed(geometry, None)?,
                };
                settle(form, value);
                Ok(())
            }
            (Form::Record(shape), Document::Record(record)) => {
                for (name, value) in record.iter_mut() {
                    if let Some((_, field)) = shape.field(name) {
                        self.adopt(&field.form, value)?;
                    }
                }
                Ok(())
            }
            (Form::List(list), Document::List(items)) => {
                items.iter_mut().try_for_each(|item| self.adopt(&list.item, item))
            }
            _ => Ok(()),
        }
    }
}

/// Which of the two a root says that it is; nothing of what is neither.
fn kind(root: &Document<'_>) -> Option<&'static str> {
    let said = root.as_record().and_then(|root| root.get(KIND)).and_then(Document::as_text)?;
    [FEATURE, COLLECTION].into_iter().find(|kind| *kind == said)
}

/// The `crs` member of GeoJSON before RFC 7946, which GDAL still writes: passed over when it says what holds
/// anyway.
fn obsolete(crs: &Document<'_>) -> Result<'static, ()> {
    let properties = crs.as_record().and_then(|crs| crs.get("properties")).and_then(Document::as_record);
    let name = properties.and_then(|properties| properties.get("name")).and_then(Document::as_text);
    match name.map(Crs::named) {
        Some(Ok(Crs::CRS84)) => Ok(()),
        _ => Err(Problem::about(Rule::ForeignCrs, 0, "crs")),
    }
}

/// JSON-FG's `coordRefSys` where JSON-FG is not spoken: passed over when it says what holds anyway.
fn only_crs84(name: &Document<'_>) -> Result<'static, ()> {
    match name.as_text().map(Crs::named) {
        Some(Ok(Crs::CRS84)) => Ok(()),
        _ => Err(Problem::about(Rule::ForeignCrs, 0, COORD_REF_SYS)),
    }
}

/// The reference system that a `coordRefSys` means.
fn system(name: &Document<'_>) -> Result<'static, Crs> {
    let rule = match name.as_text().map(Crs::named) {
        Some(Ok(crs)) => return Ok(crs),
        Some(Err(UnknownCrs::Ambiguous)) => Rule::SrsAmbiguous,
        Some(Err(UnknownCrs::Deprecated)) => Rule::SrsDeprecated,
        // A compound system, or one with an epoch: none of ours.
        Some(Err(UnknownCrs::Unknown)) | None => Rule::SrsUnknown,
    };
    Err(Problem::new(rule, 0))
}

/// Moves a geometry in CRS84 to the contract's first reference system when the contract does not take CRS84. A
/// geometry that cannot be moved stays, and the contract says what is wrong with it.
fn settle(form: &GeometryForm, geometry: &mut Document<'_>) {
    let Some(target) = form.crs.first().copied().filter(|_| !form.crs.contains(&Crs::CRS84)) else { return };
    let Document::Record(record) = geometry else { return };
    if record.get(COORD_REF_SYS).is_some() {
        return;
    }
    let moved = record.get(COORDINATES).and_then(|coordinates| moved(coordinates, target, DEEPEST));
    if let (Some(moved), Some(coordinates)) = (moved, record.get_mut(COORDINATES)) {
        *coordinates = moved;
        record.push(COORD_REF_SYS, Document::Text(target.uri().into()));
    }
}

fn moved(value: &Document<'_>, target: Crs, deepest: usize) -> Option<Document<'static>> {
    if let Some(wgs84) = position(value) {
        let digits = if target.is_projected() { 4 } else { 9 };
        let number = |value: f64| Number::new(format!("{value:.digits$}")).map(Document::Number);
        if target.is_wgs84() {
            // Only the axes differ.
            let [east, north] = value.as_list()? else { return None };
            return Some(Document::List(vec![north.clone().into_owned(), east.clone().into_owned()]));
        }
        let [first, second] = target.of_wgs84(wgs84)?;
        return Some(Document::List(vec![number(first)?, number(second)?]));
    }
    let deepest = deepest.checked_sub(1)?;
    let items = value.as_list()?.iter().map(|item| moved(item, target, deepest));
    items.collect::<Option<Vec<_>>>().map(Document::List)
}

pub(crate) fn not_a_feature() -> Problem<'static> {
    Problem::new(Rule::NotAFeature, 0)
}
