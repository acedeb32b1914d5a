//! `pleaseFollow`: invitations and acceptances by call.

mod crossing;
mod decisions;
mod flood;
mod kept;
mod rpc;
pub mod story;
