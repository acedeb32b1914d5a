//! Names that look like others: what people see of a name, in the terms of UTS 39.

use unicode_normalization::UnicodeNormalization;
use unicode_security::{MixedScript, RestrictionLevel, RestrictionLevelDetection};

/// The characters that have no look of their own (Default_Ignorable_Code_Point).
const IGNORABLE: [(u32, u32); 17] = [
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
];

/// Returns whether `c` is not to be seen, whatever stands beside it.
pub fn is_ignorable(c: char) -> bool {
    let c = u32::from(c);
    IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// `name` with each character in its plain form (NFKC), and without those that are not to be seen.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| !is_ignorable(*c)).nfkc().filter(|c| !is_ignorable(*c)).collect()
}

/// What two names that look the same have in common: the skeleton of UTS 39, in lower case.
pub fn skeleton(name: &str) -> String {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let seen: String = unicode_security::skeleton(&lower(&plain(name))).collect();
    // What a capital letter looks like may be a capital letter.
    unicode_security::skeleton(&lower(&seen)).collect()
}

/// Returns whether the letters of `name` are of scripts that nobody mixes within a word: a part of
/// it may be chosen for its look.
pub fn is_mixed(name: &str) -> bool {
    !name.is_single_script()
        && name.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_look_the_same_have_one_skeleton() {
        for (one, other) in [
            ("mary", "m\u{430}ry"),
            ("mary", "Mary"),
            ("mary", "ma\u{200d}ry"),
            ("mary", "m\u{3164}ary"),
            ("mary", "\u{ff4d}ary"),
            ("paypal", "\u{440}\u{430}\u{443}\u{440}\u{430}l"),
            ("corn", "com"),
            ("bill", "bi1l"),
            ("zo\u{eb}", "zoe\u{308}"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        for (one, other) in [("mary", "maria"), ("john", "joan"), ("\u{6bcd}", "\u{7236}")] {
            assert_ne!(skeleton(one), skeleton(other));
        }
    }

    #[test]
    fn what_is_not_to_be_seen_is_dropped_and_the_rest_is_plain() {
        for (name, expected) in [
            ("m\u{ad}a\u{200b}r\u{2060}y\u{feff}", "mary"),
            ("\u{202e}yram", "yram"),
            ("\u{115f}\u{1160}\u{3164}\u{ffa0}", ""),
            ("\u{fb01}ne \u{ff2d}\u{ff21}", "fine MA"),
            ("Zo\u{eb}", "Zo\u{eb}"),
        ] {
            assert_eq!(plain(name), expected, "{name:?}");
        }
    }

    #[test]
    fn scripts_are_mixed_where_nobody_mixes_them() {
        for mixed in ["m\u{430}ry", "\u{3b1}lpha", "\u{5d0}nna"] {
            assert!(is_mixed(mixed), "{mixed}");
        }
        for pure in [
            "mary-2",
            "zo\u{eb}",
            "\u{43c}\u{430}\u{440}\u{438}\u{44f}",
            "mary\u{6bcd}",
            "\u{307f}\u{30ab}\u{6bcd}",
        ] {
            assert!(!is_mixed(pure), "{pure}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_its_plain_form_and_skeleton_stay_what_they_are(name in any::<String>()) {
            let once = plain(&name);
            prop_assert!(!once.chars().any(is_ignorable));
            prop_assert_eq!(plain(&once), once.clone());
            prop_assert_eq!(skeleton(&once), skeleton(&name));
            is_mixed(&name);
        }
    }
}
