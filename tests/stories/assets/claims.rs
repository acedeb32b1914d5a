//! `docs/security.md`: each claim has tests that hold it up.

use std::fs;
use std::path::Path;

/// A claim, its number, and the tests that it names.
struct Claim {
    number: usize,
    tests: Vec<String>,
}

fn claims() -> Vec<Claim> {
    let text = fs::read_to_string("docs/security.md").unwrap();
    let mut claims: Vec<Claim> = Vec::new();
    for line in text.lines() {
        let head = line.split_once(". ").and_then(|(number, _)| number.parse().ok());
        if let Some(number) = head {
            claims.push(Claim { number, tests: Vec::new() });
        }
        let name = line.trim().strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
        if let Some(name) = name.filter(|name| name.contains("::") && line.starts_with(' ')) {
            claims.last_mut().expect("a claim before its tests").tests.push(name.to_owned());
        }
    }
    claims
}

/// Whether the test called `name` is there, and runs by itself: a story, or a unit test in `src/`.
fn is_there(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split("::").collect();
    let function = format!("fn {}(", parts.pop().unwrap());
    let is_unit = parts.last() == Some(&"tests");
    let folder = if is_unit { "src" } else { "tests/stories" };
    parts.retain(|part| *part != "tests" || !is_unit);
    let path = Path::new(folder).join(parts.join("/"));
    let files = [path.with_extension("rs"), path.join("mod.rs"), path.join("tests.rs")];
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    texts.into_iter().any(|text| runs(&text, &function))
}

/// Whether `text` has `function` as a test that is not ignored; or in a macro, as a property.
fn runs(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with(function));
    let attributes =
        at.map(|at| lines[..at].iter().rev().take_while(|line| line.starts_with("#[")));
    attributes.is_some_and(|attributes| {
        let attributes: Vec<_> = attributes.collect();
        attributes.iter().any(|line| **line == "#[test]")
            && !attributes.iter().any(|line| line.starts_with("#[ignore"))
    })
}

#[test]
fn each_claim_about_security_has_tests_that_are_there() {
    let claims = claims();
    assert!(claims.len() >= 20, "{}", claims.len());
    for (at, Claim { number, tests }) in claims.iter().enumerate() {
        assert_eq!(*number, at + 1, "the claims are numbered one after the other");
        assert!(!tests.is_empty(), "claim {number} has no test");
        for test in tests {
            assert!(is_there(test), "claim {number} names `{test}`, which is not there");
        }
    }
}

#[test]
fn a_test_that_is_not_there_or_ignored_is_noticed() {
    assert!(is_there("hostile::items::an_unsigned_item_is_refused"));
    for missing in [
        "hostile::items::an_item_is_believed",
        "hostile::nowhere::an_unsigned_item_is_refused",
        "attacks::local_user::memory::a_part_that_runs_and_looks_at_itself",
        "calls::places::tests::nobody",
    ] {
        assert!(!is_there(missing), "{missing}");
    }
}
