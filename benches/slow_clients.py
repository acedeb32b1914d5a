#!/usr/bin/env python3
"""2,000 slow clients against one honest one.

usage: slow_clients.py [--clients N] [--seconds S] SERVER

SERVER is the example `serve` (cargo build --release --example serve). For each way of being slow
a fresh server is started on loopback. The clients come from 40 addresses of 127/8, send one octet
a second, and come again when the server closes. Meanwhile an honest client at an address of its
own asks for a small feed every 50 ms, each time on a new connection. Printed are the honest
client's times, and the server's threads and memory. Needs Linux, and 3 file descriptors a client.
"""

import argparse
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 5
ADDRESSES = 40
FEED = b"<rss version=\"2.0\"/>\n" + b" " * 2000
LARGE = 26 << 20
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n"
WAYS = {
    "none": None,
    "idle": b"",
    "head": b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ",
    "body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
    "deaf": GET % (b"/b/large", b""),
}


def probe(port, seconds):
    """The honest client: prints the milliseconds of each answer, or `failed`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as honest:
                honest.sendall(GET % (b"/f/a.rss", b"Connection: close\r\n"))
                answer = b""
                while octets := honest.recv(65536):
                    answer += octets
            good = answer.startswith(b"HTTP/1.1 200") and answer.endswith(FEED)
        except OSError:
            good = False
        print((time.perf_counter() - begin) * 1000 if good else "failed")
        time.sleep(0.05)


class Slow(socket.socket):
    """One slow client."""

    greeted = False


class Crowd:
    """The slow clients."""

    def __init__(self, port, greeting, size):
        self.port, self.greeting, self.size = port, greeting, size
        self.clients, self.opened, self.closed = set(), 0, 0

    def join(self):
        """Opens what is missing, without waiting for any."""
        while len(self.clients) < self.size:
            client = Slow()
            client.setblocking(False)
            client.bind((f"127.0.1.{1 + self.opened % ADDRESSES}", 0))
            client.connect_ex(("127.0.0.1", self.port))
            self.clients.add(client)
            self.opened += 1
            if self.opened % 100 == 0:
                time.sleep(0.01)

    def tick(self, reads):
        """One octet from each; those that the server has closed leave."""
        for client in list(self.clients):
            try:
                if not client.greeted:
                    client.send(self.greeting)
                    client.greeted = True
                elif self.greeting:
                    client.send(b"a")
                if reads and client.recv(4096) == b"":
                    raise ConnectionResetError
            except BlockingIOError:
                continue
            except OSError:
                self.clients.discard(client)
                client.close()
                self.closed += 1


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return int(fields["Threads"]), int(fields["VmHWM"].split()[0]) / 1024


def measure(server, folder, way, options):
    child = subprocess.Popen([server, folder, "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(child.stdout.readline().rsplit(":", 1)[1].rstrip("/\n"))
        size = 0 if WAYS[way] is None else options.clients
        crowd = Crowd(port, WAYS[way], size)
        crowd.join()
        crowd.tick(way != "deaf")
        command = [sys.executable, __file__, "--probe", str(port), str(options.seconds)]
        honest = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        threads = 0
        while honest.poll() is None:
            begin = time.monotonic()
            crowd.tick(way != "deaf")
            crowd.join()
            threads = max(threads, status(child.pid)[0])
            time.sleep(max(0, 1 - (time.monotonic() - begin)))
        said = honest.stdout.read().split()
        times = sorted(float(word) for word in said if word != "failed")
        memory = status(child.pid)[1]
        for client in crowd.clients:
            client.close()
    finally:
        child.kill()
        child.wait()
    failed = len(said) - len(times)
    at = lambda part: times[min(len(times) - 1, int(len(times) * part))] if times else float("nan")
    print(
        f"{way:6} {crowd.opened:7} {crowd.closed:7} {len(times):6} {failed:6} "
        f"{at(0.5):9.1f} {at(0.99):9.1f} {at(1):9.1f} {threads:8} {memory:8.1f}",
        flush=True,
    )


def main():
    if sys.argv[1:2] == ["--probe"]:
        return probe(int(sys.argv[2]), float(sys.argv[3]))
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("server")
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/f")
        os.makedirs(f"{folder}/b")
        with open(f"{folder}/f/a.rss", "wb") as feed:
            feed.write(FEED)
        with open(f"{folder}/b/large", "wb") as large:
            large.truncate(LARGE)
        print("slow    opened  closed honest failed median_ms    p99_ms    max_ms  threads   VmHWM_MB")
        for way in WAYS:
            measure(options.server, folder, way, options)


if __name__ == "__main__":
    main()
