//! The chain of what a contact has written, as it is on our disk: whether each message hangs on the
//! one before, and none is missing or there twice.

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::protocol::sealed::state::Range;
use crate::protocol::values::guid::LogId;
use crate::store::contact::entry::Theirs;
use crate::store::contact::fork::Fork;
use crate::store::contact::history::known::Known;

const CHECK: &str = "chain";
/// Places that are named; of more it is said how many there are.
const NAMED: usize = 8;

/// Judges what we `know` of the contact called `name`, by what its last state says. A gap is worth
/// knowing at first; where it is `overdue`, it is wrong.
pub fn judge(name: &str, theirs: &Theirs, known: &Known, overdue: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(gaps(name, &known.missing(theirs), overdue));
    found.extend(standing(name, &theirs.forks));
    found.extend(seen(name, theirs, known));
    if found.is_empty() {
        found.push(Finding::ok(CHECK, name, whole(theirs, known)).of(name));
    }
    found
}

fn whole(theirs: &Theirs, known: &Known) -> String {
    let Some(head) = &theirs.head else {
        return "it has written nothing yet that we know of".to_owned();
    };
    let here = known.highest(head.log).max(known.reached(theirs, head.log).sequence);
    let more = here.saturating_sub(head.sequence);
    let more = if more > 0 {
        format!(", and {more} that its state does not name yet")
    } else {
        String::new()
    };
    format!("all that it has written is here, up to sequence {}{more}", head.sequence)
}

fn gaps(name: &str, missing: &[Range], overdue: bool) -> Option<Finding> {
    if missing.is_empty() {
        return None;
    }
    let ranges = named(missing.iter().map(|range| match range.from == range.to {
        true => range.from.to_string(),
        false => format!("{} to {}", range.from, range.to),
    }));
    let poll = format!("cloudim poll {name}");
    let finding = if overdue {
        let text = format!("messages are missing: sequence {ranges}; they are asked for");
        Finding::wrong(CHECK, Kind::Integrity, "gap", name, text)
    } else {
        let text = format!("sequence {ranges} is written, and not here yet");
        Finding::note(CHECK, "gap", name, text)
    };
    Some(finding.of(name).hint(poll))
}

/// The forks that the user has not looked at yet, a line each.
fn standing(name: &str, forks: &[Fork]) -> Vec<Finding> {
    let told = |fork: &Fork| {
        let places = named(fork.sequences.iter().map(u64::to_string));
        let places = if places.is_empty() { places } else { format!(" at sequence {places}") };
        let text = format!(
            "its log is forked{places}: two homes write, a backup was restored, or its key was stolen"
        );
        let finding = Finding::wrong(CHECK, Kind::Integrity, "fork", name, text).of(name);
        finding.hint(format!("ask `{name}`; once that is clear: cloudim check {name} --repair"))
    };
    forks.iter().map(told).collect()
}

/// Places of our disk that show a fork which the user has looked at.
fn seen(name: &str, theirs: &Theirs, known: &Known) -> Option<Finding> {
    let stands = |log: LogId| theirs.forks.iter().any(|fork| fork.log == log);
    let mut places = known.forks();
    places.extend(known.breaks());
    places.retain(|(log, _)| !stands(*log));
    places.sort_unstable();
    if places.is_empty() {
        return None;
    }
    let places = named(places.iter().map(|(_, sequence)| sequence.to_string()));
    let text = format!("its log was forked at sequence {places}; you have looked at that");
    Some(Finding::note(CHECK, "fork-seen", name, text).of(name))
}

