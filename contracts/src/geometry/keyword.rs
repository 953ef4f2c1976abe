//! `x-geometry`: what a contract writes, and the JSON Schema it stands for.
//!
//! ```json
//! "ViTri": { "type": "object", "x-geometry": {
//!     "types": ["Point"], "crs": ["CRS84", "EPSG:4756", "EPSG:5897"], "box": [101, 6, 118, 24] } }
//! ```
//!
//! `box` is west, south, east, north in WGS 84. Codes in `crs` are of this vocabulary, where no axis
//! order hangs on how they are spelt. A reader of the published schema who knows nothing of `x-geometry`
//! still sees the structure, because it is written out beside the keyword; the checks that JSON Schema
//! has no words for remain the keyword's ([`super::check`]).

use serde_json::{Map, Value, json};

use super::{Area, COORD_REF_SYS, COORDINATES, Crs, GeometryForm, KIND, Kind};

impl GeometryForm {
    /// What the keyword's `value` says. `None` when it does not say it fully: all three parts are needed,
    /// none empty or repeated, and the box has an inside.
    pub(crate) fn of_keyword(value: &Value) -> Option<Self> {
        let value = value.as_object()?;
        if !value.keys().all(|key| matches!(key.as_str(), "types" | "crs" | "box")) {
            return None;
        }
        let kinds = each(value.get("types")?, Kind::named)?;
        let crs = each(value.get("crs")?, of_vocabulary)?;
        let edges: Vec<f64> =
            value.get("box")?.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
        let [west, south, east, north] = edges.try_into().ok()?;
        let sound = -180.0 <= west && west < east && east <= 180.0;
        let sound = sound && -90.0 <= south && south < north && north <= 90.0;
        sound.then_some(Self { kinds, crs, area: Area { west, south, east, north } })
    }

    /// Adds the JSON Schema of such a geometry to `schema`, which holds the keyword.
    pub(crate) fn write_out(&self, schema: &mut Map<String, Value>) {
        let names: Vec<_> = self.kinds.iter().map(|kind| kind.name()).collect();
        let mut required = vec![KIND, COORDINATES];
        let mut properties = Map::new();
        properties.insert(KIND.to_owned(), json!({ "type": "string", "enum": names }));
        let coordinates = match self.kinds.as_slice() {
            [only] => positions(*only),
            _ => json!({ "type": "array" }),
        };
        properties.insert(COORDINATES.to_owned(), coordinates);
        let uris: Vec<String> =
            self.crs.iter().filter(|crs| **crs != Crs::CRS84).map(|crs| crs.uri()).collect();
        if !self.crs.contains(&Crs::CRS84) {
            required.push(COORD_REF_SYS);
        }
        if !uris.is_empty() {
            properties.insert(COORD_REF_SYS.to_owned(), json!({ "type": "string", "enum": uris }));
        }
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        if self.kinds.len() > 1 {
            let of_kind = |kind: &Kind| {
                json!({
                    "if": { "properties": { KIND: { "const": kind.name() } }, "required": [KIND] },
                    "then": { "properties": { COORDINATES: positions(*kind) } },
                })
            };
            schema.insert("allOf".to_owned(), self.kinds.iter().map(of_kind).collect());
        }
    }
}

/// Takes away what [`GeometryForm::write_out`] added: the validator has its own way to check it.
pub(crate) fn take_back(schema: &mut Map<String, Value>) {
    for keyword in ["properties", "required", "additionalProperties", "allOf"] {
        schema.shift_remove(keyword);
    }
}

fn of_vocabulary(name: &str) -> Option<Crs> {
    Crs::all().find(|crs| crs.to_string() == name)
}

/// The items of a list of names, each known, none twice, at least one.
fn each<T: PartialEq>(list: &Value, known: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut found = Vec::new();
    for name in list.as_array()? {
        let item = known(name.as_str()?)?;
        if found.contains(&item) {
            return None;
        }
        found.push(item);
    }
    (!found.is_empty()).then_some(found)
}

/// The schema of `coordinates`.
fn positions(kind: Kind) -> Value {
    let position = json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 });
    let several = |items: Value, least: u32| json!({ "type": "array", "items": items, "minItems": least });
    match kind {
        Kind::Point => position,
        Kind::MultiPoint => several(position, 1),
        Kind::LineString => several(position, 2),
        Kind::MultiLineString => several(several(position, 2), 1),
        Kind::Polygon => several(several(position, 4), 1),
        Kind::MultiPolygon => several(several(several(position, 4), 1), 1),
    }
}
