//! Serving `public/`: files as they lie there, and what makes asking again cheap.

use std::fs::Metadata;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::conditions::Outcome;
use super::etags::Etags;
use super::locate::{Found, JRD, Located};
use super::range::Asked;
use crate::protocol::feed::webfinger;
use crate::transport::server::{Body, Request, Response};

/// Bytes that are served from memory; of a larger file so much as the client takes.
const SMALL: u64 = 16 << 10;
/// The first second that an HTTP date cannot tell.
const YEAR_10_000: Duration = Duration::from_secs(253_402_300_800);

/// A home's `public/` as the web sees it: GET and HEAD, whole or one range, conditional; no
/// listing, nothing hidden, nothing outside of it, no symbolic link.
#[derive(Debug)]
pub struct Hosting {
    root: PathBuf,
    etags: Etags,
}

impl Hosting {
    /// Serves `public`, which need not be there yet.
    pub fn new(public: PathBuf) -> Self {
        Self { root: public, etags: Etags::default() }
    }

    /// Answers `request`. Several threads may ask at once.
    pub fn answer(&self, request: &Request) -> Response {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::text(405, "only GET and HEAD").with("allow", "GET, HEAD");
        }
        let answer =
            super::locate::locate(&self.root, &request.path).and_then(|found| match found {
                Found::File(located) => self.file(request, located),
                Found::Folder => {
                    let to = format!("{}/", request.path);
                    Ok(Response::text(301, &format!("see {to}")).with("location", to))
                }
                Found::Nothing => Ok(Response::text(404, "not found")),
            });
        answer.unwrap_or_else(|cause| {
            // Its path may be a capability.
            log::warn!("a file cannot be served: {cause}");
            Response::text(503, "the file cannot be read").with("retry-after", "10")
        })
    }

    fn file(&self, request: &Request, mut located: Located) -> io::Result<Response> {
        if located.kind == JRD
            && let Some(refusal) = refusal(request, &mut located)?
        {
            return Ok(refusal);
        }
        let etag = self.etags.of(&mut located.file, &located.metadata)?;
        let modified = modified(&located.metadata);
        let length = located.metadata.len();
        let response = match super::conditions::judge(request, &etag, modified) {
            Outcome::Unchanged => Response::empty(304),
            Outcome::Failed => return Ok(Response::text(412, "the file is another")),
            Outcome::Send => match super::range::asked(request, &etag, length) {
                Asked::Whole => part(200, located, 0, length)?,
                Asked::Part { start, count } => {
                    let last = start.saturating_add(count).saturating_sub(1);
                    part(206, located, start, count)?
                        .with("content-range", format!("bytes {start}-{last}/{length}"))
                }
                Asked::Nothing => {
                    return Ok(Response::text(416, "there is no such range")
                        .with("content-range", format!("bytes */{length}")));
                }
            },
        };
        let response = response.with("etag", etag).with("cache-control", "no-cache");
        Ok(match modified {
            Some(time) => response.with("last-modified", httpdate::fmt_http_date(time)),
            None => response,
        })
    }
}

/// An answer with `count` bytes of a file from `start` on.
fn part(status: u16, located: Located, start: u64, count: u64) -> io::Result<Response> {
    let Located { mut file, kind, .. } = located;
    file.seek(SeekFrom::Start(start))?;
    let response = Response::new(status, kind, [])
        .with("accept-ranges", "bytes")
        .with("x-content-type-options", "nosniff");
    let response =
        if kind == JRD { response.with("access-control-allow-origin", "*") } else { response };
    let body = if count > SMALL {
        Body::File { file, length: count }
    } else {
        let mut octets = Vec::new();
        file.take(count).read_to_end(&mut octets)?;
        Body::Octets(octets)
    };
    Ok(Response { body, ..response })
}

/// Why `located`, a WebFinger file, does not answer `request`.
fn refusal(request: &Request, located: &mut Located) -> io::Result<Option<Response>> {
    let asked = request.parameters().into_iter().find(|(name, _)| name == "resource");
    let Some((_, resource)) = asked else {
        return Ok(Some(Response::text(400, "whom? (?resource=acct:…)")));
    };
    let mut answer = Vec::new();
    (&located.file).take(SMALL).read_to_end(&mut answer)?;
    Ok(webfinger::parse(&answer, &resource).err().map(|_| Response::text(404, "not found")))
}

/// When a file was last changed, to the second; never in the future, and only in years that an
/// HTTP date can tell.
fn modified(metadata: &Metadata) -> Option<SystemTime> {
    let time = metadata.modified().ok()?.min(SystemTime::now());
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let seconds = Duration::from_secs(since.as_secs());
    SystemTime::UNIX_EPOCH.checked_add(seconds).filter(|_| seconds < YEAR_10_000)
}
