//! `cloud`: rssCloud alone, for any feed.

mod named;
mod ping;
mod run;
mod show;
mod shown;
mod subscribe;

use clap::{Args, Subcommand};

use crate::error::Result;
use crate::session::command::Session;

const EXAMPLES: &str = "\
Examples:
  cloudim cloud show https://mary.example/card.rss
  cloudim cloud ping https://blog.example/rss.xml
  cloudim cloud subscribe https://blog.example/rss.xml --callback https://john.example/changed
  cloudim cloud run";

const RUN: &str = "\
Examples:
  cloudim cloud run
  cloudim cloud run --open --bind 127.0.0.1:5337";

const PING: &str = "\
Examples:
  cloudim cloud ping https://blog.example/rss.xml
  cloudim publish && cloudim cloud ping https://john.example/card.rss";

const SUBSCRIBE: &str = "\
Examples:
  cloudim cloud subscribe https://blog.example/rss.xml --callback https://john.example/changed";

const SHOW: &str = "\
Examples:
  cloudim cloud show https://blog.example/rss.xml
  cloudim --format json cloud show https://john.example/card.rss | jq .subscribers";

/// Speak rssCloud, for any feed
///
/// The cloud that counts is the one that the feed names, on whatever host: source:cloud, or else
/// the cloud element. It is asked by forms, or by XML-RPC if the feed says so. Feed and cloud are asked
/// only where their networks are public, or config.toml allows them. `run` is such a cloud.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct CloudArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(after_help = RUN)]
    Run(run::RunArgs),
    #[command(after_help = PING)]
    Ping(ping::PingArgs),
    #[command(after_help = SUBSCRIBE)]
    Subscribe(subscribe::SubscribeArgs),
    #[command(after_help = SHOW)]
    Show(show::ShowArgs),
}

/// Speaks rssCloud.
///
/// # Errors
/// When the feed cannot be read or names no cloud, or the cloud cannot be reached or refuses; or as
/// [`run::serve`].
pub fn run(session: &mut Session, args: CloudArgs) -> Result<()> {
    match args.action {
        Action::Run(args) => run::serve(session, &args),
        Action::Ping(args) => ping::ping(session, &args),
        Action::Subscribe(args) => subscribe::subscribe(session, &args),
        Action::Show(args) => show::show(session, &args),
    }
}
