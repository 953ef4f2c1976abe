//! Floor 2: the process.
//!
//! Reading order: [`exchange`] (a request's life in one function), [`stages`] (its checks, one file
//! each), [`world`] (what decides), [`host`] (the HTTP and TLS engine), [`journal`] (the evidence),
//! [`description`] (services told), [`quota`], [`admin`], [`cli`].

pub mod admin;
pub mod cli;
pub mod code_lists;
pub mod description;
mod discovery;
mod evidence;
pub mod exchange;
pub mod host;
pub mod journal;
mod lifetime;
pub mod metrics;
mod negotiation;
mod problem;
pub mod quota;
pub mod refusal;
mod soap;
pub mod stages;
pub mod stated;
pub mod world;
