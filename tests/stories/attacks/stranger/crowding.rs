//! Strangers who take the room of the others at our server.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use cloudim::transport::server::{Limits, Request, Response};
use rustix::net::{AddressFamily, SocketType};

use crate::server::wire::{Client, PATIENCE, Server};

/// A client at 127.0.0.`last`.
fn client(last: u8, server: &Server) -> Client {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let from = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), 0);
    rustix::net::bind(&socket, &from).unwrap();
    let SocketAddr::V4(to) = server.address else { panic!("{}", server.address) };
    rustix::net::connect(&socket, &to).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Client(stream)
}

fn start(limits: Limits) -> Server {
    Server::start(limits, |request: Request| Response::text(200, &request.peer.to_string()))
}

fn asks(client: &mut Client) -> u16 {
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.reply().status()
}

#[test]
fn holds_every_connection_idle_and_keeps_nobody_else_out() {
    let server = start(Limits { connections: 8, per_address: 8, ..Limits::default() });
    let mut held: Vec<Client> = (0..8).map(|_| client(1, &server)).collect();
    // One of them has asked, so that all are there.
    assert_eq!(asks(&mut held[7]), 200);
    let mut honest: Vec<Client> = (2..5).map(|last| client(last, &server)).collect();
    for client in &mut honest {
        assert_eq!(asks(client), 200);
    }
    for client in &mut held[..3] {
        assert_eq!(client.rest(), b"", "the oldest were closed");
    }
    assert_eq!(asks(&mut held[7]), 200, "the others go on");
    // The attacker gets no more by coming again.
    let mut again = client(1, &server);
    assert_eq!(again.reply().status(), 503);
    for client in &mut honest {
        assert_eq!(asks(client), 200);
    }
}

#[test]
fn fills_the_memory_with_unfinished_bodies_and_costs_the_others_nothing() {
    let server = start(Limits { body_bytes: 1_000, bodies_bytes: 2_000, ..Limits::default() });
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    let mut held: Vec<Client> = (0..2).map(|_| client(1, &server)).collect();
    for client in &mut held {
        client.send(format!("{head}{}", "a".repeat(950)));
    }
    std::thread::sleep(Duration::from_millis(200));
    let mut honest = client(2, &server);
    honest.send(format!("{head}{}", "a".repeat(1_000)));
    assert_eq!(honest.reply().status(), 200);
    assert_eq!(held[0].rest(), b"", "the oldest of who has most went");
}
