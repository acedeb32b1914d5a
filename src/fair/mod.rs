//! Fairness, where strangers ask for something that is scarce.
//!
//! `queue` keeps what waits, `rate` says how often somebody may ask, `pace` how much somebody may use
//! in the long run, and `tally` how many of somebody's things there are.
//!
//! Its rules: whatever comes, no more is kept than the bounds say; a flood by some takes nothing from
//! the others that they are promised. The present time is an argument.
//!
//! It stands on nothing of the house.

pub mod pace;
pub mod queue;
pub mod rate;
pub mod tally;
