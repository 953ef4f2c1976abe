//! What the command line asks for.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::{cases::Case, rivals::Kind, rounds::Effort};

/// The longest time of rounds that may be asked for: a shared machine is not to be kept busy by a typo.
const LONGEST: Duration = Duration::from_secs(1800);

/// How it is used.
pub const USAGE: &str = "usage: bench [translate|requests|handshakes|idle|scale|soak] [--case NAME] [--rounds N] \
                         [--seconds N] [--minutes N] [--rivals nginx,haproxy,envoy] [--save]";

/// One of the things that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Files, beside xmllint.
    Translate,
    /// Requests, beside proxies.
    Requests,
    /// Connections that are opened, beside proxies.
    Handshakes,
    /// Connections that are kept, beside proxies.
    Idle,
    /// The gateway with few documents and with many.
    Scale,
    /// The gateway for half an hour; only when asked for.
    Soak,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Translate, Self::Requests, Self::Handshakes, Self::Idle, Self::Scale, Self::Soak];

    /// Its word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Translate => "translate",
            Self::Requests => "requests",
            Self::Handshakes => "handshakes",
            Self::Idle => "idle",
            Self::Scale => "scale",
            Self::Soak => "soak",
        }
    }
}

/// What is measured, how often and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What.
    pub parts: Vec<Part>,
    /// Of the cases of requests, only the one with this name.
    pub case: Option<String>,
    /// How often and how long.
    pub effort: Effort,
    /// Beside whom; the gateway is always among them.
    pub rivals: Vec<Kind>,
    /// How long a soak lasts.
    pub soak: Duration,
    /// Whether the results are kept beside the program.
    pub save: bool,
}

impl Plan {
    /// Reads the arguments behind the program's name.
    pub fn of(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = arguments.peekable();
        let effort = Effort { rounds: 3, length: Duration::from_secs(4) };
        let mut plan = Self {
            parts: Part::ALL.into_iter().filter(|part| *part != Part::Soak).collect(),
            case: None,
            effort,
            rivals: Kind::ALL.to_vec(),
            soak: Duration::from_secs(30 * 60),
            save: false,
        };
        if let Some(word) = arguments.next_if(|argument| !argument.starts_with('-')) {
            let part = Part::ALL.into_iter().find(|part| part.name() == word);
            plan.parts = vec![part.context(USAGE)?];
        }
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("`{name}` lacks its value; {USAGE}"));
            match name.as_str() {
                "--rounds" => plan.effort.rounds = number(&value()?)?,
                "--seconds" => plan.effort.length = Duration::from_secs(number(&value()?)?.try_into()?),
                "--minutes" => plan.soak = Duration::from_secs(60 * u64::try_from(number(&value()?)?)?),
                "--save" => plan.save = true,
                "--case" => plan.case = Some(known_case(value()?)?),
                "--rivals" => plan.rivals = rivals(&value()?)?,
                _ => bail!(USAGE),
            }
        }
        let each = plan.effort.length * u32::try_from(plan.effort.rounds)?;
        ensure!(
            plan.soak <= LONGEST * 8,
            "a soak of more than four hours shows no more than one of half an hour"
        );
        ensure!(each * 10 <= LONGEST, "rounds of that length would keep the machine busy for too long");
        Ok(plan)
    }
}

fn number(text: &str) -> Result<usize> {
    text.parse()
        .ok()
        .filter(|number| (1..=1000).contains(number))
        .context("a number from 1 to 1000 is missing")
}

fn known_case(name: String) -> Result<String> {
    let cases = Case::all();
    if cases.iter().any(|case| case.name == name) {
        return Ok(name);
    }
    let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
    bail!("there is no case `{name}`; there are {}", names.join(", "))
}

fn rivals(names: &str) -> Result<Vec<Kind>> {
    let mut kinds = vec![Kind::Gateway];
    for name in names.split(',').filter(|name| !name.is_empty()) {
        kinds.push(Kind::named(name).with_context(|| format!("there is no rival `{name}`; {USAGE}"))?);
    }
    Ok(Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(line: &str) -> Result<Plan> {
        Plan::of(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everything_is_measured_unless_told_otherwise() {
        let all = plan("").unwrap();
        assert!(all.parts.len() == 5 && !all.parts.contains(&Part::Soak) && !all.save);
        assert_eq!(all.rivals, Kind::ALL);
        let some = plan("requests --case released --rounds 2 --seconds 7 --rivals envoy,nginx").unwrap();
        assert_eq!(some.parts, [Part::Requests]);
        assert_eq!(some.case.as_deref(), Some("released"));
        assert_eq!((some.effort.rounds, some.effort.length), (2, Duration::from_secs(7)));
        assert_eq!(some.rivals, [Kind::Nginx, Kind::Envoy, Kind::Gateway]);
        let soak = plan("soak --minutes 10 --save").unwrap();
        assert_eq!((soak.parts, soak.soak, soak.save), (vec![Part::Soak], Duration::from_secs(600), true));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in
            ["speed", "--rounds", "--rounds 0", "--case none", "--rivals caddy", "--rounds 999 --seconds 999"]
        {
            assert!(plan(line).is_err(), "{line}");
        }
    }
}
