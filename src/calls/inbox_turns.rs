//! Following the calls of the inbox: each in its turn, several at once, and none too often.

use jiff::{SignedDuration, Timestamp};

use super::{AT_ONCE, Followed, OurFeeds, Rate, follow_all};
use crate::error::Error;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::limits;
use crate::session::run::Run;
use crate::session::setback::Setback;
use crate::store::waiting::inbox::{Inbox, Waiting};

/// How often a call is tried that fails for another reason than the network.
const TRIES: u32 = 3;
/// The pause after the first failure; it doubles each time.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);
/// The pause of a call that names a host which was named too often.
const TOO_OFTEN: SignedDuration = SignedDuration::from_mins(20);
/// How long one reading of the inbox goes on to follow calls: a flood that names hosts which never
/// answer must not hold up the messages.
const PATIENCE: SignedDuration = SignedDuration::from_secs(20);

/// Follows the calls whose turn it is, those first that were tried least; those by strangers only
/// with `strangers`.
pub(super) fn follow(run: &mut Run, inbox: &mut Inbox, strangers: bool) -> Result<(), Error> {
    let start = run.clock.now();
    let ours = OurFeeds::new(&run.identity.home, &run.identity.config);
    let due = due(inbox, &ours, strangers, start);
    if !due.is_empty() {
        // Once for all of them, for it may ask.
        run.keys.unlock()?;
    }
    let mut rate = Rate::of(inbox.named.clone());
    for turn in due.chunks(AT_ONCE) {
        if run.clock.now().duration_since(start) > PATIENCE {
            break;
        }
        let mut calls: Vec<_> =
            turn.iter().filter_map(|guid| attempt(inbox, *guid, start)).collect();
        calls.retain(|(guid, call)| {
            let admitted = match ours.are_answered_by(call) {
                true => rate.admit_answer(call, start),
                false => rate.admit(call, start),
            };
            if !admitted {
                postpone(inbox, *guid, start);
            }
            admitted
        });
        // So that one which always gets us killed comes last the next time.
        inbox.save(&run.identity.lock_although_copied(run.clock.now())?)?;
        let calls = calls.into_iter().map(|(guid, call)| (guid, call, None)).collect();
        for (guid, followed) in follow_all(run, calls) {
            settle(inbox, guid, followed);
        }
    }
    inbox.named = rate.named(run.clock.now());
    Ok(inbox.save(&run.identity.lock_although_copied(run.clock.now())?)?)
}

/// The entries whose turn it is, in order. An entry that has waited for too long waits no more.
fn due(inbox: &mut Inbox, ours: &OurFeeds, strangers: bool, now: Timestamp) -> Vec<Guid> {
    let mut due = Vec::new();
    for entry in &mut inbox.entries {
        if now.duration_since(entry.guid.time()) > limits::INBOX_WAIT {
            entry.waiting = None;
        }
        let waiting = entry.waiting.as_ref().filter(|waiting| is_due(waiting, now));
        let waiting = waiting.filter(|w| strangers || ours.are_answered_by(&w.call));
        due.extend(waiting.map(|waiting| (waiting.tries, waiting.next, entry.guid)));
    }
    due.sort_unstable();
    due.into_iter().map(|(.., guid)| guid).collect()
}

fn is_due(waiting: &Waiting, now: Timestamp) -> bool {
    let Some(next) = waiting.next else { return true };
    // A clock that was set back must not make it wait for long.
    next <= now || next.duration_since(now) > LONGEST_PAUSE
}

/// Notes that an entry is tried at `now`, and when it will be again if that fails.
fn attempt(inbox: &mut Inbox, guid: Guid, now: Timestamp) -> Option<(Guid, PleaseFollow)> {
    let waiting = inbox.entry(guid)?.waiting.as_mut()?;
    let pause = PAUSE.saturating_mul(1 << waiting.tries.min(16)).min(LONGEST_PAUSE);
    waiting.tries = waiting.tries.saturating_add(1);
    waiting.next = now.checked_add(pause).ok();
    Some((guid, waiting.call.clone()))
}

