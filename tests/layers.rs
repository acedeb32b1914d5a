//! Reads every file under src/ and holds it to the law of the layers: imports point downward, no two
//! files reach each other, each dependency has one door, the pure layers meet nothing of the world.

#[path = "layers/circles.rs"]
mod circles;
#[path = "layers/route.rs"]
mod route;
#[path = "layers/scan.rs"]
mod scan;
// Not all that the stories share: this is to be linked in a moment.
#[path = "common/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use scan::{paths, strip};
use tree::tree;

/// What each layer, and each room between the layers and the commands, may name of the others: those
/// named here, and all that these may name.
const BELOW: &[(&str, &[&str])] = &[
    ("fair", &[]),
    ("work", &[]),
    ("protocol", &[]),
    ("openpgp", &["protocol"]),
    ("store", &["openpgp"]),
    ("error", &["store"]),
    ("transport", &["openpgp"]),
    ("session", &["error", "transport", "fair", "work"]),
    ("writing", &["session"]),
    ("delivery", &["session"]),
    ("cloud_client", &["session"]),
    ("cloud_server", &["session"]),
    ("publishing", &["writing", "cloud_client"]),
    ("reading", &["writing"]),
    ("handshake", &["reading"]),
    ("keys", &["handshake", "publishing"]),
    ("calls", &["handshake"]),
    ("sync", &["calls", "keys", "delivery"]),
    ("checking", &["sync"]),
    ("listen", &["sync", "cloud_server"]),
];

/// Who may name all. A new folder that stands in neither list may name nothing but itself.
const OPEN: &[&str] = &["commands", "cli", "lib", "main"];

/// The files, by how their path begins, that may use a dependency.
const DOORS: &[(&str, &[&str])] = &[
    ("anyhow", &["error.rs", "error/", "lib.rs", "store/", "session/", "publishing/", "commands/"]),
    ("bytes", &["openpgp/secret_key/s2k.rs"]),
    ("clap", &["cli.rs", "lib.rs", "commands/"]),
    ("env_logger", &["lib.rs"]),
    ("etcetera", &["cli.rs", "store/", "commands/"]),
    ("hkdf", &["openpgp/secret_key/s2k.rs"]),
    ("http", &["transport/server"]),
    ("httpdate", &["listen/hosting/"]),
    ("hyper", &["transport/server"]),
    ("hyper_util", &["transport/server"]),
    ("flate2", &["transport/client/"]),
    ("indicatif", &["commands/"]),
    ("pgp", &["openpgp/"]),
    ("qrcode", &["commands/"]),
    ("rpgpie", &["openpgp/certificate/validity/"]),
    ("rpassword", &["session/user/passphrase.rs"]),
    (
        "rustix",
        &[
            "commands/shared/serving.rs",
            "publishing/command.rs",
            "session/user/terminal.rs",
            "store/disk/",
        ],
    ),
    ("sha2", &["protocol/values/hash.rs", "openpgp/"]),
    ("signal_hook", &["commands/"]),
    ("smallvec", &["openpgp/"]),
    (
        "tempfile",
        &[
            "store/",
            "delivery/hook.rs",
            "publishing/heard.rs",
            "publishing/place.rs",
            "listen/hosting/",
            "listen/keyless/",
            "writing/",
        ],
    ),
    ("tokio", &["transport/server"]),
    ("toml", &["store/"]),
    ("unicode_normalization", &["protocol/values/lookalike.rs"]),
    ("unicode_security", &["protocol/values/lookalike.rs"]),
    ("ureq", &["transport/"]),
    ("url", &["protocol/values/url.rs"]),
    ("uuid", &["protocol/values/guid.rs", "protocol/feed/card.rs"]),
    ("xml", &["protocol/xml/"]),
];

/// Dependencies that exactly one file may use, wherever it stands.
const ONE_FILE: &[&str] = &["rpassword"];

/// The layers that get their time and randomness as arguments.
const PURE: &[&str] = &["protocol", "openpgp", "fair"];

/// What those may not name.
const WORLD: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "rand::random",
    "rand::rngs::OsRng",
    "rand::rngs::ThreadRng",
    "rand::thread_rng",
];

