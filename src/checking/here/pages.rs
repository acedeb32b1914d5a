//! The pages below `public/` by which others find us: whether they are whole, and as the settings say.

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::publishing::pages::{self, Difference};
use crate::session::keys::Keys;
use crate::store::identity::own::Identity;

const CHECK: &str = "page";

/// Looks at each of them.
pub fn look(identity: &Identity, keys: &Keys) -> Vec<Finding> {
    if identity.config.read_only {
        return Vec::new();
    }
    match pages::differences(identity, keys) {
        Ok(differences) => differences.into_iter().map(judge).collect(),
        Err(error) => vec![Finding::failed(CHECK, "public", &error)],
    }
}

fn judge(difference: Difference) -> Finding {
    match difference {
        Difference::Lost(name) => {
            let text = "it is lost or damaged";
            Finding::wrong(CHECK, Kind::Cannot, "lost", name, text).hint("cloudim check --repair")
        }
        Difference::Outdated(name) => {
            let text = "it is not as config.toml has it by now";
            Finding::wrong(CHECK, Kind::Unpublished, "outdated", name, text).hint("cloudim publish")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;

    #[test]
    fn a_page_is_lost_or_as_the_settings_were_before() {
        let mut john = Person::called("John");
        let found = |john: &Person| -> Vec<(String, Option<&'static str>)> {
            let found = look(&john.run.identity, &john.run.keys);
            found.into_iter().map(|found| (found.subject, found.finding)).collect()
        };
        assert_eq!(found(&john).len(), 6, "{:?}", found(&john));
        pages::write(&john.lock(), &john.run.keys).unwrap();
        assert!(found(&john).is_empty(), "{:?}", found(&john));
        let card = john.home().public().join("card.rss");
        std::fs::write(&card, "<rss>").unwrap();
        assert_eq!(found(&john), [("card.rss".to_owned(), Some("lost"))]);
        pages::write(&john.lock(), &john.run.keys).unwrap();
        john.set("bind = \"127.0.0.1:1\"");
        assert_eq!(found(&john), [("card.rss".to_owned(), Some("outdated"))]);
    }
}
