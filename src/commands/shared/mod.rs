//! What several commands need of the command line: files and stdin, waiting, and serving until a
//! signal comes.

pub(super) mod input;
pub(super) mod serving;
pub(super) mod wait;
