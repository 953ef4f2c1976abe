//! What a message asks for, as the request of the plain interface that means the same.
//!
//! A message says some things twice: the operation in its body and in its action, the version in its media
//! type and in its envelope, purpose and officer in header blocks and in HTTP headers, the service in its
//! path and in X-Road's block. Whoever routes by one and whoever reads the other must see the same, so a
//! message that contradicts itself is refused, whichever half would have been allowed.

use adapters::{
    Limits,
    soap::{self, Content, Element, Part},
    xroad,
};
use bytes::Bytes;
use contracts::Shape;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use policies::{Operation, Service};
use ring::digest::{Digest, SHA256, digest};

use super::{ACTION, Dress, Version};
use crate::{refusal::Refusal, stated};

/// Bytes of a key or of a filter's value. The plain interface has both in a path that is capped as a whole.
const VALUE_CAP: usize = 1024;

/// The request that a message means.
#[derive(Debug)]
pub struct Meant {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    record: Bytes,
    size: usize,
    digest: Digest,
    pub(crate) dress: Dress,
}

impl Meant {
    /// The document that the message carries, cut out of it; empty when it carries none.
    pub fn record(&self) -> Bytes {
        self.record.clone()
    }

    /// How many bytes the message had.
    pub fn size(&self) -> usize {
        self.size
    }

    /// SHA-256 of the message.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// Where a message was sent.
pub struct Place<'p> {
    /// The service's path: `/api/G06/nhiem-vu/v1`.
    pub base: &'p str,
    /// The service.
    pub service: &'p Service,
    /// The contract version in the path.
    pub version: u32,
    /// The X-Road name of the member that provides it.
    pub provider: Option<&'p str>,
}

/// Reads `bytes`, sent with `headers`, as what they mean at `place`.
///
/// # Errors
/// Not a message of either version, not about an operation of the service, contradicting itself, or signed.
pub fn meant(place: &Place<'_>, headers: &HeaderMap, bytes: &Bytes) -> Result<Meant, Refusal> {
    let (version, action) = media(headers).ok_or(Refusal::MediaType)?;
    let envelope = soap::read(bytes, &Limits::default()).map_err(Refusal::Unreadable)?;
    if envelope.version != version {
        return Err(Refusal::Message { rule: "soap-version" });
    }
    if envelope.signed {
        // Its words would be judged and rewritten, and the signature would no longer be of what is forwarded.
        return Err(Refusal::Signed { rule: "signed-message" });
    }
    let Content::Element(element) = envelope.content else {
        return Err(Refusal::Message { rule: "unknown-operation" });
    };
    let mut merged = headers.clone();
    let stated = envelope.stated;
    merge(&mut merged, stated::PURPOSE, "Exchange/Purpose", stated.purpose)?;
    merge(&mut merged, stated::OFFICER, "Exchange/User", stated.user)?;
    merge(&mut merged, stated::ON_BEHALF_OF, "Exchange/OnBehalfOf", stated.on_behalf_of)?;
    merge(&mut merged, stated::IDEMPOTENCY_KEY, "Exchange/IdempotencyKey", stated.idempotency_key)?;
    if let Some(header) = &envelope.xroad {
        merge_xroad(&mut merged, header)?;
    }
    let whole =
        Whole { merged, xroad: envelope.xroad, version, size: bytes.len(), digest: digest(&SHA256, bytes) };

    let Some(offered) = place.service.version(place.version) else {
        // Any request for it is refused as being for a version that is not served, with the words for that.
        return Ok(whole.meaning(
            Method::GET,
            place.base,
            "records",
            None,
            &[],
            String::new(),
            String::new(),
        ));
    };
    let shape = offered.contract.shape();
    let operation = operation(shape, &element).ok_or(Refusal::Message { rule: "unknown-operation" })?;
    if !soap::action_names(&action, element.name) {
        return Err(Refusal::Message { rule: "soap-action" });
    }
    if let Some(asked) = whole.xroad.as_ref().and_then(|header| header.service.as_ref()) {
        let provider = place.provider.is_none_or(|provider| provider == asked.member_name());
        if !provider || asked.service.as_deref() != Some(element.name) {
            return Err(Refusal::Message { rule: "xroad-service" });
        }
    }
    let response = soap::response_name(element.name);
    let namespace = shape.namespace.clone();
    let parts = Parts { shape, parts: &element.parts };
    let ask = |method, target: &str, query, record: &[u8]| {
        Ok(whole.meaning(method, place.base, target, query, record, namespace, response))
    };
    match operation {
        Operation::Query => ask(Method::GET, "records", parts.query()?, &[]),
        Operation::Changes => ask(Method::GET, "changes", parts.query()?, &[]),
        Operation::Read => ask(Method::GET, &format!("records/{}", parts.only_id()?), None, &[]),
        Operation::Withdraw => {
            ask(Method::POST, &format!("records/{}/withdraw", parts.only_id()?), None, &[])
        }
        Operation::Submit => ask(Method::POST, "records", None, &parts.only_document()?),
        Operation::Verify => ask(Method::POST, "verify", None, &parts.only_document()?),
        Operation::Update => {
            let (id, document) = parts.id_and_document()?;
            ask(Method::PUT, &format!("records/{id}"), None, &document)
        }
    }
}

/// What every message has, whatever it asks for.
struct Whole {
    merged: HeaderMap,
    xroad: Option<xroad::Header>,
    version: Version,
    size: usize,
    digest: Digest,
}

