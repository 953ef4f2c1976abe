//! The fields that leave, and how.
//!
//! A [`ReleasePlan`] is an allow-list compiled against a contract's shape into a tree of the fields
//! to keep. Applying it walks the document and the tree side by side, and what the tree does not
//! hold is dropped, whether the contract knows it or not: a field that a provider adds tomorrow
//! reaches nobody. A value of another form than the contract's is dropped too: where a text was
//! released, a record is not that text.

mod mask;

use contracts::{
    Classification, Contract, Document, Field, FieldPath, Form, RecordShape, Seen, Shape, View, geometry,
};

use crate::AgreementId;
use mask::Masker;
pub use mask::{Mask, MaskKeys};

/// The fields that leave, and how.
#[derive(Clone, Debug)]
pub struct ReleasePlan {
    root: RecordPlan,
    /// Whose key makes pseudonyms.
    agreement: Option<AgreementId>,
    released: Vec<FieldPath>,
    masked: Vec<(FieldPath, Mask)>,
    withheld: Vec<FieldPath>,
    whole: bool,
    personal: bool,
}

/// The fields of a record to keep, in the shape's order.
#[derive(Clone, Debug, Default)]
struct RecordPlan {
    fields: Vec<(String, Keep)>,
}

#[derive(Clone, Debug)]
enum Keep {
    Value,
    Values,
    Masked(Mask),
    MaskedValues(Mask),
    Geometry,
    Geometries,
    Record(RecordPlan),
    Records(RecordPlan),
}

/// What becomes of one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    Withhold,
    Release,
    Mask(Mask),
}

impl ReleasePlan {
    /// Compiles what `treat` says of each leaf of `shape`. Pseudonyms are made with the key of
    /// `agreement`; without one nothing may be masked by `pseudonym`.
    pub(crate) fn compile(
        shape: &Shape,
        agreement: Option<&AgreementId>,
        treat: impl Fn(&Field) -> Treatment,
    ) -> Self {
        let mut plan = Self {
            root: RecordPlan::default(),
            agreement: agreement.cloned(),
            released: Vec::new(),
            masked: Vec::new(),
            withheld: Vec::new(),
            whole: true,
            personal: false,
        };
        plan.root = plan.record(&shape.root, &treat);
        plan.released.sort_unstable();
        plan
    }

    /// The fields of these classes, unmasked.
    pub(crate) fn of_classes(shape: &Shape, included: impl Fn(Classification) -> bool) -> Self {
        Self::compile(shape, None, |field| {
            if included(field.classification) { Treatment::Release } else { Treatment::Withhold }
        })
    }

    fn record(&mut self, shape: &RecordShape, treat: &impl Fn(&Field) -> Treatment) -> RecordPlan {
        self.whole &= shape.closed;
        let mut fields = Vec::new();
        for field in &shape.fields {
            let is_list = matches!(field.form, Form::List(_));
            let keep = if let Some(inner) = field.form.record() {
                let inner = self.record(inner, treat);
                // A record of which nothing leaves does not leave either, not even empty.
                (!inner.fields.is_empty()).then_some(if is_list {
                    Keep::Records(inner)
                } else {
                    Keep::Record(inner)
                })
            } else {
                self.leaf(field, treat(field), is_list)
            };
            self.whole &= keep.is_some();
            fields.extend(keep.map(|keep| (field.name.clone(), keep)));
        }
        RecordPlan { fields }
    }

    fn leaf(&mut self, field: &Field, treatment: Treatment, is_list: bool) -> Option<Keep> {
        if treatment != Treatment::Withhold {
            self.personal |= field.classification.is_personal();
        }
        match treatment {
            Treatment::Withhold => {
                self.withheld.push(field.path.clone());
                None
            }
            Treatment::Release => {
                self.released.push(field.path.clone());
                Some(match &field.form {
                    Form::Geometry(_) => Keep::Geometry,
                    Form::List(list) if matches!(list.item, Form::Geometry(_)) => Keep::Geometries,
                    Form::List(_) => Keep::Values,
                    Form::Text | Form::Number { .. } | Form::Boolean | Form::Record(_) => Keep::Value,
                })
            }
            Treatment::Mask(mask) => {
                self.whole = false;
                self.masked.push((field.path.clone(), mask));
                Some(if is_list { Keep::MaskedValues(mask) } else { Keep::Masked(mask) })
            }
        }
    }

    /// Whether a document that the contract accepts leaves as it is.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether nothing leaves at all.
    pub fn is_empty(&self) -> bool {
        self.root.fields.is_empty()
    }

    /// The leaves that never leave, in the shape's order.
    pub fn withheld(&self) -> &[FieldPath] {
        &self.withheld
    }

    /// The leaves that leave masked, in the shape's order.
    pub fn masked(&self) -> &[(FieldPath, Mask)] {
        &self.masked
    }

