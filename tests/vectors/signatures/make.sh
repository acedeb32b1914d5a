#!/bin/sh
# Makes the signed objects of this folder anew, with the programs that its README names. OpenPGP.js
# is looked for from the folder that OPENPGP_JS names (default: here).
set -eu
out=$(cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
export GNUPGHOME="$work/gnupg" LC_ALL=C TZ=UTC
trap 'gpgconf --kill all; rm -rf "$work"' EXIT
mkdir -m 700 "$GNUPGHOME"
cd "$work"

day0=20260101T000000 day10=20260111T000000 day50=20260220T000000

at() { # TIME ARGUMENT...
    time=$1
    shift
    gpg --batch --yes --quiet --no-tty --pinentry-mode loopback --passphrase '' \
        --faked-system-time "$time!" --trust-model always "$@"
}
listed() { at $day0 --with-colons --list-keys "=$1" | awk -F: '/^fpr/ { print $10 }'; }
key() { # NAME EXPIRES: a primary key that signs, and a subkey that does as well
    at $day0 --quick-generate-key "$1" ed25519 cert,sign "$2"
    at $day0 --quick-add-key "$(listed "$1" | head -n 1)" ed25519 sign "$2"
}
export_as() { at $day0 --armor --export "=$1" >"$out/$2.cert.asc"; }
sign() { # FILE TIME SIGNER OPTION...
    file=$1 time=$2 signer=$3
    shift 3
    printf '<item/>' | at "$time" --local-user "$signer" "$@" --armor --compress-algo none \
        --set-filename '' --sign >"$out/$file.asc"
}
# damage IN OUT: turns the last byte, which belongs to the last signature.
damage() {
    gpg --dearmor <"$out/$1.asc" >damaged
    size=$(wc -c <damaged)
    last=$(tail -c 1 damaged | od -An -tu1)
    head -c $((size - 1)) damaged >bytes
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((255 - last)))" >>bytes
    sq armor --label message <bytes >"$out/$2.asc"
}

key John never
export_as John john
primary=$(listed John | sed -n 1p)! subkey=$(listed John | sed -n 2p)!
sign good-primary $day10 "$primary"
sign good-subkey $day10 "$subkey"
damage good-primary bad-damaged
sign bad-text $day10 "$primary" --textmode
for hash in md5 sha1 ripemd160; do
    sign bad-$hash $day10 "$primary" --digest-algo $hash --allow-weak-digest-algos
done
sign good-notation $day10 "$primary" --sig-notation note@john.example=x
sign bad-critical-notation $day10 "$primary" --sig-notation '!note@john.example=x'
sign bad-expired $day10 "$primary" --default-sig-expire 1d
sign bad-older-than-the-key 20251231T000000 "$primary" --ignore-time-conflict
sign held-ahead 20270101T000000 "$primary"

sign good-two $day10 "$primary" --local-user "$subkey"
damage good-two good-one-of-two
for name in Eve Fred Gina Hans Ina Jack Kim Lea; do
    at $day0 --quick-generate-key $name ed25519 sign never
    set -- "$@" --local-user "=$name"
done
sign held-another $day10 =Eve
sign good-with-another $day10 "$primary" --local-user =Eve
sign bad-nine $day10 "$primary" "$@"

key Retired 40d
export_as Retired retired
retired=$(listed Retired | head -n 1)!
sign good-before-the-end $day10 "$retired"
at $day10 --quick-set-expire "${retired%!}" never
sign bad-after-the-end $day50 "$retired"

key Compromised never
compromised=$(listed Compromised | head -n 1)
sign bad-compromised $day10 "$compromised!"
printf 'y\n1\n\ny\n' | gpg --no-tty --quiet --faked-system-time "$day50!" --command-fd 0 --armor \
    --gen-revoke "$compromised" >revocation
at $day50 --import revocation
export_as Compromised compromised

# sq writes for whom it was meant; what it encrypted is opened again.
sq --force key generate --userid Mary --creation-time $day0 --expires never --export mary.key
sq --force key generate --userid Meant --creation-time $day0 --expires never --export meant.key
sq key extract-cert meant.key >"$out/meant.cert.asc"
printf '<item/>' | faketime '2026-01-11 00:00:00' sq encrypt --compression none --recipient-cert mary.key \
    --signer-key meant.key >encrypted
sq packet decrypt --recipient-key mary.key encrypted >decrypted
sq armor --label message <decrypted >"$out/bad-meant-for-mary.asc"

cp "$out/make.mjs" "${OPENPGP_JS:-$out}/make-signatures.mjs"
node "${OPENPGP_JS:-$out}/make-signatures.mjs" "$out"
rm "${OPENPGP_JS:-$out}/make-signatures.mjs"
