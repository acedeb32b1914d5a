//! The disk: files that are replaced whole, locks, and where each file of a home lies.

pub mod atomic;
pub mod changes;
pub mod dumps;
pub mod failed_run;
pub mod home;
mod leftovers;
pub mod lock;
pub mod locked_home;
pub mod mirror;
pub mod names;
pub mod origin;
pub mod ours;
pub mod rebuildable;
pub mod refusals;
mod temporary;
pub mod versions;
