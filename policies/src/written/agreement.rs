//! `agreements/<id>.toml` as written.

use contracts::{ContractId, FieldPath};
use toml::Spanned;

use super::{
    Hex32, Limits, Pin, Retention, Sheet, Table, both,
    member::{dates, named_by_file},
};
use crate::{
    AgreementId, Format, Operation, PurposeId, ServiceId, SystemId,
    agreement::{Kind, Paper, PersonalGround, Reuse},
    calendar::{Dates, Window},
    release::Mask,
};

/// An agreement's document.
pub(crate) struct Agreement {
    pub(crate) id: Spanned<AgreementId>,
    pub(crate) kind: Kind,
    pub(crate) consumer: Spanned<SystemId>,
    pub(crate) service: Spanned<ServiceId>,
    pub(crate) contract: Spanned<ContractId>,
    /// The text of the contract that it was written for.
    pub(crate) contract_revision: Option<Spanned<Pin>>,
    /// That the contract is known to be a draft.
    pub(crate) draft: Option<Spanned<bool>>,
    pub(crate) paper: Option<Paper>,
    pub(crate) legal_basis: Vec<String>,
    pub(crate) purposes: Vec<Spanned<PurposeId>>,
    pub(crate) valid: Dates,
    pub(crate) valid_at: std::ops::Range<usize>,
    pub(crate) operations: Vec<Spanned<Operation>>,
    pub(crate) formats: Vec<Spanned<Format>>,
    pub(crate) reuse: Option<Reuse>,
    pub(crate) windows: Vec<Window>,
    pub(crate) personal: Option<PersonalGround>,
    pub(crate) fields: Fields,
    pub(crate) records: Vec<Condition>,
    pub(crate) quota: Limits,
}

/// `[fields]`.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) release: Vec<Spanned<Entry>>,
    pub(crate) mask: Vec<(Spanned<FieldPath>, Mask)>,
    pub(crate) filter: Vec<Spanned<FieldPath>>,
}

/// One entry of `release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `*`: the open and shared fields.
    Everything,
    Field(FieldPath),
}

impl super::Spelled for Entry {
    const EXPECTED: (&'static str, &'static str) = (
        "đường dẫn trường như `ChuNhiem.HoVaTen`, hoặc `*`",
        "a field's path such as `ChuNhiem.HoVaTen`, or `*`",
    );

    fn spelled(text: &str) -> Option<Self> {
        if text == "*" { Some(Self::Everything) } else { text.parse().ok().map(Self::Field) }
    }
}

/// One entry of `[records]`.
pub(crate) struct Condition {
    pub(crate) field: Spanned<FieldPath>,
    pub(crate) values: Values,
    pub(crate) include_predecessors: bool,
}

/// What the field must be.
pub(crate) enum Values {
    /// `{ in = "$member.province" }`.
    OfMember(Spanned<Attribute>),
    /// `{ in = ["01", "04"] }` or `{ equals = "01" }`.
    Listed(Vec<Spanned<String>>),
}

/// An attribute of the consumer's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Id,
    Province,
}

super::values::words! {
    Attribute: "thuộc tính của thành viên", "an attribute of the member",
    "$member.id" => Self::Id, "$member.province" => Self::Province,
}

impl Agreement {
    /// Reads an agreement's document; `None` when it lacks what makes it one.
    pub(crate) fn read(sheet: &Sheet<'_>) -> Option<Self> {
        let tree = sheet.parse()?;
        let table = Table::root(sheet, &tree);
        let id = table.required("id", table.value::<AgreementId>("id"));
        named_by_file(sheet, "agreements", id.as_ref().map(|id| (id.get_ref().as_str(), id.span())));
        let kind = table.required("kind", table.value::<Kind>("kind"));
        let consumer = table.required("consumer", table.value("consumer"));
        let service = table.required("service", table.value("service"));
        let contract = table.required("contract", table.value("contract"));
        let contract_revision = table.value("contract_revision");
        let draft = table.boolean("draft");
        let paper = table.table("document").map(paper);
        let legal_basis = table.required("legal_basis", table.texts("legal_basis"));
        let purposes = at_least_one(&table, "purposes", table.required("purposes", table.values("purposes")));
        let valid_at = table.table("valid").map_or(0..0, |valid| valid.span());
        let valid = table.required("valid", Some(dates(&table, "valid")));
        let operations =
            at_least_one(&table, "operations", table.required("operations", table.values("operations")));
        let formats = at_least_one(&table, "formats", table.required("formats", table.values("formats")));
        let reuse = table.value("reuse").map(Spanned::into_inner);
        let windows = table.values("windows").unwrap_or_default();
        let personal = table.table("personal").and_then(personal);
        let fields = table.table("fields").map(Fields::read).unwrap_or_default();
        let records = table.table("records").map(conditions).unwrap_or_default();
        let quota = table.table("quota").map(quota).unwrap_or_default();
        table.close();
        Some(Self {
            id: id?,
            kind: kind?.into_inner(),
            consumer: consumer?,
            service: service?,
            contract: contract?,
            contract_revision,
            draft,
            paper,
            legal_basis: legal_basis?.into_iter().map(Spanned::into_inner).collect(),
            purposes: purposes?,
            valid: valid?,
            valid_at,
            operations: operations?,
            formats: formats?,
            reuse,
            windows: windows.into_iter().map(Spanned::into_inner).collect(),
            personal,
            fields,
            records,
            quota,
        })
    }
}

