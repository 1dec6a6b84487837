//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037): from text to key material and back.

use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{EcdsaKeyPair, Ed25519KeyPair},
};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::{Algorithm, base64};

/// Why a key cannot be used. The message never holds key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// Not a JSON object with the members of its kind as strings.
    #[error("the key is not a JSON Web Key")]
    Malformed,
    /// Neither `oct`, nor `OKP` with Ed25519, nor `EC` with P-256.
    #[error("the key is of a kind that is not supported")]
    Unsupported,
    /// `alg` names an algorithm the key cannot be used with.
    #[error("the key's `alg` contradicts its kind")]
    WrongAlgorithm,
    /// `use` is not `sig`, or `key_ops` does not hold the operation (RFC 7517 sections 4.2, 4.3).
    #[error("the key is not meant for signatures")]
    NotForSignatures,
    /// Fewer than 32 bytes (RFC 7518 section 3.2).
    #[error("the key is shorter than 32 bytes")]
    TooShort,
    /// The private half is missing.
    #[error("the key has no private half")]
    NotPrivate,
    /// The cryptographic library does not take it: not on the curve, out of range, or halves that do not match.
    #[error("the key is not valid on its curve")]
    Rejected,
    /// A set without one usable key.
    #[error("the set holds no usable key")]
    NoKeys,
}

pub(crate) struct Jwk {
    pub(crate) kid: Option<String>,
    pub(crate) material: Material,
}

pub(crate) enum Material {
    Oct(Zeroizing<Vec<u8>>),
    Ed25519 { x: [u8; 32], d: Option<Zeroizing<[u8; 32]>> },
    P256 { point: [u8; 65], d: Option<Zeroizing<[u8; 32]>> },
}

