//! A caller asks, and everything that can be seen from outside is gathered into a [`Step`].

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use support::{Answer, Ask, Http, Identity, Sandbox, Seen, curl};

/// Where journeys happen, and who hears of them.
pub struct Scene<'s> {
    /// The running sandbox.
    pub sandbox: &'s Sandbox,
    /// How callers speak.
    pub voice: Voice,
    /// Hears each step.
    pub tell: &'s mut dyn FnMut(&Step),
}

/// Whose HTTP and TLS a caller speaks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// The tests' own client.
    Own(Http),
    /// `curl`: another HTTP, another TLS.
    Curl(Http),
}

/// One request and all that came of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Who asked: `H26/quan-ly-khcn`.
    pub caller: String,
    /// What was asked.
    pub ask: Ask,
    /// What came back.
    pub answer: Answer,
    /// What reached providers meanwhile, with the provider's name.
    pub seen: Vec<(String, Seen)>,
    /// The journal's record of the exchange.
    pub record: Value,
}

impl Scene<'_> {
    /// `system` asks.
    ///
    /// # Errors
    /// When no answer comes, or the journal has no record of the exchange.
    pub fn ask(&mut self, system: &str, ask: Ask) -> Result<Step> {
        let identity = self.sandbox.identity(system)?;
        self.ask_as(system, &identity, ask)
    }

    /// A caller with `identity` asks; `name` is what the story calls it.
    ///
    /// # Errors
    /// As [`Scene::ask`].
    pub fn ask_as(&mut self, name: &str, identity: &Identity, ask: Ask) -> Result<Step> {
        let before = self.seen()?;
        let answer = self.answer(identity, &ask).with_context(|| format!("{name}: {}", ask.line()))?;
        self.gather(name, ask, answer, before.len())
    }

    /// What a caller with `identity` is answered; no step is made of it.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn answer(&self, identity: &Identity, ask: &Ask) -> Result<Answer> {
        match self.voice {
            Voice::Own(http) => self.sandbox.caller(identity, http)?.ask(ask.clone()),
            Voice::Curl(http) => curl::ask(self.sandbox.address, &self.sandbox.pki.ca(), identity, http, ask),
        }
    }

    /// Makes a step of an answer that came by another way (a connection kept open), when
    /// providers had seen `before` requests until then.
    ///
    /// # Errors
    /// When the journal has no record of the exchange.
    pub fn gather(&mut self, name: &str, ask: Ask, answer: Answer, before: usize) -> Result<Step> {
        let seen = self.seen()?.split_off(before);
        let record = self.record(answer.header("lt-exchange-id"))?;
        let step = Step { caller: name.to_owned(), ask, answer, seen, record };
        (self.tell)(&step);
        Ok(step)
    }

    /// How many requests providers have seen since they were reset.
    ///
    /// # Errors
    /// When a neighbour does not answer.
    pub fn seen_so_far(&self) -> Result<usize> {
        Ok(self.seen()?.len())
    }

    /// The journal's record of an exchange.
    ///
    /// # Errors
    /// When there is none.
    pub fn record(&self, exchange: &str) -> Result<Value> {
        ensure!(!exchange.is_empty(), "the answer names no exchange (`Lt-Exchange-Id`)");
        let settings = self.sandbox.documents.settings();
        let arguments = ["journal", "query", "--json", "--exchange", exchange, "-c"];
        let found = self.sandbox.lienthong(&[&arguments[..], &[&*settings.to_string_lossy()]].concat())?;
        let line = found.out.lines().next().with_context(|| format!("no record of {exchange}: {found:?}"))?;
        serde_json::from_str(line).with_context(|| format!("the record of {exchange}: {line}"))
    }

    /// In the order of the neighbours, then of arrival.
    fn seen(&self) -> Result<Vec<(String, Seen)>> {
        let mut all = Vec::new();
        for neighbour in self.sandbox.neighbours() {
            all.extend(neighbour.seen()?.into_iter().map(|seen| (neighbour.system.clone(), seen)));
        }
        Ok(all)
    }
}

