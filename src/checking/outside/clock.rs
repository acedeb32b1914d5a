//! Our clock, by what the hosts say that were asked just now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::protocol::values::clock;

/// What hosts say of the time, by their names.
pub type Dates = BTreeMap<String, Timestamp>;

const CHECK: &str = "clock";
/// How far clocks that are right may be apart.
const APART: SignedDuration = SignedDuration::from_mins(5);

/// Judges the clock that shows `now` by the `dates` of hosts. The host that is nearest to it counts: one
/// that is wrong, or lies, makes nothing of ours wrong.
pub fn judge(now: Timestamp, dates: &Dates) -> Option<Finding> {
    let apart = |date: &Timestamp| now.duration_since(*date);
    let (host, date) = dates.iter().min_by_key(|(_, date)| apart(date).abs())?;
    let by = apart(date);
    if by.abs() <= APART {
        return Some(Finding::ok(CHECK, "clock", "hosts have the same time"));
    }
    let way = if by.is_negative() { "behind" } else { "ahead" };
    let who = match dates.len() {
        1 => format!("as `{host}` has it"),
        hosts => format!("as all {hosts} hosts have it that were asked"),
    };
    let text = format!("the clock is {way} by {}, {who}", spelled(by.abs()));
    let is_wrong = clock::is_ahead_of(now, *date) || clock::is_ahead_of(*date, now);
    let finding = if is_wrong {
        Finding::wrong(CHECK, Kind::Cannot, way, "clock", text)
    } else {
        Finding::note(CHECK, way, "clock", text)
    };
    Some(finding.hint("set the clock, if it is wrong"))
}

fn spelled(apart: SignedDuration) -> String {
    match apart.as_hours() {
        48.. => format!("{} days", apart.as_hours() / 24),
        2.. => format!("{} hours", apart.as_hours()),
        _ => format!("{} minutes", apart.as_mins()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(minutes: &[i64]) -> Option<(Option<&'static str>, u8, String)> {
        let host = |(number, minutes): (usize, &i64)| {
            (
                format!("{number}.example"),
                Timestamp::UNIX_EPOCH + SignedDuration::from_mins(*minutes),
            )
        };
        let dates = minutes.iter().enumerate().map(host).collect();
        let found = judge(Timestamp::UNIX_EPOCH, &dates)?;
        Some((found.finding, found.status, found.text))
    }

    #[test]
    fn a_clock_that_every_host_contradicts_by_over_a_day_is_wrong() {
        const DAY: i64 = 24 * 60;
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[4, 99 * DAY]).unwrap().0, None);
        let (finding, status, text) = told(&[-6]).unwrap();
        assert_eq!((finding, status), (Some("ahead"), 0));
        assert_eq!(text, "the clock is ahead by 6 minutes, as `0.example` has it");
        let (finding, status, text) = told(&[30 * DAY, 31 * DAY]).unwrap();
        assert_eq!((finding, status), (Some("behind"), 1));
        assert_eq!(text, "the clock is behind by 30 days, as all 2 hosts have it that were asked");
        assert_eq!(told(&[-DAY]).unwrap().1, 0);
        assert_eq!(told(&[-DAY - 1]).unwrap().1, 1);
    }
}
