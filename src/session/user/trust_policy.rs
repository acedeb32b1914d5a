//! The trust policy: what is sent to, and shown of, a contact whose key the user has not compared
//! (`trust` in `config.toml`, or as was decided for the contact).
//!
//! The introduction and the acknowledgement, which the program itself says to a contact, are no
//! messages, and pass. Without them nobody could agree, and nothing would leave the other's feed.

use super::terminal;
use crate::error::{Context, Error, Kind, Result};
use crate::store::contact::entry::Contact;
use crate::store::identity::config::Config;
use crate::store::identity::policy::Policy;

/// Returns whether what `contact` writes is stored and not shown, until its key is verified.
pub fn holds(config: &Config, contact: &Contact) -> bool {
    contact.is_under(Policy::Verified, config.trust)
}

/// Refuses to show what the contact called `name` wrote while it is held.
///
/// # Errors
/// [`Kind::Trust`] then.
pub fn expect_shown(config: &Config, name: &str, contact: &Contact) -> Result<()> {
    if !holds(config, contact) {
        return Ok(());
    }
    let text = format!("what `{name}` writes is held until its key is verified");
    Err(Error::new(Kind::Trust, text).hint(compare(name)))
}

/// Refuses to write to the contact called `name` before its key is verified, if that is demanded.
///
/// # Errors
/// [`Kind::Trust`] then.
pub fn expect_writable(config: &Config, name: &str, contact: &Contact) -> Result<()> {
    if !holds(config, contact) {
        return Ok(());
    }
    let text = format!("nothing is sent to `{name}` until its key is verified");
    Err(Error::new(Kind::Trust, text).hint(compare(name)))
}

/// Asks on the terminal whether to write to the contact called `name`, if that is demanded and not
/// answered by `yes`. Never to be called with a lock held.
///
/// # Errors
/// [`Kind::Trust`] when the answer is no, or nobody can be asked.
pub fn ask(config: &Config, name: &str, contact: &Contact, yes: bool) -> Result<()> {
    if yes || !contact.is_under(Policy::Ask, config.trust) {
        return Ok(());
    }
    let refused = |text: String| Err(Error::new(Kind::Trust, text).hint(compare(name)));
    if !terminal::is_ours() {
        let text = format!("the key of `{name}` is not verified, and there is no terminal to ask");
        return refused(text).map_err(|error| error.hint("--yes sends without asking"));
    }
    let question =
        format!("`{name}` is not verified: {}\nSend? [y/N] ", contact.fingerprint.grouped());
    let answer = terminal::ask(&question).or_cannot(|| "cannot ask on the terminal".to_owned())?;
    if matches!(answer.to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    refused(format!("nothing was sent to `{name}`"))
}

fn compare(name: &str) -> String {
    format!("compare its fingerprint: cloudim contact verify {name}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::contact::entry::Trust;
    use crate::store::testing::contact;

    fn config(policy: Policy) -> Config {
        let text = format!("name = \"x\"\ntrust = \"{}\"", policy.as_str());
        Config::parse(&text, Path::new("config.toml")).unwrap()
    }

    #[test]
    fn messages_are_held_both_ways_where_a_key_is_to_be_verified_first() {
        for usual in Policy::ALL {
            for decided in Policy::ALL.map(Some).into_iter().chain([None]) {
                let mut contact = contact('A');
                contact.policy = decided;
                let held = decided.unwrap_or(usual) == Policy::Verified;
                let config = config(usual);
                assert_eq!(holds(&config, &contact), held, "{usual:?} {decided:?}");
                for refused in [
                    expect_shown(&config, "mary", &contact),
                    expect_writable(&config, "mary", &contact),
                ] {
                    assert_eq!(refused.err().map(|it| it.kind), held.then_some(Kind::Trust));
                }
                contact.trust = Trust::Verified;
                assert!(!holds(&config, &contact));
            }
        }
    }

    #[test]
    fn nobody_is_asked_who_said_yes_and_for_no_key_that_was_verified() {
        let mut contact = contact('A');
        for policy in Policy::ALL {
            ask(&config(policy), "mary", &contact, true).unwrap();
        }
        ask(&config(Policy::FirstUse), "mary", &contact, false).unwrap();
        contact.trust = Trust::Verified;
        ask(&config(Policy::Ask), "mary", &contact, false).unwrap();
    }
}
