#!/usr/bin/env python3
"""How long a message takes from `send` to the other's `listen --print`, on loopback.

usage: latency.py [--messages N] [--profile default|classic] CLOUDIM

CLOUDIM is the program (cargo build --release). Two identities listen, each the cloud of its own
feeds; John sends one message after the other, each when the last was printed. Measured are the
milliseconds from the start of the process `send` to the line that Mary's `listen --print` writes,
and from that process's end. With --poll the net is as wide as it can be, so that nothing is found
by chance. Printed are median, 95th percentile and maximum, and the memory of both listeners.
"""

import argparse
import os
import socket
import statistics
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    def __init__(self, program, folder, name, profile):
        self.program, self.home = program, os.path.join(folder, name)
        self.url = f"http://127.0.0.1:{free_port()}/"
        self.run("keygen", "--name", name, "--base-url", self.url, "--cloud", "self",
                 "--profile", profile, "--no-passphrase")

    def run(self, *words):
        command = [self.program, "--home", self.home, "-q", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL).stdout

    def listen(self):
        command = [self.program, "--home", self.home, "listen", "--print", "--poll-every", "1h"]
        self.listening = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True)
        self.listening.stderr.readline()

    def memory(self):
        with open(f"/proc/{self.listening.pid}/status", encoding="ascii") as lines:
            fields = dict(line.split(":", 1) for line in lines)
        return int(fields["VmHWM"].split()[0]) / 1024


def until(what, holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit(f"in vain: {what}")


def has_lease(peer, name):
    with open(os.path.join(peer.home, "contacts", name, "contact.toml"), encoding="utf-8") as file:
        return "\nuntil = " in file.read()


def measure(john, mary, messages):
    whole, after = [], []
    for number in range(messages):
        begin = time.perf_counter()
        john.run("send", "mary", "-m", f"message {number}")
        sent = time.perf_counter()
        line = mary.listening.stdout.readline()
        end = time.perf_counter()
        if not line.endswith(f"  john  message {number}\n"):
            raise SystemExit(f"not message {number}: {line}")
        whole.append((end - begin) * 1000)
        after.append((end - sent) * 1000)
    return whole, after


def row(name, times):
    times = sorted(times)
    at = times[min(len(times) - 1, int(len(times) * 0.95))]
    print(f"{name:34} {statistics.median(times):8.1f} {at:8.1f} {times[-1]:8.1f}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--profile", default="default")
    parser.add_argument("program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.abspath(options.program)
        john, mary = (Peer(program, folder, name, options.profile) for name in ("john", "mary"))
        try:
            john.listen()
            mary.listen()
            john.run("handshake", "invite", mary.url)
            until("the invitation", lambda: "john" in mary.run("handshake", "list"))
            mary.run("handshake", "accept", "john")
            until("the acceptance", lambda: john.run("contacts").startswith("mary\t"))
            for peer, name in ((john, "mary"), (mary, "john")):
                until("the registration", lambda: has_lease(peer, name))
            whole, after = measure(john, mary, options.messages)
            print(f"{options.messages} messages, milliseconds         median     p95      max")
            row("from the start of send to the line", whole)
            row("from its end to the line", after)
            print(f"VmHWM of the listeners: {john.memory():.1f} and {mary.memory():.1f} MB")
        finally:
            for peer in (john, mary):
                if hasattr(peer, "listening"):
                    peer.listening.terminate()
                    peer.listening.wait()


if __name__ == "__main__":
    main()
