//! Keys. A key carries its algorithm; a token's `alg` must agree and chooses nothing (RFC 8725 section 3.1).

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        ParsedPublicKey,
    },
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    InvalidKey, Refused, Secret, Secrets, base64,
    jwk::{self, Jwk, Material},
    mac::MacKey,
};

/// The algorithms we know, by their exact names (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256. Anyone can turn a genuine signature into a second one over the same token (RFC 7518
    /// section 3.4 allows both): know a token by its `jti`, never by its text.
    Es256,
}

impl Algorithm {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::Hs256, Self::EdDsa, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
            .ok_or(UnknownAlgorithm)
    }
}

/// A name that is none of the three, to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm must be HS256, EdDSA or ES256")]
pub struct UnknownAlgorithm;

/// A key that signs. `Debug` shows its algorithm and name only.
#[derive(Clone)]
pub struct SigningKey {
    signer: Signer,
    /// The public half, or the same key where both halves are one.
    verifying: VerifyingKey,
}

#[derive(Clone)]
enum Signer {
    Hs256(MacKey),
    EdDsa(Arc<Ed25519KeyPair>),
    Es256(Arc<EcdsaKeyPair>),
}

impl SigningKey {
    /// A key for HS256: the bytes of the secret's text, as every other JWT library takes them.
    #[must_use]
    pub fn hs256(secret: &Secret, kid: Option<String>) -> Self {
        Self::from_mac_key(MacKey::new(secret.expose().as_bytes()), kid)
    }

    /// A key for HS256 from bytes, for test vectors and derived keys.
    ///
    /// # Errors
    /// [`InvalidKey::TooShort`] below 32 bytes (RFC 7518 section 3.2).
    pub fn hs256_bytes(key: &[u8], kid: Option<String>) -> Result<Self, InvalidKey> {
        jwk::long_enough(key)?;
        Ok(Self::from_mac_key(MacKey::new(key), kid))
    }

    /// A key for EdDSA from its 32-byte seed (RFC 8032 section 5.1.5). Any random 32 bytes will do.
    ///
    /// # Errors
    /// [`InvalidKey::Rejected`] when the library does not take it.
    pub fn ed25519_from_seed(seed: &[u8; 32], kid: Option<String>) -> Result<Self, InvalidKey> {
        Self::from_ed25519(Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidKey::Rejected)?, kid)
    }

    /// A key for ES256 from its 32-byte private number, big-endian. Random bytes will do: one in 2^32 is out of range
    /// and refused.
    ///
    /// # Errors
    /// [`InvalidKey::Rejected`] when the number is zero or not below the order of the curve.
    pub fn es256_from_scalar(scalar: &[u8; 32], kid: Option<String>) -> Result<Self, InvalidKey> {
        let document = jwk::ec_private_key(scalar);
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &document)
            .map_err(|_| InvalidKey::Rejected)?;
        Self::from_es256(pair, kid)
    }

    /// A key of any algorithm from 32 random bytes.
    ///
    /// # Errors
    /// [`InvalidKey::Rejected`] as for ES256; draw again.
    pub fn from_entropy(algorithm: Algorithm, entropy: &[u8; 32], kid: Option<String>) -> Result<Self, InvalidKey> {
        match algorithm {
            Algorithm::Hs256 => Self::hs256_bytes(entropy, kid),
            Algorithm::EdDsa => Self::ed25519_from_seed(entropy, kid),
            Algorithm::Es256 => Self::es256_from_scalar(entropy, kid),
        }
    }

    /// A key from a private JWK: `oct`, `OKP` with Ed25519, or `EC` with P-256 (RFC 7517, RFC 8037).
    ///
    /// # Errors
    /// [`InvalidKey`] when it is not one, when `alg`, `use` or `key_ops` contradict, or its halves do not match.
    pub fn from_jwk(json: &str) -> Result<Self, InvalidKey> {
        let Jwk { kid, material } = Jwk::read(json, "sign")?;
        match material {
            Material::Oct(key) => Self::hs256_bytes(&key, kid),
            Material::Ed25519 { x, d } => {
                let seed = d.ok_or(InvalidKey::NotPrivate)?;
                let pair = Ed25519KeyPair::from_seed_and_public_key(&*seed, &x).map_err(|_| InvalidKey::Rejected)?;
                Self::from_ed25519(pair, kid)
            }
            Material::P256 { point, d } => {
                let scalar = d.ok_or(InvalidKey::NotPrivate)?;
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &*scalar, &point)
                    .map_err(|_| InvalidKey::Rejected)?;
                Self::from_es256(pair, kid)
            }
        }
    }

    /// The half that verifies.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The name of the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.verifying.kid()
    }

    /// The public half as a JWK; `None` for HS256, which has none.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Value> {
        self.verifying.public_jwk()
    }

    /// The private half as a JWK text; `None` for HS256, whose secret is kept elsewhere.
    #[must_use]
    pub fn private_jwk(&self) -> Option<Zeroizing<String>> {
        let d = match &self.signer {
            Signer::Hs256(_) => return None,
            Signer::EdDsa(pair) => Zeroizing::new(base64::encode(jwk::seed(pair)?)),
            Signer::Es256(pair) => Zeroizing::new(base64::encode(jwk::scalar(pair)?)),
        };
        jwk::with_private(self.public_jwk()?, &d)
    }

    pub(crate) fn minted_header(&self) -> &str {
        &self.verifying.minted_header
    }

    /// The encoded header of tokens of another type.
    pub(crate) fn header_of(&self, typ: &str) -> String {
        jwk::header(self.verifying.algorithm(), typ, self.verifying.kid())
    }

    /// The signature over a message; `None` when the library cannot sign.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Signature> {
        match &self.signer {
            Signer::Hs256(key) => Some(Signature::Mac(key.mac(message))),
            Signer::EdDsa(pair) => Signature::pair(pair.try_sign(message).ok()?.as_ref()),
            // ECDSA needs a fresh nonce; the library insists on drawing it itself.
            Signer::Es256(pair) => Signature::pair(pair.sign(&SystemRandom::new(), message).ok()?.as_ref()),
        }
    }

    fn from_mac_key(key: MacKey, kid: Option<String>) -> Self {
        let verifying = VerifyingKey::new(Check::Hs256(key.clone()), kid);
        Self { signer: Signer::Hs256(key), verifying }
    }

    fn from_ed25519(pair: Ed25519KeyPair, kid: Option<String>) -> Result<Self, InvalidKey> {
        let check = Check::ed25519(pair.public_key().as_ref())?;
        Ok(Self { signer: Signer::EdDsa(Arc::new(pair)), verifying: VerifyingKey::new(check, kid) })
    }

    fn from_es256(pair: EcdsaKeyPair, kid: Option<String>) -> Result<Self, InvalidKey> {
        let check = Check::p256(pair.public_key().as_ref())?;
        Ok(Self { signer: Signer::Es256(Arc::new(pair)), verifying: VerifyingKey::new(check, kid) })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm()).field("kid", &self.kid()).finish()
    }
}

