//! The one script: what it is asked and what it answers.
//!
//! Keys of one request share a hash tag, the service's id, so that a Redis Cluster keeps them in one
//! slot: an agreement is for one service, and the two are taken together. One service's counts are
//! then one node's work; the services spread over the nodes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use redis::{Cmd, ErrorKind, RedisError, RedisResult};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{
    account::{Account, Window},
    line::Line,
};
use crate::quota::meter::Quantity;

/// The script's text.
const TEXT: &str = include_str!("ledger.lua");

/// The script, by the name that a server which has it knows it by.
pub(super) struct Script {
    sha1: String,
    process: String,
}

/// One thing asked.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) of: Of,
    pub(super) what: What,
}

/// Of which counts.
#[derive(Clone, Debug)]
pub(super) enum Of {
    /// A quantity of a window of an account.
    Window(Arc<Account>, Arc<Window>, Quantity),
    /// An account's rate.
    Rate(Arc<Account>),
}

/// What is asked of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Add.
    Charge(i64),
    /// Refuse when the limit is reached, with what is owed when this is sent: what was sent before
    /// arrives before.
    Look { limit: u64 },
    /// Take from the least to the most.
    Take { limit: u64, least: u64, most: u64 },
}

impl What {
    /// The limit in it. A rate's is part of its key: other terms begin anew.
    fn limit(self) -> u64 {
        match self {
            Self::Charge(_) => 0,
            Self::Look { limit } | Self::Take { limit, .. } => limit,
        }
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// The item that refused, and when it may be tried again.
    pub(super) refused: Option<(usize, Duration)>,
    /// For each item up to the one that refused: what was taken, and what its counts now say.
    pub(super) seen: Vec<(i64, i64)>,
}

impl Item {
    /// What the ledger said of it: that it gave so much, and what it counts now.
    pub(super) fn heard(&self, got: i64, value: i64) {
        match &self.of {
            Of::Window(_, window, quantity) => window.counter(*quantity).heard(got, value + self.beyond(got)),
            Of::Rate(account) => account.rate.heard(value),
        }
    }

    /// The script tells what a window held before it gave.
    fn beyond(&self, got: i64) -> i64 {
        if matches!(self.what, What::Take { .. }) { got } else { 0 }
    }

    /// Keeps tokens for later requests.
    pub(super) fn keep(&self, tokens: i64) {
        match &self.of {
            _ if tokens <= 0 => {}
            Of::Window(account, window, quantity) => {
                window.counter(*quantity).receive(tokens);
                account.book.due.store(true, Ordering::Relaxed);
            }
            Of::Rate(account) => account.rate.receive(tokens),
        }
    }

    /// The ledger refused it at `now`; a rate for that long.
    pub(super) fn spent(&self, now: u64, wait: Duration) {
        match &self.of {
            Of::Window(_, window, quantity) => window.counter(*quantity).spent(now),
            Of::Rate(account) => account.rate.spent(wait),
        }
    }
}

impl Script {
    pub(super) fn new(process: &str) -> Self {
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, TEXT.as_bytes());
        let sha1 = sha1.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { sha1, process: process.to_owned() }
    }

    /// Runs it for the items of one book: `sequence` is the charges' number, `clock` the rates' time in
    /// microseconds when it is not the server's. Notes down births and values as they are told.
    pub(super) async fn run(
        &self,
        line: &mut Line,
        prefix: &str,
        tag: &str,
        sequence: Option<u64>,
        clock: Option<u64>,
        items: &[Item],
    ) -> RedisResult<Reply> {
        let mut keys = vec![format!("{prefix}{{{tag}}}:sequence:{}", self.process)];
        let mut windows: Vec<Option<Arc<Window>>> = Vec::new();
        let mut arguments: Vec<String> = vec![
            sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
            clock.map(|clock| clock.to_string()).unwrap_or_default(),
        ];
        for item in items {
            let (key, field, keep, window) = match &item.of {
                Of::Window(account, window, quantity) => (
                    format!("{prefix}{{{tag}}}:{}:{}", account.key, window.name),
                    quantity.as_str(),
                    window.keep(),
                    Some(Arc::clone(window)),
                ),
                Of::Rate(account) => {
                    (format!("{prefix}{{{tag}}}:{}:rate:{}", account.key, item.what.limit()), "", 0, None)
                }
            };
            let index = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                windows.push(window);
                keys.len() - 1
            });
            let (kind, limit, least, most) = match (&item.of, item.what) {
                (_, What::Charge(amount)) => ("charge", 0, 0, amount),
                (Of::Window(_, window, quantity), What::Look { limit }) => {
                    let owed = window.counter(*quantity).owed();
                    ("look", limit, u64::try_from(owed).unwrap_or(0), 0)
                }
                (Of::Rate(_), What::Look { .. }) => continue,
                (Of::Window(..), What::Take { limit, least, most }) => ("take", limit, least, signed(most)),
                (Of::Rate(_), What::Take { limit, least, most }) => ("rate", limit, least, signed(most)),
            };
            arguments.push(kind.to_owned());
            // Lua counts from 1.
            arguments.push((index + 1).to_string());
            arguments.push(field.to_owned());
            arguments.extend([limit.to_string(), least.to_string(), most.to_string(), keep.to_string()]);
        }
        let command = |verb: &str, script: &str| {
            let mut command = redis::cmd(verb);
            command.arg(script).arg(keys.len()).arg(&keys).arg(&arguments);
            command
        };
        let answer = match line.ask(&command("EVALSHA", &self.sha1)).await {
            // A server that was started again, or another node, learns it by being told once.
            Err(error) if is_unknown_script(&error) => line.ask(&command("EVAL", TEXT)).await?,
            answer => answer?,
        };
        read(&answer, &windows, items.len()).ok_or_else(|| {
            RedisError::from((ErrorKind::UnexpectedReturnType, "the script's answer is not its own"))
        })
    }

    /// A harmless question whose answer shows that the server serves writes to this user.
    pub(super) async fn greet(&self, line: &mut Line, prefix: &str) -> RedisResult<()> {
        let mut command: Cmd = redis::cmd("EVAL");
        let script = "return redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000)";
        command.arg(script).arg(1).arg(format!("{prefix}greeting")).arg(&self.process);
        line.ask_for_nothing(&command).await
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.code() == Some("NOSCRIPT")
}

/// Reads an answer; nothing when it has another form.
fn read(answer: &[i64], windows: &[Option<Arc<Window>>], items: usize) -> Option<Reply> {
    let (head, rest) = answer.split_at_checked(3)?;
    let &[taken, refuser, wait] = head else { return None };
    let (born, seen) = rest.split_at_checked(windows.len())?;
    for (window, born) in windows.iter().zip(born) {
        if let (Some(window), true) = (window, *born > 0)
            && window.heard_birth(*born)
        {
            let window = &window.name;
            tracing::warn!(%window, "the quota server lost count: what this gateway had told it is told again");
        }
    }
    let seen: Vec<(i64, i64)> = seen.as_chunks::<2>().0.iter().map(|&[got, value]| (got, value)).collect();
    let refused = match taken {
        1 => None,
        _ => {
            let item = usize::try_from(refuser).ok()?.checked_sub(1)?;
            Some((item, Duration::from_micros(u64::try_from(wait).ok()?)))
        }
    };
    let expected = refused.map_or(items, |(item, _)| item + 1);
    (seen.len() == expected && expected <= items).then_some(Reply { refused, seen })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
