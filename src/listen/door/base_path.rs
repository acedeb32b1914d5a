//! The path of the base URL: a proxy may leave it on a request or take it off.

use crate::protocol::values::url::Url;

/// The beginning of the paths of requests, as the world has them; with a slash at its end.
#[derive(Clone, Debug)]
pub struct BasePath(String);

impl BasePath {
    /// The path of `base`; without a base URL, nothing stands in between.
    pub fn of(base: Option<&Url>) -> Self {
        Self(base.map_or("/", Url::path).to_owned())
    }

    /// `path` without it; as it is, if a proxy has taken it off.
    pub(super) fn take_off(&self, path: String) -> String {
        path.strip_prefix(&self.0).map_or_else(|| path.clone(), |rest| format!("/{rest}"))
    }
}
