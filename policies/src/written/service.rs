//! `services/<member>/<service>.toml` as written.

use std::{ops::Range, path::Path};

use contracts::{ContractId, FieldPath, UpdateFrequency};
use jiff::civil::Date;
use toml::Spanned;

use super::{Limits, Method, PathTemplate, Period, Pin, Sheet, Size, Table, both};
use crate::{
    Format, Operation, ServiceId, Source, SystemId, Upstream,
    calendar::Stretch,
    service::{
        Adapter, Authority, BadRecords, DateForm, Mode, Population, Publication, Streaming, UnknownFields,
    },
    soap::{Signed, Soap, Wording, XRoad},
};

/// A service's document.
pub(crate) struct Service {
    pub(crate) id: ServiceId,
    pub(crate) system: Spanned<SystemId>,
    pub(crate) mode: Spanned<Mode>,
    pub(crate) authority: Authority,
    pub(crate) legal_basis: Vec<String>,
    pub(crate) update: Option<UpdateFrequency>,
    pub(crate) publication: Option<Publication>,
    pub(crate) limits: Limits,
    /// `limits.body`, in bytes.
    pub(crate) body_limit: Option<u64>,
    pub(crate) maintenance: Vec<Stretch>,
    pub(crate) versions: Vec<Version>,
}

/// `[versions.<n>]`.
pub(crate) struct Version {
    pub(crate) number: Spanned<u32>,
    pub(crate) contract: Spanned<ContractId>,
    /// The text of the contract that it was written for.
    pub(crate) contract_revision: Option<Spanned<Pin>>,
    /// That the contract is known to be a draft.
    pub(crate) draft: Option<Spanned<bool>>,
    pub(crate) deprecated_from: Option<Date>,
    pub(crate) retired_from: Option<Date>,
    pub(crate) format: Format,
    pub(crate) adapter: Option<Adapter>,
    pub(crate) unknown_fields: UnknownFields,
    pub(crate) upstream: Upstream,
    pub(crate) population: Option<Population>,
    pub(crate) soap: Option<Soap>,
    pub(crate) xroad: Option<XRoad>,
    pub(crate) signed: Option<Signed>,
    pub(crate) operations: Vec<OperationTerms>,
}

/// `operations.<name>`.
pub(crate) struct OperationTerms {
    pub(crate) at: Range<usize>,
    pub(crate) operation: Operation,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) push_down: Vec<Spanned<FieldPath>>,
    pub(crate) filter: Vec<Spanned<FieldPath>>,
    pub(crate) stream: Option<Streaming>,
    pub(crate) reply: Option<Spanned<ContractId>>,
    pub(crate) wording: Option<Wording>,
}

impl Service {
    /// Reads a service's document; `None` when it lacks what makes it one.
    pub(crate) fn read(sheet: &Sheet<'_>) -> Option<Self> {
        let tree = sheet.parse()?;
        let table = Table::root(sheet, &tree);
        let id = identity(sheet, &table);
        let system = table.required("system", table.value("system"));
        let mode = table.required("mode", table.value("mode"));
        let authority = table.required("authority", table.value::<Authority>("authority"));
        let legal_basis = table.required("legal_basis", table.texts("legal_basis"));
        let update = table.table("update").and_then(|update| {
            let frequency = update.required("frequency", update.value("frequency"));
            update.close();
            frequency.map(Spanned::into_inner)
        });
        let publication = table.table("publication").map(publication);
        let (limits, body_limit) = table.table("limits").map(limits).unwrap_or_default();
        let maintenance = table.tables("maintenance").unwrap_or_default();
        let maintenance = maintenance.into_iter().filter_map(stretch).collect();
        let versions = table.required("versions", table.table("versions")).map(versions);
        table.close();
        Some(Self {
            id: id?,
            system: system?,
            mode: mode?,
            authority: authority?.into_inner(),
            legal_basis: legal_basis?.into_iter().map(Spanned::into_inner).collect(),
            update,
            publication,
            limits,
            body_limit,
            maintenance,
            versions: versions?,
        })
    }
}