/// An empty list would grant nothing: it is a mistake and not a way to suspend.
fn at_least_one<T>(table: &Table<'_>, key: &'static str, list: Option<Vec<T>>) -> Option<Vec<T>> {
    if list.as_ref().is_some_and(Vec::is_empty) && !table.sheet().is_faulty() {
        table.sheet().fault(
            table.span(),
            "empty-list",
            both(
                format!("`{key}` để trống thì thỏa thuận không cho phép gì"),
                format!("with `{key}` empty the agreement allows nothing"),
            ),
            both(
                "Ghi ít nhất một giá trị; muốn tạm dừng thì viết một tệp trong `suspensions/`",
                "Write at least one value; to suspend it, write a file in `suspensions/`",
            ),
        );
    }
    list
}

fn paper(table: Table<'_>) -> Paper {
    let number = table.text("number").map(Spanned::into_inner);
    let signed = table.date("signed").map(Spanned::into_inner);
    let sha256 = table.value::<Hex32>("sha256").map(|hash| hash.into_inner().0);
    table.close();
    Paper { number, signed, sha256 }
}

fn personal(table: Table<'_>) -> Option<PersonalGround> {
    let ground = table.required("ground", table.text("ground"));
    let sensitive_ground = table.text("sensitive_ground");
    let impact_assessment = table.text("impact_assessment").map(Spanned::into_inner);
    let retention = table.value::<Retention>("retention").map(|retention| retention.into_inner().0);
    let sheet = table.sheet();
    for ground in ground.iter().chain(&sensitive_ground) {
        if ground.get_ref().trim().is_empty() {
            sheet.fault(
                ground.span(),
                "empty-text",
                both("căn cứ pháp lý để trống", "the legal ground is empty"),
                both("Ghi điều, khoản và tên văn bản", "Write the article and the name of the text"),
            );
        }
    }
    table.close();
    Some(PersonalGround {
        ground: ground?.into_inner(),
        sensitive_ground: sensitive_ground.map(Spanned::into_inner),
        impact_assessment,
        retention,
    })
}

fn quota(table: Table<'_>) -> Limits {
    let limits = Limits::read(&table);
    table.close();
    limits
}

impl Fields {
    fn read(table: Table<'_>) -> Self {
        let release = table.values("release").unwrap_or_default();
        let mask = table.table("mask").map(|masks| {
            let read = masks.named().filter_map(|(key, value)| {
                let Ok(path) = key.get_ref().parse::<FieldPath>() else {
                    masks.sheet().fault(
                        key.span(),
                        "bad-value",
                        both(
                            "tên trong `mask` phải là đường dẫn trường trong dấu nháy",
                            "a name in `mask` must be a field's path in quotes",
                        ),
                        both(
                            "Viết như `\"ChuNhiem.SoDinhDanh\" = \"pseudonym\"`",
                            "Write `\"ChuNhiem.SoDinhDanh\" = \"pseudonym\"`",
                        ),
                    );
                    return None;
                };
                Some((Spanned::new(key.span(), path), value.value::<Mask>("mask")?.into_inner()))
            });
            read.collect()
        });
        let filter = table.values("filter").unwrap_or_default();
        table.close();
        Self { release, mask: mask.unwrap_or_default(), filter }
    }
}

fn conditions(table: Table<'_>) -> Vec<Condition> {
    let read = table.named().filter_map(|(key, value)| {
        let path = key.get_ref().parse::<FieldPath>();
        let terms = value.table("records")?;
        let include_predecessors = terms.boolean("include_predecessors").is_some_and(Spanned::into_inner);
        // `in` may be a text (an attribute) or a list of texts: look before reading.
        let is_text = terms.named().any(|(name, value)| name.get_ref() == "in" && value.is_text());
        let attribute = if is_text { terms.value::<Attribute>("in") } else { None };
        let listed = if is_text { None } else { terms.texts("in") };
        let equals = terms.text("equals");
        let (span, sheet) = (terms.span(), terms.sheet());
        let in_was_written = terms.has("in");
        terms.close();
        let Ok(path) = path else {
            sheet.fault(
                key.span(),
                "bad-value",
                both("tên trong `records` phải là đường dẫn trường", "a name in `records` must be a field's path"),
                both("Viết như `MaTinh = { in = [\"01\"] }`", "Write `MaTinh = { in = [\"01\"] }`"),
            );
            return None;
        };
        if in_was_written && attribute.is_none() && listed.is_none() {
            // What is wrong with `in` has been told.
            return None;
        }
        let values = match (attribute, listed, equals) {
            (Some(attribute), None, None) => Values::OfMember(attribute),
            (None, Some(listed), None) if !listed.is_empty() => Values::Listed(listed),
            (None, None, Some(equals)) if !in_was_written => Values::Listed(vec![equals]),
            _ => {
                sheet.fault(
                    span,
                    "bad-condition",
                    both(
                        "điều kiện phải có đúng một trong hai: `in` (không trống) hoặc `equals`",
                        "a condition must have exactly one of `in` (not empty) and `equals`",
                    ),
                    both(
                        "Viết `{ in = \"$member.province\" }`, `{ in = [\"01\", \"04\"] }` hoặc `{ equals = \"01\" }`",
                        "Write `{ in = \"$member.province\" }`, `{ in = [\"01\", \"04\"] }` or `{ equals = \"01\" }`",
                    ),
                );
                return None;
            }
        };
        Some(Condition { field: Spanned::new(key.span(), path), values, include_predecessors })
    });
    read.collect()
}
