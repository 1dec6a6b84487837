//! How a password becomes what is stored, and how what is stored is recognised by its form, row by row.
//!
//! | Form | Scheme | Held by exports of |
//! |---|---|---|
//! | `<32 hex digits>:<128 hex digits>` | scrypt as Better Auth has it | Better Auth |
//! | `$argon2id$v=19$m=..,t=..,p=..$salt$key`, also `argon2i`, also behind `argon2` | Argon2 (RFC 9106) | Auth0, Clerk, Supabase, Django |
//! | `$2a$`, `$2b$`, `$2y$`, also behind `bcrypt$` and `bcrypt_sha256$` | bcrypt | Auth0, Clerk, Supabase, Django |
//! | `$fbscrypt$v=1,n=..,r=..,p=1,ss=..,sk=..$salt$key` | Firebase's scrypt | Firebase (put together by the import), Supabase |
//! | `$pbkdf2-sha256$i=..$salt$key`, `pbkdf2_sha256$iterations$salt$key`, also sha1 and sha512 | PBKDF2 (RFC 8018) | Auth0, Clerk, Django |
//! | `$scrypt$ln=..,r=..,p=..$salt$key`, `scrypt$N$salt$r$p$key` | scrypt (RFC 7914) | Auth0, Clerk, Django |
//!
//! What a row may demand is bounded: `MEMORY_MAX` and a few seconds of one core. docs/passwords.md says what was decided and why.

mod argon2;
mod bcrypt;
mod better_auth;
mod firebase;
mod notation;
mod pbkdf2;
mod scrypt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use self::argon2::Argon2;
use self::bcrypt::Bcrypt;
use self::better_auth::BetterAuth;
use self::firebase::Firebase;
use self::pbkdf2::Pbkdf2;
use self::scrypt::Scrypt;

/// The scheme new passwords are hashed with, and others at the next sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// scrypt as Better Auth has it: N = 2^14, r = 16, p = 1, 32 MiB. The one a TypeScript server beside us can read.
    #[default]
    Scrypt,
    /// Argon2id with 19 MiB and two passes, as OWASP recommends.
    Argon2id,
}

/// What comes of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is another, or there is nothing to compare with.
    Wrong,
    /// It is the one, and the hash is as it should be.
    Right,
    /// It is the one; the hash should be made anew.
    Outdated,
    /// Nothing can be said: no password fits this row.
    Unusable(Unusable),
}

/// Why no password can be compared with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its form is none of those known.
    #[error("the hash is of no scheme known here")]
    Unknown,
    /// Its form says a scheme, and the rest does not follow.
    #[error("the hash is damaged, or a variant of its scheme not known here")]
    Malformed,
    /// It demands more memory or time than any row may.
    #[error("the hash demands more memory or time than is allowed")]
    TooCostly,
}

/// What one hash may take while it runs, in bytes. Django's Argon2 takes 100 MiB.
const MEMORY_MAX: u64 = 128 << 20;

/// The longest stored hash that is read, in bytes.
const LONGEST: usize = 1024;

/// The name of the scheme of a stored hash, if passwords can be compared with it.
///
/// # Errors
/// [`Unusable`].
pub fn recognise(stored: &str) -> Result<&'static str, Unusable> {
    Stored::parse(stored).map(|stored| stored.name())
}

impl Scheme {
    /// Hashes the NFKC form of `password`, as Better Auth does (security P2).
    pub(crate) fn hash(self, password: &str, salt: [u8; 16]) -> String {
        let password = normalised(password);
        match self {
            Self::Scrypt => BetterAuth::hash(password.as_bytes(), &salt),
            Self::Argon2id => Argon2::hash(password.as_bytes(), &salt),
        }
    }

    /// Compares. Without a stored hash, or with one that is of no use, the work of a hash of this scheme is done (security P6).
    pub(crate) fn judge(self, password: &str, stored: Option<&str>) -> Verdict {
        match stored.map(Stored::parse) {
            Some(Ok(stored)) => match stored.matching(password) {
                None => Verdict::Wrong,
                Some(Form::Normalised) if stored.is_current(self) => Verdict::Right,
                Some(_) => Verdict::Outdated,
            },
            useless => {
                // The result is seen, so that no compiler finds the work to be in vain.
                std::hint::black_box(self.nobody().matching(password));
                match useless {
                    Some(Err(why)) => Verdict::Unusable(why),
                    _ => Verdict::Wrong,
                }
            }
        }
    }

