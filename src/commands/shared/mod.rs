//! The parts of the command line that several commands need: files and stdin, waiting, and serving
//! until a signal comes.

pub(super) mod input;
pub(super) mod serving;
pub(super) mod wait;
