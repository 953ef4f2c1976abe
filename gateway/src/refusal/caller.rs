//! Who calls, and what was agreed with it.

use std::{borrow::Cow, time::Duration};

use contracts::Bilingual;
use policies::{MemberId, Party, Rule};

use super::{
    Blame::{self, Consumer, Gateway},
    face::{Face, face, joined, sentence},
};
use crate::{host::RevocationFault, quota::Exceeded};

pub(super) fn certificate(fault: &RevocationFault) -> Face {
    Face {
        detail: joined(&fault.message(), &fault.remedy()),
        ..face(
            403,
            fault.rule(),
            if fault.is_ours() { Gateway } else { Consumer },
            ("Chứng thư không còn giá trị", "Certificate no longer counts"),
            ("", ""),
        )
    }
}

pub(super) fn system_unknown() -> Face {
    face(
        403,
        "system-unknown",
        Consumer,
        ("Hệ thống chưa đăng ký", "System not registered"),
        (
            "Chứng thư hợp lệ nhưng không thuộc hệ thống nào đã đăng ký. Hãy đề nghị đơn vị vận hành cổng đăng ký hệ thống và chứng thư này.",
            "The certificate is trusted but belongs to no registered system. Ask the gateway's operator to register the system with this certificate.",
        ),
    )
}

pub(super) fn address_not_allowed() -> Face {
    face(
        403,
        "address-not-allowed",
        Consumer,
        ("Địa chỉ không được phép", "Address not allowed"),
        (
            "Hệ thống kết nối từ địa chỉ mạng ngoài danh sách `allowed_ips` của mình. Hãy kết nối từ địa chỉ đã đăng ký, hoặc đề nghị đơn vị vận hành cổng bổ sung địa chỉ.",
            "The system connects from an address outside its `allowed_ips`. Connect from a registered address, or ask the gateway's operator to add this one.",
        ),
    )
}

pub(super) fn environment() -> Face {
    face(
        403,
        "environment",
        Consumer,
        ("Sai môi trường", "Wrong environment"),
        (
            "Hệ thống này được đăng ký cho môi trường khác; chứng thư thử nghiệm không dùng được trên môi trường chính thức. Hãy dùng chứng thư của môi trường này.",
            "This system is registered for another environment; test certificates never work in production. Use the certificate of this environment.",
        ),
    )
}

pub(super) fn suspended(reason: &Bilingual) -> Face {
    Face {
        detail: Bilingual::new(
            format!("Việc trao đổi đang bị đình chỉ: {}. Hãy liên hệ đơn vị vận hành cổng.", reason.vi),
            format!("The exchange is suspended: {}. Contact the gateway's operator.", reason.en),
        ),
        ..face(403, "suspended", Consumer, ("Đang bị đình chỉ", "Suspended"), ("", ""))
    }
}

pub(super) fn too_many_connections() -> Face {
    Face {
        retry_after: Some(Duration::from_secs(1)),
        ..face(
            429,
            "too-many-connections",
            Consumer,
            ("Quá nhiều kết nối", "Too many connections"),
            (
                "Hệ thống này đang mở quá nhiều kết nối. Hãy dùng lại kết nối đã mở, hoặc đóng bớt.",
                "This system has too many connections open. Reuse open connections, or close some.",
            ),
        )
    }
}

pub(super) fn relay_not_allowed() -> Face {
    face(
        403,
        "relay-not-allowed",
        Consumer,
        ("Không được chuyển tiếp thay", "Relaying not allowed"),
        (
            "`Lt-On-Behalf-Of` nêu một thành viên mà hệ thống này không được thay mặt (`relays_for`). Hãy bỏ tiêu đề này, hoặc đề nghị đơn vị vận hành cổng bổ sung quyền.",
            "`Lt-On-Behalf-Of` names a member this system may not speak for (`relays_for`). Leave the header out, or ask the gateway's operator for the right.",
        ),
    )
}

pub(super) fn xroad_client(member: &MemberId, known: bool) -> Face {
    let remedy = if known {
        (
            "Ghi tên X-Road của thành viên đó (`aliases.xroad`), có thể kèm tên hệ thống, hoặc bỏ đi.",
            "State that member's X-Road name (`aliases.xroad`), with the system's name if you like, or leave it out.",
        )
    } else {
        (
            "Hãy đề nghị đơn vị vận hành cổng khai báo `aliases.xroad` cho thành viên đó, hoặc bỏ đi.",
            "Ask the gateway's operator to declare `aliases.xroad` for that member, or leave it out.",
        )
    };
    Face {
        detail: Bilingual::new(
            format!(
                "Bên gọi theo X-Road (`X-Road-Client`, khối `client`) không phải là thành viên `{member}` mà chứng thư thuộc về. {}",
                remedy.0
            ),
            format!(
                "The X-Road client (`X-Road-Client`, block `client`) is not member `{member}`, to whom the certificate belongs. {}",
                remedy.1
            ),
        ),
        ..face(
            403,
            "xroad-client",
            Consumer,
            ("Bên gọi X-Road không khớp chứng thư", "X-Road client is not the certificate's"),
            ("", ""),
        )
    }
}

pub(super) fn denied(refusal: &policies::Refusal) -> Face {
    let title = refusal.rule.title();
    let status = match refusal.rule {
        Rule::VersionUnknown => 404,
        Rule::VersionRetired => 410,
        _ => 403,
    };
    Face {
        detail: joined(&sentence(&refusal.detail), &refusal.rule.remedy()),
        ..face(status, refusal.rule.code(), party(refusal.rule.fault()), (&title.vi, &title.en), ("", ""))
    }
}

pub(super) fn quota_spent(exceeded: &Exceeded) -> Face {
    Face {
        rule: Cow::Borrowed(exceeded.rule),
        retry_after: Some(exceeded.retry_after),
        detail: exceeded.explain(),
        ..face(429, "quota-exceeded", Consumer, ("Hết hạn mức", "Quota spent"), ("", ""))
    }
}

fn party(party: Party) -> Blame {
    match party {
        Party::Consumer => Blame::Consumer,
        Party::Provider => Blame::Provider,
        Party::Gateway => Blame::Gateway,
    }
}
