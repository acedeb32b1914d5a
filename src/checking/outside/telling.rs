//! What was seen from outside, in words, with what to do.

use jiff::Timestamp;

use super::asking::Asked;
use super::files::Role;
use super::seen::Verdict;
use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::store::disk::changes;
use crate::store::identity::own::Identity;
use crate::store::identity::seen_outside::SeenOutside;
use crate::transport::client::Failure;

const CHECK: &str = "file";

/// What decides on the words besides the verdict.
pub struct Telling {
    /// When our pages were last seen as they are here.
    seen: Option<Timestamp>,
    /// Whether something was ever published by the publish command.
    is_published: bool,
    /// What puts the files on the host again.
    cure: String,
}

impl Telling {
    /// The words for `identity`.
    ///
    /// # Errors
    /// When it cannot be read how often was published.
    pub fn of(identity: &Identity) -> Result<Self> {
        let (home, config) = (&identity.home, &identity.config);
        let cure = if config.publish.is_some() {
            "cloudim publish".to_owned()
        } else if config.bind.is_some() {
            "cloudim listen, behind a proxy for your base_url".to_owned()
        } else {
            let public = home.public();
            format!("put `{}` there, or set publish in config.toml", public.display())
        };
        let seen = SeenOutside::load(home, config).map(|seen| seen.at);
        Ok(Self { seen, is_published: changes::published(home)? > 0, cure })
    }

    /// The finding about one file.
    pub fn tell(&self, asked: &Asked) -> Finding {
        let file = &asked.file;
        self.judged(file.role, &file.name, &asked.verdict).at(&file.url)
    }

    /// The findings about the files for the contact called `name`: one if all are well.
    pub fn about_contact(&self, name: &str, asked: Vec<&Asked>) -> Vec<Finding> {
        let (well, other): (Vec<&Asked>, Vec<&Asked>) =
            asked.into_iter().partition(|asked| asked.verdict == Verdict::AsHere);
        let mut found: Vec<Finding> =
            other.into_iter().map(|asked| self.tell(asked).of(name)).collect();
        if found.is_empty() && !well.is_empty() {
            let text = match well.len() {
                1 => "others see our feed for it as it is here".to_owned(),
                files => format!("others see all {files} files for it as they are here"),
            };
            found.push(Finding::ok(CHECK, name, text).of(name));
        }
        found
    }

    /// The finding where our host is out of reach, as it was for the file that was `asked` for.
    pub fn away(&self, asked: &Asked) -> Finding {
        let Verdict::Failed(failure) = &asked.verdict else { return self.tell(asked) };
        let mut finding = self.failed("base_url", failure).at(&asked.file.url);
        finding.text = format!("nothing of ours can be seen from outside: {}", finding.text);
        finding
    }

    fn judged(&self, role: Role, name: &str, verdict: &Verdict) -> Finding {
        let wrong = |kind, finding, text: String| Finding::wrong(CHECK, kind, finding, name, text);
        match verdict {
            Verdict::AsHere => Finding::ok(CHECK, name, "others see it as it is here"),
            Verdict::WrongType(kind) => wrong_type(name, kind.as_deref()),
            Verdict::StaleCache => {
                let text = "a cache shows an older copy to who does not ask past it";
                wrong(Kind::Network, "stale-cache", text.to_owned())
                    .hint("have the host send Cache-Control: no-cache with it")
            }
            Verdict::Older => {
                let text = "the host shows an older copy than the one here";
                wrong(Kind::Unpublished, "rolled-back", text.to_owned()).hint(&self.cure)
            }
            Verdict::Newer => {
                let text = "the host shows messages that this home never wrote";
                wrong(Kind::Integrity, "newer", text.to_owned()).hint(
                    "write from one home alone, and set read_only = true in the config.toml of others",
                )
            }
            Verdict::OtherKey => {
                wrong(Kind::Trust, "other-key", "the host shows another key".to_owned())
                    .hint(&self.cure)
            }
            Verdict::Missing | Verdict::Replaced(_) | Verdict::Failed(_)
                if role == Role::WebFinger =>
            {
                // Many hosts serve no such folder, and an address may be a URL as well.
                let text = "it is not on the host: `name@host` does not lead to you";
                Finding::note(CHECK, "missing", name, text)
                    .hint("give others the URL of your card, or have the host serve .well-known/")
            }
            Verdict::Replaced(kind) => {
                let kind = kind.as_deref().unwrap_or("no type");
                let text = format!("the host shows something else in its place ({kind})");
                wrong(Kind::Network, "replaced", text)
                    .hint("look at it with a browser; then publish again")
            }
            Verdict::Missing => self.missing(name),
            Verdict::Failed(failure) => self.failed(name, failure),
        }
    }

