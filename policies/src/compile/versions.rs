//! One version of a service: its contract, what each operation names, what the sharing mode releases.

use std::{ops::Range, sync::Arc};

use contracts::{Classification, Contract, ContractId, FieldPath};
use toml::Spanned;

use super::{Desk, dangling, drafts, not_a_leaf, pins, unknown_field};
use crate::{
    Adapter, Format, Mode, Operation, OperationTerms, ReleasePlan, ServiceVersion, Signed,
    operation::PerOperation,
    written::{Sheet, both, service as written},
};

/// One `[versions.<n>]` block, unless it is without its contract.
pub(super) fn compile(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    mode: &Spanned<Mode>,
    written: written::Version,
) -> Option<ServiceVersion> {
    let number = *written.number.get_ref();
    numbered_by_contract(sheet, number, &written.contract);
    let contract = contract_of(desk, sheet, &written.contract);
    if written.operations.is_empty() && !sheet.is_faulty() {
        sheet.fault(
            written.number.span(),
            "no-operation",
            both("phiên bản chưa có thao tác nào", "the version has no operation"),
            both(
                "Thêm ví dụ `operations.query = { method = \"GET\", path = \"/\" }`",
                "Add for instance `operations.query = { method = \"GET\", path = \"/\" }`",
            ),
        );
    }
    adapter(sheet, &written);
    let asked_by_message = written.format == Format::Soap && written.adapter.is_none();
    let soap = asked_by_message.then(|| written.soap.clone().unwrap_or_default());
    let mut operations = PerOperation::default();
    for terms in written.operations {
        let (operation, at) = (terms.operation, terms.at.clone());
        let compiled = operation_terms(desk, sheet, contract.as_ref(), terms);
        if let Some(contract) = &contract {
            fits(sheet, at, contract, operation, &compiled);
        }
        operations.set(operation, compiled);
    }
    let contract = contract?;
    drafts::hold(sheet, &written.contract, written.draft.as_ref(), &contract);
    drafts::shared_by_mode(sheet, mode, &contract);
    let mode = *mode.get_ref();
    has_place(sheet, written.format, written.contract.span(), &contract);
    let by_class = mode.basis().map(|_| {
        let mode = mode.as_str();
        both(format!("chế độ `{mode}`"), format!("mode `{mode}`"))
    });
    let pin = written.contract_revision.as_ref();
    pins::hold(sheet, written.contract.span(), pin, &contract, by_class.as_ref());
    let by_mode = match mode {
        Mode::Default => Some(ReleasePlan::of_classes(contract.shape(), Classification::by_default)),
        Mode::Open => Some(ReleasePlan::of_classes(contract.shape(), |class| class == Classification::Open)),
        Mode::OnRequest => None,
    };
    let personal = contract.shape().walk().any(|field| field.classification.is_personal());
    Some(ServiceVersion {
        number,
        personal,
        contract,
        deprecated_from: written.deprecated_from,
        retired_from: written.retired_from,
        format: written.format,
        adapter: written.adapter,
        unknown_fields: written.unknown_fields,
        upstream: written.upstream,
        population: written.population,
        soap,
        xroad: written.xroad,
        signed: written.signed.unwrap_or_default(),
        operations,
        by_mode,
    })
}

/// The contract called so, or a fault.
fn contract_of(desk: &Desk<'_>, sheet: &Sheet<'_>, name: &Spanned<ContractId>) -> Option<Arc<Contract>> {
    let id = name.get_ref();
    let found = desk.catalog.contract(id).cloned();
    if desk.catalog.is_open_draft(id) {
        sheet.fault(
            name.span(),
            "open-draft",
            both(
                format!("hợp đồng `{id}` là dự thảo còn chỗ chưa trả lời, chưa dùng được"),
                format!("contract `{id}` is a draft with open answers, and nothing can use it yet"),
            ),
            both(
                format!("Chạy `lienthong contract check {id}`, trả lời từng chỗ; hoặc bỏ phiên bản này"),
                format!(
                    "Run `lienthong contract check {id}` and answer what is open; or take this version out"
                ),
            ),
        );
    } else if found.is_none() {
        let known: Vec<String> = desk.catalog.contracts().map(|contract| contract.id().to_string()).collect();
        let known = known.iter().map(String::as_str);
        let place = format!("catalog/{}/v{}/contract.toml", id.dataset, id.version);
        dangling(desk, sheet, name.span(), ("hợp đồng dữ liệu", "contract"), &id.to_string(), known, &place);
    }
    found
}

