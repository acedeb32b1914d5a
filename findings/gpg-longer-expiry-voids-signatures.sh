#!/usr/bin/env bash
# A later expiry date, set with GnuPG, makes OpenPGP.js and Sequoia refuse all that the key signed before.
#
# Package: GnuPG 2.2.40 (Debian 12), OpenPGP.js 6.3.2 (npm), PySequoia 0.1.35 (PyPI)
# Behaviour: GnuPG replaces the key's self-signature by one with today's date. OpenPGP.js and Sequoia ask what was in
#     force when a message was signed, and find nothing as old as that. GnuPG itself accepts the old signature. With
#     the certificate from before merged in, which still has the first self-signature, the other two accept it as
#     well.
# Seen: before: OpenPGP.js good, Sequoia good
#     after: OpenPGP.js bad, Sequoia bad, GnuPG good
#     merged: OpenPGP.js good, Sequoia good
# Why one guesses otherwise: A key that lives longer loses nothing: same key, same fingerprint, never expired, never
#     revoked, and its owner sees only good signatures. The standard does not say which self-signature counts for a
#     past time. OpenPGP.js words it "Signature creation time is in the future", which sends one looking for a wrong
#     clock.
# Specification: RFC 9580, section 5.2.3.10 (notes on self-signatures: of several, the newest is taken).
# What to do: Add a self-signature and keep the old ones: publish the merged certificate. As a reader, merge a fetched
#     certificate into the one that you have, do not replace it. As a writer of a feed, sign again what it still
#     offers.
set -euo pipefail

folder=$(mktemp -d)
export GNUPGHOME=$folder/gnupg
trap 'gpgconf --kill gpg-agent; rm -rf "$folder"' EXIT
cd "$folder"
mkdir -m 700 gnupg
version=$(gpg --version | sed -n '1s/.* //p')
[[ $version == 2.2.40 ]] || echo "This is about GnuPG 2.2.40; here is $version."
npm install --silent --no-audit --no-fund --ignore-scripts openpgp@6.3.2 >npm.log
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pysequoia==0.1.35

gpg_at() {
    gpg --batch --yes --quiet --pinentry-mode loopback --passphrase '' --faked-system-time "$1" "${@:2}" 2>>gpg.log
}
echo 'hello' >message
gpg_at 20250101T000000 --quick-generate-key 'John <john@example.org>' ed25519 sign 3y
fingerprint=$(gpg --list-keys --with-colons 2>>gpg.log | awk -F: '$1 == "fpr" { print $10; exit }')
gpg_at 20250601T000000 --output signature --detach-sign message
gpg_at 20250701T000000 --armor --output before --export
gpg_at 20251201T000000 --quick-set-expire "$fingerprint" never
gpg_at 20251202T000000 --armor --output after --export

cat >verify.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import * as openpgp from 'openpgp';

const read = (file) => openpgp.readKey({ armoredKey: readFileSync(file, 'utf8') });
const which = process.argv[2];
const key = which === 'merged' ? await (await read('before')).update(await read('after')) : await read(which);
const { signatures } = await openpgp.verify({
  message: await openpgp.createMessage({ binary: readFileSync('message') }),
  signature: await openpgp.readSignature({ binarySignature: readFileSync('signature') }),
  verificationKeys: key,
});
console.log(await signatures[0].verified.then(() => 'good', () => 'bad'));
JAVASCRIPT
cat >verify.py <<'PYTHON'
import sys

from pysequoia import Cert, Sig, verify

which = sys.argv[1]
cert = Cert.from_file("before").merge(Cert.from_file("after")) if which == "merged" else Cert.from_file(which)
try:
    verify(file="message", store=lambda ids: [cert], signature=Sig.from_file("signature"))
    print("good")
except Exception:
    print("bad")
PYTHON

gnupg=$(gpg --batch --verify signature message >>gpg.log 2>&1 && echo good || echo bad)
for which in before after merged; do
    own=$([[ $which == after ]] && echo ", GnuPG $gnupg" || true)
    echo "$which: OpenPGP.js $(node verify.mjs $which), Sequoia $(env/bin/python verify.py $which)$own"
done >seen

cat >expected <<'TEXT'
before: OpenPGP.js good, Sequoia good
after: OpenPGP.js bad, Sequoia bad, GnuPG good
merged: OpenPGP.js good, Sequoia good
TEXT
cat seen
diff expected seen || { echo "changed with GnuPG $version: no longer as stated" >&2; exit 1; }
