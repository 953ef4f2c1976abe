//! The records that an agreement covers.
//!
//! `MaTinh = { in = "$member.province", include_predecessors = true }` becomes, when the documents
//! are loaded, a field and the values it may have: `$member` is the consumer's member, which an
//! agreement names, so nothing is left to resolve per request. A record that lacks the field, or has
//! another kind of value there, is not covered.
//!
//! A code can change its meaning from one edition of its list to the next. Where the contract says
//! which date of a record its codes are read by, a record is covered by what its code meant then
//! ([`Units`]), so that a record of one province never passes for another's because the two bear one
//! code at different times. A record that keeps its date to itself is covered only when every meaning
//! is. Where the contract names no date, codes are read as of now.

use contracts::{Days, Document, FieldPath, Units};

/// The records that an agreement covers: those that meet every condition.
#[derive(Clone, Debug, Default)]
pub struct Conditions(Vec<Condition>);

/// One field and the values that it may have.
#[derive(Clone, Debug)]
pub struct Condition {
    field: FieldPath,
    /// Sorted.
    values: Vec<String>,
    dated: Option<Dated>,
}

/// What the values mean, and the field that tells when.
#[derive(Clone, Debug)]
struct Dated {
    by: FieldPath,
    units: Units,
}

impl Condition {
    pub(crate) fn new(field: FieldPath, mut values: Vec<String>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self { field, values, dated: None }
    }

    /// The condition that the code of `field`, read at the time that the field `by` tells, is of one of
    /// `units`.
    pub(crate) fn dated(field: FieldPath, by: FieldPath, units: Units) -> Self {
        let values = units.codes().into_iter().map(str::to_owned).collect();
        Self { dated: Some(Dated { by, units }), ..Self::new(field, values) }
    }

    /// The field.
    pub fn field(&self) -> &FieldPath {
        &self.field
    }

    /// The values it may have, sorted; where [`Condition::dated_by`] tells a field, at some time each.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// The field whose date decides what a value means.
    pub fn dated_by(&self) -> Option<&FieldPath> {
        self.dated.as_ref().map(|dated| &dated.by)
    }

    fn matches(&self, record: &Document<'_>) -> bool {
        let Some(value) = text(record, &self.field) else { return false };
        let listed = self.values.binary_search_by(|known| known.as_str().cmp(value)).is_ok();
        listed && self.dated.as_ref().is_none_or(|dated| dated.cover(value, record))
    }
}

impl Dated {
    fn cover(&self, code: &str, record: &Document<'_>) -> bool {
        self.units.cover(code, text(record, &self.by).and_then(Days::told_by))
    }
}

/// The text at `path`, which leads through no list.
fn text<'d>(record: &'d Document<'d>, path: &FieldPath) -> Option<&'d str> {
    path.segments().try_fold(record, |value, name| value.as_record()?.get(name))?.as_text()
}

impl Conditions {
    pub(crate) fn new(conditions: Vec<Condition>) -> Self {
        Self(conditions)
    }

    /// Whether every record is covered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `record` meets every condition.
    pub fn matches(&self, record: &Document<'_>) -> bool {
        self.0.iter().all(|condition| condition.matches(record))
    }

    /// Each condition.
    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }

    /// What a provider that can filter by `fields` is asked for. A condition with several values is
    /// not pushed down: whether a repeated parameter means either value, the last or an error differs
    /// from provider to provider. Records are held against all conditions afterwards in any case.
    pub(crate) fn push_down(&self, fields: &[FieldPath]) -> Vec<(FieldPath, String)> {
        let single = |condition: &Condition| match condition.values.as_slice() {
            [value] if fields.contains(&condition.field) => Some((condition.field.clone(), value.clone())),
            _ => None,
        };
        self.0.iter().filter_map(single).collect()
    }
}

#[cfg(test)]
mod tests {
    use contracts::{Number, Record};

    use super::*;

    fn record(members: Vec<(&'static str, Document<'static>)>) -> Document<'static> {
        let mut record = Record::default();
        for (name, value) in members {
            record.push(name, value);
        }
        Document::Record(record)
    }

    fn conditions(conditions: &[(&str, &[&str])]) -> Conditions {
        let condition = |(field, values): &(&str, &[&str])| {
            Condition::new(field.parse().unwrap(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        Conditions::new(conditions.iter().map(condition).collect())
    }

    #[test]
    fn a_record_is_covered_when_every_field_has_one_of_its_values() {
        let provinces = conditions(&[("MaTinh", &["15", "10"]), ("ToChuc.Loai", &["vien"])]);
        let inner = |kind: &'static str| record(vec![("Loai", Document::Text(kind.into()))]);
        let of = |province: &'static str, kind| {
            record(vec![("MaTinh", Document::Text(province.into())), ("ToChuc", inner(kind))])
        };
        assert!(provinces.matches(&of("10", "vien")) && provinces.matches(&of("15", "vien")));
        assert!(!provinces.matches(&of("01", "vien")) && !provinces.matches(&of("10", "truong")));
    }

    #[test]
    fn a_record_without_the_field_is_not_covered() {
        let province = conditions(&[("MaTinh", &["01", "1"])]);
        assert!(!province.matches(&record(vec![])));
        assert!(!province.matches(&record(vec![("MaTinh", Document::Null)])));
        assert!(!province.matches(&record(vec![("MaTinh", Document::Number(Number::new("1").unwrap()))])));
        assert!(!province.matches(&Document::List(vec![])));
        assert!(Conditions::default().matches(&record(vec![])));
    }

    #[test]
    fn only_a_single_value_is_pushed_down() {
        let both = conditions(&[("MaTinh", &["01"]), ("CapQuanLy", &["a", "b"]), ("Khac", &["x"])]);
        let can: Vec<FieldPath> = ["MaTinh", "CapQuanLy"].iter().map(|path| path.parse().unwrap()).collect();
        assert_eq!(both.push_down(&can), [("MaTinh".parse().unwrap(), "01".to_owned())]);
    }
}
