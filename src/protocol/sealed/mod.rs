//! The contents of sealed objects: items, states, introductions, transitions (PROTOCOL §4 to §6,
//! §9).

pub mod handshake;
pub mod introduction;
pub mod item;
pub mod padding;
pub mod state;
pub mod transition;
