//! The owner's certificate, as it stands in `public/` just now, and sealing to it.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::seal;
use crate::protocol::Random;
use crate::protocol::calls::call::Call;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;

/// The owner, for whom the calls are.
#[derive(Debug)]
pub(super) struct Owner {
    path: PathBuf,
    /// The hash of the file that the certificate was read from.
    hash: Hash,
    certificate: Certificate,
    rng: Random,
}

impl Owner {
    /// The owner whose `public/` lies in `home`.
    pub fn of(home: &Home, rng: Random) -> Result<Self> {
        let path = home.key();
        let bytes = atomic::read(&path)?.unwrap_or_default();
        let certificate =
            Certificate::parse(&bytes).or_cannot(|| format!("cannot use `{}`", path.display()))?;
        Ok(Self { path, hash: Hash::of(&bytes), certificate, rng })
    }

    /// The source of randomness.
    pub fn rng(&mut self) -> &mut Random {
        &mut self.rng
    }

    /// Seals `calls` to the certificate as it is now; returns each with the guid of its entry.
    ///
    /// # Errors
    /// When nothing can be sealed to it.
    pub fn seal_all(
        &mut self,
        calls: Vec<Call>,
        now: Timestamp,
    ) -> Result<Vec<(Call, Guid, String)>> {
        if !calls.is_empty() {
            self.look_again()?;
        }
        let seal = |call: Call| {
            let armored = self.seal(&call, now)?;
            let guid = Guid::new(call.time, &mut self.rng);
            Ok((call, guid, armored))
        };
        calls.into_iter().map(seal).collect()
    }

    /// Reads the certificate anew if it was replaced: the owner extends it, and changes subkeys.
    /// Half a file, or another's key, is as if it were not there.
    fn look_again(&mut self) -> Result<()> {
        let bytes = atomic::read(&self.path)?.unwrap_or_default();
        let hash = Hash::of(&bytes);
        if hash == self.hash {
            return Ok(());
        }
        let renewed = Certificate::parse(&bytes).ok();
        match renewed.filter(|new| new.fingerprint() == self.certificate.fingerprint()) {
            Some(certificate) => (self.certificate, self.hash) = (certificate, hash),
            None => log::warn!("`{}` is not the owner's certificate", self.path.display()),
        }
        Ok(())
    }

    fn seal(&mut self, call: &Call, now: Timestamp) -> Result<String> {
        let octets = call.write()?;
        let sealed = seal::seal_unsigned(octets.as_bytes(), &self.certificate, now, &mut self.rng);
        sealed.map_err(|cause| {
            Error::new(Kind::Trust, "calls cannot be sealed for the owner")
                .because(cause)
                .hint("the owner has to publish the key anew, and public/ to be copied here")
        })
    }
}
