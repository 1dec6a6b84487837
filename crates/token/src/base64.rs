//! Base64url without padding, one spelling per value (RFC 7515 section 2, RFC 4648 sections 3.3 and 3.5).

use base64_simd::{Out, URL_SAFE_NO_PAD};

use crate::Refused;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

pub(crate) fn encode_append(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, text);
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Refused::InvalidEncoding)
}

/// Decodes into a buffer that is emptied first and keeps its capacity.
pub(crate) fn decode_into(text: &str, buffer: &mut Vec<u8>) -> Result<(), Refused> {
    buffer.clear();
    URL_SAFE_NO_PAD.decode_append(text, buffer).map_err(|_| Refused::InvalidEncoding)
}

/// Decodes exactly `N` bytes; another length gives `None`.
pub(crate) fn decode_exact<const N: usize>(text: &str) -> Result<Option<[u8; N]>, Refused> {
    if text.len() != (N * 8).div_ceil(6) {
        return Ok(None);
    }
    let mut bytes = [0; N];
    let decoded = URL_SAFE_NO_PAD
        .decode(text.as_bytes(), Out::from_slice(&mut bytes))
        .map_err(|_| Refused::InvalidEncoding)?
        .len();
    Ok((decoded == N).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_spelling() {
        assert_eq!(decode("AA"), Ok(vec![0]));
        for text in ["AB", "AA=", "AA==", " AA", "AA ", "A", "AA\n", "A+", "A/", "AAAB=", "AAB", "é"] {
            assert_eq!(decode(text), Err(Refused::InvalidEncoding), "{text:?}");
        }
    }

    #[test]
    fn an_exact_length_is_demanded() {
        assert_eq!(decode_exact::<1>("AA"), Ok(Some([0])));
        assert_eq!(decode_exact::<1>("AAA"), Ok(None));
        assert_eq!(decode_exact::<1>(""), Ok(None));
        assert_eq!(decode_exact::<1>("AB"), Err(Refused::InvalidEncoding));
    }
}
