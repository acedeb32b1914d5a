//! What the commands share: sealing and writing, fetching and judging, delivering, publishing,
//! shaking hands. Here, and only here, the store and the network meet.

pub mod acceptance;
pub mod address;
mod announcements;
pub mod arrivals;
pub mod attachment;
pub mod calls;
pub mod candidate;
pub mod deliver;
pub mod fetch;
pub mod hook;
pub mod hosting;
pub mod incoming;
pub mod intake;
pub mod invitation;
pub mod known;
pub mod listening;
pub mod outgoing;
pub mod output;
pub mod own_feed;
pub mod passphrase;
pub mod pending;
pub mod ping;
pub mod pinning;
pub mod public;
pub mod publish;
pub mod reading;
pub mod reintroduction;
pub mod repetition;
mod restored;
pub mod retention;
pub mod round;
pub mod sealing;
pub mod session;
pub mod singles;
pub mod standing;
pub mod world;
