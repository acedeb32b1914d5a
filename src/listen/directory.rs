//! The contacts by their feeds and our callbacks, which the server's threads look up without a
//! file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use crate::protocol::values::url::Url;
use crate::store::contact::entry::Contact;

/// The contacts, by their feeds and by our callbacks for them.
#[derive(Debug, Default)]
pub struct Directory {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By token: the contact whose feed it tells of, and the URL of that feed.
    callbacks: HashMap<String, (String, Url)>,
    feeds: HashSet<Url>,
    names: BTreeSet<String>,
    changed: Option<SystemTime>,
}

impl Directory {
    /// Knows `contacts`, by name, and nobody else; their folder was as of `changed`. Returns the
    /// names of those who are new.
    pub fn replace(
        &self,
        contacts: &BTreeMap<String, Contact>,
        changed: Option<SystemTime>,
    ) -> Vec<String> {
        let mut fresh = Known { changed, ..Known::default() };
        for (name, contact) in contacts.iter().filter(|(_, contact)| !contact.blocked) {
            fresh.add(name, contact);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let newcomers = fresh.names.difference(&known.names).cloned().collect();
        *known = fresh;
        newcomers
    }

    /// Returns whether it knows the contacts as their folder was as of `changed`.
    pub fn is_as_of(&self, changed: Option<SystemTime>) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).changed == changed
    }

    /// Knows the contact called `name` as it is now.
    pub fn add(&self, name: &str, contact: &Contact) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).add(name, contact);
    }

    /// The name of the contact meant by a notification about `feed` to the callback with `token`,
    /// if that callback is for `feed`.
    pub fn announced(&self, token: &str, feed: &str) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (name, url) = known.callbacks.get(token)?;
        (url.as_str() == feed).then(|| name.clone())
    }

    /// Returns whether a contact writes to us at `feed`.
    pub fn is_feed(&self, feed: &Url) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).feeds.contains(feed)
    }
}

impl Known {
    fn add(&mut self, name: &str, contact: &Contact) {
        self.names.insert(name.to_owned());
        self.feeds.insert(contact.feed.clone());
        if let Some(lease) = &contact.lease {
            let token = lease.callback.path().rsplit('/').next().unwrap_or_default();
            self.callbacks.insert(token.to_owned(), (name.to_owned(), lease.feed.clone()));
        }
    }
}
