//! WSDL 1.1 of an offer: document/literal, wrapped, bound to SOAP 1.1 and 1.2.
//!
//! The names are [`adapters::soap`]'s, which answers the calls. The types of records are the XML Schema of
//! the same view that every other description is made of; the wrappers stand in that schema, beside the
//! records they hold, since both are in the contract's namespace.
//!
//! One schema can describe one view. A caller that sends whole records and is given part of them back, or
//! is given different parts under different agreements, has more than one: then the schema is that of what
//! is sent (or of the first view), and the answers that differ from it are `xs:any`, for the toolkit to
//! hand over as they come.

use std::fmt::Write;

use adapters::soap;
use contracts::{Format, Language, View, description};
use policies::Operation;

use super::{Offer, Offered};

/// Describes `offer` at `authority` (host and port); nothing when none of it may be asked by SOAP.
pub fn describe(offer: &Offer<'_>, authority: &str, language: Language) -> Option<String> {
    let asked = offer.operations.iter().filter(|offered| offered.formats.contains(&Format::Soap));
    let asked: Vec<&Offered<'_>> = asked.collect();
    if asked.is_empty() {
        return None;
    }
    let main = if asked.iter().any(|offered| offered.sent.is_some()) {
        offer.contract.whole_view()
    } else {
        asked.iter().find_map(|offered| offered.replies.first())?.view.clone()
    };
    let writer = Writer { offer, asked, main, authority, language };
    Some(writer.document())
}

struct Writer<'o> {
    offer: &'o Offer<'o>,
    asked: Vec<&'o Offered<'o>>,
    /// What the schema of the contract's namespace describes.
    main: View,
    authority: &'o str,
    language: Language,
}

/// What an operation answers with.
enum Answer<'o> {
    /// Records as the schema has them.
    Known,
    /// Records of a contract of their own.
    Other(&'o super::Reply<'o>),
    /// Records of another form than the schema's.
    Any,
}

