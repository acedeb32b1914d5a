//! Two people find each other and agree, through files and static hosts.

mod common;

mod handshake {
    mod addresses;
    mod again;
    mod crossing;
    mod decisions;
    mod files;
    mod killed;
    mod moving;
    mod places;
    mod single_use;
    mod story;
}
