//! Child processes that are certain to end: when dropped, and when the process that started them dies.
//!
//! Dropping a [`Process`] stops it. A test binary that ends without dropping its statics, or is
//! killed, would leave its children behind; so one shell per test process watches a pipe, and when
//! the pipe closes for whatever reason it ends the processes still named there. Processes are only
//! ever ended by their id.

use std::{
    fs,
    io::{Write, copy, pipe},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// How long a process may take to end when asked; then it is killed.
const GOODBYE: Duration = Duration::from_secs(5);
/// How often readiness and exits are looked at.
const BEAT: Duration = Duration::from_millis(10);
/// How much of a log is shown when something failed.
const TAIL: usize = 6_000;

/// A running child process.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// Copies what the process says into its log: a process that may write no file can still speak.
    scribe: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `command` with its output appended to `log`.
    ///
    /// # Errors
    /// When the program or the log file cannot be opened.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = fs::OpenOptions::new().create(true).append(true).open(log)?;
        let (mut said, saying) = pipe()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(saying.try_clone()?)
            .stderr(saying)
            .spawn()
            .with_context(|| format!("starting {name}: {}", command.get_program().to_string_lossy()))?;
        watch("+", child.id());
        // The command holds the writing ends; the pipe must end with the process alone.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let scribe = thread::spawn(move || drop(copy(&mut said, &mut file)));
        Ok(Self { name: name.to_owned(), child, log: log.to_owned(), scribe: Some(scribe) })
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// When the process ends first, or `within` passes; the error shows the end of its log.
    pub fn wait_until(
        &mut self,
        what: &str,
        within: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                watch("-", self.child.id());
                self.hear_out();
                bail!("{} ended ({status}) before {what}. Its log:\n{}", self.name, self.tail());
            }
            if start.elapsed() > within {
                bail!("{}: no {what} within {within:?}. Its log:\n{}", self.name, self.tail());
            }
            thread::sleep(BEAT);
        }
        Ok(())
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no such process")?;
        kill_process(id, signal).with_context(|| format!("signalling {}", self.name))
    }

    /// Files may not grow beyond `bytes`; `None` lifts the limit.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn limit_file_size(&self, bytes: Option<u64>) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Only the soft limit: raising it again needs no privilege then.
        prlimit(id, Resource::Fsize, Rlimit { current: bytes, maximum: None })?;
        Ok(())
    }

    /// Ends it at once, as a power cut would (`kill -9`).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn crash(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.hear_out();
        Ok(())
    }

    /// Asks it to end and waits; kills it when it takes longer than five seconds.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn stop(mut self) -> Result<ExitStatus> {
        self.end()
    }

    /// Waits until it has ended by itself or by an earlier signal.
    ///
    /// # Errors
    /// When that takes longer than `within`.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.hear_out();
                return Ok(status);
            }
            if start.elapsed() > within {
                bail!("{} still runs after {within:?}. Its log:\n{}", self.name, self.tail());
            }
            thread::sleep(BEAT);
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        let log = self.log();
        let mut from = log.len().saturating_sub(TAIL);
        while !log.is_char_boundary(from) {
            from += 1;
        }
        log.get(from..).unwrap_or_default().to_owned()
    }

    /// Waits for its last words; it has ended.
    fn hear_out(&mut self) {
        if let Some(scribe) = self.scribe.take() {
            // The scribe cannot fail: what it could not copy is lost.
            let _ = scribe.join();
        }
    }

    fn end(&mut self) -> Result<ExitStatus> {
        let status = self.ended()?;
        self.hear_out();
        Ok(status)
    }

    fn ended(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        self.signal(Signal::TERM)?;
        let start = Instant::now();
        while start.elapsed() < GOODBYE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(BEAT);
        }
        self.child.kill()?;
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ended = self.end();
        watch("-", self.child.id());
        // A crash that nobody looked at would hide a bug behind a passing test.
        if let Ok(status) = ended
            && let Some(signal) = status.signal()
            && ![Signal::TERM.as_raw(), Signal::KILL.as_raw(), Signal::INT.as_raw()].contains(&signal)
            && !thread::panicking()
        {
            #[expect(clippy::panic, reason = "a crashed process must fail the test that used it")]
            {
                panic!("{} died of signal {signal}. Its log:\n{}", self.name, self.tail());
            }
        }
    }
}

/// Runs `command` to its end.
///
/// # Errors
/// When it cannot be started or does not end `within`; it is killed then.
pub fn run(command: &mut Command, within: Duration) -> Result<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (out, err) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out.reopen()?)
        .stderr(err.reopen()?)
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > within {
            child.kill()?;
            child.wait()?;
            bail!("{name} did not end within {within:?}. It wrote:\n{}", fs::read_to_string(err.path())?);
        }
        thread::sleep(BEAT);
    };
    let text = |file: &Path| fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Ended { status, out: text(out.path())?, err: text(err.path())? })
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it wrote for reading.
    pub out: String,
    /// What it said beside.
    pub err: String,
}

/// Tells the watching shell that a process lives (`+`) or is gone (`-`).
fn watch(sign: &str, id: u32) {
    const SCRIPT: &str = r#"
        trap '' INT HUP
        ids=' '
        while read -r sign id; do
            case $sign in
                +) ids="$ids$id " ;;
                -) case $ids in *" $id "*) ids="${ids%% $id *} ${ids#* $id }" ;; esac ;;
            esac
        done
        for id in $ids; do kill -s KILL "$id" 2>/dev/null; done
    "#;
    static WATCH: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    let pipe = WATCH.get_or_init(|| {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        shell.stdin.map(Mutex::new)
    });
    if let Some(pipe) = pipe {
        let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
        // Without the shell, children still end when they are dropped.
        let _ = writeln!(pipe, "{sign} {id}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(log: &Path) -> Process {
        Process::start("sleep", Command::new("sh").args(["-c", "echo ready; exec sleep 60"]), log).unwrap()
    }

    #[test]
    fn what_is_dropped_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = sleeper(&folder.path().join("log"));
        let id = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
        let log = folder.path().join("log");
        let said = || fs::read_to_string(&log).is_ok_and(|text| text.contains("ready"));
        process.wait_until("greeting", Duration::from_secs(5), said).unwrap();
        drop(process);
        assert!(rustix::process::test_kill_process(id).is_err());
    }

    #[test]
    fn an_early_end_is_told_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo the reason; exit 3"]);
        let mut process = Process::start("failing", &mut command, &folder.path().join("log")).unwrap();
        let error = process.wait_until("port", Duration::from_secs(5), || false).unwrap_err().to_string();
        assert!(error.contains("the reason") && error.contains('3'), "{error}");
    }

    #[test]
    fn children_end_with_a_parent_that_was_killed() {
        // This test runs itself as the parent, which starts a child, prints its id and is killed.
        if std::env::var_os("PARENT").is_some() {
            let process = sleeper(&std::env::temp_dir().join(format!("child-of-{}.log", std::process::id())));
            println!("child {}", process.id());
            std::process::abort();
        }
        let mut parent = Command::new(std::env::current_exe().unwrap());
        parent.args(["--exact", "process::tests::children_end_with_a_parent_that_was_killed", "--nocapture"]);
        let ended = run(parent.env("PARENT", "1"), Duration::from_secs(20)).unwrap();
        let id = ended.out.lines().find_map(|line| line.split("child ").nth(1)).expect("the child's id");
        let id = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
        let start = Instant::now();
        while rustix::process::test_kill_process(id).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(5), "the child outlived its parent");
            thread::sleep(BEAT);
        }
    }
}
