//! One round: look for answers and news, store, acknowledge, deliver, publish.

use super::history;
use crate::calls::inbox;
use crate::delivery::deliver::{self, Target};
use crate::error::Result;
use crate::handshake::pending;
use crate::publishing::ping;
use crate::reading::read;
use crate::session::run::Session;
use crate::store::contact::contacts;

/// Does a round for the contacts called `names`, or for all, for our invitations and for the calls in
/// our inbox, if there are none. What fails for one contact is reported. Returns how many messages were delivered.
///
/// # Errors
/// When the settings are wrong, or stdout cannot be written.
pub fn once(
    session: &mut Session,
    names: &[String],
    target: Option<&Target>,
    limit: Option<usize>,
) -> Result<usize> {
    let everybody = names.is_empty();
    if everybody && let Err(error) = inbox::read(session) {
        session.report(&error);
    }
    let mut rewritten = if everybody { pending::look(session)? } else { Vec::new() };
    let names = if everybody { contacts::list(&session.home)? } else { names.to_vec() };
    rewritten.extend(read::read(session, &names)?);
    let count = match target {
        Some(target) => deliver::deliver(session, &names, target, limit)?,
        None => 0,
    };
    ping::tell(session, rewritten, &names)?;
    history::trim(session)?;
    Ok(count)
}