pub(crate) enum Signature {
    Mac([u8; 32]),
    Pair([u8; 64]),
}

impl Signature {
    fn pair(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::Pair)
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Mac(mac) => mac,
            Self::Pair(signature) => signature,
        }
    }
}

/// A key that verifies, with one algorithm. `Debug` shows its algorithm and name only.
#[derive(Clone)]
pub struct VerifyingKey {
    check: Check,
    kid: Option<String>,
    /// The encoded header of the tokens this key mints.
    minted_header: Box<str>,
}

#[derive(Clone)]
enum Check {
    Hs256(MacKey),
    EdDsa(ParsedPublicKey),
    Es256(ParsedPublicKey),
}

impl VerifyingKey {
    /// A key from a JWK, public or private: `oct`, `OKP` with Ed25519, or `EC` with P-256.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is not one, or when `alg`, `use` or `key_ops` contradict (RFC 7517 section 4).
    pub fn from_jwk(json: &str) -> Result<Self, InvalidKey> {
        let Jwk { kid, material } = Jwk::read(json, "verify")?;
        let check = match material {
            Material::Oct(key) => {
                jwk::long_enough(&key)?;
                Check::Hs256(MacKey::new(&key))
            }
            Material::Ed25519 { x, .. } => Check::ed25519(&x)?,
            Material::P256 { point, .. } => Check::p256(&point)?,
        };
        Ok(Self::new(check, kid))
    }

    /// A key for HS256 of any length, for foreign test vectors. A key below 32 bytes protects nothing (RFC 7518 section
    /// 3.2), so there is no signing key like it.
    #[must_use]
    pub fn hs256_of_any_length(key: &[u8], kid: Option<String>) -> Self {
        Self::new(Check::Hs256(MacKey::new(key)), kid)
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.check {
            Check::Hs256(_) => Algorithm::Hs256,
            Check::EdDsa(_) => Algorithm::EdDsa,
            Check::Es256(_) => Algorithm::Es256,
        }
    }

    /// The name of the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key as a JWK; `None` for HS256, which has no public half.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Value> {
        match &self.check {
            Check::Hs256(_) => None,
            Check::EdDsa(key) => Some(jwk::ed25519(key.as_ref(), self.kid())),
            Check::Es256(key) => jwk::p256(key.as_ref(), self.kid()),
        }
    }

    fn new(check: Check, kid: Option<String>) -> Self {
        let mut key = Self { check, kid, minted_header: Box::default() };
        key.minted_header = jwk::header(key.algorithm(), "at+jwt", key.kid()).into();
        key
    }

    /// The signature must have its exact length before it is compared (RFC 2104 section 5: no truncation agreed).
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> Result<bool, Refused> {
        Ok(match &self.check {
            Check::Hs256(key) => base64::decode_exact::<32>(signature)?.is_some_and(|mac| key.verify(message, &mac)),
            Check::EdDsa(key) | Check::Es256(key) => base64::decode_exact::<64>(signature)?
                .is_some_and(|signature| key.verify_sig(message, &signature).is_ok()),
        })
    }
}

