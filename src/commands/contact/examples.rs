//! The examples in the help of each thing to do with a contact.

pub const LIST: &str = "\
Examples:
  cloudim contact list
  cloudim --format json contact list | jq -r 'select(.trust != \"verified\") | .contact'";

pub const SHOW: &str = "\
Examples:
  cloudim contact show mary
  cloudim contact show mary --certificate | gpg --import";

pub const VERIFY: &str = "\
Examples:
  cloudim contact verify mary
  cloudim contact verify mary \"0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\"
  gpg --export mary | cloudim contact verify mary -";

pub const TRUST: &str = "\
Examples:
  cloudim contact trust mary
  cloudim contact trust mary \"0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\"
  cloudim contact trust mary --reject
  cloudim contact trust mary --policy verified";

pub const RENAME: &str = "\
Examples:
  cloudim contact rename mary mary-smith";

pub const BLOCK: &str = "\
Examples:
  cloudim contact block mary";

pub const UNBLOCK: &str = "\
Examples:
  cloudim contact unblock mary";

pub const REMOVE: &str = "\
Examples:
  cloudim contact remove mary
  cloudim contact remove mary --yes";
