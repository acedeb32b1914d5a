//! The HTTP client: conditional requests for documents, forms and calls sent.

use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ureq::http::{HeaderValue, Response};
use ureq::{Agent, Body};

use super::egress::{self, Guard, Network, Refusal};
use crate::protocol::values::time;
use crate::protocol::values::url::{FORM, Url, form};

/// Redirects followed for one request.
const HOPS: usize = 5;
/// Bytes of an answer to a form.
const ANSWER: usize = 64 << 10;
/// Bytes of an answer's head.
const HEAD: usize = 32 << 10;
/// Bytes of an `ETag`; a longer one is as if absent.
const ETAG: usize = 512;
/// Bytes of any other header value that is kept.
const VALUE: usize = 128;

/// An HTTP client behind the egress guard; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    timeout: Duration,
}

/// The marks that the document is already known by, for a conditional request.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// Sent as `If-None-Match`, exactly as it was received.
    pub etag: Option<String>,
    /// Sent as `If-Modified-Since`, exactly as it was received.
    pub last_modified: Option<String>,
    /// Asks caches on the way to ask the origin (PROTOCOL §5, stale copies).
    pub no_cache: bool,
}

/// The answer to a conditional request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The conditions still describe the document.
    Unchanged,
    /// The document as it is now.
    Document(Document),
}

/// A document, with what the next request's [`Conditions`] are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The body.
    pub bytes: Vec<u8>,
    /// The URL at which it was found, after redirects.
    pub url: Url,
    /// The `ETag`, of at most 512 bytes.
    pub etag: Option<String>,
    /// The `Last-Modified` date, of at most 128 bytes.
    pub last_modified: Option<String>,
    /// The `Content-Type` in lower case and without parameters, of at most 128 bytes.
    pub media_type: Option<String>,
}

/// What a host says of the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDate {
    /// Host and port, as in a URL.
    pub host: String,
    /// The `Date` of its answer, and the `Age` of that if it comes from a cache.
    pub date: Timestamp,
}

/// Why a request had no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The guard forbids it; names the host and the reason.
    Refused(String),
    /// The document is not there (404), or no more (410).
    NotFound,
    /// Any other status than was wanted.
    Status(u16),
    /// The body has more than so many bytes.
    TooLarge(usize),
    /// The body is in a content coding that we did not ask for and do not know.
    Coding(String),
    /// More than five redirects, or one that leads to no http or https URL.
    Redirects,
    /// No answer: name, connection, TLS, time limit or protocol; names the host and the reason.
    Unreachable(String),
}

impl Failure {
    /// Returns whether the same request may succeed later, if only the other's host changes.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NotFound | Self::Status(_) | Self::Unreachable(_) => true,
            Self::Refused(_) | Self::TooLarge(_) | Self::Coding(_) | Self::Redirects => false,
        }
    }

    /// Returns whether the host did answer, by something that is of no use however often it is asked.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::TooLarge(_) | Self::Coding(_) | Self::Redirects)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Unreachable(why) => f.write_str(why),
            Self::NotFound => f.write_str("not found"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::TooLarge(limit) => write!(f, "more than {limit} bytes"),
            Self::Coding(coding) => {
                write!(f, "it comes in the content coding `{coding}`, which was not asked for")
            }
            Self::Redirects => write!(f, "more than {HOPS} redirects, or one to no usable URL"),
        }
    }
}

impl std::error::Error for Failure {}

impl Client {
    /// A client that also speaks to the networks in `allow`, and gives each request `timeout` from
    /// the name's look-up to the body's last byte, redirects included.
    ///
    /// The environment decides nothing: no proxy is taken from it.
    pub fn new(allow: Vec<Network>, timeout: Duration) -> Self {
        Self::behind(Guard::new(allow), timeout)
    }

