//! The two processes that are measured, each in front of the same provider.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    CONNECTIONS, WORKERS, documents,
    load::Load,
    pki::{self, Pki},
};

/// A process that is not serving by then has failed.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// A running process; stopped when dropped.
pub struct Rival {
    /// What to call it.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    /// What it said.
    log: PathBuf,
    /// How it is asked to stop with its workers; a process without workers is killed.
    stop: Option<Command>,
}

impl Rival {
    /// The (main) process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the record comes back unchanged.
    pub fn await_ready(&mut self, pki: &Pki) -> Result<()> {
        let begun = Instant::now();
        loop {
            let exited = self.child.try_wait()?;
            match Load::connect(self.address, pki, 1) {
                Ok(_) => return Ok(()),
                Err(_) if exited.is_none() && begun.elapsed() < READY_WITHIN => {
                    thread::sleep(Duration::from_millis(50))
                }
                Err(error) => {
                    let said = fs::read_to_string(&self.log).unwrap_or_default();
                    bail!("{} does not serve: {error:#}\n{said}", self.name);
                }
            }
        }
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the folder that the process works in goes next.
        if let Some(mut stop) = self.stop.take()
            && stop.status().is_ok_and(|status| status.success())
        {
            let _ = self.child.wait();
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// nginx with what it has of the gateway's work: mutual TLS on both sides, kept connections, a rate
/// limit per caller, an access log.
pub fn nginx(folder: &Path, port: u16, provider: SocketAddr) -> Result<Rival> {
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .context("nginx is missing; `make bench` installs it on Debian")?;
    let folder = folder.canonicalize()?;
    let configuration = folder.join("nginx.conf");
    fs::write(&configuration, nginx_configuration(&folder, port, provider))?;
    let command = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(&configuration)
            .arg("-e")
            .arg(folder.join("nginx.log"))
            .args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    Ok(Rival {
        name: version(program),
        address: (Ipv4Addr::LOCALHOST, port).into(),
        child: command(&[]).spawn().context("starting nginx")?,
        log: folder.join("nginx.log"),
        stop: Some(command(&["-s", "stop"])),
    })
}

/// The gateway that was built beside this program.
pub fn gateway(folder: &Path, port: u16, admin: u16, provider: SocketAddr) -> Result<Rival> {
    let configuration = documents::write(folder, port, admin, provider)?;
    let program = std::env::current_exe()?.with_file_name("lienthong");
    let log = folder.join("lienthong.log");
    let child = Command::new(&program)
        .args(["serve", "-c"])
        .arg(configuration)
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?)
        .spawn()
        .with_context(|| format!("starting {}; `make bench` builds it", program.display()))?;
    Ok(Rival {
        name: "lienthong".into(),
        address: (Ipv4Addr::LOCALHOST, port).into(),
        child,
        log,
        stop: None,
    })
}

fn version(program: &str) -> String {
    let said = Command::new(program).arg("-v").output().map(|output| output.stderr).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    said.trim().rsplit(' ').next().filter(|name| !name.is_empty()).unwrap_or("nginx").replace('/', " ")
}

fn nginx_configuration(folder: &Path, port: u16, provider: SocketAddr) -> String {
    let folder = folder.display();
    let server = pki::SERVER;
    // nginx closes a connection after 1000 requests unless told otherwise; the gateway does not.
    format!(
        r"daemon off;
worker_processes {WORKERS};
pid '{folder}/nginx.pid';
error_log '{folder}/nginx.log';
events {{ worker_connections 1024; }}
http {{
    access_log '{folder}/access.log';
    client_body_temp_path '{folder}/body';
    proxy_temp_path '{folder}/proxy';
    fastcgi_temp_path '{folder}/fastcgi';
    uwsgi_temp_path '{folder}/uwsgi';
    scgi_temp_path '{folder}/scgi';
    keepalive_requests 1000000000;
    limit_req_zone $ssl_client_fingerprint zone=callers:1m rate=1000000r/s;
    upstream provider {{
        server {provider};
        keepalive {CONNECTIONS};
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {server};
        ssl_certificate '{folder}/pki/server.pem';
        ssl_certificate_key '{folder}/pki/server.key';
        ssl_client_certificate '{folder}/pki/ca.pem';
        ssl_verify_client on;
        ssl_protocols TLSv1.2 TLSv1.3;
        location /api/ {{
            limit_req zone=callers burst=1000 nodelay;
            proxy_pass https://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_ssl_certificate '{folder}/pki/server.pem';
            proxy_ssl_certificate_key '{folder}/pki/server.key';
            proxy_ssl_trusted_certificate '{folder}/pki/ca.pem';
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
