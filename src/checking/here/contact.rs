//! One contact, as our disk has it: its chain and its key, and what became of what we wrote to it.

use jiff::{SignedDuration, Timestamp};

use super::{attached, chain, verdicts};
use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::session::user::trust_policy;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered::Delivered;
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::verdicts::Verdicts;
use crate::store::identity::own::Identity;
use crate::writing::content::retention;
use crate::writing::rewriting::feed;
use crate::writing::{ahead, renewal};

/// How long a message may wait to be acknowledged before that is wrong.
const LONG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Looks at all that is here of the contact called `name`. What cannot be read is a finding.
pub fn look(identity: &Identity, name: &str, now: Timestamp) -> Vec<Finding> {
    let contact = match Contact::load(&identity.home, name) {
        Ok(contact) => contact,
        Err(error) => return vec![Finding::failed("contact", name, &error.into()).of(name)],
    };
    let looks: [(&str, Result<Vec<Finding>>); 6] = [
        ("chain", written_by(identity, name, &contact, now)),
        ("verdicts", not_taken(identity, name)),
        ("contact-key", key(identity, name, &contact, now)),
        ("acknowledged", written_to(identity, name, &contact, now)),
        ("attachment", attached::look(identity, name, now)),
        ("delivered", delivered(identity, name, &contact)),
    ];
    let mut found = Vec::new();
    for (check, looked) in looks {
        let failed = |error| vec![Finding::failed(check, name, &error).of(name)];
        found.extend(looked.unwrap_or_else(failed));
    }
    found.extend(lease(identity, name, &contact, now));
    found
}

fn written_by(
    identity: &Identity,
    name: &str,
    contact: &Contact,
    now: Timestamp,
) -> Result<Vec<Finding>> {
    let known = Known::load(&Messages::of(&identity.home, name))?;
    let behind = contact.theirs.behind_since;
    let overdue =
        behind.is_some_and(|since| now.duration_since(since) > identity.config.stale_grace);
    let mut found = chain::judge(name, &contact.theirs, &known, overdue);
    let only_stale = overdue && found.iter().all(Finding::is_ok);
    if let Some(since) = behind.filter(|_| only_stale) {
        let text = format!("its feed has been an old copy since {}", since.strftime("%Y-%m-%d"));
        let finding = Finding::wrong("chain", Kind::Integrity, "stale", name, text).of(name);
        found = vec![finding.hint(format!("cloudim poll {name}"))];
    }
    Ok(found)
}

fn not_taken(identity: &Identity, name: &str) -> Result<Vec<Finding>> {
    Ok(match Verdicts::kept(&identity.home, name) {
        Ok(kept) => verdicts::judge(name, &kept.items),
        Err(error) => {
            let finding = Finding::failed("verdicts", name, &error.into()).of(name);
            vec![finding.hint(format!("cloudim check {name} --repair"))]
        }
    })
}

fn key(identity: &Identity, name: &str, contact: &Contact, now: Timestamp) -> Result<Vec<Finding>> {
    let wrong = |finding, text: String| {
        Finding::wrong("contact-key", Kind::Trust, finding, name, text).of(name)
    };
    let mut found = Vec::new();
    if let Err(why) = contacts::certificate(&identity.home, name)?.encryption_subkey(now) {
        let finding = wrong("unusable", format!("nothing can be encrypted to it: its key {why}"));
        found.push(
            finding.hint(format!("ask `{name}` to run cloudim publish, then cloudim poll {name}")),
        );
    }
    if contact.theirs.offered.is_some() {
        let finding = wrong("other-key", "its feed names another key".to_owned());
        found.push(finding.hint(format!("cloudim contact trust {name}")));
    }
    if contact.blocked {
        let text = "it is blocked: nothing of it is read";
        found.push(Finding::note("contact-key", "blocked", name, text).of(name));
    } else if trust_policy::holds(&identity.config, contact) {
        let text = "what it writes is held until you have compared its key";
        let finding = Finding::note("contact-key", "not-verified", name, text).of(name);
        found.push(finding.hint(format!("cloudim contact verify {name}")));
    }
    Ok(found)
}

