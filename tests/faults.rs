//! Faults put into each command: it is killed at any call that writes or sends, or that call fails, or
//! the power goes. Nothing is lost and nothing comes twice.
//!
//! By itself it tries a sample, which a seed draws; `CLOUDIM_FAULTS_SEED` is another seed, and
//! `CLOUDIM_FAULTS=all` tries everything. Either is printed with `--nocapture`.

#[path = "common/mod.rs"]
mod common;

#[path = "faults/beside.rs"]
mod beside;
#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/commands.rs"]
mod commands;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/nodes.rs"]
mod nodes;
#[path = "faults/power.rs"]
mod power;
#[path = "faults/sample.rs"]
mod sample;
#[path = "faults/soak.rs"]
mod soak;
#[path = "faults/strace.rs"]
mod strace;
#[path = "faults/world.rs"]
mod world;
