//! OpenAPI 3.1 of an offer.
//!
//! Its schemas are JSON Schema 2020-12, as the contract's are, so they stand as the views give them;
//! only the `xml` object is rewritten, from OpenAPI 3.2's `nodeType` to what 3.1 has (`attribute`,
//! `wrapped`). The problems that an operation may answer with are taken from the refusals themselves.

use std::collections::BTreeMap;

use contracts::{Bilingual, Format, Language, View};
use policies::{Operation, QuotaTerms};
use serde_json::{Map, Value, json};

use super::{
    Offer, Offered, Reply,
    problems::{problem, problems, statuses},
};
use crate::{stages::LIMIT_CAP, stated::DEADLINE_CAP};

/// Describes `offer`, in words of `language`.
pub fn describe(offer: &Offer<'_>, language: Language) -> Value {
    let mut writer = Writer { offer, language, schemas: Map::new(), names: Vec::new() };
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for offered in &offer.operations {
        let (path, method) = place(offered.operation);
        let operation = writer.operation(offered);
        paths.entry(path).or_default().insert(method.to_owned(), operation);
    }
    let mut paths = serde_json::to_value(paths).unwrap_or_default();
    if let Some(record) = paths.get_mut("/records/{id}").and_then(Value::as_object_mut) {
        record.insert("parameters".to_owned(), json!([{ "$ref": "#/components/parameters/id" }]));
    }
    if let Some(record) = paths.get_mut("/records/{id}/withdraw").and_then(Value::as_object_mut) {
        record.insert("parameters".to_owned(), json!([{ "$ref": "#/components/parameters/id" }]));
    }
    let parameters = writer.parameters();
    let schemas = writer.schemas_with_problem();
    json!({
        "openapi": "3.1.0",
        "info": writer.info(),
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": offer.base }],
        "security": [{ "certificate": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters,
            "headers": headers(language),
            "responses": problems(language),
            "securitySchemes": { "certificate": {
                "type": "mutualTLS",
                "description": say(language,
                    "Chứng thư số của hệ thống, như đã đăng ký với đơn vị vận hành cổng.",
                    "The system's certificate, as registered with the gateway's operator."),
            } },
        },
    })
}

pub(super) fn say(language: Language, vi: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

/// Path and method of an operation.
fn place(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::Query => ("/records", "get"),
        Operation::Read => ("/records/{id}", "get"),
        Operation::Changes => ("/changes", "get"),
        Operation::Submit => ("/records", "post"),
        Operation::Update => ("/records/{id}", "put"),
        Operation::Withdraw => ("/records/{id}/withdraw", "post"),
        Operation::Verify => ("/verify", "post"),
    }
}

fn summary(operation: Operation) -> Bilingual {
    let (vi, en) = match operation {
        Operation::Query => ("Tìm bản ghi", "Find records"),
        Operation::Read => ("Đọc một bản ghi", "Read one record"),
        Operation::Changes => ("Các thay đổi từ một mốc", "Changes since a point"),
        Operation::Submit => ("Gửi một hoặc nhiều bản ghi mới", "Submit one or more new records"),
        Operation::Update => ("Thay bản ghi bằng trạng thái mới", "Replace a record by its next state"),
        Operation::Withdraw => ("Rút bản ghi", "Withdraw a record"),
        Operation::Verify => ("Hỏi để xác thực", "Ask for a verification"),
    };
    Bilingual::new(vi, en)
}

/// Adds a member to an object.
pub(super) fn put(object: &mut Value, name: &str, member: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
}

/// A translation and its original (RFC 2387).
const RELATED: &str = "multipart/related";
/// What `Lt-Set-Aside` says. Positions that do not fit are left out.
const SET_ASIDE: &str = r#"^(possible|\d+; at="(\d+(-\d+)?(, \d+(-\d+)?)*)?")$"#;

struct Writer<'o> {
    offer: &'o Offer<'o>,
    language: Language,
    schemas: Map<String, Value>,
    /// Schemas that have a name already.
    names: Vec<(Value, String)>,
}

