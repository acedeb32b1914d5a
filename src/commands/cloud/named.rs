//! The feed that the user names, and the cloud that it names.

use crate::cloud_client::named::NamedCloud;
use crate::error::{Context, Error, Result};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::command::Session;
use crate::session::web::fetch;

/// The feed at `url`, as it is now.
pub(super) fn feed(session: &Session, url: &Url) -> Result<Channel> {
    let document =
        fetch::document_by(session.run.network.clients()?.about(url), url, limits::FEED)?;
    Channel::parse(&document.bytes).or_cannot(|| format!("cannot read {}", url.shortened()))
}

/// The cloud that `channel`, the feed at `url`, names. The user named the
/// feed: what its cloud learns is the user's to say.
pub(super) fn cloud_of(channel: &Channel, url: &Url) -> Result<NamedCloud> {
    NamedCloud::of(channel, url).ok_or_else(|| {
        let error = Error::cannot(format!("{} names no cloud that can be asked", url.shortened()));
        error.hint(match &channel.cloud {
            None => "who reads it has to poll it".to_owned(),
            Some(cloud) => format!(
                "it names `{}` with the protocol `{}`: only http-post, https-post and xml-rpc will do",
                cloud.domain.escape_debug(),
                cloud.protocol.escape_debug()
            ),
        })
    })
}
