//! `lienthong serve`: the gateway itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use clap::ArgMatches;
use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Console, Exit, Failure, Outcome, settings_file};
use crate::{
    admin::{self, Admin},
    exchange::Gateway,
    host::{Listener, Serving},
    journal::{self, Journal},
    metrics::Metrics,
    quota::{self, Quota},
    world::{self, Keeper, OneOffs, Parts, Secrets, Settings},
};

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    start_log();
    heed_file_limits().map_err(|error| Failure(error.to_string()))?;
    match start(given, console)? {
        Ok(running) => running.run(console),
        Err(faults) => {
            console.faults(&faults);
            let w = console.words;
            console.complain(w.say(
                "Cổng không khởi động vì các lỗi trên. `lienthong check` kiểm tra lại mà không cần khởi động.",
                "The gateway does not start because of the faults above. `lienthong check` checks again without starting.",
            ));
            Ok(Exit::Refused)
        }
    }
}

/// From here on a file that may not grow (`LimitFSIZE=`, `ulimit -f`) is an error of the write that meets the
/// limit, answered as a full disk is. The system would end the process by a signal instead, in the middle of
/// exchanges; one that somebody handles ends nobody.
fn heed_file_limits() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _within = runtime.enter();
    // The handler stays for as long as the process, though nobody listens to it.
    signal(SignalKind::from_raw(Number::XFSZ.as_raw())).map(drop)
}

/// Everything open and bound, nothing serving yet.
struct Running {
    gateway: Arc<Gateway>,
    listener: Listener,
    admin_listener: std::net::TcpListener,
    admin: Arc<Admin>,
}

fn start(
    given: &ArgMatches,
    console: &mut Console<'_>,
) -> Result<Result<Running, Vec<contracts::Fault>>, Failure> {
    let w = console.words;
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => return Ok(Err(faults)),
    };
    let settings = loaded.settings.clone();
    let data = &settings.data.folder;
    std::fs::create_dir_all(data).map_err(|error| Failure(format!("{}: {error}", data.display())))?;
    let secrets = match Secrets::read(&loaded) {
        Ok(secrets) => secrets,
        Err(faults) => return Ok(Err(faults)),
    };

    let ledger = match world::ledger(&loaded) {
        Ok(ledger) => ledger,
        Err(faults) => return Ok(Err(faults)),
    };

    let (journal, interrupted) = Journal::open(data, journal::Settings::default())?;
    let journal = Arc::new(journal);
    world::tell_interrupted(&interrupted);
    let counted = quota::Settings { ledger, ..quota::Settings::default() };
    let quota = Arc::new(Quota::open(data, journal.process(), counted)?);
    let metrics = Arc::new(Metrics::default());
    let parts = Parts {
        mask_keys: Arc::new(secrets.masks),
        one_offs: OneOffs::default(),
        quota: Arc::clone(&quota),
        journal: Arc::clone(&journal),
        metrics: Arc::clone(&metrics),
        standings: crate::host::Standings::default(),
    };
    let host = host_settings(&settings);
    let keeper = match Keeper::open(loaded, parts) {
        Ok(keeper) => keeper,
        Err(faults) => return Ok(Err(faults)),
    };
    let listener = Listener::bind(host, Arc::clone(keeper.tls())).map_err(|error| {
        Failure(format!(
            "{} {}: {error}",
            w.say("không nghe được ở", "cannot listen on"),
            settings.listen.address
        ))
    })?;
    let admin_listener = admin::bind(settings.admin.address).map_err(|error| {
        Failure(format!(
            "{} {}: {error}",
            w.say("không nghe được ở", "cannot listen on"),
            settings.admin.address
        ))
    })?;
    let gateway = Arc::new(Gateway::new(keeper, journal, quota, metrics, secrets.subjects));
    let admin = Arc::new(Admin {
        gateway: Arc::clone(&gateway),
        operators: secrets.operators,
        tally: listener.tally(),
        census: listener.census(),
        leaving: AtomicBool::new(false),
    });
    Ok(Ok(Running { gateway, listener, admin_listener, admin }))
}

