//! Another user of the machine.

mod writing;
