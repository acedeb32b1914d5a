//! The cloud: subscribers are told when a feed changed, as rssCloud has it.
//!
//! In come registrations and pings. Out go calls to the subscribers. `own_cloud` takes what is asked
//! of it, `rates` bounds how often, `callbacks` tries an address before it is believed, `feeds`
//! looks whether a feed really changed, `telling` tells; `workers` are the threads of all that,
//! `opening` begins it, `answers` says what came of a request.
//!
//! Its rules: nobody is called who has not shown that the address is theirs; who cannot be told is
//! tried again until the lease ends; one caller and one slow host take it from nobody else.
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
