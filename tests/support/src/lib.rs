//! What the demo and the journeys stand on: a throw-away PKI, the documents of a sandbox, the real
//! processes, and clients that speak to them over real TLS.
//!
//! Nothing here knows how the gateway works inside. Processes are started as an operator starts
//! them, callers connect as a member's system connects, and what is asserted is what comes back.
//!
//! [`Sandbox`] is the whole: it lays out one folder (documents, keys, certificates, data, logs),
//! starts the simulated neighbours and the gateway, and stops them when it is dropped. A watching
//! shell stops them too when the test process itself dies (see [`process`]).

pub mod client;
pub mod curl;
pub mod documents;
pub mod neighbour;
pub mod pki;
pub mod ports;
pub mod process;
pub mod sandbox;
pub mod tools;

pub use client::{Answer, Ask, Caller, Http, Line, Raw};
pub use documents::Documents;
pub use neighbour::{Behaviour, Neighbour, Seen};
pub use pki::{Identity, Pki};
pub use process::Process;
pub use sandbox::{Binaries, Plan, Sandbox};
