//! SOAP 1.1 envelopes, written and opened. No header is written and none is understood: what we speak
//! with needs none, and a header that *must* be understood is the answering side's to demand of us.

use crate::{
    unreadable::{Problem, Rule},
    xml::tokens::{Open, Space, Tokens},
};

type Result<T> = std::result::Result<T, Problem<'static>>;

/// The namespace of a SOAP 1.1 envelope.
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// Appends an envelope whose body `write` fills.
pub(crate) fn write(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"");
    out.extend_from_slice(ENVELOPE.as_bytes());
    out.extend_from_slice(b"\"><soapenv:Body>");
    write(out);
    out.extend_from_slice(b"</soapenv:Body></soapenv:Envelope>");
}

/// A SOAP message being read.
pub(crate) struct Message<'a, 'l> {
    tokens: Tokens<'a, 'l>,
    envelope: Space,
}

impl<'a, 'l> Message<'a, 'l> {
    pub fn new(mut tokens: Tokens<'a, 'l>) -> Self {
        let envelope = tokens.announce(ENVELOPE);
        Self { tokens, envelope }
    }

    /// The one element in the body, just opened. A fault is an error of its own, so that nobody takes
    /// it for an answer.
    pub fn payload(&mut self) -> Result<Open<'a>> {
        let envelope = self.tokens.root()?;
        self.expect(envelope, "Envelope")?;
        let mut part = self.child()?;
        if part.space == self.envelope && part.local == "Header" {
            self.tokens.skip()?;
            part = self.child()?;
        }
        self.expect(part, "Body")?;
        let payload = self.child()?;
        if payload.space == self.envelope {
            let rule = if payload.local == "Fault" { Rule::SoapFault } else { Rule::WrongRoot };
            return Err(Problem::new(rule, self.tokens.start()));
        }
        Ok(payload)
    }

    /// What is inside the payload: read until it closes.
    pub fn tokens(&mut self) -> &mut Tokens<'a, 'l> {
        &mut self.tokens
    }

    /// The rest after the payload has closed: nothing but the ends of body and envelope.
    pub fn finish(mut self) -> Result<()> {
        for _end_of_body_then_envelope in 0..2 {
            if self.tokens.next_child()?.is_some() {
                return Err(Problem::new(Rule::WrongRoot, self.tokens.start()));
            }
        }
        self.tokens.end()
    }

    fn child(&mut self) -> Result<Open<'a>> {
        self.tokens.next_child()?.ok_or(Problem::new(Rule::WrongRoot, self.tokens.start()))
    }

    fn expect(&self, open: Open<'a>, local: &str) -> Result<()> {
        if open.space == self.envelope && open.local == local {
            return Ok(());
        }
        Err(Problem::new(Rule::WrongRoot, self.tokens.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn payload(text: &str) -> std::result::Result<String, &'static str> {
        let limits = Limits::default();
        let read = || -> Result<String> {
            let mut message = Message::new(Tokens::new(text.as_bytes(), &limits)?);
            let payload = message.payload()?;
            message.tokens().skip()?;
            message.finish()?;
            Ok(payload.local.to_owned())
        };
        read().map_err(|problem| problem.rule.code())
    }

    #[test]
    fn the_payload_is_found_whatever_the_prefix() {
        let mut out = Vec::new();
        write(&mut out, |out| out.extend_from_slice(b"<a><b/></a>"));
        assert_eq!(payload(std::str::from_utf8(&out).unwrap()).unwrap(), "a");
        let text = format!(
            "<E:Envelope xmlns:E='{ENVELOPE}'>\n<E:Header><x/></E:Header>\n<E:Body> <a/> </E:Body></E:Envelope>"
        );
        assert_eq!(payload(&text).unwrap(), "a");
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let within = |body: &str| format!("<s:Envelope xmlns:s='{ENVELOPE}'>{body}</s:Envelope>");
        for (text, rule) in [
            ("<Envelope><Body><a/></Body></Envelope>".into(), "wrong-root"),
            (within(""), "wrong-root"),
            (within("<s:Body/>"), "wrong-root"),
            (within("<Body><a/></Body>"), "wrong-root"),
            (within("<s:Body><a/><b/></s:Body>"), "wrong-root"),
            (within("<s:Body><a/></s:Body><s:Body/>"), "wrong-root"),
            (within("<s:Header/><s:Header/><s:Body><a/></s:Body>"), "wrong-root"),
            (within("<s:Body>x<a/></s:Body>"), "mixed-content"),
            (within("<s:Body><a/>x</s:Body>"), "mixed-content"),
            (within("<s:Body><s:Fault><faultcode>s:Server</faultcode></s:Fault></s:Body>"), "soap-fault"),
            ("<html/>".into(), "wrong-root"),
            (String::new(), "not-well-formed"),
        ] {
            assert_eq!(payload(&text), Err(rule), "{text}");
        }
    }
}