    /// What an unknown user's password is compared with.
    fn nobody(self) -> Stored {
        match self {
            Self::Scrypt => Stored::BetterAuth(BetterAuth::nobody()),
            Self::Argon2id => Stored::Argon2(Argon2::nobody()),
        }
    }
}

/// A stored hash.
enum Stored {
    BetterAuth(BetterAuth),
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    Firebase(Firebase),
    Pbkdf2(Pbkdf2),
    Scrypt(Scrypt),
}

/// Which spelling of a password a hash was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// NFKC.
    Normalised,
    /// The characters as they were typed.
    Raw,
}

impl Stored {
    fn parse(text: &str) -> Result<Self, Unusable> {
        if text.len() > LONGEST {
            return Err(Unusable::Malformed);
        }
        // Django puts a word of its own before what other libraries write.
        if text.starts_with("$argon2") || text.starts_with("argon2$") {
            Argon2::parse(text.strip_prefix("argon2").unwrap_or(text)).map(Self::Argon2)
        } else if text.starts_with("$2") || text.starts_with("bcrypt$") || text.starts_with("bcrypt_sha256$") {
            Bcrypt::parse(text).map(Self::Bcrypt)
        } else if text.starts_with("$fbscrypt$") {
            Firebase::parse(text).map(Self::Firebase)
        } else if text.starts_with("$pbkdf2") || text.starts_with("pbkdf2_") {
            Pbkdf2::parse(text).map(Self::Pbkdf2)
        } else if text.starts_with("$scrypt$") || text.starts_with("scrypt$") {
            Scrypt::parse(text).map(Self::Scrypt)
        } else {
            BetterAuth::parse(text).map(Self::BetterAuth)
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::BetterAuth(_) => "better-auth",
            Self::Argon2(stored) => stored.name(),
            Self::Bcrypt(_) => "bcrypt",
            Self::Firebase(_) => "firebase-scrypt",
            Self::Pbkdf2(_) => "pbkdf2",
            Self::Scrypt(_) => "scrypt",
        }
    }

    /// The form of `password` that this hash was made from. Others hash the characters as they were typed, so that form is tried
    /// too where it differs; Better Auth never does.
    fn matching(&self, password: &str) -> Option<Form> {
        let normal = normalised(password);
        if self.matches(normal.as_bytes()) {
            return Some(Form::Normalised);
        }
        let may_be_raw = !matches!(self, Self::BetterAuth(_)) && normal.as_str() != password;
        (may_be_raw && self.matches(password.as_bytes())).then_some(Form::Raw)
    }

    fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::BetterAuth(stored) => stored.matches(password),
            Self::Argon2(stored) => stored.matches(password),
            Self::Bcrypt(stored) => stored.matches(password),
            Self::Firebase(stored) => stored.matches(password),
            Self::Pbkdf2(stored) => stored.matches(password),
            Self::Scrypt(stored) => stored.matches(password),
        }
    }

    /// Whether `scheme` has nothing better to offer.
    fn is_current(&self, scheme: Scheme) -> bool {
        match (scheme, self) {
            (Scheme::Scrypt, Self::BetterAuth(_)) => true,
            (Scheme::Argon2id, Self::Argon2(stored)) => stored.is_strong(),
            _ => false,
        }
    }
}

