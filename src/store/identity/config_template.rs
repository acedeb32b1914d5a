//! The first `config.toml` of an identity: every key, with a comment.

use super::bind::usual_bind;
use crate::protocol::values::url::Url;

/// The choices of `keygen` about the settings.
#[derive(Clone, Debug, Default)]
pub struct Fresh<'a> {
    /// As [`super::config::Config::name`].
    pub name: &'a str,
    /// As [`super::config::Config::base_url`].
    pub base_url: Option<&'a Url>,
    /// `none`, `self` or a URL.
    pub cloud: &'a str,
    /// As [`super::config::Config::passphrase_command`].
    pub passphrase_command: Option<&'a str>,
    /// Whether another program made the key, and would know nothing of new subkeys.
    pub imported: bool,
}

/// The first `config.toml` of an identity: every key, with a comment.
pub fn template(fresh: &Fresh<'_>) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let base = match fresh.base_url {
        Some(url) => format!("base_url = {}", quoted(url.as_str())),
        None => "# base_url = \"https://john.example/\"".to_owned(),
    };
    let command = match fresh.passphrase_command {
        Some(command) => format!("passphrase_command = {}", quoted(command)),
        None => "# passphrase_command = \"pass show cloudim\"".to_owned(),
    };
    // A cloud of one's own is a server of one's own.
    let bind = match fresh.cloud {
        "self" => format!("bind = \"{}\"", usual_bind(fresh.base_url)),
        _ => "# bind = \"127.0.0.1:8470\"".to_owned(),
    };
    let line = |line: &str| match line {
        "NAME" => format!("name = {}", quoted(fresh.name)),
        "BASE_URL" => base.clone(),
        "BIND" => bind.clone(),
        "CLOUD" => format!("cloud = {}", quoted(fresh.cloud)),
        "PASSPHRASE_COMMAND" => command.clone(),
        line if fresh.imported && line.starts_with("rotate_every = ") => {
            "rotate_every = \"never\"".to_owned()
        }
        other => other.to_owned(),
    };
    // Line by line, so that a name which looks like a place in the template stays a name.
    let lines: Vec<String> = include_str!("config.template.toml").lines().map(line).collect();
    lines.join("\n") + "\n"
}
