//! The provider: it cannot be asked, does not answer, says no, or breaks the contract.

use std::{borrow::Cow, time::Duration};

use adapters::soap::FaultCode;
use contracts::ContractId;
use http::StatusCode;

use super::{
    Blame::{Consumer, Provider},
    face::{Face, face},
};

pub(super) fn maintenance(remaining: Duration) -> Face {
    Face {
        retry_after: Some(remaining),
        ..face(
            503,
            "maintenance",
            Provider,
            ("Đang bảo trì", "Under maintenance"),
            (
                "Dịch vụ đang bảo trì theo lịch đã công bố. Hãy thử lại sau thời gian ở `Retry-After`.",
                "The service is in announced maintenance. Try again after `Retry-After`.",
            ),
        )
    }
}

pub(super) fn unreachable() -> Face {
    Face {
        retry_after: Some(Duration::from_secs(5)),
        ..face(
            502,
            "provider-unreachable",
            Provider,
            ("Không kết nối được bên cung cấp", "Provider unreachable"),
            (
                "Cổng không kết nối được tới bên cung cấp, hoặc chứng thư của bên đó không đúng khai báo. Yêu cầu chưa được gửi đi.",
                "The gateway cannot connect to the provider, or its certificate is not the declared one. The request was not sent.",
            ),
        )
    }
}

pub(super) fn circuit_open(wait: Duration) -> Face {
    Face {
        // A whole second at least: that is what the field can say.
        retry_after: Some(wait.max(Duration::from_secs(1))),
        ..face(
            503,
            "circuit-open",
            Provider,
            ("Tạm ngừng gọi bên cung cấp", "Calls to the provider are suspended"),
            (
                "Bên cung cấp nhiều lần liên tiếp không trả lời nên cổng tạm ngừng gọi. Yêu cầu chưa được gửi đi. Hãy thử lại sau thời gian ở `Retry-After`.",
                "The provider gave no answer several times in a row, so the gateway does not call it for a while. The request was not sent. Try again after `Retry-After`.",
            ),
        )
    }
}

/// The same code as when the provider says so itself; the rule tells who does.
pub(super) fn busy() -> Face {
    Face {
        rule: Cow::Borrowed("calls-under-way"),
        retry_after: Some(Duration::from_secs(1)),
        ..face(
            503,
            "provider-busy",
            Provider,
            ("Bên cung cấp đang quá tải", "The provider is busy"),
            (
                "Số cuộc gọi đang chờ bên cung cấp đã đạt giới hạn của dịch vụ. Yêu cầu chưa được gửi đi. Hãy thử lại sau thời gian ở `Retry-After`.",
                "As many calls wait for the provider as the service allows. The request was not sent. Try again after `Retry-After`.",
            ),
        )
    }
}

pub(super) fn timed_out() -> Face {
    face(
        504,
        "provider-timeout",
        Provider,
        ("Bên cung cấp không trả lời kịp", "Provider timed out"),
        (
            "Bên cung cấp không trả lời trong thời hạn. Có thể gửi lại yêu cầu.",
            "The provider did not answer in time. The request may be sent again.",
        ),
    )
}

pub(super) fn timed_out_on_a_change() -> Face {
    face(
        504,
        "outcome-unknown",
        Provider,
        ("Chưa rõ kết quả", "Outcome unknown"),
        (
            "Bên cung cấp không trả lời kịp và có thể đã thực hiện yêu cầu. Hãy tra cứu trước khi gửi lại.",
            "The provider did not answer in time and may have carried out the request. Look before sending it again.",
        ),
    )
}

pub(super) fn broken() -> Face {
    face(
        502,
        "provider-broken",
        Provider,
        ("Kết nối tới bên cung cấp bị đứt", "Provider connection broke"),
        (
            "Kết nối tới bên cung cấp bị đứt giữa chừng. Có thể gửi lại yêu cầu.",
            "The connection to the provider broke midway. The request may be sent again.",
        ),
    )
}

pub(super) fn broken_on_a_change() -> Face {
    face(
        504,
        "outcome-unknown",
        Provider,
        ("Chưa rõ kết quả", "Outcome unknown"),
        (
            "Kết nối bị đứt sau khi gửi; bên cung cấp có thể đã thực hiện yêu cầu. Hãy tra cứu trước khi gửi lại.",
            "The connection broke after sending; the provider may have carried out the request. Look before sending it again.",
        ),
    )
}

