//! The conditions of a request.

/// The marks that the document is already known by, for a conditional request.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// Sent as `If-None-Match`, exactly as it was received.
    pub etag: Option<String>,
    /// Sent as `If-Modified-Since`, exactly as it was received.
    pub last_modified: Option<String>,
    /// Asks caches on the way to ask the origin, whatever they hold (PROTOCOL §5, stale copies).
    /// Without it they ask whether what they hold is what the origin has (RFC 9111, section 5.2.1.1).
    pub no_cache: bool,
}

impl Conditions {
    /// No mark: the document is wanted whole, as the origin has it, past the caches on the way.
    pub fn past_caches() -> Self {
        Self { no_cache: true, ..Self::default() }
    }

    /// The headers that say so.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let caches = if self.no_cache { "no-cache" } else { "max-age=0" };
        [
            ("if-none-match", self.etag.as_deref()),
            ("if-modified-since", self.last_modified.as_deref()),
            ("cache-control", Some(caches)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Returns whether a 304 answers them.
    pub(super) fn are_sent(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}