impl Step {
    /// The exchange was allowed by `agreement` and answered with `status`, and recorded so.
    ///
    /// # Errors
    /// What differs.
    pub fn granted(&self, status: u16, agreement: &str) -> Result<&Self> {
        self.status_is(status)?;
        self.recorded("decision", &Value::from("granted"))?;
        self.recorded("status", &Value::from(status))?;
        self.recorded("agreement", &Value::from(agreement))?;
        self.recorded("caller", &Value::from(self.caller.as_str()))?;
        Ok(self)
    }

    /// It was refused with this status, `type`, rule and fault, and recorded so.
    ///
    /// # Errors
    /// What differs.
    pub fn refused(&self, status: u16, kind: &str, rule: &str, fault: &str) -> Result<&Self> {
        self.status_is(status)?;
        let (media, problem) = (self.answer.header("content-type"), self.answer.json());
        ensure!(
            media.starts_with("application/problem+json"),
            "a refusal came as `{media}`: {}",
            self.answer.text()
        );
        let stated = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        let told = [
            ("type", stated("type").rsplit(':').next().unwrap_or_default(), kind),
            ("rule", stated("rule"), rule),
            ("fault", stated("fault"), fault),
        ];
        for (name, is, must) in told {
            ensure!(is == must, "`{name}` is `{is}`, not `{must}`: {problem}");
        }
        ensure!(
            stated("exchange") == self.answer.header("lt-exchange-id"),
            "the problem names another exchange: {problem}"
        );
        ensure!(problem["status"] == status, "the problem states another status: {problem}");
        ensure!(
            !stated("title").is_empty() && !stated("detail").is_empty(),
            "the problem explains nothing: {problem}"
        );
        self.recorded("decision", &Value::from("refused"))?;
        // The journal files a refusal under its type; a finer rule stands beside it as the cause.
        self.recorded("rule", &Value::from(kind))?;
        if rule != kind {
            self.recorded("cause", &Value::from(rule))?;
        }
        self.recorded("fault", &Value::from(fault))?;
        self.recorded("status", &Value::from(status))?;
        Ok(self)
    }

    /// No provider saw anything of it.
    ///
    /// # Errors
    /// What one saw.
    pub fn unseen(&self) -> Result<&Self> {
        ensure!(self.seen.is_empty(), "a provider saw it: {:?}", self.seen);
        Ok(self)
    }

    /// The one request that reached `provider`.
    ///
    /// # Errors
    /// When there was none, or more, or another provider saw something.
    pub fn seen_by(&self, provider: &str) -> Result<&Seen> {
        match self.seen.as_slice() {
            [(system, seen)] if system == provider => Ok(seen),
            other => bail!("{provider} should have seen one request, not {other:?}"),
        }
    }

    /// A member of the journal's record.
    ///
    /// # Errors
    /// When it differs.
    pub fn recorded(&self, name: &str, value: &Value) -> Result<&Self> {
        ensure!(
            self.record.get(name) == Some(value),
            "the record's `{name}` is not {value}: {}",
            self.record
        );
        Ok(self)
    }

    /// None of `texts` stands anywhere in the answer or in the journal's record.
    ///
    /// # Errors
    /// Which one does.
    pub fn hides(&self, texts: &[&str]) -> Result<&Self> {
        let (body, record) = (self.answer.text(), self.record.to_string());
        let headers = format!("{:?}", self.answer.headers);
        for text in texts {
            for (place, content) in [("answer", &body), ("headers", &headers), ("record", &record)] {
                ensure!(!content.contains(text), "`{text}` stands in the {place}: {content}");
            }
        }
        Ok(self)
    }

    fn status_is(&self, status: u16) -> Result<()> {
        let Answer { status: is, .. } = self.answer;
        ensure!(
            is == status,
            "{} {}: status {is}, not {status}: {}",
            self.caller,
            self.ask.line(),
            self.answer.text()
        );
        Ok(())
    }
}