impl Jwk {
    /// Reads a key for one operation, `sign` or `verify`.
    pub(crate) fn read(json: &str, operation: &str) -> Result<Self, InvalidKey> {
        let members: Map<String, Value> = serde_json::from_str(json).map_err(|_| InvalidKey::Malformed)?;
        let material = match (text(&members, "kty")?, optional_text(&members, "crv")?) {
            ("oct", None) => {
                Material::Oct(Zeroizing::new(base64::decode(text(&members, "k")?).map_err(|_| InvalidKey::Malformed)?))
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519 { x: bytes(text(&members, "x")?)?, d: private(&members)? },
            ("EC", Some("P-256")) => Material::P256 {
                point: point(bytes(text(&members, "x")?)?, bytes(text(&members, "y")?)?),
                d: private(&members)?,
            },
            _ => return Err(InvalidKey::Unsupported),
        };
        demand_purpose(&members, operation)?;
        demand_algorithm(&members, &material)?;
        Ok(Self { kid: optional_text(&members, "kid")?.map(str::to_owned), material })
    }
}

/// `use` and `key_ops`, where present, must allow the operation.
pub(crate) fn demand_purpose(members: &Map<String, Value>, operation: &str) -> Result<(), InvalidKey> {
    let used_for = optional_text(members, "use")?;
    let operations = match members.get("key_ops") {
        None => None,
        Some(Value::Array(operations)) => Some(operations),
        Some(_) => return Err(InvalidKey::Malformed),
    };
    // Who may sign may verify: one JWK file serves both commands.
    let allows = |name: &Value| name == operation || (operation == "verify" && name == "sign");
    let allowed = used_for.is_none_or(|used_for| used_for == "sig")
        && operations.is_none_or(|operations| operations.iter().any(allows));
    if allowed { Ok(()) } else { Err(InvalidKey::NotForSignatures) }
}

/// `alg`, where present, must be the one algorithm of the key's kind.
fn demand_algorithm(members: &Map<String, Value>, material: &Material) -> Result<(), InvalidKey> {
    let Some(name) = optional_text(members, "alg")? else {
        return Ok(());
    };
    let own = match material {
        Material::Oct(_) => Algorithm::Hs256,
        Material::Ed25519 { .. } => Algorithm::EdDsa,
        Material::P256 { .. } => Algorithm::Es256,
    };
    // RFC 9864 gives EdDSA with Ed25519 the name of its curve.
    let matches = name == own.as_str() || (own == Algorithm::EdDsa && name == "Ed25519");
    if matches { Ok(()) } else { Err(InvalidKey::WrongAlgorithm) }
}

/// RFC 7518 section 3.2: a key of the hash's size or larger must be used with HMAC.
pub(crate) fn long_enough(key: &[u8]) -> Result<(), InvalidKey> {
    if key.len() < 32 { Err(InvalidKey::TooShort) } else { Ok(()) }
}

/// The keys of a JWKS document, each as text of its own.
pub(crate) fn members_of_set(json: &str) -> Result<Vec<Zeroizing<String>>, InvalidKey> {
    let set: Value = serde_json::from_str(json).map_err(|_| InvalidKey::Malformed)?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or(InvalidKey::Malformed)?;
    Ok(keys.iter().map(|key| Zeroizing::new(key.to_string())).collect())
}

pub(crate) fn ed25519(x: &[u8], kid: Option<&str>) -> Value {
    named(json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": base64::encode(x)}), kid)
}

/// The point in its uncompressed form: `04`, then both coordinates.
pub(crate) fn p256(point: &[u8], kid: Option<&str>) -> Option<Value> {
    let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32)?;
    let (x, y) = (base64::encode(x), base64::encode(y));
    Some(named(json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": x, "y": y}), kid))
}

pub(crate) fn with_private(mut public: Value, d: &str) -> Option<Zeroizing<String>> {
    public.as_object_mut()?.insert("d".to_owned(), Value::String(d.to_owned()));
    Some(Zeroizing::new(public.to_string()))
}

/// The encoded header of tokens of a type.
pub(crate) fn header(algorithm: Algorithm, typ: &str, kid: Option<&str>) -> String {
    let kid = kid.map(|kid| format!(r#","kid":{}"#, Value::from(kid))).unwrap_or_default();
    base64::encode(format!(r#"{{"alg":"{algorithm}","typ":"{typ}"{kid}}}"#))
}

/// The private number of a P-256 key as an `ECPrivateKey` without its optional public half (RFC 5915 section 3).
pub(crate) fn ec_private_key(scalar: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    const BEFORE: &[u8] = &[0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    /// The curve by its name, 1.2.840.10045.3.1.7 (RFC 5480 section 2.1.1.1).
    const AFTER: &[u8] = &[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    Zeroizing::new([BEFORE, scalar, AFTER].concat())
}

pub(crate) fn seed(pair: &Ed25519KeyPair) -> Option<Zeroizing<Vec<u8>>> {
    let number = pair.seed().ok()?.as_be_bytes().ok()?;
    Some(Zeroizing::new(number.as_ref().to_vec()))
}

pub(crate) fn scalar(pair: &EcdsaKeyPair) -> Option<Zeroizing<Vec<u8>>> {
    let number = pair.private_key().as_be_bytes().ok()?;
    Some(Zeroizing::new(number.as_ref().to_vec()))
}

fn named(mut jwk: Value, kid: Option<&str>) -> Value {
    if let (Some(members), Some(kid)) = (jwk.as_object_mut(), kid) {
        members.insert("kid".to_owned(), kid.into());
    }
    jwk
}

fn point(x: [u8; 32], y: [u8; 32]) -> [u8; 65] {
    let mut point = [4; 65];
    for (to, from) in point.iter_mut().skip(1).zip(x.into_iter().chain(y)) {
        *to = from;
    }
    point
}

fn private(members: &Map<String, Value>) -> Result<Option<Zeroizing<[u8; 32]>>, InvalidKey> {
    optional_text(members, "d")?.map(|d| bytes(d).map(Zeroizing::new)).transpose()
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], InvalidKey> {
    base64::decode_exact(text).ok().flatten().ok_or(InvalidKey::Malformed)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, InvalidKey> {
    optional_text(members, name)?.ok_or(InvalidKey::Malformed)
}

fn optional_text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, InvalidKey> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(InvalidKey::Malformed),
    }
}
