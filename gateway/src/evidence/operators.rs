//! What operators see of exchanges: numbers, and one line each.

use super::Evidence;
use crate::journal::Times;

impl Evidence<'_> {
    /// Counts the exchange, and how long the gateway and the provider took.
    pub fn measure(&self) {
        let (Some(service), Some(operation)) = (self.service_key, self.operation) else { return };
        let Some(route) = self.world.snapshot.route(service, operation) else { return };
        route.ended(self.rule.is_some());
        let Times { request_in: Some(begun), response_out: Some(ended), .. } = self.times else { return };
        let waited = match self.times {
            Times { request_out: Some(sent), response_in: Some(received), .. } => (received - sent).max(0),
            _ => 0,
        };
        let own = u64::try_from(ended - begun - waited).unwrap_or_default();
        route.took(own, u64::try_from(waited).ok().filter(|waited| *waited > 0));
    }

    /// One line per exchange, for who reads logs; the journal has the rest.
    pub fn log(&self) {
        let (caller, service) =
            (self.caller.unwrap_or("?"), self.service.map_or("?", |service| service.id.as_str()));
        let (route, status) = (self.route.unwrap_or("?"), self.status.unwrap_or_default());
        match (self.rule, self.fault) {
            // What the consumer can mend is the consumer's to see; the rest needs an operator.
            (Some(rule), Some("consumer")) => {
                tracing::info!(exchange = %self.exchange, caller, service, route, status, rule, "refused");
            }
            (Some(rule), fault) => {
                let (fault, cause) = (fault.unwrap_or("?"), self.cause.as_deref().unwrap_or(rule));
                tracing::warn!(exchange = %self.exchange, caller, service, route, status, rule, cause, fault, "failed");
            }
            _ => tracing::debug!(exchange = %self.exchange, caller, service, route, status, "exchanged"),
        }
    }
}
