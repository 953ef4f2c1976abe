//! Agreements: the parties, what the service has of what was agreed, the plans, the dates.

use std::{ops::Range, sync::Arc};

use contracts::Contract;
use toml::Spanned;

use super::{
    Content, Desk, Page, dangling, drafts, fields::FieldTerms, overlaps, pins, records, services::system_of,
};
use crate::{
    Agreement, Format, Operation, PurposeId, Register, Service, ServiceKey, ServiceVersion, Terms,
    agreement::{Allowed, NOTICE_DAYS},
    operation::PerOperation,
    written::{Sheet, agreement::Agreement as Written, both},
};

/// Adds every agreement that is clear.
pub(super) fn compile(register: &mut Register, desk: &Desk<'_>, pages: &mut [Page<'_, Written, Agreement>]) {
    let mut places = Vec::new();
    for (page, at) in pages.iter_mut().zip(0..) {
        let written = match std::mem::replace(&mut page.content, Content::Unclear) {
            Content::Unclear => continue,
            // As below: whoever took its name has a fault.
            Content::Compiled(agreement) if register.agreements_by_name.contains_key(&agreement.id) => {
                continue;
            }
            Content::Compiled(agreement) => {
                index(register, agreement);
                places.push(at);
                continue;
            }
            Content::Written(written) => written,
        };
        if !page.sheet.is_faulty() {
            term(desk, &page.sheet, &written);
        }
        if let Some(agreement) = agreement(register, desk, &page.sheet, written) {
            index(register, agreement);
            places.push(at);
        }
    }
    for (position, other) in overlaps::find(register) {
        let (Some(page), Some(other)) = (places.get(position), register.agreements.get(other)) else {
            continue;
        };
        if let Some(page) = pages.get(*page) {
            overlaps::report(&page.sheet, name_at(&page.sheet), other);
        }
    }
}

/// Where a document has its `id`: read once more, since this is asked of the few that overlap.
fn name_at(sheet: &Sheet<'_>) -> Range<usize> {
    let again = Sheet::new(sheet.source());
    Written::read(&again).map_or(0..0, |written| written.id.span())
}

fn index(register: &mut Register, agreement: Agreement) {
    // Counted like every document (`MOST_DOCUMENTS`).
    let position = u32::try_from(register.agreements.len()).unwrap_or(u32::MAX);
    let member = register.system(agreement.consumer).member;
    let (service, version) = (agreement.service, agreement.contract.version);
    register.by_consumer.entry((agreement.consumer, service, version)).or_default().push(position);
    register.by_member.entry((member, service, version)).or_default().push(position);
    register.agreements_by_name.insert(agreement.id.clone(), position);
    register.agreements.push(agreement);
}

/// Tells operators of what has ended, is about to, or never will.
fn term(desk: &Desk<'_>, sheet: &Sheet<'_>, written: &Written) {
    let at = written.valid_at.clone();
    let Some(until) = written.valid.until else {
        sheet.warn(
            at,
            "no-end",
            both("thỏa thuận không có ngày hết hạn", "the agreement has no last day"),
            both("Thêm `until` theo văn bản đã ký", "Add `until` as the signed paper has it"),
        );
        return;
    };
    let left = desk.today.until(until).map_or(0, |left| left.get_days());
    if left < 0 {
        sheet.warn(
            at,
            "agreement-expired",
            both(format!("thỏa thuận đã hết hạn ngày {until}"), format!("the agreement expired on {until}")),
            both(
                "Ký gia hạn rồi sửa `until`, hoặc chuyển tệp vào kho lưu",
                "Renew it and correct `until`, or move the file to the archive",
            ),
        );
    } else if left <= NOTICE_DAYS {
        sheet.warn(
            at,
            "agreement-expiring",
            both(
                format!("thỏa thuận còn hiệu lực {} ngày, đến hết {until}", left + 1),
                format!("the agreement has {} days left, until {until}", left + 1),
            ),
            both("Làm thủ tục gia hạn nếu còn cần chia sẻ", "Start renewing it if sharing is to go on"),
        );
    }
}

/// Tells operators of an agreement whose version of the service ends before it does: from that day on the
/// consumer has a right to nothing, and hears 410.
fn lasting(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    written: &Written,
    service: &Service,
    version: &ServiceVersion,
) {
    let ended = written.valid.until.is_some_and(|until| until < desk.today);
    let Some(gone) = version.retired_from.filter(|_| !ended) else { return };
    if written.valid.until.is_some_and(|until| until < gone) {
        return;
    }
    let number = version.number;
    let later = service.versions.iter().filter(|later| later.number > number);
    let lasting = later.filter(|later| later.retired_from.is_none_or(|end| end > gone));
    let remedy = match lasting.map(|later| later.number).max() {
        Some(later) => both(
            format!("Ký thỏa thuận cho v{later} trước ngày đó, rồi sửa `until` của thỏa thuận này"),
            format!("Agree on v{later} before that day, then correct this agreement's `until`"),
        ),
        None => both(
            "Thống nhất với bên cung cấp phiên bản thay thế, hoặc sửa `until`",
            "Settle with the provider on what takes its place, or correct `until`",
        ),
    };
    sheet.warn(
        written.contract.span(),
        "outlives-version",
        both(
            format!("thỏa thuận còn hiệu lực khi v{number} của `{}` ngừng phục vụ ngày {gone}", service.id),
            format!("the agreement is still valid when v{number} of `{}` is gone, on {gone}", service.id),
        ),
        remedy,
    );
}

