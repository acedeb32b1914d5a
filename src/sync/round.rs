//! One round: look for answers and news, store, acknowledge, deliver, publish.

use super::{history, restored};
use crate::calls::inbox;
use crate::delivery::deliver::{self, Target};
use crate::error::Result;
use crate::handshake::addressing::claimed;
use crate::handshake::pending;
use crate::publishing::ping;
use crate::reading::ask::Ask;
use crate::reading::read;
use crate::session::run::Run;
use crate::store::contact::contacts;
use crate::writing::removal;

/// Does a round for the contacts called `names`, or for all, for our invitations and for the calls
/// in our inbox, if there are none; `ask` says why. A failure for one contact is reported. Returns how many
/// messages were delivered.
///
/// # Errors
/// When the settings are wrong, or stdout cannot be written.
pub fn once(
    run: &mut Run,
    names: &[String],
    ask: Ask,
    target: Option<&Target>,
    limit: Option<usize>,
) -> Result<usize> {
    let caught_up = restored::catch_up(run).and_then(|()| restored::look_daily(run));
    let (names, rewritten) = match caught_up {
        Ok(()) => read_all(run, names, ask)?,
        Err(error) => {
            // What others have written is received all the same.
            run.talk.report_daily(&error);
            let names = all_of(run, names)?;
            read::read(run, &names, ask)?;
            (names, Vec::new())
        }
    };
    let count = match target {
        Some(target) => deliver::deliver(
            &run.identity,
            &mut run.talk,
            run.clock.now(),
            &mut run.output,
            &names,
            target,
            limit,
        )?,
        None => 0,
    };
    ping::tell(run, rewritten, &names)?;
    let aged = run.identity.attested.aged(run.clock.now());
    history::trim(&run.identity, &mut run.talk, aged)?;
    Ok(count)
}

/// Looks for what is new of the contacts called `names`, or of everybody. Returns whom that is, and
/// for whom our own feed changed.
fn read_all(run: &mut Run, names: &[String], ask: Ask) -> Result<(Vec<String>, Vec<String>)> {
    let everybody = names.is_empty();
    if everybody && let Err(error) = inbox::read(run) {
        run.talk.report_daily(&error);
    }
    let removed = removal::resume(&run.identity, run.clock.now());
    if let Err(error) = removed {
        run.talk.report_daily(&error);
    }
    let mut rewritten = if everybody { pending::look(run)? } else { Vec::new() };
    // Those who have answered just now are among them.
    let names = all_of(run, names)?;
    rewritten.extend(read::read(run, &names, ask)?);
    if let Err(error) = claimed::confirm(run, &names) {
        run.talk.report_daily(&error);
    }
    Ok((names, rewritten))
}

fn all_of(run: &Run, names: &[String]) -> Result<Vec<String>> {
    Ok(if names.is_empty() { contacts::list(&run.identity.home)? } else { names.to_vec() })
}
