//! Another user of the machine.

mod looking;
mod memory;
mod writing;
