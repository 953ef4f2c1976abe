//! `[records]` of an agreement: conditions, resolved to the values that a field may have.

use contracts::{Contract, Field, FieldPath, Form, Shape};
use toml::Spanned;

use super::{Desk, codes, not_a_leaf, unknown_field};
use crate::{
    Condition, Conditions, Member,
    written::{
        Sheet,
        agreement::{Attribute, Condition as Written, Values},
        both,
    },
};

/// The conditions of an agreement with a system of `member`, `None` when that is not known.
pub(super) fn compile(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    written: &[Written],
    contract: &Contract,
    member: Option<&Member>,
) -> Conditions {
    let compiled = written.iter().filter_map(|condition| {
        let field = field(sheet, &condition.field, contract)?;
        let values = values(desk, sheet, condition, field, member)?;
        let units = codes::units(desk, field, &values, condition.include_predecessors);
        Some(match (units, &field.dated_by) {
            (Some(units), Some(by)) => Condition::dated(field.path.clone(), by.clone(), units),
            (Some(units), None) => {
                let values = units.undated().into_iter().map(str::to_owned).collect();
                Condition::new(field.path.clone(), values)
            }
            (None, _) => Condition::new(field.path.clone(), values),
        })
    });
    Conditions::new(compiled.collect())
}

fn field<'c>(sheet: &Sheet<'_>, path: &Spanned<FieldPath>, contract: &'c Contract) -> Option<&'c Field> {
    let (name, at) = (path.get_ref(), path.span());
    let Some(field) = contract.shape().field(name) else {
        unknown_field(sheet, at, name.as_str(), &contract.id().to_string(), &[contract.shape()]);
        return None;
    };
    if field.form.record().is_some() {
        not_a_leaf(sheet, at, name.as_str());
        return None;
    }
    if !matches!(field.form, Form::Text) || is_repeated(contract.shape(), name) {
        sheet.fault(
            at,
            "condition-field",
            both(
                format!("điều kiện cần một trường văn bản có đúng một giá trị trong mỗi bản ghi; `{name}` thì không"),
                format!("a condition needs a text field with one value in each record, which `{name}` is not"),
            ),
            both("Chọn trường khác, ví dụ mã tỉnh của bản ghi", "Choose another field, such as the record's province"),
        );
        return None;
    }
    Some(field)
}

/// Whether the path runs through a list: a record would have several values, and whether one or all
/// of them must fit would be a guess.
fn is_repeated(shape: &Shape, path: &FieldPath) -> bool {
    shape.walk().any(|field| matches!(field.form, Form::List(_)) && path.is_within(&field.path))
}

fn values(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    condition: &Written,
    field: &Field,
    member: Option<&Member>,
) -> Option<Vec<String>> {
    let values = match &condition.values {
        Values::OfMember(attribute) => vec![attribute_of(sheet, attribute, member?)?],
        Values::Listed(listed) => {
            for code in listed {
                known_code(desk, sheet, code, field);
            }
            listed.iter().map(|value| value.get_ref().clone()).collect()
        }
    };
    if condition.include_predecessors && field.code_list.is_none() {
        sheet.fault(
            condition.field.span(),
            "no-predecessors",
            both(
                format!("`{}` không lấy mã từ danh mục nào nên không có đơn vị tiền thân", field.path),
                format!("`{}` takes its codes from no list, so there are no predecessors", field.path),
            ),
            both("Xóa `include_predecessors`", "Delete `include_predecessors`"),
        );
        return None;
    }
    Some(values)
}

fn attribute_of(sheet: &Sheet<'_>, attribute: &Spanned<Attribute>, member: &Member) -> Option<String> {
    let value = match attribute.get_ref() {
        Attribute::Id => Some(member.id.as_str()),
        Attribute::Province => member.province.as_deref(),
    };
    if value.is_none() {
        let id = &member.id;
        sheet.fault(
            attribute.span(),
            "missing-attribute",
            both(
                format!("thành viên `{id}` không có `province`, nên không bản ghi nào được chia sẻ"),
                format!("member `{id}` has no `province`, so no record would be released"),
            ),
            both(
                format!("Thêm `province` vào `members/{id}.toml`, hoặc liệt kê mã: `{{ in = [\"01\"] }}`"),
                format!("Add `province` to `members/{id}.toml`, or list codes: `{{ in = [\"01\"] }}`"),
            ),
        );
    }
    value.map(str::to_owned)
}

fn known_code(desk: &Desk<'_>, sheet: &Sheet<'_>, code: &Spanned<String>, field: &Field) {
    let Some(list) = &field.code_list else { return };
    if !codes::permits(desk.catalog, list, code.get_ref()) {
        sheet.fault(
            code.span(),
            "unknown-code",
            both(
                format!("danh mục `{list}` không có mã `{}`", code.get_ref()),
                format!("code list `{list}` has no code `{}`", code.get_ref()),
            ),
            both("Sửa mã theo danh mục", "Correct the code after the list"),
        );
    }
}
