//! Delivery: what is stored goes to stdout or to a hook, once, in the order of arrival.
//!
//! In come the records that reading stored, and the two cursors. Out come lines in one of the forms
//! of `output`, or runs of a `hook`, and the cursors behind what was taken.
//!
//! Its rules: a cursor moves after a flush that succeeded, or after a hook's status 0; a message that
//! is held is not shown; a hook runs outside of every lock but the delivery's own.
//!
//! It may call the session, the store and the pure layers.

pub mod deliver;
pub mod held;
pub mod hook;
pub mod news;
pub mod output;