impl Writer<'_> {
    fn info(&self) -> Value {
        let offer = self.offer;
        let id = offer.contract.id();
        let status = offer.contract.status();
        let caution = status.caution().map(|caution| caution.get(self.language).to_owned());
        let mut description: Vec<String> = caution.into_iter().collect();
        description.push(format!("{}: `{id}`.", say(self.language, "Hợp đồng dữ liệu", "Data contract")));
        let basis = offer.contract.legal_basis().join("; ");
        description.push(format!("{}: {basis}.", say(self.language, "Căn cứ", "Legal basis")));
        if let Some(from) = &offer.deprecated_from {
            description.push(format!(
                "{} {from}.",
                say(self.language, "Nên chuyển phiên bản từ ngày", "Deprecated from")
            ));
        }
        if let Some(from) = &offer.retired_from {
            description.push(format!("{} {from}.", say(self.language, "Ngừng phục vụ từ ngày", "Gone from")));
        }
        let mut info = json!({
            "title": offer.title.get(self.language),
            "version": id.version.to_string(),
            "description": description.join("\n"),
            "x-contract": id.to_string(),
            "x-status": status.as_str(),
        });
        if let Some(service) = &offer.service {
            put(&mut info, "x-service", json!(service));
            put(&mut info, "x-terms", offer.terms.iter().map(terms).collect());
        }
        if let (Some(successor), Some(service)) = (offer.successor, &offer.service) {
            put(&mut info, "x-successor", json!(format!("/api/{service}/v{successor}/openapi.json")));
        }
        info
    }

    fn operation(&mut self, offered: &Offered<'_>) -> Value {
        let operation = offered.operation;
        let mut parameters = self.query(offered);
        if !offered.purposes.is_empty() || offered.purpose_required {
            let codes: Vec<&str> = offered.purposes.iter().map(|(code, _)| code.as_str()).collect();
            let told: Vec<String> = offered
                .purposes
                .iter()
                .map(|(code, title)| format!("`{code}`: {}", title.get(self.language)))
                .collect();
            parameters.push(json!({
                "name": "Lt-Purpose", "in": "header", "required": offered.purpose_required,
                "description": told.join("; "), "schema": { "type": "string", "enum": codes },
            }));
        }
        let mut common = vec!["user", "deadline", "language"];
        if !self.offer.represents.is_empty() {
            common.push("behalf");
        }
        if operation.changes_state() {
            common.push("idempotency");
        }
        parameters
            .extend(common.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
        let mut written = json!({
            "operationId": operation.as_str(),
            "summary": summary(operation).get(self.language),
            "parameters": parameters,
            "responses": self.responses(offered),
        });
        if self.offer.deprecated {
            put(&mut written, "deprecated", json!(true));
        }
        if let Some(contract) = offered.sent {
            let schema = self.named(&contract.whole_view(), contract.shape().record.clone(), "gui");
            let collection = self.collection(&schema, &contract.whole_view());
            let either = match operation {
                Operation::Submit => json!({ "anyOf": [schema, collection] }),
                _ => schema,
            };
            let content: Map<String, Value> = offered
                .formats
                .iter()
                .filter(|format| adapters::reads(**format) && **format != Format::Soap)
                .map(|format| (format.media_type().to_owned(), content(*format, &either)))
                .collect();
            let mut body = json!({ "required": true, "content": content });
            if offered.formats.contains(&Format::Xml) {
                put(&mut body, "description", json!(self.signatures(offered)));
            }
            put(&mut written, "requestBody", body);
        }
        written
    }

    /// What becomes of a body that bears an XML signature.
    fn signatures(&self, offered: &Offered<'_>) -> &'static str {
        if offered.takes_signed {
            say(
                self.language,
                "XML mang chữ ký bao trùm cả tài liệu được chuyển nguyên vẹn tới bên cung cấp.",
                "XML with a signature over the whole document goes to the provider as it is.",
            )
        } else {
            say(self.language, "XML mang chữ ký bị từ chối.", "XML that bears a signature is refused.")
        }
    }

    /// The two parts in which a signed document of the provider's comes.
    fn both_parts(&self, original: Format) -> Value {
        let told = say(
            self.language,
            "Khi tài liệu của bên cung cấp mang chữ ký XML và `Accept` nêu `multipart/related` cạnh định dạng mong muốn: phần đầu là bản dịch, phần sau (`Content-ID: <nguyen-ban>`) là nguyên bản, không đổi một byte. Định dạng của nguyên bản:",
            "When the provider's document bears an XML signature and `Accept` names `multipart/related` next to the format wanted: the first part is the translation, the second (`Content-ID: <nguyen-ban>`) the original, byte for byte. The original's format:",
        );
        json!({ "schema": {
            "type": "string", "contentMediaType": RELATED,
            "description": format!("{told} `{}`.", original.media_type()),
        } })
    }

    /// What stands in the query.
    fn query(&self, offered: &Offered<'_>) -> Vec<Value> {
        let mut parameters = Vec::new();
        let operation = offered.operation;
        if matches!(operation, Operation::Query | Operation::Changes) {
            for field in &offered.filters {
                // Released as it is, or it could not be filtered by: the first view has it.
                let found = offered
                    .replies
                    .iter()
                    .find_map(|reply| Some((reply.view.schema_of(field)?, reply.view.shape.field(field)?)));
                let Some((schema, known)) = found else { continue };
                let mut schema = schema.clone();
                if let Some(members) = schema.as_object_mut() {
                    members.shift_remove("xml");
                    if let Some(Value::Array(names)) = members.get("type") {
                        let name = names.first().cloned().unwrap_or_default();
                        members.insert("type".to_owned(), name);
                    }
                }
                parameters.push(json!({
                    "name": field.as_str(), "in": "query", "required": false,
                    "description": known.title.get(self.language), "schema": schema,
                }));
            }
            parameters.push(json!({ "$ref": "#/components/parameters/limit" }));
        }
        if operation == Operation::Changes {
            parameters.push(json!({ "$ref": "#/components/parameters/since" }));
        }
        parameters
    }

    fn responses(&mut self, offered: &Offered<'_>) -> Value {
        let operation = offered.operation;
        let lists = matches!(operation, Operation::Query | Operation::Changes);
        let mut ways = Vec::new();
        for reply in &offered.replies {
            let schema = self.reply(reply);
            let collection = self.collection(&schema, &reply.view);
            match operation {
                Operation::Submit => ways.extend([schema, collection]),
                _ if lists => ways.push(collection),
                _ => ways.push(schema),
            }
        }
        let schema = match <[Value; 1]>::try_from(ways) {
            Ok([only]) => only,
            Err(ways) => json!({ "anyOf": ways }),
        };
        let content: Map<String, Value> = offered
            .formats
            .iter()
            .filter(|format| **format != Format::Soap)
            .map(|format| (format.media_type().to_owned(), content(*format, &schema)))
            .chain(offered.original.map(|original| (RELATED.to_owned(), self.both_parts(original))))
            .collect();
        let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
        let mut headers = json!({
            "Lt-Exchange-Id": header("Lt-Exchange-Id"), "RateLimit": header("RateLimit"),
            "RateLimit-Policy": header("RateLimit-Policy"),
        });
        if operation == Operation::Submit {
            put(&mut headers, "Location", header("Location"));
        }
        if offered.sets_aside {
            put(&mut headers, "Lt-Set-Aside", header("Lt-Set-Aside"));
        }
        if self.offer.deprecated || self.offer.retired_from.is_some() {
            put(&mut headers, "Deprecation", header("Deprecation"));
            put(&mut headers, "Sunset", header("Sunset"));
        }
        let good = json!({
            "description": summary(operation).get(self.language), "headers": headers, "content": content,
        });
        let status = if operation == Operation::Submit { "201" } else { "200" };
        let mut responses = Map::new();
        responses.insert(status.to_owned(), good);
        for status in statuses(operation) {
            let response = json!({ "$ref": format!("#/components/responses/problem{status}") });
            responses.insert(status.to_string(), response);
        }
        Value::Object(responses)
    }

    fn reply(&mut self, reply: &Reply<'_>) -> Value {
        let tag = reply.agreement.clone().unwrap_or_else(|| "nhan".to_owned());
        self.named(&reply.view, reply.contract.shape().record.clone(), &tag)
    }

    /// A reference to the record of `view`, by its own name or, when that is another's, with `tag`.
    fn named(&mut self, view: &View, name: String, tag: &str) -> Value {
        let schema = component(view);
        let known = self.names.iter().find(|(known, _)| *known == schema).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = if self.schemas.contains_key(&name) { format!("{name}.{tag}") } else { name };
            self.names.push((schema.clone(), name.clone()));
            self.schemas.insert(name.clone(), schema);
            name
        });
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn collection(&self, record: &Value, view: &View) -> Value {
        json!({
            "type": "array", "items": record,
            "xml": { "name": view.shape.collection, "namespace": view.shape.namespace, "wrapped": true },
        })
    }

    fn schemas_with_problem(&mut self) -> Value {
        let mut schemas = std::mem::take(&mut self.schemas);
        schemas.insert("Problem".to_owned(), problem(self.language));
        Value::Object(schemas)
    }

    fn parameters(&self) -> Value {
        let language = self.language;
        let mut parameters = json!({
            "id": {
                "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
                "description": say(language, "Khóa của bản ghi, mã hóa phần trăm", "The record's key, percent-encoded"),
            },
            "limit": {
                "name": "limit", "in": "query", "required": false,
                "schema": { "type": "integer", "minimum": 1, "maximum": LIMIT_CAP },
                "description": say(language, "Số bản ghi tối đa", "The most records wanted"),
            },
            "since": {
                "name": "since", "in": "query", "required": false, "schema": { "type": "string" },
                "description": say(language, "Mốc của lần trước", "The point of the last time"),
            },
            "user": {
                "name": "Lt-User", "in": "header", "required": false,
                "schema": { "type": "string", "maxLength": 64 },
                "description": say(language,
                    "Cán bộ thực hiện: mã riêng của bên sử dụng, không phải số định danh cá nhân",
                    "The officer who asks: an id of the consumer's own, never a personal number"),
            },
            "deadline": {
                "name": "Lt-Deadline-Ms", "in": "header", "required": false,
                "schema": { "type": "integer", "minimum": 1, "maximum": DEADLINE_CAP },
                "description": say(language,
                    "Bên gọi chờ bao nhiêu mili giây, tính từ lúc yêu cầu tới; không bao giờ hơn thời gian của bên cung cấp",
                    "How many milliseconds the caller waits, from the arrival of its request; never more than the provider has"),
            },
            "idempotency": {
                "name": "Idempotency-Key", "in": "header", "required": false,
                "schema": { "type": "string", "maxLength": 255 },
                "description": say(language, "Khóa nhận biết yêu cầu gửi lại", "By which a request sent again is known"),
            },
            "language": {
                "name": "Accept-Language", "in": "header", "required": false,
                "schema": { "type": "string" },
                "description": say(language, "Ngôn ngữ của thông báo: vi hoặc en", "Language of messages: vi or en"),
            },
        });
        if !self.offer.represents.is_empty() {
            put(
                &mut parameters,
                "behalf",
                json!({
                    "name": "Lt-On-Behalf-Of", "in": "header", "required": false,
                    "schema": { "type": "string", "enum": self.offer.represents },
                    "description": say(language, "Cơ quan được nói thay", "The member spoken for"),
                }),
            );
        }
        parameters
    }
}

