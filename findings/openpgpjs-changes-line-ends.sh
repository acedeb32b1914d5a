#!/usr/bin/env bash
# One sealed text has two contents: OpenPGP.js and Sequoia disagree about its line ends, both ways.
#
# Package: OpenPGP.js 6.3.2 (npm) and PySequoia 0.1.35 (PyPI)
# Behaviour: `createMessage({ text })` stores line feeds as CR LF. OpenPGP.js gives line feeds back, Sequoia hands
#     over the octets as they are. Read as text, which is the default, OpenPGP.js takes CRs out of binary data too,
#     which promises to be left alone.
# Seen: OpenPGP.js seals the text "a\nb\n": OpenPGP.js reads "a\nb\n", Sequoia reads "a\r\nb\r\n"
#     Sequoia seals the octets "a\r\nb\r\n": OpenPGP.js reads "a\nb\n", as binary "a\r\nb\r\n"
# Why one guesses otherwise: Encryption gives back what was put in. Each library does so with its own messages, so no
#     test of one of them shows it. A hash over the content, a chain of hashes, or a detached signature then fits for
#     some readers only. With a lone CR in the text there is a third reading: GnuPG 2.2 drops it.
# Specification: RFC 9580, section 5.9 (literal data: text has CR LF inside; binary is not converted).
# What to do: Seal XML and all else that gets hashed with `createMessage({ binary })`, and read it with the format
#     `binary`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts openpgp@6.3.2 >npm.log
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pysequoia==0.1.35

cat >seal.mjs <<'JAVASCRIPT'
import { writeFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const { privateKey: key } = await openpgp.generateKey({ userIDs: [{ name: 'John' }], format: 'object' });
writeFileSync('key', key.armor());
const message = await openpgp.createMessage({ text: 'a\nb\n' });
writeFileSync('from OpenPGP.js', await openpgp.encrypt({ message, encryptionKeys: key.toPublic() }));
JAVASCRIPT
cat >open.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const [, , file, format] = process.argv;
const decryptionKeys = await openpgp.readPrivateKey({ armoredKey: readFileSync('key', 'utf8') });
const message = await openpgp.readMessage({ armoredMessage: readFileSync(file, 'utf8') });
const { data } = await openpgp.decrypt({ message, decryptionKeys, ...(format && { format }) });
console.log(JSON.stringify(Buffer.from(data).toString()));
JAVASCRIPT
cat >sequoia.py <<'PYTHON'
import json
import sys
from pathlib import Path

from pysequoia import Cert, Tsk, decrypt, encrypt

if sys.argv[1] == "seal":
    Path("from Sequoia").write_bytes(encrypt(recipients=[Cert.from_file("key")], bytes=b"a\r\nb\r\n"))
else:
    sealed = Path("from OpenPGP.js").read_bytes()
    print(json.dumps(decrypt(decryptor=Tsk.from_file("key").decryptor(), bytes=sealed).bytes.decode()))
PYTHON

node seal.mjs
env/bin/python sequoia.py seal
own=$(node open.mjs 'from OpenPGP.js')
others=$(env/bin/python sequoia.py open)
text=$(node open.mjs 'from Sequoia')
binary=$(node open.mjs 'from Sequoia' binary)
cat >seen <<TEXT
OpenPGP.js seals the text "a\nb\n": OpenPGP.js reads $own, Sequoia reads $others
Sequoia seals the octets "a\r\nb\r\n": OpenPGP.js reads $text, as binary $binary
TEXT
cat >expected <<'TEXT'
OpenPGP.js seals the text "a\nb\n": OpenPGP.js reads "a\nb\n", Sequoia reads "a\r\nb\r\n"
Sequoia seals the octets "a\r\nb\r\n": OpenPGP.js reads "a\nb\n", as binary "a\r\nb\r\n"
TEXT
cat seen
diff expected seen || { echo "changed: OpenPGP.js or Sequoia no longer behaves as stated" >&2; exit 1; }
