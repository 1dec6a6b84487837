//! Secrets: the strings that sign. A weak one is refused at the door.

use std::fmt;

use zeroize::Zeroizing;

use crate::{base64, mac::MacKey, old_uses::OldUses};

/// RFC 7518 section 3.2: a key at least as long as the hash's output.
const MIN_BYTES: usize = 32;
/// Bits of character entropy below which a text is no secret. 32 random hexadecimal digits have about 115.
const MIN_BITS: f64 = 80.0;
/// The same for what is left once words of placeholders are taken away.
const MIN_BITS_BESIDE_WORDS: f64 = 64.0;

/// A secret of at least 32 bytes of text. Zeroised when dropped, redacted in `Debug`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text somebody configured.
    ///
    /// # Errors
    /// [`WeakSecret`] when it is empty, blank, shorter than 32 bytes, repeated, sequential, of too few different
    /// characters, published, or a placeholder (RFC 8725 section 3.5).
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        match weakness(text) {
            Some(weak) => Err(weak),
            None => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }

    /// A secret made of 32 random bytes, written as 43 characters of base64url.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Zeroizing::new(base64::encode(Zeroizing::new(entropy))))
    }

    /// The text itself. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A key for one purpose: HKDF-SHA256 with the purpose's label (RFC 5869), so that what is made for one purpose is
    /// worth nothing for another (RFC 8725 section 3.12).
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        // One block of output: extract under an empty salt, then expand once (RFC 5869 sections 2.2, 2.3).
        let extracted = Zeroizing::new(MacKey::new(&[]).mac(self.0.as_bytes()));
        let label = [purpose.label().as_bytes(), &[1]].concat();
        Zeroizing::new(MacKey::new(&*extracted).mac(&label))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// What a derived key is for. Each has its own label, so no two share a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Refresh tokens.
    Refresh,
    /// Credentials of a revocation feed's readers.
    Feed,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Refresh => "countersign/refresh/v1",
            Self::Feed => "countersign/feed/v1",
        }
    }
}

/// Why a text is no secret. The message never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakSecret {
    /// Nothing at all.
    #[error("the secret is empty; `countersign secret` makes a good one")]
    Empty,
    /// White space alone.
    #[error("the secret is blank; `countersign secret` makes a good one")]
    Blank,
    /// Fewer than 32 bytes.
    #[error("the secret is shorter than 32 bytes; `countersign secret` makes a good one")]
    TooShort,
    /// A text printed in documentation or used as some program's default.
    #[error("the secret is a published default; `countersign secret` makes a good one")]
    Published,
    /// A text that asks to be replaced.
    #[error("the secret is a placeholder; `countersign secret` makes a good one")]
    Placeholder,
    /// One piece over and over.
    #[error("the secret repeats itself; `countersign secret` makes a good one")]
    Repeated,
    /// Neighbours in the alphabet or among the digits.
    #[error("the secret is a sequence; `countersign secret` makes a good one")]
    Sequential,
    /// Too few different characters.
    #[error("the secret has too little variety; `countersign secret` makes a good one")]
    LowEntropy,
}

/// The secrets of a deployment, newest first: the first signs, all verify.
#[derive(Clone, Debug)]
pub struct Secrets {
    current: (Option<u32>, Secret),
    older: Vec<(Option<u32>, Secret)>,
    pub(crate) old_uses: OldUses,
}

impl Secrets {
    /// One secret without a version.
    #[must_use]
    pub fn single(secret: Secret) -> Self {
        Self { current: (None, secret), older: Vec::new(), old_uses: OldUses::default() }
    }

    /// Reads `2:newest,1:older`, the form of `BETTER_AUTH_SECRETS`.
    ///
    /// # Errors
    /// [`InvalidSecrets`] when an entry has no whole number before its colon, a version appears twice, or a secret is
    /// weak.
    pub fn parse_versioned(text: &str) -> Result<Self, InvalidSecrets> {
        let mut entries = Vec::new();
        for entry in text.split(',').map(str::trim) {
            let (version, secret) = entry.split_once(':').ok_or(InvalidSecrets::NoVersion)?;
            let version = version.trim().parse::<u32>().map_err(|_| InvalidSecrets::NoVersion)?;
            if entries.iter().any(|(known, _)| *known == Some(version)) {
                return Err(InvalidSecrets::RepeatedVersion(version));
            }
            let secret = Secret::parse(secret).map_err(|weak| InvalidSecrets::Weak { version, weak })?;
            entries.push((Some(version), secret));
        }
        let mut entries = entries.into_iter();
        let current = entries.next().ok_or(InvalidSecrets::NoVersion)?;
        Ok(Self { current, older: entries.collect(), old_uses: OldUses::default() })
    }

    /// Adds a secret without a version that only verifies: what was signed before versions were used.
    #[must_use]
    pub fn with_unversioned(mut self, secret: Secret) -> Self {
        self.older.push((None, secret));
        self
    }

