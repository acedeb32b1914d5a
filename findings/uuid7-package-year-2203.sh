#!/usr/bin/env bash
# The Python package uuid7 makes version-7 UUIDs whose time lies in the 23rd century.
#
# Package: uuid7 0.1.0 (PyPI; the module is uuid_extensions)
# Behaviour: The package follows a draft of 2021: its first 36 bits count seconds, and fractions follow. RFC 9562 has
#     milliseconds in the first 48 bits. Version and variant are those of RFC 9562 all the same. Read by the RFC, the
#     time since 1970 is 4.096 times too long: a UUID made in November 2026 says February 2203.
# Seen: version 7, RFC 9562 variant True
#     time by RFC 9562 / true time: 4.096
#     sorts after one made in the year 2100: True
# Why one guesses otherwise: The package has the name of the thing and is among the 2,000 most downloaded of PyPI.
#     What it makes passes each check of the form, and sorts well among its own kind. Only next to another maker's
#     UUIDs, or where somebody reads the time, does it show: such items stay on top for 176 years.
# Specification: RFC 9562, section 5.7 (unix_ts_ms: 48 bits, milliseconds).
# What to do: Take `uuid.uuid7` of Python 3.14 or a package that names RFC 9562. As a reader, bound times to come.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check uuid7==0.1.0

env/bin/python - >seen <<'PYTHON'
import datetime
import time
import uuid

from uuid_extensions import uuid7

made = uuid7()
milliseconds = time.time_ns() // 1_000_000
print(f"version {made.version}, RFC 9562 variant {made.variant == uuid.RFC_4122}")
print(f"time by RFC 9562 / true time: {(made.int >> 80) / milliseconds:.3f}")
later = int(datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) * 1000
later = uuid.UUID(int=later << 80 | 7 << 76 | 2 << 62)
print("sorts after one made in the year 2100:", made > later)
PYTHON

cat >expected <<'TEXT'
version 7, RFC 9562 variant True
time by RFC 9562 / true time: 4.096
sorts after one made in the year 2100: True
TEXT
cat seen
diff expected seen || { echo "changed: uuid7 no longer behaves as stated" >&2; exit 1; }
