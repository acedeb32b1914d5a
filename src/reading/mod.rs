//! Reading: what a contact writes is fetched, verified, stored and acknowledged.
//!
//! In comes a document of a contact's feed, by `read` from its host or by hand. Out come the records
//! of what is new in it, the verdicts on what was refused or held, and a rewriting of our own feed.
//!
//! The way of a document: `read` asks the hosts, `certificate` follows the contact's certificate,
//! `archives` fetches what no longer stands in the feed itself; `intake` judges what is new, kind by
//! kind of its `contents`, without a lock, by `opening` it within a budget, and stores it if nothing
//! has changed meanwhile; `troubles` says what is wrong and when it heals; `acknowledge` has our feed
//! say how far we are. `reached` notes that a feed is unchanged. `whose` tells another's feed from the
//! contact's, where a document came by no URL; `look` is the short way for one who is about to write.
//!
//! Its rules: nothing counts before its signature is verified; a copy that is old is not taken for
//! proof; nothing is forgotten that may still be right.
//!
//! It may call writing, and all below; it prints nothing and runs no hook.

mod acknowledge;
mod archives;
pub mod ask;
mod certificate;
pub mod contents;
mod copy;
pub mod intake;
mod judged;
pub mod look;
mod opening;
mod reached;
pub mod read;
#[cfg(test)]
pub mod testing;
pub mod troubles;
pub mod whose;
