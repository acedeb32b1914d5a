//! The options that every command takes.

use std::str::FromStr;
use std::time::Duration;

/// The form in which data goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: time, contact, text.
    #[default]
    Text,
    /// The tab-separated lines of sfeed(5).
    Tsv,
    /// One JSON object a line.
    Json,
    /// A plain RSS feed.
    Rss,
}

impl Format {
    /// The word for it on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Rss => "rss",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "tsv" => Ok(Self::Tsv),
            "json" => Ok(Self::Json),
            "rss" => Ok(Self::Rss),
            _ => Err(format!("`{text}` is no format")),
        }
    }
}

/// The options that every command takes.
#[derive(Clone, Debug)]
pub struct Options {
    /// The form of the output.
    pub format: Format,
    /// The deadline of one request.
    pub timeout: Duration,
    /// Say nothing that is not an error.
    pub quiet: bool,
    /// A file whose first line is the passphrase.
    pub passphrase_file: Option<std::path::PathBuf>,
}
