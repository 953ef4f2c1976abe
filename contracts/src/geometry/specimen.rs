//! A geometry made up for a contract: of any of its kinds, in any of its reference systems, inside its box.

use super::{COORD_REF_SYS, COORDINATES, Crs, GeometryForm, KIND, Kind};
use crate::{Document, Number, Record};

/// Corners of a square, against the clock and closed, and of a hole in it, with the clock.
const SQUARE: [[f64; 2]; 5] = [[0.0, 0.0], [3.0, 0.0], [3.0, 3.0], [0.0, 3.0], [0.0, 0.0]];
const HOLE: [[f64; 2]; 4] = [[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [1.0, 1.0]];

/// A place is this part of the way across the box, and of that a corner is a tenth of a hundredth.
const STEPS: u32 = 900;
const SIDE: f64 = 1.0 / 10_000.0;

impl GeometryForm {
    /// Makes one up; `below` gives a number below its argument. `None` where the box has a corner that the
    /// reference system does not reach, or is too small for its digits.
    pub(crate) fn specimen(&self, below: &mut dyn FnMut(u32) -> u32) -> Option<Document<'static>> {
        let mut pick = |count: usize| -> usize {
            let count = u32::try_from(count).unwrap_or(1);
            usize::try_from(below(count)).unwrap_or(0)
        };
        let kind = *self.kinds.get(pick(self.kinds.len()))?;
        let crs = *self.crs.get(pick(self.crs.len()))?;
        let several = 1 + pick(2);
        let mut origins = Vec::with_capacity(several);
        for _ in 0..several {
            origins.push([f64::from(below(STEPS)) / 1_000.0, f64::from(below(STEPS)) / 1_000.0]);
        }
        let origin = *origins.first()?;
        let each = |one: &dyn Fn([f64; 2]) -> Option<Document<'static>>| {
            origins.iter().map(|origin| one(*origin)).collect::<Option<Vec<_>>>().map(Document::List)
        };
        let point = |origin| self.corner(crs, origin, [0.0, 0.0]);
        let line = |origin| self.corners(crs, origin, &[[0.0, 0.0], [1.0, 2.0], [2.0, 2.0]]);
        let polygon = |origin| {
            Some(Document::List(vec![self.corners(crs, origin, &SQUARE)?, self.corners(crs, origin, &HOLE)?]))
        };
        let coordinates = match kind {
            Kind::Point => point(origin)?,
            Kind::LineString => line(origin)?,
            Kind::Polygon => polygon(origin)?,
            Kind::MultiPoint => each(&point)?,
            Kind::MultiLineString => each(&line)?,
            Kind::MultiPolygon => each(&polygon)?,
        };
        let mut record = Record::with_capacity(3);
        record.push(KIND, Document::Text(kind.name().into()));
        record.push(COORDINATES, coordinates);
        if crs != Crs::CRS84 {
            record.push(COORD_REF_SYS, Document::Text(crs.uri().into()));
        }
        Some(Document::Record(record))
    }

    fn corners(&self, crs: Crs, origin: [f64; 2], corners: &[[f64; 2]]) -> Option<Document<'static>> {
        let corners = corners.iter().map(|at| self.corner(crs, origin, *at));
        corners.collect::<Option<Vec<_>>>().map(Document::List)
    }

    /// A position, by how far across the box it is.
    fn corner(&self, crs: Crs, origin: [f64; 2], at: [f64; 2]) -> Option<Document<'static>> {
        let area = &self.area;
        let across =
            |from: f64, to: f64, origin: f64, at: f64| from + (to - from) * (origin + at * SIDE + SIDE);
        let [east, north] = [
            across(area.west, area.east, origin[0], at[0]),
            across(area.south, area.north, origin[1], at[1]),
        ];
        let [first, second] = crs.of_wgs84([east, north])?;
        let digits = if crs.is_projected() { 3 } else { 8 };
        let number = |value: f64| Number::new(format!("{value:.digits$}")).map(Document::Number);
        Some(Document::List(vec![number(first)?, number(second)?]))
    }
}
