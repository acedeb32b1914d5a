//! The handshake: from strangers to contacts (PROTOCOL §6 to §8).
//!
//! In come an address, a file, or a feed that somebody named. Out come invitations that wait, and
//! contacts: a folder with a pinned certificate and a feed of ours.
//!
//! The way of an invitation: `addressing` finds the card, `invitation` makes it, and
//! `invitation_feed` its feed; on the other
//! side `candidate` checks what came, `received` keeps it for the user, `accept` agrees; `acceptance`
//! tells whom it is from, `pending` finds the answer, and `settle` makes the contact, on either side.
//! `repetition`, `used_up` and `answer` serve those who lost their side, come late, or crossed;
//! `reinvitation` and `anew` serve contacts that have to find each other again.
//!
//! Its rules: nobody becomes a contact without the user; a key is pinned once, and another key for the
//! same card is never taken silently; a name belongs to one person.
//!
//! It may call reading and writing, and all below.

pub mod accept;
pub mod acceptance;
pub mod addressing;
pub mod anew;
mod answer;
pub mod candidate;
pub mod invitation;
pub mod invitation_feed;
pub mod pending;
pub mod received;
mod reinvitation;
pub mod repetition;
pub mod room;
pub mod settle;
#[cfg(test)]
pub mod testing;
mod used_up;
