//! Members and systems: names, provinces, certificates, relays.

use std::{collections::HashMap, sync::Arc};

use super::{Content, Desk, Page, codes, dangling};
use crate::{
    Member, MemberKey, MemberKind, Register, System, SystemId, SystemKey,
    written::{
        self, Sheet, both,
        member::{Certificate, Member as Written},
    },
};

/// Adds every member and system that is clear.
pub(super) fn compile(register: &mut Register, desk: &Desk<'_>, pages: &[Page<'_, Arc<Written>>]) {
    let mut known: Vec<(&Sheet<'_>, &Written, MemberKey)> = Vec::new();
    for page in pages {
        let Content::Written(written) = &page.content else { continue };
        let id = written.id.get_ref();
        if register.members_by_name.contains_key(id) {
            // The second file of the same `id` has a fault of its name already.
            continue;
        }
        province(desk, &page.sheet, written);
        let key = MemberKey::nth(register.members.len());
        register.members_by_name.insert(id.clone(), key);
        known.push((&page.sheet, written, key));
        register.members.push(Member {
            id: id.clone(),
            name: written.name.clone(),
            kind: *written.kind.get_ref(),
            province: written.province.as_ref().map(|code| Arc::from(code.get_ref().as_str())),
            aliases: written.aliases.clone(),
            valid: written.valid,
            successor: written.successor.as_ref().map(|successor| successor.get_ref().clone()),
            contacts: written.contacts.clone(),
        });
    }
    let mut owners = HashMap::new();
    for (sheet, written, member) in known {
        successor(register, desk, sheet, written);
        for system in &written.systems {
            add_system(register, desk, sheet, member, system, &mut owners);
        }
    }
}

fn province(desk: &Desk<'_>, sheet: &Sheet<'_>, written: &Written) {
    match &written.province {
        Some(code) if !codes::is_province(desk.catalog, code.get_ref(), desk.today) => sheet.fault(
            code.span(),
            "unknown-province",
            both(
                "mã tỉnh không có trong danh mục đơn vị hành chính hiện hành",
                "the province's code is not in the list of provinces in force",
            ),
            both(
                "Ghi mã hai chữ số của danh mục 34 tỉnh, thành phố, ví dụ \"01\"",
                "Write the two-digit code of the list of 34 provinces, for instance \"01\"",
            ),
        ),
        None if *written.kind.get_ref() == MemberKind::Province => sheet.fault(
            written.kind.span(),
            "missing-key",
            both("thành viên là tỉnh, thành phố nhưng thiếu `province`", "a province without `province`"),
            both("Thêm `province = \"01\"` (mã của tỉnh)", "Add `province = \"01\"` (its code)"),
        ),
        _ => {}
    }
}

fn successor(register: &Register, desk: &Desk<'_>, sheet: &Sheet<'_>, written: &Written) {
    let Some(successor) = &written.successor else { return };
    let name = successor.get_ref().as_str();
    if name == written.id.get_ref().as_str() {
        sheet.fault(
            successor.span(),
            "bad-value",
            both("một thành viên không thể kế thừa chính mình", "a member cannot succeed itself"),
            both(
                "Ghi cơ quan tiếp nhận, hoặc xóa `successor`",
                "Name the one that took over, or delete `successor`",
            ),
        );
    } else if register.member_named(name).is_none() && !desk.unclear_members.contains(&name) {
        no_member(register, desk, sheet, successor);
    }
}

fn no_member(register: &Register, desk: &Desk<'_>, sheet: &Sheet<'_>, name: &toml::Spanned<crate::MemberId>) {
    let known = register.members.iter().map(|member| member.id.as_str());
    let place = format!("members/{}.toml", name.get_ref());
    dangling(desk, sheet, name.span(), ("thành viên", "member"), name.get_ref().as_str(), known, &place);
}

fn add_system(
    register: &mut Register,
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    member: MemberKey,
    written: &written::member::System,
    owners: &mut HashMap<Certificate, SystemId>,
) {
    let id = written.id.get_ref();
    if register.systems_by_name.contains_key(id) {
        sheet.fault(
            written.id.span(),
            "repeated-name",
            both(format!("có hai hệ thống cùng tên `{id}`"), format!("two systems are called `{id}`")),
            both("Đổi tên hoặc xóa một hệ thống", "Rename or delete one of them"),
        );
        return;
    }
    let key = SystemKey::nth(register.systems.len());
    for certificate in &written.certificates {
        if let Some(owner) = owners.get(certificate.get_ref()) {
            sheet.fault(
                certificate.span(),
                "shared-certificate",
                both(
                    format!("chứng thư này đã nhận ra `{owner}`, không thể nhận ra cả `{id}`"),
                    format!("this certificate already stands for `{owner}` and cannot stand for `{id}` too"),
                ),
                both("Cấp cho mỗi hệ thống một chứng thư riêng", "Give each system a certificate of its own"),
            );
            continue;
        }
        owners.insert(certificate.get_ref().clone(), id.clone());
        let identities = &mut register.identities;
        match certificate.get_ref().clone() {
            Certificate::Issued { issuer, serial } => {
                identities.issued.entry(serial).or_default().push((issuer, key));
            }
            Certificate::Key(pin) => drop(identities.keys.insert(pin, key)),
            Certificate::Uri(uri) => drop(identities.uris.insert(uri, key)),
            Certificate::Dns(name) => drop(identities.names.insert(name, key)),
        }
    }
    let mut relays_for = Vec::new();
    for name in &written.relays_for {
        match register.member_named(name.get_ref().as_str()) {
            Some(member) => relays_for.push(member),
            None if desk.unclear_members.contains(&name.get_ref().as_str()) => {}
            None => no_member(register, desk, sheet, name),
        }
    }
    register.systems_by_name.insert(id.clone(), key);
    register.systems.push(System {
        id: id.clone(),
        member,
        environment: written.environment.get_ref().as_str().into(),
        security_level: written.security_level,
        encoding: written.encoding,
        allowed_ips: written.allowed_ips.clone(),
        relays_for,
    });
}
