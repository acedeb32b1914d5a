//! The canonical strings and the limits (PROTOCOL §1, §11).

pub mod clock;
pub mod fingerprint;
pub mod guid;
pub mod hash;
pub mod integer;
pub mod limits;
pub mod lookalike;
pub mod text;
pub mod time;
pub mod token;
pub mod url;