/// The service is named by its place: `services/G06/nhiem-vu.toml` is `G06/nhiem-vu`.
fn id_of(source: &Source) -> Option<ServiceId> {
    let id: ServiceId = format!("{}/{}", source.folder(), source.stem()).parse().ok()?;
    (source.file == Path::new(&format!("services/{id}.toml"))).then_some(id)
}

fn identity(sheet: &Sheet<'_>, table: &Table<'_>) -> Option<ServiceId> {
    let written = table.value::<ServiceId>("id");
    let placed = id_of(sheet.source());
    let Some(id) = &placed else {
        sheet.fault(
            0..0,
            "file-name",
            both(
                "đường dẫn của tệp không đặt tên cho một dịch vụ",
                "the file's path does not name a service",
            ),
            both(
                "Đặt tệp tại `services/<cơ quan>/<dịch-vụ>.toml`",
                "Place it at `services/<member>/<service>.toml`",
            ),
        );
        return None;
    };
    if let Some(written) = written
        && written.get_ref() != id
    {
        sheet.fault(
            written.span(),
            "file-name",
            both(
                format!("`id` là `{}` nhưng tệp đặt tên dịch vụ là `{id}`", written.get_ref()),
                format!("`id` is `{}` but the file names the service `{id}`", written.get_ref()),
            ),
            both("Bỏ `id`, hoặc chuyển tệp", "Delete `id`, or move the file"),
        );
    }
    placed
}

fn publication(table: Table<'_>) -> Publication {
    let (ready, published) = (table.date("ready"), table.date("published"));
    let review_every = table.value::<Period>("review_every");
    table.close();
    Publication {
        ready: ready.map(Spanned::into_inner),
        published: published.map(Spanned::into_inner),
        review_every: review_every.map(|period| period.into_inner().0),
    }
}

fn limits(table: Table<'_>) -> (Limits, Option<u64>) {
    let limits = Limits::read(&table);
    let body = table.value::<Size>("body").map(|size| size.into_inner().0);
    table.close();
    (limits, body)
}

fn stretch(table: Table<'_>) -> Option<Stretch> {
    let from = table.required("from", table.moment("from"));
    let until = table.required("until", table.moment("until"));
    let (sheet, span) = (table.sheet(), table.span());
    table.close();
    let (from, until) = (from?.into_inner(), until?.into_inner());
    if until <= from {
        sheet.fault(
            span,
            "bad-dates",
            both("bảo trì kết thúc trước khi bắt đầu", "the maintenance ends before it begins"),
            both("Đổi lại hai thời điểm", "Correct the two moments"),
        );
        return None;
    }
    Some(Stretch { from, until })
}

fn versions(table: Table<'_>) -> Vec<Version> {
    let mut versions: Vec<Version> = table
        .named()
        .filter_map(|(key, value)| {
            let number = key.get_ref().parse::<u32>().ok().filter(|number| *number > 0);
            let Some(number) = number.filter(|number| number.to_string() == *key.get_ref()) else {
                table.sheet().fault(
                    key.span(),
                    "bad-version",
                    both("phiên bản phải là một số từ 1", "a version must be a number from 1"),
                    both("Viết `[versions.1]`", "Write `[versions.1]`"),
                );
                return None;
            };
            Version::read(value.table("versions")?, Spanned::new(key.span(), number))
        })
        .collect();
    versions.sort_by_key(|version| *version.number.get_ref());
    versions
}

