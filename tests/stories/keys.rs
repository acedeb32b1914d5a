//! The key in real life: its passphrase, its way in and out, its end.

mod certified;
mod end;
mod exporting;
mod importing;
mod killed;
mod locking;
pub(crate) mod secrecy;
mod showing;
mod sources;
