//! Whether a geometry keeps its contract, rule by rule.
//!
//! The walk is as deep as the kind, whatever a sender nests, and builds nothing for a sound geometry.
//! Equality of positions is decided on digits, so a ring that is closed on paper is closed here. Messages
//! speak of the rule and of the contract's numbers, never of the record's.

use std::cmp::Ordering;

use super::{COORD_REF_SYS, COORDINATES, Crs, GeometryForm, KIND, Kind, UnknownCrs, is_member, position};
use crate::{Bilingual, Document, Record, ViolationRule};

/// A broken rule of a geometry: its place below the geometry, as a JSON pointer and as indexes.
pub(crate) struct Broken {
    pub(crate) path: String,
    pub(crate) position: Vec<usize>,
    pub(crate) rule: ViolationRule,
    pub(crate) message: Bilingual,
}

/// The fewest positions of a ring: three corners and the first again (RFC 7946 3.1.6, GML 10.5.8).
const RING: usize = 4;

impl GeometryForm {
    /// Whether `value` keeps every rule. A value that is no record is for `type` to refuse.
    pub(crate) fn conforms(&self, value: &Document<'_>) -> bool {
        self.broken(value, 1).is_empty()
    }

    /// The first `limit` broken rules of `value`, in document order.
    pub(crate) fn broken(&self, value: &Document<'_>, limit: usize) -> Vec<Broken> {
        let Some(record) = value.as_record() else { return Vec::new() };
        let mut walk = Walk { form: self, crs: None, at: Vec::new(), member: 0, limit, broken: Vec::new() };
        walk.geometry(record);
        let mut broken = walk.broken;
        broken.sort_by(|one, two| one.position.cmp(&two.position));
        broken.truncate(limit);
        broken
    }
}

struct Walk<'f> {
    form: &'f GeometryForm,
    /// The reference system to look positions up in, when it is one that the contract takes.
    crs: Option<Crs>,
    /// The way from `coordinates` to where the walk is.
    at: Vec<usize>,
    /// The index of `coordinates` among the geometry's members.
    member: usize,
    limit: usize,
    broken: Vec<Broken>,
}

