//! How stored hashes write numbers, parameters and octets.

use super::Unusable;

/// Standard base64 (RFC 4648 section 4) with or without its padding; also the URL-safe letters, and passlib's dot for the plus.
pub(super) fn octets(text: &str) -> Result<Vec<u8>, Unusable> {
    let standard: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '.' | '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    base64_simd::STANDARD_NO_PAD.decode_to_vec(standard).map_err(|_| Unusable::Malformed)
}

/// Base64 without padding, as PHC strings have it.
pub(super) fn base64(octets: &[u8]) -> String {
    base64_simd::STANDARD_NO_PAD.encode_to_string(octets)
}

/// A decimal number. One too large for us is too large for anyone.
pub(super) fn number(text: &str) -> Result<u32, Unusable> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unusable::Malformed);
    }
    text.parse().map_err(|_| Unusable::TooCostly)
}

/// The values of `m=65536,t=3,p=4`, which must have these names in this order.
pub(super) fn parameters<'t, const N: usize>(text: &'t str, names: [&str; N]) -> Result<[&'t str; N], Unusable> {
    let mut given = text.split(',').map(|pair| pair.split_once('='));
    let mut values = [""; N];
    for (value, name) in values.iter_mut().zip(names) {
        match given.next().flatten() {
            Some((key, said)) if key == name => *value = said,
            _ => return Err(Unusable::Malformed),
        }
    }
    if given.next().is_some() { Err(Unusable::Malformed) } else { Ok(values) }
}

/// The parts of a text between dollar signs, which must be as many.
pub(super) fn parts<const N: usize>(text: &str) -> Result<[&str; N], Unusable> {
    let mut given = text.split('$');
    let mut parts = [""; N];
    for part in &mut parts {
        *part = given.next().ok_or(Unusable::Malformed)?;
    }
    if given.next().is_some() { Err(Unusable::Malformed) } else { Ok(parts) }
}
