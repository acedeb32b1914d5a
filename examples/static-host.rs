//! A static web host for trying cloudim on one machine: `static-host DIR ADDR:PORT`.
//!
//! It serves the files of DIR by GET and HEAD, with ETag and 304, never anything outside of DIR,
//! and prints one line when it is ready. For loopback only: it bounds neither clients nor threads.

#[path = "../tests/common/static_host.rs"]
mod static_host;

use std::path::Path;
use std::process::ExitCode;

use static_host::StaticHost;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, address] = arguments.as_slice() else {
        eprintln!("usage: static-host DIR ADDR:PORT");
        return ExitCode::from(2);
    };
    match StaticHost::bind_to(address) {
        Ok(host) => {
            host.root(Path::new(dir));
            println!("serving {dir} at {}", host.url());
            host.wait();
            ExitCode::SUCCESS
        }
        Err(cause) => {
            eprintln!("cannot listen at `{address}`: {cause}");
            ExitCode::FAILURE
        }
    }
}
