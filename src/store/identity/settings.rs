//! The settings as they are in force, each by its key, and whether the user has set it.

use super::config::{Cloud, Config};
use crate::protocol::values::{time, url};
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in `config.toml`.
    pub key: &'static str,
    /// Its value, for people. What must not be shown to others is left out.
    pub value: String,
    /// Whether it stands in `config.toml`; else it is the default.
    pub is_set: bool,
    /// Whether it is as the default is, whoever has set it.
    pub is_usual: bool,
}

/// The settings of `home`, which are `config`, in the order of the file.
///
/// # Errors
/// When `config.toml` cannot be read.
pub fn all(home: &Home, config: &Config) -> Result<Vec<Setting>> {
    let path = home.config();
    let text = atomic::read_text(&path)?.unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).or_cannot_use(&path)?;
    let is_set = |key: &str| table.contains_key(key);
    let usual = values(&Config::parse("name = \"\"", &path)?);
    let setting = |((key, value), (_, usual)): ((_, String), (_, String))| Setting {
        key,
        is_set: is_set(key),
        is_usual: value == usual,
        value,
    };
    Ok(values(config).into_iter().zip(usual).map(setting).collect())
}

fn values(config: &Config) -> Vec<(&'static str, String)> {
    // A new setting is missed here by the compiler.
    let Config {
        name,
        base_url,
        former_base_urls,
        bind,
        inbox,
        trusted_proxies,
        fetch_invitations,
        cloud,
        third_party_cloud,
        publish,
        publish_timeout,
        trust,
        retention,
        history,
        unreachable_after,
        stale_grace,
        rotate_every,
        allow,
        allow_callbacks,
        read_only,
        passphrase_command,
    } = config;
    vec![
        ("name", name.clone()),
        ("base_url", optional(base_url.as_ref())),
        ("former_base_urls", list(former_base_urls)),
        ("bind", optional(bind.as_ref())),
        // Whoever knows it can read who calls.
        ("inbox", optional(inbox.as_ref().map(|inbox| url::shortened(inbox.as_str())))),
        ("trusted_proxies", list(trusted_proxies)),
        ("fetch_invitations", fetch_invitations.to_string()),
        ("cloud", cloud_as_set(cloud)),
        ("third_party_cloud", third_party_cloud.to_string()),
        ("publish", optional(publish.as_ref())),
        ("publish_timeout", time::spelled(*publish_timeout)),
        ("trust", trust.as_str().to_owned()),
        ("retention", time::spelled(*retention)),
        ("history", history.map_or("for good".to_owned(), time::spelled)),
        ("unreachable_after", time::spelled(*unreachable_after)),
        ("stale_grace", time::spelled(*stale_grace)),
        ("rotate_every", rotate_every.map_or("never".to_owned(), time::spelled)),
        ("allow", list(allow)),
        ("allow_callbacks", list(allow_callbacks)),
        ("read_only", read_only.to_string()),
        // It may hold the passphrase itself.
        ("passphrase_command", optional(passphrase_command.as_ref().map(|_| "a command"))),
    ]
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or("none".to_owned(), |value| value.to_string())
}

fn list(values: &[impl ToString]) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    if values.is_empty() { "none".to_owned() } else { values.join(", ") }
}

fn cloud_as_set(cloud: &Cloud) -> String {
    match cloud {
        Cloud::None => "none".to_owned(),
        Cloud::Own => "self".to_owned(),
        Cloud::At(url) => url.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::identity::config::{Fresh, template};

    fn settings(text: &str) -> Vec<Setting> {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        std::fs::write(home.config(), text).unwrap();
        all(&home, &Config::parse(text, &home.config()).unwrap()).unwrap()
    }

    fn of(settings: &[Setting], key: &str) -> (String, bool) {
        let setting = settings.iter().find(|setting| setting.key == key).unwrap();
        (setting.value.clone(), setting.is_set)
    }

    #[test]
    fn a_setting_is_told_with_whether_the_user_has_set_it() {
        let found = settings("name = \"x\"\nretention = \"14d\"\nallow = [\"10.0.0.0/8\"]");
        assert_eq!(of(&found, "retention"), ("14d".to_owned(), true));
        assert_eq!(of(&found, "stale_grace"), ("1h".to_owned(), false));
        assert_eq!(of(&found, "allow"), ("10.0.0.0/8".to_owned(), true));
        assert_eq!(of(&found, "history"), ("for good".to_owned(), false));
        let unusual = found.iter().filter(|setting| !setting.is_usual).map(|setting| setting.key);
        assert_eq!(unusual.collect::<Vec<_>>(), ["name", "retention", "allow"]);
    }

    #[test]
    fn every_key_of_the_template_is_among_them() {
        let template = template(&Fresh { name: "x", cloud: "none", ..Fresh::default() });
        let found = settings(&template);
        let keys = template.lines().filter_map(|line| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            line.split_once(" = ").map(|(key, _)| key).filter(|key| !key.contains(' '))
        });
        for key in keys {
            assert!(found.iter().any(|setting| setting.key == key), "{key}");
        }
    }

    #[test]
    fn what_is_secret_is_not_told() {
        let token = "abcdefghijklmnopqrstuvwxyz";
        let found = settings(&format!(
            "name = \"x\"\npassphrase_command = \"echo secret\"\ninbox = \"https://x.example/i/{token}.rss\""
        ));
        assert_eq!(of(&found, "passphrase_command"), ("a command".to_owned(), true));
        assert!(!of(&found, "inbox").0.contains(token));
    }
}
