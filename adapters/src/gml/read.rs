//! A geometry's elements to the tree.
//!
//! Numbers come out as they were written; what is no number comes out as text, and a position of three
//! numbers as one of three, so that the contract reports them at their place. What is refused here is what
//! no tree could say: elements that are no geometry of ours, and reference systems that are not named, or
//! not without doubt.

use std::borrow::Cow;

use contracts::{
    Document, Record,
    geometry::{COORD_REF_SYS, COORDINATES, Crs, KIND, Kind, UnknownCrs},
};

use super::{GML_31, GML_32};
use crate::{
    Limits,
    unreadable::{Problem, Rule},
    xml::{
        lexical::{self, is_space},
        tokens::{Open, Space, Tokens},
    },
};

type Result<T> = std::result::Result<T, Problem<'static>>;

/// Reads the geometry within the field's element that has just opened, up to that element's end.
pub(crate) fn property<'a>(tokens: &mut Tokens<'a, '_>, limits: &Limits) -> Result<Document<'a>> {
    // What is written instead has ids and names of ours.
    tokens.pass_over();
    let Some(open) = tokens.next_child()? else {
        return Err(Problem::new(Rule::GmlGeometry, tokens.start()));
    };
    let start = tokens.start();
    let mut reader = Reader { tokens, limits, space: open.space, crs: None };
    reader.edition(open.space)?;
    let (kind, coordinates) = reader.geometry(open, None, 2)?;
    let crs = reader.crs.ok_or(Problem::new(Rule::SrsMissing, start))?;
    if tokens.next_child()?.is_some() {
        return Err(Problem::new(Rule::RepeatedElement, tokens.start()));
    }
    let mut record = Record::with_capacity(3);
    record.push(KIND, Document::Text(kind.name().into()));
    record.push(COORDINATES, coordinates);
    if crs != Crs::CRS84 {
        record.push(COORD_REF_SYS, Document::Text(crs.uri().into()));
    }
    Ok(Document::Record(record))
}

struct Reader<'t, 'a, 'l> {
    tokens: &'t mut Tokens<'a, 'l>,
    limits: &'t Limits,
    /// The geometry's namespace: one edition of GML for all of its parts.
    space: Space,
    /// The reference system that positions were found to be in.
    crs: Option<Crs>,
}

/// What holds for positions where they stand.
#[derive(Clone, Copy)]
struct Reference {
    crs: Option<Crs>,
    dimension: usize,
}

impl<'a> Reader<'_, 'a, '_> {
    fn edition(&self, space: Space) -> Result<()> {
        match self.tokens.name(space) {
            GML_32 | GML_31 => Ok(()),
            _ => Err(self.problem(Rule::GmlGeometry)),
        }
    }

    /// The geometry whose element has just opened: its kind and coordinates.
    fn geometry(
        &mut self,
        open: Open<'a>,
        crs: Option<Crs>,
        dimension: usize,
    ) -> Result<(Kind, Document<'a>)> {
        self.ours(open)?;
        let reference = self.reference(Reference { crs, dimension })?;
        let several = |kind, coordinates| Ok((kind, Document::List(coordinates)));
        match open.local {
            "Point" => Ok((Kind::Point, self.point(reference)?)),
            "LineString" => Ok((Kind::LineString, self.positions(reference)?)),
            "Curve" => Ok((Kind::LineString, self.segments(reference)?)),
            "Polygon" => Ok((Kind::Polygon, self.rings(reference)?)),
            "Surface" => Ok((Kind::Polygon, self.patch(reference)?)),
            "MultiPoint" => several(
                Kind::MultiPoint,
                self.members("pointMember", "pointMembers", Kind::Point, reference)?,
            ),
            "MultiCurve" => several(
                Kind::MultiLineString,
                self.members("curveMember", "curveMembers", Kind::LineString, reference)?,
            ),
            "MultiLineString" => several(
                Kind::MultiLineString,
                self.members("lineStringMember", "", Kind::LineString, reference)?,
            ),
            "MultiSurface" => several(
                Kind::MultiPolygon,
                self.members("surfaceMember", "surfaceMembers", Kind::Polygon, reference)?,
            ),
            "MultiPolygon" => {
                several(Kind::MultiPolygon, self.members("polygonMember", "", Kind::Polygon, reference)?)
            }
            _ => Err(self.problem(Rule::GmlGeometry)),
        }
    }

