//! What the disk alone tells.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cloudim::protocol::feed::channel::Channel;

use super::{check, the};
use crate::common::peer::{Peer, friends, in_hours};

/// A way to damage a feed.
type Damage = fn(&mut Channel);

/// The feed at `path`, changed.
fn change(path: &Path, change: impl FnOnce(&mut Channel)) {
    let mut feed = Channel::parse(&fs::read(path).unwrap()).unwrap();
    change(&mut feed);
    fs::write(path, feed.write()).unwrap();
}

#[test]
fn where_all_is_well_each_line_says_so() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    mary.poll();
    john.poll();
    for peer in [&john, &mary] {
        let ran = peer.run(&["check"]).expect(0);
        let levels: Vec<&str> =
            ran.stdout.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert!(levels.iter().all(|level| ["ok", "note", "setting"].contains(level)), "{ran:?}");
        assert_eq!(ran.stderr, "");
    }
    let said = mary.ok(&["check"]);
    assert!(
        said.contains("ok\tjohn\tall that it has written is here, up to sequence 1\n"),
        "{said}"
    );
    let said = john.ok(&["check", "mary"]);
    assert!(said.contains("ok\tmary\tit has acknowledged all that was written to it\n"), "{said}");
    assert!(said.lines().all(|line| line.split('\t').nth(1) == Some("mary")), "{said}");
    assert_eq!(john.ok(&["--quiet", "check"]), "");
    assert!(john.fails(&["check", "marry"], 1).contains("did you mean `mary`?"));
}

#[test]
fn messages_that_are_missing_are_named_until_they_come() {
    let (john, mary) = friends();
    mary.set("stale_grace", "\"0s\"");
    for text in ["one", "two", "three"] {
        john.send(&mary, text);
    }
    let feed = john.pair_feed();
    let whole = fs::read(&feed).unwrap();
    change(&feed, |feed| drop(feed.items.remove(1)));
    mary.run(&["poll"]);
    mary.run(&["poll"]);
    let found = check(&mary, &["john"], 5);
    let gap = the(&found, "john", "gap");
    assert!(gap.text.contains("sequence 2;"), "{gap:?}");
    assert_eq!((gap.status, gap.hint.as_str()), (5, "cloudim poll john"));
    fs::write(&feed, whole).unwrap();
    mary.run(&["poll", "john"]);
    assert!(check(&mary, &["john"], 0).is_empty());
}

#[test]
fn what_was_refused_and_what_is_held_leaves_its_trace() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    john.send(&mary, "two");
    change(&john.pair_feed(), |feed| {
        feed.items[0].description =
            Some("-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n".to_owned());
    });
    mary.run(&["poll"]);
    let found = check(&mary, &[], 5);
    let refused = the(&found, "john", "refused");
    assert!(refused.text.starts_with("1 item is refused: "), "{refused:?}");
    assert!(refused.hint.contains("ask `john`"), "{refused:?}");
}

#[test]
fn files_that_others_may_read_are_told_with_the_command_that_mends_it() {
    let john = Peer::john();
    let secret = john.home().join("secret.asc");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let found = check(&john, &[], 1);
    let told = the(&found, "secret.asc", "readable");
    let mended = std::process::Command::new("sh").arg("-c").arg(&told.hint).status().unwrap();
    assert!(mended.success(), "{told:?}");
    assert!(check(&john, &[], 0).iter().all(|found| found.level == "note"));
}

#[test]
fn a_publish_command_that_has_not_succeeded_is_status_7() {
    let john = Peer::john();
    let done = john.file("done");
    john.set("publish", &format!("\"test -e '{}'\"", done.display()));
    assert_eq!(the(&check(&john, &[], 7), "publish", "never").hint, "cloudim publish");
    john.fails(&["publish"], 7);
    the(&check(&john, &[], 7), "publish", "never");
    fs::write(&done, "").unwrap();
    john.ok(&["publish"]);
    assert!(check(&john, &[], 0).is_empty());
}

#[test]
fn a_publish_command_that_failed_last_is_told_with_when_and_what_it_said() {
    let (john, mary) = friends();
    let done = john.file("done");
    let command = format!("echo ready; echo 'no route to host' >&2; test -e '{}'", done.display());
    john.set("publish", &format!("'''{command}'''"));
    let never = check(&john, &[], 7);
    assert_eq!(the(&never, "publish", "never").hint, "cloudim publish");
    john.fails(&["publish"], 7);
    let never = check(&john, &[], 7);
    let told = the(&never, "publish", "never");
    assert!(told.text.contains("(status 1); it printed last: ready\nno route to host"), "{told:?}");
    fs::write(&done, "").unwrap();
    john.ok(&["publish"]);
    fs::remove_file(&done).unwrap();
    john.run(&["send", "mary", "-m", "kept"]).expect(7);
    let found = check(&john, &[], 7);
    let told = the(&found, "publish", "failed");
    let today = in_hours(0)[..10].to_owned();
    assert!(told.text.contains(&format!("the run of {today} ")), "{told:?}");
    assert!(told.text.contains("it printed last: ready\nno route to host"), "{told:?}");
    assert!(told.hint.ends_with("cloudim publish"), "{told:?}");
    let line = john.run(&["check"]).expect(7).stdout;
    assert!(line.contains("it printed last: ready no route to host\thint: "), "{line}");
    fs::write(&done, "").unwrap();
    john.ok(&["publish"]);
    check(&john, &[], 0);
    // A run with nothing new that fails, as that of git does, is no trouble.
    fs::remove_file(&done).unwrap();
    john.ok(&["publish"]);
    check(&john, &[], 0);
    drop(mary);
}

