//! `cloud show`: what a feed says of its cloud, and what we know.

use clap::Args;

use super::named;
use super::shown::{CloudView, Registration};
use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::{Context, Result};
use crate::protocol::values::url::Url;
use crate::session::command::Session;
use crate::session::options::Format;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::own_urls::Ours;
use crate::store::subscriptions;

/// Show the cloud of a feed
///
/// What the feed says of it; of a contact's feed also our registration there, and of a feed of yours
/// how many have registered with your own cloud.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The feed
    #[arg(value_name = "URL", value_parser = Url::normalized)]
    url: Url,
}

/// Shows.
///
/// # Errors
/// When the feed cannot be reached, or is none.
pub fn show(session: &mut Session, ShowArgs { url }: &ShowArgs) -> Result<()> {
    let channel = named::feed(session, url)?;
    let written_by = contact_at(session, url)?;
    let mut shown = CloudView::said_by(&channel, url);
    shown.subscribers = subscribers(session, url)?;
    if let Some((name, contact)) = &written_by {
        shown.contact = Some(name);
        // One for a feed that the contact has left says nothing of this one.
        let lease = contact.lease.as_ref().filter(|lease| lease.feed == *url);
        shown.lease = lease.map(Registration::from);
    }
    if session.run.output.format == Format::Json {
        let mut line = Vec::new();
        output::as_json(&mut line, &shown).or_cannot(|| "cannot write".to_owned())?;
        return input::print(session, &line);
    }
    let text = shown.text();
    input::print(session, text.as_bytes())
}

/// The contact that writes the feed at `url`, and its name.
fn contact_at(session: &Session, url: &Url) -> Result<Option<(String, Contact)>> {
    for name in contacts::list(&session.run.identity.home)? {
        // One that cannot be read is another command's business.
        if let Ok(contact) = Contact::load(&session.run.identity.home, &name)
            && contact.feed == *url
        {
            return Ok(Some((name, contact)));
        }
    }
    Ok(None)
}

/// The number of subscribers of our own feed at `url`, if our own cloud is at home here.
fn subscribers(session: &Session, url: &Url) -> Result<Option<usize>> {
    let config = &session.run.identity.config;
    if !config.has_cloud_here() || Ours::at(config, url).is_none() {
        return Ok(None);
    }
    Ok(Some(subscriptions::number(&session.run.identity.home, url, session.run.clock.now())?))
}
