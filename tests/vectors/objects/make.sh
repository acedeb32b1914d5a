#!/bin/sh
# Writes the sealed vectors of this folder by GnuPG, and the keys that they need; other keys each time.
# Run it here, after make.py.
set -eu
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
gpg() { command gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' "$@"; }
for name in John Mary; do
    gpg --quick-generate-key "$name" ed25519 default never
    fingerprint=$(gpg --list-keys --with-colons "$name" | awk -F: '/^fpr/ { print $10; exit }')
    gpg --quick-add-key "$fingerprint" cv25519 encr never
    lower=$(echo "$name" | tr JM jm)
    gpg --armor --no-emit-version --export "$fingerprint" >"$lower.cert.asc"
    gpg --armor --no-emit-version --export-secret-keys "$fingerprint" >"$lower.secret.asc"
done
seal() {
    gpg --armor --no-emit-version --compress-algo none --set-filename '' --trust-model always \
        --local-user John --sign --encrypt "$@"
}
# Readers first and hidden, the writer last and named, as PROTOCOL §2 has it.
seal --hidden-recipient Mary --recipient John <item-with-head.xml >gpg-item.asc
# The other way round: each reader has to try.
seal --recipient John --hidden-recipient Mary <item-with-head.xml >gpg-item-own-first.asc
seal --hidden-recipient Mary --hidden-recipient John <state-missing-gone.xml >gpg-state-all-hidden.asc
gpgconf --kill gpg-agent
rm -rf "$GNUPGHOME"

# The same by this program, with the same keys: an item of a classic pair. Attended to only if CLOUDIM names it.
[ -n "${CLOUDIM:-}" ] || exit 0
homes=$(mktemp -d)
john() { "$CLOUDIM" --quiet --home "$homes/john" "$@"; }
mary() { "$CLOUDIM" --quiet --home "$homes/mary" "$@"; }
export XDG_STATE_HOME="$homes"
john keygen --import john.secret.asc --name John --base-url https://john.example --no-passphrase
mary keygen --import mary.secret.asc --name Mary --base-url https://mary.example --no-passphrase
john handshake invite --output "$homes/invitation"
mary handshake accept --input "$homes/invitation" --output "$homes/acceptance"
john handshake accept --input "$homes/acceptance"
john compose -m 'dinner at eight?' | john encrypt --to mary | sed -n '/-----BEGIN/,/-----END/p' |
    sed -e 's/.*<description>//' -e 's/<\/description>.*//' >cloudim-item.asc
rm -rf "$homes"
