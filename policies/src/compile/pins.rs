//! `contract_revision`: the text of the contract that a document was written for.
//!
//! A wide word (`*`, a group of fields, a sharing mode) releases fields by their class and not by
//! name. A field that is added to the contract later would reach everyone behind such a word without
//! anybody having decided so. With the contract's revision beside its name the document says which
//! fields were meant: when the contract changes, the document is a fault until someone has looked at
//! the new fields and written the new revision, and the snapshot that was made of the old contract
//! goes on deciding. Where every field is named nothing new can pass, so a stale revision is only
//! worth a warning.
//!
//! A draft may change within its version, so whoever uses one names its revision, whatever it releases.

use std::ops::Range;

use contracts::{Bilingual, Contract, Status};
use toml::Spanned;

use crate::{
    sources::hex,
    written::{Pin, Sheet, both},
};

/// The digits of a revision that a remedy suggests: 64 bits, far from any collision by accident, and
/// short enough to be read out.
const SUGGESTED: usize = 16;

/// Holds the revision that a document names beside `contract` against the one that was loaded. `wide`
/// is what the document's wide words are called, when it has any.
pub(super) fn hold(
    sheet: &Sheet<'_>,
    contract_at: Range<usize>,
    pin: Option<&Spanned<Pin>>,
    contract: &Contract,
    wide: Option<&Bilingual>,
) {
    let loaded: String = hex(contract.revision()).chars().take(SUGGESTED).collect();
    let changing = (contract.status() == Status::Draft).then(|| both("bản dự thảo", "the draft"));
    let wide = wide.or(changing.as_ref());
    match (pin, wide) {
        (None, Some(_)) if changing.is_some() => unpinned_draft(sheet, contract_at, contract, &loaded),
        (None, Some(wide)) => unpinned(sheet, contract_at, contract, &loaded, wide),
        (Some(pin), _) if !pin.get_ref().names(contract.revision()) => {
            changed(sheet, pin, contract, &loaded, wide);
        }
        _ => {}
    }
}

fn unpinned(sheet: &Sheet<'_>, at: Range<usize>, contract: &Contract, loaded: &str, wide: &Bilingual) {
    let id = contract.id();
    sheet.warn(
        at,
        "contract-not-pinned",
        both(
            format!("{} chia sẻ các trường của `{id}` theo phân loại, kể cả trường sẽ được thêm sau này", wide.vi),
            format!("{} releases fields of `{id}` by their class, those added later included", wide.en),
        ),
        both(
            format!("Thêm `contract_revision = \"{loaded}\"` bên cạnh `contract`: trường mới chỉ được chia sẻ sau khi đã xem xét"),
            format!("Add `contract_revision = \"{loaded}\"` beside `contract`: new fields then wait until someone has looked at them"),
        ),
    );
}

fn unpinned_draft(sheet: &Sheet<'_>, at: Range<usize>, contract: &Contract, loaded: &str) {
    let id = contract.id();
    sheet.fault(
        at,
        "contract-not-pinned",
        both(
            format!("bản dự thảo `{id}` có thể đổi bất cứ lúc nào; tài liệu chưa ghi được viết cho bản nào"),
            format!("the draft `{id}` may change at any time; the document does not say which text it was written for"),
        ),
        both(
            format!("Thêm `contract_revision = \"{loaded}\"` bên cạnh `contract`"),
            format!("Add `contract_revision = \"{loaded}\"` beside `contract`"),
        ),
    );
}

fn changed(
    sheet: &Sheet<'_>,
    pin: &Spanned<Pin>,
    contract: &Contract,
    loaded: &str,
    wide: Option<&Bilingual>,
) {
    let (id, meant) = (contract.id(), pin.get_ref().as_str());
    let message = both(
        format!(
            "hợp đồng `{id}` đã thay đổi: bản vừa nạp là `{loaded}`, tài liệu này được viết cho bản `{meant}`"
        ),
        format!(
            "contract `{id}` has changed: the one loaded is `{loaded}`, this document was written for `{meant}`"
        ),
    );
    let Some(wide) = wide else {
        sheet.warn(
            pin.span(),
            "contract-changed",
            message,
            both(
                format!("Xem lại hợp đồng rồi ghi `contract_revision = \"{loaded}\"`"),
                format!("Look at the contract, then write `contract_revision = \"{loaded}\"`"),
            ),
        );
        return;
    };
    sheet.fault(
        pin.span(),
        "contract-changed",
        message,
        both(
            format!("Xem các trường mới mà {} sẽ chia sẻ; nếu đồng ý, ghi `contract_revision = \"{loaded}\"`", wide.vi),
            format!("Look at the new fields that {} would release; if they may leave, write `contract_revision = \"{loaded}\"`", wide.en),
        ),
    );
}
