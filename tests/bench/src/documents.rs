//! What an operator would have written for this exchange: a small dataset, one provider, one
//! consumer, and one agreement that releases the whole record under quotas that count and are never
//! reached.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{WORKERS, pki};

/// The record that is asked for, as the provider sends it.
pub const RECORD: &str =
    r#"{"Ma":"DV-0001","Ten":"Viện Thử nghiệm Mẫu","MaTinh":"01","NamThanhLap":1998,"DangHoatDong":true}"#;

const CONTRACT: &str = r#"id = "don-vi-mau@1"
title = { vi = "Đơn vị mẫu", en = "Sample unit" }
owner = "G06"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
status = "active"
update = "daily"
key = "Ma"
[xml]
namespace = "urn:lienthong:dataset:don-vi-mau:1"
record = "DonVi"
collection = "DanhSachDonVi"
"#;

/// Nothing personal in it: one journal record is owed, and none that waits for the disk.
const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:lienthong:contract:don-vi-mau:1",
  "title": "Đơn vị mẫu",
  "type": "object",
  "additionalProperties": false,
  "required": ["Ma", "Ten"],
  "properties": {
    "Ma": { "x-title": { "vi": "Mã", "en": "Code" }, "x-classification": "open", "type": "string", "minLength": 1, "maxLength": 20 },
    "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "x-classification": "open", "type": "string", "maxLength": 200 },
    "MaTinh": { "x-title": { "vi": "Mã tỉnh", "en": "Province" }, "x-classification": "open", "type": "string", "pattern": "^[0-9]{2}$" },
    "NamThanhLap": { "x-title": { "vi": "Năm thành lập", "en": "Founded" }, "x-classification": "open", "type": "integer", "minimum": 1800 },
    "DangHoatDong": { "x-title": { "vi": "Đang hoạt động", "en": "Active" }, "x-classification": "open", "type": "boolean" }
  }
}
"#;

/// The request as the client sends it to `port`.
pub fn request(port: u16) -> Vec<u8> {
    format!(
        "GET /api/G06/don-vi-mau/v1/records/DV-0001 HTTP/1.1\r\nHost: {}:{port}\r\nAccept: application/json\r\n\
         Lt-Purpose: do-hieu-nang\r\n\r\n",
        pki::SERVER
    )
    .into_bytes()
}

/// Writes gateway.toml and every document below `folder`; returns the path of gateway.toml.
pub fn write(folder: &Path, port: u16, admin: u16, provider: SocketAddr) -> Result<PathBuf> {
    let server = pki::SERVER;
    let client = pki::CLIENT;
    let files = [
        (
            "gateway.toml",
            format!(
                r#"environment = "test"
[listen]
address = "127.0.0.1:{port}"
authorities = ["{server}:{port}"]
workers = {WORKERS}
[tls]
certificate = {{ file = "pki/server.pem" }}
key = {{ file = "pki/server.key" }}
[[tls.anchors]]
certificate = {{ file = "pki/ca.pem" }}
crl = "none"
[documents]
policies = "policies"
contracts = "contracts"
[data]
folder = "data"
[keys]
subject = {{ file = "keys/subject.key" }}
pseudonym = {{ file = "keys/pseudonym.key" }}
[admin]
address = "127.0.0.1:{admin}"
tokens = [{{ operator = "do-hieu-nang", token = {{ file = "keys/admin.token" }} }}]
[limits]
# Counted like every other limit, and never reached: one client stands for all of them here.
flood_per_second = 1000000
"#
            ),
        ),
        ("contracts/catalog/don-vi-mau/v1/contract.toml", CONTRACT.into()),
        ("contracts/catalog/don-vi-mau/v1/schema.json", SCHEMA.into()),
        ("contracts/catalog/don-vi-mau/v1/examples/ok/mau.json", RECORD.into()),
        ("keys/subject.key", "khoa-chu-the-chi-de-do-hieu-nang-000001\n".into()),
        ("keys/pseudonym.key", "khoa-bi-danh-chi-de-do-hieu-nang-000002\n".into()),
        ("keys/admin.token", "ma-quan-tri-chi-de-do-hieu-nang-0000003\n".into()),
        (
            "policies/members/G06.toml",
            r#"id = "G06"
name = { vi = "Bên cung cấp (mẫu)", en = "Provider (sample)" }
kind = "ministry"
valid = { from = 2026-01-01 }
[[systems]]
id = "nguon"
environment = "test"
security_level = 3
certificates = [{ san_dns = "nguon.bench.example" }]
"#
            .into(),
        ),
        (
            "policies/members/H26.toml",
            format!(
                r#"id = "H26"
name = {{ vi = "Bên khai thác (mẫu)", en = "Consumer (sample)" }}
kind = "province"
province = "01"
valid = {{ from = 2026-01-01 }}
[[systems]]
id = "may-khach"
environment = "test"
security_level = 3
certificates = [{{ san_dns = "{client}" }}]
"#
            ),
        ),
        (
            "policies/services/G06/don-vi-mau.toml",
            format!(
                r#"system = "G06/nguon"
mode = "on-request"
authority = "source"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
limits = {{ per_second = 1000000, concurrent = 1000 }}
[versions.1]
contract = "don-vi-mau@1"
format = "json"
unknown_fields = "reject"
upstream = {{ endpoints = [{{ url = "https://{provider}/", weight = 1 }}], server_name = "{server}", trust = {{ file = "pki/ca.pem" }}, client_certificate = {{ cert = {{ file = "pki/server.pem" }}, key = {{ file = "pki/server.key" }} }}, timeout = {{ connect = "1s", request = "10s" }} }}
operations.read = {{ method = "GET", path = "/{{id}}" }}
"#
            ),
        ),
        (
            "policies/purposes/do-hieu-nang.toml",
            r#"id = "do-hieu-nang"
title = { vi = "Đo hiệu năng", en = "Performance measurement" }
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
"#
            .into(),
        ),
        (
            "policies/agreements/DO-001.toml",
            r#"id = "DO-001"
kind = "standing"
consumer = "H26/may-khach"
service = "G06/don-vi-mau"
contract = "don-vi-mau@1"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
purposes = ["do-hieu-nang"]
valid = { from = 2026-01-01, until = 2099-12-31 }
operations = ["read"]
formats = ["json"]
[fields]
release = ["*"]
[quota]
per_second = 1000000
concurrent = 1000
per_day = { requests = 1000000000 }
"#
            .into(),
        ),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(&path, text).with_context(|| format!("writing {name}"))?;
    }
    fs::create_dir_all(folder.join("contracts/code-lists"))?;
    Ok(folder.join("gateway.toml"))
}
