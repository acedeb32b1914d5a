//! Items of a contact's feed that were not taken: refused, or held until something is decided.

use std::collections::BTreeMap;

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::store::contact::verdicts::{Verdict, Why};

const CHECK: &str = "verdicts";
/// Guids that are named of the items with one reason.
const NAMED: usize = 3;

/// One finding for each reason that `verdicts` on items of the contact called `name` give.
pub fn judge(name: &str, verdicts: &[Verdict]) -> Vec<Finding> {
    let mut reasons: BTreeMap<(&str, &str), Vec<&Verdict>> = BTreeMap::new();
    // A fork is told with the chain, until the user has looked at it.
    for verdict in verdicts.iter().filter(|verdict| verdict.why != Why::Forked) {
        let key = (class(verdict.why).0, verdict.reason.as_str());
        reasons.entry(key).or_default().push(verdict);
    }
    reasons.into_iter().filter_map(|((_, reason), items)| about(name, reason, &items)).collect()
}

fn about(name: &str, reason: &str, items: &[&Verdict]) -> Option<Finding> {
    let (finding, kind, verb) = class(items.first()?.why);
    let guids: Vec<&str> = items.iter().take(NAMED).map(|item| item.guid.as_str()).collect();
    let more = if items.len() > NAMED { ", …" } else { "" };
    let count = if items.len() == 1 {
        "1 item is".to_owned()
    } else {
        format!("{} items are", items.len())
    };
    let text = format!("{count} {verb}: {reason} ({}{more})", guids.join(", "));
    let hint = match items.first()?.why {
        Why::Unknown => {
            format!("cloudim poll {name}; if it has another key: cloudim contact trust {name}")
        }
        Why::Held => "a later version of cloudim may be able to read it".to_owned(),
        Why::Early => "set the clock, if it is behind; else it comes by itself".to_owned(),
        Why::Unopened => {
            format!("ask `{name}` to run cloudim poll, which looks for your present key")
        }
        Why::Failed | Why::Forked | Why::Forged | Why::Foreign | Why::Disbelieved => {
            format!("ask `{name}` whether it has written that")
        }
    };
    Some(Finding::wrong(CHECK, kind, finding, name, text).of(name).hint(hint))
}

/// What a verdict is called, its kind, and the words for it.
fn class(why: Why) -> (&'static str, Kind, &'static str) {
    match why {
        Why::Failed | Why::Disbelieved => ("refused", Kind::Integrity, "refused"),
        Why::Forged => ("forged", Kind::Integrity, "forged"),
        Why::Forked => ("fork", Kind::Integrity, "there twice"),
        Why::Foreign => ("foreign-log", Kind::Integrity, "from a log that is not this feed's"),
        Why::Unopened => ("unopened", Kind::Trust, "not to be opened here"),
        Why::Held => ("held", Kind::Trust, "held"),
        Why::Unknown => ("held-key", Kind::Trust, "held"),
        Why::Early => ("held-clock", Kind::Trust, "held"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::hash::SealedHash;

    fn verdict(guid: &str, why: Why, reason: &str) -> Verdict {
        let sealed = SealedHash::of(guid.as_bytes());
        let (guid, reason) = (guid.to_owned(), reason.to_owned());
        Verdict { guid, sealed, why, reason, logs: 1, since: None, anew: false }
    }

    #[test]
    fn items_with_one_reason_are_one_line_and_the_reason_decides_the_status() {
        let mut all: Vec<Verdict> =
            (0..50).map(|n| verdict(&format!("g{n}"), Why::Failed, "it is broken")).collect();
        all.push(verdict("x", Why::Unknown, "an unknown key"));
        let found = judge("mary", &all);
        let shown: Vec<_> = found.iter().map(|found| (found.finding, found.status)).collect();
        assert_eq!(shown, [(Some("held-key"), 4), (Some("refused"), 5)]);
        assert_eq!(found[1].text, "50 items are refused: it is broken (g0, g1, g2, …)");
        assert_eq!(found[0].text, "1 item is held: an unknown key (x)");
        assert!(judge("mary", &[]).is_empty());
    }
}