    /// The secret that signs.
    #[must_use]
    pub fn current(&self) -> &Secret {
        &self.current.1
    }

    /// The version of the secret that signs.
    #[must_use]
    pub fn current_version(&self) -> Option<u32> {
        self.current.0
    }

    /// All secrets with their versions, the signing one first.
    pub fn iter(&self) -> impl Iterator<Item = (Option<u32>, &Secret)> {
        std::iter::once(&self.current).chain(&self.older).map(|(version, secret)| (*version, secret))
    }
}

/// Why a list of versioned secrets cannot be used. The message holds no secret, nor a text that may be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecrets {
    /// An entry is not `version:secret`.
    #[error("every entry must be a whole number, a colon and a secret, as in `2:newest,1:older`")]
    NoVersion,
    /// A version appears twice.
    #[error("version {0} appears twice")]
    RepeatedVersion(u32),
    /// One of the secrets is weak.
    #[error("version {version}: {weak}")]
    Weak {
        /// Which one.
        version: u32,
        /// Why.
        #[source]
        weak: WeakSecret,
    },
}

fn weakness(text: &str) -> Option<WeakSecret> {
    let letters = text.to_ascii_lowercase();
    let letters: Zeroizing<String> = Zeroizing::new(letters.chars().filter(|c| c.is_alphanumeric()).collect());
    let checks: [(WeakSecret, bool); 8] = [
        (WeakSecret::Empty, text.is_empty()),
        (WeakSecret::Blank, text.trim().is_empty()),
        (WeakSecret::Published, PUBLISHED.contains(&text)),
        (WeakSecret::Placeholder, is_placeholder(&letters)),
        (WeakSecret::TooShort, text.len() < MIN_BYTES),
        (WeakSecret::Repeated, is_repeated(text.as_bytes())),
        (WeakSecret::Sequential, is_sequence(text.as_bytes())),
        (WeakSecret::LowEntropy, bits(text.as_bytes()) < MIN_BITS),
    ];
    checks.into_iter().find(|(_, holds)| *holds).map(|(weak, _)| weak)
}

/// Long enough, and in print: defaults of programs, examples of documentation and of RFC 7515 A.1.
const PUBLISHED: &[&str] = &[
    "better-auth-secret-12345678901234567890",
    "better-auth-secret-123456789",
    "better-auth-secret",
    "a-string-secret-at-least-256-bits-long",
    "your-256-bit-secret",
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
];

/// Words of texts that ask to be replaced, lower case, without separators, longest first where one holds another.
const PLACEHOLDER_WORDS: &[&str] = &[
    "betterauth",
    "changethis",
    "changeme",
    "replaceme",
    "replacethis",
    "generateme",
    "yoursecret",
    "mysecret",
    "supersecret",
    "secretkey",
    "placeholder",
    "minimum",
    "characters",
    "atleast",
    "example",
    "insecure",
    "password",
    "default",
    "replace",
    "change",
    "random",
    "string",
    "secret",
    "value",
    "token",
    "super",
    "your",
    "here",
    "long",
    "key",
    "jwt",
    "dev",
    "test",
];

/// A word that only a placeholder holds, and little beside such words.
fn is_placeholder(letters: &str) -> bool {
    const MARKS: &[&str] = &["secret", "change", "replace", "placeholder", "password", "example", "generateme"];
    if !MARKS.iter().any(|mark| letters.contains(mark)) {
        return false;
    }
    let rest = PLACEHOLDER_WORDS
        .iter()
        .fold(Zeroizing::new(letters.to_owned()), |rest, word| Zeroizing::new(rest.replace(word, "")));
    is_sequence(rest.as_bytes()) || is_repeated(rest.as_bytes()) || bits(rest.as_bytes()) < MIN_BITS_BESIDE_WORDS
}

/// The text is a piece of at most half its length, over and over.
fn is_repeated(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|period| text.iter().zip(text.iter().skip(period)).all(|(a, b)| a == b))
}

/// More than half of the neighbours are equal or one apart, as in `abcdef` or `98765`.
fn is_sequence(text: &[u8]) -> bool {
    let near = text.iter().zip(text.iter().skip(1)).filter(|(a, b)| a.abs_diff(**b) <= 1).count();
    text.len() > 1 && near * 2 >= text.len()
}

