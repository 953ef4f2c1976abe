//! HAProxy, in one process with two threads.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::{Kind, RATE_LIMIT, Rival, Site};
use crate::{WORKERS, free_port, pki};

/// Where it is.
pub fn program() -> Result<PathBuf> {
    let places = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy"];
    super::found(&places, "HAProxy is not installed (Debian: haproxy)")
}

/// Such as `HAProxy 2.6.12`.
pub fn version(program: &Path) -> Result<String> {
    let said = super::asked(program, "-v")?;
    let number = said.split_whitespace().nth(2).unwrap_or_default();
    Ok(format!("HAProxy {}", number.split('-').next().unwrap_or_default()))
}

/// Starts it in the foreground.
pub fn start(program: &Path, folder: &Path, site: &Site<'_>) -> Result<Rival> {
    let port = free_port()?;
    let written = folder.join("haproxy.cfg");
    fs::write(&written, configuration(port, site))?;
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(&written);
    Rival::spawn(Kind::Haproxy, command, folder, port)
}

fn configuration(port: u16, site: &Site<'_>) -> String {
    let provider = site.provider;
    let server = pki::SERVER;
    let [certificate, ca] = ["server-both.pem", "ca.pem"].map(|name| site.pki.file(name));
    let [certificate, ca] = [certificate.display(), ca.display()];
    let connections = site.connections + 1024;
    // It counts two files for each connection and would not start where the system allows fewer, though
    // idle connections need one. The log goes where the process's output goes, a file: HAProxy itself opens none. Streams to the
    // provider are lent to any client's requests, as they are by everybody here.
    format!(
        r"global
    no strict-limits
    nbthread {WORKERS}
    maxconn {connections}
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 75s
    timeout server 75s
    timeout http-keep-alive 75s
frontend callers
    bind 127.0.0.1:{port} ssl crt {certificate} ca-file {ca} verify required ssl-min-ver TLSv1.2
    maxconn {connections}
    stick-table type binary len 20 size 100k expire 10s store http_req_rate(1s)
    http-request track-sc0 ssl_c_sha1
    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {RATE_LIMIT} }}
    default_backend providers
backend providers
    http-reuse always
    server provider {provider} ssl crt {certificate} ca-file {ca} verify required verifyhost {server} sni str({server})
"
    )
}
