#!/usr/bin/env python3
"""How long a cloud takes to tell the subscribers of a card that it changed.

usage: cloud.py [--alone] [--subscribers N,N…] [--pings N] CLOUDIM

CLOUDIM is the program (cargo build --release). For each number of subscribers a fresh identity
listens on loopback and is the cloud of its card; with --alone another server has the card, and
`cloud run` fetches it. That many callbacks, all of one sink, are registered with it, each proving itself
by the challenge; they are spread over addresses of loopback, since a cloud calls none too often. Then the card changes and is pinged, some times. Printed are, as medians: the
milliseconds from the ping to its answer and to the last notification, the processor seconds of the
cloud for one ping and for one registration; its memory at most; and the notifications that were lost.
The sink shares the machine with the cloud; its own processor seconds are printed too.
"""

import argparse
import asyncio
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 60
ADDRESSES = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(250)]


class Sink(asyncio.Protocol):
    """Answers challenges, and counts notifications."""

    told, last, expected, all_told = 0, 0.0, 0, None

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length:]
            self.answer(head)

    def answer(self, head):
        body = b""
        if head.startswith(b"GET"):
            query = head.split(b" ", 2)[1].partition(b"?")[2].decode()
            body = urllib.parse.parse_qs(query)["challenge"][0].encode()
        else:
            Sink.told += 1
            Sink.last = time.perf_counter()
            if Sink.told == Sink.expected:
                Sink.all_told.set()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def processor(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmHWM"].split()[0]) / 1024


async def post(port, path, form, caller="127.0.0.1"):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = urllib.parse.urlencode(form).encode()
    writer.write(
        b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: %s\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
        % (path.encode(), caller.encode(), len(body), body)
    )
    answer = (await reader.read()).decode()
    writer.close()
    if 'success="true"' not in answer:
        raise SystemExit(f"refused: {answer}")


async def register(port, sink, card, count):
    numbers = iter(range(count))

    async def some():
        for number in numbers:
            form = {"port": sink, "path": f"/{number}", "protocol": "http-post",
                    "domain": ADDRESSES[number % len(ADDRESSES)], "url1": card}
            # One address may register so often only.
            await post(port, "/pleaseNotify", form, f"198.51.{number // 200}.{number % 200}")

    await asyncio.gather(*(some() for _ in range(4)))


async def ping(home, port, card, count, round_number):
    path = os.path.join(home, "public", "card.rss")
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"<!-- {round_number} -->\n")
    Sink.told, Sink.expected, Sink.all_told = 0, count, asyncio.Event()
    begin = time.perf_counter()
    await post(port, "/ping", {"url": card})
    answered = time.perf_counter()
    try:
        await asyncio.wait_for(Sink.all_told.wait(), PATIENCE)
    except asyncio.TimeoutError:
        pass
    return (answered - begin) * 1000, (Sink.last - begin) * 1000, count - Sink.told


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program, home, alone):
    """Starts the cloud, and what serves the card: the processes, the cloud's port, the card's URL."""
    port = free_port()
    base_port = free_port() if alone else port
    base = f"http://127.0.0.1:{base_port}/"
    command = [program, "--home", home, "-q"]
    subprocess.run([*command, "keygen", "--name", "x", "--base-url", base, "--cloud", "self",
                    "--no-passphrase"], check=True, capture_output=True)
    with open(os.path.join(home, "config.toml"), "a", encoding="utf-8") as file:
        file.write('trusted_proxies = ["127.0.0.1"]\n')
    if not alone:
        arguments = ["listen", "--poll-every", "1h"]
        cloud = subprocess.Popen([program, "--home", home, *arguments], stderr=subprocess.PIPE)
        return [cloud], port, f"{base}card.rss"
    host = subprocess.Popen(
        ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
         os.path.join(home, "public"), str(base_port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", base_port)) == 0:
                break
        time.sleep(0.05)
    arguments = ["cloud", "run", "--bind", f"127.0.0.1:{port}"]
    cloud = subprocess.Popen([program, "--home", home, *arguments], stderr=subprocess.PIPE)
    return [cloud, host], port, f"{base}card.rss"


async def measure(program, folder, count, pings, alone):
    home = os.path.join(folder, str(count))
    processes, port, card = start(program, home, alone)
    listening = processes[0]
    try:
        listening.stderr.readline()
        loop = asyncio.get_running_loop()
        sink = free_port()
        server = await loop.create_server(Sink, ADDRESSES, sink, backlog=1024)
        before = processor(listening.pid)
        await register(port, sink, card, count)
        registered = (processor(listening.pid) - before) / count
        answers, lasts, spent, own, lost = [], [], [], [], 0
        for number in range(pings):
            cloud, driver = processor(listening.pid), time.process_time()
            answered, last, missing = await ping(home, port, card, count, number)
            # One that fetches looks once a second.
            await asyncio.sleep(1.1 if alone else 0.2)
            answers.append(answered)
            lasts.append(last)
            spent.append(processor(listening.pid) - cloud)
            own.append(time.process_time() - driver)
            lost += missing
        middle = statistics.median
        print(f"{count:11} {middle(answers):9.1f} {middle(lasts):9.1f} {middle(spent):9.3f} "
              f"{registered * 1000:12.2f} {memory(listening.pid):8.1f} {lost:5} {middle(own):9.3f}",
              flush=True)
        server.close()
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--subscribers", default="1,100,1000,5000")
    parser.add_argument("--pings", type=int, default=7)
    parser.add_argument("program")
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        print("subscribers answer_ms   last_ms     cpu_s cpu_ms_a_reg VmHWM_MB  lost sink_cpu_s")
        for count in options.subscribers.split(","):
            program = os.path.abspath(options.program)
            asyncio.run(measure(program, folder, int(count), options.pings, options.alone))


if __name__ == "__main__":
    main()
