#!/usr/bin/env bash
# readKeys of OpenPGP.js reads one armored block: of a file made with `cat a.asc b.asc` the second key is gone.
#
# Package: OpenPGP.js 6.3.2 (npm), next to PySequoia 0.1.35 (PyPI)
# Behaviour: `readKeys({ armoredKeys })` returns the keys of the first block and ignores what follows, without an
#     error. Both keys in one block are read, and so are two binary keys one after the other. Sequoia reads both
#     blocks.
# Seen: two blocks: OpenPGP.js 1, Sequoia 2
#     one block: OpenPGP.js 2, Sequoia 2
#     binary: OpenPGP.js 2
# Why one guesses otherwise: The function's name and its parameter are in the plural, and GnuPG, RNP and Sequoia
#     import such files whole, so people make them. A message for two is sealed to one, and only the other one
#     notices.
# Specification: RFC 9580, section 6.2 (armor is one block); it says nothing of several.
# What to do: Publish several keys as one block, or one file a key. As a reader, split the text at each BEGIN line.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts openpgp@6.3.2 >npm.log
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pysequoia==0.1.35

cat >make.mjs <<'JAVASCRIPT'
import { writeFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const make = async (name) => (await openpgp.generateKey({ userIDs: [{ name }], format: 'object' })).publicKey;
const [first, second] = [await make('First'), await make('Second')];
const binary = Buffer.concat([first.write(), second.write()]);
const twoBlocks = first.armor() + second.armor();
const oneBlock = openpgp.armor(openpgp.enums.armor.publicKey, binary);
writeFileSync('two blocks', twoBlocks);
writeFileSync('one block', oneBlock);
console.log((await openpgp.readKeys({ armoredKeys: twoBlocks })).length);
console.log((await openpgp.readKeys({ armoredKeys: oneBlock })).length);
console.log((await openpgp.readKeys({ binaryKeys: binary })).length);
JAVASCRIPT
{ read -r two; read -r one; read -r binary; } < <(node make.mjs)

sequoia() {
    env/bin/python -c 'import sys, pysequoia; print(len(pysequoia.Cert.split_file(sys.argv[1])))' "$1"
}
{
    echo "two blocks: OpenPGP.js $two, Sequoia $(sequoia 'two blocks')"
    echo "one block: OpenPGP.js $one, Sequoia $(sequoia 'one block')"
    echo "binary: OpenPGP.js $binary"
} >seen

cat >expected <<'TEXT'
two blocks: OpenPGP.js 1, Sequoia 2
one block: OpenPGP.js 2, Sequoia 2
binary: OpenPGP.js 2
TEXT
cat seen
diff expected seen || { echo "changed: OpenPGP.js no longer behaves as stated" >&2; exit 1; }
