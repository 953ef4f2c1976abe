//! A call until it has an answer: which endpoint, and what is tried when that one fails.
//!
//! At a provider with one endpoint this is one attempt. At one with several:
//!
//! - what could not be sent goes to another endpoint, whatever it is: nobody has seen it;
//! - what was sent and got no whole reply, or a reply that says that the endpoint cannot serve now
//!   (502, 503, 504), goes to another one if it may be [sent again](Again) and the budget pays for it;
//! - what only reads is also asked of another endpoint while the first is silent for longer than is
//!   usual, and whoever answers first is heard. To give the first one up instead would fail queries
//!   that are merely slow.
//!
//! Nothing begins after the errand's deadline, each endpoint is tried once, and of two failures the
//! one that may have done something is told.

use std::{pin::pin, sync::atomic::Ordering::Relaxed, time::Duration};

use http::StatusCode;
use tokio::time::sleep;

use super::{
    Again, Call, CallFault, Flow, Provider, Reply,
    balance::{self, Candidate, Wish},
    breaker::Fitness,
    deadline,
    standing::{Ticket, clock},
};
use crate::host::Beginning;

/// How much of a reply is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// All of it, within the deadline.
    Whole,
    /// Its head within the deadline, and then as much as is held.
    Beginning,
}

/// What came.
enum Got {
    Whole(Box<Reply>),
    Begun(Box<Flow>, Beginning),
}

impl Got {
    /// Whether it says that this endpoint cannot serve now, and another one may (RFC 9110 sections
    /// 15.6.3 to 15.6.5). A 500 is about the request as often as about the server.
    fn is_elsewhere(&self) -> bool {
        let status = match self {
            Self::Whole(reply) => reply.status,
            Self::Begun(flow, _) => flow.status(),
        };
        matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        )
    }
}

/// Which endpoints a call has tried, and whether any of them may have got it.
#[derive(Default)]
pub(super) struct Trail {
    tried: u32,
    sent: bool,
}

impl Trail {
    /// Of what is known by now, what counts: that something may have been done.
    fn fault(&self, fault: CallFault) -> CallFault {
        match fault {
            CallFault::TimedOut { .. } if self.sent => CallFault::TimedOut { sent: true },
            fault if self.sent && !fault.sent() => CallFault::Broken { sent: true },
            fault => fault,
        }
    }
}

impl Provider {
    /// Sends one request and reads its whole reply.
    ///
    /// # Errors
    /// Why there is none, and whether the request may have been done.
    pub async fn call(&self, call: Call<'_>) -> Result<Box<Reply>, CallFault> {
        match self.pursue(&call, Want::Whole).await? {
            Got::Whole(reply) => Ok(reply),
            Got::Begun(..) => Err(CallFault::Broken { sent: true }),
        }
    }

    /// Sends one request, and gives its reply as far as the call's limit holds it. The deadline is for
    /// the reply's head, and then for each piece.
    ///
    /// # Errors
    /// As [`Provider::call`].
    pub async fn flow(&self, call: Call<'_>) -> Result<(Flow, Beginning), CallFault> {
        match self.pursue(&call, Want::Beginning).await? {
            Got::Begun(flow, beginning) => Ok((*flow, beginning)),
            Got::Whole(_) => Err(CallFault::Broken { sent: true }),
        }
    }

    async fn pursue(&self, call: &Call<'_>, want: Want) -> Result<Got, CallFault> {
        if self.rules.alone {
            let (ticket, index) = self.choose(&mut Trail::default(), call.again)?;
            return self.attempt(ticket, index, call, want).await;
        }
        // Several endpoints are the rarer case, and what it takes is not carried by the others.
        Box::pin(self.pursue_among(call, want)).await
    }

    async fn pursue_among(&self, call: &Call<'_>, want: Want) -> Result<Got, CallFault> {
        self.upstream.budget.earn(&self.retry);
        let mut trail = Trail::default();
        let mut answered: Option<Got> = None;
        let mut why = None;
        loop {
            let chosen = self.choose(&mut trail, call.again);
            let (ticket, index) = match (chosen, answered, why) {
                (Ok(chosen), before, _) => {
                    answered = before;
                    chosen
                }
                (Err(_), Some(answered), _) => return Ok(answered),
                (Err(_), None, Some(why)) => return Err(trail.fault(why)),
                (Err(none), None, None) => return Err(none),
            };
            if answered.is_some() || trail.sent {
                if call.errand.left().is_zero() || !self.pays() {
                    return answered.ok_or_else(|| trail.fault(why.unwrap_or(CallFault::Unreachable)));
                }
                self.sends_again(call);
            }
            let outcome = match call.again {
                Again::Freely => self.beside(ticket, index, call, want, &mut trail).await,
                Again::AfterFailure | Again::Never => self.attempt(ticket, index, call, want).await,
            };
            match outcome {
                Ok(got) if got.is_elsewhere() && call.again != Again::Never => {
                    trail.sent = true;
                    answered = Some(got);
                }
                Ok(got) => return Ok(got),
                Err(fault) => {
                    trail.sent |= fault.sent();
                    why = Some(fault);
                    let last = fault == CallFault::TooLarge || trail.sent && call.again == Again::Never;
                    // A bad answer is better than none, and worse than nothing being sent twice.
                    if last || call.errand.left().is_zero() {
                        return answered.ok_or_else(|| trail.fault(fault));
                    }
                }
            }
        }
    }

