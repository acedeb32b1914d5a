//! `config.toml`: what the user decides about an identity.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

use super::policy::Policy;
use crate::protocol::values::time;
use crate::protocol::values::url::Url;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{Error, OrCannot, Result};

pub use super::bind::usual_bind;
pub use super::config_template::{Fresh, template};

/// The settings of an identity. Every key has a default but `name`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name that this identity gives itself.
    pub name: String,
    /// The URL at which `public/` stands on the web; it ends in a slash. Without it nobody can find
    /// us.
    #[serde(default)]
    pub base_url: Option<Url>,
    /// Former values of `base_url`: invitations to the card there still count.
    #[serde(default)]
    pub former_base_urls: Vec<Url>,
    /// The address at which our own server listens. With it, the card says that we take calls.
    #[serde(default)]
    pub bind: Option<SocketAddr>,
    /// The inbox in which a server without the secret key keeps calls for us. With it, the card
    /// says that we take calls.
    #[serde(default)]
    pub inbox: Option<Url>,
    /// The networks of proxies in front of our server, whose word on the client is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// Whether what a stranger's call names is fetched at once; else when the user asks who called.
    #[serde(default = "yes")]
    pub fetch_invitations: bool,
    /// The cloud, which tells subscribers that a feed changed.
    #[serde(default)]
    pub cloud: Cloud,
    /// Whether pair feeds may name a cloud on another origin, which then learns their URLs.
    #[serde(default)]
    pub third_party_cloud: bool,
    /// The shell command that puts `public/` on the web; `{}` stands for the folder.
    #[serde(default)]
    pub publish: Option<String>,
    /// How long that command may take before it is ended, and counts as failed.
    #[serde(default = "ten_minutes", deserialize_with = "duration")]
    pub publish_timeout: SignedDuration,
    /// The policy for a contact whose key was not compared, unless another was decided for it.
    #[serde(default)]
    pub trust: Policy,
    /// How long an acknowledged message stays in the feed.
    #[serde(default = "week", deserialize_with = "duration")]
    pub retention: SignedDuration,
    /// How long the text of a message stays on our own disk; without it, for good.
    #[serde(default, deserialize_with = "some_duration")]
    pub history: Option<SignedDuration>,
    /// How long a contact may be out of reach before `poll` reports it by its status.
    #[serde(default = "day", deserialize_with = "duration")]
    pub unreachable_after: SignedDuration,
    /// How long a feed may be stale or have gaps before that is told.
    #[serde(default = "hour", deserialize_with = "duration")]
    pub stale_grace: SignedDuration,
    /// How old the encryption subkeys get before `poll` and `listen` replace them; nothing for never.
    #[serde(default = "month", deserialize_with = "rotation")]
    pub rotate_every: Option<SignedDuration>,
    /// Networks, such as `192.168.0.0/16`, that requests may reach although they are not public.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Networks that subscribers of our cloud may lie in although they are not public.
    #[serde(default)]
    pub allow_callbacks: Vec<String>,
    /// Whether this is a second home of the identity, which only reads.
    #[serde(default)]
    pub read_only: bool,
    /// The shell command that prints the passphrase.
    #[serde(default)]
    pub passphrase_command: Option<String>,
}

/// The cloud of our feeds, which tells subscribers that a feed changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    /// No cloud: readers poll.
    #[default]
    None,
    /// Our own server.
    Own,
    /// The rssCloud server whose pleaseNotify URL this is.
    At(Url),
}

impl std::str::FromStr for Cloud {
    type Err = crate::protocol::Error;

    fn from_str(text: &str) -> crate::protocol::Result<Self> {
        match text {
            "none" => Ok(Self::None),
            "self" => Ok(Self::Own),
            url => Url::normalized(url).map(Self::At),
        }
    }
}

