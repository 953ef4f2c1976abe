//! `lienthong contract openapi` and `wsdl`: a contract described whole, or a service as one caller sees it.

use clap::ArgMatches;
use contracts::Contract;
use jiff::Timestamp;
use policies::Register;

use crate::{
    cli::{Console, Exit, Failure, Outcome, journal::Edge, journal::parse_time, settings_file},
    description::{
        Offer,
        page::{self, Kind},
        rights::{self, Look},
    },
    world::{Documents, Settings},
};

/// Every field and every operation of `contract`, at a server that is not named.
pub(super) fn whole(kind: &str, contract: &Contract, console: &mut Console<'_>) -> Result<(), Failure> {
    print(&Offer::whole(contract), kind, NOWHERE, console)
}

/// What `--consumer` sees of `--service`, or the rule by which it sees nothing.
pub(super) fn as_seen(kind: &str, given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let w = console.words;
    let needed = |name: &str| {
        given.get_one::<String>(name).cloned().ok_or_else(|| {
            Failure(format!("--{name}: {}", w.say("cần có cùng với -c", "is needed together with -c")))
        })
    };
    let (consumer, name) = (needed("consumer")?, needed("service")?);
    let unknown = |what: &str| {
        Failure(format!("{}: `{what}`", w.say("không có trong tài liệu", "not in the documents")))
    };
    let at = match given.get_one::<String>("at") {
        None => Timestamp::now(),
        Some(at) => parse_time(at, Edge::Start).ok_or_else(|| unknown(at))?,
    };
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let folders = &loaded.settings.documents;
    let read = Documents::read(&folders.policies, &folders.contracts).and_then(|documents| {
        let catalog = documents.catalog(&std::env::temp_dir())?.0;
        Ok(Register::compile(documents.sources(), &catalog, policies::local(at).date())?.0)
    });
    let register = match read {
        Ok(register) => register,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let caller = register.system_named(&consumer.parse()?).ok_or_else(|| unknown(&consumer))?;
    let (member, service) = name.split_once('/').ok_or_else(|| unknown(&name))?;
    let service = register.service_named(member, service).ok_or_else(|| unknown(&name))?;
    let look = Look {
        caller,
        represented: None,
        service,
        version: given.get_one::<u32>("contract-version").copied().unwrap_or(1),
        environment: &loaded.settings.environment,
        at,
    };
    match rights::offer(&register, &look) {
        Ok(offer) => {
            let authority = loaded.settings.listen.authorities.first().map_or(NOWHERE, String::as_str);
            print(&offer, kind, authority, console)?;
            Ok(Exit::Done)
        }
        Err(refusal) => {
            let detail = refusal.detail.get(console.language());
            console.complain(&format!("{} ({})", detail, refusal.rule.code()));
            Ok(Exit::Refused)
        }
    }
}

/// Where a contract is served when no gateway is named; a name that nobody has (RFC 2606).
const NOWHERE: &str = "gateway.example";

fn print(offer: &Offer<'_>, name: &str, authority: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == Some(name)).unwrap_or(Kind::OpenApi);
    let made = page::make(offer, kind, authority, console.language()).ok_or_else(|| {
        let none = console.say("không thao tác nào dùng được SOAP", "nothing of it may be asked by SOAP");
        Failure(none.to_owned())
    })?;
    let text = String::from_utf8_lossy(&made.body).into_owned();
    if made.media_type.ends_with("json") {
        let value: serde_json::Value = serde_json::from_str(&text)?;
        console.print(&serde_json::to_string_pretty(&value)?);
    } else {
        console.print(text.trim_end());
    }
    Ok(())
}