pub(super) fn refused(status: StatusCode) -> Face {
    let (answer, kind, blame) = match status.as_u16() {
        409 => (409, "provider-conflict", Consumer),
        410 => (410, "provider-gone", Consumer),
        412 => (412, "provider-precondition", Consumer),
        400 | 422 => (422, "provider-rejected", Consumer),
        429 => (503, "provider-busy", Provider),
        _ => (502, "provider-error", Provider),
    };
    Face {
        rule: Cow::Owned(format!("status-{}", status.as_u16())),
        ..face(
            answer,
            kind,
            blame,
            ("Bên cung cấp từ chối", "Provider refused"),
            (
                "Bên cung cấp đã nhận yêu cầu và trả lời không thực hiện; nội dung trả lời không được chuyển tiếp. Hãy đối chiếu với bên cung cấp bằng mã trao đổi.",
                "The provider received the request and answered that it will not carry it out; its words are not passed on. Take it up with the provider, naming the exchange.",
            ),
        )
    }
}

pub(super) fn fault(code: FaultCode) -> Face {
    Face {
        rule: Cow::Owned(format!("soap-fault-{}", code.as_str())),
        ..face(
            502,
            "provider-fault",
            Provider,
            ("Bên cung cấp trả lời bằng SOAP Fault", "Provider answered with a SOAP fault"),
            (
                "Bên cung cấp đã nhận yêu cầu và trả lời bằng SOAP Fault; lời lẽ của nó không được chuyển tiếp. Hãy đối chiếu với bên cung cấp bằng mã trao đổi.",
                "The provider received the request and answered with a SOAP fault; its words are not passed on. Take it up with the provider, naming the exchange.",
            ),
        )
    }
}

/// Nobody's fault, but the consumer's to mend, where it can be mended.
pub(super) fn signed(rule: &'static str) -> Face {
    let (status, detail) = match rule {
        "signed-withheld" => (
            403,
            (
                "Tài liệu của bên cung cấp mang chữ ký nên chỉ giao được nguyên vẹn, mà thỏa thuận này không chia sẻ mọi trường, hoặc chỉ một phần bản ghi của danh sách. Hãy thỏa thuận với bên cung cấp về bản không ký.",
                "The provider's document is signed and can only be given whole, and the agreement does not release every field, or only some records of a list. Agree with the provider on unsigned answers.",
            ),
        ),
        "signed-not-whole" => (
            406,
            (
                "Tài liệu của bên cung cấp mang chữ ký nên chỉ giao được nguyên vẹn, mà bộ lọc hoặc `limit` bỏ đi một phần. Hãy bỏ bộ lọc và `limit`.",
                "The provider's document is signed and can only be given whole, and the filters or the `limit` leave part of it out. Ask without them.",
            ),
        ),
        _ => (
            406,
            (
                "Tài liệu của bên cung cấp mang chữ ký XML; đổi định dạng sẽ làm mất chữ ký. Hãy yêu cầu `Accept: application/xml`, hoặc thêm `multipart/related` để nhận bản dịch kèm nguyên bản; qua SOAP thì không nhận được.",
                "The provider's document bears an XML signature, which another format would lose. Send `Accept: application/xml`, or add `multipart/related` to get the translation with the original beside it; SOAP cannot carry it.",
            ),
        ),
    };
    Face {
        rule: Cow::Borrowed(rule),
        ..face(
            status,
            "signed-document",
            Consumer,
            ("Tài liệu có chữ ký XML", "The document bears an XML signature"),
            detail,
        )
    }
}

pub(super) fn broke_contract_on_a_change() -> Face {
    Face {
        rule: Cow::Borrowed("reply-broke-contract"),
        ..face(
            504,
            "outcome-unknown",
            Provider,
            ("Chưa rõ kết quả", "Outcome unknown"),
            (
                "Bên cung cấp báo đã nhận, nhưng trả lời trái hợp đồng dữ liệu nên đã bị chặn; yêu cầu có thể đã được thực hiện. Hãy tra cứu trước khi gửi lại.",
                "The provider says it has taken the request, but its reply breaks the contract and was stopped; the request may have been carried out. Look before sending it again.",
            ),
        )
    }
}

pub(super) fn broke_contract(contract: &ContractId, unreadable: Option<&'static str>) -> Face {
    Face {
        rule: unreadable.map_or_else(|| Cow::Owned(contract.to_string()), Cow::Borrowed),
        ..face(
            502,
            "provider-broke-contract",
            Provider,
            ("Bên cung cấp trái hợp đồng", "Provider broke the contract"),
            (
                "Trả lời của bên cung cấp trái hợp đồng dữ liệu nên đã bị chặn. Bên sử dụng không phải sửa gì; đơn vị vận hành sẽ làm việc với bên cung cấp.",
                "The provider's reply breaks the contract and was stopped. The consumer has nothing to mend; the operators take it up with the provider.",
            ),
        )
    }
}

pub(super) fn too_large() -> Face {
    face(
        502,
        "provider-too-large",
        Provider,
        ("Trả lời quá lớn", "Reply too large"),
        (
            "Trả lời của bên cung cấp vượt giới hạn của dịch vụ. Hãy thu hẹp bộ lọc hoặc dùng `limit`.",
            "The provider's reply exceeds the service's limit. Narrow the filter or use `limit`.",
        ),
    )
}
