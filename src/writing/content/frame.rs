//! The parts that stand in our feed once: the channel's own elements, the state, the archives'
//! frame.

use crate::error::Result;
use crate::protocol::feed::channel::{self, Channel, FeedItem, KeyElement};
use crate::protocol::sealed::introduction::{Introduction, NAME};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::time;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::keys::Keys;
use crate::store::identity::config::{Cloud, Config};
use crate::store::identity::own::Identity;
use crate::store::identity::{own_certificate, own_urls};
use jiff::Timestamp;

const TITLE: &str = "Private conversation";
const DESCRIPTION: &str = "Encrypted messages, readable by the people they are addressed to.";

/// The element by which our feeds and card tell of our key.
///
/// # Errors
/// When this identity has no base URL, or no key.
pub fn key_element(identity: &Identity, keys: &Keys) -> Result<KeyElement> {
    let bytes = own_certificate::published(&identity.home)?;
    Ok(KeyElement {
        fingerprint: keys.certificate()?.fingerprint(),
        hash: Some(Hash::of(&bytes)),
        url: identity.config.base()?.join("key.asc")?,
    })
}

/// The `<cloud>` of our feeds or card, and its absolute URL.
///
/// # Errors
/// When this identity has no base URL.
pub fn cloud(config: &Config, is_card: bool) -> Result<Option<(channel::Cloud, Url)>> {
    let base = config.base()?;
    let url = match &config.cloud {
        // It stands in a feed only if something answers.
        Cloud::Own if config.has_server() => base.join("pleaseNotify")?,
        Cloud::None | Cloud::Own => return Ok(None),
        // Another's cloud would learn the feed's URL, which is a capability.
        Cloud::At(url) if !is_card && !config.third_party_cloud && !url.same_origin(base) => {
            return Ok(None);
        }
        Cloud::At(url) => url.clone(),
    };
    let element = channel::Cloud {
        domain: url.host().to_owned(),
        port: url.port(),
        path: url.path_and_query().to_owned(),
        register_procedure: String::new(),
        protocol: "http-post".to_owned(),
    };
    Ok(Some((element, url)))
}

/// The pair feed `token` with all that does not depend on what was written.
///
/// # Errors
/// When this identity has no base URL, or no key.
pub fn channel(identity: &Identity, keys: &Keys, token: &Token) -> Result<Channel> {
    let (element, source) = cloud(&identity.config, false)?.unzip();
    Ok(Channel {
        title: TITLE.to_owned(),
        link: identity.config.base()?.to_string(),
        description: DESCRIPTION.to_owned(),
        language: Some("en".to_owned()),
        self_link: Some(own_urls::feed_url(&identity.config, token)?),
        cloud: element,
        source_cloud: source,
        key: Some(key_element(identity, keys)?),
        ..Channel::default()
    })
}

/// An archive of the pair feed `token` with `items`, newest first (RFC 5005).
///
/// # Errors
/// When this identity has no base URL.
pub fn archive(
    config: &Config,
    token: &Token,
    number: u64,
    previous: Option<u64>,
    items: Vec<FeedItem>,
) -> Result<Channel> {
    let prev_archive =
        previous.map(|previous| own_urls::archive_url(config, token, previous)).transpose()?;
    Ok(Channel {
        title: TITLE.to_owned(),
        link: config.base()?.to_string(),
        description: DESCRIPTION.to_owned(),
        language: Some("en".to_owned()),
        self_link: Some(own_urls::archive_url(config, token, number)?),
        current: Some(own_urls::feed_url(config, token)?),
        prev_archive,
        archive: true,
        items,
        ..Channel::default()
    })
}

/// Our introduction by the feed `token`, addressed to nobody yet.
///
/// # Errors
/// When this identity has no base URL.
pub fn introduction(
    config: &Config,
    keys: &Keys,
    now: Timestamp,
    token: &Token,
    log: Guid,
    serial: u64,
) -> Result<Introduction> {
    let base = config.base()?;
    Ok(Introduction {
        log,
        serial,
        fingerprint: keys.certificate()?.fingerprint(),
        name: Some(config.name.chars().take(NAME).collect()),
        feed: own_urls::feed_url(config, token)?,
        key: base.join("key.asc")?,
        card: Some(base.join("card.rss")?),
        handshake: config.handshake()?,
        to: None,
        to_fingerprint: None,
        reply: None,
        in_reply_to: None,
        replaces: None,
        time: time::whole_seconds(now),
        note: None,
        earlier: Vec::new(),
    })
}

/// `channel` as a file in which our certificate is enclosed.
///
/// # Errors
/// When `public/key.asc` cannot be read.
pub fn with_certificate(keys: &Keys, mut channel: Channel) -> Result<String> {
    channel.certificate = Some(keys.certificate()?.to_armored());
    Ok(channel.write())
}

/// The cloud of our feeds to contacts, if there is one.
///
/// # Errors
/// When the base URL is too long.
pub fn cloud_of(config: &Config) -> Result<Option<Url>> {
    if config.base_url.is_none() {
        return Ok(None);
    }
    Ok(cloud(config, false)?.map(|(_, url)| url))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session::testing::Person;

    fn config(settings: &str) -> Config {
        let text = format!("name = \"x\"\nbase_url = \"https://john.example/im/\"\n{settings}");
        Config::parse(&text, Path::new("config.toml")).unwrap()
    }

    #[test]
    fn a_feed_names_a_cloud_that_answers_and_learns_nothing_new_by_it() {
        let bind = "cloud = \"self\"\nbind = \"127.0.0.1:8470\"";
        let own = "https://john.example/im/pleaseNotify";
        let near = "https://john.example/cloud?x=1";
        let far = "https://cloud.example/pleaseNotify";
        let at = |url: &str| format!("cloud = \"{url}\"");
        let third_party = format!("{}\nthird_party_cloud = true", at(far));
        for (settings, feed, card) in [
            ("cloud = \"none\"", None, None),
            ("cloud = \"self\"", None, None),
            (bind, Some(own), Some(own)),
            (&at(near), Some(near), Some(near)),
            (&at(far), None, Some(far)),
            (&third_party, Some(far), Some(far)),
        ] {
            let named = |is_card| {
                let cloud = cloud(&config(settings), is_card).unwrap();
                cloud.map(|(_, url)| url.to_string())
            };
            assert_eq!(named(false).as_deref(), feed, "{settings}");
            assert_eq!(named(true).as_deref(), card, "{settings}");
        }
    }

    #[test]
    fn without_a_base_url_there_is_no_cloud_and_no_fault() {
        let config = Config::parse("name = \"x\"", Path::new("config.toml")).unwrap();
        assert_eq!(cloud_of(&config).unwrap(), None);
    }

    #[test]
    fn a_name_is_cut_where_no_introduction_would_hold_it() {
        let mut john = Person::called("John");
        let guid = Guid::new(john.now(), &mut john.run.keys.rng);
        let token = Token::new(&mut john.run.keys.rng);
        let config = Config { name: "é".repeat(NAME + 1), ..config("") };
        let introduction =
            introduction(&config, &john.run.keys, john.now(), &token, guid, 1).unwrap();
        assert_eq!(introduction.name.as_deref(), Some(&*"é".repeat(NAME)));
        assert!(Introduction::parse(introduction.write().as_bytes()).is_ok());
    }
}
