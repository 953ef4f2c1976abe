//! Whether an endpoint may be tried: its circuit, and what speaks against it.
//!
//! Failures are of two kinds, and they are treated differently. An endpoint that gives *no answer*
//! (no connection, a connection that breaks, silence) holds each caller for as long as the timeouts
//! are, and there is nothing to lose by leaving it alone: after so many in a row its circuit *opens*,
//! nobody is sent there until its rest is over, and then a single call finds out for all. An endpoint
//! that answers *badly* (5xx, or a failed look) answers at least: it is *passed over* while enough
//! others are well, and used again when they are not, since a verdict that most are ill is more likely
//! wrong than right (see [`balance`](super::balance)). So an open circuit is refused with 503 even at
//! a provider's only endpoint, and bad answers never take a provider's last endpoint away.
//!
//! Each rest is twice as long as the one before, up to the longest. The growth ends when the endpoint
//! has been well for as long as it last rested.
//!
//! Time and chance are passed in: milliseconds of one clock, and a number that is different each time.

use std::time::Duration;

use policies::Breaker;

/// A rest is shortened by up to a fifth at random, so that gateways that saw one outage do not all
/// come back in one moment.
const JITTER: u64 = 5;

/// How long a half-open circuit asks others to wait: its one call is under way.
const SOON: Duration = Duration::from_secs(1);

/// What kind of failure a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection, a broken one, or silence.
    NoAnswer,
    /// An answer that says that the provider itself fails.
    BadAnswer,
}

/// What an endpoint is good for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fitness {
    /// For every call.
    Well,
    /// Only where too few others are well.
    Unwell,
    /// For one call, to find out.
    Due,
    /// For none, before this much time has passed.
    Shut(Duration),
}

/// A call's leave to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    /// The term of the circuit under which it was given: what comes of it later counts in that term only.
    pub(super) term: u64,
    /// It is the one that finds out.
    pub(super) finds_out: bool,
}

/// What changed, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The circuit opened.
    Opened(Duration),
    /// It closed again.
    Closed,
    /// Passed over for this long.
    PassedOver(Duration),
    /// Failed looks made it ill.
    Ill,
    /// Good looks made it well.
    Recovered,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Open {
        until: u64,
    },
    HalfOpen,
}

/// One endpoint's record.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    state: State,
    term: u64,
    /// Calls without an answer in a row.
    silent: u32,
    /// Calls without a good answer in a row.
    bad: u32,
    /// Rests since it was last well for long.
    spells: u32,
    /// The last rest, and when the one that is no open circuit ends.
    rested: u64,
    passed_over: u64,
    well_since: u64,
    ill: bool,
    /// Looks in a row that say otherwise than `ill`.
    looks: u32,
}

impl Circuit {
    /// Whether there is nothing on record.
    pub(super) fn is_clear(&self) -> bool {
        self.state == State::Closed
            && !self.ill
            && self.silent == 0
            && self.bad == 0
            && self.spells == 0
            && self.passed_over == 0
    }

    /// The present term.
    pub(super) fn term(&self) -> u64 {
        self.term
    }

    /// What it is good for.
    pub(super) fn fitness(&self, now: u64) -> Fitness {
        match self.state {
            State::Closed if self.ill || self.passed_over > now => Fitness::Unwell,
            State::Closed => Fitness::Well,
            State::Open { until } if until <= now => Fitness::Due,
            State::Open { until } => Fitness::Shut(Duration::from_millis(until - now)),
            State::HalfOpen => Fitness::Shut(SOON),
        }
    }

