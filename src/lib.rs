//! cloudim: instant messages as OpenPGP-encrypted items in plain RSS feeds.
//!
//! The map of the house, in the order of a message's way. Imports point downward only, and no two
//! files reach each other; `tests/layers.rs` holds them to it.
//!
//! * [`commands`]: one file a command: its arguments, its examples, what it does.
//! * [`writing`]: what we write to a contact: a message takes its place in our log, is sealed, and
//!   stands in our feed. [`publishing`]: the feed goes on the web, and its cloud is told.
//! * [`cloud_server`]: our own cloud tells the subscribers. [`cloud_client`]: we are one of theirs.
//! * [`reading`]: what a contact writes is verified and stored. [`delivery`]: it is printed, or
//!   handed to a hook.
//! * [`handshake`]: from strangers to contacts. [`calls`]: strangers who called. [`keys`]: our own
//!   key changes.
//! * [`checking`]: is all well, here and as others see it.
//! * [`sync`]: one round of all this. [`listen`]: a home that serves, and does rounds.
//! * [`session`]: one run: its options, its keys, its network, its user.
//! * [`store`]: plain files, crash-safe. [`transport`]: HTTP, guarded. The two never meet.
//!   [`work`]: threads that work off a queue, a schedule or a list.
//! * [`openpgp`]: the only door to the `pgp` crate. [`protocol`]: the wire formats. [`fair`]: how
//!   much a stranger gets of what is scarce. These are pure: bytes and values in, bytes and values
//!   out.
//!
//! [`cli`] holds the options of every command, [`error`] the exit statuses: the errors of the pure
//! layers and of the store become the one of the program there.

#![warn(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod calls;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod checking;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod cli;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod cloud_client;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod cloud_server;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod commands;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod delivery;
pub mod error;
pub mod fair;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod handshake;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod keys;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod listen;
pub mod openpgp;
pub mod protocol;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod publishing;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod reading;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod session;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod store;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod sync;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod transport;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod work;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod writing;

// The fence of clippy.toml stands around the modules above; those below meet the world.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;

use protocol::values::text;
use session::world::World;

/// Runs the program with `args`, the first of which is its name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(run_in(args, cli::real_world()))
}

/// Runs the program in `world`; returns the exit status of the table in [`error::Kind`].
pub fn run_in(args: impl IntoIterator<Item = OsString>, mut world: World) -> u8 {
    let cli = match commands::Cli::read(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &mut world),
    };
    listen_to_log(cli.global.verbose);
    let mut stderr = world.stderr.clone();
    let Err(error) = commands::run(cli, world) else { return 0 };
    if !error.message.is_empty() {
        // Where nobody hears, the status still tells.
        let _ = writeln!(stderr, "error: {}", text::visible(&error.to_string()));
    }
    error.kind.status()
}

/// Shows help and version on stdout, and what is wrong with the command line on stderr.
fn usage(error: &clap::Error, world: &mut World) -> u8 {
    // It quotes what was given, which a script may have from a stranger.
    let text = text::visible(&error.render().to_string());
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let out: &mut dyn Write = if asked { &mut world.stdout } else { &mut world.stderr };
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if asked { 0 } else { error::Kind::Usage.status() }
}

fn listen_to_log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => log::LevelFilter::Info,
        _ => log::LevelFilter::Debug,
    };
    // Other crates' records may hold whole URLs, and a feed's URL is a capability.
    let started = env_logger::Builder::new()
        .filter_module("cloudim", level)
        .format_timestamp(None)
        .try_init();
    // A second run in one process finds the logger there already.
    started.unwrap_or_default();
}
