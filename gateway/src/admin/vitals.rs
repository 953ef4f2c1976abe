//! What merely is, as Prometheus reads it: read from where it is when someone asks, so that no gauge
//! can be forgotten to be set.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::{Admin, upstreams};
use crate::metrics::Page;

/// Agreements with fewer days left are counted as ending.
const NOTICE_DAYS: i32 = 30;

/// Adds to the counters of [`Metrics`](crate::metrics::Metrics).
pub(super) fn tell(admin: &Admin, now: Timestamp, page: &mut Page) {
    connections(admin, page);
    evidence(admin, page);
    validity(admin, now, page);
    documents(admin, now, page);
    upstreams::text(admin, page);
}

fn connections(admin: &Admin, page: &mut Page) {
    let tally = &admin.tally;
    page.gauge("connections_open", "Connections open now", admin.census.open() as f64);
    let counters = [
        ("connections_accepted_total", "Connections accepted", &tally.accepted),
        (
            "handshakes_failed_total",
            "Handshakes that failed, refused certificates among them",
            &tally.handshakes_failed,
        ),
        ("handshakes_resumed_total", "Handshakes that resumed a session", &tally.resumed),
        (
            "streams_malformed_total",
            "HTTP/2 streams that ended because they were malformed",
            &tally.malformed_streams,
        ),
        (
            "streams_reset_total",
            "HTTP/2 streams reset because their caller broke the protocol, counted when the connection ends",
            &tally.reset_streams,
        ),
        (
            "connections_broken_total",
            "HTTP/2 connections ended because their caller broke the protocol",
            &tally.broken_connections,
        ),
        ("requests_unclean_total", "Requests refused by hygiene", &tally.unclean),
        ("accept_errors_total", "Errors of accept itself, such as no file descriptors", &tally.accept_errors),
    ];
    for (name, help, counter) in counters {
        page.counter(name, help, counter.load(Ordering::Relaxed));
    }
    page.gauge("connections_half_open", "Connections in their handshake", admin.census.half_open() as f64);
    page.counter(
        "connections_over_cap_total",
        "Connections closed at once because a cap was reached",
        tally.over_cap.count(),
    );
    page.head("limits_reached_total", "counter", "How often a limit below the exchanges was reached");
    for (limit, alarm) in [
        ("half_open", &tally.half_open),
        ("write_stall", &tally.stalled),
        ("resets", &tally.reset_floods),
        ("idle_frames", &tally.frame_floods),
        ("unsent", &tally.unsent),
        ("exchanges_per_connection", &tally.refused_streams),
        ("malformed_streams", &tally.malformed_connections),
        ("engine", &tally.calmed),
    ] {
        page.sample("limits_reached_total", &[("limit", limit)], alarm.count() as f64);
    }
}

fn evidence(admin: &Admin, page: &mut Page) {
    let (journal, quota) = (admin.gateway.journal(), admin.gateway.quota());
    let stats = journal.stats();
    page.gauge("journal_healthy", "1 while the journal takes records", flag(journal.fault().is_none()));
    page.gauge("journal_lanes", "Lanes in use or idle", f64::from(stats.lanes));
    page.counter("journal_records_total", "Records written", stats.records);
    page.counter("journal_bytes_total", "Bytes written", stats.bytes);
    page.counter("journal_syncs_total", "Synchronisations that succeeded", stats.syncs);
    page.counter("journal_faults_total", "Writes and synchronisations that failed", stats.faults);
    page.gauge("quota_healthy", "1 while day counts can be kept", flag(quota.fault().is_none()));
    // Only where gateways share: an alert on 0 must not ring where nobody does.
    if let Some(shared) = quota.standing() {
        page.gauge("quota_shared_present", "1 while the quota server (Redis) answers", flag(shared.present));
        page.counter("quota_shared_round_trips_total", "Questions put to the quota server", shared.trips);
        page.counter(
            "quota_shared_failures_total",
            "Questions to the quota server without an answer in time",
            shared.failures,
        );
        page.counter(
            "quota_shared_admitted_away_total",
            "Requests admitted by the declared mode while the quota server was away",
            shared.admitted_away,
        );
    }
}

/// Seconds that are left, below zero when there are none: an alert compares them with a number.
fn validity(admin: &Admin, now: Timestamp, page: &mut Page) {
    let pki = admin.gateway.keeper().tls().current();
    let left = |at: Timestamp| (at.as_second() - now.as_second()) as f64;
    page.gauge(
        "certificate_seconds_left",
        "Seconds until the server certificate ends; below 0 it has",
        left(pki.own_expiry()),
    );
    let lists: Vec<_> = pki.revocation_lists().collect();
    page.head("crl_due_seconds_left", "gauge", "Seconds until the authority promised its next list");
    for list in &lists {
        page.sample(
            "crl_due_seconds_left",
            &[("file", &list.file.to_string_lossy())],
            left(list.next_update),
        );
    }
    page.head("crl_usable_seconds_left", "gauge", "Seconds until the authority's certificates are refused");
    for list in &lists {
        page.sample(
            "crl_usable_seconds_left",
            &[("file", &list.file.to_string_lossy())],
            left(list.stale_from),
        );
    }
}

fn documents(admin: &Admin, now: Timestamp, page: &mut Page) {
    let keeper = admin.gateway.keeper();
    let world = keeper.world();
    let snapshot = &world.snapshot;
    let standing = keeper.standing();
    page.head("snapshot_info", "gauge", "The snapshot in service");
    page.sample("snapshot_info", &[("hash", snapshot.hash()), ("environment", snapshot.environment())], 1.0);
    page.gauge(
        "snapshot_age_seconds",
        "Seconds since the snapshot was compiled",
        (now.as_second() - snapshot.loaded_at().as_second()) as f64,
    );
    page.gauge("snapshot_last_good", "1 while a copy of an earlier run is served", flag(standing.last_good));
    page.gauge(
        "document_faults",
        "Faults that keep what was written from deciding",
        standing.faults().count() as f64,
    );
    page.gauge("document_warnings", "Warnings about what is in service", standing.warnings().count() as f64);
    let local = policies::local(now);
    let acting = world.overlay.iter().filter(|suspension| suspension.acts_at(local)).count();
    page.gauge("suspensions", "Suspensions that act now", acting as f64);
    let (mut valid, mut ending, mut ended) = (0_u32, 0_u32, 0_u32);
    for agreement in snapshot.register().agreements() {
        match agreement.days_left(local.date()) {
            Some(left) if left <= 0 => ended += 1,
            Some(left) if left <= NOTICE_DAYS => ending += 1,
            _ => valid += 1,
        }
    }
    page.head("agreements", "gauge", "Agreements by how long they still hold; ending: 30 days or fewer");
    for (state, count) in [("valid", valid), ("ending", ending), ("ended", ended)] {
        page.sample("agreements", &[("state", state)], f64::from(count));
    }
}

fn flag(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}