#[test]
fn an_attachment_that_was_cut_or_changed_is_told_and_put_back_out_of_what_was_published() {
    let (john, mary) = friends();
    let www = john.file("www");
    john.set("publish", &format!("\"rm -rf '{0}' && cp -r {{}} '{0}'\"", www.display()));
    let file = john.file("cat.png");
    fs::write(&file, "a cat").unwrap();
    john.ok(&["send", "mary", "-m", "see", "-a", file.to_str().unwrap()]);
    john.host.root(&www);
    let sealed = crate::common::peer::attachments(&john).remove(0);
    let whole = fs::read(&sealed).unwrap();
    let mut changed = whole.clone();
    changed[100] ^= 1;
    for (damaged, finding) in [
        (Some(whole[..90].to_vec()), "damaged"),
        (Some(changed), "damaged"),
        (Some(Vec::new()), "damaged"),
        (None, "lost"),
    ] {
        match damaged {
            Some(bytes) => fs::write(&sealed, bytes).unwrap(),
            None => fs::remove_file(&sealed).unwrap(),
        }
        let found = check(&john, &["mary"], 1);
        assert_eq!(found.len(), 1, "the host has it whole: {found:#?}");
        let told = the(&found, "mary", finding);
        assert_eq!((told.status, &*told.hint), (1, "cloudim check mary --repair"), "{told:?}");
        let found = check(&john, &["mary", "--repair"], 0);
        assert!(the(&found, "mary", "rebuilt").text.contains("`cat.png`"), "{found:?}");
        assert!(fs::read(&sealed).unwrap() == whole);
    }
    // Where no copy is left here, the host has one.
    fs::remove_dir_all(john.home().join("mirror")).unwrap();
    fs::write(&sealed, "cut").unwrap();
    the(&check(&john, &["mary", "--repair"], 0), "mary", "rebuilt");
    assert!(fs::read(&sealed).unwrap() == whole);
    fs::remove_dir_all(john.home().join("mirror")).unwrap();
    fs::remove_dir_all(www.join("b")).unwrap();
    fs::write(&sealed, "cut").unwrap();
    let ran = john.run(&["--format", "json", "check", "mary", "--repair"]);
    let found = super::findings(&ran);
    let told = the(&found, "mary", "not-repaired");
    assert!(told.hint.contains("cloudim send mary -a FILE"), "{told:?}");
    drop(mary);
}

#[test]
fn an_item_and_an_archive_that_are_not_as_they_were_written_are_told_and_rebuilt() {
    let (john, mary) = friends();
    for number in 0..12 {
        john.feed(&["send", "mary"], format!("{number} {}", "x".repeat(7_000))).expect(0);
    }
    let damages: [(bool, Damage); 4] = [
        (false, |feed| feed.items[0].description = feed.items[1].description.clone()),
        (false, |feed| drop(feed.items.remove(0))),
        (true, |archive| drop(archive.items.remove(0))),
        (true, |archive| archive.items.clear()),
    ];
    for (is_archive, damage) in damages {
        let mut feeds = john.pair_feeds();
        // An archive that is written anew has another number.
        feeds.sort_by_key(|path| path.as_os_str().len());
        change(&feeds[usize::from(is_archive)], damage);
        let found = check(&john, &["mary"], 1);
        assert_eq!(the(&found, "mary", "lost").hint, "cloudim check mary --repair");
        the(&check(&john, &["mary", "--repair"], 0), "mary", "rebuilt");
        assert!(check(&john, &["mary"], 0).is_empty());
    }
    assert_eq!(mary.poll().len(), 12);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn each_setting_is_told_with_where_it_comes_from() {
    let john = Peer::john();
    john.set("retention", "\"2w\"");
    let mut command = john.command(&["--timeout", "5s", "check"]);
    command.env("CLOUDIM_FORMAT", "text");
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    for line in [
        "setting\t--timeout\t5s\tfrom: flag\n",
        "setting\t--format\ttext\tfrom: variable\n",
        "setting\tretention\t14d\tfrom: config.toml\n",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(!said.contains("stale_grace"), "as usual: {said}");
    let all = john.ok(&["-v", "check"]);
    assert!(all.contains("setting\tthird_party_cloud\tfalse\tfrom: default\n"), "{all}");
    let json = john.ok(&["--format", "json", "check"]);
    assert!(
        json.contains(r#""setting":"history","value":"for good","origin":"default""#),
        "{json}"
    );
}

#[test]
fn a_damaged_file_of_one_contact_is_told_and_the_rest_is_looked_at() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    fs::write(john.home().join("contacts/mary/delivered"), "?").unwrap();
    let found = check(&john, &[], 1);
    assert_eq!(the(&found, "mary", "unreadable").status, 1);
    fs::write(john.home().join("contacts/mary/contact.toml"), "?").unwrap();
    assert_eq!(the(&check(&john, &[], 1), "mary", "unreadable").status, 1);
}
