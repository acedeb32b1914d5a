//! Another user of the machine.

mod looking;
mod writing;
