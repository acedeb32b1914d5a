//! The cloud that a feed names, whatever it speaks.

use super::ask::{self, No};
use crate::protocol::calls::cloud::PleaseNotify;
use crate::protocol::calls::cloud_rpc::{self, PLEASE_NOTIFY};
use crate::protocol::feed::channel::{self, Channel, HTTPS};
use crate::protocol::values::url::Url;
use crate::protocol::xmlrpc::{self, Call};
use crate::transport::client::Client;

/// The cloud that a feed names: where it is asked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedCloud {
    /// By forms: its pleaseNotify URL, with `ping` beside it.
    Forms(Url),
    /// By XML-RPC.
    Calls {
        /// The URL that is called.
        url: Url,
        /// The procedure that is called to register.
        procedure: String,
    },
}

impl NamedCloud {
    /// The cloud of `channel`, the feed at `feed`: of several the one that takes forms.
    pub fn of(channel: &Channel, feed: &Url) -> Option<Self> {
        let forms = channel::cloud_of(channel, feed, true).map(Self::Forms);
        forms.or_else(|| channel.cloud.as_ref().and_then(by_calls))
    }

    /// The URL at which it is asked to register.
    pub fn url(&self) -> &Url {
        match self {
            Self::Forms(url) | Self::Calls { url, .. } => url,
        }
    }

    /// Asks it as `wish` says.
    ///
    /// # Errors
    /// A [`No`].
    pub fn please_notify(&self, client: &Client, wish: &PleaseNotify) -> Result<(), No> {
        let asked = match self {
            Self::Forms(url) => {
                let form = wish.to_form();
                let fields: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
                ask::ask(client, url, &fields)
            }
            Self::Calls { url, procedure } => call(client, url, &wish.to_call(procedure)),
        };
        asked.map_err(|no| no.shortened(wish.feeds.iter().map(Url::as_str).chain([&*wish.path])))
    }

    /// Tells it that `feed` changed.
    ///
    /// # Errors
    /// A [`No`].
    pub fn ping(&self, client: &Client, feed: &Url) -> Result<(), No> {
        let asked = match self {
            Self::Forms(url) => {
                let url = url.join("ping").map_err(|error| No::Refused(error.to_string()))?;
                ask::ask(client, &url, &[("url", feed.as_str())])
            }
            Self::Calls { url, .. } => call(client, url, &cloud_rpc::ping_call(feed)),
        };
        asked.map_err(|no| no.shortened([feed.as_str()]))
    }
}

fn by_calls(cloud: &channel::Cloud) -> Option<NamedCloud> {
    if cloud.protocol != "xml-rpc" {
        return None;
    }
    let scheme = if cloud.port == HTTPS { "https" } else { "http" };
    let url = channel::element_url(cloud, scheme)?;
    let named = Some(cloud.register_procedure.trim()).filter(|name| !name.is_empty());
    Some(NamedCloud::Calls { url, procedure: named.unwrap_or(PLEASE_NOTIFY).to_owned() })
}

fn call(client: &Client, url: &Url, call: &Call) -> Result<(), No> {
    ask::post(client, url, xmlrpc::KIND, &call.write())
}
