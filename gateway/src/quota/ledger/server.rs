//! A real server for tests, on a port of its own, which ends with the test or with its process.

use std::{
    future::Future,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Kind, Settings, WhenAway};

/// A running `redis-server`.
pub(in crate::quota) struct Server {
    folder: TempDir,
    port: u16,
    /// A shell that ends the server when its input ends: with this value, or with the process.
    keeper: Child,
}

impl Server {
    pub(in crate::quota) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let keeper = keep(folder.path(), port);
        let server = Self { folder, port, keeper };
        server.await_ready();
        server
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
        self.keeper = keep(self.folder.path(), self.port);
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

    /// What it says to a command.
    pub(in crate::quota) fn say(&self, command: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        write!(stream, "{command}\r\nQUIT\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
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

fn keep(folder: &Path, port: u16) -> Child {
    const SCRIPT: &str = r#"redis-server --port "$1" --bind 127.0.0.1 --dir "$2" --save '' --appendonly no & id=$!; read -r _; kill "$id"; wait "$id""#;
    Command::new("sh")
        .args(["-c", SCRIPT, "sh", &port.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn free_port() -> u16 {
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
