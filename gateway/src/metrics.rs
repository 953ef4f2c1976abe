//! Counters and durations in Prometheus' text format.
//!
//! Only what happens is counted here; what merely is (connections open, days left, whether the journal
//! is healthy) is read from where it is when someone asks, by [`admin`](crate::admin).
//!
//! Labels come from documents (services, operations, rules), never from requests, so that their
//! number is bounded and nothing personal can become one. Handles of a route are resolved when the
//! snapshot is compiled; the hot path adds to them.

use std::sync::Arc;

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder, core::Collector,
};

/// Bounds of the duration histograms, seconds: from a loopback pass-through to a slow provider.
const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    exchanges: IntCounterVec,
    refusals: IntCounterVec,
    gateway_seconds: HistogramVec,
    provider_seconds: HistogramVec,
    under_way: IntGauge,
    /// Documents, suspensions or certificates taken into service.
    pub reloads: IntCounter,
    /// Reloads refused because of faults.
    pub reload_faults: IntCounter,
}

/// The handles of one service's operation.
#[derive(Clone)]
pub struct RouteMetrics {
    /// Exchanges carried out.
    pub granted: IntCounter,
    /// Exchanges refused.
    pub refused: IntCounter,
    /// Time spent in the gateway itself.
    pub gateway_seconds: Histogram,
    /// Time spent waiting for the provider.
    pub provider_seconds: Histogram,
}

struct UnderWay<'m>(&'m IntGauge);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// When two metrics were given one name, which a test would have shown.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        let route = ["service", "operation"];
        let seconds = |name: &str, help: &str| {
            HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), &route)
        };
        let metrics = Self {
            exchanges: IntCounterVec::new(
                Opts::new("lienthong_exchanges_total", "Exchanges by service, operation and outcome"),
                &["service", "operation", "outcome"],
            )?,
            refusals: IntCounterVec::new(
                Opts::new("lienthong_refusals_total", "Refusals by stable code and whose fault"),
                &["rule", "fault"],
            )?,
            gateway_seconds: seconds(
                "lienthong_gateway_seconds",
                "Time an exchange spent in the gateway itself",
            )?,
            provider_seconds: seconds(
                "lienthong_provider_seconds",
                "Time an exchange waited for the provider",
            )?,
            under_way: IntGauge::new("lienthong_exchanges_under_way", "Exchanges under way")?,
            reloads: IntCounter::new(
                "lienthong_reloads_total",
                "Documents, suspensions or certificates taken into service",
            )?,
            reload_faults: IntCounter::new(
                "lienthong_reload_faults_total",
                "Reloads refused because of faults",
            )?,
            registry,
        };
        metrics.registry.register(Box::new(metrics.exchanges.clone()))?;
        metrics.registry.register(Box::new(metrics.refusals.clone()))?;
        metrics.registry.register(Box::new(metrics.gateway_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.provider_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.under_way.clone()))?;
        metrics.registry.register(Box::new(metrics.reloads.clone()))?;
        metrics.registry.register(Box::new(metrics.reload_faults.clone()))?;
        Ok(Arc::new(metrics))
    }

    /// The handles of `operation` of `service`; the same ones every time.
    pub fn route(&self, service: &str, operation: &str) -> RouteMetrics {
        RouteMetrics {
            granted: self.exchanges.with_label_values(&[service, operation, "granted"]),
            refused: self.exchanges.with_label_values(&[service, operation, "refused"]),
            gateway_seconds: self.gateway_seconds.with_label_values(&[service, operation]),
            provider_seconds: self.provider_seconds.with_label_values(&[service, operation]),
        }
    }

    /// Counts an exchange as under way until the guard is dropped.
    pub fn under_way(&self) -> impl Drop {
        self.under_way.inc();
        UnderWay(&self.under_way)
    }

    /// Exchanges under way now.
    pub fn count_under_way(&self) -> i64 {
        self.under_way.get()
    }

    /// How many exchanges were carried out and refused since the start.
    pub fn outcomes(&self) -> (u64, u64) {
        let (mut granted, mut refused) = (0, 0);
        for family in self.exchanges.collect() {
            for metric in family.get_metric() {
                let outcome = metric.get_label().iter().find(|label| label.name() == "outcome");
                let count = metric.get_counter().get_value() as u64;
                if outcome.is_some_and(|label| label.value() == "granted") {
                    granted += count;
                } else {
                    refused += count;
                }
            }
        }
        (granted, refused)
    }

    /// Counts a refusal.
    pub fn refused(&self, rule: &str, fault: &str) {
        self.refusals.with_label_values(&[rule, fault]).inc();
    }

    /// Everything, as Prometheus reads it.
    ///
    /// # Errors
    /// When a metric cannot be written as text.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut out = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_by_their_label_whatever_a_service_is_called() {
        let metrics = Metrics::new().unwrap();
        metrics.route("G06/granted", "query").refused.inc_by(3);
        metrics.route("G06/nhiem-vu", "query").granted.inc();
        metrics.route("G06/nhiem-vu", "query").granted.inc();
        assert_eq!(metrics.outcomes(), (2, 3));
    }

    #[test]
    fn an_exchange_is_under_way_until_its_guard_is_dropped() {
        let metrics = Metrics::new().unwrap();
        let guard = metrics.under_way();
        assert_eq!(metrics.count_under_way(), 1);
        drop(guard);
        assert_eq!(metrics.count_under_way(), 0);
    }

    #[test]
    fn a_refusal_is_counted_by_rule_and_fault() {
        let metrics = Metrics::new().unwrap();
        metrics.refused("no-agreement", "consumer");
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        assert!(
            text.contains("lienthong_refusals_total{fault=\"consumer\",rule=\"no-agreement\"} 1"),
            "{text}"
        );
    }
}
