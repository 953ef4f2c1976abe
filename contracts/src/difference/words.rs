//! What a change means, in words.

use super::{Aspect, Direction, Effect};
use crate::{Bilingual, Classification};

impl Aspect {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Type => "type",
            Self::Required => "required",
            Self::Nullable => "nullable",
            Self::Values => "values",
            Self::Length => "length",
            Self::Items => "items",
            Self::Range => "range",
            Self::Step => "step",
            Self::Pattern => "pattern",
            Self::Format => "format",
            Self::Distinct => "distinct-items",
            Self::CodeList => "code-list",
            Self::Identifier => "identifier",
            Self::Keyword => "keyword",
            Self::Class => "classification",
            Self::Xml => "xml",
            Self::Order => "order",
            Self::Rule => "rule",
            Self::Wording => "wording",
            Self::Namespace => "namespace",
            Self::Key => "key",
            Self::Status => "status",
            Self::About => "about",
        }
    }

    /// What it is called.
    pub fn title(self) -> Bilingual {
        let (vi, en) = match self {
            Self::Field => ("trường", "field"),
            Self::Type => ("kiểu", "type"),
            Self::Required => ("bắt buộc", "required"),
            Self::Nullable => ("được null", "nullable"),
            Self::Values => ("các giá trị", "values"),
            Self::Length => ("độ dài", "length"),
            Self::Items => ("số phần tử", "number of items"),
            Self::Range => ("khoảng giá trị", "range"),
            Self::Step => ("bội số", "multiple"),
            Self::Pattern => ("mẫu", "pattern"),
            Self::Format => ("định dạng", "format"),
            Self::Distinct => ("phần tử không trùng", "distinct items"),
            Self::CodeList => ("danh mục", "code list"),
            Self::Identifier => ("loại mã định danh", "identifier"),
            Self::Keyword => ("từ khóa", "keyword"),
            Self::Class => ("mức chia sẻ", "classification"),
            Self::Xml => ("tên trong XML", "XML name"),
            Self::Order => ("thứ tự", "order"),
            Self::Rule => ("quy tắc giữa các trường", "rule between fields"),
            Self::Wording => ("tên gọi, mô tả", "wording"),
            Self::Namespace => ("không gian tên", "namespace"),
            Self::Key => ("khóa", "key"),
            Self::Status => ("tình trạng", "status"),
            Self::About => ("thông tin chung", "about"),
        };
        Bilingual::new(vi, en)
    }
}

fn breaks(vi: &str, en: &str) -> Effect {
    Effect { breaking: true, why: Bilingual::new(vi, en) }
}

fn keeps(vi: &str, en: &str) -> Effect {
    Effect { breaking: false, why: Bilingual::new(vi, en) }
}

fn unconcerned() -> Effect {
    keeps("không ảnh hưởng", "not concerned")
}

pub(super) fn readers(aspect: Aspect, direction: Direction) -> Effect {
    use {Aspect as A, Direction as D};
    match (aspect, direction) {
        (A::Namespace, D::Told) => moved(),
        (_, D::Told) => unconcerned(),
        (A::Field, D::Widened) => keeps(
            "bên nhận bỏ qua trường chưa biết; trường mới chỉ tới khi thỏa thuận có nó",
            "readers leave out a field they do not know; it comes once their agreement has it",
        ),
        (A::Field, _) => breaks("trường không còn được gửi tới", "the field comes no more"),
        (A::Required, D::Widened) => {
            breaks("trường luôn có trước đây nay có thể vắng", "a field that always came may be missing")
        }
        (A::Nullable, D::Widened) => breaks("có thể nhận null", "null may come"),
        (A::Key, _) => breaks("bản ghi được đọc theo khóa khác", "records are read by another key"),
        (A::Status, _) => unconcerned(),
        (A::Xml | A::Order | A::Namespace, _) => {
            breaks("XML nhận được có dạng khác", "the XML that comes has another form")
        }
        (_, D::Narrowed) => {
            keeps("mọi giá trị sẽ tới đều đã có thể tới trước đây", "whatever comes could come before")
        }
        (_, D::Widened) => breaks(
            "có thể nhận giá trị mà hợp đồng cũ không cho phép",
            "values may come that the old contract does not allow",
        ),
        (_, D::Replaced) => breaks(
            "không thể chứng minh rằng giá trị tới vẫn theo hợp đồng cũ",
            "what comes cannot be shown to keep to the old contract",
        ),
    }
}

