//! The cloud: subscribers are told when a feed changed, as rssCloud has it.
//!
//! It takes registrations and pings, and it calls the subscribers. `own_cloud` takes the requests,
//! `rates` bounds how often they come, `callbacks` tries an address before it is believed, `feeds`
//! looks whether a feed really changed, `telling` tells; `workers` are the threads of all that,
//! `opening` begins it, `answers` reports the outcome of a request.
//!
//! Its rules: only a subscriber that has shown that the address is its own is called; a subscriber
//! that cannot be told is tried again until the lease ends; one caller and one slow host take it
//! from nobody else.
//!
//! It may call the session and all below, and knows neither contacts nor messages.

pub mod answers;
mod callbacks;
mod feeds;
pub mod opening;
pub mod own_cloud;
pub mod rates;
mod telling;
pub mod workers;
