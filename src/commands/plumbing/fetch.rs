//! `fetch`: a feed, as it stands.

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Error, Kind, Result};
use crate::protocol;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::command::Session;
use crate::session::web::fetch;
use crate::store::contact::entry::Contact;
use crate::transport::client::{Answer, Conditions};

const EXAMPLES: &str = "\
Examples:
  cloudim fetch mary | cloudim receive mary
  cloudim fetch https://mary.example/card.rss";

/// Fetch a feed
///
/// Writes it to stdout as it is. Of a contact only if it changed since it was stored last: else
/// nothing; what its host sends instead of a feed is an error. Private networks are refused, unless config.toml allows them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FetchArgs {
    /// The contact whose feed to fetch, or the URL of any
    #[arg(value_name = "CONTACT|URL")]
    what: String,
}

/// Fetches.
///
/// # Errors
/// When it cannot be reached, or is not to be.
pub fn run(session: &mut Session, args: FetchArgs) -> Result<()> {
    let is_url = args.what.contains("://");
    let (url, conditions) = if is_url {
        let url = Url::normalized(&args.what)
            .map_err(|cause| Error::usage("cannot fetch that").because(cause))?;
        (url, Conditions::default())
    } else {
        let contact = Contact::load(&session.run.identity.home, &args.what)?;
        let (etag, last_modified) = (contact.http.etag, contact.http.last_modified);
        (contact.feed, Conditions { etag, last_modified, no_cache: false })
    };
    match session.run.network.client()?.get(&url, limits::FEED, &conditions) {
        Ok(Answer::Document(document)) => {
            if !is_url {
                expect_feed(&args.what, &document.bytes)?;
            }
            input::print(session, &document.bytes)
        }
        Ok(Answer::Unchanged) => Ok(()),
        Err(failure) if is_url => Err(fetch::failed(&url.shortened(), failure)),
        // Whatever a contact's host does, it is that host which is out of reach.
        Err(failure) => {
            let error = fetch::failed(&format!("the feed of `{}`", args.what), failure);
            Err(Error { kind: Kind::Network, ..error })
        }
    }
}

/// Refuses what a contact's host sends in the place of its feed, such as a page to log in at.
fn expect_feed(name: &str, document: &[u8]) -> Result<()> {
    let refused = |cause: protocol::Error| {
        Error::new(Kind::Network, format!("cannot read the feed of `{name}`")).because(cause)
    };
    Channel::parse_ours(document).map(drop).map_err(refused)
}
