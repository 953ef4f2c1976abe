//! The records that an agreement covers.
//!
//! `MaTinh = { in = "$member.province", include_predecessors = true }` becomes, when the documents
//! are loaded, a field and the values it may have: `$member` is the consumer's member, which an
//! agreement names, so nothing is left to resolve per request. A record that lacks the field, or has
//! another kind of value there, is not covered.

use contracts::{Document, FieldPath};

/// The records that an agreement covers: those that meet every condition.
#[derive(Clone, Debug, Default)]
pub struct Conditions(Vec<Condition>);

/// One field and the values that it may have.
#[derive(Clone, Debug)]
pub struct Condition {
    field: FieldPath,
    /// Sorted.
    values: Vec<String>,
}

impl Condition {
    pub(crate) fn new(field: FieldPath, mut values: Vec<String>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self { field, values }
    }

    /// The field.
    pub fn field(&self) -> &FieldPath {
        &self.field
    }

    /// The values it may have, sorted.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    fn matches(&self, record: &Document<'_>) -> bool {
        let mut value = record;
        for name in self.field.segments() {
            let Some(next) = value.as_record().and_then(|record| record.get(name)) else { return false };
            value = next;
        }
        let allowed = |text: &str| self.values.binary_search_by(|value| value.as_str().cmp(text)).is_ok();
        value.as_text().is_some_and(allowed)
    }
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
