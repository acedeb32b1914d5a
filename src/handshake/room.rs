//! The places of invitations that wait: bounded, and shared out by the host and the caller that they
//! came from.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::protocol::sealed::introduction::Introduction;
use crate::store::waiting::invitations::Received;

/// Invitations that wait for a decision, at most.
pub const MOST: usize = 100;

/// Where an invitation came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The host of the feed that it names; nothing if it cannot be read.
    pub host: Option<String>,
    /// The address, or network, that called; nothing if it came as a file.
    pub caller: Option<IpAddr>,
}

impl Origin {
    /// Where `received` came from.
    pub fn of(received: &Received) -> Self {
        let introduction = Introduction::parse(received.octets.as_bytes()).ok();
        let host = introduction.map(|introduction| introduction.feed.host().to_owned());
        Self { host, caller: received.caller }
    }

    /// Returns whether both came from one caller, or name one host.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        self.host.is_some() && self.host == other.host
            || self.caller.is_some() && self.caller == other.caller
    }
}

/// The one that gives way among those `pending`, oldest first, when one from `newcomer` comes; none while
/// there is room. It is the oldest of the caller, or of the host, that has most; among equals one whose
/// card was not reached. So a flood by few costs nobody else the place, and nobody can keep it full.
pub fn gives_way<'a>(pending: &'a [Received], newcomer: &Origin) -> Option<&'a Received> {
    if pending.len() < MOST {
        return None;
    }
    let origins: Vec<Origin> = pending.iter().map(Origin::of).collect();
    let (mut of_hosts, mut of_callers) = (BTreeMap::new(), BTreeMap::new());
    for Origin { host, caller } in origins.iter().chain([newcomer]) {
        if let Some(host) = host {
            *of_hosts.entry(host).or_insert(0_usize) += 1;
        }
        if let Some(caller) = caller {
            *of_callers.entry(caller).or_insert(0_usize) += 1;
        }
    }
    let share = |Origin { host, caller }: &Origin| {
        let host = host.as_ref().and_then(|host| of_hosts.get(host));
        let caller = caller.as_ref().and_then(|caller| of_callers.get(caller));
        host.max(caller).copied().unwrap_or_default()
    };
    let all = pending.iter().zip(&origins).rev();
    let first = all.max_by_key(|(received, origin)| (share(origin), !received.card_confirmed));
    first.map(|(received, _)| received)
}
