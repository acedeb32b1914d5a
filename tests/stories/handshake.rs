//! Two people find each other and agree, through files and static hosts.

mod addresses;
mod again;
mod anew;
mod crossing;
mod decisions;
mod files;
mod killed;
mod moving;
mod places;
mod single_use;
pub mod story;
