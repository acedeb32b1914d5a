//! Serves a folder as `listen` serves `public/`: `serve DIR ADDR:PORT`.
//!
//! It has the program's own server and limits and nothing else, so that both can be measured.

use std::net::TcpListener;
use std::process::ExitCode;

use cloudim::listen::hosting::public::Hosting;
use cloudim::transport::server::{Limits, Request, Stop, serve};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, address] = arguments.as_slice() else {
        eprintln!("usage: serve DIR ADDR:PORT");
        return ExitCode::from(2);
    };
    let served = TcpListener::bind(address).and_then(|listener| {
        println!("serving {dir} at http://{}/", listener.local_addr()?);
        let hosting = Hosting::new(dir.into());
        let handler = move |request: Request| hosting.answer(&request);
        serve(listener, Limits::default(), Stop::new(), handler)
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("cannot serve at `{address}`: {cause}");
            ExitCode::FAILURE
        }
    }
}