impl Version {
    fn read(table: Table<'_>, number: Spanned<u32>) -> Option<Self> {
        let contract = table.required("contract", table.value("contract"));
        let contract_revision = table.value("contract_revision");
        let draft = table.boolean("draft");
        let deprecated_from = table.date("deprecated_from").map(Spanned::into_inner);
        let retired_from = table.date("retired_from").map(Spanned::into_inner);
        if let (Some(deprecated), Some(retired)) = (deprecated_from, retired_from)
            && retired < deprecated
        {
            table.sheet().fault(
                number.span(),
                "bad-dates",
                both(
                    format!("phiên bản bị rút ({retired}) trước khi được báo sắp rút ({deprecated})"),
                    format!("the version is retired ({retired}) before it is deprecated ({deprecated})"),
                ),
                both("Đổi lại hai ngày", "Correct the two dates"),
            );
        }
        let format = table.required("format", table.value::<Format>("format"));
        let format = format.and_then(|format| provider_format(&table, format));
        let adapter = table.value("adapter").map(Spanned::into_inner);
        let unknown_fields = table.value("unknown_fields").map(Spanned::into_inner);
        let upstream = table.required("upstream", table.table("upstream")).and_then(Upstream::read);
        let population = table.table("population").and_then(Population::read);
        let soap = table.table("soap").map(Soap::read);
        let xroad = table.table("xroad").and_then(XRoad::read);
        let signed = table.value("signed").map(Spanned::into_inner);
        let by_message = format == Some(Format::Soap);
        let operations = table.required("operations", table.table("operations"));
        let operations = operations.map(|table| operations_of(table, by_message));
        table.close();
        Some(Self {
            number,
            contract: contract?,
            contract_revision,
            draft,
            deprecated_from,
            retired_from,
            format: format?,
            adapter,
            unknown_fields: unknown_fields.unwrap_or(UnknownFields::Reject),
            upstream: upstream?,
            population,
            soap,
            xroad,
            signed,
            operations: operations?,
        })
    }
}

fn provider_format(table: &Table<'_>, format: Spanned<Format>) -> Option<Format> {
    let spoken = !matches!(format.get_ref(), Format::NdJson | Format::Csv);
    if !spoken {
        table.sheet().fault(
            format.span(),
            "provider-format",
            both(
                format!("bên cung cấp không thể nói `{}`", format.get_ref()),
                format!("a provider cannot speak `{}`", format.get_ref()),
            ),
            both(
                "Chọn một trong: `json`, `xml`, `gml`, `geojson`, `jsonfg`, `soap`",
                "Choose one of: `json`, `xml`, `gml`, `geojson`, `jsonfg`, `soap`",
            ),
        );
    }
    spoken.then(|| format.into_inner())
}

impl Population {
    fn read(table: Table<'_>) -> Option<Self> {
        let code = |key: &'static str, longest: usize| {
            let code = table.required(key, table.text(key))?;
            let length = code.get_ref().chars().count();
            if length == 0 || length > longest {
                table.sheet().fault(
                    code.span(),
                    "bad-value",
                    both(
                        format!("`{key}` phải có từ 1 đến {longest} ký tự"),
                        format!("`{key}` must have 1 to {longest} characters"),
                    ),
                    both("Ghi đúng mã được cấp", "Write the code as it was issued"),
                );
                return None;
            }
            Some(code.into_inner())
        };
        // Lengths of FACTS 7.
        let (namespace, ma_dvc) = (table.text("namespace"), code("ma_dvc", 20));
        let (ma_tich_hop, ma_don_vi) = (code("ma_tich_hop", 10), code("ma_don_vi", 35));
        let date_form = table.value("date_form").map(Spanned::into_inner);
        table.close();
        Some(Self {
            namespace: namespace.map_or_else(|| "http://dancuquocgia.bca".to_owned(), Spanned::into_inner),
            ma_dvc: ma_dvc?,
            ma_tich_hop: ma_tich_hop?,
            ma_don_vi: ma_don_vi?,
            date_form: date_form.unwrap_or(DateForm::Compact),
        })
    }
}

fn operations_of(table: Table<'_>, by_message: bool) -> Vec<OperationTerms> {
    let read = table.named().filter_map(|(key, value)| {
        let Some(operation) =
            Operation::ALL.into_iter().find(|operation| operation.as_str() == key.get_ref())
        else {
            let names = Operation::ALL.map(Operation::as_str);
            let remedy = match super::nearest(key.get_ref(), names) {
                Some(meant) => both(format!("Có phải là `{meant}`?"), format!("Is it `{meant}`?")),
                None => both(
                    format!("Chọn một trong: {}", names.join(", ")),
                    format!("Choose one of: {}", names.join(", ")),
                ),
            };
            table.sheet().fault(
                key.span(),
                "unknown-operation",
                both(
                    format!("không có thao tác `{}`", key.get_ref()),
                    format!("there is no operation `{}`", key.get_ref()),
                ),
                remedy,
            );
            return None;
        };
        OperationTerms::read(value.table("operations")?, operation, by_message)
    });
    read.collect()
}

