//! The URLs of our feeds, and which of our feeds a URL names.

use super::config::Config;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::store::error::Result;

/// A feed of this identity.
#[derive(Debug, PartialEq)]
pub enum Ours {
    /// The card.
    Card,
    /// The pair feed with this token; it need not be there.
    Pair(Token),
}

impl Ours {
    /// The feed of ours that stands at `url`, byte for byte; none also for what else is below the
    /// base URL, which is as any other's to us.
    pub fn at(config: &Config, url: &Url) -> Option<Self> {
        Self::below(config.base_url.as_ref()?, url)
    }

    /// The same, of the identity whose base URL is `base`.
    pub fn below(base: &Url, url: &Url) -> Option<Self> {
        match url.as_str().strip_prefix(base.as_str())? {
            "card.rss" => Some(Self::Card),
            name => name.strip_prefix("f/")?.strip_suffix(".rss")?.parse().ok().map(Self::Pair),
        }
    }
}

/// The URL of the pair feed `token`.
///
/// # Errors
/// When this identity has no base URL.
pub fn feed_url(config: &Config, token: &Token) -> Result<Url> {
    Ok(config.base()?.join(&format!("f/{token}.rss"))?)
}

/// The URL of an archive of the pair feed `token`.
///
/// # Errors
/// When this identity has no base URL.
pub fn archive_url(config: &Config, token: &Token, number: u64) -> Result<Url> {
    Ok(config.base()?.join(&format!("f/{token}.{number}.rss"))?)
}

/// The number of the archive of the pair feed `token` that stands at `url`, if one does.
pub fn archive_number(config: &Config, token: &Token, url: &Url) -> Option<u64> {
    let name = url.as_str().rsplit('/').next()?;
    let number = name.strip_prefix(token.as_str())?.strip_prefix('.')?.strip_suffix(".rss")?;
    let number = number.parse().ok()?;
    archive_url(config, token, number).is_ok_and(|ours| ours == *url).then_some(number)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_what_we_write_is_ours() {
        let settings = "name = \"x\"\nbase_url = \"https://x.example/im/\"";
        let config = Config::parse(settings, Path::new("config.toml")).unwrap();
        let token = "abcdefghijklmnopqrstuvwxyz";
        let ours = |url: &str| Ours::at(&config, &url.parse().unwrap());
        assert_eq!(ours("https://x.example/im/card.rss"), Some(Ours::Card));
        let pair = format!("https://x.example/im/f/{token}.rss");
        assert_eq!(ours(&pair), Some(Ours::Pair(token.parse().unwrap())));
        for other in [
            "https://x.example/card.rss",
            "https://x.example/im/",
            "https://x.example/im/blog.rss",
            "https://x.example/im/card.rss?x",
            "https://x.example/im/f/short.rss",
            &pair.replace(".rss", ".1.rss"),
            &pair.replace("x.example", "y.example"),
        ] {
            assert_eq!(ours(other), None, "{other}");
        }
    }
}