/// The ways to randomness that are no argument, each with the files that may take it: the program has
/// the system's, and hands it down as [`cloudim::session::world::Randomness`].
const SOURCES: &[(&str, &[&str])] = &[
    ("from_entropy", &["cli.rs"]),
    ("seed_from_u64", &["session/world.rs"]),
    ("from_seed", &[]),
    ("OsRng", &[]),
    ("ThreadRng", &[]),
    ("thread_rng", &[]),
    ("SystemRandom", &[]),
    ("RandomState", &[]),
    ("getrandom", &[]),
    ("fastrand", &[]),
    ("new_v1", &[]),
    ("new_v4", &[]),
    ("now_v6", &[]),
    ("now_v7", &[]),
    ("urandom", &[]),
];

/// Words that stand in no finished file.
const UNFINISHED: &[&str] = &["TODO", "FIXME", "dbg!", "unimplemented!", "todo!"];

/// Lines of a file at most, but for those that are named here with the reason.
const LONGEST: usize = 400;
const LONGER: &[(&str, &str)] = &[];

/// The name at the top of this crate that `path` leads to, seen from a module `depth` below it.
fn top(path: &str, depth: usize) -> Option<&str> {
    let mut names = path.split("::").peekable();
    if names.next_if_eq(&"crate").is_some() {
        return names.next();
    }
    names.next_if_eq(&"self");
    let mut ups = 0;
    while names.next_if_eq(&"super").is_some() {
        ups += 1;
    }
    if ups > 0 && ups >= depth { names.next() } else { None }
}

/// Whether `layer` may name `other`.
fn may_name(layer: &str, other: &str) -> bool {
    let below = BELOW.iter().find(|(name, _)| *name == layer).map(|(_, below)| *below);
    let below = below.unwrap_or_default();
    layer == other || below.iter().any(|next| may_name(next, other))
}

/// Whether `word` stands in `code`, alone.
fn names(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

fn is_below(path: &str, forbidden: &str) -> bool {
    path.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What `file`, a path below src/, does against the law.
fn violations(file: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code = strip(source);
    let module = file.trim_end_matches(".rs").trim_end_matches("/mod");
    let layer = module.split('/').next().unwrap_or_default();
    let depth = if matches!(module, "lib" | "main") { 0 } else { module.split('/').count() };
    let (own, tests) = code.split_once("mod tests {").unwrap_or((&code, ""));
    let (all, locals) = paths(&code);
    for (part, depth) in [(own, depth), (tests, depth + 1)] {
        for path in paths(part).0 {
            let name = top(&path, depth).filter(|_| !OPEN.contains(&layer));
            if name.is_some_and(|name| !may_name(layer, name)) {
                found.push(format!("{file}: `{path}` is not below {layer}"));
            }
        }
    }
    for path in &all {
        let root = path.split("::").next().unwrap_or_default();
        let door = DOORS.iter().find(|(name, _)| *name == root && !locals.contains(root));
        if door.is_some_and(|(_, files)| !files.iter().any(|begin| file.starts_with(begin))) {
            found.push(format!("{file}: `{path}` is not its business"));
        }
        if PURE.contains(&layer) && WORLD.iter().any(|world| is_below(path, world)) {
            found.push(format!("{file}: `{path}` in a pure layer"));
        }
    }
    let is_test = ["tests", "testing"].contains(&module.rsplit('/').next().unwrap_or_default());
    for (word, files) in SOURCES.iter().filter(|_| !is_test) {
        if names(own, word) && !files.contains(&file) {
            found.push(format!("{file}: `{word}` is randomness that nobody handed down"));
        }
    }
    for word in UNFINISHED.iter().filter(|word| source.contains(**word)) {
        found.push(format!("{file}: {word}"));
    }
    if source.lines().count() > LONGEST && !LONGER.iter().any(|(name, _)| *name == file) {
        found.push(format!("{file}: over {LONGEST} lines"));
    }
    found
}

/// Whether `source` is one function `main` of at most one statement.
fn is_one_statement(source: &str) -> bool {
    let code = strip(source);
    let code = code.lines().filter(|line| !line.starts_with("#![")).collect::<Vec<_>>().join(" ");
    let Some((head, body)) = code.trim().split_once('{') else { return false };
    let body = body.trim_end();
    let one = body.trim_end_matches('}').trim_end_matches([' ', ';']);
    head.starts_with("fn main()") && body.ends_with('}') && !one.contains([';', '{', '}'])
}

/// Each file below src/: its path there, and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let file = |(path, bytes): (PathBuf, Vec<u8>)| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        (name, String::from_utf8(bytes).unwrap())
    };
    tree(&root).into_iter().map(file).collect()
}