    /// The word for people and metrics.
    pub(super) fn word(&self, now: u64) -> &'static str {
        match self.state {
            State::Closed if self.ill => "ill",
            State::Closed if self.passed_over > now => "passed-over",
            State::Closed => "well",
            State::Open { .. } => "open",
            State::HalfOpen => "half-open",
        }
    }

    /// Lets a call go there; of an open circuit whose rest is over, exactly one.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn admit(&mut self, now: u64) -> Result<Leave, Duration> {
        match self.fitness(now) {
            Fitness::Shut(wait) => Err(wait),
            Fitness::Due => {
                self.turn(State::HalfOpen);
                Ok(Leave { term: self.term, finds_out: true })
            }
            Fitness::Well | Fitness::Unwell => Ok(Leave { term: self.term, finds_out: false }),
        }
    }

    /// A call was answered well.
    pub(super) fn succeeded(&mut self, leave: Leave, now: u64) -> Option<Change> {
        if leave.term != self.term {
            return None;
        }
        (self.silent, self.bad) = (0, 0);
        if self.passed_over <= now {
            self.passed_over = 0;
        }
        if self.state == State::HalfOpen {
            self.turn(State::Closed);
            self.well_since = now;
            return Some(Change::Closed);
        }
        if self.passed_over == 0 && now.saturating_sub(self.well_since) >= self.rested {
            (self.spells, self.rested) = (0, 0);
        }
        None
    }

    /// A call failed.
    pub(super) fn failed(
        &mut self,
        leave: Leave,
        failure: Failure,
        rules: &Breaker,
        now: u64,
        chance: u64,
    ) -> Option<Change> {
        if leave.term != self.term {
            return None;
        }
        self.bad = self.bad.saturating_add(1);
        self.silent = match failure {
            Failure::NoAnswer => self.silent.saturating_add(1),
            Failure::BadAnswer => 0,
        };
        match (self.state, failure) {
            (State::HalfOpen, Failure::NoAnswer) => {
                self.open(rules, now, chance);
                // It was told when it opened first.
                None
            }
            (State::HalfOpen, Failure::BadAnswer) => {
                self.turn(State::Closed);
                self.pass_over(rules, now, chance);
                Some(Change::Closed)
            }
            (State::Closed, Failure::NoAnswer) if self.silent >= rules.failures => {
                Some(Change::Opened(self.open(rules, now, chance)))
            }
            (State::Closed, _) if self.bad >= rules.failures && self.passed_over <= now => {
                Some(Change::PassedOver(self.pass_over(rules, now, chance)))
            }
            _ => None,
        }
    }

    /// A call came to no end that says anything: another one may find out.
    pub(super) fn abandoned(&mut self, leave: Leave, now: u64) {
        if leave.term == self.term && self.state == State::HalfOpen {
            self.turn(State::Open { until: now });
        }
    }

    /// A look was taken.
    pub(super) fn looked(&mut self, good: bool, fall: u32, rise: u32, now: u64) -> Option<Change> {
        if good != self.ill {
            self.looks = 0;
            return None;
        }
        self.looks = self.looks.saturating_add(1);
        if self.looks < if good { rise } else { fall } {
            return None;
        }
        (self.ill, self.looks) = (!good, 0);
        if !good {
            return Some(Change::Ill);
        }
        // Somebody is there again: a call may find out at once.
        if let State::Open { .. } = self.state {
            self.turn(State::Open { until: now });
        }
        self.passed_over = 0;
        Some(Change::Recovered)
    }

    /// Nobody looks any more: what was seen last says nothing for ever.
    pub(super) fn unlooked(&mut self) {
        (self.ill, self.looks) = (false, 0);
    }

    fn open(&mut self, rules: &Breaker, now: u64, chance: u64) -> Duration {
        let rest = self.rest(rules, chance);
        self.turn(State::Open { until: now + rest });
        Duration::from_millis(rest)
    }

    fn pass_over(&mut self, rules: &Breaker, now: u64, chance: u64) -> Duration {
        let rest = self.rest(rules, chance);
        self.passed_over = now + rest;
        (self.bad, self.well_since) = (0, now + rest);
        Duration::from_millis(rest)
    }

    fn rest(&mut self, rules: &Breaker, chance: u64) -> u64 {
        let whole = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX / 4);
        let doubled = whole(rules.rest).saturating_mul(1 << self.spells.min(20));
        let longest = doubled.min(whole(rules.longest_rest)).max(1);
        self.spells = self.spells.saturating_add(1);
        self.rested = longest - chance % (longest / JITTER).max(1);
        self.rested
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.term += 1;
        (self.silent, self.bad) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Breaker =
        Breaker { failures: 3, rest: Duration::from_millis(100), longest_rest: Duration::from_millis(1000) };

    fn fail(circuit: &mut Circuit, failure: Failure, now: u64) -> Option<Change> {
        let leave = circuit.admit(now).unwrap();
        circuit.failed(leave, failure, &RULES, now, 0)
    }

    fn succeed(circuit: &mut Circuit, now: u64) -> Option<Change> {
        let leave = circuit.admit(now).unwrap();
        circuit.succeeded(leave, now)
    }

    #[test]
    fn silence_in_a_row_opens_and_one_call_finds_out() {
        let mut circuit = Circuit::default();
        assert_eq!(fail(&mut circuit, Failure::NoAnswer, 0), None);
        assert_eq!(fail(&mut circuit, Failure::NoAnswer, 0), None);
        assert_eq!(succeed(&mut circuit, 0), None);
        assert!(circuit.is_clear(), "a success between them ends the row");
        fail(&mut circuit, Failure::NoAnswer, 0);
        fail(&mut circuit, Failure::NoAnswer, 0);
        let rest = Duration::from_millis(100);
        assert_eq!(fail(&mut circuit, Failure::NoAnswer, 0), Some(Change::Opened(rest)));
        assert_eq!(circuit.admit(60), Err(Duration::from_millis(40)));
        assert_eq!(circuit.fitness(100), Fitness::Due);
        let probe = circuit.admit(100).unwrap();
        assert!(probe.finds_out);
        assert_eq!(circuit.admit(100), Err(SOON), "one alone");
        // Nobody knows: the next one finds out.
        circuit.abandoned(probe, 120);
        let probe = circuit.admit(120).unwrap();
        assert_eq!(circuit.failed(probe, Failure::NoAnswer, &RULES, 130, 0), None);
        assert_eq!(circuit.fitness(130), Fitness::Shut(rest * 2), "twice as long");
        let probe = circuit.admit(330).unwrap();
        assert_eq!(circuit.succeeded(probe, 340), Some(Change::Closed));
        assert_eq!((circuit.fitness(340), circuit.is_clear()), (Fitness::Well, false));
        succeed(&mut circuit, 340 + 199);
        assert!(!circuit.is_clear(), "it has to be well for as long as it rested");
        succeed(&mut circuit, 340 + 200);
        assert!(circuit.is_clear());
    }

    #[test]
    fn what_was_sent_before_it_opened_says_nothing_afterwards() {
        let mut circuit = Circuit::default();
        let early: Vec<Leave> = (0..10).map(|_| circuit.admit(0).unwrap()).collect();
        for leave in &early {
            circuit.failed(*leave, Failure::NoAnswer, &RULES, 5, 0);
        }
        assert_eq!(circuit.fitness(5), Fitness::Shut(Duration::from_millis(100)), "one rest, not eight");
        circuit.succeeded(early[0], 6);
        assert!(matches!(circuit.fitness(6), Fitness::Shut(_)));
        let probe = circuit.admit(200).unwrap();
        circuit.failed(early[1], Failure::NoAnswer, &RULES, 201, 0);
        assert_eq!(circuit.succeeded(probe, 202), Some(Change::Closed));
    }

    #[test]
    fn bad_answers_pass_it_over_and_never_open_it() {
        let mut circuit = Circuit::default();
        fail(&mut circuit, Failure::BadAnswer, 0);
        fail(&mut circuit, Failure::NoAnswer, 0);
        let rest = Duration::from_millis(100);
        assert_eq!(fail(&mut circuit, Failure::BadAnswer, 0), Some(Change::PassedOver(rest)));
        assert_eq!((circuit.fitness(99), circuit.fitness(100)), (Fitness::Unwell, Fitness::Well));
        assert!(circuit.admit(50).is_ok());
        for _ in 0..100 {
            fail(&mut circuit, Failure::BadAnswer, 50);
        }
        assert_eq!(circuit.fitness(50), Fitness::Unwell);
        // A circuit that is found out to answer badly is closed, and passed over.
        for _ in 0..3 {
            fail(&mut circuit, Failure::NoAnswer, 400);
        }
        assert!(matches!(circuit.fitness(400), Fitness::Shut(_)));
        assert_eq!(fail(&mut circuit, Failure::BadAnswer, 2000), Some(Change::Closed));
        assert_eq!(circuit.fitness(2000), Fitness::Unwell);
    }

    #[test]
    fn looks_make_it_ill_and_well_again() {
        let mut circuit = Circuit::default();
        let mut look = |good, now| circuit.looked(good, 2, 3, now);
        assert_eq!([look(false, 0), look(true, 0), look(false, 0)], [None; 3]);
        assert_eq!(look(false, 0), Some(Change::Ill));
        assert_eq!([look(false, 0), look(true, 1), look(true, 2)], [None; 3]);
        assert_eq!(look(true, 3), Some(Change::Recovered));
        assert!(circuit.is_clear());
        circuit.looked(false, 1, 1, 5);
        assert_eq!(circuit.fitness(5), Fitness::Unwell);
        circuit.unlooked();
        assert!(circuit.is_clear(), "a check that was taken out of the document");
        for _ in 0..3 {
            fail(&mut circuit, Failure::NoAnswer, 10);
        }
        circuit.looked(false, 1, 1, 11);
        assert!(matches!(circuit.fitness(12), Fitness::Shut(_)));
        circuit.looked(true, 1, 1, 12);
        assert_eq!(circuit.fitness(12), Fitness::Due, "somebody is there again: found out at once");
    }

    proptest! {
        #[test]
        fn rests_grow_and_are_bounded(chances in prop::collection::vec(any::<u64>(), 1..40)) {
            let mut circuit = Circuit::default();
            let mut now = 0;
            for _ in 0..2 {
                fail(&mut circuit, Failure::NoAnswer, now);
            }
            for (spell, chance) in chances.into_iter().enumerate() {
                let leave = circuit.admit(now).unwrap();
                circuit.failed(leave, Failure::NoAnswer, &RULES, now, chance);
                let Fitness::Shut(rest) = circuit.fitness(now) else { panic!("not open") };
                let full = 100_u64 << spell.min(10);
                let full = Duration::from_millis(full.min(1000));
                prop_assert!(rest <= full && rest >= full * 4 / 5, "{rest:?} of {full:?}");
                now += u64::try_from(rest.as_millis()).unwrap();
            }
        }

        /// Whatever happens, an open circuit lets one call in at a time, and never for longer than the
        /// longest rest none.
        #[test]
        fn one_finds_out_and_nobody_waits_for_ever(deeds in prop::collection::vec((0..6_u8, 0..300_u64), 0..200)) {
            let mut circuit = Circuit::default();
            let mut out: Vec<Leave> = Vec::new();
            let mut now = 0;
            for (deed, pause) in deeds {
                now += pause;
                match (deed, out.pop()) {
                    (0, back) => {
                        out.extend(back);
                        if let Ok(leave) = circuit.admit(now) {
                            out.push(leave);
                        }
                    }
                    (1, Some(leave)) => {
                        let _ = circuit.succeeded(leave, now);
                    }
                    (2, Some(leave)) => {
                        let _ = circuit.failed(leave, Failure::NoAnswer, &RULES, now, pause);
                    }
                    (3, Some(leave)) => {
                        let _ = circuit.failed(leave, Failure::BadAnswer, &RULES, now, pause);
                    }
                    (4, Some(leave)) => circuit.abandoned(leave, now),
                    (_, back) => {
                        out.extend(back);
                        let _ = circuit.looked(pause % 2 == 0, 2, 2, now);
                    }
                }
                let finding_out = out.iter().filter(|leave| leave.finds_out && leave.term == circuit.term()).count();
                prop_assert!(finding_out <= 1);
                if finding_out == 0 {
                    prop_assert!(!matches!(circuit.fitness(now + 1000), Fitness::Shut(_)));
                }
            }
        }
    }
}
