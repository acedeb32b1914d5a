#!/usr/bin/env bash
# A certificate with an old and a new encryption subkey: which one a message is sealed to depends on who seals.
#
# Package: OpenPGP.js 6.3.2 (npm), PySequoia 0.1.35 and PGPy 0.6.0 (PyPI)
# Behaviour: Both subkeys are valid. OpenPGP.js seals to the newer one. Sequoia seals to both. PGPy seals to the older
#     one, which stands first. (GnuPG 2.2.40, RNP 0.16.3, kbpgp 2.1.19 and Debian 12's gosop take the newer one.)
# Seen: OpenPGP.js: new
#     Sequoia: old new
#     PGPy: old
# Why one guesses otherwise: Whoever adds a subkey expects it to take over, as GnuPG has always done it, and each
#     library opens what each other one seals, so nothing fails. It fails on the day when the old secret is deleted:
#     what PGPy seals cannot be opened any more, and what Sequoia sealed until then can be opened by who has a copy of
#     the old one.
# Specification: RFC 9580, section 10.1 (transferable public keys), says nothing of which one to take.
# What to do: Adding a subkey is no rotation. Revoke the old one or let it expire, and keep its secret for as long as
#     somebody writes with a program that goes on using it. As a writer, choose the subkey yourself.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts openpgp@6.3.2 >npm.log
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pysequoia==0.1.35 PGPy==0.6.0

cat >run.py <<'PYTHON'
import sys
import warnings
from pathlib import Path

import pysequoia

warnings.simplefilter("ignore")
import pgpy  # noqa: E402

if sys.argv[1] == "make":
    key = pysequoia.Tsk.generate("John <john@example.org>", profile=pysequoia.Profile.RFC4880)
    Path("key").write_text(str(key))
else:
    cert = pysequoia.Cert.from_file("cert")
    Path("Sequoia").write_bytes(pysequoia.encrypt(recipients=[cert], bytes=b"hello"))
    key, _ = pgpy.PGPKey.from_file("cert")
    Path("PGPy").write_text(str(key.encrypt(pgpy.PGPMessage.new("hello"))))
PYTHON
cat >rotate.mjs <<'JAVASCRIPT'
import { readFileSync, writeFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const old = await openpgp.readPrivateKey({ armoredKey: readFileSync('key', 'utf8') });
const cert = (await old.addSubkey({ type: 'ecc', curve: 'curve25519Legacy' })).toPublic();
writeFileSync('cert', cert.armor());
const message = await openpgp.createMessage({ text: 'hello' });
writeFileSync('OpenPGP.js', await openpgp.encrypt({ message, encryptionKeys: cert }));
JAVASCRIPT
cat >show.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const cert = await openpgp.readKey({ armoredKey: readFileSync('cert', 'utf8') });
const [old, young] = (await cert.getSubkeys()).filter((subkey) => subkey.getAlgorithmInfo().algorithm === 'ecdh');
for (const program of ['OpenPGP.js', 'Sequoia', 'PGPy']) {
  const message = await openpgp.readMessage({ armoredMessage: readFileSync(program, 'utf8') });
  const to = message.getEncryptionKeyIDs();
  const names = [[old, 'old'], [young, 'new']].filter(([subkey]) => to.some((id) => id.equals(subkey.getKeyID())));
  console.log(`${program}: ${names.map(([, name]) => name).join(' ')}`);
}
JAVASCRIPT

env/bin/python run.py make
sleep 2 # a key's time counts in seconds
node rotate.mjs
env/bin/python run.py seal
node show.mjs >seen

printf 'OpenPGP.js: new\nSequoia: old new\nPGPy: old\n' >expected
cat seen
diff expected seen || { echo "changed: one of the libraries no longer behaves as stated" >&2; exit 1; }
