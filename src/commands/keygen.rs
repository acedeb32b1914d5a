//! `keygen`: a new identity.

mod args;
mod import;
mod key;

use std::env;

use crate::error::{Error, Result};
use crate::protocol::values::time;
use crate::protocol::values::url::Url;
use crate::publishing::pages;
use crate::session::command::Session;
use crate::session::options::Options;
use crate::session::world::World;
use crate::store::disk::dumps;
use crate::store::disk::home::Home;
use crate::store::identity::config::{self, Cloud, Config, Fresh};
use crate::store::identity::own::Identity;
pub use args::KeygenArgs;
use import::Import;
use jiff::Timestamp;
use key::Kept;

/// Makes the identity.
///
/// # Errors
/// When there is one already, or it cannot be written.
pub fn run(home: Home, options: Options, mut world: World, args: KeygenArgs) -> Result<()> {
    let now = time::whole_seconds(world.now.now());
    dumps::forbid();
    let imported = match &args.import {
        Some(path) => Some(Import::read(&mut world, path, now)?),
        None => None,
    };
    let name = name(&args, imported.as_ref().and_then(Import::name))?;
    let base_url = args.base_url.as_deref().map(base_url).transpose()?;
    args.cloud
        .parse::<Cloud>()
        .map_err(|cause| Error::usage("cannot use --cloud").because(cause))?;
    expect_free(&home)?;
    let is_foreign = imported.as_ref().is_some_and(|imported| !imported.is_ours(now));
    let notes = imported.as_ref().map(|imported| imported.notes(now)).unwrap_or_default();
    let mut rng = world.randomness.stream();
    let kept = match imported {
        Some(imported) => imported.finish(&options, &args, now, &mut rng)?,
        None => key::make(&name, &options, &args, now, &mut rng)?,
    };
    let fresh = Fresh {
        name: &name,
        base_url: base_url.as_ref(),
        cloud: &args.cloud,
        passphrase_command: args.passphrase_command.as_deref(),
        imported: is_foreign,
    };
    let settings = config::template(&fresh);
    let config = Config::parse(&settings, &home.config())?;
    let mut session = Session::new(Identity::with(home, config), &options, world);
    write(&session, &kept, &settings, now)?;
    report(&mut session, &kept)?;
    notes.iter().for_each(|note| session.run.talk.say(note));
    Ok(())
}

/// Writes the files of the home, the settings last, for they make it whole.
fn write(session: &Session, kept: &Kept, settings: &str, now: Timestamp) -> Result<()> {
    let home = &session.run.identity.home;
    home.make()?;
    let mut locked = session.run.identity.lock_although_copied(now)?;
    let home = &locked.home;
    expect_free(home)?;
    home.create(&home.secret(), kept.secret.to_armored().as_bytes())?;
    if let Some(revocation) = &kept.revocation {
        home.create(&home.revocation(), revocation.as_bytes())?;
    }
    home.create(&home.key(), kept.secret.certificate().to_armored().as_bytes())?;
    pages::write(&locked, &session.run.keys)?;
    locked.home.record(kept.secret.fingerprint(), Some(now))?;
    Ok(locked.home.create(&locked.home.config(), settings.as_bytes())?)
}

fn report(session: &mut Session, kept: &Kept) -> Result<()> {
    let fingerprint = kept.secret.fingerprint();
    super::shared::input::print(session, format!("{fingerprint}\n").as_bytes())?;
    let root = session.run.identity.home.root().display().to_string();
    session
        .run
        .talk
        .say(&format!("the identity `{}` lives in {root}", session.run.identity.config.name));
    if let Some(base) = session.run.identity.config.base_url.clone() {
        let account = pages::account(&session.run.identity.config, &base);
        let account = account.trim_start_matches("acct:");
        let serve = match session.run.identity.config.bind {
            Some(bind) => format!("run cloudim listen at {bind}, where {base} leads"),
            None => format!("put {root}/public on the web as {base}"),
        };
        session.run.talk.say(&format!("{serve}, and others find you as {account}"));
    } else {
        session.run.talk.say("hint: set base_url in config.toml, and run cloudim publish, so that others can find you");
    }
    let revocation = format!("{root}/revocation.asc");
    session.run.talk.say(&match kept.revocation {
        Some(_) => {
            format!("keep {revocation} in a safe place: it declares the key dead if you lose it")
        }
        None => format!(
            "the secret of the primary key is not here: keep what gpg --gen-revoke {fingerprint} \
             writes as {revocation}, and change the key where it is: cloudim key merge takes it in"
        ),
    });
    Ok(())
}

fn name(args: &KeygenArgs, imported: Option<String>) -> Result<String> {
    let login =
        || env::var("USER").or_else(|_| env::var("LOGNAME")).ok().filter(|name| !name.is_empty());
    let name = args.name.clone().or(imported).or_else(login);
    let name = name.ok_or_else(|| Error::usage("what is your name?").hint("--name NAME"))?;
    let good = !name.trim().is_empty()
        && name.chars().count() <= 100
        && name.len() <= 256
        && !name.chars().any(char::is_control);
    if good {
        Ok(name)
    } else {
        Err(Error::usage(format!("`{}` cannot be a name", name.escape_debug())))
    }
}

fn base_url(text: &str) -> Result<Url> {
    let url = Url::normalized(text).map_err(|cause| {
        Error::usage("cannot use --base-url")
            .because(cause)
            .hint("like https://john.example or https://host.example/~john/")
    })?;
    Ok(config::as_folder(&url)?)
}

fn expect_free(home: &Home) -> Result<()> {
    let files = [home.secret(), home.config(), home.revocation(), home.key()];
    let Some(taken) = files.iter().find(|file| file.exists()) else { return Ok(()) };
    Err(Error::cannot(format!("`{}` exists already, and is never overwritten", taken.display()))
        .hint("choose another home: --home DIR"))
}
