//! Who is at the door: requests go to what answers them.

use std::net::IpAddr;
use std::sync::Arc;

use super::base_path::BasePath;
use super::{please_follow, rpc};
use crate::cloud_client::register::NOTIFY;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::listen::duties::Duties;
use crate::listen::hosting::public::Hosting;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::store::identity::own::Identity;
use crate::transport::server::{Answer, Request, Response};

/// Bytes of a challenge at most; the clouds that are known send 32.
const CHALLENGE: usize = 512;

/// What answers the requests to a home that listens. Several threads may ask at once.
pub struct Reception {
    hosting: Hosting,
    base: BasePath,
    duties: Arc<Duties>,
    cloud: Option<Arc<OwnCloud>>,
}

impl Reception {
    /// Answers for the home of `session`.
    pub(in crate::listen) fn new(
        identity: &Identity,
        duties: Arc<Duties>,
        cloud: Option<Arc<OwnCloud>>,
    ) -> Self {
        let base = BasePath::of(identity.config.base_url.as_ref());
        Self { hosting: Hosting::new(identity.home.public()), base, duties, cloud }
    }

    /// Answers `request`.
    pub fn answer(&self, mut request: Request) -> Answer {
        self.base.take_off(&mut request);
        let path = request.path.strip_prefix('/').unwrap_or_default();
        if let Some(token) = path.strip_prefix(NOTIFY) {
            return self.notified(token, &request).into();
        }
        let cloud = self.cloud.as_deref();
        match path {
            "pleaseFollow" => self
                .called(request.peer, |take| please_follow::please_follow(&request, take))
                .into(),
            "RPC2" => rpc::answer(&request, cloud, |call| {
                self.called(request.peer, |take| please_follow::rpc(call, take)).into()
            }),
            _ => cloud
                .and_then(|cloud| cloud.answer(&request))
                .unwrap_or_else(|| self.hosting.answer(&request).into()),
        }
    }

    /// A cloud calls back: with a challenge when we register, with a notification afterwards.
    fn notified(&self, token: &str, request: &Request) -> Response {
        let fields = match request.method.as_str() {
            "GET" => request.parameters(),
            "POST" => request.form(),
            _ => return Response::text(405, "only GET and POST").with("allow", "GET, POST"),
        };
        let field = |name: &str| fields.iter().find(|(known, _)| known == name);
        let feed = field("url").map(|(_, url)| url.as_str()).unwrap_or_default();
        let Some(name) = self.duties.directory.announced(token, feed) else {
            return Response::text(404, "not found");
        };
        if request.method == "POST" {
            self.duties.attention.announced(name);
            return Response::text(200, "thanks");
        }
        match field("challenge") {
            Some((_, challenge)) if challenge.len() <= CHALLENGE => {
                Response::new(200, "text/plain; charset=utf-8", challenge.as_str())
                    .with("x-content-type-options", "nosniff")
            }
            _ => Response::text(404, "not found"),
        }
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
