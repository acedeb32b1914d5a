//! The attacks: a test for each, by who makes it. Its name says what the attacker does, and what it
//! asserts is all that the attacker gets by it.

mod cloud;
mod contact;
mod host;
mod local_user;
mod network;
mod stranger;
