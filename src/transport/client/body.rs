//! The body of an answer, within its limit.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// Why a body cannot be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// It has more bytes than are wanted, as it comes or as it is decoded.
    TooLarge,
    /// It ends early, or is not what it says.
    Broken(io::Error),
}

/// How a body is coded on its way (RFC 9110, section 8.4).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Plain,
    /// By gzip. Hosts that keep what was uploaded send it so to everybody, asked or not.
    Gzip,
    /// By one that we do not know: its name, in lower case.
    Unknown(String),
}

impl Coding {
    /// The coding that the value of `Content-Encoding` names, if there is one.
    pub(super) fn named(value: Option<&[u8]>) -> Self {
        let value = String::from_utf8_lossy(value.unwrap_or_default());
        match value.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Self::Plain,
            "gzip" | "x-gzip" => Self::Gzip,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// Reads `body`, of at most `limit` bytes before and after it is decoded; never more than one byte
/// beyond is read or written.
///
/// # Errors
/// An [`Unread`].
pub(super) fn read(body: impl Read, is_gzip: bool, limit: usize) -> Result<Vec<u8>, Unread> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut coded = body.take(most);
    let mut bytes = Vec::new();
    let read = if is_gzip {
        MultiGzDecoder::new(&mut coded).take(most).read_to_end(&mut bytes)
    } else {
        coded.read_to_end(&mut bytes)
    };
    // A coded body that was cut at the limit is too large, whatever the decoder makes of its end.
    if coded.limit() == 0 || bytes.len() > limit {
        return Err(Unread::TooLarge);
    }
    read.map_err(Unread::Broken)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(octets: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn codings_are_known_by_their_names() {
        for (value, coding) in [
            (None, Coding::Plain),
            (Some(""), Coding::Plain),
            (Some(" Identity "), Coding::Plain),
            (Some("GZip"), Coding::Gzip),
            (Some("x-gzip"), Coding::Gzip),
            (Some("gzip, gzip"), Coding::Unknown("gzip, gzip".to_owned())),
            (Some("br"), Coding::Unknown("br".to_owned())),
        ] {
            assert_eq!(Coding::named(value.map(str::as_bytes)), coding);
        }
    }

    #[test]
    fn a_body_is_read_up_to_its_limit() {
        for (octets, limit, fits) in [(5, 5, true), (6, 5, false), (0, 0, true), (1, 0, false)] {
            let octets = vec![b'a'; octets];
            let read = read(&octets[..], false, limit);
            assert_eq!(read.is_ok_and(|read| read == octets), fits, "{limit}");
        }
    }

    #[test]
    fn gzip_is_decoded_within_the_limit_on_either_side() {
        let text: Vec<u8> = (0..2000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let coded = gzip(&text);
        assert_eq!(read(&coded[..], true, text.len()).unwrap(), text);
        assert!(matches!(read(&coded[..], true, text.len() - 1), Err(Unread::TooLarge)));
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2000);
        assert!(matches!(read(&bomb[..], true, 2000), Err(Unread::TooLarge)));
        // An endless body that decodes to nothing ends at the limit, too.
        assert!(matches!(
            read(io::repeat(0), true, 2000),
            Err(Unread::TooLarge | Unread::Broken(_))
        ));
        let nothing = gzip(b"").repeat(1000);
        assert!(matches!(read(&nothing[..], true, 2000), Err(Unread::TooLarge)));
    }

    #[test]
    fn a_body_that_is_cut_or_no_gzip_is_broken() {
        let coded = gzip(&[b'a'; 500]);
        for octets in [&coded[..coded.len() - 3], b"<rss/>"] {
            assert!(matches!(read(octets, true, 1000), Err(Unread::Broken(_))));
        }
    }
}
