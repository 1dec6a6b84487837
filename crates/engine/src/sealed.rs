//! Secrets at rest, in Better Auth's symmetric form (docs/wire.md 4.4): XChaCha20-Poly1305 under the SHA-256 of the
//! secret, as lower-case hex of nonce, ciphertext and tag; with versioned secrets in the envelope `$ba$<version>$<hex>`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use countersign_token::{Secret, SecretUse, Secrets};
use zeroize::Zeroizing;

use crate::hasher::{hex, unhex};

const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
/// The digits of a sealed text that is empty. Fewer are none.
pub(crate) const SHORTEST: usize = 2 * (NONCE_LENGTH + TAG_LENGTH);

/// What is sealed, and so under which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// What lies in the database: under the secret itself.
    Stored,
    /// The session token of whoever links an account, on the way to a provider and back: under a key derived for that.
    LinkSessionToken,
}

/// Seals `plain` under the current secret. None only if the text is longer than the cipher can take.
pub(crate) fn seal(plain: &str, purpose: Purpose, secrets: &Secrets, nonce: [u8; NONCE_LENGTH]) -> Option<String> {
    let sealed = cipher(secrets.current(), purpose)?.encrypt(&XNonce::from(nonce), plain.as_bytes()).ok()?;
    let text = hex(&nonce) + &hex(&sealed);
    Some(match secrets.current_version() {
        Some(version) => format!("$ba${version}${text}"),
        None => text,
    })
}

/// Opens what [`seal`] or Better Auth sealed. Without an envelope every secret is tried.
pub(crate) fn open(sealed: &str, purpose: Purpose, secrets: &Secrets) -> Option<Zeroizing<String>> {
    let (version, text) = match sealed.strip_prefix("$ba$").and_then(|rest| rest.split_once('$')) {
        Some((version, text)) => (Some(version.parse::<u32>().ok()?), text),
        None => (None, sealed),
    };
    let bytes = unhex(text)?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH)?;
    let nonce = XNonce::from(<[u8; NONCE_LENGTH]>::try_from(nonce).ok()?);
    let plain = secrets.find(SecretUse::Sealed, |known, secret| {
        let named = version.is_none() || known == version;
        if named { cipher(secret, purpose)?.decrypt(&nonce, sealed).ok() } else { None }
    })?;
    String::from_utf8(plain).ok().map(Zeroizing::new)
}

fn cipher(secret: &Secret, purpose: Purpose) -> Option<XChaCha20Poly1305> {
    let secret = secret.expose().as_bytes();
    let key = match purpose {
        Purpose::Stored => digest(&SHA256, secret),
        Purpose::LinkSessionToken => digest(&SHA256, derived(secret, "oauth-link-session-token")?.as_bytes()),
    };
    XChaCha20Poly1305::new_from_slice(key.as_ref()).ok()
}

/// The secret that Better Auth derives for one purpose, in hex (docs/wire.md 4.4).
fn derived(secret: &[u8], purpose: &str) -> Option<Zeroizing<String>> {
    let prk = Salt::new(HKDF_SHA256, b"better-auth:oauth-encryption:v1").extract(secret);
    let info = format!("better-auth:{purpose}:v1");
    let mut key = Zeroizing::new([0; 32]);
    prk.expand(&[info.as_bytes()], HKDF_SHA256).ok()?.fill(&mut *key).ok()?;
    Some(Zeroizing::new(hex(&*key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_better_auth_sealed_is_opened() {
        let secrets = Secrets::single(Secret::parse("a-long-enough-secret-for-sealed-test-4711").unwrap());
        let sealed = include_str!("../tests/data/better-auth-sealed.txt").trim();
        assert_eq!(open(sealed, Purpose::Stored, &secrets).unwrap().as_str(), "the quick brown fox");
    }

    #[test]
    fn what_is_sealed_opens_under_its_secret_and_no_other() {
        let old = Secrets::parse_versioned("1:qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP").unwrap();
        let both =
            Secrets::parse_versioned("2:Zk3Nf8Qw1Lx6Vr9Tb4Ys7Jm2Hc5Dg0Pu,1:qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP").unwrap();
        let new = Secrets::parse_versioned("2:Zk3Nf8Qw1Lx6Vr9Tb4Ys7Jm2Hc5Dg0Pu").unwrap();
        let sealed = seal("text", Purpose::Stored, &old, [7; 24]).unwrap();
        assert!(sealed.starts_with("$ba$1$"));
        let open = |sealed: &str, secrets: &Secrets| open(sealed, Purpose::Stored, secrets);
        assert_eq!(open(&sealed, &both).unwrap().as_str(), "text");
        assert!(open(&sealed, &new).is_none());
        assert!(super::open(&sealed, Purpose::LinkSessionToken, &both).is_none());
        for damaged in ["", "$ba$", "$ba$1$", "zz", &sealed[..sealed.len() - 1], &sealed[..40]] {
            assert!(open(damaged, &both).is_none(), "{damaged}");
        }
    }
}
