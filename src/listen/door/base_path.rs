//! The path of the base URL: a proxy may leave it on a request or take it off.

use crate::protocol::values::url::Url;
use crate::transport::server::Request;

/// What the paths of requests begin with, as the world has them; with a slash at its end.
#[derive(Clone, Debug)]
pub struct BasePath(String);

impl BasePath {
    /// That of `base`; without one, nothing stands in between.
    pub fn of(base: Option<&Url>) -> Self {
        Self(base.map_or("/", Url::path).to_owned())
    }

    /// Takes it off `request`, unless a proxy has done so.
    pub fn take_off(&self, request: &mut Request) {
        if let Some(rest) = request.path.strip_prefix(&self.0) {
            request.path = format!("/{rest}");
        }
    }
}
