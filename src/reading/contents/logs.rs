//! The logs of a contact: which there are, and what of the older ones is still offered
//! (PROTOCOL §4, §5).

use jiff::SignedDuration;

use crate::protocol::sealed::introduction::{Earlier, Introduction};
use crate::protocol::sealed::state::State;
use crate::protocol::values::guid::LogId;
use crate::reading::intake::Intake;
use crate::store::contact::entry::{LogHead, Theirs};
use crate::store::contact::history::record::About;
use crate::store::contact::ranges::SequenceRange;

/// The most logs of one contact that are known: the newest.
const LOGS: usize = 64;
/// A home that is restored begins one new log. Two of them within this time are no restore.
const ONE_RESTORE: SignedDuration = SignedDuration::from_hours(24);

impl Intake<'_> {
    /// Tells that the contact writes a new log, if it goes on from an older one.
    pub(in crate::reading) fn notice_new_log(&mut self, introduction: &Introduction) {
        let theirs = &self.contact.theirs;
        let Some(before) = theirs.introduction.as_ref().map(|seen| seen.log) else { return };
        if before == introduction.log {
            return;
        }
        let is_second = theirs.logs.iter().any(|log| *log < before);
        let age = introduction.log.time().duration_since(before.time());
        if is_second && age < ONE_RESTORE {
            let text = "two homes write as this contact: two new logs within a day";
            self.tell(About::Integrity, text.to_owned());
        } else if introduction.earlier.iter().any(|earlier| earlier.log == before) {
            let text = "the contact writes a new log: its home was restored from a backup";
            let is_all = introduction.earlier.iter().all(|earlier| !earlier.more);
            let more = if is_all { "" } else { ", and it cannot name all that it wrote before" };
            self.tell_healed(About::Integrity, &format!("{text}{more}"));
        }
    }
}

/// Notes the logs that `introduction` opens, and those that it still offers.
pub fn open_logs(theirs: &mut Theirs, introduction: &Introduction) {
    let named = introduction.earlier.iter().filter(|earlier| earlier.log < introduction.log);
    let head =
        |named: &Earlier| LogHead { log: named.log, sequence: named.sequence, hash: named.hash };
    theirs.earlier = named.map(head).collect();
    theirs.earlier.sort_by_key(|earlier| earlier.log);
    let earlier = theirs.earlier.iter().map(|earlier| earlier.log);
    theirs.logs.extend(earlier.chain([introduction.log]));
    theirs.logs.sort_unstable();
    theirs.logs.dedup();
    let surplus = theirs.logs.len().saturating_sub(LOGS);
    theirs.logs.drain(..surplus);
}

/// What `state` says will never come, up to what is offered of each log: nobody can give up what was
/// never written.
pub fn gone(theirs: &Theirs, state: &State) -> Vec<SequenceRange> {
    let highest = |log: LogId| {
        let head = theirs.offered().find(|head| head.log == log);
        head.map_or(0, |head| head.sequence)
    };
    let gone = state.gone.iter().map(SequenceRange::from);
    gone.filter_map(|range| range.up_to(highest(range.log))).collect()
}