/// Shannon's entropy of the text's own bytes, times its length.
fn bits(text: &[u8]) -> f64 {
    let length = text.len() as f64;
    (0..=u8::MAX)
        .map(|byte| text.iter().filter(|b| **b == byte).count() as f64)
        .filter(|count| *count > 0.0)
        .map(|count| count * (length / count).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hkdf;

    use super::*;

    const GOOD: &str = "kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X";

    #[test]
    fn refuses_what_is_no_secret_and_says_why() {
        for (text, weak) in [
            ("", WeakSecret::Empty),
            ("   \t\n", WeakSecret::Blank),
            ("                                        ", WeakSecret::Blank),
            ("kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6", WeakSecret::TooShort),
            ("better-auth-secret-12345678901234567890", WeakSecret::Published),
            ("a-string-secret-at-least-256-bits-long", WeakSecret::Published),
            ("change-me", WeakSecret::Placeholder),
            ("CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME", WeakSecret::Placeholder),
            ("your-secret", WeakSecret::Placeholder),
            ("your-super-secret-key-change-this-in-prod", WeakSecret::Placeholder),
            ("your_jwt_secret_key_at_least_32_characters_long", WeakSecret::Placeholder),
            ("replace-this-with-a-long-random-string-please", WeakSecret::Placeholder),
            ("secret-1234567890-1234567890-1234567890", WeakSecret::Placeholder),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", WeakSecret::Repeated),
            ("abcabcabcabcabcabcabcabcabcabcabcabcab", WeakSecret::Repeated),
            ("12345678901234567890123456789012", WeakSecret::Repeated),
            ("0123456789abcdef0123456789abcdef", WeakSecret::Repeated),
            ("abcdefghijklmnopqrstuvwxyz012345678", WeakSecret::Sequential),
            ("kqkzqkkqzqkkzqqkzkqzzqkzqkkqzzqkqkzqkzzq", WeakSecret::LowEntropy),
        ] {
            assert_eq!(Secret::parse(text).map(drop), Err(weak), "{text:?}");
        }
    }

    #[test]
    fn takes_what_people_generate() {
        for text in [
            GOOD,
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "4f9c2b7e8d1a6053e7b94c20af18d365",
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjR1eJA=",
            "my-secret-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "correct horse battery staple and then some more words",
        ] {
            assert_eq!(Secret::parse(text).map(drop), Ok(()), "{text:?}");
        }
        assert_eq!(weakness(Secret::from_entropy(*b"\x9f\x86\xd0\x81\x88\x4c\x7d\x65\x9a\x2f\xea\xa0\xc5\x5a\xd0\x15\xa3\xbf\x4f\x1b\x2b\x0b\x82\x2c\xd1\x5d\x6c\x15\xb0\xf0\x0a\x08").expose()), None);
    }

    #[test]
    fn a_weak_secret_is_answered_with_the_command_and_never_shown() {
        let said = Secret::parse("change-me-please").unwrap_err().to_string();
        assert!(said.contains("countersign secret") && !said.contains("please"), "{said}");
        let said = Secrets::parse_versioned("nocolonbutmaybethesecret").unwrap_err().to_string();
        assert!(!said.contains("nocolon"), "{said}");
        assert_eq!(format!("{:?}", Secrets::single(Secret::parse(GOOD).unwrap())).matches(GOOD).count(), 0);
    }

    #[test]
    fn versioned_secrets_keep_their_order() {
        let text = format!("2:{GOOD}, 1:{GOOD}old");
        let secrets = Secrets::parse_versioned(&text).unwrap();
        assert_eq!(secrets.current().expose(), GOOD);
        assert_eq!(secrets.iter().map(|(version, _)| version).collect::<Vec<_>>(), [Some(2), Some(1)]);
        let secrets = secrets.with_unversioned(Secret::from_entropy([7; 32]));
        assert_eq!(secrets.iter().map(|(version, _)| version).collect::<Vec<_>>(), [Some(2), Some(1), None]);
    }

    #[test]
    fn versioned_secrets_must_be_well_formed() {
        assert_eq!(Secrets::parse_versioned("").unwrap_err(), InvalidSecrets::NoVersion);
        assert_eq!(Secrets::parse_versioned(&format!("x:{GOOD}")).unwrap_err(), InvalidSecrets::NoVersion);
        assert_eq!(Secrets::parse_versioned(&format!("-1:{GOOD}")).unwrap_err(), InvalidSecrets::NoVersion);
        assert_eq!(
            Secrets::parse_versioned(&format!("1:{GOOD},1:{GOOD}")).unwrap_err(),
            InvalidSecrets::RepeatedVersion(1)
        );
        assert_eq!(
            Secrets::parse_versioned("3:short").unwrap_err(),
            InvalidSecrets::Weak { version: 3, weak: WeakSecret::TooShort }
        );
    }

    #[test]
    fn every_purpose_has_a_key_of_its_own_by_hkdf() {
        let secret = Secret::parse(GOOD).unwrap();
        let purposes = [Purpose::Refresh, Purpose::Feed];
        let mut keys: Vec<_> = purposes.iter().map(|purpose| *secret.derive(*purpose)).collect();
        for (purpose, key) in purposes.iter().zip(&keys) {
            let mut expected = [0; 32];
            let label = [purpose.label().as_bytes()];
            let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(GOOD.as_bytes());
            extracted.expand(&label, hkdf::HKDF_SHA256).unwrap().fill(&mut expected).unwrap();
            assert_eq!(*key, expected, "{purpose:?}");
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), purposes.len());
    }
}
