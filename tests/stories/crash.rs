//! Nothing is lost and nothing comes twice, whatever is killed, however often, whenever.

mod copies;
mod damaged;
mod killed;
pub mod restored;
mod rolled_back;
mod together;
mod torn;
mod unseen;

use crate::common::sound::{feeds_are_sound, stored};
