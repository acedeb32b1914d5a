//! The address at which the server of an identity listens.

use std::net::SocketAddr;

use crate::protocol::values::url::Url;

/// The port of a server that nobody told where to listen.
const PORT: u16 = 8470;

/// The address at which the server of an identity at `base` listens, unless the settings say
/// otherwise.
pub fn usual_bind(base: Option<&Url>) -> SocketAddr {
    let own = base.and_then(|base| format!("{}:{}", base.host(), base.port()).parse().ok());
    let own = own.filter(|address: &SocketAddr| address.ip().is_loopback());
    own.unwrap_or(SocketAddr::from(([127, 0, 0, 1], PORT)))
}