impl Running {
    fn run(self, console: &mut Console<'_>) -> Outcome {
        let Self { gateway, listener, admin_listener, admin } = self;
        let keeper = Arc::clone(gateway.keeper());
        world::watch(&keeper);
        world::upkeep(&keeper);
        world::probe(&keeper);
        let settings = &keeper.loaded().settings;
        tracing::info!(
            address = %listener.address()?, admin = %settings.admin.address, environment = %settings.environment,
            snapshot = %keeper.world().snapshot.hash(), "serving"
        );
        let serving = listener.serve(Arc::clone(&gateway))?;
        // This thread is the operators': their address, signals, and in the end the shutdown.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (ended, cut) = runtime.block_on(async {
            let mut signals = Signals::new(Arc::clone(&keeper))?;
            // Answers to the end: probes are to hear that nobody should be sent here.
            let mut operators = tokio::spawn(admin::serve(admin_listener, Arc::clone(&admin)));
            let ended = tokio::select! {
                served = &mut operators => served.unwrap_or_else(|error| Err(error.into())),
                () = signals.told_to_end() => Ok(()),
            };
            admin.leaving.store(true, Ordering::Relaxed);
            Ok::<_, std::io::Error>((ended, wind_down(serving, settings, &mut signals).await))
        })?;
        // A reload under way is not waited for: what it would have said is read at the next start.
        runtime.shutdown_background();
        if cut > 0 {
            tracing::warn!(
                connections = cut,
                "cut after the grace; opened exchanges are reported as interrupted at the next start"
            );
        }
        gateway.quota().leave();
        // The store follows a second behind; a restart need not look for the rest in the journal.
        if let Err(error) = gateway.quota().flush() {
            tracing::error!(%error, "day counts were not written at the end; the next start rebuilds them from the journal");
        }
        ended.map(|()| Exit::Done).map_err(|error| {
            let w = console.words;
            Failure(format!("{}: {error}", w.say("cổng vận hành dừng", "the admin address stopped")))
        })
    }
}

/// From readiness that says no to the last connection; gives how many were cut. Whoever asks a second
/// time does not want to wait.
async fn wind_down(serving: Serving, settings: &Settings, signals: &mut Signals) -> usize {
    tracing::info!(delay = ?settings.shutdown_delay, "told to end: not ready any more, serving as before meanwhile");
    let leave = serving.leave();
    let impatient = tokio::select! {
        biased;
        () = signals.told_to_end() => true,
        () = tokio::time::sleep(settings.shutdown_delay) => false,
    };
    tracing::info!("stopping: no new connections; exchanges under way get their grace");
    leave.within(if impatient { Duration::ZERO } else { settings.shutdown_grace });
    let mut ended = tokio::task::spawn_blocking(move || serving.ended());
    let cut = loop {
        tokio::select! {
            cut = &mut ended => break cut,
            () = signals.told_to_end() => leave.within(Duration::ZERO),
        }
    };
    cut.unwrap_or(0)
}

/// SIGHUP reloads; SIGTERM and SIGINT end.
struct Signals {
    keeper: Arc<Keeper>,
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new(keeper: Arc<Keeper>) -> std::io::Result<Self> {
        Ok(Self {
            keeper,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns when the process is told to end; reloads meanwhile when told to.
    async fn told_to_end(&mut self) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {
                    let keeper = Arc::clone(&self.keeper);
                    // Compiling takes as long as it takes; probes are answered meanwhile.
                    tokio::task::spawn_blocking(move || keeper.reload("sighup"));
                }
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
            }
        }
    }
}

/// One line per event: readable on a terminal, JSON elsewhere. `LIENTHONG_LOG` sets the level.
fn start_log() {
    use std::io::IsTerminal;
    use tracing_subscriber::{EnvFilter, fmt};
    // The engine's own messages can quote raw header bytes, so they stay silent whatever is asked.
    let filter = EnvFilter::try_from_env("LIENTHONG_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A log that cannot be written is reported to the log, which panics: a full disk under standard
    // error would cut exchanges that the journal still takes.
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second subscriber in one process is a test's business; the first one stays.
    let _ = if std::io::stderr().is_terminal() {
        log.compact().try_init()
    } else {
        log.json().flatten_event(true).with_ansi(false).try_init()
    };
}

fn host_settings(settings: &Settings) -> crate::host::Settings {
    let limits = &settings.limits;
    crate::host::Settings {
        address: settings.listen.address,
        authorities: settings.listen.authorities.clone(),
        workers: settings
            .listen
            .workers
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)),
        limits: crate::host::Limits {
            connections: limits.connections,
            connections_per_address: limits.connections_per_address,
            head_bytes: limits.head,
            headers: limits.headers,
            target_bytes: limits.target,
            half_open: limits.half_open,
            half_open_per_address: limits.half_open_per_address,
            streams: limits.streams,
            resets: limits.resets,
            idle_frames: limits.idle_frames,
            unsent: u32::try_from(limits.unsent.max(limits.body)).unwrap_or(u32::MAX),
            ..crate::host::Limits::default()
        },
    }
}