impl Walk<'_> {
    fn geometry(&mut self, record: &Record<'_>) {
        let place = |name| record.iter().position(|(known, _)| known == name).unwrap_or(usize::MAX);
        for (index, (name, _)) in record.iter().enumerate() {
            if !is_member(name) {
                self.tell(index, String::new(), ViolationRule::UnknownField, &said::MEMBER);
                break;
            }
        }
        let kind = self.kind(record.get(KIND), place(KIND));
        self.crs = self.reference_system(record.get(COORD_REF_SYS), place(COORD_REF_SYS));
        self.member = place(COORDINATES);
        match (record.get(COORDINATES), kind) {
            (None, _) => {
                self.tell(usize::MAX, format!("/{COORDINATES}"), ViolationRule::Required, &said::MISSING);
            }
            (Some(coordinates), Some(kind)) => self.walk(kind, coordinates),
            // Of which shape they are to be is not known.
            (Some(_), None) => {}
        }
    }

    fn kind(&mut self, value: Option<&Document<'_>>, index: usize) -> Option<Kind> {
        let path = format!("/{KIND}");
        let Some(value) = value else {
            self.tell(usize::MAX, path, ViolationRule::Required, &said::MISSING);
            return None;
        };
        let kind = value.as_text().and_then(Kind::named);
        if kind.is_none_or(|kind| !self.form.kinds.contains(&kind)) {
            let kinds: Vec<_> = self.form.kinds.iter().map(|kind| kind.name().to_owned()).collect();
            self.tell_with(index, path, ViolationRule::GeometryKind, &said::KIND, &kinds.join(", "));
        }
        kind
    }

    fn reference_system(&mut self, value: Option<&Document<'_>>, index: usize) -> Option<Crs> {
        let named = match value {
            None => Ok(Crs::CRS84),
            // What is the default when nothing is said is never said: one tree, one form.
            Some(value) => match value.as_text() {
                Some(name) => match Crs::of_uri(name) {
                    Some(crs) if crs != Crs::CRS84 => Ok(crs),
                    _ => Err(Crs::named(name).err().unwrap_or(UnknownCrs::Unknown)),
                },
                None => Err(UnknownCrs::Unknown),
            },
        };
        match named {
            Ok(crs) if self.form.crs.contains(&crs) => return Some(crs),
            Err(UnknownCrs::Deprecated) => self.told_crs(index, &said::DEPRECATED_CRS),
            Err(UnknownCrs::Ambiguous) => self.told_crs(index, &said::AMBIGUOUS_CRS),
            Ok(_) | Err(UnknownCrs::Unknown) => self.told_crs(index, &said::CRS),
        }
        None
    }

    fn told_crs(&mut self, index: usize, said: &Said) {
        let taken = |crs: &Crs| match *crs {
            Crs::CRS84 => format!("CRS84 (∅ `{COORD_REF_SYS}`)"),
            other => other.uri(),
        };
        let taken: Vec<_> = self.form.crs.iter().map(taken).collect();
        self.tell_with(
            index,
            format!("/{COORD_REF_SYS}"),
            ViolationRule::GeometryCrs,
            said,
            &taken.join(", "),
        );
    }

    fn walk(&mut self, kind: Kind, value: &Document<'_>) {
        match kind {
            Kind::Point => self.position(value),
            Kind::LineString => self.curve(value),
            Kind::Polygon => self.each(value, Self::ring),
            Kind::MultiPoint => self.each(value, Self::position),
            Kind::MultiLineString => self.each(value, Self::curve),
            Kind::MultiPolygon => self.each(value, |walk, polygon| walk.each(polygon, Self::ring)),
        }
    }

    /// Every item of a list that is not empty.
    fn each(&mut self, value: &Document<'_>, check: impl Fn(&mut Self, &Document<'_>)) {
        let Some(items) = value.as_list() else {
            return self.here(ViolationRule::Type, &said::LIST);
        };
        if items.is_empty() {
            return self.here(ViolationRule::GeometryEmpty, &said::EMPTY);
        }
        for (index, item) in items.iter().enumerate() {
            if self.broken.len() >= self.limit {
                return;
            }
            self.at.push(index);
            check(self, item);
            self.at.pop();
        }
    }

    fn curve(&mut self, value: &Document<'_>) {
        self.each(value, Self::position);
        let positions = value.as_list().unwrap_or_default();
        let goes_somewhere =
            positions.split_first().is_some_and(|(first, rest)| rest.iter().any(|next| !same(first, next)));
        if !positions.is_empty() && !goes_somewhere {
            self.here(ViolationRule::GeometryCurve, &said::CURVE);
        }
    }

    fn ring(&mut self, value: &Document<'_>) {
        self.each(value, Self::position);
        let positions = value.as_list().unwrap_or_default();
        let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return };
        if positions.len() < RING {
            return self.here(ViolationRule::GeometryRingSize, &said::RING_SIZE);
        }
        if !same(first, last) {
            return self.here(ViolationRule::GeometryRing, &said::RING);
        }
        let second = positions.iter().find(|next| !same(first, next));
        let third =
            second.and_then(|second| positions.iter().find(|next| !same(first, next) && !same(second, next)));
        if third.is_none() {
            self.here(ViolationRule::GeometryRingSize, &said::RING_SIZE);
        }
    }

    fn position(&mut self, value: &Document<'_>) {
        let Some(numbers) = value.as_list() else {
            return self.here(ViolationRule::Type, &said::LIST);
        };
        if let Some(index) = numbers.iter().position(|number| number.as_number().is_none()) {
            self.at.push(index);
            self.here(ViolationRule::Type, &said::NUMBER);
            self.at.pop();
            return;
        }
        match numbers.len() {
            0 => self.here(ViolationRule::GeometryEmpty, &said::EMPTY),
            2 => {
                let Some(crs) = self.crs else { return };
                let area = self.form.area;
                let found = position(value).and_then(|position| crs.to_wgs84(position));
                if !found.is_some_and(|found| area.contains(found)) {
                    let limits = format!("{}–{}, {}–{}", area.west, area.east, area.south, area.north);
                    let path = self.path();
                    let at = self.index();
                    self.push(at, path, ViolationRule::GeometryArea, said::AREA.with(&limits));
                }
            }
            _ => self.here(ViolationRule::GeometryDimension, &said::DIMENSION),
        }
    }

    /// Tells of what stands where the walk is.
    fn here(&mut self, rule: ViolationRule, said: &Said) {
        let (at, path) = (self.index(), self.path());
        self.push(at, path, rule, said.with(""));
    }

    fn index(&self) -> Vec<usize> {
        std::iter::once(self.member).chain(self.at.iter().copied()).collect()
    }

    fn path(&self) -> String {
        let mut path = format!("/{COORDINATES}");
        for index in &self.at {
            path.push('/');
            path.push_str(&index.to_string());
        }
        path
    }

    fn tell(&mut self, index: usize, path: String, rule: ViolationRule, said: &Said) {
        self.push(vec![index], path, rule, said.with(""));
    }

    fn tell_with(&mut self, index: usize, path: String, rule: ViolationRule, said: &Said, named: &str) {
        self.push(vec![index], path, rule, said.with(named));
    }

    fn push(&mut self, position: Vec<usize>, path: String, rule: ViolationRule, message: Bilingual) {
        self.broken.push(Broken { path, position, rule, message });
    }
}

