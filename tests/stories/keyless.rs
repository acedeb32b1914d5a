//! A server without the secret key, beside the owner's client: `listen --keyless`, and `poll` with
//! `inbox` in the settings.

mod beside;
mod flood;
mod hostile;
mod killed;
mod refused;
mod story;