    /// One attempt, and a second one beside it when the first is silent for too long.
    async fn beside(
        &self,
        ticket: Ticket,
        index: usize,
        call: &Call<'_>,
        want: Want,
        trail: &mut Trail,
    ) -> Result<Got, CallFault> {
        let mut first = pin!(self.attempt(ticket, index, call, want));
        tokio::select! {
            biased;
            outcome = &mut first => return outcome,
            () = sleep(self.rules.patience) => {}
        }
        let Ok((ticket, index)) = self.choose(trail, call.again) else { return first.await };
        if !self.pays() {
            return first.await;
        }
        self.sends_again(call);
        trail.sent = true;
        let mut second = pin!(self.attempt(ticket, index, call, want));
        // Whoever is dropped here was silent for that long, and its ticket says so.
        tokio::select! {
            biased;
            outcome = &mut first => match outcome {
                Ok(got) if !got.is_elsewhere() => Ok(got),
                failed => second.await.or(failed),
            },
            outcome = &mut second => match outcome {
                Ok(got) if !got.is_elsewhere() => Ok(got),
                failed => first.await.or(failed),
            },
        }
    }

    fn pays(&self) -> bool {
        self.upstream.budget.pay(&self.retry, clock())
    }

    fn sends_again(&self, call: &Call<'_>) {
        self.upstream.retries.fetch_add(1, Relaxed);
        call.errand.sends_again();
    }

    /// The endpoint to try now, and a place there.
    ///
    /// # Errors
    /// None may be tried, or too many calls are under way.
    pub(super) fn choose(&self, trail: &mut Trail, again: Again) -> Result<(Ticket, usize), CallFault> {
        loop {
            let index = if self.rules.alone {
                0
            } else {
                let now = clock();
                let mut stood =
                    [Candidate { fitness: Fitness::Due, weight: 0, load: 0 }; policies::MOST_ENDPOINTS];
                for (slot, endpoint) in stood.iter_mut().zip(&self.endpoints) {
                    *slot = endpoint.standing.candidate(endpoint.weight, now);
                }
                let stood = stood.get(..self.endpoints.len()).unwrap_or(&stood);
                let wish = Wish {
                    balance: self.balance,
                    turn: self.turn(),
                    tried: trail.tried,
                    may_find_out: again == Again::Freely,
                    chance: balance::chance(),
                };
                balance::choose(stood, wish).ok_or_else(|| self.shut(stood))?
            };
            let Some(endpoint) = self.endpoints.get(index) else { return Err(CallFault::Unreachable) };
            match endpoint.standing.enter(&self.rules) {
                Ok(ticket) => {
                    trail.tried |= 1 << index;
                    return Ok((ticket, index));
                }
                Err(CallFault::CircuitOpen { wait }) if self.rules.alone => {
                    return Err(self.counted_shut(wait));
                }
                // Another call took the one place meanwhile.
                Err(CallFault::CircuitOpen { .. }) => trail.tried |= 1 << index,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// That no endpoint may be tried, and when the first may.
    fn shut(&self, stood: &[Candidate]) -> CallFault {
        let waits = stood.iter().filter_map(|one| match one.fitness {
            Fitness::Shut(wait) => Some(wait),
            _ => None,
        });
        self.counted_shut(waits.min().unwrap_or(Duration::from_secs(1)))
    }

    fn counted_shut(&self, wait: Duration) -> CallFault {
        self.upstream.shut.fetch_add(1, Relaxed);
        CallFault::CircuitOpen { wait }
    }

    /// One endpoint, one answer.
    async fn attempt(
        &self,
        ticket: Ticket,
        index: usize,
        call: &Call<'_>,
        want: Want,
    ) -> Result<Got, CallFault> {
        let mut sent = false;
        let by = call.errand.deadline();
        if ticket.begun() >= by {
            return Err(CallFault::TimedOut { sent });
        }
        let outcome = match want {
            Want::Whole => {
                let whole = pin!(async {
                    let flow = self.ask(ticket, index, call, &mut sent).await?;
                    flow.whole(call.reply_limit).await
                });
                deadline::by(by, whole).await.map(|outcome| outcome.map(Got::Whole))
            }
            Want::Beginning => match deadline::by(by, pin!(self.ask(ticket, index, call, &mut sent))).await {
                Ok(Ok(mut flow)) => {
                    let beginning = flow.beginning(call.reply_limit).await;
                    Ok(beginning.map(|beginning| Got::Begun(flow, beginning)))
                }
                Ok(Err(fault)) => Ok(Err(fault)),
                Err(elapsed) => Err(elapsed),
            },
        };
        outcome.unwrap_or(Err(CallFault::TimedOut { sent }))
    }
}
