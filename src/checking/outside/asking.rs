//! Asking our host for our own files, several at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::clock::Dates;
use super::files::File;
use super::seen::{self, Got, Here, Verdict};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::store::contact::history::messages::Messages;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::transport::client::{Answer, Client, Conditions, Failure, HostDate};
use crate::work::list;

/// How often our host may give no answer before it is asked for nothing more: each time takes as long
/// as a request may.
const PATIENCE: usize = 8;

/// The means to ask, and to compare with.
#[derive(Clone)]
pub struct Asking {
    /// The client, behind the guard.
    pub client: Client,
    /// The home whose files they are.
    pub home: Home,
    /// The fingerprints of our keys.
    pub fingerprints: Vec<Fingerprint>,
    /// How often our host gave no answer at all.
    pub unanswered: Arc<AtomicUsize>,
}

/// A file that was asked for.
pub struct Asked {
    /// The file.
    pub file: File,
    /// How it looks from outside.
    pub verdict: Verdict,
    date: Option<HostDate>,
}

impl Asking {
    /// Asks for all of `files`; returns them in their order, and adds to `dates` what the hosts say of
    /// the time.
    pub fn all(&self, files: Vec<File>, dates: &mut Dates) -> Vec<Asked> {
        let at_once = files.iter().map(|file| file.role.at_once()).min().unwrap_or(1);
        let numbered: Vec<(usize, File)> = files.into_iter().enumerate().collect();
        let answers = list::work_off(numbered, at_once, || {
            let asking = self.clone();
            move |(number, file)| (number, asking.one(file))
        });
        let mut asked: Vec<(usize, Asked)> = answers.into_iter().collect();
        asked.sort_by_key(|(number, _)| *number);
        let asked: Vec<Asked> = asked.into_iter().map(|(_, asked)| asked).collect();
        let said = asked.iter().filter_map(|asked| asked.date.clone());
        dates.extend(said.map(|said| (said.host, said.date)));
        asked
    }

    fn one(&self, file: File) -> Asked {
        if self.unanswered.load(Ordering::Relaxed) >= PATIENCE {
            let why = "it was not asked for: the host gave no answer to those before".to_owned();
            let verdict = Verdict::Failed(Failure::Unreachable(why));
            return Asked { file, verdict, date: None };
        }
        let asked = self.look(file);
        if asked.verdict.is_away() {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        asked
    }

    fn look(&self, file: File) -> Asked {
        let before = bytes(&file);
        let (verdict, date) = self.compare(&file, &before);
        if !verdict.is_seen() {
            // Another run may have written it while the host was asked.
            let after = bytes(&file);
            if after != before {
                let (verdict, date) = self.compare(&file, &after);
                return Asked { file, verdict, date };
            }
        }
        Asked { file, verdict, date }
    }

    fn compare(&self, file: &File, bytes: &[u8]) -> (Verdict, Option<HostDate>) {
        let knows = |guid| self.knows(file, guid);
        let here = Here {
            role: file.role,
            announced: file.announced,
            bytes,
            url: &file.url,
            fingerprints: &self.fingerprints,
            knows: &knows,
        };
        let (plain, date) = self.get(file, false);
        let verdict = seen::judge(&here, &plain, None);
        if verdict.is_seen() || verdict.is_away() {
            return (verdict, date);
        }
        let (fresh, date) = self.get(file, true);
        (seen::judge(&here, &plain, Some(&fresh)), date)
    }

    fn get(&self, file: &File, fresh: bool) -> (Got, Option<HostDate>) {
        let conditions = if fresh { Conditions::past_caches() } else { Conditions::default() };
        let (answer, date) = self.client.get_dated(&file.url, file.role.limit(), &conditions);
        let got = answer.and_then(|answer| match answer {
            Answer::Document(document) => Ok(document),
            // Nothing was asked for under a condition.
            Answer::Unchanged => Err(Failure::Status(304)),
        });
        (got, date)
    }

    /// Whether this home has written the item `guid` of `file`.
    fn knows(&self, file: &File, guid: Guid) -> bool {
        let Some(name) = &file.contact else { return false };
        // What cannot be read is told by another check, and proves nothing.
        Messages::of(&self.home, name).find(guid).map_or(true, |record| record.is_some())
    }
}

/// The bytes of `file` here; none where it cannot be read, which another check tells.
fn bytes(file: &File) -> Vec<u8> {
    atomic::read(&file.path).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checking::outside::files;
    use crate::session::testing::{Host, Person};

    #[test]
    fn a_host_that_gives_no_answer_is_not_asked_without_end() {
        let host = Host::start();
        let john = Person::at("John", &host.base);
        host.put("key.asc", std::fs::read(john.home().key()).unwrap());
        let asking = |times| Asking {
            client: john.run.network.client().unwrap(),
            home: john.home(),
            fingerprints: Vec::new(),
            unanswered: Arc::new(AtomicUsize::new(times)),
        };
        let ask = |times| {
            let key = files::pages(&john.run.identity).unwrap().swap_remove(1);
            asking(times).all(vec![key], &mut Dates::new()).remove(0).verdict
        };
        assert_eq!(ask(PATIENCE - 1), Verdict::AsHere);
        assert_eq!(host.asked(), ["/key.asc"]);
        assert!(ask(PATIENCE).is_away());
        assert!(host.asked().is_empty());
    }
}
