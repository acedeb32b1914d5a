//! The part of the command line that goes for every command, and the world in which it runs.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;

use crate::checking::here::settings::{InForce, Origin};
use crate::error::{Error, Result};
use crate::protocol::Random;
use crate::protocol::values::time;
use crate::session::options::{Format, Options};
use crate::session::web::network::AT_ONCE;
use crate::session::world::{Clock, Randomness, Stream, World};
use crate::store::disk::home::Home;
use crate::store::disk::refusals::Refusals;

/// What goes for every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]
    #[arg(long, global = true, value_name = "DIR", env = "CLOUDIM_HOME", hide_env_values = true)]
    pub home: Option<PathBuf>,
    /// The form of the output
    #[arg(long, global = true, value_name = "FORMAT", env = "CLOUDIM_FORMAT", hide_env_values = true,
        default_value = "text",
        value_parser = PossibleValuesParser::new(["text", "tsv", "json", "rss"]).try_map(|name| name.parse::<Format>()))]
    pub format: Format,
    /// How long one request may take: 10s, 2m
    #[arg(long, global = true, value_name = "DURATION", env = "CLOUDIM_TIMEOUT", hide_env_values = true,
        default_value = "30s", value_parser = time::duration)]
    pub timeout: SignedDuration,
    /// Say nothing but errors and warnings
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Tell what is done; given twice, in detail
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CLOUDIM_PASSPHRASE_FILE",
        hide_env_values = true
    )]
    pub passphrase_file: Option<PathBuf>,
    /// The origin of each of those that a variable can give.
    #[arg(skip)]
    pub origins: Vec<(&'static str, Origin)>,
}

/// The options that are in force in this run, for `check`.
#[derive(Clone, Debug)]
pub struct Given {
    /// Those that a variable can give.
    pub options: Vec<InForce>,
    /// Whether all is to be told.
    pub is_verbose: bool,
}

/// The origin of the options that a variable can give, as `matches` has them.
pub fn origins(matches: &ArgMatches) -> Vec<(&'static str, Origin)> {
    let origin = |id| match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Origin::Flag,
        Some(ValueSource::EnvVariable) => Origin::Variable,
        _ => Origin::Default,
    };
    ["home", "format", "timeout", "passphrase_file"].map(|id| (id, origin(id))).into()
}

impl Global {
    /// The options in force; `home` is the one that was taken.
    pub fn given(&self, home: &Home) -> Given {
        let file = self.passphrase_file.as_ref().map(|file| file.display().to_string());
        let option = |(id, origin): &(&'static str, Origin)| {
            let value = match *id {
                "home" => home.root().display().to_string(),
                "format" => self.format.as_str().to_owned(),
                "timeout" => time::spelled(self.timeout),
                _ => file.clone().unwrap_or_else(|| "none".to_owned()),
            };
            InForce::new(format!("--{}", id.replace('_', "-")), value, *origin)
        };
        let options = self.origins.iter().map(option).collect();
        Given { options, is_verbose: self.verbose > 0 }
    }

    /// The home that was named, or the one that is the default.
    ///
    /// # Errors
    /// When there is no home directory to put it in.
    pub fn home(&self) -> Result<Home> {
        if let Some(home) = &self.home {
            return Ok(Home::at(home));
        }
        let strategy = Xdg::new().map_err(|cause| {
            Error::cannot("cannot find your home directory")
                .because(cause)
                .hint("--home DIR, or $CLOUDIM_HOME")
        })?;
        Ok(Home::at(strategy.data_dir().join("cloudim")))
    }

    /// The options that commands look at.
    pub fn options(&self) -> Options {
        Options {
            format: self.format,
            timeout: Duration::try_from(self.timeout)
                .unwrap_or_default()
                .max(Duration::from_millis(1)),
            quiet: self.quiet,
            passphrase_file: self.passphrase_file.clone(),
        }
    }
}

/// The world as it is: the system's clock and randomness, and the standard streams.
pub fn real_world() -> World {
    World {
        now: Clock::new(Timestamp::now),
        randomness: Randomness::new(Random::from_entropy),
        state: Xdg::new().ok().and_then(|xdg| xdg.state_dir()).map(|state| state.join("cloudim")),
        refusals: Refusals::default(),
        at_once: AT_ONCE,
        stdin: Box::new(io::stdin()),
        stdout: Stream::to(io::BufWriter::new(io::stdout())),
        stderr: Stream::to(io::stderr()),
    }
}
