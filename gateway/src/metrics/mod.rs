//! Counters and durations of exchanges.
//!
//! Only what happens is counted here; what merely is (connections open, days left, whether the journal
//! is healthy) is read from where it is when someone asks, by [`admin`](crate::admin).
//!
//! Labels come from documents (services, operations, rules), never from requests, so that their
//! number is bounded and nothing personal can become one. The counters of a route are found when the
//! snapshot first needs them; the hot path adds to them, and every worker adds to the same ones. So an exchange
//! writes to five numbers that lie together, where a histogram of the `prometheus` crate alone writes to four that
//! do not.

mod page;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

pub use page::Page;

/// Bounds of the durations, microseconds: from a loopback pass-through to a slow provider.
const BOUNDS: [u64; 11] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000];

/// All counters of the process.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By service and operation.
    routes: Mutex<BTreeMap<(String, String), Arc<Route>>>,
    /// By stable code and whose fault.
    refusals: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    under_way: Spread,
    reloads: AtomicU64,
    reload_faults: AtomicU64,
}

/// The counters of one service's operation.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Route {
    granted: AtomicU64,
    refused: AtomicU64,
    gateway: Durations,
    provider: Durations,
}

/// How often something took how long.
#[derive(Debug, Default)]
#[repr(C)]
struct Durations {
    microseconds: AtomicU64,
    /// Those up to each bound and above the one before; the last are above all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
}

/// A number that each worker writes at a place of its own.
#[derive(Debug, Default)]
struct Spread([Own; PLACES]);

#[derive(Debug, Default)]
#[repr(align(64))]
struct Own(AtomicI64);

/// More workers than this share places.
const PLACES: usize = 32;

impl Spread {
    fn here(&self) -> &AtomicI64 {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static PLACE: usize = NEXT.fetch_add(1, Relaxed) % PLACES;
        }
        let [first, ..] = &self.0;
        &self.0.get(PLACE.with(|place| *place)).unwrap_or(first).0
    }

    fn sum(&self) -> i64 {
        self.0.iter().map(|own| own.0.load(Relaxed)).sum()
    }
}

/// An exchange under way.
struct UnderWay<'m>(&'m AtomicI64);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Route {
    /// Counts an exchange, by what came of it.
    pub fn ended(&self, refused: bool) {
        let counter = if refused { &self.refused } else { &self.granted };
        counter.fetch_add(1, Relaxed);
    }

    /// Counts how many microseconds it spent in the gateway itself, and in waiting for the provider where it did.
    pub fn took(&self, gateway: u64, provider: Option<u64>) {
        self.gateway.observe(gateway);
        if let Some(provider) = provider {
            self.provider.observe(provider);
        }
    }
}

impl Durations {
    fn observe(&self, microseconds: u64) {
        let bucket = BOUNDS.iter().position(|bound| microseconds <= *bound).unwrap_or(BOUNDS.len());
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        self.microseconds.fetch_add(microseconds, Relaxed);
    }

    fn tell(&self, page: &mut Page, name: &str, service: &str, operation: &str) {
        let route = [("operation", operation), ("service", service)];
        let mut all = 0;
        for (index, count) in self.counts.iter().enumerate() {
            all += count.load(Relaxed);
            let bound = BOUNDS.get(index).map_or("+Inf".to_owned(), |bound| seconds(*bound).to_string());
            let [operation, service] = route;
            page.sample(&format!("{name}_bucket"), &[operation, service, ("le", &bound)], all as f64);
        }
        page.sample(&format!("{name}_sum"), &route, seconds(self.microseconds.load(Relaxed)));
        page.sample(&format!("{name}_count"), &route, all as f64);
    }
}

fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1e6
}

impl Metrics {
    /// The counters of `operation` of `service`; the same ones every time.
    pub fn route(&self, service: &str, operation: &str) -> Arc<Route> {
        let key = (service.to_owned(), operation.to_owned());
        Arc::clone(lock(&self.routes).entry(key).or_default())
    }

    /// Counts an exchange as under way until the guard is dropped.
    pub fn under_way(&self) -> impl Drop {
        let here = self.under_way.here();
        here.fetch_add(1, Relaxed);
        UnderWay(here)
    }

    /// Exchanges under way now.
    pub fn count_under_way(&self) -> i64 {
        self.under_way.sum()
    }

    /// How many exchanges were carried out and refused since the start.
    pub fn outcomes(&self) -> (u64, u64) {
        let routes = lock(&self.routes);
        let sum = |counter: fn(&Route) -> &AtomicU64| {
            routes.values().map(|route| counter(route).load(Relaxed)).sum()
        };
        (sum(|route| &route.granted), sum(|route| &route.refused))
    }

