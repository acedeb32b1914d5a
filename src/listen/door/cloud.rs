//! Requests to a server that is a cloud and nothing else.

use std::sync::Arc;

use super::asked::{Asked, Place};
use super::base_path::BasePath;
use super::rpc;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::protocol::xmlrpc;
use crate::store::identity::config::Config;
use crate::transport::server::{Answer, Request, Response};

/// The door of a cloud: it answers the requests. Several threads may ask at once.
pub struct Door {
    cloud: Arc<OwnCloud>,
    base: BasePath,
}

impl Door {
    /// The door of `cloud`, which serves for the home whose settings are `config`.
    pub fn new(config: &Config, cloud: Arc<OwnCloud>) -> Self {
        Self { cloud, base: BasePath::of(config.base_url.as_ref()) }
    }

    /// Answers `request`. Anything that is no business of a cloud's is not found.
    pub fn answer(&self, request: Request) -> Answer {
        let (asked, request) = Asked::of(request, &self.base);
        match asked {
            Asked::Rpc => rpc::answer(&request, Some(&self.cloud), |call| {
                let fault = xmlrpc::fault(xmlrpc::FAULT, &xmlrpc::not_defined(&call.method));
                Response::new(200, xmlrpc::KIND, fault).into()
            }),
            Asked::PleaseNotify => self.cloud.please_notify(&request),
            Asked::Ping => self.cloud.ping(&request),
            Asked::Wrongly(place @ (Place::Rpc | Place::PleaseNotify | Place::Ping)) => {
                place.refusal().into()
            }
            Asked::Wrongly(Place::Notify | Place::PleaseFollow)
            | Asked::Challenge(_)
            | Asked::Notification(_)
            | Asked::PleaseFollow
            | Asked::Inbox(_)
            | Asked::File => Response::text(404, "not found").into(),
        }
    }
}
