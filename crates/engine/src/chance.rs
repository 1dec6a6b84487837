//! The only place that draws at random.

use std::sync::atomic::{AtomicU64, Ordering};

use countersign_db::Timestamp;

use crate::Engine;

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

/// A UUIDv7 (RFC 9562 section 5.7) that need not sort among others.
pub fn id(chance: &dyn Chance, now: Timestamp) -> String {
    Ids::default().next(chance, now)
}

/// Makes UUIDv7 that sort by when they were made, also within a millisecond: what chance would fill first counts on instead (RFC
/// 9562 section 6.2, method 1).
#[derive(Default)]
pub(crate) struct Ids(AtomicU64);

impl Ids {
    const COUNTER_BITS: u32 = 12;

    pub(crate) fn next(&self, chance: &dyn Chance, now: Timestamp) -> String {
        let mut bytes = bytes::<10>(chance);
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        // Half of the counter is free when a millisecond begins. Where it is used up the next one begins early.
        let first = (millis << Self::COUNTER_BITS) | u64::from(u16::from_be_bytes([bytes[0], bytes[1]]) & 0x7ff);
        let after = |last: u64| if first >> Self::COUNTER_BITS > last >> Self::COUNTER_BITS { first } else { last + 1 };
        let last = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
        let next = after(last.unwrap_or_else(|last| last));
        bytes[..2].copy_from_slice(&((next & 0xfff) as u16).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(next >> Self::COUNTER_BITS, &bytes).into_uuid().to_string()
    }
}

impl Engine {
    /// The id of a row. Rows sort by when they were made.
    pub(crate) fn new_id(&self, now: Timestamp) -> String {
        self.ids.next(&*self.chance, now)
    }
}

/// A session token as Better Auth makes them: 32 letters and digits, 190 bits.
pub(crate) fn session_token(chance: &dyn Chance) -> String {
    text::<32>(chance, LETTERS_AND_DIGITS)
}

/// The secret of a link that resets a password, as Better Auth makes them: 24 letters and digits, 142 bits.
pub(crate) fn reset_token(chance: &dyn Chance) -> String {
    text::<24>(chance, LETTERS_AND_DIGITS)
}

/// The secret of a link that deletes a user, as Better Auth makes them: 32 digits and small letters, 165 bits.
pub(crate) fn deletion_token(chance: &dyn Chance) -> String {
    text::<32>(chance, DIGITS_AND_SMALL_LETTERS)
}

/// The `state` of a visit to an identity provider, as Better Auth makes them: 32 letters of base64url, 192 bits.
pub(crate) fn state(chance: &dyn Chance) -> String {
    text::<32>(chance, BASE64URL)
}

/// What proves to the provider that who began comes back (RFC 7636 section 4.1): 128 letters of base64url.
pub(crate) fn code_verifier(chance: &dyn Chance) -> String {
    text::<128>(chance, BASE64URL)
}

const BASE64URL: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
const LETTERS_AND_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const DIGITS_AND_SMALL_LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn text<const LENGTH: usize>(chance: &dyn Chance, alphabet: &[u8]) -> String {
    // Bytes beyond the last whole alphabet are drawn again, so that every letter is as likely as any other.
    let usable = 256 - 256 % alphabet.len();
    let mut token = String::with_capacity(LENGTH);
    while token.len() < LENGTH {
        let drawn = bytes::<64>(chance).into_iter().map(usize::from).filter(|byte| *byte < usable);
        let letters = drawn.filter_map(|byte| alphabet.get(byte % alphabet.len()));
        token.extend(letters.map(|letter| char::from(*letter)).take(LENGTH - token.len()));
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
    fn every_letter_of_an_alphabet_is_drawn_as_often() {
        let text = (0..20_000).map(|_| deletion_token(&SystemChance)).collect::<String>();
        let counts = DIGITS_AND_SMALL_LETTERS.iter().map(|letter| text.bytes().filter(|byte| byte == letter).count());
        // 640,000 letters, 17,778 of each: seven standard deviations are 920. Undrawn again, four letters come 2,222 times more.
        assert!(counts.into_iter().all(|count| count.abs_diff(17_778) < 950), "{text:.80}");
    }

    #[test]
    fn ids_of_one_millisecond_sort_by_when_they_were_made() {
        let (ids, now) = (Ids::default(), Timestamp::from_millis(1_800_000_000_123));
        let of_now: Vec<_> = (0..5_000).map(|_| ids.next(&SystemChance, now)).collect();
        assert!(of_now.is_sorted_by(|one, other| one < other), "also beyond what the counter holds");
        let uuid = uuid::Uuid::parse_str(&of_now[0]).unwrap();
        assert_eq!(
            (uuid.get_version_num(), uuid.get_timestamp().unwrap().to_unix()),
            (7, (1_800_000_000, 123_000_000))
        );
        // A clock that is set back takes nothing of the order.
        assert!(ids.next(&SystemChance, Timestamp::from_millis(1_700_000_000_000)) > of_now[4_999]);
        let later = ids.next(&SystemChance, now.plus_seconds(1));
        assert_eq!(
            uuid::Uuid::parse_str(&later).unwrap().get_timestamp().unwrap().to_unix(),
            (1_800_000_001, 123_000_000)
        );
    }

    #[test]
    fn ids_are_version_7_uuids_of_their_time() {
        let id = id(&SystemChance, Timestamp::from_millis(1_800_000_000_123));
        let uuid = uuid::Uuid::parse_str(&id).unwrap();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_timestamp().unwrap().to_unix(), (1_800_000_000, 123_000_000));
    }
}
