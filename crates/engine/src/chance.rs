//! The only place that draws at random.

use countersign_db::Timestamp;

/// Draws bytes nobody can foresee.
pub trait Chance: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    #[expect(clippy::disallowed_methods, reason = "this is the chance everyone else takes as an argument")]
    #[expect(clippy::expect_used, reason = "without randomness no secret can be made: better to stop than to go on")]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system gives no random bytes");
    }
}

/// Bytes drawn from `chance`.
pub(crate) fn bytes<const N: usize>(chance: &dyn Chance) -> [u8; N] {
    let mut bytes = [0; N];
    chance.fill(&mut bytes);
    bytes
}

/// A UUIDv7 (RFC 9562 section 5.7): ids we make sort by their time.
pub fn id(chance: &dyn Chance, now: Timestamp) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes(chance)).into_uuid().to_string()
}

/// A session token as Better Auth makes them: 32 letters and digits, 190 bits.
pub(crate) fn session_token(chance: &dyn Chance) -> String {
    const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut token = String::with_capacity(32);
    while token.len() < 32 {
        // Bytes from 248 on are drawn again, so that every letter is as likely as any other.
        let letters = bytes::<64>(chance).into_iter().filter(|byte| *byte < 248);
        let letters = letters.filter_map(|byte| ALPHABET.get(usize::from(byte) % ALPHABET.len()));
        token.extend(letters.map(|letter| char::from(*letter)).take(32 - token.len()));
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_tokens_are_32_letters_and_digits_and_never_alike() {
        let tokens: std::collections::HashSet<String> = (0..100).map(|_| session_token(&SystemChance)).collect();
        assert_eq!(tokens.len(), 100);
        assert!(tokens.iter().all(|t| t.len() == 32 && t.bytes().all(|b| b.is_ascii_alphanumeric())));
    }

    #[test]
    fn ids_are_version_7_uuids_of_their_time() {
        let id = id(&SystemChance, Timestamp::from_millis(1_800_000_000_123));
        let uuid = uuid::Uuid::parse_str(&id).unwrap();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_timestamp().unwrap().to_unix(), (1_800_000_000, 123_000_000));
    }
}
