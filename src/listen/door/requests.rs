//! The door of a home that listens: requests go to what answers them.

use std::net::IpAddr;
use std::sync::Arc;

use super::asked::{Asked, Place};
use super::base_path::BasePath;
use super::{please_follow, rpc};
use crate::cloud_server::own_cloud::OwnCloud;
use crate::listen::duties::Duties;
use crate::listen::hosting::public::Hosting;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::store::identity::own::Identity;
use crate::transport::server::{Answer, Request, Response};

/// Bytes of a challenge at most; the clouds that are known send 32.
const CHALLENGE: usize = 512;

/// The door of a home that listens: it answers the requests. Several threads may ask at once.
pub struct HomeDoor {
    hosting: Hosting,
    base: BasePath,
    duties: Arc<Duties>,
    cloud: Option<Arc<OwnCloud>>,
}

impl HomeDoor {
    /// Answers for the home of `identity`.
    pub(in crate::listen) fn new(
        identity: &Identity,
        duties: Arc<Duties>,
        cloud: Option<Arc<OwnCloud>>,
    ) -> Self {
        let base = BasePath::of(identity.config.base_url.as_ref());
        Self { hosting: Hosting::new(identity.home.public()), base, duties, cloud }
    }

    /// Answers `request`.
    pub fn answer(&self, request: Request) -> Answer {
        let (asked, request) = Asked::of(request, &self.base);
        match (asked, self.cloud.as_deref()) {
            (Asked::Challenge(token), _) => self.challenged(&token, &request.parameters()).into(),
            (Asked::Notification(token), _) => self.notified(&token, &request.form()).into(),
            (Asked::PleaseFollow, _) => self
                .called(request.peer, |take| please_follow::please_follow(&request, take))
                .into(),
            (Asked::Rpc, cloud) => rpc::answer(&request, cloud, |call| {
                self.called(request.peer, |take| please_follow::rpc(call, take)).into()
            }),
            (Asked::PleaseNotify, Some(cloud)) => cloud.please_notify(&request),
            (Asked::Ping, Some(cloud)) => cloud.ping(&request),
            (Asked::Wrongly(place @ (Place::Notify | Place::PleaseFollow | Place::Rpc)), _)
            | (Asked::Wrongly(place @ (Place::PleaseNotify | Place::Ping)), Some(_)) => {
                place.refusal().into()
            }
            (Asked::PleaseNotify | Asked::Ping | Asked::Wrongly(_), None)
            | (Asked::Inbox(_) | Asked::File, _) => self.hosting.answer(&request).into(),
        }
    }

    /// A cloud with which we register tries the callback with `token`.
    fn challenged(&self, token: &str, fields: &[(String, String)]) -> Response {
        match (self.announced(token, fields), field(fields, "challenge")) {
            (Some(_), Some(challenge)) if challenge.len() <= CHALLENGE => {
                Response::new(200, "text/plain; charset=utf-8", challenge)
                    .with("x-content-type-options", "nosniff")
            }
            _ => Response::text(404, "not found"),
        }
    }

    /// A cloud calls the callback with `token`: a feed has changed.
    fn notified(&self, token: &str, fields: &[(String, String)]) -> Response {
        let Some(name) = self.announced(token, fields) else {
            return Response::text(404, "not found");
        };
        self.duties.attention.announced(name);
        Response::text(200, "thanks")
    }

    /// The contact that a call of the callback with `token` is about.
    fn announced(&self, token: &str, fields: &[(String, String)]) -> Option<String> {
        self.duties.directory.announced(token, field(fields, "url").unwrap_or_default())
    }

    /// Takes a call by `peer` for later, in the form that `answer` knows.
    fn called(
        &self,
        peer: IpAddr,
        answer: impl FnOnce(&mut dyn FnMut(PleaseFollow)) -> Response,
    ) -> Response {
        answer(&mut |call| {
            let by_contact = self.duties.directory.is_feed(&call.feed);
            self.duties.callers.take(peer, call, by_contact);
        })
    }
}

/// The first of `fields` called `name`.
fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
