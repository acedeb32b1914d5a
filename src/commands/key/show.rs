//! `key show`: what our key consists of, and how it stands.

use clap::Args;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde::Serialize;

use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::{Context, Result};
use crate::openpgp::certificate::summary::{Part, User, Uses};
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::values::{text, time};
use crate::session::command::Session;
use crate::session::options::Format;
use crate::store::identity::secret;

pub const EXAMPLES: &str = "\
Examples:
  cloudim key show
  cloudim key show --qr
  cloudim --format json key show | jq -r .fingerprint";

/// Show the fingerprint, the subkeys, and how they stand
///
/// No passphrase. The fingerprint is what others compare by phone; with --qr, by telephone camera.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Draw the fingerprint as a QR code, as other OpenPGP programs read it
    #[arg(long)]
    qr: bool,
}

#[derive(Serialize)]
struct KeyView {
    fingerprint: String,
    /// Absent where the secret key is elsewhere.
    locked: Option<bool>,
    /// Whether the secret of the primary key is here.
    can_certify: bool,
    keys: Vec<Key>,
    users: Vec<UserId>,
}

#[derive(Serialize)]
struct Key {
    fingerprint: String,
    kind: String,
    uses: Vec<&'static str>,
    created: String,
    expires: Option<String>,
    verdict: String,
}

#[derive(Serialize)]
struct UserId {
    text: String,
    certified_by: Vec<String>,
}

/// Shows.
///
/// # Errors
/// When the key cannot be read.
pub fn run(session: &mut Session, args: ShowArgs) -> Result<()> {
    let certificate = session.run.keys.certificate()?.clone();
    if args.qr {
        let uri = format!("OPENPGP4FPR:{}", certificate.fingerprint());
        let code = QrCode::new(uri).or_cannot(|| "cannot draw the fingerprint".to_owned())?;
        let drawn = code.render::<Dense1x2>().build();
        return input::print(session, format!("{drawn}\n").as_bytes());
    }
    let now = session.run.clock.now();
    let secret = match session.run.identity.home.secret().exists() {
        true => Some(secret::load(&session.run.identity.home)?),
        false => None,
    };
    let shown = KeyView {
        fingerprint: certificate.fingerprint().to_string(),
        locked: secret.as_ref().map(SecretKey::is_locked),
        can_certify: secret.as_ref().is_some_and(SecretKey::can_certify),
        keys: certificate.parts(now).into_iter().map(key).collect(),
        users: certificate.users(now).into_iter().map(user).collect(),
    };
    let mut out = Vec::new();
    if session.run.output.format == Format::Json {
        output::as_json(&mut out, &shown).or_cannot(|| "cannot write".to_owned())?;
    } else {
        out.extend(format!("fingerprint\t{}\n", certificate.fingerprint().grouped()).bytes());
        out.extend(text(&shown).bytes());
    }
    input::print(session, &out)
}

fn key(part: Part) -> Key {
    let verdict = part.verdict.map_or_else(|why| why.to_string(), |()| "valid".to_owned());
    Key {
        fingerprint: part.fingerprint.to_string(),
        kind: part.kind,
        uses: uses(part.uses),
        created: time::canonical(part.created),
        expires: part.expires.map(time::canonical),
        verdict,
    }
}

fn uses(uses: Uses) -> Vec<&'static str> {
    let all = [(uses.certify, "certify"), (uses.sign, "sign"), (uses.encrypt, "encrypt")];
    all.into_iter().filter(|(may, _)| *may).map(|(_, what)| what).collect()
}

fn user(user: User) -> UserId {
    UserId { text: user.text, certified_by: user.certified_by }
}

fn text(shown: &KeyView) -> String {
    let mut lines = Vec::new();
    for (place, key) in shown.keys.iter().enumerate() {
        let what = if place == 0 { "primary" } else { "subkey" };
        let end = key.expires.as_deref().map(|end| format!("until {}", day(end)));
        let end = end.unwrap_or_else(|| "never expires".to_owned());
        let (uses, kind) = (key.uses.join(", "), &key.kind);
        let since = day(&key.created);
        let facts = format!("{kind}\t{uses}\tsince {since}\t{end}\t{}", key.verdict);
        lines.push(format!("{what}\t{}\t{facts}", key.fingerprint));
    }
    for user in &shown.users {
        lines.push(format!("user id\t{}", text::visible(&user.text)));
        lines.extend(user.certified_by.iter().map(|by| format!("certified by\t{by}")));
    }
    let secret = match shown.locked {
        Some(true) => "locked by a passphrase",
        Some(false) => "without a passphrase",
        None => "not here",
    };
    let primary = match (shown.locked, shown.can_certify) {
        (Some(_), false) => "; that of the primary key is elsewhere",
        _ => "",
    };
    lines.push(format!("secret key\t{secret}{primary}"));
    lines.join("\n") + "\n"
}

fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}
