//! What was asked, and how.

use std::borrow::Cow;

use adapters::{Unreadable, population::Unaskable};
use contracts::{Bilingual, ContractId};

use super::{
    Blame::Consumer,
    face::{Face, face},
};
use crate::host::{BodyFault, HygieneFault};

pub(super) fn unclean(fault: &HygieneFault) -> Face {
    Face {
        status: fault.status(),
        detail: fault.message(),
        ..face(
            400,
            fault.rule(),
            Consumer,
            ("Yêu cầu HTTP không sạch", "Request is not clean HTTP"),
            ("", ""),
        )
    }
}

pub(super) fn not_found() -> Face {
    face(
        404,
        "not-found",
        Consumer,
        ("Không có đường dẫn này", "No such path"),
        (
            "Đường dẫn không ứng với dịch vụ nào. `GET /api` liệt kê những gì hệ thống này dùng được.",
            "The path leads to no service. `GET /api` lists what this system may use.",
        ),
    )
}

pub(super) fn method_not_allowed() -> Face {
    face(
        405,
        "method-not-allowed",
        Consumer,
        ("Phương thức không đúng", "Method not allowed"),
        (
            "Đường dẫn đúng nhưng phương thức HTTP thì không; xem tiêu đề `Allow`.",
            "The path is right but the HTTP method is not; see the `Allow` header.",
        ),
    )
}

pub(super) fn parameter(rule: &'static str, name: &str) -> Face {
    Face {
        rule: Cow::Borrowed(rule),
        detail: Bilingual::new(
            format!(
                "Tham số `{name}` không hợp lệ (quy tắc `{rule}`). Chỉ dùng tên trường của hợp đồng, `limit`, `since`, mỗi tham số một lần."
            ),
            format!(
                "Parameter `{name}` is not valid (rule `{rule}`). Use the contract's field names, `limit`, `since`, each once."
            ),
        ),
        ..face(400, "parameter", Consumer, ("Tham số sai", "Bad parameter"), ("", ""))
    }
}

pub(super) fn header(name: &str) -> Face {
    Face {
        detail: Bilingual::new(
            format!(
                "Tiêu đề `{name}` sai dạng, bị lặp, hoặc không dùng được ở đây. Hãy sửa hoặc bỏ tiêu đề này."
            ),
            format!(
                "Header `{name}` is malformed, repeated, or has no use here. Correct it or leave it out."
            ),
        ),
        ..face(400, "header", Consumer, ("Tiêu đề sai", "Bad header"), ("", ""))
    }
}

pub(super) fn body(fault: &BodyFault) -> Face {
    match fault {
        BodyFault::TooLarge => face(
            413,
            "body-too-large",
            Consumer,
            ("Nội dung quá lớn", "Body too large"),
            (
                "Nội dung vượt giới hạn của dịch vụ. Hãy chia thành nhiều lần gửi.",
                "The body exceeds the service's limit. Send it in parts.",
            ),
        ),
        BodyFault::TooSlow => face(
            408,
            "body-too-slow",
            Consumer,
            ("Nội dung đến quá chậm", "Body too slow"),
            (
                "Nội dung không đến đủ trong thời hạn. Hãy kiểm tra đường truyền và gửi lại.",
                "The body did not arrive in time. Check the line and send again.",
            ),
        ),
        BodyFault::Coding => face(
            415,
            "content-coding",
            Consumer,
            ("Mã hóa nội dung không nhận", "Content coding not taken"),
            (
                "Cổng chỉ nhận nội dung không nén (`Content-Encoding: identity`).",
                "Only uncompressed bodies are taken (`Content-Encoding: identity`).",
            ),
        ),
        BodyFault::Broken => face(
            400,
            "body-broken",
            Consumer,
            ("Nội dung bị đứt", "Body broken off"),
            (
                "Nội dung bị đứt hoặc sai khung truyền. Hãy gửi lại trọn vẹn.",
                "The body broke off or is framed wrongly. Send it again, whole.",
            ),
        ),
    }
}

pub(super) fn media_type() -> Face {
    face(
        415,
        "media-type",
        Consumer,
        ("Định dạng không nhận", "Media type not taken"),
        (
            "`Content-Type` phải là `application/json` hoặc `application/xml`, bảng mã UTF-8, không nén.",
            "`Content-Type` must be `application/json` or `application/xml`, in UTF-8, without a content coding.",
        ),
    )
}

pub(super) fn not_acceptable() -> Face {
    face(
        406,
        "not-acceptable",
        Consumer,
        ("Không có định dạng được chấp nhận", "No acceptable format"),
        (
            "`Accept` không nêu định dạng nào cổng có: `application/json`, `application/xml`.",
            "`Accept` names no format the gateway has: `application/json`, `application/xml`.",
        ),
    )
}

pub(super) fn unreadable(unreadable: &Unreadable) -> Face {
    Face {
        rule: Cow::Borrowed(unreadable.rule),
        detail: Bilingual::new(
            format!(
                "{} (dòng {}, cột {}). {}",
                unreadable.message.vi, unreadable.place.line, unreadable.place.column, unreadable.remedy.vi
            ),
            format!(
                "{} (line {}, column {}). {}",
                unreadable.message.en, unreadable.place.line, unreadable.place.column, unreadable.remedy.en
            ),
        ),
        ..face(400, "unreadable", Consumer, ("Không đọc được nội dung", "Body cannot be read"), ("", ""))
    }
}

pub(super) fn violations(contract: &ContractId) -> Face {
    Face {
        rule: Cow::Owned(contract.to_string()),
        ..face(
            422,
            "contract-violation",
            Consumer,
            ("Dữ liệu trái hợp đồng", "Data breaks the contract"),
            (
                "Dữ liệu gửi lên trái hợp đồng dữ liệu; `violations` nêu từng chỗ. Bên cung cấp chưa nhận được gì.",
                "The data sent breaks the contract; `violations` lists each place. The provider has received nothing.",
            ),
        )
    }
}

pub(super) fn unaskable(unaskable: &Unaskable) -> Face {
    Face {
        rule: Cow::Borrowed(unaskable.field()),
        detail: unaskable.message(),
        ..face(
            422,
            "verification-unaskable",
            Consumer,
            ("Không xác thực được", "Cannot be verified"),
            ("", ""),
        )
    }
}

pub(super) fn record_outside_scope() -> Face {
    face(
        403,
        "record-outside-scope",
        Consumer,
        ("Bản ghi ngoài phạm vi", "Record outside scope"),
        (
            "Có bản ghi nằm ngoài phạm vi bản ghi của thỏa thuận. Bên cung cấp chưa nhận được gì. Hãy chỉ gửi bản ghi trong phạm vi.",
            "A record lies outside the records the agreement covers. The provider has received nothing. Send only records within it.",
        ),
    )
}

pub(super) fn record_not_found() -> Face {
    face(
        404,
        "record-not-found",
        Consumer,
        ("Không có bản ghi", "No such record"),
        (
            "Không có bản ghi này trong phạm vi thỏa thuận. Hãy kiểm tra lại mã bản ghi.",
            "There is no such record within the agreement's scope. Check the record's key.",
        ),
    )
}
