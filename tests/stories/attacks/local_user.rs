//! Another user of the machine.
