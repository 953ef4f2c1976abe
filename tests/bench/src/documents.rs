//! What an operator would have written for this exchange: one provider, one consumer, and one
//! agreement that releases the whole record under quotas that count and are never reached.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{WORKERS, pki};

/// The dataset that is asked for: it holds nothing personal, so that one journal record is owed.
const DATASET: &str = "to-chuc";

/// The record that is asked for.
pub struct Sample {
    /// Its bytes as the provider sends them.
    pub record: Vec<u8>,
    /// The request's path.
    path: String,
}

impl Sample {
    /// The first example in JSON of the dataset's contract.
    pub fn read() -> Result<Self> {
        let contract = contracts().join("catalog").join(DATASET).join("v1");
        let described: toml::Table = toml::from_str(&text(&contract.join("contract.toml"))?)?;
        let key = described.get("key").and_then(toml::Value::as_str).context("contract.toml names no key")?;
        let mut examples: Vec<PathBuf> = fs::read_dir(contract.join("examples/ok"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        examples.sort();
        for example in
            examples.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        {
            let record: serde_json::Value = serde_json::from_str(&text(example)?)?;
            let Some(id) = record.get(key).and_then(serde_json::Value::as_str) else { continue };
            if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.') {
                let path = format!("/api/G06/{DATASET}/v1/records/{id}");
                return Ok(Self { record: serde_json::to_vec(&record)?, path });
            }
        }
        bail!("`{DATASET}` has no example in JSON with a plain `{key}`")
    }

    /// The request as the client sends it to `port`.
    pub fn request(&self, port: u16) -> Vec<u8> {
        format!(
            "GET {} HTTP/1.1\r\nHost: {}:{port}\r\nAccept: application/json\r\nLt-Purpose: do-hieu-nang\r\n\r\n",
            self.path,
            pki::SERVER
        )
        .into_bytes()
    }
}

/// Writes gateway.toml and every document below `folder`; returns the path of gateway.toml.
pub fn write(folder: &Path, port: u16, admin: u16, provider: SocketAddr) -> Result<PathBuf> {
    let contracts = contracts().canonicalize()?;
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
contracts = '{contracts}'
[data]
folder = "data"
[keys]
subject = {{ file = "keys/subject.key" }}
pseudonym = {{ file = "keys/pseudonym.key" }}
[admin]
address = "127.0.0.1:{admin}"
tokens = [{{ operator = "do-hieu-nang", token = {{ file = "keys/admin.token" }} }}]
"#,
                contracts = contracts.display()
            ),
        ),
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
            "policies/services/G06/to-chuc.toml",
            format!(
                r#"system = "G06/nguon"
mode = "on-request"
authority = "source"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
limits = {{ per_second = 1000000, concurrent = 1000 }}
[versions.1]
contract = "{DATASET}@1"
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
legal_ground = "Tài liệu mẫu để đo hiệu năng"
"#
            .into(),
        ),
        (
            "policies/agreements/DO-001.toml",
            format!(
                r#"id = "DO-001"
kind = "standing"
consumer = "H26/may-khach"
service = "G06/to-chuc"
contract = "{DATASET}@1"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
purposes = ["do-hieu-nang"]
valid = {{ from = 2026-01-01, until = 2099-12-31 }}
operations = ["read"]
formats = ["json"]
[fields]
release = ["*"]
[quota]
per_second = 1000000
concurrent = 1000
per_day = {{ requests = 1000000000 }}
"#
            ),
        ),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(&path, text).with_context(|| format!("writing {name}"))?;
    }
    Ok(folder.join("gateway.toml"))
}

/// The contracts' folder of this checkout.
fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
