//! The filters: each names, once, a field that is released as it is, that the service filters by and
//! that the agreement allows.

use contracts::{Bilingual, FieldPath};

use super::{
    Hearing, Offer, Rule, Stop, Witness,
    words::{quoted, text},
};
use crate::{Agreement, Operation, ReleasePlan};

impl<'r, W: Witness> Hearing<'r, '_, '_, W> {
    /// To read a record by its key is to filter by the key: who does not see keys as they are could
    /// try a person's number and learn that what comes back is that person's.
    pub(super) fn key(
        &mut self,
        offer: Offer<'r>,
        release: &'r ReleasePlan,
        agreement: Option<&'r Agreement>,
    ) -> Result<(), Stop<'r>> {
        if self.ask.operation != Operation::Read {
            return Ok(());
        }
        let key = offer.version.contract.key();
        self.ask(Rule::FilterNotReleased, agreement, release.releases(key.as_str()), || {
            text(
                format!("đọc theo khóa cần `{key}` được chia sẻ nguyên vẹn"),
                format!("to read by key, `{key}` must be released as it is"),
            )
        })
    }

    pub(super) fn filters(
        &mut self,
        offer: Offer<'r>,
        release: &'r ReleasePlan,
        agreement: Option<&'r Agreement>,
    ) -> Result<(), Stop<'r>> {
        let filters = self.ask.filters;
        for (position, (field, _)) in filters.iter().enumerate() {
            let field = &**field;
            let first = filters.iter().take(position).all(|(earlier, _)| *earlier != field);
            self.ask(Rule::FilterRepeated, agreement, first, || {
                let shown = offer.shown(field);
                text(
                    format!("mỗi trường chỉ được lọc một lần; yêu cầu lọc theo {}", shown.vi),
                    format!("each field may be filtered by once; the request filters by {}", shown.en),
                )
            })?;
            self.ask(Rule::FilterNotReleased, agreement, release.releases(field), || {
                let shown = offer.shown(field);
                text(
                    format!(
                        "chỉ lọc được theo trường được chia sẻ nguyên vẹn; yêu cầu lọc theo {}",
                        shown.vi
                    ),
                    format!(
                        "only a field released as it is can be filtered by; the request filters by {}",
                        shown.en
                    ),
                )
            })?;
            let offered = offer.operation.filter.iter().any(|path| path.as_str() == field);
            self.ask(Rule::FilterNotOffered, agreement, offered, || {
                let (shown, offered) = (offer.shown(field), offer.operation.filter.iter());
                let offered = quoted(offered.map(FieldPath::as_str));
                text(
                    format!("dịch vụ lọc theo {offered}; yêu cầu lọc theo {}", shown.vi),
                    format!("the service filters by {offered}; the request filters by {}", shown.en),
                )
            })?;
            if let Some(terms) = agreement {
                let agreed = terms.filter.iter().any(|path| path.as_str() == field);
                self.ask(Rule::FilterNotAgreed, agreement, agreed, || {
                    let shown = offer.shown(field);
                    let agreed = quoted(terms.filter.iter().map(FieldPath::as_str));
                    text(
                        format!("thỏa thuận cho lọc theo {agreed}; yêu cầu lọc theo {}", shown.vi),
                        format!(
                            "the agreement allows filters by {agreed}; the request filters by {}",
                            shown.en
                        ),
                    )
                })?;
            }
        }
        Ok(())
    }
}

impl Offer<'_> {
    /// The name of a field of the contract. Any other name may be anything, a value out of place
    /// included, and is not repeated.
    fn shown(&self, field: &str) -> Bilingual {
        let known = field.parse().is_ok_and(|path| self.version.contract.shape().field(&path).is_some());
        if known {
            text(format!("`{field}`"), format!("`{field}`"))
        } else {
            text("một tên không có trong hợp đồng", "a name that the contract does not have")
        }
    }
}
