#!/bin/sh
# John and Mary find each other, agree, and talk: two identities, two static web hosts on loopback,
# nothing else. Ends with 0 if both saw what was sent and the world saw none of it.
set -eu

# The story goes to stdout, also where the output of a command is looked at.
exec 3>&1

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
unset CLOUDIM_HOME CLOUDIM_FORMAT CLOUDIM_TIMEOUT CLOUDIM_PASSPHRASE_FILE

echo "# Building the program, and a static web host to try it with"
cargo build --bin cloudim --example static-host
built=${CARGO_TARGET_DIR:-$root/target}/debug
cloudim=$built/cloudim
static_host=$built/examples/static-host

work=$(mktemp -d)
hosts=
clean_up() {
    for host in $hosts; do
        kill "$host" 2>/dev/null || true
        wait "$host" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "failed: $*" >&2
    exit 1
}

# Runs the program in the home of $1, and shows the command.
as() {
    who=$1
    shift
    shown=
    for word; do
        case $word in
        *[!A-Za-z0-9_./:@=-]*) shown="$shown \"$word\"" ;;
        *) shown="$shown $word" ;;
        esac
    done
    printf '%s$ cloudim%s\n' "$who" "$shown" >&3
    "$cloudim" --home "$work/$who" "$@"
}

# Serves the public folder of $1 at a free port; sets $url.
serve() {
    "$static_host" "$work/$1/public" 127.0.0.1:0 >"$work/$1.host" &
    hosts="$hosts $!"
    tries=0
    until [ -s "$work/$1.host" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || fail "the host of $1 did not start"
        sleep 0.1
    done
    read -r url <"$work/$1.host"
    url=${url##* at }
}

# Prints the text on stdin, with the ciphertext cut short.
shortened() {
    kept=0
    while IFS= read -r line; do
        case $line in
        *[!A-Za-z0-9+/=]* | '') kept=0 ;;
        *) kept=$((kept + 1)) ;;
        esac
        case $kept in
        0 | 1) printf '    %s\n' "$line" ;;
        2) printf '    […]\n' ;;
        esac
    done
}

# Fails if the feed in $1 holds a word of the text in $2. Words of less than six letters stand in
# any ciphertext by chance.
expect_no_word() {
    for word in $(printf '%s' "$2" | tr -cs '[:alnum:]' ' '); do
        [ ${#word} -ge 6 ] || continue
        case $1 in
        *"$word"*) fail "\`$word\` is in the feed" ;;
        esac
    done
}

printf '\n# Two people, each with a home and a web host of their own\n'
serve john
john_url=$url
serve mary
mary_url=$url
as john keygen --name John --base-url "$john_url" --no-passphrase >"$work/fingerprint"
as mary keygen --name Mary --base-url "$mary_url" --no-passphrase >"$work/fingerprint"

printf '\n# John invites Mary: the invitation is a file, to be sent by any way that carries one\n'
as john handshake invite "$mary_url" --note "it's John" --output "$work/invitation.rss"

printf '\n# Mary accepts; her acceptance lies on her own host, where John looks for it\n'
as mary handshake accept --input "$work/invitation.rss"
as john poll

printf '\n# They talk\n'
question="dinner at eight?"
answer="gladly, shall I bring something sparkling?"
printf 'john$ echo "%s" | cloudim send mary\n' "$question"
echo "$question" | "$cloudim" --home "$work/john" send mary
mary_saw=$(as mary poll)
echo "$mary_saw"
as mary send john --message "$answer"
john_saw=$(as john poll)
echo "$john_saw"
as john status

printf '\n# What the world sees of it: the feed on John'\''s host, its ciphertext cut short\n'
for feed in "$work"/john/public/f/*.rss; do
    john_feed=$("$cloudim" --home "$work/mary" fetch "${john_url}f/${feed##*/}")
done
for feed in "$work"/mary/public/f/*.rss; do
    mary_feed=$("$cloudim" --home "$work/john" fetch "${mary_url}f/${feed##*/}")
done
printf '%s\n' "$john_feed" | shortened

case $mary_saw in
*"  john  $question") ;;
*) fail "Mary did not see what John sent" ;;
esac
case $john_saw in
*"  mary  $answer") ;;
*) fail "John did not see what Mary sent" ;;
esac
for feed in "$john_feed" "$mary_feed"; do
    case $feed in
    *"BEGIN PGP MESSAGE"*"</item>"*) ;;
    *) fail "a message is missing from the feed" ;;
    esac
    expect_no_word "$feed" "$question $answer"
done
case $john_feed in
*"$mary_url"*) fail "John's feed says to whom he writes" ;;
esac
printf '\n# Both saw what was sent; no word of it is in the feeds\n'