    /// The leaves that leave as they are, sorted.
    pub fn released(&self) -> &[FieldPath] {
        &self.released
    }

    /// Whether the leaf at `path` leaves as it is: what a filter may name, or hidden values could be
    /// guessed.
    pub fn releases(&self, path: &str) -> bool {
        self.released.binary_search_by(|released| released.as_str().cmp(path)).is_ok()
    }

    /// Whether personal data leaves, masked or not.
    pub fn is_personal(&self) -> bool {
        self.personal
    }

    /// The contract that the plan was compiled for, as whoever receives the release sees it: what
    /// [`apply`](Self::apply) leaves of a valid record is valid under the view, and the view names
    /// nothing else.
    pub fn view(&self, contract: &Contract) -> View {
        contract.view(&|field| {
            let path = &field.path;
            let format = || contract.schema_of(path)?.get("format")?.as_str();
            if self.releases(path.as_str()) {
                Seen::Whole
            } else if let Some((_, mask)) = self.masked.iter().find(|(masked, _)| masked == path) {
                mask.leaves(format())
            } else {
                Seen::Withheld
            }
        })
    }

    /// Reduces a record, or each record of a list, to what leaves.
    pub fn apply(&self, document: &mut Document<'_>, keys: &MaskKeys) {
        let masker = Masker::new(keys, self.agreement.as_ref().map_or("", AgreementId::as_str));
        match document {
            Document::List(records) => {
                records.retain_mut(|record| self.root.apply(record, &masker));
            }
            record => {
                if !self.root.apply(record, &masker) {
                    *record = Document::Null;
                }
            }
        }
    }
}

impl RecordPlan {
    /// What becomes of the field called `name`, and where it stands. Documents mostly have the shape's order,
    /// so the search starts at `next`, where the last one ended.
    fn find(&self, name: &str, next: usize) -> Option<(usize, &Keep)> {
        match self.fields.get(next) {
            Some((known, keep)) if known == name => return Some((next, keep)),
            _ => {}
        }
        let is_meant = |(_, (known, _)): &(usize, &(String, Keep))| known == name;
        let fields = || self.fields.iter().enumerate();
        let found = fields().skip(next).find(is_meant).or_else(|| fields().take(next).find(is_meant));
        found.map(|(position, (_, keep))| (position, keep))
    }

    /// Reduces a record; `false` when this is none.
    fn apply(&self, document: &mut Document<'_>, masker: &Masker<'_>) -> bool {
        let Document::Record(record) = document else { return false };
        let mut next = 0;
        record.retain(|name, value| {
            let Some((position, keep)) = self.find(name, next) else { return false };
            next = position + 1;
            keep.apply(value, masker)
        });
        true
    }
}

impl Keep {
    /// Reduces a value; `false` when it does not leave.
    fn apply(&self, value: &mut Document<'_>, masker: &Masker<'_>) -> bool {
        match (self, value) {
            (_, Document::Null) => true,
            (Self::Value, value) => is_scalar(value),
            (Self::Geometry, value) => is_geometry(value),
            (Self::Geometries, Document::List(items)) => {
                items.retain_mut(is_geometry);
                true
            }
            (Self::Masked(mask), value) => masker.mask(*mask, value),
            (Self::Record(plan), value) => plan.apply(value, masker),
            (Self::Values, Document::List(items)) => {
                items.retain(is_scalar);
                true
            }
            (Self::MaskedValues(mask), Document::List(items)) => {
                items.retain_mut(|item| matches!(item, Document::Null) || masker.mask(*mask, item));
                true
            }
            (Self::Records(plan), Document::List(items)) => {
                items.retain_mut(|item| matches!(item, Document::Null) || plan.apply(item, masker));
                true
            }
            (Self::Values | Self::Geometries | Self::MaskedValues(_) | Self::Records(_), _) => false,
        }
    }
}

/// Whether a value is made as a geometry is, after what no geometry has is taken out of it: one was released,
/// not whatever a record may hold.
fn is_geometry(value: &mut Document<'_>) -> bool {
    let Document::Record(record) = value else { return false };
    record.retain(|name, value| {
        if name == geometry::COORDINATES {
            is_coordinates(value)
        } else {
            geometry::is_member(name) && value.as_text().is_some()
        }
    });
    record.get(geometry::COORDINATES).is_some()
}

/// Numbers, in lists. As deep as the reader let it be.
fn is_coordinates(value: &Document<'_>) -> bool {
    match value {
        Document::Number(_) => true,
        Document::List(items) => items.iter().all(is_coordinates),
        Document::Null | Document::Bool(_) | Document::Text(_) | Document::Record(_) => false,
    }
}

fn is_scalar(value: &Document<'_>) -> bool {
    !matches!(value, Document::List(_) | Document::Record(_))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod views;
