# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cloudim_global_optspecs
    string join \n home= format= timeout= q/quiet v/verbose passphrase-file= h/help V/version
end

function __fish_cloudim_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_cloudim_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_cloudim_using_subcommand
    set -l cmd (__fish_cloudim_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c cloudim -n "__fish_cloudim_needs_command" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_needs_command" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_needs_command" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_needs_command" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_needs_command" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_needs_command" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_needs_command" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "keygen" -d 'Make an identity: a key, the settings, and what the web shall see'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "handshake" -d 'Find each other, and agree'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "contact" -d 'The address book'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "send" -d 'Send a message'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "poll" -d 'Fetch, verify, store and deliver what is new'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "listen" -d 'Serve the feeds, and store what comes'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "read" -d 'Show the history'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "status" -d 'What is unacknowledged, undelivered, held, pending or failing'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "check" -d 'Check whether all is well, and say what to do'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "key" -d 'Our own key'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "publish" -d 'Write card, key, index and WebFinger anew, and publish'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "compose" -d 'Make a plain item of a text'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "encrypt" -d 'Seal a plain item'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "append" -d 'Put a sealed item into the feed for a contact'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "fetch" -d 'Fetch a feed'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "receive" -d 'Take in a contact\'s feed, however it was fetched'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "decrypt" -d 'Turn a sealed feed into a plain one'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "cloud" -d 'Speak rssCloud, for any feed'
complete -c cloudim -n "__fish_cloudim_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l name -d 'What you call yourself [default: the name in the imported key, or your login name]' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l base-url -d 'Where public/ will stand on the web' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l cloud -d 'Who tells readers that a feed changed: none, self, or the pleaseNotify URL of a cloud' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l profile -d 'The kind of key: `classic` is for contacts who use GnuPG' -r -f -a "default\t'Ed25519, Curve25519, and ML-KEM-768 against quantum computers'
classic\t'Ed25519 and Curve25519'"
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l import -d 'Take this secret key, which gpg or sq exported, instead of making one; `-` is stdin' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l passphrase-command -d 'Take the passphrase from the first line that this shell command prints, now and later' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -l no-passphrase -d 'Leave the secret key unlocked on disk'
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand keygen" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -f -a "invite" -d 'Invite somebody'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -f -a "list" -d 'List the invitations that wait'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -f -a "receive" -d 'Take an invitation in, to decide on it later'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -f -a "accept" -d 'Accept an invitation, or confirm an acceptance'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and not __fish_seen_subcommand_from invite list receive accept decline" -f -a "decline" -d 'Decline an invitation'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l as -d 'What to call the contact' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l note -d 'Words that come with the invitation' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l fingerprint -d 'The fingerprint that the address must lead to; the contact will be verified by it' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -s o -l output -d 'Write the invitation to a file, or to stdout for -' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from invite" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from receive" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -s i -l input -d 'Read the invitation, or the acceptance, from a file, or from stdin for -' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -l as -d 'What to call the contact' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -l fingerprint -d 'The fingerprint that the other must have; the contact is verified by it' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -s o -l output -d 'Write the acceptance to a file, or to stdout for -' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from accept" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -l block -d 'Never show any invitation by that key again'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -l all -d 'Decline also all others by the same caller, or of feeds on the same host'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand handshake; and __fish_seen_subcommand_from decline" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "list" -d 'List the contacts'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "show" -d 'Show what is known of a contact'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "verify" -d 'Compare a contact\'s fingerprint, and call it verified if it is the same'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "trust" -d 'Decide on the key that a contact\'s feed names instead of the pinned one, or on what may pass'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "rename" -d 'Give a contact another name'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "block" -d 'Hear no more of a contact'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "unblock" -d 'Hear of a contact again'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and not __fish_seen_subcommand_from list show verify trust rename block unblock remove" -f -a "remove" -d 'Remove a contact, its messages, and our feed for it'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -l certificate -d 'Write its certificate, armored, instead'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l policy -d 'What the contact may do while its key is not verified; `default` is as in config.toml' -r -f -a "first-use\t''
ask\t''
verified\t''
default\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l yes -d 'Pin it without comparing'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -l reject -d 'Keep the pinned key, and drop what is held of the other'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from trust" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from rename" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from block" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -s h -l help -d 'Print help'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from unblock" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand contact; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -s m -l message -d 'The text [default: stdin]' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -s a -l attach -d 'A file to go with it, sealed as well; may be given several times' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l reply-to -d 'The message that it answers: a guid, or `last`' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l guid -d 'The guid of the message, so that a script can retry' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l wait -d 'Wait until it is acknowledged, or for so long at most, like 10m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -l yes -d 'Do not ask: send although the key is not verified, and sign although the clock is far behind what was signed already'
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand send" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l exec -d 'Run this by `sh -c` for each message, its text on stdin, instead of printing it' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l wait -d 'Wait until there is a message, or for so long at most, like 10m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -s n -d 'Deliver so many messages at most' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l peek -d 'Show what is new, and leave it new'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l retry -d 'Try again at once what the command did not take'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -l fail-empty -d 'End with status 6 if there was no message'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand poll" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l bind -d 'Where to listen [default: bind in config.toml, else 127.0.0.1:8470]' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l exec -d 'Run this by `sh -c` for each message, its text on stdin' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l poll-every -d 'How long to wait between polls, like 10s or 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l print -d 'Print the messages that come'
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -l keyless -d 'Serve without a secret key: calls wait, sealed, for the owner\'s poll'
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand listen" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -s n -d 'Only the last so many' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l since -d 'Only those since a time (2026-11-22, 2026-11-22T19:02:11Z) or so long ago (7d)' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l save -d 'Fetch the attachments of the message into this folder' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -l follow -d 'Go on with what comes'
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand read" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand status" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -l repair -d 'Rebuild what can be: key.asc, card, index and WebFinger; feeds, from the octets of what you wrote; notes that are damaged. Then publish. With CONTACT, a fork of its log counts as seen'
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -l yes -d 'Do not ask before what cannot be undone'
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand check" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -s h -l help -d 'Print help'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "show" -d 'Show the fingerprint, the subkeys, and how they stand'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "export" -d 'Write the key for other OpenPGP programs'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "merge" -d 'Take in what other programs have added to the certificate'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "passphrase" -d 'Change the passphrase, or remove it'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "extend" -d 'Let the key expire later'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "revoke" -d 'Declare the key dead, for ever'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and not __fish_seen_subcommand_from show export merge passphrase extend revoke rotate" -f -a "rotate" -d 'Replace the encryption subkeys by new ones'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -l qr -d 'Draw the fingerprint as a QR code, as other OpenPGP programs read it'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -s o -l output -d 'Where to write it, a file that is not there yet; `-` is stdout [default: stdout]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -l secret -d 'The secret key as well'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -l no-passphrase -d 'The secret key without a passphrase'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -l by -d 'Only certifications by the key with this fingerprint; may be given several times' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from merge" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l new-passphrase-file -d 'Take the new passphrase from the first line of this file, which may be a pipe: /dev/fd/4' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -l no-passphrase -d 'Leave the secret key unlocked on disk'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from passphrase" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -l yes -d 'Take the clock for right, whatever other clocks say'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from extend" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -l reason -d 'Why; this takes the passphrase' -r -f -a "compromised\t'Others have it, or may have: what it ever signed is void'
superseded\t'Another key takes its place: what it signed before stays good'
retired\t'It is not used any more: what it signed before stays good'"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -l yes -d 'Do not ask, and take the clock for right'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -l primary -d 'Replace the primary key, too'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -l yes -d 'Take the clock for right, whatever other clocks say'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand key; and __fish_seen_subcommand_from rotate" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand publish" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -s m -l message -d 'The text [default: stdin]' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -s a -l attach -d 'A file to go with it, sealed as well; may be given several times' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -l reply-to -d 'The message that it answers: a guid, or `last`' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand compose" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -l to -d 'Whom to seal it to' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -l yes -d 'Do not ask: seal although the key is not verified, and sign although the clock is far behind what was signed already'
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand encrypt" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand append" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand fetch" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand receive" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -l from -d 'Whose feed it is [default: as the feed says]' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -l new -d 'Leave out what is stored already'
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand decrypt" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -f -a "run" -d 'Be an rssCloud server, and nothing else'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -f -a "ping" -d 'Tell the cloud of a feed that it changed'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -f -a "subscribe" -d 'Have a URL called when a feed changes'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and not __fish_seen_subcommand_from run ping subscribe show" -f -a "show" -d 'Show the cloud of a feed'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -l bind -d 'Where to listen [default: bind in config.toml, else 127.0.0.1:8470]' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -l open -d 'Serve any feed, also those of strangers; they then choose what is fetched, within `allow`'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from ping" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -l callback -d 'What to call; best a path that nobody can guess' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from subscribe" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -l home -d 'The folder of the identity [default: cloudim in $XDG_DATA_HOME, else in ~/.local/share]' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -l format -d 'The form of the output' -r -f -a "text\t''
tsv\t''
json\t''
rss\t''"
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -l timeout -d 'How long one request may take: 10s, 2m' -r
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -l passphrase-file -d 'Take the passphrase from the first line of this file, which may be a pipe: /dev/fd/3' -r -F
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors and warnings'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell what is done; given twice, in detail'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloudim -n "__fish_cloudim_using_subcommand cloud; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "keygen" -d 'Make an identity: a key, the settings, and what the web shall see'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "handshake" -d 'Find each other, and agree'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "contact" -d 'The address book'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "send" -d 'Send a message'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "poll" -d 'Fetch, verify, store and deliver what is new'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "listen" -d 'Serve the feeds, and store what comes'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "read" -d 'Show the history'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "status" -d 'What is unacknowledged, undelivered, held, pending or failing'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "check" -d 'Check whether all is well, and say what to do'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "key" -d 'Our own key'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "publish" -d 'Write card, key, index and WebFinger anew, and publish'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "compose" -d 'Make a plain item of a text'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "encrypt" -d 'Seal a plain item'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "append" -d 'Put a sealed item into the feed for a contact'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "fetch" -d 'Fetch a feed'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "receive" -d 'Take in a contact\'s feed, however it was fetched'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "decrypt" -d 'Turn a sealed feed into a plain one'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "cloud" -d 'Speak rssCloud, for any feed'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and not __fish_seen_subcommand_from keygen handshake contact send poll listen read status check key publish compose encrypt append fetch receive decrypt cloud help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from handshake" -f -a "invite" -d 'Invite somebody'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from handshake" -f -a "list" -d 'List the invitations that wait'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from handshake" -f -a "receive" -d 'Take an invitation in, to decide on it later'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from handshake" -f -a "accept" -d 'Accept an invitation, or confirm an acceptance'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from handshake" -f -a "decline" -d 'Decline an invitation'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "list" -d 'List the contacts'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "show" -d 'Show what is known of a contact'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "verify" -d 'Compare a contact\'s fingerprint, and call it verified if it is the same'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "trust" -d 'Decide on the key that a contact\'s feed names instead of the pinned one, or on what may pass'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "rename" -d 'Give a contact another name'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "block" -d 'Hear no more of a contact'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "unblock" -d 'Hear of a contact again'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from contact" -f -a "remove" -d 'Remove a contact, its messages, and our feed for it'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "show" -d 'Show the fingerprint, the subkeys, and how they stand'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "export" -d 'Write the key for other OpenPGP programs'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "merge" -d 'Take in what other programs have added to the certificate'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "passphrase" -d 'Change the passphrase, or remove it'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "extend" -d 'Let the key expire later'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "revoke" -d 'Declare the key dead, for ever'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "rotate" -d 'Replace the encryption subkeys by new ones'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from cloud" -f -a "run" -d 'Be an rssCloud server, and nothing else'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from cloud" -f -a "ping" -d 'Tell the cloud of a feed that it changed'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from cloud" -f -a "subscribe" -d 'Have a URL called when a feed changes'
complete -c cloudim -n "__fish_cloudim_using_subcommand help; and __fish_seen_subcommand_from cloud" -f -a "show" -d 'Show the cloud of a feed'
