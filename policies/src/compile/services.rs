//! Services: their system, and that they share something. Each version is compiled apart.

use std::sync::Arc;

use toml::Spanned;

use super::{Content, Desk, Page, dangling, versions};
use crate::{
    Mode, Offer, Register, ReleasePlan, Service, ServiceKey, ServiceVersion, SystemId, SystemKey,
    written::{Sheet, both, service::Service as Written},
};

/// Adds every service that is clear.
pub(super) fn compile(register: &mut Register, desk: &Desk<'_>, pages: &mut [Page<'_, Written, Service>]) {
    for page in pages {
        let written = match std::mem::replace(&mut page.content, Content::Unclear) {
            Content::Unclear => continue,
            Content::Compiled(service) => {
                add(register, service);
                continue;
            }
            Content::Written(written) => written,
        };
        let sheet = &page.sheet;
        let system = system_of(register, desk, sheet, &written.system);
        at_home(sheet, &written);
        if written.versions.is_empty() && !sheet.is_faulty() {
            sheet.fault(
                0..0,
                "no-version",
                both("dịch vụ chưa có phiên bản nào", "the service has no version"),
                both("Thêm `[versions.1]`", "Add `[versions.1]`"),
            );
        }
        let mode = *written.mode.get_ref();
        let versions: Vec<ServiceVersion> = written
            .versions
            .into_iter()
            .filter_map(|version| versions::compile(desk, sheet, &written.mode, version))
            .collect();
        something_shared(sheet, &written.mode, &versions);
        let Some(system) = system else { continue };
        let offer = Offer {
            quota: written.limits.terms(format!("service:{}", written.id)),
            id: written.id,
            mode,
            authority: written.authority,
            legal_basis: written.legal_basis,
            update: written.update,
            publication: written.publication,
            body_limit: written.body_limit,
            maintenance: written.maintenance,
            versions,
            revision: sheet.source().revision(),
        };
        add(register, Service { system, offer: Arc::new(offer) });
    }
}

fn add(register: &mut Register, service: Service) {
    let key = ServiceKey::nth(register.services.len());
    let of_member = match register.services_by_name.get_mut(service.id.member()) {
        Some(of_member) => of_member,
        None => register.services_by_name.entry(service.id.member().into()).or_default(),
    };
    of_member.insert(service.id.service().into(), key);
    register.services.push(service);
}

/// A member's services are its own systems'.
fn at_home(sheet: &Sheet<'_>, written: &Written) {
    let member = written.id.member();
    if written.system.get_ref().member() != member {
        sheet.fault(
            written.system.span(),
            "foreign-system",
            both(
                format!("dịch vụ của `{member}` không thể do hệ thống của cơ quan khác cung cấp"),
                format!("a service of `{member}` cannot be provided by another member's system"),
            ),
            both(
                "Đặt tệp trong thư mục của cơ quan có hệ thống đó, hoặc sửa `system`",
                "Place the file in the folder of the system's member, or correct `system`",
            ),
        );
    }
}

/// A mode that shares without agreements has something to share.
fn something_shared(sheet: &Sheet<'_>, mode: &Spanned<Mode>, versions: &[ServiceVersion]) {
    let empty = |version: &ServiceVersion| version.by_mode.as_ref().is_some_and(ReleasePlan::is_empty);
    if versions.iter().any(empty) {
        let name = mode.get_ref().as_str();
        sheet.fault(
            mode.span(),
            "nothing-to-share",
            both(
                format!("chế độ `{name}` không chia sẻ được trường nào của hợp đồng"),
                format!("mode `{name}` shares no field of the contract"),
            ),
            both(
                "Dùng `on-request`, hoặc phân loại lại các trường",
                "Use `on-request`, or classify the fields anew",
            ),
        );
    }
}

/// The system called so, or a fault.
pub(super) fn system_of(
    register: &Register,
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    name: &Spanned<SystemId>,
) -> Option<SystemKey> {
    let id = name.get_ref();
    let found = register.system_named(id);
    if found.is_none() && !desk.unclear_members.contains(&id.member()) {
        let known = register.systems.iter().map(|system| system.id.as_str());
        let place = format!("members/{}.toml", id.member());
        dangling(desk, sheet, name.span(), ("hệ thống", "system"), id.as_str(), known, &place);
    }
    found
}
