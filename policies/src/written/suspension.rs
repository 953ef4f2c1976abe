//! `suspensions/<id>.toml` as written.

use contracts::Bilingual;
use jiff::civil::{DateTime, Time};
use toml::Spanned;

use super::{Sheet, Table, both, member::named_by_file};
use crate::{AgreementId, MemberId, ServiceId, SystemId};

/// A suspension's document.
pub(crate) struct Suspension {
    pub(crate) id: Option<String>,
    pub(crate) system: Option<SystemId>,
    pub(crate) member: Option<MemberId>,
    pub(crate) service: Option<ServiceId>,
    pub(crate) agreement: Option<AgreementId>,
    pub(crate) from: Option<DateTime>,
    pub(crate) until: Option<DateTime>,
    pub(crate) reason: Option<Bilingual>,
}

impl Suspension {
    /// Reads a suspension. It is a stop, so whatever it says clearly acts: a date or reason that
    /// cannot be read is a fault but no delay, and a missing date means at once, or without end.
    /// `None` when the text is not TOML, or does not say clearly whom it stops: acting on half a
    /// target would stop more than was meant.
    pub(crate) fn read(sheet: &Sheet<'_>) -> Option<Self> {
        let tree = sheet.parse()?;
        let table = Table::root(sheet, &tree);
        let (system, member) = (table.value::<SystemId>("system"), table.value::<MemberId>("member"));
        let (service, agreement) =
            (table.value::<ServiceId>("service"), table.value::<AgreementId>("agreement"));
        let clear = !sheet.is_faulty();
        let id = table.required("id", table.text("id"));
        named_by_file(sheet, "suspensions", id.as_ref().map(|id| (id.get_ref().as_str(), id.span())));
        let from = table.day_or_moment("from", Time::midnight());
        let until = table.day_or_moment("until", Time::constant(23, 59, 59, 999_999_999));
        let reason = table.required("reason", table.bilingual("reason"));
        if let (Some(from), Some(until)) = (&from, &until)
            && until.get_ref() < from.get_ref()
        {
            sheet.fault(
                until.span(),
                "bad-dates",
                both("đình chỉ kết thúc trước khi bắt đầu", "the suspension ends before it begins"),
                both("Đổi lại hai thời điểm", "Correct the two moments"),
            );
        }
        let targets = ["system", "member", "service", "agreement"];
        let named = targets.iter().any(|key| table.has(key));
        let misspelt = table.named().any(|(key, _)| {
            let key = key.get_ref().as_str();
            !targets.contains(&key) && super::nearest(key, targets).is_some()
        });
        if !named {
            sheet.fault(
                0..0,
                "no-target",
                both("không nói đình chỉ ai", "does not say who is suspended"),
                both(
                    "Thêm ít nhất một khóa: `system`, `member`, `service` hoặc `agreement`",
                    "Add at least one of `system`, `member`, `service` and `agreement`",
                ),
            );
        }
        table.close();
        (named && clear && !misspelt).then(|| Self {
            id: id.map(Spanned::into_inner),
            system: system.map(Spanned::into_inner),
            member: member.map(Spanned::into_inner),
            service: service.map(Spanned::into_inner),
            agreement: agreement.map(Spanned::into_inner),
            from: from.map(Spanned::into_inner),
            until: until.map(Spanned::into_inner),
            reason,
        })
    }
}