/// Two keyboards give one password (security P2).
fn normalised(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        made_by: String,
        scheme: String,
        password: String,
        stored: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../tests/data/password-hashes.json")).unwrap()
    }

    #[test]
    fn hashes_of_other_libraries_verify_and_are_to_be_made_anew() {
        let vectors = vectors();
        assert!(vectors.len() >= 27, "{}", vectors.len());
        for Vector { made_by, scheme, password, stored } in vectors {
            assert_eq!(recognise(&stored), Ok(scheme.as_str()), "{made_by}: {stored}");
            assert_eq!(Scheme::Scrypt.judge(&password, Some(&stored)), Verdict::Outdated, "{made_by}: {stored}");
            let other = format!("X{password}");
            assert_eq!(Scheme::Scrypt.judge(&other, Some(&stored)), Verdict::Wrong, "{made_by}: {stored}");
        }
    }

    #[test]
    fn every_bit_of_a_stored_key_counts() {
        for Vector { password, stored, .. } in vectors() {
            // The last character but one holds six whole bits in each of these notations.
            let at = stored.trim_end_matches('=').len() - 2;
            let other = if stored.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut damaged = stored.clone();
            damaged.replace_range(at..=at, other);
            assert_eq!(Scheme::Scrypt.judge(&password, Some(&damaged)), Verdict::Wrong, "{stored}");
        }
    }

    #[test]
    fn a_hash_of_the_configured_scheme_stays() {
        for scheme in [Scheme::Scrypt, Scheme::Argon2id] {
            let stored = scheme.hash("correct horse", [7; 16]);
            assert_eq!(scheme.judge("correct horse", Some(&stored)), Verdict::Right, "{stored}");
            assert_eq!(scheme.judge("correct hors", Some(&stored)), Verdict::Wrong);
        }
        let scrypt = Scheme::Scrypt.hash("correct horse", [7; 16]);
        assert_eq!(Scheme::Argon2id.judge("correct horse", Some(&scrypt)), Verdict::Outdated);
    }

    #[test]
    fn an_argon2id_hash_stays_unless_the_configured_one_is_stronger() {
        let judged = |cost: &str| {
            let stored = vectors().into_iter().find(|it| it.stored.contains(cost)).unwrap();
            Scheme::Argon2id.judge(&stored.password, Some(&stored.stored))
        };
        assert_eq!(judged("$argon2id$v=19$m=65536,t=3"), Verdict::Right);
        assert_eq!(judged("$argon2id$v=19$m=19456,t=2"), Verdict::Right);
        assert_eq!(judged("$argon2id$v=19$m=64,t=1"), Verdict::Outdated);
        assert_eq!(judged("$argon2i$v=19$m=1024"), Verdict::Outdated);
    }

    #[test]
    fn what_others_hashed_as_it_was_typed_is_tried_as_it_is_typed() {
        let stored = |password: &str| vectors().into_iter().find(|it| it.password == password).unwrap().stored;
        let judge = |typed: &str, stored: &str| Scheme::Argon2id.judge(typed, Some(stored));
        // Made from the composed form: both keyboards get in.
        let composed = stored("h\u{fc}nter22");
        assert_eq!(judge("h\u{fc}nter22", &composed), Verdict::Outdated);
        assert_eq!(judge("hu\u{308}nter22", &composed), Verdict::Outdated);
        // Made from the decomposed form: only who types that.
        let decomposed = stored("hu\u{308}nter22");
        assert_eq!(judge("hu\u{308}nter22", &decomposed), Verdict::Outdated);
        assert_eq!(judge("h\u{fc}nter22", &decomposed), Verdict::Wrong);
        // A form NFKC changes for good.
        assert_eq!(judge("of\u{fb01}ce hours", &stored("of\u{fb01}ce hours")), Verdict::Outdated);
    }

    #[test]
    fn a_row_cannot_demand_more_than_its_due() {
        for stored in [
            "$argon2id$v=19$m=10485760,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$TidJyJDkgEHZt5Y3TQjEZeFVDeSbY67cNn/iwArZKaM",
            "$argon2id$v=19$m=64,t=4294967295,p=1$AAECAwQFBgcICQoLDA0ODw$TidJyJDkgEHZt5Y3TQjEZeFVDeSbY67cNn/iwArZKaM",
            "$2b$31$abcdefghijklmnopqrstuukEpH7/oRy/w/9J1nblwprl77.eThhDa",
            "pbkdf2_sha256$4294967295$salt$FXuHkkH85lPnx15gKyMoYeIaifMTEQvpgkbAUvX/GP4=",
            "$scrypt$ln=40,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$RKPo0aum7iV0SVkrlEOQDoE+lh1NH6RAc1S8sI2okY4",
            "$scrypt$ln=10,r=8,p=1000000$AAECAwQFBgcICQoLDA0ODw$RKPo0aum7iV0SVkrlEOQDoE+lh1NH6RAc1S8sI2okY4",
            "scrypt$1099511627776$salt$8$1$RKPo0aum7iV0SVkrlEOQDoE+lh1NH6RAc1S8sI2okY4=",
            "$fbscrypt$v=1,n=30,r=8,p=1,ss=Bw==,sk=AAAA$42xEC+ixf3L2lw==$AAAA",
        ] {
            assert_eq!(recognise(stored), Err(Unusable::TooCostly), "{stored}");
        }
    }

    #[test]
    fn what_is_no_hash_is_said_to_be_none() {
        for stored in [
            "",
            "hunter2",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
            "$P$B123456789",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        ] {
            assert_eq!(recognise(stored), Err(Unusable::Unknown), "{stored}");
        }
        for stored in [
            "$2x$06$abcdefghijklmnopqrstuukEpH7/oRy/w/9J1nblwprl77.eThhDa",
            "$2b$06$abcdefghijklmnopqrstuukEpH7",
            "$2b$00$abcdefghijklmnopqrstuukEpH7/oRy/w/9J1nblwprl77.eThhDa",
            "$argon2id$v=19$m=64,t=1,p=1$AAEC$TidJyJDkgEHZt5Y3TQjEZeFVDeSbY67cNn/iwArZKaM",
            "$argon2id$v=19$m=64,t=1,p=1,data=AAEC$AAECAwQFBgcICQoLDA0ODw$TidJyJDkgEHZt5Y3TQjEZeFVDeSbY67cNn/iwArZKaM",
            "$argon2id$v=19$m=7,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$TidJyJDkgEHZt5Y3TQjEZeFVDeSbY67cNn/iwArZKaM",
            "$argon2id$v=20$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$TidJyJDkgEHZt5Y3TQjEZeFVDeSbY67cNn/iwArZKaM",
            "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$",
            "pbkdf2_sha256$0$salt$FXuHkkH85lPnx15gKyMoYeIaifMTEQvpgkbAUvX/GP4=",
            "pbkdf2_md5$1000$salt$FXuHkkH85lPnx15gKyMoYeIaifMTEQvpgkbAUvX/GP4=",
            "pbkdf2_sha256$1000$salt$",
            "scrypt$16385$salt$8$1$RKPo0aum7iV0SVkrlEOQDoE+lh1NH6RAc1S8sI2okY4=",
            "$scrypt$ln=0,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$RKPo0aum7iV0SVkrlEOQDoE+lh1NH6RAc1S8sI2okY4",
            "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAAA",
            "$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=AAAA$42xEC+ixf3L2lw==$AAAA",
            "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=AAAA$42xEC+ixf3L2lw==$AAAAAAAA",
        ] {
            assert_eq!(recognise(stored), Err(Unusable::Malformed), "{stored}");
        }
        assert_eq!(recognise(&format!("$2b$06${}", "a".repeat(LONGEST))), Err(Unusable::Malformed));
    }

    #[test]
    fn the_tail_bcrypt_never_saw_does_not_count_and_is_to_be_hashed_anew() {
        let long = vectors().into_iter().find(|it| it.password.ends_with("the tail")).unwrap();
        let judge = |password: &str| Scheme::Scrypt.judge(password, Some(&long.stored));
        assert_eq!(judge(&"x".repeat(72)), Verdict::Outdated);
        assert_eq!(judge(&format!("{}another tail", "x".repeat(72))), Verdict::Outdated);
        assert_eq!(judge(&"x".repeat(71)), Verdict::Wrong);
    }

    #[test]
    fn a_nul_does_not_make_two_passwords_one_under_bcrypt() {
        // bcrypt repeats the password and its closing NUL, so "a" and "a\0a" come to the same.
        let stored = ::bcrypt::hash_with_salt("a", 4, [3; 16]).unwrap().to_string();
        assert_eq!(Scheme::Scrypt.judge("a", Some(&stored)), Verdict::Outdated);
        assert_eq!(Scheme::Scrypt.judge("a\0a", Some(&stored)), Verdict::Wrong);
    }

    #[test]
    fn reading_an_odd_hash_never_panics() {
        for Vector { stored, .. } in vectors() {
            for at in stored.char_indices().map(|(at, _)| at) {
                let _ = recognise(&stored[..at]);
                let _ = recognise(&format!("{}é{}", &stored[..at], &stored[at..]));
                let _ = recognise(&format!("{}$99999999999,=={}", &stored[..at], &stored[at..]));
            }
        }
    }
}