pub(super) fn senders(aspect: Aspect, direction: Direction) -> Effect {
    use {Aspect as A, Direction as D};
    match (aspect, direction) {
        (A::Namespace, D::Told) => moved(),
        (_, D::Told) => unconcerned(),
        (A::Field, D::Widened) => keeps("trường mới không bắt buộc", "the new field is optional"),
        (A::Field, _) => {
            breaks("bản ghi có trường này nay bị từ chối", "a record that has the field is refused")
        }
        (A::Required, D::Narrowed) => {
            breaks("bản ghi thiếu trường này nay bị từ chối", "a record without the field is refused")
        }
        (A::Nullable, D::Narrowed) => breaks("null nay bị từ chối", "null is refused"),
        (A::Key, _) => breaks("bản ghi được nhận biết theo khóa khác", "records are known by another key"),
        (A::Status, _) => unconcerned(),
        (A::Xml | A::Order | A::Namespace, _) => {
            breaks("XML dạng cũ bị từ chối", "XML of the old form is refused")
        }
        (_, D::Widened) => keeps("mọi giá trị hợp lệ trước đây vẫn hợp lệ", "whatever was valid stays valid"),
        (_, D::Narrowed) => {
            breaks("giá trị hợp lệ trước đây có thể bị từ chối", "values that were valid may be refused")
        }
        (_, D::Replaced) => breaks(
            "không thể chứng minh rằng giá trị hợp lệ trước đây vẫn hợp lệ",
            "what was valid cannot be shown to stay valid",
        ),
    }
}

pub(super) fn agreements(aspect: Aspect, direction: Direction) -> Effect {
    use {Aspect as A, Direction as D};
    match (aspect, direction) {
        (A::Field, D::Widened) => keeps(
            "không ai nhận trường mới cho tới khi thỏa thuận có nó; `*` bao gồm nó nếu là dữ liệu mở hoặc dùng chung",
            "nobody is given it until an agreement has it; `*` covers it when it is open or shared",
        ),
        (A::Field, D::Narrowed) => breaks(
            "thỏa thuận nêu tên trường này không còn dùng được",
            "agreements that name the field can no longer be read",
        ),
        (A::Status, D::Replaced) => breaks(
            "hợp đồng dự thảo không dùng để chia sẻ chính thức",
            "a draft is nothing to share data under",
        ),
        (A::Key, _) => breaks(
            "bên sử dụng đọc theo khóa cần được cấp khóa mới",
            "reading by key needs the new key released",
        ),
        _ => unconcerned(),
    }
}

/// A new field that a record must have.
pub(super) fn missing() -> Effect {
    breaks("bản ghi thiếu trường mới này bị từ chối", "a record without the new field is refused")
}

/// A new field of a record that the old contract compares with others.
pub(super) fn compared_whole() -> Effect {
    breaks(
        "hợp đồng cũ so sánh cả bản ghi: hai bản ghi chỉ khác nhau ở trường mới thành trùng nhau",
        "the old contract compares whole records: two that differ in the new field alone become equal",
    )
}

/// A field that those who read without naming it are no longer given.
pub(super) fn withdrawn() -> Effect {
    breaks(
        "bên nhận trường này nhờ `*` hoặc hình thức chia sẻ không còn nhận được",
        "those who are given it by `*` or by the sharing mode lose it",
    )
}

/// Another class: which releases cover the field, and on what ground.
pub(super) fn class(old: Classification, new: Classification) -> Effect {
    match (old, new) {
        (old, new) if new > old && new.is_personal() => breaks(
            "thỏa thuận phải nêu đích danh trường và căn cứ xử lý dữ liệu cá nhân",
            "agreements must name the field and a ground for personal data",
        ),
        (old, new) if new > old => breaks(
            "`*` hoặc hình thức chia sẻ không còn bao gồm trường này",
            "`*` or a sharing mode no longer covers the field",
        ),
        (_, new) if new.by_default() => breaks(
            "`*` hoặc hình thức chia sẻ nay bao gồm trường này: cho ra nhiều hơn đã thỏa thuận",
            "`*` or a sharing mode now covers the field: more leaves than was agreed",
        ),
        _ => keeps("thỏa thuận nêu tên trường vẫn dùng được", "agreements that name the field still hold"),
    }
}

/// The namespace of another version.
fn moved() -> Effect {
    keeps(
        "không gian tên đi theo phiên bản; chuyển phiên bản thì đổi địa chỉ và không gian tên",
        "the namespace follows the version; who moves changes the address and the namespace",
    )
}
