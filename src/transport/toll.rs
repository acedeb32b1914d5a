//! What requests to strangers cost those who are asked, as far as that is counted.

use std::fmt::Debug;
use std::net::IpAddr;

/// Counts what each address is asked for, whatever names lead there. Several threads may ask at
/// once.
pub trait Toll: Debug + Send + Sync {
    /// Returns whether one more request may go to `address`, to which `host` leads; counts it if so.
    fn admit(&self, host: &str, address: IpAddr) -> bool;

    /// Counts that an answer of `host` brought so many bytes.
    fn took(&self, host: &str, bytes: usize);
}
