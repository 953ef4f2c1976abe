//! Limits, which agreements and services write alike.

use toml::Spanned;

use super::{Size, Table, both};
use crate::quota::{Amounts, QuotaTerms};

/// `per_second`, `concurrent`, `per_day` and `per_month`.
#[derive(Default)]
pub(crate) struct Limits {
    per_second: Option<u32>,
    concurrent: Option<u32>,
    per_day: Option<Amounts>,
    per_month: Option<Amounts>,
}

impl Limits {
    /// Reads those that stand in `table`.
    pub(crate) fn read(table: &Table<'_>) -> Self {
        Self {
            per_second: table.limit("per_second").map(Spanned::into_inner),
            concurrent: table.limit("concurrent").map(Spanned::into_inner),
            per_day: amounts(table, "per_day"),
            per_month: amounts(table, "per_month"),
        }
    }

    /// The terms counted under `key`; none when nothing is limited.
    pub(crate) fn terms(self, key: String) -> Option<QuotaTerms> {
        let Self { per_second, concurrent, per_day, per_month } = self;
        let limited =
            per_second.is_some() || concurrent.is_some() || per_day.is_some() || per_month.is_some();
        limited.then_some(QuotaTerms { key, per_second, concurrent, per_day, per_month })
    }
}

/// `per_day = { requests = 20000, records = 500000, bytes = "2GB" }`; a month's alike.
fn amounts(parent: &Table<'_>, period: &'static str) -> Option<Amounts> {
    let table = parent.table(period)?;
    let positive = |key| {
        let number = table.integer(key)?;
        if *number.get_ref() == 0 {
            table.sheet().fault(
                number.span(),
                "bad-number",
                both(format!("`{key}` phải từ 1"), format!("`{key}` must be at least 1")),
                both(
                    "Sửa số, hoặc xóa khóa nếu không giới hạn",
                    "Correct it, or delete the key for no limit",
                ),
            );
        }
        Some(number.into_inner())
    };
    let amounts = Amounts {
        requests: positive("requests"),
        records: positive("records"),
        bytes: table.value::<Size>("bytes").map(|size| size.into_inner().0),
    };
    table.close();
    (amounts != Amounts::default()).then_some(amounts)
}
