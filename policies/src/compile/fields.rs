//! `[fields]` of an agreement, held against the contracts of what comes back.
//!
//! `*` is the open and shared fields; so is a group of fields named as a whole, for its own part.
//! Restricted and personal fields are released only when named one by one, so that nobody receives
//! them by a wide word. A wide word speaks of the agreement's own contract, whose revision the
//! agreement can name (see [`pins`](super::pins)); of an answer with another contract, such as a
//! verdict, every field is named.

use std::ops::Range;

use contracts::{Bilingual, Classification, Contract, Field, FieldPath, Shape, identifiers::IdentifierKind};
use toml::Spanned;

use super::{not_a_leaf, unknown_field};
use crate::{
    AgreementId, Mask, ReleasePlan, ServiceVersion,
    agreement::PersonalGround,
    release::Treatment,
    written::{
        Sheet,
        agreement::{Agreement as Written, Entry, Fields},
        both,
    },
};

/// What an agreement says of fields, resolved.
pub(super) struct FieldTerms<'c> {
    everything: bool,
    /// The first word that releases by class, in a sentence's words, and its place.
    wide: Option<(Bilingual, Range<usize>)>,
    /// Named leaves and groups.
    named: Vec<(&'c Field, Range<usize>)>,
    masked: Vec<(&'c Field, Mask, Range<usize>)>,
    shapes: Vec<&'c Shape>,
    contract: String,
}

impl<'c> FieldTerms<'c> {
    /// Resolves every name against the contracts of what comes back.
    pub(super) fn of(
        sheet: &Sheet<'_>,
        written: &Fields,
        contract: &Contract,
        replies: &[&'c Contract],
    ) -> Self {
        let shapes: Vec<&Shape> = replies.iter().map(|reply| reply.shape()).collect();
        let names: Vec<String> = replies.iter().map(|reply| reply.id().to_string()).collect();
        let mut terms = Self {
            everything: false,
            wide: None,
            named: Vec::new(),
            masked: Vec::new(),
            shapes,
            contract: names.join("`, `"),
        };
        for entry in &written.release {
            match entry.get_ref() {
                Entry::Everything => {
                    terms.everything = true;
                    terms.wide.get_or_insert_with(|| (both("`*`", "`*`"), entry.span()));
                }
                Entry::Field(path) => terms.release(sheet, path, entry.span()),
            }
        }
        let other = replies.iter().find(|reply| reply.id() != contract.id());
        if let (Some((words, at)), Some(other)) = (&terms.wide, other) {
            wide_of_another(sheet, at.clone(), words, other);
        }
        for (path, mask) in &written.mask {
            terms.mask(sheet, path, *mask);
        }
        terms
    }

    /// What its wide word, `*` or a group, is called in a sentence.
    pub(super) fn wide(&self) -> Option<&Bilingual> {
        self.wide.as_ref().map(|(words, _)| words)
    }

    fn field(&self, path: &FieldPath) -> Option<&'c Field> {
        self.shapes.iter().find_map(|shape| shape.field(path))
    }

    fn release(&mut self, sheet: &Sheet<'_>, path: &FieldPath, at: Range<usize>) {
        let Some(field) = self.field(path) else {
            unknown_field(sheet, at, path.as_str(), &self.contract, &self.shapes);
            return;
        };
        let within = |leaf: &Field| leaf.form.record().is_none() && leaf.path.is_within(path);
        let covers = self
            .shapes
            .iter()
            .flat_map(|shape| shape.walk())
            .any(|leaf| within(leaf) && leaf.classification.by_default());
        let is_group = field.form.record().is_some();
        if is_group && !covers {
            sheet.fault(
                at,
                "guarded-group",
                both(
                    format!("`{path}` không có trường mở hoặc dùng chung nào, nên gọi tên cả nhóm không chia sẻ gì"),
                    format!("`{path}` has no open or shared field, so naming the group releases nothing"),
                ),
                both(
                    "Gọi tên từng trường cần chia sẻ; trường hạn chế và cá nhân chỉ được chia sẻ khi nêu đích danh",
                    "Name each field; restricted and personal ones are released only when named one by one",
                ),
            );
            return;
        }
        if is_group {
            let words = || both(format!("nhóm `{path}`"), format!("the group `{path}`"));
            self.wide.get_or_insert_with(|| (words(), at.clone()));
        }
        self.named.push((field, at));
    }

    fn mask(&mut self, sheet: &Sheet<'_>, path: &Spanned<FieldPath>, mask: Mask) {
        let (name, at) = (path.get_ref(), path.span());
        let Some(field) = self.field(name) else {
            unknown_field(sheet, at, name.as_str(), &self.contract, &self.shapes);
            return;
        };
        if field.form.record().is_some() {
            not_a_leaf(sheet, at, name.as_str());
            return;
        }
        if !mask.suits(&field.form) {
            sheet.fault(
                at.clone(),
                "mask-unsuitable",
                both(
                    format!("không thể che `{name}` bằng `{}`: kiểu giá trị không phù hợp", mask.as_str()),
                    format!(
                        "`{name}` cannot be masked by `{}`: its values are of another kind",
                        mask.as_str()
                    ),
                ),
                both(
                    "Dùng `pseudonym`, hoặc không chia sẻ trường này",
                    "Use `pseudonym`, or do not release the field",
                ),
            );
        }
        // A tax code identifies a person where the contract calls it personal; the other one always does.
        let identifies = match field.identifier {
            Some(IdentifierKind::SoDinhDanh) => true,
            Some(_) => field.classification.is_personal(),
            None => false,
        };
        if mask != Mask::Pseudonym && identifies {
            sheet.fault(
                at.clone(),
                "mask-of-identifier",
                both(
                    format!("`{name}` định danh một người, chỉ được che bằng `pseudonym`: phần còn lại của số vẫn đoán được"),
                    format!("`{name}` identifies a person and is masked by `pseudonym` only: what is left of a number can be completed by guessing"),
                ),
                both(format!("Viết `\"{name}\" = \"pseudonym\"`"), format!("Write `\"{name}\" = \"pseudonym\"`")),
            );
        }
        if self.named.iter().any(|(named, _)| named.path == field.path) {
            sheet.fault(
                at.clone(),
                "released-and-masked",
                both(
                    format!("`{name}` vừa được chia sẻ nguyên vẹn vừa bị che"),
                    format!("`{name}` is both released as it is and masked"),
                ),
                both("Xóa khỏi `release` hoặc khỏi `mask`", "Delete it from `release` or from `mask`"),
            );
        }
        self.masked.push((field, mask, at));
    }

    /// Personal fields need a ground, sensitive ones a ground of their own.
    pub(super) fn hold_against_grounds(&self, sheet: &Sheet<'_>, ground: Option<&PersonalGround>) {
        let named = self.named.iter().map(|(field, at)| (*field, at));
        let masked = self.masked.iter().map(|(field, _, at)| (*field, at));
        let leaves = named.chain(masked).filter(|(field, _)| field.form.record().is_none());
        for (field, at) in leaves {
            let path = &field.path;
            if field.classification.is_personal() && ground.is_none() {
                sheet.fault(
                    at.clone(),
                    "personal-without-ground",
                    both(
                        format!("`{path}` là dữ liệu cá nhân nhưng thỏa thuận không có `[personal]`"),
                        format!("`{path}` is personal data but the agreement has no `[personal]`"),
                    ),
                    both(
                        "Thêm `[personal]` với `ground` là căn cứ pháp lý, hoặc bỏ trường này",
                        "Add `[personal]` with the legal `ground`, or drop the field",
                    ),
                );
            }
            let sensitive = field.classification == Classification::PersonalSensitive;
            if sensitive && ground.is_some_and(|ground| ground.sensitive_ground.is_none()) {
                sheet.fault(
                    at.clone(),
                    "sensitive-without-ground",
                    both(
                        format!("`{path}` là dữ liệu cá nhân nhạy cảm, cần căn cứ riêng"),
                        format!("`{path}` is sensitive personal data and needs a ground of its own"),
                    ),
                    both(
                        "Thêm `sensitive_ground` vào `[personal]`, hoặc bỏ trường này",
                        "Add `sensitive_ground` to `[personal]`, or drop the field",
                    ),
                );
            }
        }
    }

    /// The plan for records of one shape.
    pub(super) fn plan(&self, shape: &Shape, agreement: &AgreementId) -> ReleasePlan {
        ReleasePlan::compile(shape, Some(agreement), |field| self.treatment(field))
    }

    fn treatment(&self, field: &Field) -> Treatment {
        if let Some((_, mask, _)) = self.masked.iter().find(|(masked, ..)| masked.path == field.path) {
            return Treatment::Mask(*mask);
        }
        let by_name = |named: &Field| {
            named.path == field.path
                || (field.classification.by_default() && field.path.is_within(&named.path))
        };
        let released = (self.everything && field.classification.by_default())
            || self.named.iter().any(|(named, _)| by_name(named));
        if released { Treatment::Release } else { Treatment::Withhold }
    }

    /// The fields that may be filtered by: released as they are, and offered by the service.
    pub(super) fn filters(
        &self,
        sheet: &Sheet<'_>,
        written: &Written,
        version: &ServiceVersion,
    ) -> Vec<FieldPath> {
        let agreed =
            written.operations.iter().filter_map(|operation| version.operation(*operation.get_ref()));
        let offered: Vec<&FieldPath> = agreed.flat_map(|terms| &terms.filter).collect();
        let filters = written.fields.filter.iter();
        filters.filter_map(|path| self.filter(sheet, path, &offered)).collect()
    }

    fn filter(
        &self,
        sheet: &Sheet<'_>,
        path: &Spanned<FieldPath>,
        offered: &[&FieldPath],
    ) -> Option<FieldPath> {
        let (name, at) = (path.get_ref(), path.span());
        let Some(field) = self.field(name) else {
            unknown_field(sheet, at, name.as_str(), &self.contract, &self.shapes);
            return None;
        };
        if field.form.record().is_some() {
            not_a_leaf(sheet, at, name.as_str());
            return None;
        }
        let released = self.treatment(field) == Treatment::Release;
        if !released {
            sheet.fault(
                at.clone(),
                "filter-not-released",
                both(
                    format!("lọc theo `{name}` cho phép đoán giá trị không được chia sẻ nguyên vẹn"),
                    format!(
                        "a filter by `{name}` would let values be guessed that are not released as they are"
                    ),
                ),
                both(
                    format!("Thêm `{name}` vào `release`, hoặc bỏ khỏi `filter`"),
                    format!("Add `{name}` to `release`, or delete it from `filter`"),
                ),
            );
        }
        if !offered.contains(&name) {
            not_offered(sheet, at, name, offered);
        } else if released && field.classification.is_personal() {
            personal_filter(sheet, at, name);
        }
        Some(name.clone())
    }
}

fn not_offered(sheet: &Sheet<'_>, at: Range<usize>, name: &FieldPath, offered: &[&FieldPath]) {
    let mut offered: Vec<&str> = offered.iter().map(|path| path.as_str()).collect();
    offered.sort_unstable();
    offered.dedup();
    let remedy = if offered.is_empty() {
        both(
            "Xóa `filter`: các thao tác đã thỏa thuận không có bộ lọc",
            "Delete `filter`: the agreed operations have none",
        )
    } else {
        let offered = offered.join(", ");
        both(format!("Dịch vụ lọc theo: {offered}"), format!("The service filters by: {offered}"))
    };
    sheet.fault(
        at,
        "filter-not-offered",
        both(format!("dịch vụ không lọc theo `{name}`"), format!("the service does not filter by `{name}`")),
        remedy,
    );
}

/// Consumers filter in the query string, and the gateway asks providers so. Its own logs hold neither;
/// theirs are theirs to keep clean.
fn personal_filter(sheet: &Sheet<'_>, at: Range<usize>, name: &FieldPath) {
    sheet.warn(
        at,
        "personal-filter",
        both(
            format!("lọc theo `{name}` đưa dữ liệu cá nhân vào URL, nơi nhật ký của bên sử dụng và bên cung cấp có thể giữ lại"),
            format!("a filter by `{name}` puts personal data into URLs, which the consumer's and the provider's own logs may keep"),
        ),
        both(
            "Yêu cầu hai bên không ghi tham số truy vấn vào nhật ký; nếu chỉ cần kiểm tra một người, dùng dịch vụ có `verify`",
            "Have both keep query strings out of their logs; to check one person, use a service with `verify`",
        ),
    );
}

/// A wide word where an answer has a contract of its own: no revision could be named for that one.
fn wide_of_another(sheet: &Sheet<'_>, at: Range<usize>, words: &Bilingual, other: &Contract) {
    let id = other.id();
    sheet.fault(
        at,
        "wide-release-of-reply",
        both(
            format!("{} không áp dụng cho hợp đồng `{id}` của câu trả lời", words.vi),
            format!("{} does not reach into contract `{id}` of the answer", words.en),
        ),
        both(
            format!("Liệt kê từng trường của `{id}`, hoặc tách thành hai thỏa thuận"),
            format!("Name each field of `{id}`, or make two agreements of it"),
        ),
    );
}
