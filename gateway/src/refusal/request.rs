//! What was asked, and how.

use std::borrow::Cow;

use adapters::{Unreadable, population::Unaskable};
use contracts::{Bilingual, ContractId};

use super::{
    Blame::Consumer,
    face::{Face, face},
};
use crate::{
    code_lists::Missing,
    host::{BodyFault, HygieneFault},
};

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

pub(super) fn code_list_missing(what: Missing) -> Face {
    let (kind, title, detail) = match what {
        Missing::List => (
            "code-list-unknown",
            ("Không có danh mục này", "No such code list"),
            (
                "Không có danh mục mang tên đã nêu. `GET /api/danh-muc` liệt kê các danh mục.",
                "There is no code list of that name. `GET /api/danh-muc` lists the code lists.",
            ),
        ),
        Missing::Edition => (
            "edition-unknown",
            ("Không có ấn bản này", "No such edition"),
            (
                "Danh mục không có ấn bản đã nêu trong `edition`. `GET /api/danh-muc` liệt kê các ấn bản của từng danh mục.",
                "The list has no edition as `edition` names it. `GET /api/danh-muc` lists each list's editions.",
            ),
        ),
        Missing::Day => (
            "edition-unknown",
            ("Không có ấn bản vào ngày này", "No edition on that day"),
            (
                "Không ấn bản nào của danh mục có hiệu lực vào ngày nêu trong `on`. `GET /api/danh-muc` liệt kê hiệu lực của từng ấn bản.",
                "No edition of the list was valid on the day that `on` names. `GET /api/danh-muc` lists when each edition is valid.",
            ),
        ),
        Missing::Code => (
            "code-unknown",
            ("Không có mã này", "No such code"),
            (
                "Danh mục không có mã đã nêu trong `code`, ít nhất là ở ấn bản được hỏi. Hãy bỏ `edition` và `on` để hỏi mọi ấn bản; danh mục có `complete` là false thì chưa có đủ mã.",
                "The list does not have the code that `code` names, at least not in the edition asked for. Leave out `edition` and `on` to ask all editions; a list whose `complete` is false does not have all codes.",
            ),
        ),
    };
    face(404, kind, Consumer, title, detail)
}

