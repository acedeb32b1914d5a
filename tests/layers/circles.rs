//! Finds files that reach each other by their imports: each must be understood without the other.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{paths, strip};

/// A module, from the top of the crate down; the empty one is `lib.rs`.
type Module = Vec<String>;

/// Which files each file names, its tests left out: a test may look at whatever shows a thing best.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The imports of `sources`, each a path below src/ and its text.
pub fn imports(sources: &[(String, String)]) -> Imports {
    let modules: BTreeMap<Module, &str> =
        sources.iter().map(|(file, _)| (module_of(file), &**file)).collect();
    let codes: Vec<(&str, String)> =
        sources.iter().map(|(file, source)| (&**file, strip(source))).collect();
    let tests: BTreeSet<Module> =
        codes.iter().flat_map(|(file, code)| tests_of(file, code)).collect();
    let mut imports = Imports::new();
    for (file, code) in codes.iter().filter(|(file, _)| !tests.contains(&module_of(file))) {
        let here = module_of(file);
        let own = code.split_once("mod tests {").map_or(&**code, |(own, _)| own);
        let own = without_visibility(own);
        let named = paths(&own).0.into_iter().filter_map(|path| absolute(&path, &here, &modules));
        let files = named.filter_map(|path| nearest(&path, &modules));
        let others = files.filter(|other| other != file && *other != "lib.rs").map(str::to_owned);
        imports.insert((*file).to_owned(), others.collect());
    }
    imports
}

/// Every two files that reach each other, the first one by name first.
pub fn circles(imports: &Imports) -> Vec<(String, String)> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|file| (&**file, reached(file, imports))).collect();
    let mut found = Vec::new();
    for (file, others) in &reached {
        for other in others.iter().filter(|other| *other > file) {
            if reached.get(other).is_some_and(|back| back.contains(file)) {
                found.push(((*file).to_owned(), (*other).to_owned()));
            }
        }
    }
    found
}

fn reached<'a>(file: &'a str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![file]);
    while let Some(file) = next.pop() {
        let others = imports.get(file).into_iter().flatten();
        next.extend(others.map(|other| &**other).filter(|other| seen.insert(*other)));
    }
    seen
}

/// `code` without `pub(in crate::room)`: whoever says who may look imports nothing.
fn without_visibility(code: &str) -> String {
    let mut rest = code.split("pub(in ");
    let first = rest.next().unwrap_or_default().to_owned();
    let after = rest.map(|rest| rest.split_once(')').map_or(rest, |(_, after)| after));
    after.fold(first, |code, after| code + "pub " + after)
}

fn module_of(file: &str) -> Module {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    match path {
        "lib" | "main" => Module::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

/// The modules in files of their own that `file` has for its tests alone.
fn tests_of(file: &str, code: &str) -> Vec<Module> {
    let marked = code.match_indices("#[cfg(test)]").filter_map(|(at, mark)| {
        let declared = code.get(at + mark.len()..)?.trim_start();
        let declared = declared.strip_prefix("pub ").unwrap_or(declared);
        Some(declared.strip_prefix("mod ")?.split_once(';')?.0.trim())
    });
    let named = marked.filter(|name| !name.contains(' '));
    named.map(|name| [module_of(file), vec![name.to_owned()]].concat()).collect()
}

/// `path`, as the module `here` names it, from the top of the crate down; nothing for other crates.
fn absolute(path: &str, here: &Module, modules: &BTreeMap<Module, &str>) -> Option<Module> {
    let mut names: Vec<String> = path.split("::").map(str::to_owned).collect();
    let mut from = here.clone();
    match names.first()?.as_str() {
        "crate" => {
            names.remove(0);
            return Some(names);
        }
        "self" => drop(names.remove(0)),
        "super" => {
            while names.first().is_some_and(|name| name == "super") {
                names.remove(0);
                from.pop();
            }
        }
        // A module below this one is named without a way to it.
        _ if modules.contains_key(&[&from[..], &names[..1]].concat()) => {}
        _ => return None,
    }
    from.extend(names);
    Some(from)
}

/// The file in which what `path` names stands.
fn nearest<'a>(path: &Module, modules: &BTreeMap<Module, &'a str>) -> Option<&'a str> {
    (0..=path.len()).rev().find_map(|length| modules.get(&path[..length]).copied())
}