impl<'o> Writer<'o> {
    fn document(&self) -> String {
        let namespace = escape(&self.main.shape.namespace);
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" \
             xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" \
             xmlns:soap12=\"http://schemas.xmlsoap.org/wsdl/soap12/\" \
             xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:tns=\"{namespace}\" \
             xmlns:lt=\"{EXCHANGE}\" xmlns:p=\"{PROBLEM}\" name=\"{name}\" targetNamespace=\"{namespace}\">\n\
             <wsdl:documentation>{told}</wsdl:documentation>\n<wsdl:types>\n",
            EXCHANGE = soap::EXCHANGE_NAMESPACE,
            PROBLEM = soap::PROBLEM_NAMESPACE,
            name = self.name(),
            told = escape(&self.told()),
        );
        self.types(&mut out);
        out.push_str("</wsdl:types>\n");
        self.messages(&mut out);
        self.port_type(&mut out);
        self.binding(&mut out, "Soap11", "soap");
        self.binding(&mut out, "Soap12", "soap12");
        let address = escape(&format!("https://{}{}/soap", self.authority, self.offer.base));
        let _ = writeln!(out, "<wsdl:service name=\"{}\">", self.name());
        for (port, prefix) in [("Soap11", "soap"), ("Soap12", "soap12")] {
            let _ = writeln!(
                out,
                "<wsdl:port name=\"{port}\" binding=\"tns:{port}\"><{prefix}:address location=\"{address}\"/></wsdl:port>"
            );
        }
        out.push_str("</wsdl:service>\n</wsdl:definitions>\n");
        out
    }

    /// The service's name, or the dataset's.
    fn name(&self) -> String {
        let name = self.offer.service.clone().unwrap_or_else(|| self.offer.contract.id().dataset.to_string());
        // A member's code may hold dots and a service's name hyphens: both may stand in a name of XML.
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("S{name}") }
    }

    fn told(&self) -> String {
        let (title, id) = (self.offer.title.get(self.language), self.offer.contract.id());
        let caution = self.offer.contract.status().caution();
        let caution = caution.map(|caution| format!("{} ", caution.get(self.language))).unwrap_or_default();
        let mut told = format!("{caution}{title} ({id})");
        let say = |vi: &'static str, en: &'static str| super::openapi::say(self.language, vi, en);
        if let Some(day) = &self.offer.deprecated_from {
            let _ = write!(told, ". {} {day}", say("Nên chuyển phiên bản từ ngày", "Deprecated from"));
        }
        if let Some(day) = &self.offer.retired_from {
            let _ = write!(told, ". {} {day}", say("Ngừng phục vụ từ ngày", "Gone from"));
        }
        told
    }

    fn answer(&self, offered: &'o Offered<'o>) -> Answer<'o> {
        match &*offered.replies {
            [only] if only.view.shape.namespace != self.main.shape.namespace => Answer::Other(only),
            [only] if only.view.schema == self.main.schema => Answer::Known,
            _ => Answer::Any,
        }
    }

    fn request(&self, offered: &Offered<'_>) -> String {
        soap::request_name(offered.operation.as_str(), &self.offer.contract.shape().record)
    }

    fn types(&self, out: &mut String) {
        // Contracts of answers first: the main schema imports them.
        let mut others: Vec<&super::Reply<'_>> = Vec::new();
        for offered in &self.asked {
            if let Answer::Other(reply) = self.answer(offered)
                && others.iter().all(|known| known.view.shape.namespace != reply.view.shape.namespace)
            {
                others.push(reply);
            }
        }
        for reply in &others {
            out.push_str(body(&description::xsd(reply.contract, &reply.view).document));
        }
        let schema = description::xsd(self.offer.contract, &self.main).document;
        let schema = body(&schema);
        // Imports stand first in a schema, and the wrappers may stand last.
        let (start, rest) =
            schema.find('>').and_then(|at| schema.split_at_checked(at + 1)).unwrap_or((schema, ""));
        let (inside, end) =
            rest.rfind("</xs:schema").and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        out.push_str(start);
        out.push('\n');
        for reply in &others {
            let _ = writeln!(out, "<xs:import namespace=\"{}\"/>", escape(&reply.view.shape.namespace));
        }
        out.push_str(inside);
        for offered in &self.asked {
            self.wrappers(out, offered);
        }
        out.push_str(end);
        self.exchange(out);
        out.push_str(PROBLEM_SCHEMA);
    }

    fn wrappers(&self, out: &mut String, offered: &'o Offered<'o>) {
        let operation = offered.operation;
        let request = self.request(offered);
        let (record, collection) = (&self.main.shape.record, &self.main.shape.collection);
        let part = |name: &str, kind: &str, least: u8| {
            format!("<xs:element name=\"{}\" type=\"xs:{kind}\" minOccurs=\"{least}\"/>", escape(name))
        };
        let either = |least: u8| {
            format!(
                "<xs:choice minOccurs=\"{least}\"><xs:element ref=\"tns:{record}\"/><xs:element ref=\"tns:{collection}\"/></xs:choice>"
            )
        };
        let one = |name: &str, least: u8| format!("<xs:element ref=\"tns:{name}\" minOccurs=\"{least}\"/>");
        let asked = match operation {
            Operation::Query | Operation::Changes => {
                let filters = offered.filters.iter().map(|field| part(field.as_str(), "string", 0));
                let limit = part("limit", "positiveInteger", 0);
                let since = (operation == Operation::Changes).then(|| part("since", "string", 0));
                filters.chain([limit]).chain(since).collect()
            }
            Operation::Read | Operation::Withdraw => part("id", "string", 1),
            Operation::Submit => either(1),
            Operation::Update => format!("{}{}", part("id", "string", 1), one(record, 1)),
            Operation::Verify => one(record, 1),
        };
        let answered = match (self.answer(offered), operation) {
            (Answer::Any, _) => {
                "<xs:any namespace=\"##any\" processContents=\"skip\" minOccurs=\"0\"/>".to_owned()
            }
            (Answer::Other(reply), _) => format!(
                "<xs:element xmlns:r=\"{}\" ref=\"r:{}\"/>",
                escape(&reply.view.shape.namespace),
                reply.view.shape.record
            ),
            (Answer::Known, Operation::Query | Operation::Changes) => one(collection, 1),
            (Answer::Known, Operation::Submit) => either(0),
            (Answer::Known, Operation::Read | Operation::Verify) => one(record, 1),
            (Answer::Known, Operation::Update | Operation::Withdraw) => one(record, 0),
        };
        for (name, content) in [(&request, asked), (&soap::response_name(&request), answered)] {
            let _ = writeln!(
                out,
                "<xs:element name=\"{name}\"><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>"
            );
        }
    }

    /// The header block, with the purposes that the caller may choose from.
    fn exchange(&self, out: &mut String) {
        let mut purposes: Vec<&str> = Vec::new();
        for (code, _) in self.asked.iter().flat_map(|offered| &offered.purposes) {
            if !purposes.contains(&code.as_str()) {
                purposes.push(code);
            }
        }
        let purpose = if purposes.is_empty() {
            "<xs:element name=\"Purpose\" type=\"xs:string\" minOccurs=\"0\"/>".to_owned()
        } else {
            let values: String =
                purposes.iter().map(|code| format!("<xs:enumeration value=\"{}\"/>", escape(code))).collect();
            format!(
                "<xs:element name=\"Purpose\" minOccurs=\"0\"><xs:simpleType><xs:restriction base=\"xs:string\">{values}</xs:restriction></xs:simpleType></xs:element>"
            )
        };
        let _ = writeln!(
            out,
            "<xs:schema targetNamespace=\"{}\" elementFormDefault=\"qualified\">\n\
             <xs:element name=\"{}\"><xs:complexType><xs:sequence>{purpose}\
             <xs:element name=\"User\" type=\"xs:string\" minOccurs=\"0\"/>\
             <xs:element name=\"OnBehalfOf\" type=\"xs:string\" minOccurs=\"0\"/>\
             <xs:element name=\"IdempotencyKey\" type=\"xs:string\" minOccurs=\"0\"/>\
             </xs:sequence></xs:complexType></xs:element>\n</xs:schema>",
            soap::EXCHANGE_NAMESPACE,
            soap::EXCHANGE
        );
    }

    fn messages(&self, out: &mut String) {
        let mut message = |name: &str, part: &str, element: &str| {
            let _ = writeln!(
                out,
                "<wsdl:message name=\"{name}\"><wsdl:part name=\"{part}\" element=\"{element}\"/></wsdl:message>"
            );
        };
        for offered in &self.asked {
            let request = self.request(offered);
            let response = soap::response_name(&request);
            message(&request, "parameters", &format!("tns:{request}"));
            message(&response, "parameters", &format!("tns:{response}"));
        }
        message("Exchange", "Exchange", &format!("lt:{}", soap::EXCHANGE));
        message("Problem", "problem", "p:problem");
    }

    fn port_type(&self, out: &mut String) {
        out.push_str("<wsdl:portType name=\"Port\">\n");
        for offered in &self.asked {
            let request = self.request(offered);
            let _ = writeln!(
                out,
                "<wsdl:operation name=\"{request}\"><wsdl:input message=\"tns:{request}\"/>\
                 <wsdl:output message=\"tns:{}\"/><wsdl:fault name=\"Problem\" message=\"tns:Problem\"/></wsdl:operation>",
                soap::response_name(&request)
            );
        }
        out.push_str("</wsdl:portType>\n");
    }

    fn binding(&self, out: &mut String, name: &str, prefix: &str) {
        let _ = writeln!(
            out,
            "<wsdl:binding name=\"{name}\" type=\"tns:Port\">\
             <{prefix}:binding style=\"document\" transport=\"http://schemas.xmlsoap.org/soap/http\"/>"
        );
        for offered in &self.asked {
            let request = self.request(offered);
            let action = escape(&soap::action(&self.main.shape.namespace, &request));
            let _ = writeln!(
                out,
                "<wsdl:operation name=\"{request}\"><{prefix}:operation soapAction=\"{action}\" style=\"document\"/>\
                 <wsdl:input><{prefix}:header message=\"tns:Exchange\" part=\"Exchange\" use=\"literal\"/>\
                 <{prefix}:body use=\"literal\" parts=\"parameters\"/></wsdl:input>\
                 <wsdl:output><{prefix}:body use=\"literal\"/></wsdl:output>\
                 <wsdl:fault name=\"Problem\"><{prefix}:fault name=\"Problem\" use=\"literal\"/></wsdl:fault></wsdl:operation>"
            );
        }
        out.push_str("</wsdl:binding>\n");
    }
}