fn written_to(
    identity: &Identity,
    name: &str,
    contact: &Contact,
    now: Timestamp,
) -> Result<Vec<Finding>> {
    let ours = &contact.ours;
    let mut found = Vec::new();
    if !identity.config.read_only && !is_whole(identity, name, contact, now)? {
        let text = "our feed for it is lost, or not as it was written";
        let finding = Finding::wrong("feed", Kind::Cannot, "lost", name, text).of(name);
        found.push(finding.hint(format!("cloudim check {name} --repair")));
    }
    if renewal::is_refused(ours, now) {
        let text = "two homes write as this identity: nothing more is written to it from here";
        let finding = Finding::wrong("feed", Kind::Cannot, "two-homes", name, text).of(name);
        found.push(finding.hint(format!(
            "set read_only = true in one; if this is the only one: cloudim check {name} --repair"
        )));
    }
    if ahead::is_of_the_future(ours, now) {
        let date = ours.log.time().strftime("%Y-%m-%d");
        let text =
            format!("the log for it was begun on {date}, ahead of the clock: nobody reads it");
        let finding = Finding::wrong("feed", Kind::Cannot, "log-ahead", name, text).of(name);
        found.push(finding.hint(format!(
            "set the clock, if it is behind; if it is right: cloudim check {name} --repair"
        )));
    }
    let items = Octets::of(&identity.home, name).items()?;
    let oldest = retention::oldest_unacknowledged(&items, contact, now);
    found.push(acknowledged(name, ours.sequence(), ours.acknowledged(), oldest));
    Ok(found)
}

/// Whether our feed for `contact`, with its archives, is as it was counted. Another run may be between counting and
/// writing: where it looks otherwise, it is looked at once more under the lock.
fn is_whole(identity: &Identity, name: &str, contact: &Contact, now: Timestamp) -> Result<bool> {
    if feed::is_whole(&identity.home, &contact.ours)? {
        return Ok(true);
    }
    let Ok(locked) = identity.lock(now) else { return Ok(false) };
    Ok(feed::is_whole(&locked.home, &Contact::load(&locked.home, name)?.ours)?)
}

/// How far a contact has acknowledged what was written to it, up to `head`.
fn acknowledged(
    name: &str,
    head: u64,
    acknowledged: u64,
    oldest: Option<SignedDuration>,
) -> Finding {
    const CHECK: &str = "acknowledged";
    let open = head.saturating_sub(acknowledged);
    let text = match open {
        0 if head == 0 => "nothing was written to it yet".to_owned(),
        0 => "it has acknowledged all that was written to it".to_owned(),
        1 => "it has yet to acknowledge 1 message".to_owned(),
        _ => format!("it has yet to acknowledge {open} messages"),
    };
    let finding = match oldest.filter(|age| open > 0 && *age > LONG) {
        Some(age) => {
            let text = format!("{text}, for {} days now", age.as_hours() / 24);
            Finding::wrong(CHECK, Kind::Unpublished, "unacknowledged", name, text)
                .hint(format!("ask `{name}` whether its program still polls"))
        }
        None => Finding::ok(CHECK, name, text),
    };
    finding.of(name)
}

fn delivered(identity: &Identity, name: &str, contact: &Contact) -> Result<Vec<Finding>> {
    let delivered = match Delivered::load(&identity.home, name) {
        Ok(delivered) => delivered,
        Err(error) => {
            let finding = Finding::failed("delivered", name, &error.into()).of(name);
            return Ok(vec![finding.hint(format!("cloudim check {name} --repair"))]);
        }
    };
    let mut found = Vec::new();
    if delivered.is_parked() {
        let finding = Finding::wrong(
            "delivered",
            Kind::Cannot,
            "parked",
            name,
            "the hook has failed too often",
        );
        found.push(finding.of(name).hint(format!("cloudim poll {name} --retry --exec CMD")));
    }
    let waiting = Messages::of(&identity.home, name).after(delivered.by_either())?;
    let waiting = waiting.iter().filter(|record| record.is_deliverable()).count();
    if waiting > 0 && !trust_policy::holds(&identity.config, contact) {
        let text = format!("what waits to be shown: {waiting}");
        let finding = Finding::note("delivered", "undelivered", name, text).of(name);
        found.push(finding.hint(format!("cloudim poll {name}")));
    }
    Ok(found)
}

