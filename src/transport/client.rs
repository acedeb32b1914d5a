//! The HTTP client: conditional requests for documents, forms and calls sent.

mod body;
mod conditions;
mod failure;
mod validators;

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ureq::http::{HeaderValue, Response};
use ureq::{Agent, Body};

use self::body::{Coding, Unread};
pub use self::conditions::Conditions;
pub use self::failure::Failure;
use self::failure::{HOPS, failure, is_hung_up};
use super::egress::{self, Guard, Network, Refusal};
use super::toll::Toll;
use crate::protocol::values::time;
use crate::protocol::values::url::{FORM, Url, form};

/// Bytes of an answer to a form.
const ANSWER: usize = 64 << 10;
/// Bytes of an answer's head.
const HEAD: usize = 32 << 10;
/// Bytes of an `ETag`; a longer one is as if absent.
const ETAG: usize = 512;
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(15);
/// Bytes of any other header value that is kept.
const VALUE: usize = 128;

/// An HTTP client behind the egress guard; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    timeout: Duration,
    toll: Option<Arc<dyn Toll>>,
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
    /// The `ETag`, of at most 512 bytes, if a later 304 to it may be believed.
    pub etag: Option<String>,
    /// The `Last-Modified` date, of at most 128 bytes, likewise.
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
            .max_idle_age(IDLE)
            .build();
        let toll = guard.toll();
        Self { agent: egress::agent(config, guard), timeout, toll }
    }

    /// This client with less time for each request, if `timeout` is less.
    pub fn within(&self, timeout: Duration) -> Self {
        Self { timeout: self.timeout.min(timeout), ..self.clone() }
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
        let followed = self.follow(url, |hop, left| self.call(hop, left, conditions));
        match followed {
            Ok((url, response)) => {
                let date = dated(&url, &response);
                let host = url.host().to_owned();
                let answer = answered(url, response, limit, conditions);
                (self.counted(&host, answer, Answer::length), date)
            }
            Err(failure) => (Err(failure), None),
        }
    }

    /// Gets `url` and returns the answer's body, of at most `limit` bytes. A redirect to another host is not
    /// followed: who answers there is not who was asked.
    ///
    /// # Errors
    /// A [`Failure`]; [`Failure::Status`] for any status but 2xx.
    pub fn ask(&self, url: &Url, limit: usize) -> Result<Vec<u8>, Failure> {
        let asked = Conditions::past_caches();
        let (url, mut response) = self.follow(url, |hop, left| {
            stays_at(url, hop)?;
            self.call(hop, left, &asked)
        })?;
        succeeded(&response)?;
        self.counted(url.host(), read(&url, &mut response, limit), Vec::len)
    }

    /// Posts `body`, of type `kind`; only the answer's status counts, and no more of it is read.
    ///
    /// A redirect of any kind is followed by the same POST again, as rssCloud servers expect; but none to
    /// another host, which never asked for it.
    ///
    /// # Errors
    /// A [`Failure`]; [`Failure::Status`] for any status but 2xx.
    pub fn notify(&self, url: &Url, kind: &str, body: &str) -> Result<(), Failure> {
        let (_, response) = self.follow(url, |hop, left| {
            stays_at(url, hop)?;
            self.post_to(hop, left, kind, body)
        })?;
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
        self.counted(url.host(), read(&url, &mut response, ANSWER), Vec::len)
    }

    /// Gets `url` within `left`.
    ///
    /// A connection that was kept may have been closed by the host at the moment of the request,
    /// and a GET changes nothing: one that dies without an answer is asked once more, on a fresh
    /// connection (RFC 9112, section 9.3.1).
    fn call(
        &self,
        url: &Url,
        left: Duration,
        conditions: &Conditions,
    ) -> Result<Response<Body>, ureq::Error> {
        let start = Instant::now();
        let call = |idle: Duration| {
            let left = left.saturating_sub(start.elapsed());
            let request = self.agent.get(url.as_str()).config();
            let request = request.timeout_global(Some(left)).max_idle_age(idle).build();
            let headers = conditions.headers();
            headers.fold(request, |request, (name, value)| request.header(name, value)).call()
        };
        let opened = egress::opened();
        match call(IDLE) {
            Err(ureq::Error::Io(cause)) if is_hung_up(&cause) && egress::opened() == opened => {
                call(Duration::ZERO)
            }
            answer => answer,
        }
    }

    fn post(&self, url: &Url, kind: &str, body: &str) -> Result<(Url, Response<Body>), Failure> {
        self.follow(url, |hop, left| self.post_to(hop, left, kind, body))
    }

    /// Posts `body` to `url` itself, within `left`.
    fn post_to(
        &self,
        url: &Url,
        left: Duration,
        kind: &str,
        body: &str,
    ) -> Result<Response<Body>, ureq::Error> {
        // A POST may not be sent twice, so that it takes no connection that may be closed.
        let request = self.agent.post(url.as_str()).config().timeout_global(Some(left));
        request.max_idle_age(Duration::ZERO).build().content_type(kind).send(body)
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
        let mut seen = Vec::new();
        for _ in 0..=HOPS {
            let left = self.timeout.saturating_sub(start.elapsed());
            let response = send(&here, left).map_err(|cause| failure(&here, cause))?;
            let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            match response.headers().get("location") {
                Some(location) if redirects => {
                    // Hosts write it in UTF-8, where ASCII alone is allowed; a URL encodes it.
                    let target = str::from_utf8(location.as_bytes());
                    let target = here.join(target.map_err(|_| Failure::Redirects)?);
                    seen.push(mem::replace(&mut here, target.map_err(|_| Failure::Redirects)?));
                    if seen.contains(&here) {
                        return Err(Failure::Loop);
                    }
                }
                _ => return Ok((here, response)),
            }
        }
        Err(Failure::Redirects)
    }

    /// Counts what an answer of `host` brought, where that is counted.
    fn counted<T>(
        &self,
        host: &str,
        read: Result<T, Failure>,
        length: impl Fn(&T) -> usize,
    ) -> Result<T, Failure> {
        if let Some(toll) = &self.toll {
            let too_large = |failure: &Failure| match failure {
                Failure::TooLarge(limit) => *limit,
                _ => 0,
            };
            toll.took(host, read.as_ref().map_or_else(too_large, length));
        }
        read
    }
}