/// Notes that an entry names a host too often; it is not followed now.
fn postpone(inbox: &mut Inbox, guid: Guid, now: Timestamp) {
    if let Some(waiting) = inbox.entry(guid).and_then(|entry| entry.waiting.as_mut()) {
        waiting.tries = waiting.tries.saturating_sub(1);
        waiting.next = now.checked_add(TOO_OFTEN).ok();
    }
}

/// Notes what came of an entry.
fn settle(inbox: &mut Inbox, guid: Guid, followed: Result<Followed, Setback>) {
    let Some(entry) = inbox.entry(guid) else { return };
    let Some(waiting) = &mut entry.waiting else { return };
    if let Err(setback) = &followed {
        log::info!("a call from the inbox came to nothing: {setback}");
    }
    match followed {
        Err(Setback::Passing(_)) => {}
        Err(Setback::Lasting(_)) if waiting.tries < TRIES => {}
        Ok(_) | Err(Setback::Lasting(_)) => entry.waiting = None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::store::waiting::inbox::Entry;

    const GUID: &str = "urn:uuid:0199f0c2-0000-7000-8000-000000000000";

    fn waiting() -> Inbox {
        let url = |path: &str| format!("https://a.example/{path}").parse().unwrap();
        let call = PleaseFollow { feed: url("f"), key: url("k"), in_reply_to: None };
        let entry = Entry { guid: GUID.parse().unwrap(), waiting: Some(call.into()) };
        Inbox { entries: vec![entry], ..Inbox::default() }
    }

    /// Tries the entry at `now`, with this outcome.
    fn try_it(inbox: &mut Inbox, now: Timestamp, followed: Result<Followed, Setback>) {
        let (guid, _) = attempt(inbox, GUID.parse().unwrap(), now).unwrap();
        settle(inbox, guid, followed);
    }

    fn network() -> Result<Followed, Setback> {
        Err(Setback::Passing(Error::new(Kind::Network, "away")))
    }

    #[test]
    fn pauses_double_up_to_six_hours_and_a_clock_set_back_ends_them() {
        let (mut inbox, mut now) = (waiting(), Timestamp::UNIX_EPOCH);
        for minutes in [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360] {
            assert!(is_due(inbox.entries[0].waiting.as_ref().unwrap(), now));
            try_it(&mut inbox, now, network());
            let waiting = inbox.entries[0].waiting.as_ref().unwrap();
            let pause = SignedDuration::from_mins(minutes);
            assert!(!is_due(waiting, now + pause - SignedDuration::from_secs(1)));
            now += pause;
            assert!(is_due(waiting, now));
        }
        try_it(&mut inbox, now, network());
        let before = now - SignedDuration::from_hours(24);
        assert!(is_due(inbox.entries[0].waiting.as_ref().unwrap(), before));
    }

    #[test]
    fn what_fails_for_good_is_tried_three_times_and_what_is_too_often_does_not_count() {
        let (mut inbox, now) = (waiting(), Timestamp::UNIX_EPOCH);
        for _ in 0..10 {
            attempt(&mut inbox, GUID.parse().unwrap(), now).unwrap();
            postpone(&mut inbox, GUID.parse().unwrap(), now);
            let waiting = inbox.entries[0].waiting.as_ref().unwrap();
            assert_eq!((waiting.tries, waiting.next), (0, Some(now + TOO_OFTEN)));
        }
        for left in [true, true, false] {
            try_it(&mut inbox, now, Err(Error::cannot("no introduction").into()));
            assert_eq!(inbox.entries[0].waiting.is_some(), left);
        }
        let mut inbox = waiting();
        try_it(&mut inbox, now, Ok(Followed::Nothing));
        assert_eq!(inbox.entries[0].waiting, None);
    }
}
