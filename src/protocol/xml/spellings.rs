//! A namespace that is met in several spellings, which count as one (PROTOCOL §1).

/// The namespace `source`, in the spelling that is written.
pub const SOURCE: &str = "https://source.scripting.com/";
/// Its other spellings: by http it was written up to 2026-03-19, and some writers leave the slash out.
const OTHERS: [&str; 3] =
    ["http://source.scripting.com/", "https://source.scripting.com", "http://source.scripting.com"];

/// `namespace` in the one spelling that is compared.
pub fn canonical(namespace: String) -> String {
    if OTHERS.contains(&namespace.as_str()) { SOURCE.to_owned() } else { namespace }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_spellings_are_one_and_a_fifth_is_another() {
        for spelling in OTHERS.into_iter().chain([SOURCE]) {
            assert_eq!(canonical(spelling.to_owned()), SOURCE);
        }
        for other in ["", "https://source.scripting.com//", "https://SOURCE.scripting.com/"] {
            assert_eq!(canonical(other.to_owned()), other);
        }
    }
}
