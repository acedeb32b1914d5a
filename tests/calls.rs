//! `pleaseFollow`: invitations and acceptances by call.

mod common;

#[allow(dead_code, reason = "these stories need some of it")]
mod handshake {
    pub mod story;
}

mod calls {
    mod crossing;
    mod decisions;
    mod flood;
    mod kept;
    mod rpc;
    mod story;
}
