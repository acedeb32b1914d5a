//! Finds the paths that Rust code names: a lexer for comments and literals, and for `use` trees.

use std::collections::BTreeSet;

/// The code without comments, and without the insides of literals.
pub fn strip(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest),
            'r' if !code.ends_with(in_name) || code.ends_with('b') => raw_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[length..];
        }
    }
    code
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let step = match &text[at..] {
            here if here.starts_with("/*") => (1, 2),
            here if here.starts_with("*/") => (-1, 2),
            here => (0, here.chars().next().map_or(1, char::len_utf8)),
        };
        depth += step.0;
        at += step.1;
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(text: &str) -> usize {
    let mut escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

/// 0 if `text` is no raw string.
fn raw_string(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let Some(inside) = text[1 + hashes..].strip_prefix('"') else { return 0 };
    let end = format!("\"{}", "#".repeat(hashes));
    inside.find(&end).map_or(text.len(), |at| 2 + hashes + at + end.len())
}

/// 0 if `text` is a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text[1..].chars();
    match inside.next() {
        Some('\\') => {
            let escaped = 2 + inside.next().map_or(0, char::len_utf8);
            text[escaped..].find('\'').map_or(text.len(), |at| escaped + at + 1)
        }
        Some(c) if inside.next() == Some('\'') => 2 + c.len_utf8(),
        _ => 0,
    }
}

/// Every path that `code` names, written out, in imports and elsewhere; and the names of modules
/// and items of this crate that its imports and `mod` lines introduce.
pub fn paths(code: &str) -> (Vec<String>, BTreeSet<String>) {
    let (mut paths, mut locals) = (Vec::new(), BTreeSet::new());
    let mut rest = code;
    while let Some((at, keyword)) = next_declaration(rest) {
        scan(&rest[..at], &mut paths);
        let end = rest[at..].find([';', '{']).filter(|_| keyword == "mod ");
        let end = end.or_else(|| rest[at..].find(';')).map_or(rest.len(), |end| at + end);
        let declared = &rest[at + keyword.len()..end];
        if keyword == "mod " {
            locals.insert(declared.trim().to_owned());
        } else {
            expand("", declared, &mut paths, &mut locals);
        }
        rest = &rest[end..];
    }
    scan(rest, &mut paths);
    (paths, locals)
}

/// Where the next `use` or `mod` of `code` stands.
fn next_declaration(code: &str) -> Option<(usize, &'static str)> {
    let find = |keyword: &'static str| {
        let word = |at: &usize| !code[..*at].ends_with(in_name);
        code.match_indices(keyword).map(|(at, _)| at).find(word).map(|at| (at, keyword))
    };
    [find("use "), find("mod ")].into_iter().flatten().min()
}

/// Writes out a `use` tree.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>, locals: &mut BTreeSet<String>) {
    if let Some((head, group)) = tree.split_once('{') {
        let prefix = format!("{prefix}{}", head.trim());
        let group = &group[..group.rfind('}').unwrap_or(group.len())];
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if c == ',' && depth == 0 {
                expand(&prefix, &group[start..at], paths, locals);
                start = at + 1;
            }
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let path = format!("{prefix}{}", path.trim());
    let path = path.trim_end_matches("::self").trim_start_matches("::");
    let [.., last] = path.split("::").collect::<Vec<_>>()[..] else { return };
    if matches!(path.split("::").next(), Some("crate" | "self" | "super")) {
        locals.insert(if alias.is_empty() { last } else { alias.trim() }.to_owned());
    }
    if !path.is_empty() {
        paths.push(path.to_owned());
    }
}

/// Collects the paths of two names or more that stand outside of imports.
fn scan(code: &str, paths: &mut Vec<String>) {
    let outside = |c: char| !in_name(c) && c != ':';
    let mut before = None;
    for piece in code.split_inclusive(outside) {
        let word = piece.trim_end_matches(outside).trim_end_matches(':');
        // `<T as Trait>::name` begins at a type, not at a crate.
        let qualified = word.starts_with("::") && before == Some('>');
        let path = word.trim_start_matches("::");
        if path.contains("::") && !qualified {
            paths.push(path.to_owned());
        }
        before = piece.chars().last();
    }
}
