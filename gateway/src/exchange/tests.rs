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
