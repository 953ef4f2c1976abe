//! How providers fare: their endpoints' states, for metrics and for `lienthong status`.
//!
//! What was neither called nor looked at since the start is left out: nothing is known of it, and ten
//! thousand services would make a page of nothing.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Admin;
use crate::host::{EndpointReport, Report};
use crate::metrics::Page;

/// How many endpoints that are not well are listed; the rest are counted.
const LISTED: usize = 50;

/// Every state, so that a gauge says what is not the case as well.
const STATES: [&str; 5] = ["well", "passed-over", "ill", "half-open", "open"];

/// Name, type and help of a metric, and how it is read.
type Series<T> = (&'static str, &'static str, &'static str, fn(&T) -> f64);

/// One upstream: its service, its version, and how it stands.
struct Stand {
    service: String,
    version: u32,
    report: Report,
}

fn stands(admin: &Admin) -> Vec<Stand> {
    let world = admin.gateway.keeper().world();
    let register = world.snapshot.register();
    let all = world.snapshot.providers().map(|(service, version, provider)| Stand {
        service: register.service(service).id.to_string(),
        version,
        report: provider.report(),
    });
    let mut stands: Vec<Stand> = all.filter(|stand| !stand.report.endpoints.is_empty()).collect();
    stands.sort_by(|a, b| (&a.service, a.version).cmp(&(&b.service, b.version)));
    stands
}

/// As Prometheus reads it.
pub(super) fn text(admin: &Admin, page: &mut Page) {
    let stands = stands(admin);
    let of_upstreams: [Series<Report>; 4] = [
        ("upstream_calls_under_way", "gauge", "Calls to the provider under way", |report| {
            f64::from(report.under_way)
        }),
        ("upstream_retries_total", "counter", "Calls that were sent again", |report| report.retries as f64),
        ("upstream_busy_total", "counter", "Calls refused because too many were under way", |report| {
            report.busy as f64
        }),
        ("upstream_shut_total", "counter", "Calls refused because every circuit was open", |report| {
            report.shut as f64
        }),
    ];
    for (name, kind, help, value) in of_upstreams {
        page.head(name, kind, help);
        for stand in &stands {
            let version = stand.version.to_string();
            page.sample(name, &[("service", &stand.service), ("version", &version)], value(&stand.report));
        }
    }
    let of_endpoints: [Series<EndpointReport>; 3] = [
        ("endpoint_calls_under_way", "gauge", "Calls to the endpoint under way", |endpoint| {
            f64::from(endpoint.in_flight)
        }),
        ("endpoint_failures_total", "counter", "Calls that met no answer or a bad one", |endpoint| {
            endpoint.failures as f64
        }),
        ("endpoint_rests_total", "counter", "Times the endpoint was given a rest", |endpoint| {
            endpoint.rests as f64
        }),
    ];
    for (name, kind, help, value) in of_endpoints {
        page.head(name, kind, help);
        each(&stands, |labels, endpoint| page.sample(name, labels, value(endpoint)));
    }
    page.head("endpoint_state", "gauge", "1 for the state that the endpoint is in");
    each(&stands, |labels, endpoint| {
        for state in STATES {
            let mut labels = labels.to_vec();
            labels.push(("state", state));
            page.sample("endpoint_state", &labels, f64::from(u8::from(endpoint.state == state)));
        }
    });
}

fn each(stands: &[Stand], mut tell: impl FnMut(&[(&str, &str)], &EndpointReport)) {
    for stand in stands {
        let version = stand.version.to_string();
        for endpoint in &stand.report.endpoints {
            let labels =
                [("service", &*stand.service), ("version", &*version), ("endpoint", &*endpoint.address)];
            tell(&labels, endpoint);
        }
    }
}

/// As `lienthong status` shows it: how many there are, and which are not well.
pub(super) fn json(admin: &Admin, now: Timestamp) -> Value {
    let stands = stands(admin);
    let mut troubled = Vec::new();
    let (mut endpoints, mut well) = (0_usize, 0_usize);
    for stand in &stands {
        for endpoint in &stand.report.endpoints {
            endpoints += 1;
            if endpoint.state == "well" {
                well += 1;
                continue;
            }
            let again = endpoint.wait.and_then(|wait| now.checked_add(wait).ok());
            troubled.push(json!({
                "service": stand.service, "version": stand.version, "endpoint": endpoint.address,
                "state": endpoint.state, "tried_again": again.map(|at| at.to_string()),
                "under_way": endpoint.in_flight, "failures": endpoint.failures, "rests": endpoint.rests,
            }));
        }
    }
    troubled.truncate(LISTED);
    let sum = |of: fn(&Report) -> u64| stands.iter().map(|stand| of(&stand.report)).sum::<u64>();
    json!({
        "endpoints": endpoints, "well": well, "troubled": troubled,
        "under_way": sum(|report| u64::from(report.under_way)),
        "retries": sum(|report| report.retries),
        "busy": sum(|report| report.busy),
        "shut": sum(|report| report.shut),
    })
}