fn agreement(register: &Register, desk: &Desk<'_>, sheet: &Sheet<'_>, written: Written) -> Option<Agreement> {
    let id = written.id.get_ref().clone();
    if register.agreements_by_name.contains_key(&id) {
        // The second file of the same `id` has a fault of its name already.
        return None;
    }
    let consumer = system_of(register, desk, sheet, &written.consumer);
    let service = service_of(register, desk, sheet, &written);
    for purpose in &written.purposes {
        known_purpose(register, desk, sheet, purpose);
    }
    let (service_key, service) = service?;
    let version = version_of(desk, sheet, &written, service)?;
    if !desk.unclear_services.contains(&(service.id.member(), service.id.service())) {
        offered_operations(sheet, &written.operations, service, version);
    }
    offered_formats(sheet, &written.formats, service, version);
    lasting(desk, sheet, &written, service, version);

    let contract = &version.contract;
    let replies = replies(&written.operations, version);
    let terms = FieldTerms::of(sheet, &written.fields, contract, &replies);
    terms.hold_against_grounds(sheet, written.personal.as_ref());
    drafts::hold(sheet, &written.contract, written.draft.as_ref(), contract);
    let pin = written.contract_revision.as_ref();
    pins::hold(sheet, written.contract.span(), pin, contract, terms.wide());
    let filter = terms.filters(sheet, &written, version);
    let member = consumer.map(|consumer| register.member(register.system(consumer).member));
    let conditions = records::compile(desk, sheet, &written.records, contract, member);

    let mut allowed = PerOperation::default();
    let mut touches_personal = false;
    for operation in written.operations.iter().map(Spanned::get_ref).copied() {
        let Some(offered) = version.operation(operation) else { continue };
        let release = terms.plan(version.reply(operation).shape(), &id);
        let carried = operation.carries_record() && version.personal;
        touches_personal |= release.is_personal() || carried;
        let push_down = conditions.push_down(&offered.push_down);
        allowed.set(operation, Allowed { release, push_down });
    }
    for operation in &written.operations {
        let Some(granted) = allowed.get(*operation.get_ref()) else { continue };
        enough_released(sheet, operation, granted);
    }

    let terms = Terms {
        kind: written.kind,
        contract: written.contract.into_inner(),
        paper: written.paper,
        legal_basis: written.legal_basis,
        purposes: written.purposes.into_iter().map(Spanned::into_inner).collect(),
        valid: written.valid,
        formats: written.formats.into_iter().map(Spanned::into_inner).collect(),
        reuse: written.reuse,
        windows: written.windows,
        personal: written.personal,
        filter,
        conditions,
        quota: written.quota.terms(format!("agreement:{id}")),
        allowed,
        touches_personal,
        revision: sheet.source().revision(),
        id,
    };
    Some(Agreement { consumer: consumer?, service: service_key, terms: Arc::new(terms) })
}

fn service_of<'r>(
    register: &'r Register,
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    written: &Written,
) -> Option<(ServiceKey, &'r Service)> {
    let id = written.service.get_ref();
    if let Some(key) = register.service_of(id) {
        return Some((key, register.service(key)));
    }
    if !desk.service_files.contains(&(id.member(), id.service())) {
        let known = register.services.iter().map(|service| service.id.as_str());
        let place = format!("services/{id}.toml");
        dangling(desk, sheet, written.service.span(), ("dịch vụ", "service"), id.as_str(), known, &place);
    }
    None
}

fn known_purpose(register: &Register, desk: &Desk<'_>, sheet: &Sheet<'_>, purpose: &Spanned<PurposeId>) {
    let code = purpose.get_ref().as_str();
    if register.purpose(code).is_none() && !desk.purpose_files.contains(&code) {
        let known = register.purposes.keys().map(PurposeId::as_str);
        dangling(
            desk,
            sheet,
            purpose.span(),
            ("mục đích", "purpose"),
            code,
            known,
            &format!("purposes/{code}.toml"),
        );
    }
}

/// The version of the service that serves the agreement's contract.
fn version_of<'r>(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    written: &Written,
    service: &'r Service,
) -> Option<&'r ServiceVersion> {
    let id = written.contract.get_ref();
    let found = service.versions.iter().find(|version| version.contract.id() == id);
    if found.is_none() && !desk.unclear_services.contains(&(service.id.member(), service.id.service())) {
        let served: Vec<String> =
            service.versions.iter().map(|version| format!("`{}`", version.contract.id())).collect();
        let served = served.join(", ");
        sheet.fault(
            written.contract.span(),
            "contract-not-served",
            both(
                format!("dịch vụ `{}` không phục vụ hợp đồng `{id}`", service.id),
                format!("service `{}` does not serve contract `{id}`", service.id),
            ),
            both(format!("Dịch vụ phục vụ: {served}"), format!("The service serves: {served}")),
        );
    }
    found
}