impl Check {
    fn ed25519(x: &[u8]) -> Result<Self, InvalidKey> {
        ParsedPublicKey::new(&ED25519, x).map(Self::EdDsa).map_err(|_| InvalidKey::Rejected)
    }

    fn p256(point: &[u8]) -> Result<Self, InvalidKey> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map(Self::Es256).map_err(|_| InvalidKey::Rejected)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("algorithm", &self.algorithm()).field("kid", &self.kid()).finish()
    }
}

/// The configured keys. A token's `kid` is a hint among them and nothing more.
///
/// | `kid` of the token | keys that are tried, if their algorithm is the token's |
/// |---|---|
/// | absent | all |
/// | names a key | those of that name |
/// | names none | those without a name; if there are none, [`Refused::UnknownKey`] |
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Arc<ArcSwap<Vec<VerifyingKey>>>,
    /// How often a key other than the first was needed.
    old_uses: Arc<AtomicU64>,
}

impl KeySet {
    /// A set of several keys. An empty set refuses every token.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self { keys: Arc::new(ArcSwap::from_pointee(keys.into_iter().collect())), old_uses: Arc::default() }
    }

    /// A set of one key.
    #[must_use]
    pub fn single(key: VerifyingKey) -> Self {
        Self::new([key])
    }

    /// HS256 keys for all secrets, named by their versions.
    #[must_use]
    pub fn hs256(secrets: &Secrets) -> Self {
        Self::new(secrets.iter().map(|(version, secret)| {
            SigningKey::hs256(secret, version.map(|version| version.to_string())).verifying_key()
        }))
    }

    /// The keys of a JWKS document (RFC 7517 section 5). Keys of a kind or algorithm we do not know, and keys that are
    /// not for signatures, are passed over, as the RFC asks.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is no such document, a key in it is broken, or none is left.
    pub fn from_jwks(json: &str) -> Result<Self, InvalidKey> {
        let mut keys = Vec::new();
        for key in jwk::members_of_set(json)? {
            match VerifyingKey::from_jwk(&key) {
                Ok(key) => keys.push(key),
                Err(InvalidKey::Unsupported | InvalidKey::NotForSignatures) => {}
                Err(invalid) => return Err(invalid),
            }
        }
        if keys.is_empty() { Err(InvalidKey::NoKeys) } else { Ok(Self::new(keys)) }
    }

    /// How often a key other than the first was needed, counted by all clones together.
    #[must_use]
    pub fn old_uses(&self) -> u64 {
        self.old_uses.load(Ordering::Relaxed)
    }

    /// The keys as they are now.
    pub fn iter(&self) -> impl Iterator<Item = VerifyingKey> {
        Vec::clone(&self.keys.load()).into_iter()
    }

    /// Puts other keys in the place of these, in all clones at once.
    pub fn replace(&self, keys: impl IntoIterator<Item = VerifyingKey>) {
        self.keys.store(Arc::new(keys.into_iter().collect()));
    }

    /// The keys as they are now, which stay the same while one token is verified.
    pub(crate) fn now(&self) -> KeysNow<'_> {
        KeysNow { keys: self.keys.load(), old_uses: &self.old_uses }
    }
}

/// The keys of one moment.
pub(crate) struct KeysNow<'s> {
    keys: arc_swap::Guard<Arc<Vec<VerifyingKey>>>,
    old_uses: &'s AtomicU64,
}

impl KeysNow<'_> {
    /// The key whose own header this is.
    pub(crate) fn minted(&self, header: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| *key.minted_header == *header)
    }

    /// Verifies under the keys that come into question.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        message: &[u8],
        signature: &str,
    ) -> Result<(), Refused> {
        let name = kid.filter(|kid| self.keys.iter().any(|key| key.kid() == Some(kid)));
        let mut reason = Refused::UnknownKey;
        let named = |(_, key): &(usize, &VerifyingKey)| kid.is_none() || key.kid() == name;
        for (position, key) in self.keys.iter().enumerate().filter(named) {
            if key.algorithm() != algorithm {
                if reason == Refused::UnknownKey {
                    reason = Refused::AlgorithmMismatch;
                }
            } else if key.verify(message, signature)? {
                if position > 0 {
                    self.old_uses.fetch_add(1, Ordering::Relaxed);
                }
                return Ok(());
            } else {
                reason = Refused::InvalidSignature;
            }
        }
        Err(reason)
    }
}
