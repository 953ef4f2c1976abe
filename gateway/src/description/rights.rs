//! What a caller may do with a version of a service, as an [`Offer`].

use jiff::Timestamp;
use policies::{
    Ask, BadRecords, Format, MemberKey, Operation, Refusal, Register, ReleasePlan, ServiceKey,
    ServiceVersion, Signed, SystemKey, Usable,
};

use super::{Offer, Offered, Reply, Terms};
use crate::lifetime;

/// Who looks at what, and when.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The system.
    pub caller: SystemKey,
    /// The member that it speaks for.
    pub represented: Option<MemberKey>,
    /// The service.
    pub service: ServiceKey,
    /// The version of it.
    pub version: u32,
    /// The environment that is served.
    pub environment: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// The offer that `look` sees.
///
/// # Errors
/// The rule by which the caller has no right to this version: the one that a request would meet.
pub fn offer<'r>(register: &'r Register, look: &Look<'_>) -> Result<Offer<'r>, Refusal> {
    let service = register.service(look.service);
    let usable: Vec<Usable<'r>> = register
        .usable_by(look.caller, look.represented, look.at)
        .filter(|usable| usable.service == look.service && usable.version.number == look.version)
        .collect();
    let system = register.system(look.caller);
    let here = *system.environment == *look.environment;
    let version = match (service.version(look.version), here && !usable.is_empty()) {
        (Some(version), true) => version,
        _ => return Err(refusal(register, look)),
    };
    let today = policies::local(look.at).date();
    let operations = version
        .operations()
        .filter_map(|(operation, _)| offered(register, version, operation, &usable))
        .collect();
    Ok(Offer {
        title: version.contract.title().clone(),
        service: Some(service.id.to_string()),
        base: format!("/api/{}/v{}", service.id, version.number),
        contract: &version.contract,
        operations,
        terms: usable.iter().map(terms).collect(),
        represents: system.relays_for.iter().map(|member| register.member(*member).id.to_string()).collect(),
        deprecated_from: version.deprecated_from.map(|day| day.to_string()),
        retired_from: version.retired_from.map(|day| day.to_string()),
        deprecated: version.deprecated_from.is_some_and(|from| from <= today),
        successor: lifetime::successor(service, version.number, today),
    })
}

/// Why not, as a request for the first operation offered would be told.
fn refusal(register: &Register, look: &Look<'_>) -> Refusal {
    let version = register.service(look.service).version(look.version);
    let operation = version.and_then(|version| version.operations().next()).map(|(operation, _)| operation);
    let format = contracts::Format::ALL
        .into_iter()
        .find(|format| version.is_some_and(|version| version.offers(*format)))
        .unwrap_or(contracts::Format::Json);
    let ask = Ask {
        caller: look.caller,
        represented: look.represented,
        service: look.service,
        version: look.version,
        operation: operation.unwrap_or(Operation::Query),
        purpose: None,
        officer: None,
        format,
        filters: &[],
        environment: look.environment,
        at: look.at,
    };
    match register.decide(&ask, &mut ()) {
        Err(refusal) => refusal,
        // What `usable_by` leaves out no decision grants; were it otherwise, the safe answer is no.
        Ok(_) => Refusal {
            rule: policies::Rule::NoAgreement,
            detail: policies::Rule::NoAgreement.remedy(),
            agreement: None,
        },
    }
}

fn offered<'r>(
    register: &Register,
    version: &'r ServiceVersion,
    operation: Operation,
    usable: &[Usable<'r>],
) -> Option<Offered<'r>> {
    let contract = version.reply(operation);
    let mut by: Vec<(&Usable<'r>, &'r ReleasePlan)> = Vec::new();
    for right in usable.iter().filter(|right| right.operations.contains(&operation)) {
        let release = match right.agreement {
            Some(agreement) => agreement.release(operation),
            None => Some(right.release),
        };
        // Who does not see keys cannot read by them.
        let readable = |release: &&ReleasePlan| {
            operation != Operation::Read || release.releases(version.contract.key().as_str())
        };
        by.extend(release.filter(readable).map(|release| (right, release)));
    }
    if by.is_empty() {
        return None;
    }
    let terms = version.operation(operation)?;
    let mut offered = Offered {
        operation,
        formats: Vec::new(),
        filters: Vec::new(),
        purposes: Vec::new(),
        purpose_required: by.iter().all(|(right, _)| !right.purposes.is_empty()),
        sent: operation.carries_record().then_some(&*version.contract),
        sets_aside: terms.stream.is_some_and(|terms| terms.bad_records == BadRecords::SetAside),
        takes_signed: version.signed == Signed::Carry,
        original: None,
        replies: Vec::new(),
    };
    // A signed document leaves whole or not at all, and a verdict is no document of the provider's. Of a
    // list it is not told whether conditions leave records out: where there are any, it does not leave.
    let lists = matches!(operation, Operation::Query | Operation::Changes);
    let unconditional = |right: &Usable<'_>| right.agreement.is_none_or(|by| by.conditions.is_empty());
    let gives_whole = operation != Operation::Verify
        && by.iter().any(|(right, release)| release.is_whole() && (!lists || unconditional(right)));
    for (right, release) in by {
        for format in &right.formats {
            // A message carries XML.
            let written = adapters::writes(*format) || *format == contracts::Format::Soap;
            if written && !offered.formats.contains(format) {
                offered.formats.push(*format);
            }
        }
        for field in &terms.filter {
            let agreed = right.agreement.is_none_or(|agreement| agreement.filter.contains(field));
            let known = offered.filters.contains(field);
            if operation.reads_records()
                && operation != Operation::Read
                && agreed
                && !known
                && release.releases(field.as_str())
            {
                offered.filters.push(field.clone());
            }
        }
        for purpose in right.purposes {
            let code = purpose.as_str();
            if let (Some(known), false) =
                (register.purpose(code), offered.purposes.iter().any(|(known, _)| known == code))
            {
                offered.purposes.push((code.to_owned(), known.title.clone()));
            }
        }
        let view = release.view(contract);
        if offered.replies.iter().all(|known| known.view.schema != view.schema) {
            let agreement = right.agreement.map(|agreement| agreement.id.to_string());
            offered.replies.push(Reply { contract, view, agreement });
        }
    }
    let is_translation = |format: &Format| !matches!(format, Format::Xml | Format::Soap);
    if offered.takes_signed && gives_whole && offered.formats.iter().any(is_translation) {
        // Only what is XML can bear a signature.
        offered.original = Some(version.format).filter(|format| *format == Format::Xml);
    }
    Some(offered)
}

fn terms(right: &Usable<'_>) -> Terms {
    Terms {
        agreement: right.agreement.map(|agreement| agreement.id.to_string()),
        basis: right.basis.as_str(),
        until: right.agreement.and_then(|agreement| agreement.valid.until).map(|day| day.to_string()),
        quota: right.agreement.and_then(|agreement| agreement.quota.clone()),
        operations: right.operations.clone(),
    }
}
