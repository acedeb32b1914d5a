//! The command line and its commands: one file each, with its arguments, its examples and what it does.

mod check;
mod cloud;
mod contact;
mod handshake;
mod key;
mod keygen;
mod listen;
mod plumbing;
mod poll;
mod publish;
mod read;
mod send;
mod shared;
mod status;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::{self, Given, Global};
use crate::error::Result;
use crate::session::command::Session;
use crate::session::world::World;

/// Instant messages as OpenPGP-encrypted items in plain RSS feeds.
///
/// What you write is sealed to the contact's key and stands in a feed on any web host; `poll` fetches,
/// verifies and stores what your contacts wrote. Without a command: how this identity stands, and
/// what to do next.
#[derive(Debug, Parser)]
#[command(name = "cloudim", version, propagate_version = true)]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    /// What goes for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  cloudim keygen --name John --base-url https://john.example
  cloudim handshake invite mary@mary.example --note \"it's John\"
  echo \"dinner at eight?\" | cloudim send mary
  cloudim poll";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Keygen(keygen::KeygenArgs),
    Handshake(handshake::HandshakeArgs),
    #[command(alias = "contacts")]
    Contact(contact::ContactArgs),
    Send(send::SendArgs),
    Poll(poll::PollArgs),
    Listen(listen::ListenArgs),
    Read(read::ReadArgs),
    Status(status::StatusArgs),
    Check(check::CheckArgs),
    Key(key::KeyArgs),
    Publish(publish::PublishArgs),
    Compose(plumbing::compose::ComposeArgs),
    Encrypt(plumbing::encrypt::EncryptArgs),
    Append(plumbing::append::AppendArgs),
    Fetch(plumbing::fetch::FetchArgs),
    Receive(plumbing::receive::ReceiveArgs),
    Decrypt(plumbing::decrypt::DecryptArgs),
    Cloud(cloud::CloudArgs),
}

impl Cli {
    /// Reads the command line `args`, the first of which is the name of the program.
    ///
    /// # Errors
    /// When it cannot be read, or asks for help or the version alone.
    pub fn read(
        args: impl IntoIterator<Item = OsString>,
    ) -> std::result::Result<Self, clap::Error> {
        let mut matches = Self::command().try_get_matches_from(args)?;
        let origins = cli::origins(&matches);
        let mut cli = Self::from_arg_matches_mut(&mut matches)
            .map_err(|error| error.format(&mut Self::command()))?;
        cli.global.origins = origins;
        Ok(cli)
    }
}

/// Runs what the command line says in `world`.
///
/// # Errors
/// With the exit status, and unless it was told already, with what to tell the user.
pub fn run(cli: Cli, world: World) -> Result<()> {
    let home = cli.global.home()?.with_state(world.state.clone());
    let home = home.with_refusals(world.refusals.clone());
    let options = cli.global.options();
    let given = cli.global.given(&home);
    let Some(command) = cli.command else { return status::overview::run(home, options, world) };
    if let Command::Keygen(args) = command {
        return keygen::run(home, options, world, args);
    }
    let mut session = Session::open(home, &options, world)?;
    if let Err(error) = dispatch(&mut session, command, &given) {
        session.run.talk.report(&error);
    }
    session.run.remember();
    session.run.talk.verdict()
}

fn dispatch(session: &mut Session, command: Command, given: &Given) -> Result<()> {
    match command {
        // It makes the identity that a session needs.
        Command::Keygen(_) => Ok(()),
        Command::Handshake(args) => handshake::run(session, args),
        Command::Contact(args) => contact::run(session, args),
        Command::Send(args) => send::run(session, args),
        Command::Poll(args) => poll::run(session, args),
        Command::Listen(args) => listen::run(session, args),
        Command::Read(args) => read::run(session, args),
        Command::Status(args) => status::run(session, args),
        Command::Check(args) => check::run(session, args, given),
        Command::Key(args) => key::run(session, args),
        Command::Publish(args) => publish::run(session, args),
        Command::Compose(args) => plumbing::compose::run(session, args),
        Command::Encrypt(args) => plumbing::encrypt::run(session, args),
        Command::Append(args) => plumbing::append::run(session, args),
        Command::Fetch(args) => plumbing::fetch::run(session, args),
        Command::Receive(args) => plumbing::receive::run(session, args),
        Command::Decrypt(args) => plumbing::decrypt::run(session, args),
        Command::Cloud(args) => cloud::run(session, args),
    }
}

/// The definition of the command line.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_sound() {
        super::command().debug_assert();
    }
}
