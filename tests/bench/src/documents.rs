//! What an operator would have written for an exchange: a dataset, a provider, a consumer, and agreements
//! under quotas that count and are never reached.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{WORKERS, pki, rivals::Site};

/// A dataset's contract. Nothing in it is personal: an exchange that only reads owes the journal a record
/// that does not wait for the disk.
#[derive(Debug)]
pub struct Dataset {
    /// Its name, which is its service's name too.
    pub name: &'static str,
    /// `contract.toml`.
    pub contract: &'static str,
    /// `schema.json`.
    pub schema: &'static str,
    /// A record.
    pub example: &'static str,
}

/// What is agreed, and how often.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The dataset.
    pub dataset: &'static Dataset,
    /// What the service offers: lines of `[versions.1]`.
    pub offered: &'static str,
    /// What the agreement grants: its operations, formats, fields and records.
    pub granted: &'static str,
    /// How many services there are; the first has the dataset's name, others a number behind it.
    pub services: usize,
    /// How many systems have an agreement on each service; the first is the client's.
    pub consumers: usize,
}

impl Exchange {
    /// The path of the records of the service with this number.
    pub fn path(&self, service: usize) -> String {
        format!("/api/G06/{}/v1/records", self.service(service))
    }

    /// The name of the service with this number.
    fn service(&self, number: usize) -> String {
        let name = self.dataset.name;
        if number == 0 { name.to_owned() } else { format!("{name}-{number}") }
    }

    /// Writes the agreement of one consumer on one service; `quota` is the requests of a day.
    pub fn write_agreement(&self, folder: &Path, consumer: usize, service: usize, quota: u64) -> Result<()> {
        let number = consumer * self.services + service;
        let id = format!("DO-{number:06}");
        let text = format!(
            r#"id = "{id}"
kind = "standing"
consumer = "H26/{}"
service = "G06/{}"
contract = "{}@1"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
purposes = ["do-hieu-nang"]
valid = {{ from = 2026-01-01, until = 2099-12-31 }}
{}
[quota]
per_second = 1000000
concurrent = 1000
per_day = {{ requests = {quota} }}
"#,
            system(consumer),
            self.service(service),
            self.dataset.name,
            self.granted
        );
        put(folder, &format!("policies/agreements/{id}.toml"), &text)
    }
}

/// A day's requests that nobody reaches in one.
pub const DAILY: u64 = 1_000_000_000;

/// Writes gateway.toml and every document below `folder`; returns the path of gateway.toml.
pub fn write(folder: &Path, site: &Site<'_>, port: u16, admin: u16) -> Result<PathBuf> {
    let exchange = site.exchange;
    let dataset = exchange.dataset;
    let catalogued = |name: &str| format!("contracts/catalog/{}/v1/{name}", dataset.name);
    for (name, text) in [
        ("gateway.toml".to_owned(), settings(site, port, admin)),
        (catalogued("contract.toml"), dataset.contract.into()),
        (catalogued("schema.json"), dataset.schema.into()),
        (catalogued("examples/ok/mau.json"), dataset.example.into()),
        ("keys/subject.key".into(), "khoa-chu-the-chi-de-do-hieu-nang-000001\n".into()),
        ("keys/pseudonym.key".into(), "khoa-bi-danh-chi-de-do-hieu-nang-000002\n".into()),
        ("keys/admin.token".into(), "ma-quan-tri-chi-de-do-hieu-nang-0000003\n".into()),
        ("policies/members/G06.toml".into(), PROVIDER.into()),
        ("policies/members/H26.toml".into(), consumers(exchange.consumers)),
        ("policies/purposes/do-hieu-nang.toml".into(), PURPOSE.into()),
    ] {
        put(folder, &name, &text)?;
    }
    fs::create_dir_all(folder.join("contracts/code-lists"))?;
    for number in 0..exchange.services {
        let name = format!("policies/services/G06/{}.toml", exchange.service(number));
        put(folder, &name, &service(site))?;
        for consumer in 0..exchange.consumers {
            exchange.write_agreement(folder, consumer, number, DAILY)?;
        }
    }
    Ok(folder.join("gateway.toml"))
}

/// Whole under another name first, as whoever edits documents of a running gateway does it.
pub fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    let aside = path.with_extension("moi");
    fs::write(&aside, text)
        .and_then(|()| fs::rename(&aside, &path))
        .with_context(|| format!("writing {name}"))
}

fn settings(site: &Site<'_>, port: u16, admin: u16) -> String {
    let server = pki::SERVER;
    let [certificate, key, ca] = ["server.pem", "server.key", "ca.pem"].map(|name| site.pki.file(name));
    let [certificate, key, ca] = [certificate.display(), key.display(), ca.display()];
    let connections = site.connections + 1024;
    // The caps are counted like every other, and not reached: one client at one address stands for all.
    format!(
        r#"environment = "test"
[listen]
address = "127.0.0.1:{port}"
authorities = ["{server}"]
workers = {WORKERS}
[tls]
certificate = {{ file = "{certificate}" }}
key = {{ file = "{key}" }}
[[tls.anchors]]
certificate = {{ file = "{ca}" }}
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
flood_per_second = 1000000
connections = {connections}
connections_per_address = {connections}
connections_per_system = {connections}
"#
    )
}

fn service(site: &Site<'_>) -> String {
    let server = pki::SERVER;
    let provider = site.provider;
    let [certificate, key, ca] = ["server.pem", "server.key", "ca.pem"].map(|name| site.pki.file(name));
    let [certificate, key, ca] = [certificate.display(), key.display(), ca.display()];
    format!(
        r#"system = "G06/nguon"
mode = "on-request"
authority = "source"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
limits = {{ per_second = 1000000, concurrent = 1000 }}
[versions.1]
contract = "{}@1"
format = "json"
unknown_fields = "reject"
upstream = {{ endpoints = [{{ url = "https://{provider}/" }}], server_name = "{server}", trust = {{ file = "{ca}" }}, client_certificate = {{ cert = {{ file = "{certificate}" }}, key = {{ file = "{key}" }} }}, timeout = {{ connect = "1s", request = "10s" }} }}
{}
"#,
        site.exchange.dataset.name, site.exchange.offered
    )
}

const PROVIDER: &str = r#"id = "G06"
name = { vi = "Bên cung cấp (mẫu)", en = "Provider (sample)" }
kind = "ministry"
valid = { from = 2026-01-01 }
[[systems]]
id = "nguon"
environment = "test"
security_level = 3
certificates = [{ san_dns = "nguon.bench.example" }]
"#;

const PURPOSE: &str = r#"id = "do-hieu-nang"
title = { vi = "Đo hiệu năng", en = "Performance measurement" }
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
"#;

fn consumers(count: usize) -> String {
    let member = r#"id = "H26"
name = { vi = "Bên khai thác (mẫu)", en = "Consumer (sample)" }
kind = "province"
province = "01"
valid = { from = 2026-01-01 }
"#;
    let systems = (0..count).map(|number| {
        let name = if number == 0 { pki::CLIENT.to_owned() } else { format!("{number}.{}", pki::CLIENT) };
        format!(
            r#"[[systems]]
id = "{}"
environment = "test"
security_level = 3
certificates = [{{ san_dns = "{name}" }}]
"#,
            system(number)
        )
    });
    member.to_owned() + &systems.collect::<String>()
}

fn system(number: usize) -> String {
    if number == 0 { "may-khach".to_owned() } else { format!("may-khach-{number}") }
}
