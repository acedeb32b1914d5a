//! Bad input gets a clear error and loses nothing: what a stranger, or a contact gone bad, can put
//! before the program, a test for each kind. What each story promises stands in
//! [`story`]: it is told once, nothing else in the home changes, and the next honest
//! message arrives exactly once.

use crate::common::raw;

mod announcements;
mod archives;
mod documents;
mod egress;
mod flood;
mod full_disk;
mod home;
mod invitations;
mod items;
mod logs;
mod names;
pub(crate) mod story;
mod strangers;
mod terminal;
mod time;
