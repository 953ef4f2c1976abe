//! `sandbox demo`: the whole sandbox in `.sandbox`, the journeys once, then it keeps serving.

mod words;

use std::{
    env,
    io::{Write, stdout},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use journeys::{Journey, Scene, Voice};
use support::{Binaries, Http, Plan, Sandbox, documents::repository, ports};
use tokio::signal::unix::{SignalKind, signal};

use self::words::Words;

/// How often a serving demo looks whether the gateway still runs.
const LOOK: Duration = Duration::from_millis(500);

/// What the demo was asked for.
pub struct Settings {
    /// End after the journeys.
    pub once: bool,
    /// `vi` or `en`; by the environment when not given.
    pub language: Option<String>,
    /// The gateway's program, when it is not beside this one.
    pub lienthong: Option<PathBuf>,
    /// The folder, when it is not `.sandbox` in the repository.
    pub folder: Option<PathBuf>,
}

/// Runs the demo; everything it started has ended when it returns.
///
/// # Errors
/// When a port is taken, something does not start, or a journey failed.
pub fn run(settings: Settings) -> Result<()> {
    let words = Words::chosen(settings.language.as_deref());
    let mut binaries = match &settings.lienthong {
        None => Binaries::beside_me()?,
        Some(lienthong) => Binaries { lienthong: lienthong.clone(), sandbox: env::current_exe()? },
    };
    binaries.lienthong = binaries.lienthong.canonicalize().context("--lienthong")?;
    let folder = settings.folder.unwrap_or_else(|| repository().join(".sandbox"));

    say(words.opening());
    if let Some(address) = Sandbox::known_addresses().into_iter().find(|address| ports::taken(*address)) {
        bail!("{}", words.taken(address));
    }
    let mut sandbox = Sandbox::lay_out(Plan { folder, binaries, known_ports: true })?;
    sandbox.start_neighbours()?;
    for neighbour in sandbox.neighbours() {
        say(&words.neighbour(&neighbour.system, &neighbour.address.to_string()));
    }
    sandbox.start_gateway()?;
    say(&words.gateway(&sandbox));

    let failed = perform(&mut sandbox, words)?;
    say(&words.summary(journeys::ALL.len(), failed));
    if settings.once {
        if failed > 0 {
            bail!("{}", words.failed(failed));
        }
        return Ok(());
    }
    say(&words.invitation(&sandbox));
    serve(sandbox, words)
}

/// Runs every journey; returns how many failed.
fn perform(sandbox: &mut Sandbox, words: Words) -> Result<usize> {
    let mut failed = 0;
    for (number, journey) in journeys::ALL.iter().enumerate() {
        for neighbour in sandbox.neighbours() {
            neighbour.reset()?;
        }
        let Journey { run, .. } = journey;
        say(&format!("\n{:>2}. {}", number + 1, words.title(journey)));
        let start = Instant::now();
        let mut tell = |step: &_| say(&words.step(step));
        match run(&mut Scene { sandbox, voice: Voice::Own(Http::One), tell: &mut tell }) {
            Ok(()) => say(&words.done(start.elapsed())),
            Err(error) => {
                failed += 1;
                say(&words.broken(&format!("{error:#}")));
            }
        }
    }
    Ok(failed)
}

/// Serves until told to stop, or until the gateway ends by itself.
fn serve(mut sandbox: Sandbox, words: Words) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                () = tokio::time::sleep(LOOK) => {
                    let gateway = sandbox.gateway()?;
                    if !gateway.runs() {
                        bail!("{}:\n{}", words.gateway_ended(), gateway.tail());
                    }
                }
            }
        }
        Ok(())
    })?;
    say(words.closing());
    drop(sandbox);
    Ok(())
}

/// A line for the reader, at once. When nobody reads any more the demo still ends what it started.
fn say(text: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