pub(super) fn code_list_query(rule: &'static str, name: &str) -> Face {
    Face {
        rule: Cow::Borrowed(rule),
        detail: Bilingual::new(
            format!(
                "Tham số `{name}` không dùng được (quy tắc `{rule}`). Danh mục nhận `edition` hoặc `on` (ngày dạng 2025-06-30), và `code`, mỗi tham số một lần; trang liệt kê các danh mục không có tham số."
            ),
            format!(
                "Parameter `{name}` cannot be used (rule `{rule}`). A list takes `edition` or `on` (a day such as 2025-06-30), and `code`, each once; the page of all lists takes none."
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
            "`Content-Type` phải nêu một định dạng mà cổng đọc (`application/json`, `application/xml`, GML, GeoJSON…), bảng mã UTF-8 hoặc bảng mã đã khai báo cho hệ thống, không nén.",
            "`Content-Type` must name a format that the gateway reads (`application/json`, `application/xml`, GML, GeoJSON…), in UTF-8 or the encoding declared for the system, without a content coding.",
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

pub(super) fn message(rule: &'static str) -> Face {
    let detail = match rule {
        "soap-version" => (
            "`Content-Type` và phong bì thuộc hai phiên bản SOAP khác nhau. SOAP 1.1 là `text/xml`, SOAP 1.2 là `application/soap+xml`.",
            "`Content-Type` and the envelope are of different SOAP versions. SOAP 1.1 is `text/xml`, SOAP 1.2 is `application/soap+xml`.",
        ),
        "soap-action" => (
            "Hành động (`SOAPAction` hoặc tham số `action`) nêu một thao tác khác với phần tử trong `Body`. Hãy ghi theo WSDL của dịch vụ, hoặc để trống.",
            "The action (`SOAPAction` or the parameter `action`) names another operation than the element in `Body`. Write it as the service's WSDL says, or leave it empty.",
        ),
        "soap-part" => (
            "Phần tử thao tác chứa thành phần mà thao tác không nhận, hoặc thiếu thành phần bắt buộc. Hãy gửi đúng theo WSDL của dịch vụ, mọi phần tử trong không gian tên của hợp đồng.",
            "The operation's element holds what it does not take, or lacks what it needs. Send it as the service's WSDL says, every element in the contract's namespace.",
        ),
        "xroad-service" => (
            "Khối X-Road `service` nêu một bên cung cấp hoặc một `serviceCode` khác với đường dẫn và `Body`. Hãy ghi tên X-Road của bên cung cấp và tên phần tử thao tác, hoặc bỏ khối này.",
            "The X-Road block `service` names another provider, or another `serviceCode`, than the path and the body. State the provider's X-Road name and the operation element's name, or leave the block out.",
        ),
        _ => (
            "Phần tử trong `Body` không phải là thao tác nào của dịch vụ này. Hãy dùng tên và không gian tên trong WSDL của dịch vụ, ví dụ `QueryNhiemVu`.",
            "The element in `Body` is no operation of this service. Use the names and the namespace of the service's WSDL, such as `QueryNhiemVu`.",
        ),
    };
    Face {
        rule: Cow::Borrowed(rule),
        ..face(400, "soap-message", Consumer, ("Thông điệp SOAP sai", "Bad SOAP message"), detail)
    }
}

pub(super) fn contradiction(one: &str, other: &str) -> Face {
    Face {
        detail: Bilingual::new(
            format!(
                "`{one}` và `{other}` nói khác nhau. Hãy chỉ gửi một trong hai, hoặc gửi cùng một giá trị."
            ),
            format!("`{one}` and `{other}` say different things. Send one of them, or the same in both."),
        ),
        ..face(
            400,
            "contradiction",
            Consumer,
            ("Yêu cầu tự mâu thuẫn", "The request contradicts itself"),
            ("", ""),
        )
    }
}

pub(super) fn signed(rule: &'static str) -> Face {
    let detail = match rule {
        "signed-message" => (
            "Thông điệp SOAP mang chữ ký XML, mà cổng phải mở và viết lại thông điệp nên chữ ký sẽ hỏng. Hãy gửi không ký; bên gọi được xác thực bằng chứng thư TLS.",
            "The SOAP message bears an XML signature, and the gateway takes messages apart and writes them anew, which would break it. Send it unsigned; callers are known by their TLS certificate.",
        ),
        "signed-refused" => (
            "Tài liệu mang chữ ký XML mà dịch vụ này không nhận (`signed = \"refuse\"`). Hãy gửi không ký, hoặc thỏa thuận với bên cung cấp về `signed = \"carry\"`.",
            "The document bears an XML signature, which this service does not take (`signed = \"refuse\"`). Send it unsigned, or agree `signed = \"carry\"` with the provider.",
        ),
        "signature-form" => (
            "Chữ ký XML không bao trùm cả tài liệu. Chữ ký phải nằm ngay trong phần tử gốc; `SignedInfo` có `Reference URI=\"\"` chỉ qua phép biến đổi enveloped và chuẩn hóa; bên trong chỉ có phần tử của XMLDSig và XAdES.",
            "The XML signature does not cover the whole document. It must stand directly in the root, its `SignedInfo` must have a `Reference URI=\"\"` through the enveloped transform and canonicalisation only, and it may hold elements of XMLDSig and XAdES only.",
        ),
        _ => (
            "Tài liệu có chữ ký được chuyển nguyên vẹn nên không được chứa gì ngoài hợp đồng: XML không chú thích, không chỉ thị xử lý, không gian tên chỉ khai báo ở phần tử gốc (riêng của chữ ký thì ở chữ ký), UTF-8 dạng NFC, không BOM.",
            "A signed document goes on as it is, so it must hold nothing beside the contract: XML without comments or processing instructions, namespaces declared at the root only (the signature's own on the signature), UTF-8 in NFC without a byte order mark.",
        ),
    };
    Face {
        rule: Cow::Borrowed(rule),
        ..face(
            422,
            "signed-document",
            Consumer,
            ("Tài liệu có chữ ký XML", "The document bears an XML signature"),
            detail,
        )
    }
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

/// What ended a long body midway, told without what was true only before anything had left.
pub(super) fn midway(why: Face) -> Face {
    Face {
        rule: Cow::Borrowed("outcome-unknown"),
        detail: Bilingual::new(
            "Luồng dữ liệu bị dừng giữa chừng: phần đứng trước đã được chuyển tới bên cung cấp rồi bị cắt để bên đó thấy là chưa trọn vẹn; bên đó có thể đã ghi nhận một phần. `violations` (nếu có) nêu bản ghi theo thứ tự, tính từ 0. Hãy sửa, tra cứu những gì đã được ghi nhận, rồi mới gửi lại.",
            "The stream was stopped midway: what stood before had been passed to the provider and was then cut off, so that it sees that it is not whole; it may have kept a part. `violations`, if there are any, name the record by its position, from 0. Mend it, look what was kept, and only then send again.",
        ),
        ..why
    }
}

/// Never answered, since nobody is there to read it; for the record alone.
pub(super) fn deadline_passed() -> Face {
    face(
        504,
        "deadline-passed",
        Consumer,
        ("Đã hết thời gian chờ", "The deadline passed"),
        (
            "Thời gian nêu ở `Lt-Deadline-Ms` đã hết trước khi bên cung cấp trả lời; không có gì bị thay đổi. Hãy gửi lại với thời gian dài hơn, hoặc bỏ trường này.",
            "The time that `Lt-Deadline-Ms` gives passed before the provider answered; nothing was changed. Send it again with more time, or without the field.",
        ),
    )
}

pub(super) fn consumer_gone() -> Face {
    face(
        499,
        "consumer-gone",
        Consumer,
        ("Bên khai thác đã ngắt", "Consumer gone"),
        (
            "Bên khai thác ngắt kết nối hoặc nhận quá chậm khi câu trả lời chưa hết.",
            "The consumer disconnected, or took too long, before the answer was complete.",
        ),
    )
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
