//! How far a sealed object's octets are padded (PROTOCOL §2).

use crate::protocol::xml::Writer;

const STEP: usize = 1_024;
const STEPPED: usize = 8_192;

/// How many spaces to put into the `im:padding` of an object that has `length` octets while it
/// is empty: to the next multiple of 1,024 up to 8,192, to Padmé above.
pub fn padding(length: usize) -> usize {
    if length > STEPPED {
        return padme(length).saturating_sub(length);
    }
    length.next_multiple_of(STEP).saturating_sub(length)
}

/// The least length from `length` up whose mantissa is no longer than its exponent: at most 12 %
/// more, and O(log log n) bits about the length leak.
fn padme(length: usize) -> usize {
    let exponent = length.checked_ilog2().unwrap_or(0);
    let mantissa = exponent.checked_ilog2().unwrap_or(0).saturating_add(1);
    let unit = 1_usize << exponent.saturating_sub(mantissa);
    length.checked_next_multiple_of(unit).unwrap_or(length)
}

/// Ends the element `root` of a fragment with its padding.
pub(in crate::protocol) fn close_padded(writer: Writer, root: &str) -> String {
    close_headed(writer, root, "")
}

/// The same with `head`, which counts as octets, at the beginning of the padding.
pub(in crate::protocol) fn close_headed(mut writer: Writer, root: &str, head: &str) -> String {
    let mut bare = writer.clone();
    bare.text("im:padding", &[], head);
    bare.close(root);
    let spaces = " ".repeat(padding(bare.finish().len()));
    writer.text("im:padding", &[], &format!("{head}{spaces}"));
    writer.close(root);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_lengths() {
        let padded = |length: usize| length + padding(length);
        for (length, expected) in [
            (1, 1_024),
            (1_024, 1_024),
            (1_025, 2_048),
            (8_191, 8_192),
            (8_192, 8_192),
            (8_193, 8_704),
            (9_000, 9_216),
            (100_000, 100_352),
            (163_840, 163_840),
            (1_000_000, 1_015_808),
        ] {
            assert_eq!(padded(length), expected, "{length}");
        }
    }

    #[test]
    fn the_octets_have_the_padded_length() {
        for text in ["", "x", &"x".repeat(2_000), &"x".repeat(20_000)] {
            let octets = close_padded(started(text), "a");
            assert_eq!(padding(octets.len()), 0, "{}", octets.len());
            assert!(octets.ends_with(" </im:padding></a>"));
            let headed = close_headed(started(text), "a", "xyz");
            assert_eq!(padding(headed.len()), 0, "{}", headed.len());
            assert!(headed.contains("<im:padding>xyz "));
        }
    }

    fn started(text: &str) -> Writer {
        let mut writer = Writer::fragment();
        writer.open("a", &[]);
        writer.text("b", &[], text);
        writer
    }

    proptest::proptest! {
        #[test]
        fn padded_lengths_are_fixed_points_and_waste_little(length in 1_usize..2_000_000) {
            let spaces = padding(length);
            assert_eq!(padding(length + spaces), 0);
            assert!(spaces < STEP || spaces * 100 < length * 12);
        }
    }
}
