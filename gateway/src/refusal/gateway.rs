//! This gateway: what it cannot do, or cannot do now.

use std::{borrow::Cow, time::Duration};

use super::{
    Blame::Gateway,
    face::{Face, face},
};

pub(super) fn not_implemented(what: &'static str) -> Face {
    Face {
        rule: Cow::Borrowed(what),
        ..face(
            501,
            "not-implemented",
            Gateway,
            ("Chưa hỗ trợ", "Not implemented"),
            (
                "Cổng chưa thực hiện được thao tác này trong phiên bản đang chạy. Hãy hỏi đơn vị vận hành cổng về phiên bản có thao tác này.",
                "The gateway cannot carry out this operation in the running release. Ask the gateway's operator for a release that can.",
            ),
        )
    }
}

pub(super) fn quota_away(retry_after: Duration) -> Face {
    Face {
        retry_after: Some(retry_after),
        ..face(
            503,
            "quota-unavailable",
            Gateway,
            ("Không kiểm tra được hạn mức", "Quotas cannot be checked"),
            (
                "Không hỏi được máy chủ hạn mức chung nên cổng không cho yêu cầu đi qua. Hãy gửi lại sau; đơn vị vận hành cần kiểm tra Redis và mục `[quota.redis]`.",
                "The shared quota server cannot be asked, so nothing passes. Send it again later; the operator must check Redis and `[quota.redis]`.",
            ),
        )
    }
}

pub(super) fn evidence() -> Face {
    Face {
        retry_after: Some(Duration::from_secs(10)),
        ..face(
            503,
            "evidence-unavailable",
            Gateway,
            ("Không ghi được nhật ký", "Evidence cannot be written"),
            (
                "Cổng không ghi được chứng cứ trao đổi nên không cho dữ liệu đi qua. Đơn vị vận hành cần kiểm tra ổ đĩa của nhật ký.",
                "The gateway cannot write evidence of the exchange, so nothing passes. The operator must check the journal's disk.",
            ),
        )
    }
}

/// No `Retry-After`: to send a change again is the last thing to do.
pub(super) fn evidence_of_a_change() -> Face {
    Face {
        rule: Cow::Borrowed("evidence-unavailable"),
        ..face(
            503,
            "outcome-unknown",
            Gateway,
            ("Chưa rõ kết quả", "Outcome unknown"),
            (
                "Yêu cầu đã được gửi tới bên cung cấp và có thể đã được thực hiện, nhưng cổng không ghi được chứng cứ nên không trả lời thay. Hãy tra cứu trước khi gửi lại.",
                "The request went to the provider and may have been carried out, but the gateway cannot write evidence of it, so it does not answer for it. Look before sending it again.",
            ),
        )
    }
}
