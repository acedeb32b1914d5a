//! `invitations/calls.jsonl`: calls by strangers that wait until the user wants to see who called,
//! one a line, and which hosts were visited for such.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::calls::please_follow::PleaseFollow;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;

/// The calls that wait, and the visits that count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    /// The calls in the order in which they have their turn.
    pub waiting: Vec<Waiting>,
    /// When each host was named by a call that was followed, lately.
    pub named: BTreeMap<String, Vec<Timestamp>>,
}

/// A call that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The caller's address.
    pub caller: IpAddr,
    /// The call.
    #[serde(flatten)]
    pub call: PleaseFollow,
    /// Whether it had its turn, and could not be followed then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Waiting(Box<Waiting>),
    Named { host: String, named: Vec<Timestamp> },
}

fn path(home: &Home) -> PathBuf {
    home.invitations().join("calls.jsonl")
}

/// The calls of `home`; none if there is no file of them.
///
/// # Errors
/// When it cannot be read.
pub fn load(home: &Home) -> Result<Calls> {
    let path = path(home);
    let text = atomic::read_text(&path)?.unwrap_or_default();
    let mut calls = Calls::default();
    for line in text.lines() {
        let line = serde_json::from_str(line);
        match line.or_cannot_use(&path)? {
            Line::Waiting(waiting) => calls.waiting.push(*waiting),
            Line::Named { host, named } => drop(calls.named.insert(host, named)),
        }
    }
    Ok(calls)
}

/// Replaces the calls.
///
/// # Errors
/// When they cannot be written.
pub fn save(locked: &Locked<'_>, calls: &Calls) -> Result<()> {
    let home = &locked.home;
    if *calls == Calls::default() {
        return home.remove(&path(home));
    }
    let waiting = calls.waiting.iter().cloned().map(|waiting| Line::Waiting(Box::new(waiting)));
    let named = calls.named.clone().into_iter();
    let named = named.map(|(host, named)| Line::Named { host, named });
    let mut text = Vec::new();
    for line in waiting.chain(named) {
        serde_json::to_writer(&mut text, &line).or_cannot("write a call")?;
        text.push(b'\n');
    }
    home.write(&path(home), &text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::testing::locked;

    #[test]
    fn calls_come_back_as_they_were_kept() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(load(&home).unwrap(), Calls::default());
        let (feed, key) = ("https://a.example/f", "https://a.example/k");
        let waiting = |caller: &str, in_reply_to, late| Waiting {
            caller: caller.parse().unwrap(),
            call: PleaseFollow::new(feed, key, in_reply_to).unwrap(),
            late,
        };
        let calls = Calls {
            waiting: vec![
                waiting("192.0.2.1", None, false),
                waiting("2001:db8::", Some("https://b.example/f"), true),
            ],
            named: [("a.example".to_owned(), vec![Timestamp::UNIX_EPOCH])].into(),
        };
        locked(&home, |locked| save(locked, &calls)).unwrap();
        assert_eq!(load(&home).unwrap(), calls);
        let text = std::fs::read_to_string(path(&home)).unwrap();
        let first = format!(r#"{{"caller":"192.0.2.1","feed":"{feed}","key":"{key}"}}"#);
        assert_eq!(text.lines().next(), Some(&*first));
        let mode = std::fs::metadata(path(&home)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        locked(&home, |locked| save(locked, &Calls::default())).unwrap();
        assert!(!path(&home).exists());
    }

    #[test]
    fn what_is_no_call_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        std::fs::create_dir(home.invitations()).unwrap();
        std::fs::write(path(&home), "{\"caller\":\"x\"}\n").unwrap();
        let error = load(&home).unwrap_err().to_string();
        assert!(error.contains("cannot use") && error.contains("calls.jsonl"), "{error}");
    }
}