/// Whether two positions are the same, number by number.
fn same(one: &Document<'_>, two: &Document<'_>) -> bool {
    let (Some(one), Some(two)) = (one.as_list(), two.as_list()) else { return false };
    one.len() == two.len()
        && one.iter().zip(two).all(|(one, two)| match (one.as_number(), two.as_number()) {
            (Some(one), Some(two)) => one.compare(two) == Ordering::Equal,
            _ => false,
        })
}

/// What is said of a broken rule, in Vietnamese and English; `{}` stands for what the contract names.
struct Said(&'static str, &'static str);

impl Said {
    fn with(&self, named: &str) -> Bilingual {
        Bilingual::new(self.0.replace("{}", named), self.1.replace("{}", named))
    }
}

mod said {
    use super::Said;

    pub(super) const MEMBER: Said = Said(
        "Hình học chỉ có `type`, `coordinates` và `coordRefSys`.",
        "A geometry has `type`, `coordinates` and `coordRefSys` only.",
    );
    pub(super) const MISSING: Said =
        Said("Hình học thiếu thành phần này.", "The geometry lacks this member.");
    pub(super) const KIND: Said =
        Said("Loại hình học phải là một trong: {}.", "The kind of geometry is to be one of: {}.");
    pub(super) const CRS: Said =
        Said("Hệ tọa độ phải là một trong: {}.", "The coordinate reference system is to be one of: {}.");
    pub(super) const AMBIGUOUS_CRS: Said = Said(
        "Cách viết này của hệ tọa độ không cho biết thứ tự trục; hãy dùng một trong: {}.",
        "This way to name a reference system leaves its axis order open; use one of: {}.",
    );
    pub(super) const DEPRECATED_CRS: Said = Said(
        "EPSG:6956–6959 đã bị hủy vì đảo trục đông và bắc; hãy dùng một trong: {}.",
        "EPSG:6956–6959 are withdrawn because easting and northing were swapped; use one of: {}.",
    );
    pub(super) const LIST: Said = Said(
        "Tọa độ phải là danh sách, lồng nhau đúng như loại hình học.",
        "Coordinates are lists, nested as the kind of geometry asks.",
    );
    pub(super) const NUMBER: Said = Said("Tọa độ phải là số.", "A coordinate is to be a number.");
    pub(super) const EMPTY: Said = Said("Hình học không được rỗng.", "A geometry may not be empty.");
    pub(super) const DIMENSION: Said = Said(
        "Mỗi vị trí phải có đúng hai tọa độ; không nhận độ cao.",
        "A position is to have exactly two coordinates; heights are not taken.",
    );
    pub(super) const CURVE: Said = Said(
        "Đường phải có ít nhất hai vị trí khác nhau.",
        "A curve is to have at least two different positions.",
    );
    pub(super) const RING: Said = Said(
        "Vòng phải khép kín: vị trí cuối trùng vị trí đầu.",
        "A ring is to be closed: its last position is its first.",
    );
    pub(super) const RING_SIZE: Said = Said(
        "Vòng phải có ít nhất bốn vị trí, trong đó ít nhất ba vị trí khác nhau.",
        "A ring is to have at least four positions, three of them different.",
    );
    pub(super) const AREA: Said = Said(
        "Vị trí nằm ngoài phạm vi của hợp đồng (kinh độ, vĩ độ WGS 84: {}); hãy kiểm tra hệ tọa độ và thứ tự trục.",
        "The position lies outside the contract's box (WGS 84 longitude, latitude: {}); check the reference system and the axis order.",
    );
}
