//! Documents that bear an XML signature (XMLDSig): found, and told whether their bytes may go on as they are.
//!
//! A signature is of bytes (or of their canonical form), so a document that is read and written anew has lost
//! it, silently if nobody looks. Readers therefore refuse a document in which they meet one, wherever it
//! stands and however it is written; who may carry signed documents unchanged asks here first and lets them
//! read the [`rest`](Signed::rest).
//!
//! Nothing here verifies a signature: whose keys count is for its reader. What is made sure of is that
//! whoever verifies it verifies *what was checked here*. The usual attack is wrapping: the signed element is
//! moved where nobody looks, and another one stands where it was. So a signature counts as
//! [`sound`](Signed::sound) only when
//!
//! - it stands directly inside the root, so that the root is what it is enveloped by;
//! - a `Reference` of its `SignedInfo`, the part that is signed, is to the whole document (`URI=""`), through
//!   no transform but the enveloped one and canonicalisation, which leave nothing out; every other one
//!   points into the document itself. (Those of a `Manifest` are not: nobody has to verify them.)
//! - it holds nothing but elements of signatures: none of the contract's, and none that nobody checked.
//!
//! What the document says without its signatures is then read under the same rules as any other.

use memchr::memmem;

use super::tokens::{Open, Space, Token, Tokens};
use crate::{
    Limits,
    unreadable::{Problem, Rule},
};

/// The namespace of XML signatures.
pub(crate) const NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";

const SIGNATURE: &str = "Signature";

/// What else signatures are made of: XMLDSig 1.1, exclusive canonicalisation's parameters, XAdES.
const PARTS: [&str; 4] = [
    "http://www.w3.org/2009/xmldsig11#",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://uri.etsi.org/01903/v1.3.2#",
    "http://uri.etsi.org/01903/v1.4.1#",
];

/// Transforms that leave nothing of a document out: the enveloped signature itself aside.
const WHOLE: [&str; 7] = [
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
];

/// A document that bears a signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Whether every signature is of the whole document, so that the bytes may be carried.
    pub sound: bool,
    /// The document with white space in the place of its signatures.
    pub rest: Vec<u8>,
}

/// The document in `bytes`, if it bears a signature anywhere. What cannot be read is its reader's to tell.
pub fn signed(bytes: &[u8], limits: &Limits) -> Option<Signed> {
    // Only a character reference can write the namespace without writing it.
    let suspect = [&b"xmldsig"[..], b"&#"].iter().any(|part| memmem::find(bytes, part).is_some());
    if suspect { survey(bytes, limits).ok().flatten() } else { None }
}

/// Whether `open`, which has just opened, is a signature.
pub(crate) fn is_signature(tokens: &Tokens<'_, '_>, open: Open<'_>) -> bool {
    open.local == SIGNATURE && tokens.name(open.space) == NAMESPACE
}

