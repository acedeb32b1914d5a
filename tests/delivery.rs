//! What is stored is delivered once: to stdout or to the hook.

mod common;

#[path = "delivery/hook.rs"]
mod hook;
#[path = "delivery/stdout.rs"]
mod stdout;
