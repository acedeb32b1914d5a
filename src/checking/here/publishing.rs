//! The way of `public/` to the web: the publish command, or a server of our own.

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::store::disk::changes;
use crate::store::error::Result;
use crate::store::identity::own::Identity;

const CHECK: &str = "publish";

/// What is known of the publish command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Runs {
    /// The number of changes of `public/`.
    changed: u64,
    /// The last of these that a successful run saw; 0 before the first run.
    published: u64,
}

/// Looks at whether there is a way, and whether all has gone it.
pub fn look(identity: &Identity) -> Vec<Finding> {
    let config = &identity.config;
    if config.read_only {
        let text = "this home only reads: another one publishes";
        return vec![Finding::ok(CHECK, "publish", text)];
    }
    if config.base_url.is_none() {
        let text = "nobody can find you: there is no base_url";
        let finding = Finding::note(CHECK, "no-base-url", "publish", text);
        return vec![finding.hint("set base_url in config.toml, then cloudim publish")];
    }
    if config.publish.is_none() {
        return vec![without_command(identity)];
    }
    vec![match runs(identity) {
        Ok(runs) => judge(runs),
        Err(error) => Finding::failed(CHECK, "publish", &error.into()),
    }]
}

fn runs(identity: &Identity) -> Result<Runs> {
    let home = &identity.home;
    Ok(Runs { changed: changes::changed(home)?, published: changes::published(home)? })
}

/// How the publish command has done.
fn judge(runs: Runs) -> Finding {
    let Runs { changed, published } = runs;
    if published == 0 {
        let text = "the publish command has never succeeded";
        return Finding::wrong(CHECK, Kind::Unpublished, "never", "publish", text)
            .hint("cloudim publish");
    }
    if published != changed {
        let text = "the publish command has not succeeded since the last change";
        return Finding::wrong(CHECK, Kind::Unpublished, "pending", "publish", text)
            .hint("cloudim publish");
    }
    Finding::ok(CHECK, "publish", "the publish command has succeeded since the last change")
}

fn without_command(identity: &Identity) -> Finding {
    match identity.home.listens_at() {
        Some(address) => {
            let text = format!("`cloudim listen` serves public/ at {}", address.trim());
            Finding::ok(CHECK, "publish", text)
        }
        None if identity.config.bind.is_some() => {
            let text = "there is no publish command, and cloudim listen does not run";
            Finding::note(CHECK, "not-listening", "publish", text).hint("cloudim listen")
        }
        None => {
            let public = identity.home.public();
            let text = format!(
                "there is no publish command: a web server has to read `{}` itself",
                public.display()
            );
            Finding::note(CHECK, "no-command", "publish", text)
                .hint("else set publish in config.toml, then cloudim publish")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;

    #[test]
    fn a_run_that_saw_the_last_change_is_well_and_no_other() {
        let finding = |changed, published| judge(Runs { changed, published }).finding;
        assert_eq!(finding(0, 0), Some("never"));
        assert_eq!(finding(3, 0), Some("never"));
        assert_eq!(finding(3, 2), Some("pending"));
        assert_eq!(finding(3, 3), None);
        // The home was restored: nobody knows what the host has.
        assert_eq!(finding(3, 4), Some("pending"));
    }

    #[test]
    fn where_nothing_can_be_published_it_is_said_why() {
        let mut john = Person::called("John");
        let finding = |john: &Person| look(&john.run.identity).remove(0).finding;
        assert_eq!(finding(&john), Some("no-command"));
        john.set("bind = \"127.0.0.1:1\"");
        assert_eq!(finding(&john), Some("not-listening"));
        john.set("read_only = true");
        assert_eq!(finding(&john), None);
        john.set("publish = \"true\"");
        assert_eq!(finding(&john), Some("never"));
        john.run.identity.config.base_url = None;
        assert_eq!(finding(&john), Some("no-base-url"));
    }
}
