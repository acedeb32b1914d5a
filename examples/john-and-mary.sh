#!/bin/sh
# John and Mary find each other, agree, and talk: two identities on loopback that listen, each the
# web host and the cloud of its own feeds. Ends with 0 if both saw at once what was sent, and the
# world saw none of it.
set -eu

# The story goes to stdout, also where the output of a command is looked at.
exec 3>&1

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
unset CLOUDIM_HOME CLOUDIM_FORMAT CLOUDIM_TIMEOUT CLOUDIM_PASSPHRASE_FILE

# CLOUDIM names a program that is there already.
cloudim=${CLOUDIM:-}
if [ -z "$cloudim" ]; then
    echo "# Building the program"
    cargo build --bin cloudim
    cloudim=${CARGO_TARGET_DIR:-target}/debug/cloudim
fi

work=$(mktemp -d)
started=
clean_up() {
    for process in $started; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "failed: $*" >&2
    exit 1
}

# Nothing here takes a minute: whatever waits for longer waits in vain.
watch() {
    sleep 300 &
    trap 'kill "$!"; exit' TERM
    wait "$!"
    kill "$$"
}
watch >/dev/null 2>&1 &
started=$!

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

# Makes the identity $1 of the person $2, who listens at a port that is free; sets $url. What is
# printed comes out of the pipe $work/$1.prints.
settle() {
    mkfifo "$work/$1.prints"
    tries=0
    while :; do
        tries=$((tries + 1))
        [ "$tries" -le 20 ] || fail "$1 finds no free port"
        next=$((next + 1))
        url=http://127.0.0.1:$next/
        as "$1" keygen --name "$2" --base-url "$url" --cloud self --no-passphrase \
            >"$work/$1.fingerprint" 2>"$work/$1.keygen"
        "$cloudim" --home "$work/$1" listen --print --poll-every 1h \
            >"$work/$1.prints" 2>"$work/$1.says" &
        listens=$!
        # So that it may write; whoever reads does so by a descriptor of its own.
        exec 9<"$work/$1.prints"
        until grep -q "^listening on " "$work/$1.says"; do
            kill -0 "$listens" 2>/dev/null || break
            sleep 0.05
        done
        if grep -q "^listening on " "$work/$1.says"; then break; fi
        # Somebody else has that port.
        rm -rf "${work:?}/$1"
    done
    started="$started $listens"
    printf '%s$ cloudim listen --print &\n' "$1"
}

# Waits until the output of the command $3… of $1 has $2 in it.
until_it_says() {
    who=$1 words=$2
    shift 2
    tries=0
    until "$cloudim" --home "$work/$who" "$@" | grep -q "$words"; do
        tries=$((tries + 1))
        [ "$tries" -le 600 ] || fail "$who waits in vain for \`$words\`"
        sleep 0.1
    done
}

# The present time in nanoseconds, where the system tells it.
now() {
    date +%s%N
}

# Tells of the next line on the descriptor 4 or 5 that $1 reads: $2 was sent at the time $3.
sees() {
    if [ "$1" = mary ]; then IFS= read -r line <&4; else IFS= read -r line <&5; fi
    seen=$(now)
    case $3$seen in
    *[!0-9]*) after= ;;
    *) after=", $((($seen - $3) / 1000000)) ms after the sender began to send" ;;
    esac
    printf '%s sees%s:\n    %s\n' "$1" "$after" "$line"
    case $line in
    *"  $2") ;;
    *) fail "$1 did not see what was sent" ;;
    esac
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

printf '\n# Two people, each with a home, a server, and a cloud of their own\n'
next=$((20000 + $$ % 10000))
settle john John
john_url=$url
exec 5<"$work/john.prints"
settle mary Mary
mary_url=$url
exec 4<"$work/mary.prints"

printf '\n# John invites Mary, by a call to her server\n'
as john handshake invite "$mary_url" --note "it's John"
until_it_says mary "it's John" handshake list
as mary handshake list

printf '\n# She accepts: her call tells John'\''s server, and each cloud registers the other\n'
as mary handshake accept john
until_it_says john "^mary" contacts
until_it_says john '"lease_until":"' --format json status
until_it_says mary '"lease_until":"' --format json status

printf '\n# They talk, and nobody polls\n'
said=
for words in "dinner at eight?" "shall I bring something sparkling?" "only yourself"; do
    begun=$(now)
    printf '%s\n' "$words" | "$cloudim" --home "$work/john" send mary >"$work/guid"
    printf 'john$ echo "%s" | cloudim send mary\n' "$words"
    sees mary "john  $words" "$begun"
    answer="gladly: $words"
    begun=$(now)
    "$cloudim" --home "$work/mary" send john --message "$answer" >"$work/guid"
    printf 'mary$ cloudim send john --message "%s"\n' "$answer"
    sees john "mary  $answer" "$begun"
    said="$said $words $answer"
done
until_it_says john "all well" status
as john status

printf '\n# What the world sees of it: the feed on John'\''s host, its ciphertext cut short\n'
for feed in "$work"/john/public/f/*.rss; do
    john_feed=$("$cloudim" --home "$work/mary" fetch "${john_url}f/${feed##*/}")
done
for feed in "$work"/mary/public/f/*.rss; do
    mary_feed=$("$cloudim" --home "$work/john" fetch "${mary_url}f/${feed##*/}")
done
printf '%s\n' "$john_feed" | shortened

for feed in "$john_feed" "$mary_feed"; do
    case $feed in
    *"BEGIN PGP MESSAGE"*"</item>"*) ;;
    *) fail "a message is missing from the feed" ;;
    esac
    expect_no_word "$feed" "$said"
done
case $john_feed in
*"$mary_url"*) fail "John's feed says to whom he writes" ;;
esac
printf '\n# Both saw at once what was sent; no word of it is in the feeds\n'