    fn missing(&self, name: &str) -> Finding {
        let (finding, text) = match self.seen {
            Some(at) => {
                let at = at.strftime("%Y-%m-%d");
                ("wiped", format!("it is not on the host, which had all that is needed on {at}"))
            }
            None if !self.is_published => {
                ("never-published", "it is not on the host: it was never published".to_owned())
            }
            None => ("missing", "it is not on the host".to_owned()),
        };
        Finding::wrong(CHECK, Kind::Unpublished, finding, name, text).hint(&self.cure)
    }

    fn failed(&self, name: &str, failure: &Failure) -> Finding {
        let wrong = |kind, finding| Finding::wrong(CHECK, kind, finding, name, failure.to_string());
        match failure {
            Failure::Refused(_) => wrong(Kind::Cannot, "refused").hint(
                "is base_url right? networks that are not public are named by allow in config.toml",
            ),
            Failure::Unreachable(_) => {
                wrong(Kind::Network, "unreachable").hint("is the host up, and base_url right?")
            }
            Failure::TooLarge(_) => wrong(Kind::Network, "replaced").hint(&self.cure),
            _ => wrong(Kind::Network, "refuses").hint("look at it with a browser"),
        }
    }
}

/// A page is what nobody takes for a feed; what others have to guess is worth knowing.
fn wrong_type(name: &str, kind: Option<&str>) -> Finding {
    let said = kind.unwrap_or("no type");
    let text = format!("others see it as it is here, but under the wrong Content-Type: {said}");
    let finding = match kind {
        Some("text/html" | "application/xhtml+xml") => {
            Finding::wrong(CHECK, Kind::Cannot, "wrong-type", name, text)
        }
        _ => Finding::note(CHECK, "wrong-type", name, text),
    };
    finding.hint("have the host send .rss as application/rss+xml, and .asc as application/pgp-keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telling(seen: Option<Timestamp>, is_published: bool) -> Telling {
        Telling { seen, is_published, cure: "cloudim publish".to_owned() }
    }

    fn told(telling: &Telling, role: Role, verdict: Verdict) -> (Option<&'static str>, u8) {
        let found = telling.judged(role, "card.rss", &verdict);
        (found.finding, found.status)
    }

    #[test]
    fn what_is_not_there_is_told_by_whether_it_ever_was() {
        let seen = Some(Timestamp::UNIX_EPOCH);
        let missing = |telling: &Telling| told(telling, Role::Card, Verdict::Missing);
        assert_eq!(missing(&telling(seen, true)), (Some("wiped"), 7));
        assert_eq!(missing(&telling(None, false)), (Some("never-published"), 7));
        assert_eq!(missing(&telling(None, true)), (Some("missing"), 7));
        for verdict in [Verdict::Missing, Verdict::Failed(Failure::Status(403))] {
            let finger = told(&telling(seen, true), Role::WebFinger, verdict);
            assert_eq!(finger, (Some("missing"), 0));
        }
    }

    #[test]
    fn each_verdict_has_its_word_and_its_status() {
        let telling = telling(None, true);
        let html = || Some("text/html".to_owned());
        for (verdict, expected) in [
            (Verdict::AsHere, (None, 0)),
            (Verdict::WrongType(html()), (Some("wrong-type"), 1)),
            (Verdict::WrongType(None), (Some("wrong-type"), 0)),
            (Verdict::StaleCache, (Some("stale-cache"), 3)),
            (Verdict::Older, (Some("rolled-back"), 7)),
            (Verdict::Newer, (Some("newer"), 5)),
            (Verdict::OtherKey, (Some("other-key"), 4)),
            (Verdict::Replaced(html()), (Some("replaced"), 3)),
            (Verdict::Failed(Failure::Status(500)), (Some("refuses"), 3)),
            (Verdict::Failed(Failure::Refused(String::new())), (Some("refused"), 1)),
            (Verdict::Failed(Failure::Unreachable(String::new())), (Some("unreachable"), 3)),
        ] {
            assert_eq!(told(&telling, Role::Card, verdict.clone()), expected, "{verdict:?}");
        }
    }
}
