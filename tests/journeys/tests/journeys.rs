//! Every journey on its own, over HTTP/1.1 and HTTP/2, by our client and by curl, in one sandbox that
//! they share. What they do to it, they undo.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails fails the test")]

use std::{
    path::Path,
    sync::{Mutex, OnceLock, PoisonError},
};

use journeys::{Journey, Scene, Voice, exchanges, messages, operations, places, refusals};
use support::{Http, Neighbour, Plan, Sandbox};

fn play(journey: &Journey) {
    static SANDBOX: OnceLock<Mutex<Sandbox>> = OnceLock::new();
    let shared = SANDBOX.get_or_init(|| {
        let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), "journeys").unwrap();
        let mut sandbox = Sandbox::lay_out(plan).unwrap();
        sandbox.start_neighbours().unwrap();
        sandbox.start_gateway().unwrap();
        Mutex::new(sandbox)
    });
    // One after the other: what providers saw must be this journey's doing.
    let sandbox = &mut *shared.lock().unwrap_or_else(PoisonError::into_inner);
    for voice in
        [Voice::Own(Http::One), Voice::Own(Http::Two), Voice::Curl(Http::One), Voice::Curl(Http::Two)]
    {
        sandbox.neighbours().iter().for_each(|neighbour| neighbour.reset().unwrap());
        if let Err(error) = (journey.run)(&mut Scene { sandbox, voice, tell: &mut |_| {} }) {
            let log = sandbox.gateway().map(|gateway| gateway.tail()).unwrap_or_default();
            let providers: String = sandbox.neighbours().iter().map(Neighbour::log).collect();
            panic!(
                "{}, {voice:?}: {error:#}\nThe gateway's log:\n{log}\nThe neighbours':\n{providers}",
                journey.en
            );
        }
    }
}

macro_rules! journeys {
    ($($name:ident: $journey:expr;)*) => {
        $(#[test] fn $name() { play(&$journey); })*

        #[test]
        fn none_is_left_out() {
            let tested = [$($journey.en),*];
            assert!(journeys::ALL.iter().map(|journey| journey.en).eq(tested));
        }
    };
}

journeys! {
    the_platform_pushes_a_task: exchanges::PUSH;
    hanoi_submits_in_xml_and_json_arrives: exchanges::SUBMIT_IN_XML;
    the_partner_reads_pseudonyms_and_permitted_records: exchanges::PARTNER_READS;
    a_person_is_verified: exchanges::VERIFY;
    the_portal_reads_open_fields: exchanges::PORTAL_READS;
    a_relay_asks_on_behalf: exchanges::RELAY;
    a_broken_reply_is_stopped: exchanges::BROKEN_REPLY;
    a_provider_that_speaks_soap_is_asked: messages::SOAP_PROVIDER;
    a_providers_faults_are_told_without_its_words: messages::SOAP_FAULTS;
    a_consumer_that_speaks_soap_is_answered: messages::SOAP_CONSUMER;
    messages_that_must_be_refused_are: messages::SOAP_REFUSALS;
    messages_pass_from_one_version_to_the_other: messages::SOAP_BOTH;
    stations_are_read_in_every_format: places::READ_STATIONS;
    stations_are_read_without_their_places: places::READ_WITHOUT_PLACES;
    a_schema_violation_is_refused: refusals::SCHEMA_VIOLATION;
    a_missing_purpose_is_refused: refusals::MISSING_PURPOSE;
    a_filter_on_an_unreleased_field_is_refused: refusals::FILTER_NOT_RELEASED;
    an_expired_agreement_is_refused: refusals::EXPIRED_AGREEMENT;
    a_wrong_format_is_refused: refusals::WRONG_FORMAT;
    a_spent_quota_is_refused: refusals::QUOTA_SPENT;
    a_suspended_system_is_refused: refusals::SUSPENDED;
    a_revoked_certificate_is_refused: refusals::REVOKED;
    an_unknown_caller_is_refused: refusals::UNKNOWN;
    an_edited_agreement_is_obeyed: operations::EDIT;
    a_suspension_acts_beside_a_broken_document: operations::SUSPEND;
    a_past_refusal_is_explained_again: operations::EXPLAIN;
}
