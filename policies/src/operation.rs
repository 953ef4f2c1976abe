//! What a consumer can do with a service.

use std::{fmt, str::FromStr};

/// One operation of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Records that a filter selects.
    Query,
    /// One record by its key.
    Read,
    /// What changed since a point, with tombstones.
    Changes,
    /// New records.
    Submit,
    /// A record replaced by its next state.
    Update,
    /// A record taken back.
    Withdraw,
    /// A question answered with a verdict.
    Verify,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 7] =
        [Self::Query, Self::Read, Self::Changes, Self::Submit, Self::Update, Self::Withdraw, Self::Verify];

    /// The name in documents and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Read => "read",
            Self::Changes => "changes",
            Self::Submit => "submit",
            Self::Update => "update",
            Self::Withdraw => "withdraw",
            Self::Verify => "verify",
        }
    }

    /// Whether something at the provider is different afterwards.
    pub fn changes_state(self) -> bool {
        matches!(self, Self::Submit | Self::Update | Self::Withdraw)
    }

    /// Whether records of the service's contract come back: what the sharing rules `default` and
    /// `open` can allow without an agreement.
    pub fn reads_records(self) -> bool {
        matches!(self, Self::Query | Self::Read | Self::Changes)
    }

    /// Whether it is about one record, whose key stands in the path.
    pub fn names_record(self) -> bool {
        matches!(self, Self::Read | Self::Update | Self::Withdraw)
    }

    /// Whether a body, either way, may hold many records.
    pub fn carries_collection(self) -> bool {
        matches!(self, Self::Query | Self::Changes | Self::Submit)
    }

    /// Whether the request carries a record of the service's contract.
    pub fn carries_record(self) -> bool {
        matches!(self, Self::Submit | Self::Update | Self::Verify)
    }
}

impl FromStr for Operation {
    type Err = NotAnOperation;

    fn from_str(text: &str) -> Result<Self, NotAnOperation> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == text).ok_or(NotAnOperation)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text does not name an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an operation: query, read, changes, submit, update, withdraw or verify")]
pub struct NotAnOperation;

/// One value for each operation that has one. Seven slots: smaller and quicker than a map.
#[derive(Clone, Debug)]
pub(crate) struct PerOperation<T>([Option<T>; 7]);

impl<T> Default for PerOperation<T> {
    fn default() -> Self {
        Self([const { None }; 7])
    }
}

impl<T> PerOperation<T> {
    pub(crate) fn get(&self, operation: Operation) -> Option<&T> {
        self.0.get(operation as usize).and_then(Option::as_ref)
    }

    pub(crate) fn set(&mut self, operation: Operation, value: T) {
        if let Some(slot) = self.0.get_mut(operation as usize) {
            *slot = Some(value);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Operation, &T)> {
        Operation::ALL.into_iter().filter_map(|operation| Some((operation, self.get(operation)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_own_name_and_slot() {
        let mut slots = PerOperation::default();
        for operation in Operation::ALL {
            assert_eq!(operation.as_str().parse(), Ok(operation));
            assert!(slots.get(operation).is_none());
            slots.set(operation, operation);
        }
        assert!(slots.iter().all(|(operation, held)| operation == *held));
        assert_eq!(slots.iter().count(), 7);
        assert_eq!("Query".parse::<Operation>(), Err(NotAnOperation));
    }

    #[test]
    fn only_reading_can_be_allowed_without_an_agreement() {
        assert!(
            Operation::ALL
                .into_iter()
                .all(|operation| !(operation.changes_state() && operation.reads_records()))
        );
        assert!(!Operation::Verify.reads_records());
    }
}
