//! The identity's own files: settings, secret key, and what is remembered of its changes.

pub mod attested;
mod bind;
pub mod config;
mod config_template;
pub mod key_state;
pub mod own;
pub mod own_certificate;
pub mod own_urls;
pub mod policy;
pub mod secret;
pub mod seen_outside;
pub mod settings;
pub mod told;
