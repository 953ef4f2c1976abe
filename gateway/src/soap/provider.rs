//! Providers that speak SOAP: what they are asked, and what they answered.
//!
//! The wrapper's convention is the one in front (`adapters::soap`), so that a provider can be another of
//! these gateways; a service's document words it differently where the provider's own WSDL does. Records stand
//! in the contract's namespace either way: what a record looks like is the contract's to say.
//!
//! An answer is one of four things: a document, nothing, a fault, or no answer at all (another version, another
//! element, another exchange's X-Road id). A fault is never a yes whatever status it came with, and of its
//! words nothing is kept; when its detail holds a problem (RFC 9457), that problem's status says what a status
//! says elsewhere.

use adapters::{
    Limits,
    soap::{self, Content, Fault, Version},
    xroad,
};
use bytes::Bytes;
use contracts::Document;
use http::HeaderMap;
use policies::{Operation, OperationTerms, ServiceVersion, SoapVersion};
use uuid::Uuid;

use super::{ACTION, call::media};
use crate::{
    host::{
        fields::{self, Fields},
        has_coding,
    },
    stages::Granted,
};

/// What a message asks.
pub struct Question<'q, 'd> {
    /// The operation.
    pub operation: Operation,
    /// The key of the record it is about.
    pub id: Option<&'q str>,
    /// The record or records it carries.
    pub document: Option<&'q Document<'d>>,
    /// The officer who asks, for X-Road.
    pub officer: Option<&'q str>,
    /// The number of the case in which is asked, for X-Road.
    pub issue: Option<&'q str>,
    /// The exchange.
    pub exchange: Uuid,
}

/// A message, and how its answer will be known.
pub struct Message {
    /// `Content-Type`, `Accept` and the action.
    pub fields: Fields,
    /// The envelope.
    pub body: Bytes,
    /// What to expect.
    pub awaited: Awaited,
}

/// How an answer is known.
#[derive(Clone, Debug)]
pub struct Awaited {
    version: Version,
    namespace: String,
    response: String,
    /// The id that an X-Road provider gives back.
    message_id: Option<String>,
}

/// What a provider's message says.
#[derive(Clone, Debug)]
pub enum Said {
    /// A record or a collection, cut out of the message.
    Document(Bytes),
    /// Nothing: the answer's element is empty.
    Nothing,
    /// A fault.
    Fault(Fault),
}

/// Words a question for the provider of `granted`; none when it does not speak SOAP.
pub fn ask(granted: &Granted<'_>, terms: &OperationTerms, question: &Question<'_, '_>) -> Option<Message> {
    let version: &ServiceVersion = granted.version();
    let spoken = version.soap.as_ref()?;
    let contract = &version.contract;
    let shape = contract.shape();
    let soap_version = match spoken.version {
        SoapVersion::V1_1 => Version::V1_1,
        SoapVersion::V1_2 => Version::V1_2,
    };
    let namespace = spoken.namespace.as_deref().unwrap_or(&shape.namespace);
    let wording = &terms.wording;
    let by_convention = || soap::request_name(question.operation.as_str(), &shape.record);
    let request = wording.request.clone().unwrap_or_else(by_convention);
    let response = wording.response.clone().unwrap_or_else(|| soap::response_name(&request));
    let action = wording.action.clone().unwrap_or_else(|| soap::action(namespace, &request));

    let id = question.exchange.hyphenated().to_string();
    let header = version.xroad.as_ref().and_then(|names| {
        // Both were checked when the service's document was read.
        let client = names.client.parse().ok()?;
        let service: xroad::Identifier = names.service.parse().ok()?;
        Some(xroad::Header {
            client,
            service: Some(xroad::Identifier {
                service: Some(request.clone()),
                version: names.service_version.clone(),
                ..service
            }),
            id: id.clone(),
            user_id: question.officer.map(str::to_owned),
            issue: question.issue.map(str::to_owned),
            represented: None,
        })
    });
    let mut out = Vec::with_capacity(1024);
    let write_header = |out: &mut Vec<u8>| {
        if let Some(header) = &header {
            header.write(out);
        }
    };
    soap::write(soap_version, &mut out, write_header, |out| {
        soap::write_wrapper(namespace, &request, out, |out| {
            if let Some(id) = question.id {
                soap::write_text("id", id, out);
            }
            if question.operation == granted.routed().operation() && question.operation.reads_records() {
                filters(granted, out);
            }
            if let Some(document) = question.document {
                let mut alone = Vec::with_capacity(1024);
                adapters::write(policies::Format::Xml, document, contract, &mut alone);
                out.extend_from_slice(soap::embedded(&alone));
            }
        });
    });
    let content_type = match soap_version {
        Version::V1_1 => soap_version.content_type().to_owned(),
        Version::V1_2 => format!("{}; action=\"{action}\"", soap_version.content_type()),
    };
    let mut fields = Fields::new();
    fields.push(fields::CONTENT_TYPE, &content_type);
    fields.push(fields::ACCEPT, soap_version.media_type());
    if soap_version == Version::V1_1 {
        fields.push(ACTION, &format!("\"{action}\""));
    }
    let message_id = header.map(|header| header.id);
    let namespace = namespace.to_owned();
    let awaited = Awaited { version: soap_version, namespace, response, message_id };
    Some(Message { fields, body: out.into(), awaited })
}

/// The consumer's filters, the agreement's conditions that the provider can apply, and the point in time.
fn filters(granted: &Granted<'_>, out: &mut Vec<u8>) {
    let routed = granted.routed();
    for (name, value) in routed.filters() {
        soap::write_text(name, value, out);
    }
    for (name, value) in granted.grant().push_down {
        soap::write_text(name.as_str(), value, out);
    }
    if let Some(since) = routed.since() {
        soap::write_text("since", since, out);
    }
}

impl Awaited {
    /// Reads an answer.
    ///
    /// # Errors
    /// The rule by which it is no answer to what was asked.
    pub fn read(&self, headers: &HeaderMap, bytes: &[u8]) -> Result<Said, &'static str> {
        if has_coding(headers) {
            return Err("content-coding");
        }
        if media(headers).map(|(version, _)| version) != Some(self.version) {
            return Err("content-type");
        }
        let envelope = soap::read(bytes, &Limits::default()).map_err(|fault| fault.rule)?;
        if envelope.version != self.version {
            return Err("soap-version");
        }
        let element = match envelope.content {
            Content::Fault(fault) => return Ok(Said::Fault(fault)),
            Content::Element(element) => element,
        };
        if element.namespace != self.namespace || element.name != self.response {
            return Err("wrong-response");
        }
        // Who answers another exchange's message answers another caller.
        let id = envelope.xroad.as_ref().map(|header| header.id.as_str());
        if self.message_id.is_some() && id != self.message_id.as_deref() {
            return Err("xroad-id");
        }
        if envelope.signed {
            return Err("signed-document");
        }
        match element.parts.as_slice() {
            [] => Ok(Said::Nothing),
            [part] if part.nil => Ok(Said::Nothing),
            [part] => Ok(Said::Document(part.document().into())),
            _ => Err("soap-part"),
        }
    }
}
