//! The files under `man/` and `completions/` are made from the definition of the command line.
//!
//! Rewrite them with `CLOUDIM_BLESS=1 cargo test --test stories assets::`. `man/cloudim.5` is
//! written by hand and left alone.

mod claims;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

/// What stands at the end of each page.
const FOOTER: &[u8] = include_bytes!("assets/footer.roff");

type Files = BTreeMap<PathBuf, Vec<u8>>;

#[test]
fn man_pages_match_the_command_line() {
    let mut pages = Files::new();
    add_man_pages(&built(), &mut pages);
    assert_checked_in("man", Some("1"), &pages);
}

#[test]
fn completions_match_the_command_line() {
    let mut scripts = Files::new();
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut cloudim::commands::command(), "cloudim", &mut script);
        let name = clap_complete::Generator::file_name(&shell, "cloudim");
        scripts.insert(PathBuf::from(name), script);
    }
    assert_checked_in("completions", None, &scripts);
}

#[test]
fn every_command_says_what_it_does_and_shows_examples_of_itself() {
    fn check(command: &Command) {
        let name = called(command);
        assert!(command.get_about().is_some(), "`{name}` does not say what it does");
        let shown = examples(command);
        assert!(shown.contains(name), "the examples of `{name}` do without it:\n{shown}");
        for line in shown.lines() {
            assert!(line.len() <= 98, "an example of `{name}` is too long for a terminal: {line}");
            assert!(line.starts_with("  "), "an example of `{name}` is not indented: {line}");
        }
        for argument in command.get_arguments() {
            let id = argument.get_id();
            assert!(argument.get_help().is_some(), "`{name}` does not say what `{id}` means");
        }
        command.get_subcommands().for_each(check);
    }
    check(&built());
}

/// The command line with what its parts inherit.
fn built() -> Command {
    // `help` is clap's own, and tells of all others.
    let mut command = cloudim::commands::command().disable_help_subcommand(true);
    command.build();
    command
}

/// As the user types it.
fn called(command: &Command) -> &str {
    command.get_bin_name().unwrap_or(command.get_name())
}

/// The examples at the end of the help.
fn examples(command: &Command) -> String {
    let name = called(command);
    let text = command.get_after_help().unwrap_or_else(|| panic!("`{name}` shows no examples"));
    let text = text.to_string();
    let examples = text.strip_prefix("Examples:\n");
    examples.unwrap_or_else(|| panic!("the examples of `{name}` have no heading")).to_owned()
}

fn add_man_pages(command: &Command, pages: &mut Files) {
    // What goes for every command stands on the first page alone.
    let is_first = pages.is_empty();
    let shown = if is_first { command.clone() } else { without_global_options(command) };
    let shown = without_repetition(shown);
    let man = Man::new(shown.clone());
    pages.insert(PathBuf::from(man.get_filename()), page(&man, &shown, is_first).unwrap());
    for subcommand in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        add_man_pages(subcommand, pages);
    }
}

fn without_global_options(command: &Command) -> Command {
    command.clone().mut_args(|argument| {
        let inherited =
            argument.is_global_set() || ["help", "version"].contains(&argument.get_id().as_str());
        argument.hide(inherited)
    })
}

/// The description without its first line, which the page has in its name section.
fn without_repetition(command: Command) -> Command {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    match long.strip_prefix(&about).map(|rest| rest.trim_start_matches('.').trim_start()) {
        Some(rest) if !rest.is_empty() => command.long_about(rest.to_owned()),
        _ => command,
    }
}

/// Renders one page: what clap knows, then the examples and the sections that all pages share.
fn page(man: &Man, command: &Command, is_first: bool) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let title = man.get_filename().trim_end_matches(".1").to_uppercase();
    let version = concat!("cloudim ", env!("CARGO_PKG_VERSION"));
    writeln!(page, ".TH {title} 1 \"\" \"{version}\" \"User Commands\"")?;
    man.render_name_section(&mut page)?;
    write_synopsis(&mut page, command)?;
    man.render_description_section(&mut page)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut page)?;
    }
    if !is_first {
        page.write_all(b".PP\nThe options that go for every command stand in\n.BR cloudim (1).\n")?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if is_first {
        write_environment(&mut page, command)?;
    }
    write!(page, ".SH EXAMPLES\n.nf\n{}\n.fi\n", escaped(&examples(command)))?;
    page.extend_from_slice(FOOTER);
    Ok(page)
}

/// clap_mangen's own synopsis leaves out the names of values.
fn write_synopsis(page: &mut Vec<u8>, command: &Command) -> io::Result<()> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").expect("a usage").trim();
    let name = called(command);
    let rest = usage.strip_prefix(name).expect("the usage begins with the name");
    write!(page, ".SH SYNOPSIS\n\\fB{}\\fR{}\n", escaped(name), escaped(rest))
}

/// The variables that stand for options.
fn write_environment(page: &mut Vec<u8>, command: &Command) -> io::Result<()> {
    writeln!(page, ".SH ENVIRONMENT")?;
    for argument in command.get_arguments() {
        let (Some(variable), Some(option)) = (argument.get_env(), argument.get_long()) else {
            continue;
        };
        let (variable, option) = (variable.to_string_lossy(), escaped(option));
        write!(page, ".TP\n.B {variable}\nInstead of\n.BR \\-\\-{option} .\n")?;
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace("\n.", "\n\\&.")
}

/// Asserts that the folder `name` holds exactly `expected`, or makes it so when blessing.
///
/// Files with another extension than `extension` are written by hand and left alone.
fn assert_checked_in(name: &str, extension: Option<&str>, expected: &Files) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let bless = env::var_os("CLOUDIM_BLESS").is_some();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let generated =
            extension.is_none_or(|wanted| path.extension().is_some_and(|found| found == wanted));
        if generated && !expected.contains_key(Path::new(path.file_name().unwrap())) {
            assert!(bless, "`{}` belongs to no command", path.display());
            fs::remove_file(path).unwrap();
        }
    }
    for (file, content) in expected {
        let path = folder.join(file);
        if bless {
            fs::write(&path, content).unwrap();
        }
        let found = fs::read(&path).unwrap_or_default();
        assert!(
            found == *content,
            "`{}` is stale: run CLOUDIM_BLESS=1 cargo test --test stories assets::",
            path.display()
        );
    }
}
