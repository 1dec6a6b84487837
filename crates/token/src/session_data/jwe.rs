//! The form `jwe`: a compact JWE under a key derived from the secret (RFC 7516 section 7.1, RFC 7518 sections 4.5 and 5.2.5).

use aws_lc_rs::{
    cipher::{
        AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    hkdf, hmac,
    iv::FixedLength,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{MAX_SESSION_DATA_BYTES, SessionData, SessionDataDraft};
use crate::{CannotSign, Secret, SecretUse, Secrets, base64};

/// Seals and opens the form `jwe`.
#[derive(Clone, Copy, Debug)]
pub struct SessionDataJwe;

impl SessionDataJwe {
    /// The value of a cookie. `iat` and `exp`: seconds since 1970; `jti` names this value and no other; `iv` is random.
    ///
    /// # Errors
    /// [`CannotSign::Library`] when the cryptographic library refuses.
    pub fn seal(
        draft: &SessionDataDraft,
        (iat, exp): (i64, i64),
        (jti, iv): (&str, [u8; IV_BYTES]),
        secret: &Secret,
    ) -> Result<String, CannotSign> {
        let claims = draft.with(&format!("\"iat\":{iat},\"exp\":{exp},\"jti\":\"{jti}\""));
        let key = Key::of(secret).ok_or(CannotSign::Library)?;
        key.seal(claims.into_bytes(), iv).ok_or(CannotSign::Library)
    }

    /// What it remembers, if it opens under one of the secrets. The header of each is known, so none is parsed.
    #[must_use]
    pub fn open(raw: &str, secrets: &Secrets) -> Option<SessionData> {
        if raw.len() > MAX_SESSION_DATA_BYTES {
            return None;
        }
        let claims = secrets.find(SecretUse::SessionData, |_, secret| Key::of(secret)?.open(raw))?;
        SessionData::read(std::str::from_utf8(&claims).ok()?, None)
    }
}

/// The key of one secret, and the header of what it seals.
struct Key {
    bytes: Zeroizing<[u8; 64]>,
    header: String,
}

const IV_BYTES: usize = 16;
const TAG_BYTES: usize = 32;

impl Key {
    /// HKDF-SHA256 with Better Auth's salt and label, 64 bytes (RFC 5869).
    fn of(secret: &Secret) -> Option<Self> {
        struct Long;
        impl hkdf::KeyType for Long {
            fn len(&self) -> usize {
                64
            }
        }
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"better-auth-session").extract(secret.expose().as_bytes());
        let mut bytes = Zeroizing::new([0; 64]);
        extracted.expand(&[b"BetterAuth.js Generated Encryption Key"], Long).ok()?.fill(&mut *bytes).ok()?;
        Some(Self::new(bytes))
    }

    /// The header names the key by its thumbprint (RFC 7638).
    fn new(bytes: Zeroizing<[u8; 64]>) -> Self {
        let text = Zeroizing::new(base64::encode(bytes.as_slice()));
        let jwk = Zeroizing::new(format!("{{\"k\":\"{}\",\"kty\":\"oct\"}}", *text));
        let kid = base64::encode(Sha256::digest(jwk.as_bytes()));
        let header = base64::encode(format!("{{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\",\"kid\":\"{kid}\"}}"));
        Self { bytes, header }
    }

    /// The first half is for the MAC, the second for the cipher.
    fn halves(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(32)
    }

    fn seal(&self, mut text: Vec<u8>, iv: [u8; IV_BYTES]) -> Option<String> {
        let cipher =
            PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, self.halves().1).ok()?).ok()?;
        cipher.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
        let tag = self.tag(&self.header, &iv, &text);
        let mut value = format!("{}..", self.header);
        for (part, end) in [(iv.as_slice(), "."), (&text, "."), (&tag, "")] {
            base64::encode_append(part, &mut value);
            value.push_str(end);
        }
        Some(value)
    }

    fn open(&self, raw: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut parts = raw.strip_prefix(&self.header)?.strip_prefix("..")?.splitn(3, '.');
        let iv = base64::decode_exact::<IV_BYTES>(parts.next()?).ok()??;
        let mut text = Zeroizing::new(base64::decode(parts.next()?).ok()?);
        let tag = base64::decode_exact::<TAG_BYTES>(parts.next()?).ok()??;
        // The tag before the padding, in constant time: whoever alters a value learns nothing of what is in it.
        if !bool::from(self.tag(&self.header, &iv, &text).ct_eq(&tag)) {
            return None;
        }
        let cipher =
            PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, self.halves().1).ok()?).ok()?;
        let length = cipher.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    /// HMAC-SHA512 over header, IV, ciphertext and the header's length in bits, cut to 32 bytes (RFC 7518 section 5.2.2.1).
    fn tag(&self, header: &str, iv: &[u8], text: &[u8]) -> [u8; TAG_BYTES] {
        let bits = (header.len() as u64 * 8).to_be_bytes();
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, self.halves().0));
        [header.as_bytes(), iv, text, &bits].iter().for_each(|part| mac.update(part));
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(mac.sign().as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7518 appendix B.3.
    #[test]
    fn seals_the_example_of_the_rfc() {
        let bytes: [u8; 64] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let key =
            Key { header: "The second principle of Auguste Kerckhoffs".to_owned(), ..Key::new(Zeroizing::new(bytes)) };
        let text = "A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";
        let iv = [0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04];
        let sealed = key.seal(text.as_bytes().to_vec(), iv).unwrap();
        let mut parts = sealed.split('.').skip(2);
        assert_eq!(base64::decode(parts.next().unwrap()).unwrap(), iv);
        let cipher = base64::decode(parts.next().unwrap()).unwrap();
        assert_eq!((cipher.len(), &cipher[..8]), (144, [0x4a, 0xff, 0xaa, 0xad, 0xb7, 0x8c, 0x31, 0xc5].as_slice()));
        let tag = base64::decode(parts.next().unwrap()).unwrap();
        let expected = "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5";
        assert_eq!(tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
        assert_eq!(key.open(&sealed).unwrap().as_slice(), text.as_bytes());
    }
}
