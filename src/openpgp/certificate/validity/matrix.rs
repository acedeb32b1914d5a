//! The certificates of [`super::corpus`], judged by us and by rpgpie: they have to agree but where
//! it is said here. `cargo test --lib rpgpie -- --nocapture` shows the table.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use pgp::composed::SignedPublicKey;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::types::{Fingerprint, KeyDetails, Timestamp};
use rpgpie::certificate::Checked;
use rpgpie::key::ComponentKeyPub;

use super::corpus::{Case, GAPS, PROGRAMS, SITUATIONS, cases};
use crate::openpgp::certificate::component::{self, Component};
use crate::openpgp::certificate::signature_policy::Moment;
use crate::openpgp::certificate::{Unusable, merge};
use crate::openpgp::seconds::{seconds, timestamp};
use crate::openpgp::testing::day;

/// An aspect in which two verdicts can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Aspect {
    Usable,
    Revoked,
    Encrypts,
    Signs,
}

use Aspect::{Encrypts, Revoked, Signs, Usable};

/// A difference between us and rpgpie: where, on which days, in what, and the reason.
type Difference =
    (&'static [&'static str], &'static str, &'static [i64], &'static [Aspect], &'static str);

const SECOND: &str = "at the very second of its expiry a key has expired (RFC 9580 §5.2.3.13)";
const UNMADE: &str = "before a subkey is made nobody encrypts to it, nor has it signed";
const UNBOUND: &str = "before a subkey is bound nobody encrypts to it";
const UNSIGNED: &str = "before its only self-signature a certificate is of no use";
const NEWEST: &str = "the newest self-signature counts, whatever it replaced (PROTOCOL §9)";
const SHA_1: &str = "SHA-1 proves nothing, however old the signature says it is";
const RSA: &str = "we encrypt to no RSA (PROTOCOL §2)";

const DIFFERENCES: &[Difference] = &[
    (&["gpg", "openpgpjs", "ours"], "expired", &[40], &[Usable, Encrypts, Signs], SECOND),
    (&["sq"], "expired", &[40], &[Usable, Encrypts], SECOND),
    (&["gpg", "sq", "openpgpjs", "ours"], "expiring", &[40], &[Encrypts], SECOND),
    (&["gpg", "sq", "openpgpjs", "ours"], "rotated", &[0, 20], &[Encrypts], UNMADE),
    (&["gpg", "ours"], "signing-subkey", &[0, 20], &[Signs], UNMADE),
    (&["sq"], "expiring", &[0, 20], &[Encrypts], UNBOUND),
    (&["gpg", "ours"], "renewed", &[0, 20, 35, 40, 41], &[Usable, Encrypts], UNSIGNED),
    (&["openpgpjs"], "renewed", &[0, 20, 35], &[Encrypts], UNBOUND),
    (&["openpgpjs"], "renewed", &[40], &[Usable, Encrypts], SECOND),
    (&["openpgpjs"], "renewed", &[41], &[Signs], NEWEST),
    (&["gpg"], "old-weak-hash", &[0, 20, 35, 40, 41, 200], &[Usable, Encrypts, Signs], SHA_1),
    (&["gosop"], "fresh", &[0, 20, 35, 40, 41, 200], &[Encrypts], RSA),
    (&["gosop"], "certified", &[0, 20, 35, 40, 41, 200], &[Encrypts], RSA),
];

/// The days since the making of a primary key on which it is judged; the events are on the days
/// 20, 30 and 40.
const DAYS: &[i64] = &[-2, 0, 20, 35, 40, 41, 200];

/// A judgement of a certificate at some time, ours or another's.
#[derive(PartialEq)]
struct Judgement {
    usable: bool,
    revoked: bool,
    encrypts: Option<Fingerprint>,
    signs: BTreeSet<String>,
}

impl Judgement {
    fn differs(&self, other: &Judgement) -> impl Iterator<Item = Aspect> {
        let aspects = [
            (Usable, self.usable != other.usable),
            (Revoked, self.revoked != other.revoked),
            (Encrypts, self.encrypts != other.encrypts),
            (Signs, self.signs != other.signs),
        ];
        aspects.into_iter().filter(|(_, differs)| *differs).map(|(aspect, _)| aspect)
    }
}

fn our_verdict(certificate: &SignedPublicKey, at: u32) -> Judgement {
    let moment = Moment::now(timestamp(at));
    let standing = super::standing(certificate, moment);
    let encrypts = component::encryption_subkey(certificate, moment);
    // A signature of that time comes to us when all is known.
    let signing = Moment::signing(at, jiff::Timestamp::MAX);
    let may = |key: &Component<'_>| {
        super::standing(certificate, signing).is_ok_and(|standing| {
            component::may_sign(certificate, &standing, *key, signing).is_ok()
        })
    };
    Judgement {
        usable: standing.is_ok(),
        revoked: matches!(standing, Err(Unusable::Revoked { .. })),
        encrypts: encrypts.ok().map(|(subkey, _)| subkey.key.fingerprint()),
        signs: component::all(certificate)
            .filter(may)
            .map(|key| key.fingerprint().to_string())
            .collect(),
    }
}

fn their_verdict(certificate: &SignedPublicKey, at: u32) -> Judgement {
    let checked = Checked::new(certificate.clone().into());
    let at = Timestamp::from_secs(at);
    let valid = checked.valid_subkeys_at(at);
    let encrypting = valid.iter().filter(|key| key.algorithm().can_encrypt());
    let strongest = |key: &&ComponentKeyPub| {
        (key.algorithm() == PublicKeyAlgorithm::MlKem768X25519, key.created_at())
    };
    let signing = checked.valid_signing_capable_component_keys_at(at);
    Judgement {
        usable: checked.primary_valid_at(at).unwrap_or(false),
        revoked: checked.revoked_at(at),
        encrypts: encrypting.max_by_key(strongest).map(KeyDetails::fingerprint),
        signs: signing.iter().map(|key| key.as_componentkey().fingerprint().to_string()).collect(),
    }
}

