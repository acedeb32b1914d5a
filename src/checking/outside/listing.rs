//! Folders that a host lists: the names in them are the secret parts of URLs.

use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::protocol::values::limits;
use crate::store::identity::own::Identity;
use crate::transport::client::{Answer, Client, Conditions};

const CHECK: &str = "listing";
/// How the titles of listings begin, in lower case.
const TITLES: [&str; 5] = [
    "<title>index of",
    "<title>directory listing",
    "<title>listing of",
    "<h1>index of",
    "<h1>directory listing",
];

/// Looks at what the host shows in the place of our folders.
///
/// # Errors
/// When there is no base URL, or it is too long.
pub fn look(client: &Client, identity: &Identity) -> Result<Option<Finding>> {
    let base = identity.config.base()?;
    let mut listed = Vec::new();
    for folder in ["", "f/", "b/"] {
        let got = client.get(&base.join(folder)?, limits::FEED, &Conditions::default());
        // What is not there, or not to be had, is not listed.
        if let Ok(Answer::Document(page)) = got
            && is_listing(&page.bytes, &names(identity, folder))
        {
            listed.push(format!("/{folder}"));
        }
    }
    Ok(Some(told(&listed)))
}

fn told(listed: &[String]) -> Finding {
    if listed.is_empty() {
        return Finding::ok(CHECK, "public", "the host lists none of our folders");
    }
    let text = format!("the host lists {}: anybody finds the secret URLs", listed.join(", "));
    Finding::wrong(CHECK, Kind::Cannot, "listed", "public", text)
        .hint("turn off the host's directory listing, and have it serve index.html")
}

/// The names in `folder` that no page of ours mentions.
fn names(identity: &Identity, folder: &str) -> Vec<String> {
    if folder.is_empty() {
        return ["href=\"f/", "href=\"./f/", "href=\"/f/"].map(str::to_owned).into();
    }
    let files = std::fs::read_dir(identity.home.public().join(folder)).into_iter().flatten();
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.filter(|name| name != "index.html").collect()
}

/// Whether `page` lists a folder that holds `names`.
fn is_listing(page: &[u8], names: &[String]) -> bool {
    let text = String::from_utf8_lossy(page);
    let lower = text.to_lowercase();
    let is_titled = TITLES.iter().any(|title| lower.contains(title));
    is_titled || names.iter().any(|name| text.contains(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_names_our_files_or_is_titled_so_is_a_listing() {
        let names = ["abc.rss".to_owned()];
        for page in [
            "<html><head><title>Index of /f/</title>",
            "<HTML><TITLE>Directory listing for /f/</TITLE>",
            "<a href=\"abc.rss\">abc.rss</a>",
        ] {
            assert!(is_listing(page.as_bytes(), &names), "{page}");
        }
        for page in ["", "<!DOCTYPE html>\n<title>Nothing to list</title>\n", "<h1>John</h1>"] {
            assert!(!is_listing(page.as_bytes(), &names), "{page}");
        }
        assert!(!is_listing(b"\xff<html>", &[]));
    }

    #[test]
    fn one_line_names_all_that_is_listed() {
        assert!(told(&[]).is_ok());
        let found = told(&["/f/".to_owned(), "/b/".to_owned()]);
        assert_eq!((found.finding, found.status), (Some("listed"), 1));
        assert!(found.text.starts_with("the host lists /f/, /b/: "));
    }
}