    /// The same behind `guard`.
    pub fn behind(guard: Guard, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(HEAD)
            .user_agent(concat!("cloudim/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .build();
        Self { agent: egress::agent(config, guard), timeout }
    }

    /// This client with less time for each request, if `timeout` is less.
    pub fn within(&self, timeout: Duration) -> Self {
        Self { agent: self.agent.clone(), timeout: self.timeout.min(timeout) }
    }

    /// Fetches the document at `url`, of at most `limit` bytes, unless `conditions` still hold.
    ///
    /// # Errors
    /// A [`Failure`]; also for a 304 that nobody asked for.
    pub fn get(&self, url: &Url, limit: usize, conditions: &Conditions) -> Result<Answer, Failure> {
        self.get_dated(url, limit, conditions).0
    }

    /// The same, and what the host that gave the answer says of the time, whatever it answered.
    pub fn get_dated(
        &self,
        url: &Url,
        limit: usize,
        conditions: &Conditions,
    ) -> (Result<Answer, Failure>, Option<HostDate>) {
        let followed = self.follow(url, |hop, left| {
            let request = self.agent.get(hop.as_str()).config().timeout_global(Some(left)).build();
            let headers = conditions.headers();
            headers.fold(request, |request, (name, value)| request.header(name, value)).call()
        });
        match followed {
            Ok((url, response)) => {
                let date = dated(&url, &response);
                (answered(url, response, limit, conditions), date)
            }
            Err(failure) => (Err(failure), None),
        }
    }

    /// Gets `url` and returns the answer's body, of at most `limit` bytes.
    ///
    /// # Errors
    /// A [`Failure`]; [`Failure::Status`] for any status but 2xx.
    pub fn ask(&self, url: &Url, limit: usize) -> Result<Vec<u8>, Failure> {
        let (url, mut response) = self.follow(url, |hop, left| {
            self.agent.get(hop.as_str()).config().timeout_global(Some(left)).build().call()
        })?;
        succeeded(&response)?;
        read(&url, &mut response, limit)
    }

    /// Posts `body`, of type `kind`; only the answer's status counts, and no more of it is read.
    ///
    /// A redirect of any kind is followed by the same POST again, as rssCloud servers expect.
    ///
    /// # Errors
    /// A [`Failure`]; [`Failure::Status`] for any status but 2xx.
    pub fn notify(&self, url: &Url, kind: &str, body: &str) -> Result<(), Failure> {
        let (_, response) = self.post(url, kind, body)?;
        succeeded(&response)
    }

    /// Posts `fields` as a form and returns the answer's body, of at most 64 KiB. Redirects as in
    /// [`Client::notify`].
    ///
    /// # Errors
    /// A [`Failure`]; [`Failure::Status`] for any status but 2xx.
    pub fn post_form(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Vec<u8>, Failure> {
        self.submit(url, FORM, &form(fields))
    }

    /// Posts `body`, of type `kind`, and returns the answer's body. Otherwise as
    /// [`Client::post_form`].
    ///
    /// # Errors
    /// As there.
    pub fn submit(&self, url: &Url, kind: &str, body: &str) -> Result<Vec<u8>, Failure> {
        let (url, mut response) = self.post(url, kind, body)?;
        succeeded(&response)?;
        read(&url, &mut response, ANSWER)
    }

    fn post(&self, url: &Url, kind: &str, body: &str) -> Result<(Url, Response<Body>), Failure> {
        self.follow(url, |hop, left| {
            let request = self.agent.post(hop.as_str()).config().timeout_global(Some(left)).build();
            request.content_type(kind).send(body)
        })
    }

    /// Sends a request to `url` and wherever its answers redirect to, all within the time limit;
    /// `send` is given the time that is left. Returns the last answer and its URL.
    fn follow(
        &self,
        url: &Url,
        send: impl Fn(&Url, Duration) -> Result<Response<Body>, ureq::Error>,
    ) -> Result<(Url, Response<Body>), Failure> {
        let start = Instant::now();
        let mut here = url.clone();
        for _ in 0..=HOPS {
            let left = self.timeout.saturating_sub(start.elapsed());
            let response = send(&here, left).map_err(|cause| failure(&here, cause))?;
            let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            match response.headers().get("location") {
                Some(location) if redirects => {
                    let target = location.to_str().map_err(|_| Failure::Redirects)?;
                    here = here.join(target).map_err(|_| Failure::Redirects)?;
                }
                _ => return Ok((here, response)),
            }
        }
        Err(Failure::Redirects)
    }
}

impl Conditions {
    /// The headers that say so.
    fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let no_cache = self.no_cache.then_some("no-cache");
        [
            ("if-none-match", self.etag.as_deref()),
            ("if-modified-since", self.last_modified.as_deref()),
            ("cache-control", no_cache),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Returns whether a 304 answers them.
    fn are_sent(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// The answer that `response`, found at `url`, is to a request with `conditions`.
fn answered(
    url: Url,
    mut response: Response<Body>,
    limit: usize,
    conditions: &Conditions,
) -> Result<Answer, Failure> {
    match response.status().as_u16() {
        200 => {}
        304 if conditions.are_sent() => return Ok(Answer::Unchanged),
        404 | 410 => return Err(Failure::NotFound),
        status => return Err(Failure::Status(status)),
    }
    let essence = |text: String| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.to_ascii_lowercase()
    };
    Ok(Answer::Document(Document {
        etag: value(&response, "etag", ETAG),
        last_modified: value(&response, "last-modified", VALUE),
        media_type: value(&response, "content-type", VALUE).map(essence),
        bytes: read(&url, &mut response, limit)?,
        url,
    }))
}

/// What the host of `url` says of the time in `response`.
fn dated(url: &Url, response: &Response<Body>) -> Option<HostDate> {
    let date = time::from_rfc_822(&value(response, "date", VALUE)?).ok()?;
    let age = value(response, "age", VALUE).and_then(|age| age.trim().parse::<u32>().ok());
    let age = SignedDuration::from_secs(age.unwrap_or_default().into());
    let date = date.checked_add(age).ok()?;
    Some(HostDate { host: url.authority(), date })
}

fn succeeded(response: &Response<Body>) -> Result<(), Failure> {
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(Failure::Status(status.as_u16())),
    }
}

/// The header `name`, if it is there, plain ASCII and of at most `limit` bytes.
fn value(response: &Response<Body>, name: &str, limit: usize) -> Option<String> {
    let text = response.headers().get(name)?.to_str().ok()?;
    (text.len() <= limit).then(|| text.to_owned())
}

/// Reads a body of at most `limit` bytes, and never more than one byte beyond.
fn read(url: &Url, response: &mut Response<Body>, limit: usize) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let coding = response.headers().get("content-encoding").map(HeaderValue::as_bytes);
    let coding = coding.map(|coding| String::from_utf8_lossy(coding).trim().to_ascii_lowercase());
    if let Some(coding) = coding.filter(|coding| !coding.is_empty() && coding != "identity") {
        return Err(Failure::Coding(coding.chars().take(VALUE).collect()));
    }
    if response.body().content_length().is_some_and(|length| length > most) {
        return Err(Failure::TooLarge(limit));
    }
    let mut bytes = Vec::new();
    let reader = response.body_mut().as_reader();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| failure(url, cause.into()))?;
    if bytes.len() > limit { Err(Failure::TooLarge(limit)) } else { Ok(bytes) }
}

/// Tells the guard's refusal from every other cause.
fn failure(url: &Url, cause: ureq::Error) -> Failure {
    let why = match cause {
        ureq::Error::Other(inner) => match inner.downcast::<Refusal>() {
            Ok(refusal) => return Failure::Refused(refusal.0),
            Err(other) => other.to_string(),
        },
        ureq::Error::Timeout(_) => "it takes too long".to_owned(),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    };
    Failure::Unreachable(format!("`{}` cannot be reached: {why}", url.authority()))
}