/// How we judge, in one letter; the legend of the table has them all.
fn letter(certificate: &SignedPublicKey, at: u32) -> char {
    let verdict = our_verdict(certificate, at);
    match super::standing(certificate, Moment::now(timestamp(at))) {
        Err(Unusable::Revoked { .. }) => 'r',
        Err(Unusable::Expired(_)) => 'x',
        Err(_) => '.',
        Ok(_) => match (verdict.encrypts.is_some(), !verdict.signs.is_empty()) {
            (true, true) => 'B',
            (true, false) => 'E',
            (false, true) => 'S',
            (false, false) => 'v',
        },
    }
}

/// The times at which a certificate is judged, with their days.
fn times((_, situation, certificate): &Case) -> impl Iterator<Item = (i64, u32)> {
    // rpgpie believes no signature that is ahead of the machine's clock, at whatever time.
    let birth = match *situation {
        "future" => day(0),
        _ => timestamp(certificate.primary_key.created_at().as_secs()),
    };
    DAYS.iter().map(move |days| (*days, seconds(birth + SignedDuration::from_hours(24 * days))))
}

#[test]
fn rpgpie_agrees_but_where_it_is_said() {
    let cases = cases();
    let mut found = BTreeSet::new();
    for case in &cases {
        for (day, at) in times(case) {
            let (ours, theirs) = (our_verdict(&case.2, at), their_verdict(&case.2, at));
            found.extend(ours.differs(&theirs).map(|aspect| (case.0, case.1, day, aspect)));
        }
    }
    let mut said = BTreeSet::new();
    for (programs, situation, days, aspects, _reason) in DIFFERENCES {
        for program in *programs {
            let each = days.iter().flat_map(|day| aspects.iter().map(move |a| (*day, *a)));
            said.extend(each.map(|(day, aspect)| (*program, *situation, day, aspect)));
        }
    }
    show(&cases);
    assert_eq!(found, said);
}

#[expect(clippy::disallowed_macros, reason = "the table is for whoever asks for it")]
fn show(cases: &[Case]) {
    println!("our verdicts on the days {DAYS:?} of a key, or of 2026 if it is of the future:");
    println!("B encrypt and sign, E encrypt, S sign, v neither; r revoked, x expired, . nothing\n");
    println!("{:16}{}", "", PROGRAMS.map(|program| format!("{program:11}")).concat());
    for situation in SITUATIONS {
        let timeline = |program: &str| {
            let case = cases.iter().find(|case| (case.0, case.1) == (program, situation));
            let letters = |case| times(case).map(|(_, at)| letter(&case.2, at)).collect();
            case.map_or_else(|| "-".to_owned(), letters)
        };
        let row = PROGRAMS.map(|program| format!("{:11}", timeline(program)));
        println!("{situation:16}{}", row.concat());
    }
    println!("\nwhat a program cannot make:");
    for (program, situations, reason) in GAPS {
        println!("{program}: {}: {reason}", situations.join(", "));
    }
    println!("\nwhere rpgpie judges otherwise:");
    for (programs, situation, days, aspects, reason) in DIFFERENCES {
        println!("{situation} of {}, days {days:?}, {aspects:?}: {reason}", programs.join(", "));
    }
}

#[test]
fn today_we_encrypt_to_a_key_that_rpgpie_would_encrypt_to() {
    // It knows no other time for this.
    let now = Timestamp::now().as_secs();
    for (program, situation, certificate) in cases() {
        if situation == "old-weak-hash" {
            continue;
        }
        let ours = our_verdict(&certificate, now).encrypts;
        let theirs = Checked::new(certificate.into()).valid_encryption_capable_component_keys();
        let not_rsa = |key: &&ComponentKeyPub| key.algorithm() != PublicKeyAlgorithm::RSA;
        let theirs: Vec<_> = theirs.iter().filter(not_rsa).map(KeyDetails::fingerprint).collect();
        let agreed = ours.as_ref().map_or(theirs.is_empty(), |ours| theirs.contains(ours));
        assert!(agreed, "{program} {situation}: {ours:?} is none of {theirs:?}");
    }
}

#[test]
fn merging_changes_no_verdict() {
    for case in cases() {
        let (_, now) = times(&case).last().unwrap();
        let merged = merge::merged(&case.2, &case.2, timestamp(now));
        let at = format!("{} {}", case.0, case.1);
        assert!(our_verdict(&case.2, now) == our_verdict(&merged, now), "{at}");
        for (day, time) in times(&case) {
            let signs = |certificate| our_verdict(certificate, time).signs;
            assert_eq!(signs(&case.2), signs(&merged), "{at}, day {day}");
        }
    }
}

#[test]
fn what_is_of_the_future_is_valid_in_its_time() {
    for (program, _, certificate) in cases().into_iter().filter(|case| case.1 == "future") {
        let born = certificate.primary_key.created_at().as_secs();
        assert_eq!(letter(&certificate, born - 2 * 86_400), '.', "{program}");
        assert_ne!(letter(&certificate, born), '.', "{program}");
    }
}

#[test]
fn each_program_has_made_each_situation_or_cannot() {
    let cases = cases();
    for program in PROGRAMS {
        for situation in SITUATIONS {
            let made = cases.iter().any(|case| (case.0, case.1) == (program, situation));
            let gap = GAPS.iter().any(|gap| gap.0 == program && gap.1.contains(&situation));
            assert!(made != gap, "{program} {situation}: made {made}, named as a gap {gap}");
        }
    }
}
