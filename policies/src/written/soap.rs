//! `soap` and `xroad` of a service's version, and `soap` of an operation, as written.

use toml::Spanned;

use super::{Spelled, Table};
use crate::soap::{Soap, Wording, XRoad};

impl Soap {
    pub(super) fn read(table: Table<'_>) -> Self {
        let version = table.value("version").map(Spanned::into_inner);
        let namespace = table.value::<Namespace>("namespace").map(|name| name.into_inner().0);
        table.close();
        Self { version: version.unwrap_or_default(), namespace }
    }
}

impl Wording {
    pub(super) fn read(table: Table<'_>) -> Self {
        let action = table.value::<Namespace>("action").map(|action| action.into_inner().0);
        let request = table.value::<Element>("request").map(|name| name.into_inner().0);
        let response = table.value::<Element>("response").map(|name| name.into_inner().0);
        table.close();
        Self { action, request, response }
    }
}

impl XRoad {
    pub(super) fn read(table: Table<'_>) -> Option<Self> {
        let client = table.required("client", table.value::<Named>("client"));
        let service = table.required("service", table.value::<Named>("service"));
        let service_version = table.value::<Element>("service_version").map(|text| text.into_inner().0);
        table.close();
        Some(Self { client: client?.into_inner().0, service: service?.into_inner().0, service_version })
    }
}

/// A URI, as far as a header and an attribute can hold it.
struct Namespace(String);

impl Spelled for Namespace {
    const EXPECTED: (&'static str, &'static str) =
        ("một URI không có khoảng trắng", "a URI without white space");

    fn spelled(text: &str) -> Option<Self> {
        let good = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\');
        (!text.is_empty() && text.bytes().all(good)).then(|| Self(text.to_owned()))
    }
}

/// The name of an element.
struct Element(String);

impl Spelled for Element {
    const EXPECTED: (&'static str, &'static str) =
        ("tên phần tử XML, không có tiền tố", "the name of an XML element, without a prefix");

    fn spelled(text: &str) -> Option<Self> {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        (starts && text.bytes().all(good)).then(|| Self(text.to_owned()))
    }
}

/// An X-Road member or subsystem.
struct Named(String);

impl Spelled for Named {
    const EXPECTED: (&'static str, &'static str) = (
        "tên X-Road như `VN/GOV/G06` hoặc `VN/GOV/G06/lien-thong`",
        "an X-Road name such as `VN/GOV/G06` or `VN/GOV/G06/lien-thong`",
    );

    fn spelled(text: &str) -> Option<Self> {
        let good = |part: &str| {
            (1..=255).contains(&part.chars().count()) && !part.chars().any(|c| c.is_control() || c == ' ')
        };
        let parts: Vec<&str> = text.split('/').collect();
        (matches!(parts.len(), 3 | 4) && parts.into_iter().all(good)).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_messages_can_hold() {
        assert!(Namespace::spelled("http://example.vn/ws?x=1").is_some());
        assert!(Element::spelled("TraCuu_2").is_some() && Named::spelled("VN/GOV/G06/lien-thong").is_some());
        for bad in ["", "a b", "a\"b", "a<b", "a\nb"] {
            assert!(Namespace::spelled(bad).is_none() && Element::spelled(bad).is_none(), "{bad}");
        }
        for bad in ["", "1a", "a:b", "a/b", "đ"] {
            assert!(Element::spelled(bad).is_none(), "{bad}");
        }
        for bad in ["", "VN", "VN/GOV", "VN//G06", "VN/GOV/G06/a/b", "VN/GOV/G 06"] {
            assert!(Named::spelled(bad).is_none(), "{bad}");
        }
    }
}