fn numbered_by_contract(sheet: &Sheet<'_>, number: u32, contract: &Spanned<ContractId>) {
    let version = contract.get_ref().version;
    if version != number {
        sheet.fault(
            contract.span(),
            "version-mismatch",
            both(
                format!("khối `versions.{number}` phục vụ hợp đồng phiên bản {version}"),
                format!("block `versions.{number}` serves version {version} of a contract"),
            ),
            both(
                "Số của khối phải là số phiên bản của hợp đồng",
                "The block's number must be the contract's version",
            ),
        );
    }
}

/// A provider that speaks a geographic format sends features, and a feature has a place.
fn has_place(sheet: &Sheet<'_>, format: Format, at: Range<usize>, contract: &Contract) {
    let is_geographic = matches!(format, Format::Gml | Format::GeoJson | Format::JsonFg);
    if is_geographic && contract.shape().main_geometry().is_none() {
        let id = contract.id();
        sheet.fault(
            at,
            "no-geometry",
            both(
                format!("bên cung cấp không thể nói `{format}`: hợp đồng `{id}` không có trường hình học"),
                format!("the provider cannot speak `{format}`: contract `{id}` has no geometry field"),
            ),
            both(
                "Viết `format = \"xml\"` hoặc `\"json\"`, hoặc dùng hợp đồng có trường `x-geometry` ở cấp bản ghi",
                "Write `format = \"xml\"` or `\"json\"`, or use a contract with an `x-geometry` field at the record's own level",
            ),
        );
    }
}

/// The population database is asked by SOAP through its adapter, and asked nothing but to verify. Every
/// other provider that speaks SOAP is asked by messages of records, and never to verify: what a verdict
/// looks like is an adapter's to know.
fn adapter(sheet: &Sheet<'_>, written: &written::Version) {
    let through_population = written.adapter == Some(Adapter::Population);
    let by_message = written.format == Format::Soap;
    if through_population != written.population.is_some() || (through_population && !by_message) {
        sheet.fault(
            written.number.span(),
            "missing-adapter",
            both(
                "`adapter = \"population\"` và bảng `population` phải đi cùng nhau, với `format = \"soap\"`",
                "`adapter = \"population\"` and the table `population` go together, with `format = \"soap\"`",
            ),
            both("Thêm phần còn thiếu hoặc bỏ phần thừa", "Add what is missing or delete what is too much"),
        );
    }
    let worded = written.operations.iter().any(|terms| terms.wording.is_some());
    let about_messages = written.soap.is_some() || written.xroad.is_some() || worded;
    if about_messages && (!by_message || through_population) {
        sheet.fault(
            written.number.span(),
            "not-by-message",
            both(
                "`soap` và `xroad` chỉ dành cho bên cung cấp nói SOAP (`format = \"soap\"`, không qua `adapter`)",
                "`soap` and `xroad` are for providers that speak SOAP (`format = \"soap\"`, through no `adapter`)",
            ),
            both("Xóa các khóa này, hoặc sửa `format`", "Delete these keys, or correct `format`"),
        );
    }
    if written.signed == Some(Signed::Carry) && !matches!(written.format, Format::Xml | Format::Json) {
        sheet.fault(
            written.number.span(),
            "cannot-carry",
            both(
                "`signed = \"carry\"` cần bên cung cấp nói XML (nhận nguyên bản) hoặc JSON (nhận bản dịch kèm nguyên bản, `multipart/related`)",
                "`signed = \"carry\"` needs a provider that speaks XML (it gets the original) or JSON (it gets a translation with the original beside it, as `multipart/related`)",
            ),
            both("Xóa `signed`, hoặc sửa `format`", "Delete `signed`, or correct `format`"),
        );
    }
    for terms in &written.operations {
        let operation = terms.operation;
        if through_population != (operation == Operation::Verify) {
            sheet.fault(
                terms.at.clone(),
                "wrong-adapter",
                both(
                    format!("`{operation}` không đi qua bộ chuyển đổi đã khai báo: `verify` và chỉ `verify` dùng `population`"),
                    format!("`{operation}` does not fit the adapter: `verify` and nothing else uses `population`"),
                ),
                both("Tách thành hai dịch vụ, hoặc sửa `adapter`", "Make two services of it, or correct `adapter`"),
            );
        }
        if by_message && terms.stream.is_some() {
            sheet.fault(
                terms.at.clone(),
                "bad-stream",
                both(
                    "thông điệp SOAP được kiểm tra cả khối nên không có `stream`",
                    "SOAP messages are checked whole and have no `stream`",
                ),
                both("Bỏ `stream`", "Leave `stream` out"),
            );
        }
    }
}

