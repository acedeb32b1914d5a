//! The chain of what a contact has written, as it is on our disk: whether each message hangs on the
//! one before, and none is missing or there twice.

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::protocol::sealed::state::Range;
use crate::protocol::values::guid::LogId;
use crate::store::contact::entry::Theirs;
use crate::store::contact::history::known::Known;

const CHECK: &str = "chain";
/// Places that are named; of more it is said how many there are.
const NAMED: usize = 8;

/// Judges what we `know` of the contact called `name`, by what its last state says. A gap is worth
/// knowing at first; where it is `overdue`, it is wrong.
pub fn judge(name: &str, theirs: &Theirs, known: &Known, overdue: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(gaps(name, &known.missing(theirs), overdue));
    found.extend(forks(name, &known.forks()));
    found.extend(breaks(name, &known.breaks()));
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

fn forks(name: &str, forks: &[(LogId, u64)]) -> Option<Finding> {
    if forks.is_empty() {
        return None;
    }
    let places = named(forks.iter().map(|(_, sequence)| sequence.to_string()));
    let text = format!("different messages stand at one place: sequence {places}");
    let finding = Finding::wrong(CHECK, Kind::Integrity, "fork", name, text).of(name);
    Some(finding.hint(format!("ask `{name}` whether two homes write, or a backup was restored")))
}

fn breaks(name: &str, breaks: &[(LogId, u64)]) -> Option<Finding> {
    if breaks.is_empty() {
        return None;
    }
    let places = named(breaks.iter().map(|(_, sequence)| sequence.to_string()));
    let text = format!("a message names another before it than the one here: sequence {places}");
    let finding = Finding::wrong(CHECK, Kind::Integrity, "broken", name, text).of(name);
    Some(finding.hint(format!("ask `{name}` whether two homes write, or a backup was restored")))
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
    fn two_at_one_place_are_a_fork_and_what_hangs_on_either_is_none() {
        let all = found(&[(1, "a", ""), (2, "b", "a"), (2, "B", "a"), (3, "c", "B")], 3);
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!((all[0].0, all[0].1), (Some("fork"), 5));
        assert!(all[0].2.ends_with("sequence 2"), "{}", all[0].2);
        // The same message, recorded twice, is no fork.
        assert_eq!(found(&[(1, "a", ""), (1, "a", "")], 1)[0].0, None);
    }

    #[test]
    fn a_message_that_hangs_on_another_than_ours_breaks_the_chain() {
        let all = found(&[(1, "a", ""), (2, "b", "other"), (3, "c", "b")], 3);
        assert_eq!((all.len(), all[0].0, all[0].1), (1, Some("broken"), 5));
        // One that names nothing before it, where something is, contradicts that as well.
        assert_eq!(found(&[(1, "a", ""), (2, "b", "")], 2)[0].0, Some("broken"));
    }

    #[test]
    fn of_many_places_the_first_are_named() {
        let items: Vec<(u64, &str, &str)> = (1..=40).map(|at| (at * 2, "x", "y")).collect();
        let text = &found(&items, 80)[0].2;
        assert!(text.contains("15 and 24 more") || text.contains("and "), "{text}");
    }
}