    /// Counts a refusal.
    pub fn refused(&self, rule: &'static str, fault: &'static str) {
        *lock(&self.refusals).entry((rule, fault)).or_default() += 1;
    }

    /// Counts documents, suspensions or certificates taken into service.
    pub fn reloaded(&self) {
        self.reloads.fetch_add(1, Relaxed);
    }

    /// Counts a reload that was refused because of faults.
    pub fn reload_refused(&self) {
        self.reload_faults.fetch_add(1, Relaxed);
    }

    /// Everything.
    pub fn page(&self) -> Page {
        let mut page = Page::default();
        let routes = lock(&self.routes).clone();
        page.head("exchanges_total", "counter", "Exchanges by service, operation and outcome");
        for ((service, operation), route) in &routes {
            for (outcome, count) in [("granted", &route.granted), ("refused", &route.refused)] {
                let labels = [("operation", operation.as_str()), ("outcome", outcome), ("service", service)];
                page.sample("exchanges_total", &labels, count.load(Relaxed) as f64);
            }
        }
        page.head("refusals_total", "counter", "Refusals by stable code and whose fault");
        for ((rule, fault), count) in &*lock(&self.refusals) {
            page.sample("refusals_total", &[("fault", fault), ("rule", rule)], *count as f64);
        }
        page.head("gateway_seconds", "histogram", "Time an exchange spent in the gateway itself");
        for ((service, operation), route) in &routes {
            route.gateway.tell(&mut page, "gateway_seconds", service, operation);
        }
        page.head("provider_seconds", "histogram", "Time an exchange waited for the provider");
        for ((service, operation), route) in &routes {
            route.provider.tell(&mut page, "provider_seconds", service, operation);
        }
        page.gauge("exchanges_under_way", "Exchanges under way", self.count_under_way() as f64);
        let reloads = self.reloads.load(Relaxed);
        page.counter("reloads_total", "Documents, suspensions or certificates taken into service", reloads);
        let faults = self.reload_faults.load(Relaxed);
        page.counter("reload_faults_total", "Reloads refused because of faults", faults);
        page
    }
}

/// Counters stay whole whoever panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_whatever_a_service_is_called() {
        let metrics = Metrics::default();
        metrics.route("G06/granted", "query").ended(true);
        metrics.route("G06/granted", "query").ended(true);
        metrics.route("G06/nhiem-vu", "query").ended(false);
        assert_eq!(metrics.outcomes(), (1, 2));
    }

    #[test]
    fn an_exchange_is_under_way_until_its_guard_is_dropped() {
        let metrics = Metrics::default();
        let guard = metrics.under_way();
        assert_eq!(metrics.count_under_way(), 1);
        drop(guard);
        assert_eq!(metrics.count_under_way(), 0);
    }

    #[test]
    fn a_refusal_is_counted_by_rule_and_fault() {
        let metrics = Metrics::default();
        metrics.refused("no-agreement", "consumer");
        let text = metrics.page().into_text();
        assert!(
            text.contains("lienthong_refusals_total{fault=\"consumer\",rule=\"no-agreement\"} 1\n"),
            "{text}"
        );
    }

    #[test]
    fn durations_are_counted_up_to_each_bound_and_above_all() {
        let metrics = Metrics::default();
        let route = metrics.route("G06/nhiem-vu", "read");
        for (gateway, provider) in [(500, Some(501)), (700, None), (11_000_000, Some(2_000))] {
            route.took(gateway, provider);
        }
        let text = metrics.page().into_text();
        let has = |line: &str| assert!(text.contains(&format!("lienthong_{line}\n")), "{line} in\n{text}");
        has(r#"gateway_seconds_bucket{operation="read",service="G06/nhiem-vu",le="0.0005"} 1"#);
        has(r#"gateway_seconds_bucket{operation="read",service="G06/nhiem-vu",le="10"} 2"#);
        has(r#"gateway_seconds_bucket{operation="read",service="G06/nhiem-vu",le="+Inf"} 3"#);
        has(r#"gateway_seconds_sum{operation="read",service="G06/nhiem-vu"} 11.0012"#);
        has(r#"provider_seconds_bucket{operation="read",service="G06/nhiem-vu",le="0.001"} 1"#);
        has(r#"provider_seconds_count{operation="read",service="G06/nhiem-vu"} 2"#);
    }
}
