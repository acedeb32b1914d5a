//! Requests to a server that is a cloud and nothing else.

use std::sync::Arc;

use super::OwnCloud;
use crate::conversation::rpc;
use crate::conversation::session::Session;
use crate::protocol::xmlrpc;
use crate::transport::server::{Answer, Request, Response};

/// What answers the requests. Several threads may ask at once.
pub struct Door {
    cloud: Arc<OwnCloud>,
    /// The path of the base URL: a proxy may leave it on or take it off.
    base: String,
}

impl Door {
    /// The door of `cloud`, which serves for the home of `session`.
    pub fn new(session: &Session, cloud: Arc<OwnCloud>) -> Self {
        let base = session.config.base_url.as_ref();
        Self { cloud, base: base.map_or("/".to_owned(), |base| base.path().to_owned()) }
    }

    /// Answers `request`; what is no business of a cloud's is not found.
    pub fn answer(&self, request: &Request) -> Answer {
        let path = request.path.strip_prefix(&self.base);
        match path.or_else(|| request.path.strip_prefix('/')).unwrap_or_default() {
            "pleaseNotify" => self.cloud.please_notify(request),
            "ping" => self.cloud.ping(request),
            "RPC2" => rpc::answer(request, Some(&self.cloud), |call| {
                let fault = xmlrpc::fault(xmlrpc::FAULT, &xmlrpc::not_defined(&call.method));
                Response::new(200, xmlrpc::KIND, fault).into()
            }),
            _ => Response::text(404, "not found").into(),
        }
    }
}
