//! VN-2000 to WGS 84 and back.
//!
//! The transformation is EPSG:6960, which is that of QĐ 05/2007/QĐ-BTNMT: seven parameters in the
//! *coordinate frame* convention (EPSG method 9607), good to about a metre against the ground. In the
//! other convention the rotations change sign and everything is off by more than half a metre, so the
//! convention is named in the operation instead of being left to a default. The EPSG dataset has another
//! transformation for the Mekong delta (EPSG:5194, from a project there), 0.8 m away, and PROJ prefers it there
//! when it is not told otherwise; the decision knows one for the whole country, and so does this.
//!
//! Positions are of the plane: they are transformed at height 0 of VN-2000's ellipsoid. The way back has no
//! height to start from, and taking 0 on the other ellipsoid would be off by a millimetre or so; so it is
//! corrected by what the way there makes of its first answer, and there and back again is the same to
//! far below a millimetre (tests).

use std::sync::LazyLock;

use geodesy::prelude::{Context, Coor3D, CoordinateTuple, Direction, Minimal, OpHandle};

use super::{Crs, crs::Axes};

/// VN-2000 geographic to WGS 84 geographic, radians.
const EPSG_6960: &str = "cart ellps=WGS84 \
    | helmert convention=coordinate_frame x=-191.90441429 y=-39.30318279 z=-111.45032835 \
      rx=-0.00928836 ry=0.01975479 rz=-0.00427372 s=0.252906278 \
    | cart inv ellps=WGS84";

/// Metres from the central meridian's easting, and from the equator, within which a projected position
/// is taken to mean something. Viet Nam is 9° wide (1,000 km); beyond some 18° the series of the
/// projection lose their meaning and could fold a wild number back into the country.
const FARTHEST_EAST: f64 = 2_000_000.0;
const FARTHEST_NORTH: f64 = 10_000_000.0;

const FALSE_EASTING: f64 = 500_000.0;

struct Operations {
    context: Minimal,
    to_wgs84: OpHandle,
    projections: Vec<(Crs, OpHandle)>,
}

/// Compiled once. `None` would mean that the library does not know its own operators; every
/// transformation then fails, and with it every check of a box, which tests would see.
static OPERATIONS: LazyLock<Option<Operations>> = LazyLock::new(|| {
    let mut context = Minimal::new();
    let to_wgs84 = context.op(EPSG_6960).ok()?;
    let mut projections = Vec::new();
    for crs in Crs::all() {
        if let Axes::Vn2000Projected { meridian, scale } = crs.axes() {
            let definition =
                format!("tmerc ellps=WGS84 lat_0=0 lon_0={meridian} k_0={scale} x_0={FALSE_EASTING} y_0=0");
            projections.push((crs, context.op(&definition).ok()?));
        }
    }
    Some(Operations { context, to_wgs84, projections })
});

impl Crs {
    /// Where `position`, in this system's axis order, is in WGS 84: longitude and latitude in degrees.
    /// `None` when it is nowhere: beyond the poles, or farther from its zone than the projection means
    /// anything.
    pub fn to_wgs84(self, position: [f64; 2]) -> Option<[f64; 2]> {
        let [first, second] = position;
        let degrees = match self.axes() {
            Axes::Wgs84LongitudeFirst => on_earth(position)?,
            Axes::Wgs84LatitudeFirst => on_earth([second, first])?,
            Axes::Vn2000LatitudeFirst => {
                let [longitude, latitude] = on_earth([second, first])?;
                shift(radians(longitude, latitude), Direction::Fwd)?
            }
            Axes::Vn2000Projected { .. } => {
                if (first - FALSE_EASTING).abs() > FARTHEST_EAST || second.abs() > FARTHEST_NORTH {
                    return None;
                }
                let plane = Coor3D::raw(first, second, 0.0);
                shift(self.project(plane, Direction::Inv)?, Direction::Fwd)?
            }
        };
        on_earth(degrees)
    }

    /// Where a longitude and latitude of WGS 84 is in this system, in its axis order.
    pub fn of_wgs84(self, position: [f64; 2]) -> Option<[f64; 2]> {
        let [longitude, latitude] = on_earth(position)?;
        match self.axes() {
            Axes::Wgs84LongitudeFirst => Some([longitude, latitude]),
            Axes::Wgs84LatitudeFirst => Some([latitude, longitude]),
            Axes::Vn2000LatitudeFirst => {
                let [longitude, latitude] = shift_back([longitude, latitude])?;
                Some([latitude, longitude])
            }
            Axes::Vn2000Projected { .. } => {
                let [longitude, latitude] = shift_back([longitude, latitude])?;
                let plane = self.project(radians(longitude, latitude), Direction::Fwd)?;
                let (easting, northing) = (plane.x(), plane.y());
                let near =
                    (easting - FALSE_EASTING).abs() <= FARTHEST_EAST && northing.abs() <= FARTHEST_NORTH;
                near.then_some([easting, northing])
            }
        }
    }

    fn project(self, position: Coor3D, direction: Direction) -> Option<Coor3D> {
        let operations = OPERATIONS.as_ref()?;
        let (_, operation) = operations.projections.iter().find(|(crs, _)| *crs == self)?;
        apply(operations, *operation, direction, position)
    }
}

/// From WGS 84 to VN-2000; degrees, longitude first.
fn shift_back([longitude, latitude]: [f64; 2]) -> Option<[f64; 2]> {
    let [east, north] = shift(radians(longitude, latitude), Direction::Inv)?;
    let [again_east, again_north] = shift(radians(east, north), Direction::Fwd)?;
    Some([east + longitude - again_east, north + latitude - again_north])
}

/// Between the two datums, from radians to degrees, longitude first.
fn shift(geographic: Coor3D, direction: Direction) -> Option<[f64; 2]> {
    let operations = OPERATIONS.as_ref()?;
    let shifted = apply(operations, operations.to_wgs84, direction, geographic)?;
    Some([shifted.x().to_degrees(), shifted.y().to_degrees()])
}

fn apply(
    operations: &Operations,
    operation: OpHandle,
    direction: Direction,
    position: Coor3D,
) -> Option<Coor3D> {
    let mut operands = [position];
    operations.context.apply(operation, direction, &mut operands).ok()?;
    let [moved] = operands;
    (moved.x().is_finite() && moved.y().is_finite()).then_some(moved)
}

fn radians(longitude: f64, latitude: f64) -> Coor3D {
    Coor3D::raw(longitude.to_radians(), latitude.to_radians(), 0.0)
}

fn on_earth([longitude, latitude]: [f64; 2]) -> Option<[f64; 2]> {
    (longitude.abs() <= 180.0 && latitude.abs() <= 90.0).then_some([longitude, latitude])
}
