//! What garbage costs: the CPU time of the program, in seconds, and the bytes that took it.
//!
//! `cargo bench --bench hostile [-- PROGRAM]`: PROGRAM is another build of cloudim to measure instead,
//! as of an older version. Each line is one attack: by a stranger who calls, or by the web host of a
//! contact, who knows the reader's certificate and nothing else. CPU is counted in hundredths of a
//! second by the kernel, so a machine that does other things shows about the same.

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cloudim::openpgp::Certificate;
use common::garbage::{By, Garbage, of_children, of_process};
use common::hand::Hand;
use common::host::RARELY;
use common::peer::{Peer, friends};
use common::port;
use common::static_host::StaticHost;

/// The most of a feed that is read.
const FEED: usize = 5 << 20;
/// How long a server gets to follow a call.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let own = env!("CARGO_BIN_EXE_cloudim").to_owned();
    let program = arguments.first().unwrap_or(&own);
    println!("{:<58} {:>9} {:>8}", "attack", "bytes", "CPU s");
    feeds(program);
    calls(program);
}

fn show(attack: &str, bytes: usize, seconds: f64) {
    println!("{attack:<58} {bytes:>9} {seconds:>8.2}");
}

/// The program for the home of `peer`.
fn command(program: &str, peer: &Peer, args: &[&str]) -> Command {
    let template = peer.command(args);
    let mut command = Command::new(program);
    command.args(template.get_args()).stdin(Stdio::null());
    for (name, value) in template.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(program: &str, peer: &Peer, args: &[&str]) -> f64 {
    let before = of_children();
    command(program, peer, args).status().unwrap();
    of_children() - before
}

/// What the web host of Mary can put into her feed, in three rounds each.
fn feeds(program: &str) {
    let (john, mary) = friends();
    let (hers, mut eve) = (Hand::of(&mary, &john), Garbage::new(7));
    let (to, signer) = (hers.to.clone(), hers.key.certificate());
    let honest = fs::read(mary.pair_feed()).unwrap();
    type Make<'a> = Box<dyn FnMut(&mut Garbage) -> String + 'a>;
    let packets = eve.bloated_packets(By::The(&signer));
    let bloated = || -> Make<'_> { Box::new(|eve| eve.sealed(&packets, &to)) };
    let attacks: [(&str, usize, Make<'_>); 5] = [
        ("an honest feed", 0, Box::new(|_| String::new())),
        ("one item: 1 MiB, 8 signatures by \"the contact\"", 12 << 10, bloated()),
        ("items: 1 MiB, 8 signatures by \"the contact\"", 266 << 10, bloated()),
        ("the same, as much as is read", FEED - (64 << 10), bloated()),
        ("items that nobody signed", FEED - (64 << 10), Box::new(|eve| eve.small(&to))),
    ];
    for (attack, bytes, make) in attacks {
        let items = if bytes == 0 { Vec::new() } else { eve.items(bytes, make) };
        let feed = hers.feed_with(items).write();
        for round in 1..=2 {
            // As after a change, so that it is read again.
            fs::write(mary.pair_feed(), format!("{feed}{}", "\n".repeat(round))).unwrap();
            let seconds = run(program, &john, &["poll"]);
            show(&format!("{attack}, round {round}"), feed.len(), seconds);
        }
        fs::write(mary.pair_feed(), &honest).unwrap();
        run(program, &john, &["poll"]);
    }
}

/// What a stranger can have a server follow.
fn calls(program: &str) {
    let john = Peer::without_identity("John");
    let authority = format!("127.0.0.1:{}", port::free());
    let url = format!("http://{authority}/");
    john.ok(&["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"]);
    john.set("bind", &format!("\"{authority}\""));
    let certificate = Certificate::parse(&fs::read(john.home().join("public/key.asc")).unwrap());
    let (certificate, mut eve) = (certificate.unwrap(), Garbage::new(8));
    let (host, web) = (StaticHost::bind(), john.file("web"));
    fs::create_dir_all(&web).unwrap();
    host.root(&web);
    let file = eve.key_file();
    let (feed_url, key_url) = (format!("{}f.rss", host.url()), format!("{}key.asc", host.url()));
    let introduction = eve.bloated(&certificate, By::Nobody);
    let feed = eve.feed(introduction, &key_url, &file).write();
    fs::write(web.join("f.rss"), &feed).unwrap();
    fs::write(web.join("key.asc"), &file).unwrap();
    let mut listen = command(program, &john, &["listen", RARELY]).spawn().unwrap();
    let start = Instant::now();
    while std::net::TcpStream::connect(&authority).is_err() {
        assert!(start.elapsed() < PATIENCE, "no server");
        thread::sleep(Duration::from_millis(20));
    }
    let idle = of_process(listen.id());
    let form = format!("feed={feed_url}&key={key_url}");
    let kind = "application/x-www-form-urlencoded";
    let head = format!("POST /pleaseFollow HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    let request =
        format!("{head}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{form}", form.len());
    let mut stream = std::net::TcpStream::connect(&authority).unwrap();
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    // It is over when the key was fetched, and nothing more is done for a second.
    let asked = || host.seen().iter().any(|seen| seen.path.ends_with("key.asc"));
    let (mut last, mut quiet) = (of_process(listen.id()), 0);
    while quiet < 10 {
        assert!(start.elapsed() < PATIENCE, "it is still at it");
        thread::sleep(Duration::from_millis(100));
        let present = of_process(listen.id());
        quiet = if asked() && present - last < 0.015 { quiet + 1 } else { 0 };
        last = present;
    }
    show("a stranger's call to listen", feed.len() + file.len(), last - idle);
    listen.kill().unwrap();
    listen.wait().unwrap();
}
