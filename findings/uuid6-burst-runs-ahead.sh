#!/usr/bin/env bash
# Each UUIDv7 made within the same millisecond moves the clock of the Python package uuid6 a millisecond ahead.
#
# Package: uuid6 2025.0.1 (PyPI)
# Behaviour: If the millisecond is not later than that of the UUID before, the package takes the one before plus one.
#     A program that makes 60,000 in a fraction of a second gets times up to a minute ahead, and goes on from there
#     until the real clock has caught up. Another process starts at the true time.
# Seen: 60000 made at once, in order: True; the last is ahead by about a minute: True
#     one made two seconds later is still ahead by most of that minute: True
#     another process, two seconds later, sorts before it: True
# Why one guesses otherwise: RFC 9562 has bits for a counter within the millisecond, and lets the time run ahead only
#     when that counter overflows. Few UUIDs show nothing. An import of an old archive does: its items are dated after
#     what people write while it runs, and a day's tolerance is used up by 86 million.
# Specification: RFC 9562, section 6.2 (monotonicity and counters; counter rollover handling).
# What to do: Never order by a UUID's time what more than one process writes, and never reject what is slightly ahead.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check uuid6==2025.0.1

env/bin/python - >seen <<'PYTHON'
import subprocess
import sys
import time

from uuid6 import uuid7

COUNT = 60_000


def seconds_ahead(made):
    return (made.int >> 80) / 1000 - time.time()


made = [uuid7() for _ in range(COUNT)]
ahead = seconds_ahead(made[-1])
print(f"{COUNT} made at once, in order: {made == sorted(made)}; the last is ahead by about a minute: {50 < ahead < 61}")
time.sleep(2)
late = uuid7()
print("one made two seconds later is still ahead by most of that minute:", 45 < seconds_ahead(late) < 60)
other = subprocess.run([sys.executable, "-c", "import uuid6; print(uuid6.uuid7())"], stdout=subprocess.PIPE, text=True)
print("another process, two seconds later, sorts before it:", other.stdout.strip() < str(late))
PYTHON

cat >expected <<'TEXT'
60000 made at once, in order: True; the last is ahead by about a minute: True
one made two seconds later is still ahead by most of that minute: True
another process, two seconds later, sorts before it: True
TEXT
cat seen
diff expected seen || { echo "changed: uuid6 no longer behaves as stated" >&2; exit 1; }
