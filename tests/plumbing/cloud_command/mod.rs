//! `cloud`: rssCloud alone, for any feed.

mod pinging;
mod showing;
mod stub;
mod subscribing;
