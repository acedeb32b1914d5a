#!/bin/sh
# Makes the certificates of this folder anew, with the programs that its README names. OpenPGP.js
# is looked for where node looks for it, from the folder that OPENPGP_JS names (default: here).
set -eu
out=$(cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
export GNUPGHOME="$work/gnupg" LC_ALL=C TZ=UTC
trap 'gpgconf --kill all; rm -rf "$work"' EXIT
mkdir -m 700 "$GNUPGHOME"
cd "$work"

day0=20260101T000000 day20=20260121T000000 day30=20260131T000000 day40=20260210T000000
day60=20260302T000000 old=20200101T000000
future=20990101T000000

# damage IN OUT: turns the last byte, which belongs to the last subkey's binding.
damage() {
    gpg --dearmor <"$1" >damaged
    size=$(wc -c <damaged)
    last=$(tail -c 1 damaged | od -An -tu1)
    head -c $((size - 1)) damaged >bytes
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((255 - last)))" >>bytes
    sq armor --label cert <bytes >"$2"
}

## gpg

at() { # TIME ARGUMENT...
    time=$1
    shift
    gpg --batch --yes --quiet --no-tty --pinentry-mode loopback --passphrase '' \
        --faked-system-time "$time!" --trust-model always "$@"
}
fingerprint() { at $day0 --with-colons --list-keys "=$1" | awk -F: '/^fpr/ { print $10; exit }'; }
subkey() { at $day0 --with-colons --list-keys "=$1" | awk -F: '/^fpr/ { last = $10 } END { print last }'; }
gpg_key() { # TIME NAME EXPIRES [SUBKEY-EXPIRES]
    at "$1" --quick-generate-key "$2" ed25519 cert,sign "$3"
    at "$1" --quick-add-key "$(fingerprint "$2")" cv25519 encr "${4:-never}"
}
gpg_export() { at $day0 --armor --export "=$1" >"$out/gpg-$2.asc"; }
gpg_revoke() { # NAME REASON
    printf 'y\n%s\n\ny\n' "$2" | gpg --no-tty --quiet --faked-system-time "$day40!" \
        --command-fd 0 --armor --gen-revoke "=$1" >revocation.asc
    at $day40 --import revocation.asc
}

gpg_key $day0 Fresh never
gpg_export Fresh fresh
damage "$out/gpg-fresh.asc" "$out/gpg-damaged.asc"
gpg_key $day0 Rotated never 40d
at $day30 --quick-add-key "$(fingerprint Rotated)" cv25519 encr never
gpg_export Rotated rotated
gpg_key $day0 Expired 40d 40d
gpg_export Expired expired
gpg_key $day0 Expiring never 40d
gpg_export Expiring expiring
gpg_key $day0 Soft never
gpg_revoke Soft 3
gpg_export Soft soft-revoked
gpg_key $day0 Hard never
gpg_revoke Hard 1
gpg_export Hard hard-revoked
gpg_key $day0 Eve never
certify() { # FILE NAME OUT: Eve certifies what another program has made.
    at "$4" --import "$1"
    at "$4" --local-user Eve --quick-sign-key "$(fingerprint "$2")"
    at "$4" --armor --export "$(fingerprint "$2")" >"$3"
}
gpg_key $day0 Certified never
at $day20 --local-user Eve --quick-sign-key "$(fingerprint Certified)"
gpg_export Certified certified
gpg_key $day0 Names never
at $day20 --quick-add-uid "$(fingerprint Names)" Second
at $day20 --quick-add-uid "$(fingerprint Names)" Third
at $day40 --quick-revoke-uid "$(fingerprint Names)" Second
gpg_export Names user-ids
gpg_key $day0 Signing never
at $day30 --quick-add-key "$(fingerprint Signing)" ed25519 sign never
gpg_export Signing signing-subkey
gpg_key $future Future never
gpg_export Future future
gpg_key $day0 Renewed 40d 40d
at $day60 --quick-set-expire "$(fingerprint Renewed)" never
at $day60 --quick-set-expire "$(fingerprint Renewed)" never "$(subkey Renewed)"
gpg_export Renewed renewed
for time in $day0 $old; do
    at $time --cert-digest-algo SHA1 --quick-generate-key Sha$time rsa2048 cert,sign never
    at $time --cert-digest-algo SHA1 \
        --quick-add-key "$(fingerprint Sha$time)" cv25519 encr never
