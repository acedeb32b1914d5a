//! `cloud`: rssCloud alone, for any feed.

mod feeds;
mod pinging;
mod showing;
mod subscribing;
