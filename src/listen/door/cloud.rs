//! Requests to a server that is a cloud and nothing else.

use std::sync::Arc;

use super::base_path::BasePath;
use super::rpc;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::protocol::xmlrpc;
use crate::store::identity::config::Config;
use crate::transport::server::{Answer, Request, Response};

/// What answers the requests. Several threads may ask at once.
pub struct Door {
    cloud: Arc<OwnCloud>,
    base: BasePath,
}

impl Door {
    /// The door of `cloud`, which serves for the home of `session`.
    pub fn new(config: &Config, cloud: Arc<OwnCloud>) -> Self {
        Self { cloud, base: BasePath::of(config.base_url.as_ref()) }
    }

    /// Answers `request`; what is no business of a cloud's is not found.
    pub fn answer(&self, mut request: Request) -> Answer {
        self.base.take_off(&mut request);
        if request.path == "/RPC2" {
            return rpc::answer(&request, Some(&self.cloud), |call| {
                let fault = xmlrpc::fault(xmlrpc::FAULT, &xmlrpc::not_defined(&call.method));
                Response::new(200, xmlrpc::KIND, fault).into()
            });
        }
        self.cloud.answer(&request).unwrap_or_else(|| Response::text(404, "not found").into())
    }
}
