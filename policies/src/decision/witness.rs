//! Who watches a decision being made: nobody, or `explain`.

use contracts::Bilingual;

use super::Rule;
use crate::AgreementId;

/// Watches a decision step by step.
pub trait Witness {
    /// One rule was asked. `step` is only made for those who look.
    fn step(&mut self, step: impl FnOnce() -> Step);
}

/// One rule asked of one agreement, or of none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// The agreement it was asked of; none for what concerns no agreement.
    pub agreement: Option<AgreementId>,
    /// Whether the request satisfied it.
    pub passed: bool,
    /// What was held against what. It names fields but holds no value of them.
    pub compared: Bilingual,
}

/// Nobody watches: costs nothing.
impl Witness for () {
    fn step(&mut self, _: impl FnOnce() -> Step) {}
}

/// Every step, in order.
impl Witness for Vec<Step> {
    fn step(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}
