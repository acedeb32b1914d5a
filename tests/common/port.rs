//! Ports for servers that somebody else starts, and starts later.

use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, iter};

/// A port of loopback that nobody listens at and that is given out once. The system gives it to
/// nobody either, as it would any port that was bound and let go again.
pub fn free() -> u16 {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    let of_system = of_system();
    let ours: Vec<u16> = (10_000..=u16::MAX).filter(|port| !of_system.contains(port)).collect();
    // Another run of the tests, at the same time, begins elsewhere.
    let begin = std::process::id() as usize * 512;
    let next = || ours[(begin + GIVEN.fetch_add(1, Ordering::Relaxed)) % ours.len()];
    let mut ports = iter::repeat_with(next).take(ours.len());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// The ports that the system gives to who asks for any.
fn of_system() -> RangeInclusive<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|end| end.parse().ok());
    match (ends.next(), ends.next()) {
        // Where it gives nearly all, there are no others to take.
        (Some(first), Some(last)) if first > 11_000 || last < 64_000 => first..=last,
        (Some(_), Some(_)) => 0..=0,
        _ => 32_768..=60_999,
    }
}
