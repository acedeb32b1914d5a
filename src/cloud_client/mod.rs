//! The client of clouds: we ask the cloud of a feed to tell us, and tell it that a feed changed.
//!
//! In comes a feed with a cloud in it. Out go `pleaseNotify` and `ping`, as forms or by XML-RPC, in
//! whichever of its dialects the cloud answers. `named` is the cloud that a feed names, `register`
//! the registration, `ask` the request.
//!
//! Its rule: the URL of a pair feed is a capability, and no cloud elsewhere learns it unasked.
//!
//! It may call the session and all below.

pub mod ask;
pub mod named;
pub mod register;