fn survey(bytes: &[u8], limits: &Limits) -> Result<Option<Signed>, Problem<'static>> {
    let mut tokens = Tokens::new(bytes, limits)?;
    let ours = tokens.announce(NAMESPACE);
    let others = PARTS.map(|name| tokens.announce(name));
    let mut found = Vec::new();
    let (mut depth, mut sound) = (0_usize, true);
    loop {
        match tokens.next()? {
            Token::Open(open) if open.space == ours && open.local == SIGNATURE => {
                let start = tokens.start();
                let covers = inspect(&mut tokens, ours, &others)?;
                sound &= depth == 1 && covers;
                found.push(start..tokens.end_of_last());
            }
            Token::Open(_) => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Text(_) => {}
            Token::End => break,
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    let mut rest = tokens.source().as_bytes().to_vec();
    for range in found {
        for byte in rest.get_mut(range).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    Ok(Some(Signed { sound, rest }))
}

/// Whether the signature that has just opened is sound in itself; reads it to its end.
fn inspect(tokens: &mut Tokens<'_, '_>, ours: Space, others: &[Space]) -> Result<bool, Problem<'static>> {
    let (mut covers, mut sound) = (false, true);
    let mut signed_infos = 0_usize;
    // The elements that are open inside the signature; nameless unless they are its own.
    let mut path: Vec<&str> = Vec::new();
    // Whether the reference that is open is to the whole document.
    let mut to_all = false;
    loop {
        match tokens.next()? {
            Token::Open(open) => {
                let own = open.space == ours;
                sound &= own || others.contains(&open.space);
                path.push(if own { open.local } else { "" });
                match path.as_slice() {
                    ["SignedInfo"] => signed_infos += 1,
                    ["SignedInfo", "Reference"] => match attribute(tokens, "URI").as_deref() {
                        Some("") => (covers, to_all) = (true, true),
                        Some(uri) if uri.starts_with('#') => to_all = false,
                        _ => sound = false,
                    },
                    ["SignedInfo", "Reference", .., "Transform"] if to_all => {
                        sound &= attribute(tokens, "Algorithm").is_some_and(|name| WHOLE.contains(&&*name));
                    }
                    // Another one inside: nobody can say which of the two is meant.
                    [.., SIGNATURE] => sound = false,
                    _ => {}
                }
            }
            Token::Close if path.pop().is_none() => break,
            Token::Close | Token::Text(_) => {}
            Token::End => return Err(Problem::new(Rule::NotWellFormed, tokens.start())),
        }
    }
    Ok(covers && sound && signed_infos == 1)
}

/// The attribute called `name`, which is in no namespace, of the element that has just opened.
fn attribute(tokens: &mut Tokens<'_, '_>, name: &str) -> Option<String> {
    let mut all = tokens.attributes().iter();
    let found = all.find(|attribute| attribute.space == Space::NONE && attribute.local == name);
    found.map(|attribute| attribute.value.clone().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "urn:lienthong:dataset:thu:1";

    fn signature(reference: &str, more: &str) -> String {
        format!(
            "<ds:Signature xmlns:ds='{NAMESPACE}'><ds:SignedInfo>{reference}</ds:SignedInfo>{more}</ds:Signature>"
        )
    }

    fn enveloped() -> String {
        format!(
            "<ds:Reference URI=''><ds:Transforms><ds:Transform Algorithm='{NAMESPACE}enveloped-signature'/><ds:Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/></ds:Transforms></ds:Reference>"
        )
    }

    fn found(document: &str) -> Option<Signed> {
        signed(document.as_bytes(), &Limits::default())
    }

    fn document(inside: &str) -> String {
        format!("<Thu xmlns='{CONTRACT}'><A>&#x110;</A>{inside}</Thu>")
    }

    #[test]
    fn what_is_left_is_the_document_in_its_places() {
        let text = document(&format!("{}<B>\n</B>", signature(&enveloped(), "")));
        let signed = found(&text).unwrap();
        assert!(signed.sound);
        let rest = String::from_utf8(signed.rest).unwrap();
        assert_eq!(rest.len(), text.len());
        assert!(!rest.contains("Signature") && rest.find("<B>") == text.find("<B>"), "{rest}");
        assert!(found(&document("")).is_none());
        assert!(found(&document("<Signature/><!-- xmldsig -->")).is_none(), "in another namespace");
    }

    #[test]
    fn a_signature_that_does_not_cover_everything_or_stands_elsewhere_is_not_sound() {
        let good = enveloped();
        let xpath = good.replace(
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
        );
        for (text, why) in [
            (document(&signature("", "")), "of nothing"),
            (document(&signature("<ds:Reference URI='#a'/>", "")), "of a part"),
            (
                document(&signature(&format!("{good}<ds:Reference URI='http://x/y'/>"), "")),
                "of something outside",
            ),
            (document(&signature(&format!("{good}<ds:Reference/>"), "")), "of who knows what"),
            (document(&signature(&xpath, "")), "of what a path selects"),
            (
                document(&signature(&good, &format!("<ds:Object><Thu xmlns='{CONTRACT}'/></ds:Object>"))),
                "with the original wrapped",
            ),
            (document(&signature(&good, &signature(&good, ""))), "with another inside"),
            (
                document(&signature(
                    "<ds:Reference URI='#m'/>",
                    &format!("<ds:Object><ds:Manifest Id='m'>{good}</ds:Manifest></ds:Object>"),
                )),
                "of a manifest, which nobody has to follow",
            ),
            (
                document(&signature("", &format!("<ds:Object>{good}</ds:Object>"))),
                "of nothing that is signed",
            ),
            (
                document(&signature(&good.replace("URI=''", "x:URI='' URI='#a' xmlns:x='urn:x'"), "")),
                "by an attribute of somebody's",
            ),
            (
                document(&signature("", "").replace(
                    "</ds:SignedInfo>",
                    &format!("</ds:SignedInfo><ds:SignedInfo>{good}</ds:SignedInfo>"),
                )),
                "of one of two things",
            ),
            (
                document(&signature(&good, "<ds:Object><x:A xmlns:x='urn:x'/></ds:Object>")),
                "with what nobody checked",
            ),
            (document(&format!("<B>{}</B>", signature(&good, ""))), "of a child"),
            (signature(&good, &format!("<ds:Object>{}</ds:Object>", document(""))), "that envelops"),
            (
                document(
                    &signature(&good, "")
                        .replace("xmldsig#'", "xmldsi&#x67;#'")
                        .replace("URI=''", "URI='#a'"),
                ),
                "whose namespace is veiled",
            ),
        ] {
            assert!(!found(&text).unwrap_or_else(|| panic!("{why}: {text}")).sound, "{why}: {text}");
        }
        let two = format!("{}{}", signature(&good, ""), signature("", ""));
        assert!(!found(&document(&two)).unwrap().sound, "all of them must be");
        let veiled = document(&signature(&good, "").replacen("xmldsig#", "xmldsi&#x67;#", 1));
        assert!(found(&veiled).unwrap().sound);
    }

    #[test]
    fn a_reference_into_the_signature_is_its_own_affair() {
        let properties = "<ds:Object Id='p'><x:SigningTime xmlns:x='http://uri.etsi.org/01903/v1.3.2#'>2026-11-21T00:00:00Z</x:SigningTime></ds:Object>";
        let text = document(&signature(&format!("{}<ds:Reference URI='#p'/>", enveloped()), properties));
        assert!(found(&text).unwrap().sound);
    }
}