fn terms(terms: &super::Terms) -> Value {
    let operations: Vec<&str> = terms.operations.iter().map(|operation| operation.as_str()).collect();
    json!({
        "agreement": terms.agreement, "basis": terms.basis, "until": terms.until, "operations": operations,
        "quota": terms.quota.as_ref().map(quota),
    })
}

fn quota(terms: &QuotaTerms) -> Value {
    let (day, month) = (terms.per_day.unwrap_or_default(), terms.per_month.unwrap_or_default());
    json!({
        "per_second": terms.per_second, "concurrent": terms.concurrent, "requests_per_day": day.requests,
        "records_per_day": day.records, "bytes_per_day": day.bytes, "requests_per_month": month.requests,
        "records_per_month": month.records, "bytes_per_month": month.bytes,
    })
}

/// What a body of `format` is. Formats that are no tree of the schema are told by their media type.
fn content(format: Format, schema: &Value) -> Value {
    match format {
        Format::Json | Format::Xml => json!({ "schema": schema }),
        Format::GeoJson | Format::JsonFg => json!({ "schema": { "type": "object" } }),
        Format::Gml | Format::NdJson | Format::Csv | Format::Soap => {
            json!({ "schema": { "type": "string" } })
        }
    }
}

/// A view's schema as OpenAPI 3.1 has it.
fn component(view: &View) -> Value {
    let mut schema = view.schema.clone();
    rewrite(&mut schema);
    if let Some(members) = schema.as_object_mut() {
        for own in ["$schema", "$id"] {
            members.shift_remove(own);
        }
        members.insert(
            "xml".to_owned(),
            json!({ "name": view.shape.record, "namespace": view.shape.namespace }),
        );
    }
    schema
}