fn operation_terms(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    contract: Option<&Arc<Contract>>,
    written: written::OperationTerms,
) -> OperationTerms {
    let reply = written.reply.as_ref().and_then(|name| contract_of(desk, sheet, name));
    if let (Some(name), Some(reply)) = (&written.reply, &reply)
        && contract.is_none_or(|own| own.id() != reply.id())
    {
        drafts::reply(sheet, name, reply);
    }
    if let Some(answered) = reply.as_ref().or(contract) {
        for field in written.push_down.iter().chain(&written.filter) {
            leaf(sheet, field, answered);
        }
    }
    let plain = |fields: Vec<Spanned<FieldPath>>| fields.into_iter().map(Spanned::into_inner).collect();
    OperationTerms {
        method: written.method,
        path: written.path,
        push_down: plain(written.push_down),
        filter: plain(written.filter),
        stream: written.stream,
        reply,
        wording: written.wording.unwrap_or_default(),
    }
}

/// Whether records of `contract` can be served so.
fn fits(
    sheet: &Sheet<'_>,
    at: Range<usize>,
    contract: &Contract,
    operation: Operation,
    terms: &OperationTerms,
) {
    let id = contract.id();
    if operation.names_record() && contract.has_personal_key() {
        let key = contract.key();
        sheet.fault(
            at.clone(),
            "personal-key",
            both(
                format!("khóa `{key}` của `{id}` là dữ liệu cá nhân; `{operation}` sẽ đưa nó vào đường dẫn, nơi nhật ký của mọi bên giữ lại"),
                format!("key `{key}` of `{id}` is personal data; `{operation}` would put it into paths, which everyone's logs keep"),
            ),
            both(
                "Chỉ cung cấp `verify`, hoặc dùng hợp đồng có khóa không phải dữ liệu cá nhân",
                "Offer `verify` only, or use a contract whose key is not personal data",
            ),
        );
    }
    // What a sharing mode releases is planned for the service's own contract.
    let other = terms.reply_id().filter(|reply| *reply != id);
    if let Some(other) = other.filter(|_| operation.reads_records()) {
        sheet.fault(
            at,
            "reply-of-records",
            both(
                format!("`{operation}` trả về bản ghi của `{id}`, không thể trả lời theo `{other}`"),
                format!("`{operation}` gives records of `{id}` and cannot answer by `{other}`"),
            ),
            both(
                "Xóa `reply`, hoặc tách thành một dịch vụ khác",
                "Delete `reply`, or make another service of it",
            ),
        );
    }
}

/// Faults a name that is not a single value of the contract.
fn leaf(sheet: &Sheet<'_>, path: &Spanned<FieldPath>, contract: &Contract) {
    match contract.shape().field(path.get_ref()) {
        None => {
            let id = contract.id().to_string();
            unknown_field(sheet, path.span(), path.get_ref().as_str(), &id, &[contract.shape()]);
        }
        Some(field) if field.form.record().is_some() => {
            not_a_leaf(sheet, path.span(), path.get_ref().as_str())
        }
        Some(_) => {}
    }
}
