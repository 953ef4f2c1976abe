//! A real server for tests, on a port of its own, which ends with the test or with its process.

use std::{
    future::Future,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Kind, Settings, WhenAway};

/// A running `redis-server`.
pub(in crate::quota) struct Server {
    _folder: TempDir,
    port: u16,
    told: Vec<String>,
    /// A shell that ends the server when its input ends: with this value, or with the process.
    keeper: Child,
}

impl Server {
    pub(in crate::quota) fn start() -> Self {
        Self::with(&[])
    }

    /// One that is told more.
    pub(in crate::quota) fn with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().to_string();
        let place = folder.path().to_string_lossy();
        let told =
            ["--port", &port, "--bind", "127.0.0.1", "--dir", &place, "--save", "", "--appendonly", "no"];
        let told = told.iter().chain(more).map(|&one| one.to_owned()).collect();
        Self::told(folder, port.parse().unwrap(), told)
    }

    /// One that speaks TLS alone, with what is in `certificates`.
    pub(in crate::quota) fn with_tls(certificates: &Path, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().to_string();
        let place = folder.path().to_string_lossy();
        let of = |name: &str| certificates.join(name).to_string_lossy().into_owned();
        let (ca, own, key) = (of("ca.pem"), of("own.pem"), of("own.key"));
        let told = ["--port", "0", "--tls-port", &port, "--bind", "127.0.0.1", "--dir", &place, "--save", ""];
        let tls = ["--tls-ca-cert-file", &ca, "--tls-cert-file", &own, "--tls-key-file", &key];
        let told = told.iter().chain(&tls).chain(more).map(|&one| one.to_owned()).collect();
        Self::told(folder, port.parse().unwrap(), told)
    }

    /// A Sentinel that watches `master`.
    pub(in crate::quota) fn sentinel(master: &Self, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = folder.path().join("sentinel.conf");
        let watched = master.port;
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor {name} 127.0.0.1 {watched} 1\n\
             sentinel down-after-milliseconds {name} 300\nsentinel failover-timeout {name} 2000\n"
        );
        std::fs::write(&file, text).unwrap();
        Self::told(folder, port, vec![file.to_string_lossy().into_owned(), "--sentinel".to_owned()])
    }

    fn told(folder: TempDir, port: u16, told: Vec<String>) -> Self {
        let keeper = keep(&told);
        let server = Self { _folder: folder, port, told, keeper };
        server.await_ready();
        server
    }

    pub(in crate::quota) fn port(&self) -> u16 {
        self.port
    }

    /// How a ledger finds it: patient, since many tests share a machine.
    pub(in crate::quota) fn settings(&self) -> Settings {
        Settings {
            addresses: vec![("127.0.0.1".to_owned(), self.port)],
            kind: Kind::One,
            user: None,
            password: None,
            tls: None,
            timeout: Duration::from_secs(10),
            when_away: WhenAway::LocalShare,
            gateways: 1,
            prefix: "test:".to_owned(),
        }
    }

    /// Ends it and starts it again, with nothing in it.
    pub(in crate::quota) fn lose_everything(&mut self) {
        self.stop();
        self.keeper = keep(&self.told);
        self.await_ready();
    }

    pub(in crate::quota) fn stop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }

    /// Stops it in its tracks until the value is dropped: it takes connections, and says nothing.
    pub(in crate::quota) fn hang(&self) -> Hung {
        let said = self.say("INFO server");
        let id = said.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap().trim().to_owned();
        signal("STOP", &id);
        Hung(id)
    }

    /// What it says to a command. A Sentinel that makes a replica the master has its connections ended: asked again.
    pub(in crate::quota) fn say(&self, command: &str) -> String {
        let start = Instant::now();
        loop {
            match self.try_say(command) {
                Ok(said) => return said,
                Err(error) => assert!(start.elapsed() < Duration::from_secs(20), "{command}: {error}"),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn try_say(&self, command: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        write!(stream, "{command}\r\n")?;
        // What was asked is answered before the end is noticed.
        stream.shutdown(Shutdown::Write)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    }

    /// How many scripts it ran.
    pub(in crate::quota) fn scripts_run(&self) -> u64 {
        let said = self.say("INFO commandstats");
        let calls = said.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.and_then(|calls| calls.split(',').next()?.parse().ok()).unwrap_or(0)
    }

    fn await_ready(&self) {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "redis-server does not answer: is it installed?"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A server that hangs.
pub(in crate::quota) struct Hung(String);

impl Drop for Hung {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

fn signal(signal: &str, id: &str) {
    let script = format!("kill -{signal} {id}");
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn keep(told: &[String]) -> Child {
    const SCRIPT: &str = r#"redis-server "$@" & id=$!; read -r _; kill "$id"; wait "$id""#;
    Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .args(told)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub(in crate::quota) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Runs a future to its end, on this thread.
pub(in crate::quota) fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