impl<'de> Deserialize<'de> for Cloud {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Config {
    /// Reads the settings of `home`.
    ///
    /// # Errors
    /// When a key is unknown or a value cannot be; the message has line and column. When others can write
    /// the home, the settings or the secret key.
    pub fn load(home: &Home) -> Result<Self> {
        home.expect_identity()?;
        home.expect_ours()?;
        Self::read(&home.config())
    }

    fn read(path: &Path) -> Result<Self> {
        Self::parse(&atomic::read_text(path)?.unwrap_or_default(), path)
    }

    /// The settings in `text`, which is or will be the file at `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let mut config: Self = toml::from_str(text).or_cannot_use(path)?;
        for base in config.base_url.iter_mut().chain(&mut config.former_base_urls) {
            *base = as_folder(base)?;
        }
        Ok(config)
    }

    /// The base URL.
    ///
    /// # Errors
    /// When there is none.
    pub fn base(&self) -> Result<&Url> {
        self.base_url.as_ref().ok_or(Error::NoBaseUrl)
    }

    /// The address at which our own server listens: as the settings say, or else that of a base URL
    /// on loopback, or 127.0.0.1:8470.
    pub fn listens_at(&self) -> SocketAddr {
        self.bind.unwrap_or_else(|| usual_bind(self.base_url.as_ref()))
    }

    /// How long the publish command may take: a second at least.
    pub fn publish_within(&self) -> Duration {
        Duration::try_from(self.publish_timeout).unwrap_or_default().max(Duration::from_secs(1))
    }

    /// Whether a server of ours answers at the base URL: here, or one without the secret key.
    pub fn has_server(&self) -> bool {
        self.bind.is_some() || self.inbox.is_some()
    }

    /// Whether the cloud of our feeds is a process of this home. With an inbox it is on the server
    /// that keeps it.
    pub fn has_cloud_here(&self) -> bool {
        self.cloud == Cloud::Own && self.inbox.is_none()
    }

    /// The URL at which we, or a server for us, take calls, if that is so.
    ///
    /// # Errors
    /// When the URL would be too long.
    pub fn handshake(&self) -> Result<Option<Url>> {
        let base = self.base_url.as_ref().filter(|_| self.has_server());
        Ok(base.map(|base| base.join("pleaseFollow")).transpose()?)
    }

    /// The URLs under which our card stands, or stood.
    pub fn cards(&self) -> Vec<Url> {
        let bases = self.base_url.iter().chain(&self.former_base_urls);
        bases.filter_map(|base| base.join("card.rss").ok()).collect()
    }
}

