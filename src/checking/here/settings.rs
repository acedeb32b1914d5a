//! The settings and options in force, and where each comes from.

use serde::Serialize;

use crate::error::Result;
use crate::protocol::values::text;
use crate::store::identity::own::Identity;
use crate::store::identity::settings;

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has set it.
    Default,
    /// The settings of the home.
    Config,
    /// The command line.
    Flag,
    /// The environment.
    Variable,
}

impl Origin {
    /// The words for it, in all outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Config => "config.toml",
            Self::Flag => "flag",
            Self::Variable => "variable",
        }
    }
}

/// A setting in force, as a line of the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InForce {
    v: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its key in `config.toml`, or the option.
    pub setting: String,
    /// Its value, for people.
    pub value: String,
    /// Where it comes from.
    pub origin: &'static str,
    /// Whether it is as the default is, whoever has set it.
    #[serde(skip)]
    pub is_usual: bool,
}

impl InForce {
    /// The setting called `setting`.
    pub fn new(setting: impl Into<String>, value: impl Into<String>, origin: Origin) -> Self {
        let (setting, value) = (setting.into(), value.into());
        let is_usual = origin == Origin::Default;
        Self { v: 1, kind: "setting", setting, value, origin: origin.as_str(), is_usual }
    }

    /// One line: the word `setting`, its name, its value and its origin, with tabs between.
    pub fn line(&self) -> String {
        let value = text::visible(&self.value).replace(['\n', '\t'], " ");
        format!("setting\t{}\t{value}\tfrom: {}\n", self.setting, self.origin)
    }
}

/// The settings of `identity`, in the order of `config.toml`.
///
/// # Errors
/// When `config.toml` cannot be read.
pub fn of(identity: &Identity) -> Result<Vec<InForce>> {
    let all = settings::all(&identity.home, &identity.config)?;
    let in_force = |setting: settings::Setting| {
        let origin = if setting.is_set { Origin::Config } else { Origin::Default };
        let is_usual = setting.is_usual;
        InForce { is_usual, ..InForce::new(setting.key, setting.value, origin) }
    };
    Ok(all.into_iter().map(in_force).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;

    #[test]
    fn what_stands_in_the_settings_comes_from_there() {
        let mut john = Person::called("John");
        john.set("retention = \"2w\"");
        let all = of(&john.run.identity).unwrap();
        let set: Vec<_> = all.iter().filter(|one| !one.is_usual).map(InForce::line).collect();
        assert_eq!(
            set,
            [
                "setting\tname\tJohn\tfrom: config.toml\n",
                "setting\tbase_url\thttps://john.example/\tfrom: config.toml\n",
                "setting\tretention\t14d\tfrom: config.toml\n"
            ]
        );
        assert!(all.iter().any(|one| one.setting == "stale_grace" && one.origin == "default"));
    }
}
