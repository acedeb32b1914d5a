#!/usr/bin/env bash
# Whole processes side by side, in one run: what one message costs with cloudim and with GnuPG.
#
#   benches/compare.sh [ROUNDS]      default 40, each with one run of everything, in turns
#
# Both use an Ed25519 and Curve25519 key without a passphrase; GnuPG's agent is running. cloudim
# keeps what it sends and receives, with many an fsync, and GnuPG does not: the table says what one
# fsync takes on this disk, and with TMPDIR=/dev/shm it is nothing. Prints medians. A peer that is not
# installed is skipped by name.
set -euo pipefail
export LC_ALL=C TZ=UTC

rounds=${1:-40}
project=$(cd "$(dirname "$0")/.." && pwd)
cargo build --quiet --release --manifest-path "$project/Cargo.toml" --bin cloudim --example static-host
bin=${CARGO_TARGET_DIR:-$project/target}/release
work=$(mktemp -d)
keyring=$(mktemp -d /tmp/g.XXXXXX) # the path of the agent's socket must be short
hosts=()

clean_up() {
    for host in "${hosts[@]}"; do kill "$host" || true; done
    if [ "$gpg" ]; then gpgconf --homedir "$keyring" --kill all; fi
    rm -rf "$work" "$keyring"
}
gpg=$(command -v gpg || true)
trap clean_up EXIT
[ "$gpg" ] || echo "skipped: gpg is not installed"

# timed NAME COMMAND…: runs it, and notes its microseconds under NAME.
timed() {
    local name=$1 begin end
    shift
    begin=$EPOCHREALTIME
    "$@" >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; return 1; }
    end=$EPOCHREALTIME
    echo $((${end/./} - ${begin/./})) >>"$work/times.$name"
}

median() { sort -n "$work/times.$1" | awk '{ at[NR] = $1 } END { print (at[int((NR + 1) / 2)] + at[int(NR / 2) + 1]) / 2 }'; }
as() { "$bin/cloudim" --home "$work/$1" "${@:2}"; }
gnupg() { "$gpg" --homedir "$keyring" --batch --no-tty --quiet --trust-model always "$@"; }

# identity HOME NAME PROFILE: somebody with a static host of their own.
identity() {
    mkdir -p "$work/$1"
    "$bin/examples/static-host" "$work/$1/public" 127.0.0.1:0 >"$work/$1.host" &
    hosts+=($!)
    until [ -s "$work/$1.host" ]; do sleep 0.05; done
    as "$1" keygen -q --name "$2" --profile "$3" --no-passphrase \
        --base-url "$(sed 's/.* at //' "$work/$1.host")" >/dev/null
}

# friends ONE OTHER: who call each other john and mary.
friends() {
    as "$1" handshake invite "$(sed 's/.* at //' "$work/$2.host")" -q --as mary -o "$work/invitation"
    as "$2" handshake accept -q --as john -i "$work/invitation"
    as "$1" poll -q
}

# talk ROUND FROM TO LABEL: a message goes out and comes in, by poll and by receive in turns.
talk() {
    timed "send$4" as "$2" send mary -m "$text"
    if (($1 % 2)); then
        timed "poll$4" as "$3" poll
    else
        as "$3" fetch john >"$work/feed"
        timed "receive$4" as "$3" receive john "$work/feed"
    fi
    grep -q "$text" "$work/out"
    as "$2" poll -q >/dev/null
}

row() { # WHAT, NAME, and what it is compared with
    local ours theirs='' ratio=''
    ours=$(median "$2")
    if [ -e "$work/times.$3" ]; then
        theirs=$(median "$3")
        ratio=$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")
        theirs=$(awk "BEGIN { printf \"%.1f ms\", $theirs / 1000 }")
    fi
    printf '%-34s %7.1f ms   %-24s %9s   %s\n' "$1" "$(awk "BEGIN { print $ours / 1000 }")" \
        "${theirs:+$4}" "$theirs" "$ratio"
}

text="dinner at eight? The usual place is closed, so let us meet at the harbour and see what they have."
printf '%s' "$text" >"$work/text"
identity john John classic
identity mary Mary classic
friends john mary
identity john2 John default
identity mary2 Mary default
friends john2 mary2
if [ "$gpg" ]; then
    gnupg --import "$work/john/secret.asc" "$work/mary/secret.asc"
fi

for ((round = 1; round <= 2 * rounds; round++)); do
    talk $round john mary ''
    if [ "$gpg" ]; then
        timed encrypt gnupg --yes --armor --sign --encrypt -u John -r Mary -o "$work/sealed" "$work/text"
        timed decrypt gnupg --decrypt "$work/sealed"
        grep -q "$text" "$work/out"
    fi
    talk $round john2 mary2 2
    timed start "$bin/cloudim" --version
    timed true "$(type -P true)"
    timed synced dd if="$work/text" of="$work/synced.$round" conv=fsync
    timed unsynced dd if="$work/text" of="$work/unsynced.$round"
done

echo "median of $rounds runs and more, whole processes, in turns"
row 'send, classic' send encrypt 'gpg --sign --encrypt'
row 'send, default (ML-KEM-768)' send2 encrypt 'gpg --sign --encrypt'
row 'poll of one message, classic' poll decrypt 'gpg --decrypt'
row 'poll of one message, default' poll2 decrypt 'gpg --decrypt'
row 'receive of one message, classic' receive decrypt 'gpg --decrypt'
row 'receive of one message, default' receive2 decrypt 'gpg --decrypt'
row '--version' start true true
row 'dd with one fsync' synced unsynced 'dd without'