impl Answer {
    fn length(&self) -> usize {
        match self {
            Self::Unchanged => 0,
            Self::Document(document) => document.bytes.len(),
        }
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
        // 203 is a 200 that a proxy has changed (RFC 9110, section 15.3.4).
        200 | 203 => {}
        304 if conditions.are_sent() => return Ok(Answer::Unchanged),
        404 | 410 => return Err(Failure::NotFound),
        status => return Err(Failure::Status(status)),
    }
    let essence = |text: String| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.to_ascii_lowercase()
    };
    let (etag, last_modified) = validators::proven(
        value(&response, "etag", ETAG),
        value(&response, "last-modified", VALUE),
        value(&response, "date", VALUE).as_deref(),
    );
    Ok(Answer::Document(Document {
        etag,
        last_modified,
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

/// Refuses to go on to another host than that of `url`.
fn stays_at(url: &Url, hop: &Url) -> Result<(), ureq::Error> {
    if hop.host() == url.host() {
        return Ok(());
    }
    let why = format!("`{}` redirects to another host", url.authority());
    Err(ureq::Error::Other(Box::new(Refusal(why))))
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
    let is_gzip = match Coding::named(coding) {
        Coding::Plain => false,
        Coding::Gzip => true,
        Coding::Unknown(name) => return Err(Failure::Coding(name.chars().take(VALUE).collect())),
    };
    if response.body().content_length().is_some_and(|length| length > most) {
        return Err(Failure::TooLarge(limit));
    }
    body::read(response.body_mut().as_reader(), is_gzip, limit).map_err(|unread| match unread {
        Unread::TooLarge => Failure::TooLarge(limit),
        Unread::Broken(cause) => failure(url, cause.into()),
    })
}
