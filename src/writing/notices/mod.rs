//! Notices of ourselves: our certificate in a feed (`key_notice`), who and where we are
//! (`reintroduction`), and which key follows ours (`transition`).

pub mod key_notice;
pub mod reintroduction;
pub mod transition;
