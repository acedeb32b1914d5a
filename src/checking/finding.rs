//! A finding: what was looked at, how it is, and what to do.

use serde::{Serialize, Serializer};

use crate::error::{Error, Kind};
use crate::protocol::values::text;
use crate::protocol::values::url::Url;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing has to be done.
    Note,
    /// Not as it should be; the exit status tells the kind.
    Wrong(Kind),
}

impl Level {
    /// The word for it, in all outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Wrong(_) => "wrong",
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// One thing that was looked at, as a line of the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    v: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The check that looked, in one word for programs.
    pub check: &'static str,
    /// How it is.
    pub level: Level,
    /// What is wrong, or worth knowing, in one word for programs.
    pub finding: Option<&'static str>,
    /// The thing that was looked at, for people.
    pub subject: String,
    /// The contact that it is about, if it is about one.
    pub contact: Option<String>,
    /// The URL at which it was looked at, with its token shortened.
    pub url: Option<String>,
    /// How it is, in words.
    pub text: String,
    /// The command to run, or what else to do.
    pub hint: Option<String>,
    /// The exit status that it stands for; 0 unless something is wrong.
    pub status: u8,
}

impl Finding {
    fn new(
        check: &'static str,
        level: Level,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        let status = if let Level::Wrong(kind) = level { kind.status() } else { 0 };
        Self {
            v: 1,
            kind: "check",
            check,
            level,
            finding: None,
            subject: subject.into(),
            contact: None,
            url: None,
            text: text.into(),
            hint: None,
            status,
        }
    }

    /// `check` found that `subject` is as it should be: `text` says how.
    pub fn ok(check: &'static str, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, subject, text)
    }

    /// `check` found something about `subject` that is worth knowing: `finding` in one word, `text` in
    /// a sentence.
    pub fn note(
        check: &'static str,
        finding: &'static str,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self { finding: Some(finding), ..Self::new(check, Level::Note, subject, text) }
    }

    /// `check` found that `subject` is not as it should be.
    pub fn wrong(
        check: &'static str,
        kind: Kind,
        finding: &'static str,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self { finding: Some(finding), ..Self::new(check, Level::Wrong(kind), subject, text) }
    }

    /// `check` could not look at `subject`, because of `error`. The user may mend that and check again,
    /// so it is no reason to say that nothing was done.
    pub fn failed(check: &'static str, subject: impl Into<String>, error: &Error) -> Self {
        let kind = if error.kind == Kind::Busy { Kind::Cannot } else { error.kind };
        let cause = error.source.as_ref().map(|cause| format!(": {cause:#}")).unwrap_or_default();
        let text = format!("{}{cause}", error.message);
        let hint = error.hints.first().cloned();
        Self { hint, ..Self::wrong(check, kind, "unreadable", subject, text) }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, about the contact called `name`.
    #[must_use]
    pub fn of(self, name: &str) -> Self {
        Self { contact: Some(name.to_owned()), ..self }
    }

    /// The same, about what stands at `url`.
    #[must_use]
    pub fn at(self, url: &Url) -> Self {
        Self { url: Some(url.shortened()), ..self }
    }

    /// Whether it is as it should be.
    pub fn is_ok(&self) -> bool {
        self.level == Level::Ok
    }

    /// The kind that the exit status is to tell, if something is wrong.
    pub fn wrongness(&self) -> Option<Kind> {
        match self.level {
            Level::Wrong(kind) => Some(kind),
            Level::Ok | Level::Note => None,
        }
    }

    /// One line: level, subject, sentence, and the hint if there is one, with tabs between.
    pub fn line(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("\thint: {}", one_line(hint)));
        format!(
            "{}\t{}\t{}{}\n",
            self.level.as_str(),
            one_line(&self.subject),
            one_line(&self.text),
            hint.unwrap_or_default()
        )
    }
}

/// `text` without what would begin another line or column.
fn one_line(text: &str) -> String {
    text::visible(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_forge_another_line_or_column() {
        let finding = Finding::wrong("file", Kind::Network, "replaced", "a\nb", "c\td\u{1b}[0m\ne");
        let line = finding.hint("f\ng").line();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(line.split('\t').count(), 4);
        assert!(line.starts_with("wrong\ta b\tc d") && !line.contains('\u{1b}'), "{line}");
    }

    #[test]
    fn only_what_is_wrong_has_a_status() {
        let statuses = [
            Finding::ok("key", "key", "well").status,
            Finding::note("key", "soon", "key", "ends").status,
            Finding::wrong("key", Kind::Trust, "ended", "key", "ended").status,
            Finding::failed("key", "key", &Error::new(Kind::Busy, "busy")).status,
        ];
        assert_eq!(statuses, [0, 0, 4, 1]);
    }

    #[test]
    fn as_json_it_is_one_object_with_its_type() {
        let json = serde_json::to_value(Finding::note("key", "soon", "key", "ends")).unwrap();
        assert_eq!(
            (&json["v"], &json["type"], &json["level"]),
            (&1.into(), &"check".into(), &"note".into())
        );
        assert_eq!(json["contact"], serde_json::Value::Null);
    }
}