/// How it stands with the cloud that is to tell us of changes: only who listens is registered there.
fn lease(identity: &Identity, name: &str, contact: &Contact, now: Timestamp) -> Option<Finding> {
    let lease = contact.lease.as_ref()?;
    let Some(why) = &lease.failure else {
        let until = lease.until?;
        let text =
            format!("its cloud tells us of changes until {}", until.strftime("%Y-%m-%d %H:%M UTC"));
        if now <= until {
            return Some(Finding::ok("lease", name, text).of(name).at(&lease.cloud));
        }
        let text = "its cloud tells us of changes no more: that is renewed while cloudim listens";
        let finding = Finding::note("lease", "ended", name, text).of(name).at(&lease.cloud);
        let is_there = identity.home.listens_at().is_some();
        return Some(if is_there { finding } else { finding.hint("cloudim listen") });
    };
    let text = format!("its cloud does not tell us of changes: {why}");
    let finding = Finding::wrong("lease", Kind::Network, "refused", name, text).of(name);
    Some(finding.at(&lease.cloud).hint("nothing is lost: cloudim poll finds what is new"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writing::testing::{acquainted, write};
    use std::fs;

    #[test]
    fn what_waits_for_over_30_days_is_wrong() {
        let days = |days: i64| Some(SignedDuration::from_hours(24 * days));
        let of = |head, done, oldest| {
            let found = acknowledged("mary", head, done, oldest);
            (found.finding, found.status, found.text)
        };
        assert_eq!(of(0, 0, None).2, "nothing was written to it yet");
        assert_eq!(of(4, 3, days(30)).1, 0);
        let (finding, status, text) = of(4, 2, days(31));
        assert_eq!((finding, status), (Some("unacknowledged"), 7));
        assert_eq!(text, "it has yet to acknowledge 2 messages, for 31 days now");
        assert_eq!(of(4, 4, days(99)).1, 0);
    }

    #[test]
    fn a_lease_is_told_while_it_runs_when_it_has_ended_and_where_it_is_refused() {
        let (john, _) = acquainted();
        let mut contact = john.contact("mary");
        let told = |contact: &Contact, hours: i64| {
            let now = john.now() + SignedDuration::from_hours(hours);
            let found = lease(&john.run.identity, "mary", contact, now);
            found.map(|found| (found.finding, found.status))
        };
        assert_eq!(told(&contact, 0), None);
        let url = |path: &str| -> crate::protocol::values::url::Url {
            format!("https://mary.example/{path}").parse().unwrap()
        };
        let mut lease = crate::store::subscriptions::lease::Lease::new(
            url("cloud"),
            url("feed"),
            url("back"),
            john.now(),
        );
        lease.until = Some(john.now());
        contact.lease = Some(lease.clone());
        assert_eq!(
            [0, 1].map(|hours| told(&contact, hours)),
            [Some((None, 0)), Some((Some("ended"), 0))]
        );
        lease.failure = Some("no".to_owned());
        contact.lease = Some(lease);
        assert_eq!(told(&contact, 0), Some((Some("refused"), 3)));
    }

    #[test]
    fn what_cannot_be_read_is_a_finding_and_holds_up_no_other() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        let look = |john: &crate::session::testing::Person| {
            let found = look(&john.run.identity, "mary", john.now());
            let wrong = found.iter().filter(|found| !found.is_ok());
            wrong.map(|found| (found.check, found.finding)).collect::<Vec<_>>()
        };
        assert_eq!(look(&john), []);
        fs::write(john.home().contact("mary").join("delivered"), "?").unwrap();
        fs::write(john.home().contact("mary").join("verdicts.toml"), "?").unwrap();
        let token = john.contact("mary").ours.token;
        fs::remove_file(john.home().feed(&token)).unwrap();
        assert_eq!(
            look(&john),
            [
                ("verdicts", Some("unreadable")),
                ("feed", Some("lost")),
                ("delivered", Some("unreadable"))
            ]
        );
    }
}
