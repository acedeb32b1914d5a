//! The answers of a cloud, as responses.

use crate::protocol::calls::cloud::{self, Form};
use crate::transport::server::Response;

pub(super) fn refused(words: String, form: Form) -> Response {
    respond(cloud::notify_result(Err(words), form))
}

pub(super) fn respond((kind, body): (&'static str, String)) -> Response {
    Response::new(200, kind, body)
}