fn offered_operations(
    sheet: &Sheet<'_>,
    agreed: &[Spanned<Operation>],
    service: &Service,
    version: &ServiceVersion,
) {
    for operation in agreed.iter().filter(|operation| version.operation(*operation.get_ref()).is_none()) {
        let offered: Vec<&str> = version.operations().map(|(operation, _)| operation.as_str()).collect();
        let offered = offered.join(", ");
        sheet.fault(
            operation.span(),
            "operation-not-offered",
            both(
                format!("dịch vụ `{}` không có thao tác `{}`", service.id, operation.get_ref()),
                format!("service `{}` does not offer `{}`", service.id, operation.get_ref()),
            ),
            both(format!("Các thao tác có: {offered}"), format!("It offers: {offered}")),
        );
    }
}

fn offered_formats(
    sheet: &Sheet<'_>,
    agreed: &[Spanned<Format>],
    service: &Service,
    version: &ServiceVersion,
) {
    for format in agreed.iter().filter(|format| !version.offers(*format.get_ref())) {
        let offered: Vec<&str> =
            Format::ALL.into_iter().filter(|format| version.offers(*format)).map(Format::as_str).collect();
        let (offered, contract) = (offered.join(", "), version.contract.id());
        // Whatever is not offered is a format of features.
        sheet.fault(
            format.span(),
            "format-not-offered",
            both(
                format!(
                    "dịch vụ `{}` không có định dạng `{}`: hợp đồng `{contract}` không có trường hình học",
                    service.id,
                    format.get_ref()
                ),
                format!(
                    "service `{}` does not offer format `{}`: contract `{contract}` has no geometry field",
                    service.id,
                    format.get_ref()
                ),
            ),
            both(
                format!("Các định dạng có: {offered}; định dạng địa lý cần một trường `x-geometry` ở cấp bản ghi"),
                format!("It offers: {offered}; geographic formats need a field with `x-geometry` at the record's own level"),
            ),
        );
    }
}

/// The contracts of what comes back, each once; the service's own when nothing was agreed.
fn replies<'v>(agreed: &[Spanned<Operation>], version: &'v ServiceVersion) -> Vec<&'v Contract> {
    let mut replies: Vec<&Contract> = Vec::new();
    for operation in agreed {
        let reply = version.reply(*operation.get_ref());
        if replies.iter().all(|known| known.id() != reply.id()) {
            replies.push(reply);
        }
    }
    if replies.is_empty() {
        replies.push(&version.contract);
    }
    replies
}

fn enough_released(sheet: &Sheet<'_>, operation: &Spanned<Operation>, granted: &Allowed) {
    let (name, release) = (operation.get_ref(), &granted.release);
    if release.is_empty() && (name.reads_records() || *name == Operation::Verify) {
        sheet.fault(
            operation.span(),
            "nothing-released",
            both(
                format!("thỏa thuận cho phép `{name}` nhưng không chia sẻ trường nào"),
                format!("the agreement allows `{name}` but releases no field"),
            ),
            both("Liệt kê các trường trong `fields.release`", "List the fields in `fields.release`"),
        );
    }
    let reduced: Vec<&str> = release
        .withheld()
        .iter()
        .chain(release.masked().iter().map(|(path, _)| path))
        .map(|path| path.as_str())
        .collect();
    if *name == Operation::Update && !reduced.is_empty() {
        let reduced = reduced.join("`, `");
        sheet.fault(
            operation.span(),
            "update-needs-all-fields",
            both(
                format!("`update` thay cả bản ghi nên phải chia sẻ mọi trường; còn thiếu: `{reduced}`"),
                format!("`update` replaces the whole record, so every field must be released; missing: `{reduced}`"),
            ),
            both("Chia sẻ nguyên vẹn các trường đó, hoặc bỏ `update`", "Release those fields as they are, or drop `update`"),
        );
    }
    if *name == Operation::Verify && !release.is_empty() && !reduced.is_empty() {
        let reduced = reduced.join("`, `");
        // A verdict with a part missing or masked could be read as another verdict.
        sheet.fault(
            operation.span(),
            "verdict-needs-all-fields",
            both(
                format!(
                    "kết quả xác thực được trả nguyên vẹn nên phải chia sẻ mọi trường; còn thiếu: `{reduced}`"
                ),
                format!(
                    "a verdict is given whole, so every field of it must be released; missing: `{reduced}`"
                ),
            ),
            both(
                "Chia sẻ nguyên vẹn các trường đó, hoặc bỏ `verify`",
                "Release those fields as they are, or drop `verify`",
            ),
        );
    }
}