/// `url` as a folder: its path ends in a slash, and it has no query.
///
/// # Errors
/// When it has a query.
pub fn as_folder(url: &Url) -> Result<Url> {
    if url.has_query() {
        return Err(Error::QueryInBaseUrl(url.clone()));
    }
    if url.path().ends_with('/') {
        return Ok(url.clone());
    }
    Ok(Url::normalized(&format!("{url}/"))?)
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<SignedDuration, D::Error> {
    time::duration(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn some_duration<'de, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<SignedDuration>, D::Error> {
    duration(from).map(Some)
}

/// A subkey stays in the certificate for 60 days after its end, and that has its limit.
fn rotation<'de, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<SignedDuration>, D::Error> {
    let text = String::deserialize(from)?;
    if text == "never" {
        return Ok(None);
    }
    let every = time::duration(&text).map_err(serde::de::Error::custom)?;
    if every < week() {
        return Err(serde::de::Error::custom(format!(
            "`{text}` is too often: at least 7d, or never"
        )));
    }
    Ok(Some(every))
}

fn yes() -> bool {
    true
}

fn ten_minutes() -> SignedDuration {
    SignedDuration::from_mins(10)
}

fn hour() -> SignedDuration {
    SignedDuration::from_hours(1)
}

fn day() -> SignedDuration {
    SignedDuration::from_hours(24)
}

fn month() -> Option<SignedDuration> {
    Some(SignedDuration::from_hours(30 * 24))
}

fn week() -> SignedDuration {
    SignedDuration::from_hours(7 * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn the_template_says_what_the_defaults_are() {
        let url = Url::normalized("https://john.example/im").unwrap();
        let fresh =
            Fresh { name: "John \"J\"", base_url: Some(&url), cloud: "none", ..Fresh::default() };
        let config = load(&template(&fresh)).unwrap();
        assert_eq!(config.name, "John \"J\"");
        assert_eq!(config.base().unwrap().as_str(), "https://john.example/im/");
        let default = load("name = \"x\"").unwrap();
        assert_eq!(
            (
                config.retention,
                config.unreachable_after,
                config.stale_grace,
                config.allow,
                config.allow_callbacks,
                config.cloud,
                config.trust,
                config.fetch_invitations,
                config.rotate_every
            ),
            (
                default.retention,
                default.unreachable_after,
                default.stale_grace,
                default.allow,
                default.allow_callbacks,
                default.cloud,
                Policy::FirstUse,
                true,
                default.rotate_every
            )
        );
    }

    #[test]
    fn a_cloud_of_ones_own_listens_where_its_feeds_are() {
        for (base, bind) in [
            ("https://john.example/", "127.0.0.1:8470"),
            ("http://127.0.0.1:4711/", "127.0.0.1:4711"),
            ("http://[::1]:4711/im/", "[::1]:4711"),
        ] {
            let url = Url::normalized(base).unwrap();
            let fresh =
                Fresh { name: "x", base_url: Some(&url), cloud: "self", ..Fresh::default() };
            let config = load(&template(&fresh)).unwrap();
            assert_eq!(config.bind.unwrap().to_string(), bind);
            assert!(config.handshake().unwrap().is_some());
            let without = load(&template(&Fresh { cloud: "none", ..fresh })).unwrap();
            assert_eq!((without.bind, without.listens_at()), (None, config.listens_at()));
        }
    }

    #[test]
    fn what_looks_like_a_place_in_the_template_is_written_as_it_is() {
        let url = Url::normalized("https://john.example/CLOUD/NAME/").unwrap();
        let fresh = Fresh {
            name: "BASE_URL CLOUD",
            base_url: Some(&url),
            cloud: "none",
            passphrase_command: Some("echo NAME\ncat \"CLOUD\""),
            imported: true,
        };
        let config = load(&template(&fresh)).unwrap();
        assert_eq!((config.name.as_str(), config.base().unwrap()), (fresh.name, &url));
        assert_eq!(config.passphrase_command.as_deref(), fresh.passphrase_command);
    }

    #[test]
    fn calls_are_taken_with_a_server_of_our_own_or_an_inbox() {
        let config = |line: &str| {
            load(&format!("name = \"x\"\nbase_url = \"https://x.example/\"\n{line}")).unwrap()
        };
        let url = Some("https://x.example/pleaseFollow".parse().unwrap());
        assert_eq!(config("").handshake().unwrap(), None);
        assert_eq!(config("bind = \"127.0.0.1:1\"").handshake().unwrap(), url);
        let inbox = "inbox = \"https://x.example/i/abcdefghijklmnopqrstuvwxyz.rss\"";
        assert_eq!(config(inbox).handshake().unwrap(), url);
    }

    #[test]
    fn subkeys_are_rotated_at_most_once_a_week_or_never() {
        let every = |value: &str| load(&format!("name = \"x\"\nrotate_every = \"{value}\""));
        assert_eq!(every("7d").unwrap().rotate_every, Some(SignedDuration::from_hours(7 * 24)));
        assert_eq!(every("never").unwrap().rotate_every, None);
        let error = every("6d").unwrap_err().to_string();
        assert!(error.contains("`6d` is too often"), "{error}");
    }

    #[test]
    fn a_mistyped_key_is_named() {
        let error = load("name = \"x\"\nretension = \"1d\"").unwrap_err().to_string();
        assert!(error.contains("retension") && error.contains("line 2"), "{error}");
    }
}
