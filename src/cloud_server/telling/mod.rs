//! Telling: who is called of a change, when, and when again.

pub mod crier;
pub mod deliveries;
pub mod teller;