// As deep as the contract, which the compiler bounds.
fn rewrite(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    let is_list = match members.get("type") {
        Some(Value::Array(names)) => names.first().is_some_and(|name| name == "array"),
        Some(name) => name == "array",
        None => false,
    };
    let mut xml = match members.get("xml") {
        Some(Value::Object(xml)) => xml.clone(),
        _ => Map::new(),
    };
    let node = xml.shift_remove("nodeType");
    match node.as_ref().and_then(Value::as_str) {
        Some("attribute") => drop(xml.insert("attribute".to_owned(), json!(true))),
        // 3.1 has no word for an element's own text.
        Some("text") => drop(xml.insert("x-nodeType".to_owned(), json!("text"))),
        Some("none") => {}
        _ if is_list => drop(xml.insert("wrapped".to_owned(), json!(true))),
        _ => {}
    }
    if xml.is_empty() {
        members.shift_remove("xml");
    } else {
        members.insert("xml".to_owned(), Value::Object(xml));
    }
    for field in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        rewrite(field.1);
    }
    if let Some(items) = members.get_mut("items") {
        rewrite(items);
    }
}

fn headers(language: Language) -> Value {
    let text = |vi, en| json!({ "description": say(language, vi, en), "schema": { "type": "string" } });
    json!({
        "Lt-Exchange-Id": {
            "description": say(language, "Mã trao đổi trong nhật ký", "The exchange's id in the journal"),
            "schema": { "type": "string", "format": "uuid" },
        },
        "RateLimit": text("Hạn mức còn lại", "What is left of the quota"),
        "RateLimit-Policy": text("Các hạn mức", "The quotas"),
        "Retry-After": {
            "description": say(language, "Số giây nên đợi", "Seconds to wait"),
            "schema": { "type": "integer", "minimum": 1 },
        },
        "Lt-Set-Aside": {
            "description": say(language,
                "Bản ghi trái hợp đồng được để riêng, các bản ghi khác đi tiếp. Khi gửi: số bản ghi và vị trí từ 0; khi nhận: chỉ cho biết có thể đã có bản ghi bị để riêng.",
                "Records that break the contract are set aside, and the others pass. On a submission: how many, and where from 0; on a reply: only that some may have been."),
            "schema": { "type": "string", "pattern": SET_ASIDE },
            "example": "3; at=\"4, 17-18\"",
        },
        "Location": text("Nơi đọc lại bản ghi đã gửi", "Where the submitted record is read again"),
        "Deprecation": text("Từ khi nào nên chuyển phiên bản (RFC 9745)", "Since when it is deprecated (RFC 9745)"),
        "Sunset": text("Khi nào ngừng phục vụ (RFC 8594)", "When it is gone (RFC 8594)"),
    })
}