    /// The members of a collection of geometries: one to an element, or several in the plural's.
    fn members(
        &mut self,
        one: &str,
        several: &str,
        kind: Kind,
        reference: Reference,
    ) -> Result<Vec<Document<'a>>> {
        let mut members = Vec::new();
        while let Some(open) = self.tokens.next_child()? {
            self.ours(open)?;
            let plural = !several.is_empty() && open.local == several;
            if !plural && open.local != one {
                return Err(self.problem(Rule::GmlGeometry));
            }
            self.no_reference()?;
            let start = self.tokens.start();
            let mut found = 0;
            while let Some(open) = self.tokens.next_child()? {
                found += 1;
                if found > 1 && !plural {
                    return Err(self.problem(Rule::RepeatedElement));
                }
                let (its_kind, coordinates) = self.geometry(open, reference.crs, reference.dimension)?;
                if its_kind != kind {
                    return Err(self.problem(Rule::GmlGeometry));
                }
                members.push(coordinates);
            }
            if found == 0 && !plural {
                return Err(Problem::new(Rule::GmlGeometry, start));
            }
        }
        self.note(reference)?;
        Ok(members)
    }

    /// The one position of a point.
    fn point(&mut self, reference: Reference) -> Result<Document<'a>> {
        let positions = self.positions(reference)?;
        match positions {
            Document::List(mut positions) if positions.len() <= 1 => {
                Ok(positions.pop().unwrap_or(Document::List(Vec::new())))
            }
            _ => Err(self.problem(Rule::GmlGeometry)),
        }
    }

    /// The positions of a point, a line or a ring, up to its end.
    fn positions(&mut self, reference: Reference) -> Result<Document<'a>> {
        let mut positions = Vec::new();
        let mut listed = false;
        while let Some(open) = self.tokens.next_child()? {
            self.ours(open)?;
            // A list stands alone; single positions may follow each other.
            if listed || (open.local != "pos" && !positions.is_empty()) {
                return Err(self.problem(Rule::RepeatedElement));
            }
            match open.local {
                "pos" => {
                    let here = self.reference(reference)?;
                    self.settle(here)?;
                    let numbers = self.numbers()?;
                    positions.push(Document::List(numbers));
                }
                "posList" => {
                    listed = true;
                    let here = self.reference(reference)?;
                    self.settle(here)?;
                    let mut numbers = self.numbers()?.into_iter().peekable();
                    while numbers.peek().is_some() {
                        positions.push(Document::List(numbers.by_ref().take(here.dimension).collect()));
                    }
                }
                "coordinates" if self.tokens.name(self.space) == GML_31 => {
                    listed = true;
                    self.usual_notation()?;
                    self.settle(reference)?;
                    positions = self.tuples()?;
                }
                _ => return Err(self.problem(Rule::GmlGeometry)),
            }
        }
        self.note(reference)?;
        Ok(Document::List(positions))
    }

    /// The positions of a curve's straight segments, joined where one begins where the last one ended.
    fn segments(&mut self, reference: Reference) -> Result<Document<'a>> {
        let mut positions: Vec<Document<'a>> = Vec::new();
        let mut seen = false;
        while let Some(open) = self.tokens.next_child()? {
            self.named(open, "segments")?;
            if std::mem::replace(&mut seen, true) {
                return Err(self.problem(Rule::RepeatedElement));
            }
            self.no_reference()?;
            while let Some(open) = self.tokens.next_child()? {
                self.named(open, "LineStringSegment")?;
                self.straight("linear")?;
                let Document::List(mut segment) = self.positions(reference)? else { continue };
                if let (Some(end), Some(start)) = (positions.last(), segment.first()) {
                    if end != start {
                        return Err(self.problem(Rule::GmlGeometry));
                    }
                    segment.remove(0);
                }
                positions.append(&mut segment);
            }
        }
        self.note(reference)?;
        Ok(Document::List(positions))
    }

    /// The rings of a surface's only patch.
    fn patch(&mut self, reference: Reference) -> Result<Document<'a>> {
        let mut rings = None;
        while let Some(open) = self.tokens.next_child()? {
            self.named(open, "patches")?;
            self.no_reference()?;
            while let Some(open) = self.tokens.next_child()? {
                self.named(open, "PolygonPatch")?;
                self.straight("planar")?;
                if rings.is_some() {
                    return Err(self.problem(Rule::GmlGeometry));
                }
                rings = Some(self.rings(reference)?);
            }
        }
        self.note(reference)?;
        Ok(rings.unwrap_or(Document::List(Vec::new())))
    }

    /// The rings of a polygon, the outer one first.
    fn rings(&mut self, reference: Reference) -> Result<Document<'a>> {
        let mut rings = Vec::new();
        while let Some(open) = self.tokens.next_child()? {
            self.ours(open)?;
            let older = self.tokens.name(self.space) == GML_31;
            let outer = match open.local {
                "exterior" => true,
                "interior" => false,
                "outerBoundaryIs" if older => true,
                "innerBoundaryIs" if older => false,
                _ => return Err(self.problem(Rule::GmlGeometry)),
            };
            if outer != rings.is_empty() {
                return Err(self.problem(if outer { Rule::RepeatedElement } else { Rule::Order }));
            }
            self.no_reference()?;
            let Some(open) = self.tokens.next_child()? else {
                return Err(self.problem(Rule::GmlGeometry));
            };
            self.named(open, "LinearRing")?;
            let here = self.reference(reference)?;
            rings.push(self.positions(here)?);
            if self.tokens.next_child()?.is_some() {
                return Err(self.problem(Rule::RepeatedElement));
            }
        }
        self.note(reference)?;
        Ok(Document::List(rings))
    }

    /// Positions are about to be taken in this reference system: it must be known, and the one of the
    /// geometry's other parts.
    fn settle(&mut self, reference: Reference) -> Result<()> {
        match reference.crs {
            None => Err(self.problem(Rule::SrsMissing)),
            Some(_) => self.note(reference),
        }
    }

    /// A part ends, perhaps without positions: what it said of its reference system holds all the same.
    fn note(&mut self, reference: Reference) -> Result<()> {
        if reference.crs.is_some_and(|crs| self.crs.is_some_and(|other| crs != other)) {
            return Err(self.problem(Rule::SrsMixed));
        }
        self.crs = reference.crs.or(self.crs);
        Ok(())
    }

    fn ours(&self, open: Open<'a>) -> Result<()> {
        if open.space == self.space { Ok(()) } else { Err(self.problem(Rule::GmlGeometry)) }
    }

    fn named(&self, open: Open<'a>, name: &str) -> Result<()> {
        self.ours(open)?;
        if open.local == name { Ok(()) } else { Err(self.problem(Rule::GmlGeometry)) }
    }

    /// What the element's own attributes say of the reference system, over what holds around it.
    fn reference(&mut self, around: Reference) -> Result<Reference> {
        let mut here = around;
        for attribute in std::mem::take(self.tokens.attributes()) {
            let problem = |rule| Problem::new(rule, attribute.offset);
            match (attribute.space, attribute.local) {
                (Space::NONE, "srsName") => {
                    here.crs = Some(Crs::named(&attribute.value).map_err(|unknown| {
                        problem(match unknown {
                            UnknownCrs::Ambiguous => Rule::SrsAmbiguous,
                            UnknownCrs::Deprecated => Rule::SrsDeprecated,
                            UnknownCrs::Unknown => Rule::SrsUnknown,
                        })
                    })?);
                    if around.crs.is_some_and(|crs| Some(crs) != here.crs) {
                        return Err(problem(Rule::SrsMixed));
                    }
                }
                (Space::NONE, "srsDimension") => {
                    here.dimension = match lexical::trim(&attribute.value) {
                        "2" => 2,
                        // Taken apart so, and then refused by the contract at its place.
                        "3" => 3,
                        _ => return Err(problem(Rule::GmlGeometry)),
                    };
                }
                (Space::NONE, "axisLabels" | "uomLabels" | "count" | "gid") => {}
                (space, "id") if space == self.space => {}
                _ => return Err(problem(Rule::UnknownAttribute)),
            }
        }
        Ok(here)
    }

    /// An element between geometries: it may say who owns it, and nothing else.
    fn no_reference(&mut self) -> Result<()> {
        for attribute in std::mem::take(self.tokens.attributes()) {
            if (attribute.space, attribute.local) != (Space::NONE, "owns") {
                return Err(Problem::new(Rule::UnknownAttribute, attribute.offset));
            }
        }
        Ok(())
    }

    /// A segment or patch: what lies between its positions must be straight.
    fn straight(&mut self, interpolation: &str) -> Result<()> {
        for attribute in std::mem::take(self.tokens.attributes()) {
            let problem = |rule| Problem::new(rule, attribute.offset);
            match (attribute.space, attribute.local) {
                (Space::NONE, "interpolation") if attribute.value == interpolation => {}
                (Space::NONE, "interpolation") => return Err(problem(Rule::GmlGeometry)),
                (Space::NONE, "numDerivativesAtStart" | "numDerivativesAtEnd" | "numDerivativeInterior") => {}
                _ => return Err(problem(Rule::UnknownAttribute)),
            }
        }
        Ok(())
    }

    /// `coordinates` in the notation that is the default: a decimal point, commas, blanks.
    fn usual_notation(&mut self) -> Result<()> {
        for attribute in std::mem::take(self.tokens.attributes()) {
            let usual = match (attribute.space, attribute.local) {
                (Space::NONE, "decimal") => attribute.value == ".",
                (Space::NONE, "cs") => attribute.value == ",",
                (Space::NONE, "ts") => is_space(&attribute.value),
                _ => false,
            };
            if !usual {
                return Err(Problem::new(Rule::GmlGeometry, attribute.offset));
            }
        }
        Ok(())
    }

    /// The numbers of the element that has just opened, up to its end.
    fn numbers(&mut self) -> Result<Vec<Document<'a>>> {
        let start = self.tokens.start();
        let text = self.tokens.content()?;
        pieces(text, is_blank).into_iter().map(|piece| self.number(piece, start)).collect()
    }

    /// The tuples of 3.1's `coordinates`.
    fn tuples(&mut self) -> Result<Vec<Document<'a>>> {
        let start = self.tokens.start();
        let text = self.tokens.content()?;
        let mut positions = Vec::new();
        for tuple in pieces(text, is_blank) {
            let numbers = pieces(tuple, |character| character == ',').into_iter();
            positions
                .push(Document::List(numbers.map(|piece| self.number(piece, start)).collect::<Result<_>>()?));
        }
        Ok(positions)
    }

    /// A number, or the text that stands in the place of one. Each counts as a value of the document.
    fn number(&mut self, piece: Cow<'a, str>, start: usize) -> Result<Document<'a>> {
        self.tokens.count()?;
        match lexical::double(piece) {
            Ok(number) if number.as_str().len() > self.limits.number => {
                Err(Problem::new(Rule::NumberTooLong, start))
            }
            Ok(number) => Ok(Document::Number(number)),
            Err(text) => Ok(Document::Text(text)),
        }
    }

    fn problem(&self, rule: Rule) -> Problem<'static> {
        Problem::new(rule, self.tokens.start())
    }
}

/// What stands between separators, borrowed where the text is.
fn pieces(text: Cow<'_, str>, is_separator: impl Fn(char) -> bool) -> Vec<Cow<'_, str>> {
    let some = |piece: &&str| !piece.is_empty();
    match text {
        Cow::Borrowed(text) => text.split(is_separator).filter(some).map(Cow::Borrowed).collect(),
        Cow::Owned(text) => {
            text.split(is_separator).filter(some).map(|piece| Cow::Owned(piece.to_owned())).collect()
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}
