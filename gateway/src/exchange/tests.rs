//! The request path against a hostile consumer and a hostile provider: the gateway as it is, its own
//! listener and TLS in front, a provider that says what a test tells it to behind.

mod consumer;
mod described;
mod encodings;
mod evidence;
mod long;
mod provider;
mod signed;
mod soap;
mod stage;
mod standing;

use std::collections::HashSet;

use jiff::Timestamp;

use super::named_at;

#[test]
fn exchanges_of_one_moment_have_ids_of_their_own_that_tell_when_it_was() {
    let moment: Timestamp = "2026-11-22T01:02:03.456789Z".parse().unwrap();
    let ids: HashSet<_> = (0..1000).map(|_| named_at(moment)).collect();
    assert_eq!(ids.len(), 1000);
    for id in ids {
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_timestamp().map(|at| at.to_unix()), Some((1_795_309_323, 456_000_000)));
    }
}