/// The first of `all`, and how many more there are.
fn named(all: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = all.collect();
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    let first = all.join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::guid::Guid;
    use crate::protocol::values::hash::OctetsHash;
    use crate::store::contact::entry::LogHead;
    use crate::store::contact::history::record::{Record, What};
    use crate::store::testing::entry;
    use jiff::Timestamp;

    fn log() -> Guid {
        "urn:uuid:019b0000-0000-7000-8000-000000000001".parse().unwrap()
    }

    fn hash(text: &str) -> OctetsHash {
        OctetsHash::of(text.as_bytes())
    }

    /// What is known of the items at these sequences, each with its hash and the one before.
    fn known(items: &[(u64, &str, &str)]) -> Known {
        let mut known = Known::default();
        for (number, (sequence, own, previous)) in items.iter().enumerate() {
            let guid = format!("urn:uuid:019b0000-0000-7000-8000-{number:012}").parse().unwrap();
            let mut entry = entry(guid, log(), *sequence);
            entry.place.hash = hash(own);
            entry.place.previous = (!previous.is_empty()).then(|| hash(previous));
            known.add(&Record::new(
                What::Message { entry, trimmed: false },
                Timestamp::UNIX_EPOCH,
                "",
            ));
        }
        known
    }

    fn theirs(head: u64) -> Theirs {
        let head = LogHead { log: log(), sequence: head, hash: hash("head") };
        Theirs { head: Some(head), logs: vec![log()], ..Theirs::default() }
    }

    fn found(items: &[(u64, &str, &str)], head: u64) -> Vec<(Option<&'static str>, u8, String)> {
        let found = judge("mary", &theirs(head), &known(items), true);
        found.into_iter().map(|found| (found.finding, found.status, found.text)).collect()
    }

    #[test]
    fn a_whole_chain_is_well() {
        let all = found(&[(1, "a", ""), (2, "b", "a"), (3, "c", "b")], 3);
        assert_eq!(
            all,
            [(None, 0, "all that it has written is here, up to sequence 3".to_owned())]
        );
        let ahead = found(&[(1, "a", ""), (2, "b", "a")], 1);
        assert!(ahead[0].2.ends_with("sequence 1, and 1 that its state does not name yet"));
    }

    #[test]
    fn what_is_missing_is_named_and_is_wrong_once_it_is_overdue() {
        let items = [(1, "a", ""), (4, "d", "c"), (6, "f", "e")];
        let all = found(&items, 9);
        assert_eq!((all.len(), all[0].0, all[0].1), (1, Some("gap"), 5));
        assert!(all[0].2.contains("sequence 2 to 3, 5, 7 to 9;"), "{}", all[0].2);
        let early = judge("mary", &theirs(9), &known(&items), false);
        assert_eq!((early[0].finding, early[0].status), (Some("gap"), 0));
    }

    #[test]
    fn a_fork_is_wrong_until_the_user_has_looked_and_is_noted_from_then_on() {
        let two = known(&[(1, "a", ""), (2, "b", "a"), (2, "B", "a"), (3, "c", "B")]);
        let fork = Fork {
            log: log(),
            since: Timestamp::UNIX_EPOCH,
            sequences: vec![2],
            hashes: Vec::new(),
        };
        let mut theirs = theirs(3);
        theirs.forks.push(fork);
        let found = |theirs: &Theirs, known: &Known| -> Vec<(Option<&'static str>, u8)> {
            let found = judge("mary", theirs, known, true);
            found.into_iter().map(|found| (found.finding, found.status)).collect()
        };
        assert_eq!(found(&theirs, &two), [(Some("fork"), 5)]);
        let text = &judge("mary", &theirs, &two, true)[0].text;
        assert!(text.starts_with("its log is forked at sequence 2: "), "{text}");
        theirs.forks.clear();
        assert_eq!(found(&theirs, &two), [(Some("fork-seen"), 0)]);
        // A message that hangs on another than ours, or on none, shows one as well.
        for previous in ["other", ""] {
            let broken = known(&[(1, "a", ""), (2, "b", previous), (3, "c", "b")]);
            assert_eq!(found(&theirs, &broken), [(Some("fork-seen"), 0)]);
        }
        // The same message, recorded twice, is none.
        let twice = known(&[(1, "a", ""), (1, "a", ""), (2, "b", "a"), (3, "c", "b")]);
        assert_eq!(found(&theirs, &twice), [(None, 0)]);
    }

    #[test]
    fn of_many_places_the_first_are_named() {
        let items: Vec<(u64, &str, &str)> = (1..=40).map(|at| (at * 2, "x", "y")).collect();
        let text = &found(&items, 80)[0].2;
        assert!(text.contains("15 and 24 more") || text.contains("and "), "{text}");
    }
}
