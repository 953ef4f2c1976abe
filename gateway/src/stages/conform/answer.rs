//! Whether a provider said yes, and in the form that was agreed: told by status, fault and header fields,
//! before anything is read of the body.

use adapters::soap::{Fault, FaultCode};
use contracts::Encoding;
use http::{HeaderMap, StatusCode, header};
use policies::{Format, Operation};

use crate::{host::has_coding, negotiation::content_format, refusal::Refusal, stages::text};

/// Whether a status says that what was asked has been done.
pub(in crate::stages) fn says_yes(operation: Operation, status: StatusCode) -> Result<(), Refusal> {
    let done = match status {
        StatusCode::OK => true,
        StatusCode::CREATED | StatusCode::NO_CONTENT => operation.changes_state(),
        _ => false,
    };
    let of_one = matches!(operation, Operation::Read | Operation::Update | Operation::Withdraw);
    match status {
        _ if done => Ok(()),
        // A record that is gone looks like one that never was: out of scope, nobody may tell them apart.
        StatusCode::NOT_FOUND | StatusCode::GONE if of_one => Err(Refusal::RecordNotFound),
        // Whether a change took place is then the provider's secret: it failed midway, or speaks of
        // another place or a later time.
        status if operation.changes_state() && !status.is_client_error() => {
            Err(Refusal::ProviderBroken { outcome_unknown: true })
        }
        status => Err(Refusal::ProviderRefused { status }),
    }
}

/// What a provider's fault means. With a problem in its detail it says no by that problem's status, as
/// providers of other formats do. Without one, a fault for which the message itself is to blame says that nothing
/// was done; any other leaves a change in doubt.
pub(in crate::stages) fn fault_of(fault: Fault, operation: Operation) -> Refusal {
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    if let Some(Err(refusal)) = status.map(|status| says_yes(operation, status)) {
        return refusal;
    }
    let in_doubt = matches!(fault.code, FaultCode::Receiver | FaultCode::Other);
    if operation.changes_state() && in_doubt {
        return Refusal::ProviderBroken { outcome_unknown: true };
    }
    Refusal::ProviderFault { code: fault.code }
}

/// Whether a reply comes as the service and its system declare: uncoded, and in its format and encoding if it
/// says which. The bytes are read as that in any case; a provider that calls them something else means
/// something else.
pub(in crate::stages) fn as_declared(
    headers: &HeaderMap,
    format: Format,
    encoding: Encoding,
) -> Result<(), &'static str> {
    if has_coding(headers) {
        return Err("content-coding");
    }
    let typed = headers.contains_key(header::CONTENT_TYPE);
    if typed && !(content_format(headers) == Some(format) && text::may_be(headers, encoding)) {
        return Err("content-type");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        use Operation::*;
        let says = |operation, status| says_yes(operation, StatusCode::from_u16(status).unwrap());
        for status in [200, 201, 204] {
            assert!(says(Submit, status).is_ok() && says(Update, status).is_ok());
        }
        assert!(says(Query, 200).is_ok() && says(Verify, 200).is_ok());
        for status in [201, 202, 203, 204, 206, 301, 304, 400, 500] {
            assert!(says(Query, status).is_err() && says(Verify, status).is_err(), "{status}");
        }
        for status in [202, 206, 302, 304, 500, 503] {
            assert!(
                matches!(says(Submit, status), Err(Refusal::ProviderBroken { outcome_unknown: true })),
                "{status}"
            );
        }
        assert!(matches!(says(Submit, 409), Err(Refusal::ProviderRefused { .. })));
        assert!(matches!(says(Submit, 404), Err(Refusal::ProviderRefused { .. })));
        for status in [404, 410] {
            assert!(matches!(says(Read, status), Err(Refusal::RecordNotFound)), "{status}");
        }
    }

    #[test]
    fn a_reply_comes_as_declared() {
        let headers = |pairs: &[(http::HeaderName, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
        };
        let typed = |media| headers(&[(header::CONTENT_TYPE, media)]);
        assert_eq!(as_declared(&headers(&[]), Format::Json, Encoding::Utf8), Ok(()));
        assert_eq!(
            as_declared(&typed("application/json; charset=utf-8"), Format::Json, Encoding::Utf8),
            Ok(())
        );
        assert_eq!(as_declared(&typed("text/xml"), Format::Xml, Encoding::Utf8), Ok(()));
        for media in ["text/html", "application/xml", "application/json; charset=iso-8859-1", ""] {
            assert_eq!(
                as_declared(&typed(media), Format::Json, Encoding::Utf8),
                Err("content-type"),
                "{media}"
            );
        }
        let coded = headers(&[(header::CONTENT_ENCODING, "gzip")]);
        let older = typed("application/xml; charset=windows-1258");
        assert_eq!(as_declared(&older, Format::Xml, Encoding::Utf8), Err("content-type"));
        assert_eq!(as_declared(&older, Format::Xml, Encoding::Windows1258), Ok(()));
        assert_eq!(as_declared(&coded, Format::Json, Encoding::Utf8), Err("content-coding"));
    }
}