impl Whole {
    #[allow(clippy::too_many_arguments, reason = "the parts of a request line, named where they are given")]
    fn meaning(
        self,
        method: Method,
        base: &str,
        target: &str,
        query: Option<String>,
        record: &[u8],
        namespace: String,
        response: String,
    ) -> Meant {
        Meant {
            method,
            path: format!("{base}/{target}"),
            query,
            headers: self.merged,
            record: Bytes::copy_from_slice(record),
            size: self.size,
            digest: self.digest,
            dress: Dress { version: self.version, namespace, response, xroad: self.xroad },
        }
    }
}

/// Version and action by the one `Content-Type` and, in 1.1, the `SOAPAction`; UTF-8 only.
pub(super) fn media(headers: &HeaderMap) -> Option<(Version, String)> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (media, parameters) = value.split_once(';').unwrap_or((value, ""));
    let media = media.trim();
    let version = [Version::V1_1, Version::V1_2]
        .into_iter()
        .find(|known| media.eq_ignore_ascii_case(known.media_type()))?;
    let mut action = None;
    // The parameters in use hold no semicolon: a charset's name and a URI.
    for parameter in parameters.split(';').map(str::trim).filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return None;
        }
        if name.trim().eq_ignore_ascii_case("action") && action.replace(value.to_owned()).is_some() {
            return None;
        }
    }
    let mut fields = headers.get_all(ACTION.as_str()).iter();
    if let Some(field) = fields.next() {
        let said = field.to_str().ok().filter(|_| fields.next().is_none())?;
        let said = said.trim().trim_matches('"').to_owned();
        // A 1.2 message has no such header; one that carries it must not say something else by it.
        if action.as_ref().is_some_and(|action| *action != said) {
            return None;
        }
        action = Some(said);
    }
    Some((version, action.unwrap_or_default()))
}

/// The operation whose element in the contract's namespace this is.
fn operation(shape: &Shape, element: &Element<'_>) -> Option<Operation> {
    let named = |operation: &Operation| soap::request_name(operation.as_str(), &shape.record) == element.name;
    Operation::ALL.into_iter().filter(|_| element.namespace == shape.namespace).find(named)
}

/// Adds what a header block states to the headers, unless they state something else.
fn merge(
    headers: &mut HeaderMap,
    name: &'static str,
    block: &'static str,
    said: Option<String>,
) -> Result<(), Refusal> {
    let Some(said) = said else { return Ok(()) };
    let value = HeaderValue::from_bytes(said.as_bytes()).map_err(|_| Refusal::Header { name: block })?;
    match headers.get(name) {
        Some(known) if *known == value => Ok(()),
        Some(_) => Err(Refusal::Contradiction { one: name, other: block }),
        None => {
            headers.insert(HeaderName::from_static(name), value);
            Ok(())
        }
    }
}

fn merge_xroad(headers: &mut HeaderMap, header: &xroad::Header) -> Result<(), Refusal> {
    let client = utf8_percent_encode(&header.client.to_string(), CLIENT).to_string();
    merge(headers, xroad::rest::CLIENT, "xroad:client", Some(client))?;
    merge(headers, xroad::rest::ID, "xroad:id", Some(header.id.clone()))?;
    merge(headers, xroad::rest::USER_ID, "xroad:userId", header.user_id.clone())?;
    merge(headers, xroad::rest::ISSUE, "xroad:issue", header.issue.clone())?;
    let party = header.represented.as_ref().map(xroad::Represented::as_text);
    merge(headers, xroad::rest::REPRESENTED_PARTY, "xroad:representedParty", party)
}

/// What stays itself in `X-Road-Client`.
const CLIENT: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the wrapper holds, in the contract's namespace.
struct Parts<'p, 'a> {
    shape: &'p Shape,
    parts: &'p [Part<'a>],
}

impl Parts<'_, '_> {
    /// Filters, limit and point in time as a query string. Which of them there may be is `route`'s to say.
    fn query(&self) -> Result<Option<String>, Refusal> {
        let mut query = String::new();
        for part in self.parts.iter().filter(|part| !part.nil) {
            let text = part.text.as_deref().filter(|text| text.len() <= VALUE_CAP).ok_or(WRONG)?;
            if part.namespace != self.shape.namespace {
                return Err(WRONG);
            }
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(utf8_percent_encode(part.name, NON_ALPHANUMERIC));
            query.push('=');
            query.extend(utf8_percent_encode(text, NON_ALPHANUMERIC));
        }
        Ok((!query.is_empty()).then_some(query))
    }

    fn only_id(&self) -> Result<String, Refusal> {
        match self.parts {
            [part] => self.id(part),
            _ => Err(WRONG),
        }
    }

    fn only_document(&self) -> Result<Vec<u8>, Refusal> {
        match self.parts {
            [part] => Ok(part.document()),
            _ => Err(WRONG),
        }
    }

    fn id_and_document(&self) -> Result<(String, Vec<u8>), Refusal> {
        match self.parts {
            [id, document] => Ok((self.id(id)?, document.document())),
            _ => Err(WRONG),
        }
    }

    /// A record's key as a segment of a path. The host refuses separators that come escaped in a path, since
    /// not every provider tells them from its own; a key that comes in a message is held to the same.
    fn id(&self, part: &Part<'_>) -> Result<String, Refusal> {
        if part.namespace != self.shape.namespace || part.name != "id" {
            return Err(WRONG);
        }
        let good = |text: &&str| !text.is_empty() && text.len() <= VALUE_CAP && !text.contains(['/', '\\']);
        let text = part.text.as_deref().filter(good);
        let text = text.ok_or_else(|| Refusal::Parameter { rule: "parameter", name: "id".to_owned() })?;
        Ok(utf8_percent_encode(text, NON_ALPHANUMERIC).to_string())
    }
}

/// The wrapper holds what its operation does not take, or lacks what it needs.
const WRONG: Refusal = Refusal::Message { rule: "soap-part" };
