//! Whether a clock is right, by what others say of the time.
//!
//! Nobody is believed alone: a host may be wrong, or lie, to hold us up or to hurry us.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::limits;

/// How clocks that are right may differ.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(limits::AHEAD);

/// The verdict on a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody was asked, or nobody knows.
    #[default]
    Unknown,
    /// Others agree with it, and no host contradicts.
    Right,
    /// It is ahead, by so much at least.
    Ahead(SignedDuration),
}

/// Judges `clock` by the newest signature of somebody else that was verified, and by the `dates` that
/// hosts have sent just now, each with its name.
///
/// Each host has a voice. A signature is one for the clock if it is at most 24 hours older; an older one
/// says nothing, for people are silent at times; a later one contradicts. The clock is ahead if at least
/// two hosts say so, by over 24 hours, and more than say anything else; the latest of them counts. It is
/// right if a host agrees within 24 hours, and nobody contradicts.
pub fn judge(
    clock: Timestamp,
    newest_signature: Option<Timestamp>,
    dates: &BTreeMap<String, Timestamp>,
) -> Verdict {
    let ahead_of = |date: Timestamp| clock.duration_since(date);
    let all = dates.values().copied();
    let (behind, others): (Vec<Timestamp>, Vec<Timestamp>) =
        all.partition(|date| is_ahead_of(clock, *date));
    let signed = newest_signature.map(ahead_of).filter(|age| *age <= TOLERANCE);
    let against = others.len().saturating_add(usize::from(signed.is_some()));
    match behind.iter().max() {
        Some(latest) if behind.len() >= 2 && behind.len() > against => {
            Verdict::Ahead(ahead_of(*latest))
        }
        Some(_) => Verdict::Unknown,
        None => {
            let agrees = |ahead: SignedDuration| ahead.abs() <= TOLERANCE;
            let all = others.iter().map(|date| ahead_of(*date)).chain(signed);
            let is_right = !others.is_empty() && all.into_iter().all(agrees);
            if is_right { Verdict::Right } else { Verdict::Unknown }
        }
    }
}

/// Returns whether `date`, sent by a host just now, contradicts `clock`.
pub fn are_apart(clock: Timestamp, date: Timestamp) -> bool {
    clock.duration_since(date).abs() > TOLERANCE
}

/// Returns whether `date`, sent by a host just now, says that `clock` is ahead.
pub fn is_ahead_of(clock: Timestamp, date: Timestamp) -> bool {
    clock.duration_since(date) > TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + days * DAY).unwrap()
    }

    /// The verdict on a clock that shows day 0.
    fn verdict(signed: Option<i64>, dates: &[i64]) -> Verdict {
        let named = dates.iter().enumerate().map(|(n, day)| (format!("host {n}"), at(*day)));
        judge(at(0), signed.map(at), &named.collect())
    }

    fn ahead(days: i64) -> Verdict {
        Verdict::Ahead(SignedDuration::from_hours(24 * days))
    }

    #[test]
    fn two_hosts_that_agree_are_believed_and_one_is_not() {
        assert_eq!(verdict(None, &[-400, -400]), ahead(400));
        assert_eq!(verdict(None, &[-400, -30, -31]), ahead(30), "as little as they say");
        assert_eq!(verdict(None, &[-400]), Verdict::Unknown);
        assert_eq!(verdict(Some(-400), &[-400]), Verdict::Unknown, "it may be the host's old copy");
    }

    #[test]
    fn hosts_that_are_outvoted_hold_nothing_back() {
        assert_eq!(verdict(None, &[-400, -400, 0]), ahead(400));
        assert_eq!(verdict(None, &[-400, -400, 0, 0]), Verdict::Unknown);
        assert_eq!(verdict(None, &[-400, -400, 0, 400]), Verdict::Unknown);
        assert_eq!(verdict(None, &[-400, 0, 0]), Verdict::Unknown);
        assert_eq!(verdict(None, &[-400, -400, -400, 0, 0]), ahead(400));
    }

    #[test]
    fn what_somebody_signed_today_is_a_voice_for_the_clock() {
        assert_eq!(verdict(Some(-1), &[-400, -400]), ahead(400));
        assert_eq!(verdict(Some(-1), &[-400, -400, 0]), Verdict::Unknown);
        assert_eq!(verdict(Some(-2), &[-400, -400, 0]), ahead(400));
        assert_eq!(verdict(Some(0), &[]), Verdict::Unknown, "it is no host");
    }

    #[test]
    fn a_clock_is_right_if_nobody_contradicts() {
        assert_eq!(verdict(None, &[]), Verdict::Unknown);
        assert_eq!(verdict(None, &[0]), Verdict::Right);
        assert_eq!(verdict(Some(-400), &[-1, 1]), Verdict::Right);
        assert_eq!(verdict(Some(2), &[0]), Verdict::Unknown, "something was signed later");
        for other in [-2, 2] {
            assert_eq!(verdict(None, &[0, 0, other]), Verdict::Unknown, "{other}");
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        let all =
            BTreeMap::from([("a".to_owned(), Timestamp::MIN), ("b".to_owned(), Timestamp::MAX)]);
        for clock in [Timestamp::MIN, Timestamp::MAX] {
            judge(clock, Some(Timestamp::MIN), &all);
        }
    }
}
