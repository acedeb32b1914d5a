//! Attachments that are damaged: they cannot be sealed again, for their items name the hashes of the sealed
//! files. The copy that the publish command saw last is one, and so is what our host shows.

use crate::checking::finding::Finding;
use crate::checking::here::attached::damaged;
use crate::error::{Kind, Result};
use crate::protocol::sealed::item::Attachment;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::run::Run;
use crate::store::contact::offered::attachments;
use crate::transport::client::{Answer, Conditions};
use crate::writing::attachment;

const CHECK: &str = "repair";

/// Puts back the attachments for the contact called `name` that are damaged. Our host is asked for those of
/// which there is no copy here, without any lock.
///
/// # Errors
/// When something cannot be read or written.
pub fn repair(run: &mut Run, name: &str) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (token, announced) in damaged(&run.identity, &run.identity.home, name, run.now())? {
        let is_whole = attachment::put_back(&run.lock()?, &token, &announced)?
            || put_back_from_host(run, &token, &announced)?;
        let shown = announced.name.escape_debug();
        found.push(if is_whole {
            let text = format!("the attachment `{shown}` for it is as it was sent");
            Finding::note(CHECK, "rebuilt", name, text).of(name)
        } else {
            let text =
                format!("of the attachment `{shown}` for it no copy is left, here or on the host");
            Finding::wrong(CHECK, Kind::Cannot, "not-repaired", name, text)
                .of(name)
                .hint(format!("send the file once more: cloudim send {name} -a FILE"))
        });
    }
    Ok(found)
}

fn put_back_from_host(run: &Run, token: &Token, announced: &Attachment) -> Result<bool> {
    let Ok(url) = announced.url.parse::<Url>() else { return Ok(false) };
    let got = run.network.client()?.get(&url, attachments::LIMIT, &Conditions::past_caches());
    // A host that fails has no copy either.
    let Ok(Answer::Document(document)) = got else { return Ok(false) };
    if !attachments::is_it(Some(&document.bytes), announced) {
        return Ok(false);
    }
    attachment::replace(&run.lock()?, token, &document.bytes)?;
    Ok(true)
}
