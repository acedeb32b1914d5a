//! What is stored is delivered once: to stdout or to the hook.

mod hook;
mod stdout;
mod unattended;
