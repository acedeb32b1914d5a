//! The examples in the help of each step of `handshake`.

pub const INVITE: &str = "\
Examples:
  cloudim handshake invite https://mary.example/ --as mary --output invitation.rss
  cloudim handshake invite mary@mary.example --note \"it's John\" -o - | mail mary@mary.example
  cloudim handshake invite --output for-whoever-answers-first.rss";

pub const LIST: &str = "\
Examples:
  cloudim handshake list
  cloudim --format json handshake list | jq -r 'select(.direction == \"received\") | .name'";

pub const RECEIVE: &str = "\
Examples:
  cloudim handshake receive invitation.rss
  cloudim handshake receive < invitation.rss";

pub const ACCEPT: &str = "\
Examples:
  cloudim handshake accept john
  cloudim handshake accept john --as johnny
  cloudim handshake accept --input invitation.rss --output acceptance.rss";

pub const DECLINE: &str = "\
Examples:
  cloudim handshake decline john
  cloudim handshake decline john --block
  cloudim handshake decline john-57 --all";
