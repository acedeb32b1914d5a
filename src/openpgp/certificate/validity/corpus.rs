//! Certificates that many programs made, in the situations that certificates come into.

use pgp::composed::SignedPublicKey;

use super::ours;
use crate::openpgp::certificate::Certificate;

macro_rules! vectors {
    ($($program:literal: $($situation:literal)*;)*) => {
        &[$($(($program, $situation, include_str!(concat!(
            "../../../../tests/vectors/certificates/", $program, "-", $situation, ".asc"
        )))),*),*]
    };
}

/// Program, situation, certificate: the files of tests/vectors/certificates, whose README says how
/// they were made.
const VECTORS: &[(&str, &str, &str)] = vectors! {
    "gpg": "fresh" "rotated" "expired" "expiring" "soft-revoked" "hard-revoked" "certified"
        "user-ids" "signing-subkey" "damaged" "future"
        "renewed" "weak-hash" "old-weak-hash" "weak-key";
    "sq": "fresh" "rotated" "expired" "expiring" "soft-revoked" "hard-revoked" "certified"
        "user-ids" "signing-subkey" "damaged" "future";
    "sqop": "fresh" "certified" "user-ids" "signing-subkey" "damaged" "future";
    "gosop": "fresh" "certified" "damaged";
    "openpgpjs": "fresh" "rotated" "expired" "expiring" "soft-revoked" "hard-revoked" "certified"
        "user-ids" "signing-subkey" "damaged" "future" "v6" "renewed";
};

pub const PROGRAMS: [&str; 6] = ["gpg", "sq", "sqop", "gosop", "openpgpjs", "ours"];
pub const SITUATIONS: [&str; 16] = [
    "fresh",
    "rotated",
    "expired",
    "expiring",
    "soft-revoked",
    "hard-revoked",
    "certified",
    "user-ids",
    "signing-subkey",
    "damaged",
    "future",
    "v6",
    "renewed",
    "weak-hash",
    "old-weak-hash",
    "weak-key",
];

const WEAK: &[&str] = &["weak-hash", "old-weak-hash", "weak-key"];

/// The kinds that a program cannot make, and why.
pub const GAPS: &[(&str, &[&str], &str)] = &[
    ("gpg", &["v6"], "GnuPG 2.2 knows no version 6"),
    ("sq", &["v6"], "sq 0.27 knows no version 6"),
    ("sq", &["renewed"], "sq 0.27 cannot move an expiry"),
    ("sq", WEAK, "it has no option for them"),
    ("sqop", &["rotated", "soft-revoked", "hard-revoked", "renewed"], "it only generates keys"),
    ("sqop", &["expired", "expiring"], "its keys live for three years, always"),
    ("sqop", &["v6"], "sqop 0.27 knows no version 6"),
    ("sqop", WEAK, "it has no option for them"),
    ("gosop", &["rotated", "soft-revoked", "hard-revoked", "renewed"], "it only generates keys"),
    ("gosop", &["expired", "expiring"], "its keys never expire"),
    ("gosop", &["user-ids"], "it takes the first alone"),
    ("gosop", &["signing-subkey"], "its primary key signs"),
    ("gosop", &["future"], "it reads the clock past libfaketime"),
    ("gosop", &["v6"], "gosop of 2022 knows no version 6"),
    ("gosop", WEAK, "it has no option for them"),
    ("openpgpjs", WEAK, "not with its defaults"),
    ("ours", &["user-ids"], "a certificate of ours has one"),
    ("ours", &["v6"], "both profiles are version 4"),
    ("ours", WEAK, "we make none"),
];

/// A program, a situation, and the certificate.
pub type Case = (&'static str, &'static str, SignedPublicKey);

/// All certificates there are.
pub fn cases() -> Vec<Case> {
    let parsed = |armored: &str| Certificate::parse(armored.as_bytes()).unwrap().inner;
    let mut all: Vec<Case> =
        VECTORS.iter().map(|(program, case, text)| (*program, *case, parsed(text))).collect();
    all.extend(ours::all().into_iter().map(|(case, key)| ("ours", case, key)));
    all
}