#[test]
fn the_house_keeps_its_law() {
    let found: Vec<String> =
        sources().iter().flat_map(|(file, source)| violations(file, source)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_two_files_reach_each_other() {
    let imports = circles::imports(&sources());
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 500, "few imports were read");
    let found = circles::circles(&imports);
    let told: Vec<String> = found.iter().map(|(a, b)| format!("{a} and {b}")).collect();
    assert!(told.is_empty(), "these reach each other:\n{}", told.join("\n"));
}

#[test]
fn a_message_goes_down_the_house_and_never_back_up() {
    let text = include_str!("../docs/architecture.md");
    let (steps, sources) = (route::steps(text), sources());
    assert!(steps.len() > 30, "the way is short");
    let layer = |step: &route::Step| step.file.split('/').next().unwrap().to_owned();
    for (step, caller) in route::callers(&steps) {
        let (_, source) = sources.iter().find(|(file, _)| *file == step.file).expect(&step.file);
        let defined = format!("fn {}", step.function);
        let mut found = source.match_indices(&defined).map(|(at, _)| &source[at + defined.len()..]);
        assert!(found.any(|rest| rest.starts_with(['(', '<'])), "{step:?} is not there");
        let may_call = caller.is_none_or(|caller| {
            OPEN.contains(&&*layer(caller)) || may_name(&layer(caller), &layer(step))
        });
        assert!(may_call, "{caller:?} calls {step:?}");
        assert_eq!(steps.iter().filter(|other| *other == step).count(), 1, "{step:?} stands twice");
    }
}

#[test]
fn main_is_one_statement() {
    let sources = sources();
    let (_, main) = sources.iter().find(|(file, _)| file == "main.rs").unwrap();
    assert!(is_one_statement(main), "{main}");
}

#[test]
fn some_dependencies_live_in_one_file() {
    for name in ONE_FILE {
        let uses = |(_, source): &&(String, String)| {
            paths(&strip(source)).0.iter().any(|path| is_below(path, name))
        };
        let sources = sources();
        let files: Vec<&str> = sources.iter().filter(uses).map(|(file, _)| &**file).collect();
        assert!(files.len() <= 1, "{name} is used by {files:?}");
    }
}

#[test]
fn no_long_file_is_excused_in_vain() {
    for (name, _reason) in LONGER {
        let sources = sources();
        let (_, source) = sources.iter().find(|(file, _)| file == name).expect(name);
        assert!(source.lines().count() > LONGEST, "{name} is short enough");
    }
}

#[test]
fn what_breaks_the_law_is_found() {
    for (file, source) in [
        ("protocol/a.rs", "use crate::openpgp::seal;"),
        ("protocol/a.rs", "fn f() { crate::error::Error::cannot(0) }"),
        ("protocol/a.rs", "use crate::{\n    protocol::url::Url,\n    store::{a, b},\n};"),
        ("protocol/a.rs", "use super::super::store::Home;"),
        ("protocol/a/b.rs", "use super::super::super::store::Home;"),
        ("protocol/mod.rs", "use super::store;"),
        ("protocol/a.rs", "mod tests { use super::super::super::store; }"),
        ("openpgp/mod.rs", "use crate::store::Home;"),
        ("store/mod.rs", "use crate::transport;"),
        ("store/home.rs", "pub use crate::cli::Global as G;"),
        ("transport/client.rs", "fn f(home: &crate::store::home::Home) {}"),
        ("transport/client.rs", "use crate::commands::poll;"),
        ("store/home.rs", "use crate::error::Result;"),
        ("transport/client.rs", "use crate::error::Result;"),
        ("error.rs", "use crate::transport::client::Failure;"),
        ("fair/rate.rs", "use crate::protocol::values;"),
        ("work/pool.rs", "use crate::session::run::Session;"),
        ("fair/rate.rs", "use std::time::{Duration, Instant};"),
        ("session/run.rs", "use crate::reading::read;"),
        ("writing/rewriting/feed.rs", "use crate::publishing::ping;"),
        ("writing/rewriting/feed.rs", "use crate::delivery::output;"),
        ("reading/read.rs", "use crate::{handshake::address, store};"),
        ("handshake/accept.rs", "fn f() { crate::publishing::run::publish() }"),
        ("sync/round.rs", "use crate::listen::duties;"),
        ("cloud_server/own_cloud.rs", "use super::super::cloud_client;"),
        ("listen/duties.rs", "use crate::commands::poll;"),
        ("attic/a.rs", "use crate::protocol;"),
        ("commands/send.rs", "use pgp::composed::Message;"),
        ("store/home.rs", "fn f() -> pgp::types::KeyId { todo() }"),
        ("protocol/channel.rs", "use xml::reader::XmlEvent;"),
        ("protocol/channel.rs", "use {serde::Serialize, ::url::Url};"),
        ("protocol/channel.rs", "fn f(u: ::url::Url) {}"),
        ("protocol/channel.rs", "fn f(u: Vec<url::Url>) {}"),
        ("commands/fetch.rs", "let a = ureq::get(b);"),
        ("transport/client.rs", "use tokio::net::TcpListener;"),
        ("store/home.rs", "#[derive(clap::Args)] struct A;"),
        ("error.rs", "use clap::Parser;"),
        ("store/home.rs", "use rpassword::prompt_password;"),
        ("protocol/a.rs", "use std::{fmt, net::IpAddr};"),
        ("protocol/a.rs", "use std::fs;"),
        ("openpgp/seal.rs", "fn f() { std::env::var(a); }"),
        ("openpgp/seal.rs", "use std::time::{Duration, Instant};"),
        ("openpgp/seal.rs", "let rng = rand::rngs::OsRng;"),
        ("store/home.rs", "use rand::rngs::OsRng;"),
        ("session/keys.rs", "fn f() { let rng = Random::from_entropy(); }"),
        ("session/keys.rs", "fn f() { rand::SeedableRng::from_entropy() }"),
        ("writing/message.rs", "fn f() { Random::seed_from_u64(1) }"),
        ("commands/send.rs", "use rand::{thread_rng, RngCore};"),
        ("protocol/values/guid.rs", "fn f() { Uuid::new_v4(); }"),
        ("protocol/values/guid.rs", "fn f() { uuid::Uuid::now_v7(); }"),
        ("store/home.rs", "// TODO: all"),
        ("store/home.rs", "fn f() { unimplemented!() }"),
        ("store/home.rs", &"\n".repeat(LONGEST + 1)),
    ] {
        assert!(!violations(file, source).is_empty(), "{file}: {source}");
    }
}

#[test]
fn files_that_reach_each_other_are_found() {
    let house = |files: &[(&str, &str)]| {
        let files: Vec<_> = files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        circles::circles(&circles::imports(&files))
    };
    let (a, b) = (("a/mod.rs", "mod b;"), ("a/b.rs", "fn b() {}"));
    for (file, other) in [
        (("a/mod.rs", "mod b; use b::f;"), ("a/b.rs", "use super::g;")),
        (("a/mod.rs", "pub mod b; pub use self::b::f;"), ("a/b.rs", "fn b() { crate::a::g() }")),
        (("a.rs", "mod b; fn f() { b::f() }"), ("a/b.rs", "use super::{self, c};")),
        (("a.rs", "use crate::{c, b::{f, g}};"), ("b.rs", "fn b() -> super::a::A {}")),
    ] {
        assert_eq!(
            house(&[file, other]),
            [(file.0.min(other.0).into(), file.0.max(other.0).into())]
        );
    }
    let far = [("a.rs", "use crate::b;"), ("b.rs", "use crate::c::d;"), ("c.rs", "use super::a;")];
    assert_eq!(house(&far).len(), 3);
    for one_way in [
        &[("a/mod.rs", "mod b; use b::f;"), b][..],
        &[a, ("a/b.rs", "use super::g;")],
        &[("a/mod.rs", "mod b; use b::f;"), ("a/b.rs", "mod tests { use super::super::g; }")],
        &[("a/mod.rs", "#[cfg(test)]\nmod t; use b::f;"), ("a/t.rs", "use super::g;"), b],
        &[
            ("a/mod.rs", "// use b::f;\nmod b;"),
            ("a/b.rs", "use super::g; const C: &str = \"a::b\";"),
        ],
    ] {
        assert_eq!(house(one_way), [], "{one_way:?}");
    }
    let t = [("a.rs", "#[cfg(test)]\nmod t; use t::f;"), ("a/t.rs", "use super::g;")];
    assert_eq!(house(&t), []);
}

#[test]
fn what_keeps_the_law_is_let_through() {
    for (file, source) in [
        ("protocol/a.rs", "use super::{Error, url::Url};\nuse crate::protocol::guid;"),
        ("protocol/a.rs", "mod tests { use super::super::Random; use super::*; }"),
        ("protocol/mod.rs", "//! See [`crate::openpgp`].\npub mod url; use url::Url;"),
        ("protocol/mod.rs", "mod tests { use super::*; }"),
        ("protocol/item.rs", "use super::xml;\nfn f() { xml::parse(b) }"),
        ("protocol/xml/mod.rs", "use xml::reader::EventReader;"),
        ("protocol/item.rs", "const A: &str = \"std::fs::read\"; // std::fs::read"),
        ("protocol/item.rs", "const A: &str = r#\"a \"pgp::x\" b\"#; /* pgp::x /* */ pgp::x */"),
        ("protocol/item.rs", "fn f<'a>(c: &'a u8) { '\"' }\nconst B: &[u8] = b\"\\\" pgp::x\";"),
        ("protocol/item.rs", "fn f() { '\\''; '\\u{27}'; <A as B>::url::C }"),
        (
            "store/home.rs",
            "use crate::store::error::Result;\nuse crate::openpgp::seal;\nuse std::fs;",
        ),
        ("error/from_store.rs", "use super::{Error, Kind};\nuse crate::store;"),
        ("transport/client.rs", "use ureq::Agent;\nuse super::egress;"),
        ("commands/poll.rs", "use crate::{cli, store::Home, transport::client::Client};"),
        ("keys/change.rs", "use crate::publishing::run;\nuse crate::protocol::values;"),
        ("listen/duties.rs", "use crate::cloud_server::own_cloud;\nuse crate::sync::round;"),
        ("cli.rs", "fn f() { Random::from_entropy() }"),
        ("session/world.rs", "fn f() { Random::seed_from_u64(1) }"),
        ("session/testing.rs", "fn f() { Random::from_entropy() }"),
        ("session/keys.rs", "mod tests { fn f() { Random::seed_from_u64(1) } }"),
        ("lib.rs", "pub mod store; fn f() { store::open() }"),
        ("store/home.rs", &"\n".repeat(LONGEST)),
    ] {
        assert_eq!(violations(file, source), Vec::<String>::new(), "{file}: {source}");
    }
}

#[test]
fn one_statement_is_told_from_two() {
    let run = "fn main() -> std::process::ExitCode {\n    cloudim::run(std::env::args_os())\n}\n";
    assert!(is_one_statement(run) && is_one_statement("fn main() {}\n"));
    assert!(is_one_statement(&format!("//! Runs it.\n\n#![allow(x)]\n{run}")));
    for bad in ["fn main() { a(); b() }", "fn main() { if a { b() } }", "use a; fn main() {}"] {
        assert!(!is_one_statement(bad), "{bad}");
    }
    assert!(!is_one_statement(&format!("{run}fn other() {{}}")));
}