impl OperationTerms {
    /// `by_message`: the provider is asked by SOAP, which has the record's key in the message.
    fn read(table: Table<'_>, operation: Operation, by_message: bool) -> Option<Self> {
        let (span, sheet) = (table.span(), table.sheet());
        let method = table.required("method", table.value::<Method>("method"));
        let path = table.required("path", table.value::<PathTemplate>("path"));
        let push_down = table.values("push_down").unwrap_or_default();
        let filter = table.values("filter").unwrap_or_default();
        let stream = streaming(&table);
        let reply = table.value("reply");
        let wording = table.table("soap").map(Wording::read);
        table.close();
        let (method, path) = (method?.into_inner().0, path?.into_inner().0);
        if by_message && method != "POST" {
            sheet.fault(
                span.clone(),
                "bad-method",
                both("thông điệp SOAP được gửi bằng POST", "SOAP messages are sent by POST"),
                both("Dùng POST", "Use POST"),
            );
        }
        if operation.changes_state() && method == "GET" {
            sheet.fault(
                span.clone(),
                "bad-method",
                both(
                    format!("`{operation}` thay đổi dữ liệu nên không thể là GET"),
                    format!("`{operation}` changes data and cannot be a GET"),
                ),
                both("Dùng POST hoặc PUT", "Use POST or PUT"),
            );
        }
        if operation.reads_records() && method != "GET" && method != "POST" {
            sheet.fault(
                span.clone(),
                "bad-method",
                both(
                    format!("`{operation}` chỉ đọc, phải là GET hoặc POST"),
                    format!("`{operation}` only reads and must be a GET or POST"),
                ),
                both("Dùng GET", "Use GET"),
            );
        }
        let in_path = operation.names_record() && !by_message;
        if in_path != path.contains("{id}") {
            sheet.fault(
                span.clone(),
                "bad-path",
                if by_message {
                    both(
                        "khóa của bản ghi nằm trong thông điệp SOAP nên đường dẫn không có `{id}`",
                        "the record's key stands in the SOAP message, so the path has no `{id}`",
                    )
                } else if operation.names_record() {
                    both(
                        format!("đường dẫn của `{operation}` phải có `{{id}}`"),
                        format!("the path of `{operation}` must have `{{id}}`"),
                    )
                } else {
                    both(
                        format!("`{operation}` không nhắm vào một bản ghi nên đường dẫn không có `{{id}}`"),
                        format!("`{operation}` is not about one record, so its path has no `{{id}}`"),
                    )
                },
                both("Sửa `path`", "Correct `path`"),
            );
        }
        if stream.is_some() && !operation.carries_collection() {
            sheet.fault(
                span.clone(),
                "bad-stream",
                both(
                    format!("`{operation}` chỉ mang một bản ghi nên không có `stream`"),
                    format!("`{operation}` carries one record and has no `stream`"),
                ),
                both("Bỏ `stream`", "Leave `stream` out"),
            );
        }
        Some(Self { at: span, operation, method, path, push_down, filter, stream, reply, wording })
    }
}

/// `stream = true`, or `stream = { bad_records = "…" }`.
fn streaming(table: &Table<'_>) -> Option<Streaming> {
    if !table.holds_table("stream") {
        let stop = Streaming { bad_records: BadRecords::Stop };
        return table.boolean("stream").is_some_and(Spanned::into_inner).then_some(stop);
    }
    let terms = table.table("stream")?;
    let bad_records = terms.required("bad_records", terms.value::<BadRecords>("bad_records"));
    terms.close();
    Some(Streaming { bad_records: bad_records?.into_inner() })
}