/// A schema document without its XML declaration.
fn body(document: &str) -> &str {
    document.split_once("?>").map_or(document, |(_, rest)| rest.trim_start())
}

/// A problem as RFC 9457 appendix B and `problem` write it.
const PROBLEM_SCHEMA: &str = "\
<xs:schema xmlns:p=\"urn:ietf:rfc:7807\" targetNamespace=\"urn:ietf:rfc:7807\" elementFormDefault=\"qualified\">
<xs:element name=\"problem\"><xs:complexType><xs:sequence>\
<xs:element name=\"type\" type=\"xs:anyURI\"/><xs:element name=\"title\" type=\"xs:string\"/>\
<xs:element name=\"detail\" type=\"xs:string\"/><xs:element name=\"status\" type=\"xs:integer\"/>\
<xs:element name=\"exchange\" type=\"xs:string\"/><xs:element name=\"fault\" type=\"xs:string\"/>\
<xs:element name=\"rule\" type=\"xs:string\"/>\
<xs:element name=\"violations\" minOccurs=\"0\"><xs:complexType><xs:sequence>\
<xs:element name=\"i\" maxOccurs=\"unbounded\"><xs:complexType><xs:sequence>\
<xs:element name=\"path\" type=\"xs:string\"/><xs:element name=\"rule\" type=\"xs:string\"/>\
<xs:element name=\"message\" type=\"xs:string\"/></xs:sequence></xs:complexType></xs:element>\
</xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>
";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