done
gpg_export Sha$day0 weak-hash
gpg_export Sha$old old-weak-hash
at $day0 --quick-generate-key Short rsa1024 cert,sign never
at $day0 --quick-add-key "$(fingerprint Short)" cv25519 encr never
gpg_export Short weak-key

## sq

sq_key() { # NAME TIME EXPIRES OPTION...
    name=$1 time=$2 expires=$3
    shift 3
    sq --force key generate --userid "$name" --creation-time "$time" --expires "$expires" \
        --cannot-authenticate --export "$name.key" "$@"
}
sq_export() { sq key extract-cert "$1" >"$out/sq-$2.asc"; }
sq_revoke() { # NAME REASON OUT: sq writes the revocation alone, so that gpg puts the two together.
    sq key extract-cert "$1.key" >cert
    sq revoke certificate --time $day40 --certificate "$1.key" "$2" '' >revocation
    at $day40 --import cert revocation
    at $day40 --armor --export "$(fingerprint "$1")" >"$out/sq-$3.asc"
}
# adopt NAME NEW OUT: binds the encryption subkey of the key NEW at its own time.
adopt() {
    subkey=$(sq inspect "$2.key" | awk '/Subkey:/ { print $2 }')
    faketime '2026-01-31 00:01:00' sq key adopt --keyring "$2.key" --key "$subkey" \
        "$1.key" >"$3"
}

sq_key fresh $day0 never --cannot-sign
sq_export fresh.key fresh
damage "$out/sq-fresh.asc" "$out/sq-damaged.asc"
sq_key rotated $day0 never --cannot-sign
sq_key new $day30 never --cannot-sign
old=$(sq inspect rotated.key | awk '/Subkey:/ { print $2 }')
adopt rotated new adopted.key
sq revoke subkey --time $day40 --certificate adopted.key "$old" retired '' >revocation
sq keyring merge adopted.key revocation >rotated.key
sq_export rotated.key rotated
sq_key expired $day0 $day40 --cannot-sign
sq_export expired.key expired
sq_key expiring $day0 never --cannot-sign --cannot-encrypt
sq_key new $day0 $day40 --cannot-sign
adopt expiring new expiring-adopted.key
sq_export expiring-adopted.key expiring
sq_key soft $day0 never --cannot-sign
sq_revoke soft superseded soft-revoked
sq_key hard $day0 never --cannot-sign
sq_revoke hard unspecified hard-revoked
sq_key certified $day0 never --cannot-sign
sq key extract-cert certified.key >certified.cert
sq_key eve $day0 never
sq certify --time $day20 eve.key certified.cert certified >"$out/sq-certified.asc"
sq_key first $day0 never --cannot-sign --userid second --userid third
sq revoke userid --time $day40 --certificate first.key second retired '' >revocation
sq keyring merge first.key revocation >names.key
sq_export names.key user-ids
sq_key signing $day0 never
sq_export signing.key signing-subkey
sq_key future $future never --cannot-sign
sq_export future.key future

## sqop

sqop_key() { # OUT TIME USERID...
    at=$2 to=$1
    shift 2
    faketime "$at" sqop generate-key "$@" | sqop extract-cert >"$out/sqop-$to.asc"
}
sqop_key fresh '2026-01-01 00:00:00' fresh
damage "$out/sqop-fresh.asc" "$out/sqop-damaged.asc"
certify "$out/sqop-fresh.asc" fresh "$out/sqop-certified.asc" $day20
sqop_key user-ids '2026-01-01 00:00:00' first second third
sqop_key signing-subkey '2026-01-01 00:00:00' signing
sqop_key future '2099-01-01 00:00:00' future

## gosop, which takes the machine's clock and no other

gosop generate-key Gosop | gosop extract-cert >"$out/gosop-fresh.asc"
damage "$out/gosop-fresh.asc" "$out/gosop-damaged.asc"
certify "$out/gosop-fresh.asc" Gosop "$out/gosop-certified.asc" "$(date -u +%Y%m%dT%H%M%S)"

## OpenPGP.js

cp "$out/make.mjs" "${OPENPGP_JS:-$out}/make-certificates.mjs"
node "${OPENPGP_JS:-$out}/make-certificates.mjs" "$out"
rm "${OPENPGP_JS:-$out}/make-certificates.mjs"
damage "$out/openpgpjs-fresh.asc" "$out/openpgpjs-damaged.asc"
