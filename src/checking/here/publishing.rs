//! The way of `public/` to the web: the publish command, or a server of our own.

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::store::disk::changes;
use crate::store::disk::failed_run::FailedRun;
use crate::store::error::Result;
use crate::store::identity::own::Identity;

const CHECK: &str = "publish";

/// What is known of the publish command.
#[derive(Clone, Debug, Default)]
struct Runs {
    /// The number of changes of `public/`.
    changed: u64,
    /// The last of these that a successful run saw; 0 before the first run.
    published: u64,
    /// The last run, if it failed.
    failed: Option<FailedRun>,
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
        Ok(runs) => judge(&runs),
        Err(error) => Finding::failed(CHECK, "publish", &error.into()),
    }]
}

fn runs(identity: &Identity) -> Result<Runs> {
    let home = &identity.home;
    let (changed, published) = (changes::changed(home)?, changes::published(home)?);
    Ok(Runs { changed, published, failed: FailedRun::load(home) })
}

/// How the publish command has done. A run that failed when nothing was new, as that of git does, is no
/// trouble.
fn judge(runs: &Runs) -> Finding {
    let Runs { changed, published, failed } = runs;
    let wrong = |finding, text: &str| {
        let told = failed.as_ref().map(told).unwrap_or_default();
        let text = format!("{text}{told}");
        let finding = Finding::wrong(CHECK, Kind::Unpublished, finding, "publish", text);
        finding.hint(match failed {
            Some(_) => "mend what it says, or raise publish_timeout in config.toml if it needs longer; then cloudim publish",
            None => "cloudim publish",
        })
    };
    if *published == 0 {
        return wrong("never", "the publish command has never succeeded");
    }
    if published != changed {
        let finding = if failed.is_some() { "failed" } else { "pending" };
        return wrong(finding, "the publish command has not succeeded since the last change");
    }
    Finding::ok(CHECK, "publish", "the publish command has succeeded since the last change")
}

/// How the last run failed, as the end of a sentence.
fn told(FailedRun { at, why, said }: &FailedRun) -> String {
    let at = at.strftime("%Y-%m-%d %H:%M UTC");
    let said = match said.is_empty() {
        true => String::new(),
        false => format!("; it printed last: {said}"),
    };
    format!(": the run of {at} failed ({why}){said}")
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
        let finding =
            |changed, published| judge(&Runs { changed, published, failed: None }).finding;
        assert_eq!(finding(0, 0), Some("never"));
        assert_eq!(finding(3, 0), Some("never"));
        assert_eq!(finding(3, 2), Some("pending"));
        assert_eq!(finding(3, 3), None);
        // The home was restored: nobody knows what the host has.
        assert_eq!(finding(3, 4), Some("pending"));
    }

    #[test]
    fn a_run_that_failed_is_told_with_its_last_words_unless_nothing_was_new() {
        let at = "2026-11-29T10:20:30Z".parse().unwrap();
        let of = |changed, published, said: &str| {
            let failed = FailedRun { at, why: "status 9".to_owned(), said: said.to_owned() };
            judge(&Runs { changed, published, failed: Some(failed) })
        };
        let found = of(3, 2, "rsync: no route\nto host");
        assert_eq!((found.finding, found.status), (Some("failed"), 7));
        assert!(
            found.text.ends_with("since the last change: the run of 2026-11-29 10:20 UTC failed (status 9); it printed last: rsync: no route\nto host"),
            "{}", found.text
        );
        assert!(found.hint.unwrap().ends_with("then cloudim publish"));
        assert!(
            of(3, 0, "")
                .text
                .ends_with("never succeeded: the run of 2026-11-29 10:20 UTC failed (status 9)")
        );
        assert!(of(3, 3, "nothing to commit").is_ok());
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
