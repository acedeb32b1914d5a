//! Signed objects that other programs made, good and bad: each is believed or refused as
//! PROTOCOL §2 says. Where they come from stands in tests/vectors/signatures/README.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use cloudim::openpgp::{Certificate, Opened, Refusal, Treatment, open_signed};
use jiff::Timestamp;

use crate::common::peer::tree;

/// What is to come of a vector: believed as of that day of January 2026, or refused like this.
#[derive(Clone, Copy)]
enum Expected {
    Good(i8),
    Refused(Treatment, &'static str),
}

use Expected::{Good, Refused};

const FORGED: Expected = Refused(Treatment::Forged, "the signature is forged");

/// What shows without a digest is told, whoever made it.
const WRONG_TYPE: Expected = Refused(Treatment::Forged, "the signature is of the wrong type");
const WEAK_HASH: Expected = Refused(Treatment::Forged, "the signature uses a weak hash");

/// The signed object, the signer's certificate, what comes of it.
const VECTORS: &[(&str, &str, Expected)] = &[
    ("good-primary", "john", Good(11)),
    ("good-subkey", "john", Good(11)),
    ("good-notation", "john", Good(11)),
    ("good-two", "john", Good(11)),
    ("good-one-of-two", "john", Good(11)),
    ("good-with-another", "john", Good(11)),
    ("good-prefixed", "strange", Good(11)),
    // Its key has expired since: that nobody backdates with it is for the log to see.
    ("good-before-the-end", "retired", Good(11)),
    ("bad-damaged", "john", FORGED),
    ("bad-text", "john", WRONG_TYPE),
    // Of these types no signature is over data.
    ("bad-certification", "strange", WRONG_TYPE),
    ("bad-standalone", "strange", WRONG_TYPE),
    ("bad-timestamp", "strange", WRONG_TYPE),
    ("bad-md5", "john", WEAK_HASH),
    ("bad-sha1", "john", WEAK_HASH),
    ("bad-ripemd160", "john", WEAK_HASH),
    (
        "bad-critical-notation",
        "john",
        Refused(Treatment::Forged, "the signature has an unknown critical part"),
    ),
    (
        "bad-critical-subpacket",
        "strange",
        Refused(Treatment::Forged, "the signature has an unknown critical part"),
    ),
    ("bad-expired", "john", Refused(Treatment::Forged, "the signature has expired")),
    ("bad-older-than-the-key", "john", Refused(Treatment::Forged, "certificate is not yet valid")),
    ("bad-after-the-end", "retired", Refused(Treatment::Forged, "expired on 2026-02-10")),
    ("bad-compromised", "compromised", Refused(Treatment::Forged, "certificate is revoked")),
    ("bad-nine", "john", Refused(Treatment::Failed, "too many signatures")),
    ("bad-meant-for-mary", "meant", Refused(Treatment::Failed, "signed for somebody else")),
    ("held-another", "john", Refused(Treatment::Held, "signed by an unknown key")),
    ("held-ahead", "john", Refused(Treatment::Held, "signed in the future, on 2027-01-01")),
    (
        "good-subkey",
        "john-without-back-signature",
        Refused(Treatment::Forged, "the signing subkey has no valid self-signature"),
    ),
    ("good-primary", "john-without-back-signature", Good(11)),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/signatures")
}

/// What a reader of March 2026 makes of the object `name`, as signed by `signer`.
fn opened(name: &str, signer: &str) -> Result<Opened, Refusal> {
    let read = |name: String| fs::read_to_string(folder().join(name)).unwrap();
    let signer = Certificate::parse(read(format!("{signer}.cert.asc")).as_bytes()).unwrap();
    let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    open_signed(&read(format!("{name}.asc")), &signer, now)
}

#[test]
fn each_is_believed_or_refused_as_it_is_named() {
    for (name, signer, expected) in VECTORS {
        match (opened(name, signer), expected) {
            (Ok(opened), Good(day)) => {
                let date = format!("2026-01-{day:02}T00:00:00Z");
                assert_eq!(opened.signed.to_string(), date, "{name} of {signer}");
                assert_eq!(opened.octets, b"<item/>", "{name} of {signer}");
            }
            (Err(refusal), Refused(treatment, why)) => {
                assert_eq!(refusal.treatment(), *treatment, "{name} of {signer}");
                assert!(refusal.to_string().contains(why), "{name} of {signer}: {refusal}");
            }
            (result, _) => panic!("{name} of {signer}: {result:?}"),
        }
    }
}

#[test]
fn no_vector_is_left_out() {
    let files: BTreeSet<String> = tree(&folder())
        .into_keys()
        .filter_map(|path| Some(path.file_name()?.to_str()?.strip_suffix(".asc")?.to_owned()))
        .collect();
    let certificates = VECTORS.iter().map(|(_, signer, _)| format!("{signer}.cert"));
    let named: BTreeSet<String> =
        VECTORS.iter().map(|(name, ..)| (*name).to_owned()).chain(certificates).collect();
    assert_eq!(files, named);
}
