//! nginx: what all are compared with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Result;

use super::{KEPT, Kind, RATE_LIMIT, Rival, Site};
use crate::{WORKERS, free_port, pki};

/// Where it is.
pub fn program() -> Result<PathBuf> {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];
    super::found(&places, "nginx is not installed (Debian: nginx-light)")
}

/// Such as `nginx 1.22.1`.
pub fn version(program: &Path) -> Result<String> {
    let said = super::asked(program, "-v")?;
    Ok(format!("nginx {}", said.rsplit('/').next().unwrap_or_default()))
}

/// Starts it with as many workers as everybody.
pub fn start(program: &Path, folder: &Path, site: &Site<'_>) -> Result<Rival> {
    let port = free_port()?;
    let written = folder.join("nginx.conf");
    fs::write(&written, configuration(folder, port, site))?;
    let command = || {
        let mut command = Command::new(program);
        command.arg("-p").arg(folder).arg("-c").arg(&written).arg("-e").arg(folder.join("error.log"));
        command
    };
    let mut rival = Rival::spawn(Kind::Nginx, command(), folder, port)?;
    let mut stop = command();
    stop.args(["-s", "stop"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    rival.stop = Some(stop);
    Ok(rival)
}

fn configuration(folder: &Path, port: u16, site: &Site<'_>) -> String {
    let folder = folder.display();
    let provider = site.provider;
    let server = pki::SERVER;
    let [certificate, key, ca] = ["server.pem", "server.key", "ca.pem"].map(|name| site.pki.file(name));
    let [certificate, key, ca] = [certificate.display(), key.display(), ca.display()];
    // Both sides of an exchange are connections of a worker, and one worker may get them all.
    let connections = 2 * site.connections + 1024;
    // nginx closes a connection after 1000 requests unless told otherwise; nobody else does.
    format!(
        r"daemon off;
worker_processes {WORKERS};
pid '{folder}/nginx.pid';
error_log '{folder}/error.log';
events {{ worker_connections {connections}; }}
http {{
    access_log '{folder}/access.log';
    client_body_temp_path '{folder}/body';
    proxy_temp_path '{folder}/proxy';
    fastcgi_temp_path '{folder}/fastcgi';
    uwsgi_temp_path '{folder}/uwsgi';
    scgi_temp_path '{folder}/scgi';
    keepalive_requests 1000000000;
    limit_req_zone $ssl_client_fingerprint zone=callers:1m rate={RATE_LIMIT}r/s;
    upstream provider {{
        server {provider};
        keepalive {KEPT};
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {server};
        ssl_certificate '{certificate}';
        ssl_certificate_key '{key}';
        ssl_client_certificate '{ca}';
        ssl_verify_client on;
        ssl_protocols TLSv1.2 TLSv1.3;
        location /api/ {{
            limit_req zone=callers burst=1000 nodelay;
            proxy_pass https://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_ssl_certificate '{certificate}';
            proxy_ssl_certificate_key '{key}';
            proxy_ssl_trusted_certificate '{ca}';
            proxy_ssl_verify on;
            proxy_ssl_name {server};
            proxy_ssl_server_name on;
            proxy_ssl_protocols TLSv1.2 TLSv1.3;
        }}
    }}
}}
"
    )
}
