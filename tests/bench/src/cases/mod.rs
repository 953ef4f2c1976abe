//! The cases of requests: what is asked, what the provider answers, what the gateway makes of it.

mod datasets;
mod filtered;
mod passed;
mod released;
mod submitted;
mod translated;

use std::sync::Arc;

use crate::{documents::Exchange, load::Question, pki, rivals::Kind, upstream::Answer};

/// One kind of exchange.
pub struct Case {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What the gateway does in it, and what the others do instead.
    pub about: &'static str,
    /// The gateway's documents.
    pub exchange: Exchange,
    /// What follows the path of the records.
    below: &'static str,
    /// What is sent.
    sent: Option<Sent>,
    /// What the provider answers.
    pub answer: Answer,
    /// What the consumer is answered by the gateway; by the others, what the provider answers.
    released: Vec<u8>,
    /// What the gateway forwards to the provider; the others forward what was sent.
    pub forwarded: Vec<u8>,
}

/// A body that is sent.
struct Sent {
    media_type: &'static str,
    body: Vec<u8>,
}

impl Case {
    /// All, in the order of tables.
    pub fn all() -> Vec<Self> {
        vec![passed::case(), released::case(), submitted::case(), translated::case(), filtered::case()]
    }

    /// The one that measurements of something else than requests ask.
    pub fn small() -> Self {
        passed::case()
    }

    /// The one whose agreement names fields.
    pub fn named() -> Self {
        released::case()
    }

    /// The same with a field more in its agreement.
    pub fn wider() -> Self {
        released::wider()
    }

    /// What is asked of a server of this kind at the service with this number.
    pub fn question(&self, kind: Kind, service: usize) -> Question {
        let (method, body) = match &self.sent {
            Some(sent) => {
                let Sent { media_type, body } = sent;
                let length = body.len();
                ("POST", (format!("Content-Type: {media_type}\r\nContent-Length: {length}\r\n"), &**body))
            }
            None => ("GET", (String::new(), &b""[..])),
        };
        let head = format!(
            "{method} {}{} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nLt-Purpose: do-hieu-nang\r\n{}\r\n",
            self.exchange.path(service),
            self.below,
            pki::SERVER,
            body.0
        );
        let status = self.answer.status.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or_default();
        let answer = if kind == Kind::Gateway { &self.released } else { &self.answer.body };
        Question { request: [head.as_bytes(), body.1].concat(), status, answers: vec![answer.clone()] }
    }

    /// The one question of this case.
    pub fn questions(&self, kind: Kind) -> Arc<[Question]> {
        vec![self.question(kind, 0)].into()
    }
}
