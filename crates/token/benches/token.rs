//! What verifying and minting cost, beside `jsonwebtoken` with both of its backends and beside the bare MAC, in one run.
//!
//! `cargo bench -p countersign-token`. 256 tokens of one shape are used in turn; contestants run interleaved, round by
//! round, and the median round counts, so that a disturbed moment touches all alike. Read the ratios.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on should stop, and prints what it found"
)]

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use aws_lc_rs::hmac as aws;
use countersign_token::{Change, Claims, KeySet, Policy, Revocations, Scratch, SigningKey, Verifier, sign};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, aws_lc, rust_crypto},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const NOW: i64 = 1_790_000_000;
const KEY: &[u8; 32] = b"a key of exactly thirty-two byte";
const TOKENS: usize = 256;
const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(20);

/// One thing to measure: does its work on the n-th input.
struct Contestant<'a> {
    name: &'static str,
    work: Box<dyn FnMut(usize) + 'a>,
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    PROVIDER.install_default().unwrap();
    let tokens: Vec<String> = (0..TOKENS).map(|n| sign(&signing_key(), &claims(n)).unwrap()).collect();
    println!(
        "one thread; a token has {} bytes; {ROUNDS} interleaved rounds of {ROUND:?}",
        tokens.first().unwrap().len()
    );
    print_table("verify HS256", verifying(&tokens));
    print_table("mint HS256", minting());
    print_table("the bare MAC over the signing input", bare_mac(&tokens));
    print_table("verify and mint, asymmetric", asymmetric());
    print_table("a look at the refusals", refusals());
}

fn verifying(tokens: &[String]) -> Vec<Contestant<'_>> {
    let verifier = Verifier::new(KeySet::single(signing_key().verifying_key()), Policy::default());
    let owned = verifier.clone();
    let mut scratch = Scratch::new();
    vec![
        contestant("countersign, borrowed claims", move |n| {
            black_box(verifier.verify(token(tokens, n), NOW, &mut scratch).unwrap());
        }),
        contestant("countersign, owned claims", move |n| {
            black_box(owned.verify_owned(token(tokens, n), NOW).unwrap());
        }),
        peer_verify("jsonwebtoken, rust_crypto", tokens, false),
        peer_verify("jsonwebtoken, aws_lc_rs", tokens, true),
        mac_clone("bare MAC, hmac + sha2", tokens),
    ]
}

fn minting() -> Vec<Contestant<'static>> {
    let key = signing_key();
    let claims: Vec<Claims> = (0..TOKENS).map(claims).collect();
    vec![
        contestant("countersign", move |n| {
            black_box(sign(&key, &claims[n % TOKENS]).unwrap());
        }),
        peer_mint("jsonwebtoken, rust_crypto", false),
        peer_mint("jsonwebtoken, aws_lc_rs", true),
    ]
}

fn bare_mac(tokens: &[String]) -> Vec<Contestant<'_>> {
    let kept = aws::Key::new(aws::HMAC_SHA256, KEY);
    vec![
        mac_clone("hmac + sha2, state kept", tokens),
        contestant("hmac + sha2, keyed each time", move |n| {
            let mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
            black_box(mac.chain_update(signed(token(tokens, n))).finalize().into_bytes());
        }),
        contestant("aws-lc-rs, key kept", move |n| {
            black_box(aws::sign(&kept, signed(token(tokens, n))));
        }),
        contestant("aws-lc-rs, keyed each time", move |n| {
            let key = aws::Key::new(aws::HMAC_SHA256, KEY);
            black_box(aws::sign(&key, signed(token(tokens, n))));
        }),
    ]
}

/// What a guard asks after a token was verified: nothing of it is among the refusals.
fn refusals() -> Vec<Contestant<'static>> {
    let look = |name, held: usize| {
        let before = resident();
        let mut refusals = Revocations::default();
        for n in 0..held {
            let session = format!("0197f3c2-6f0a-7c55-9d2e-{n:012x}");
            refusals.apply(Change::SessionRevoked { session, since: 0, until: NOW + 900 });
        }
        if let (Some(before), Some(after)) = (before, resident())
            && held >= 100_000
        {
            println!("{held} refusals take {} bytes each", after.saturating_sub(before) / held);
        }
        let claims: Vec<Claims> = (0..TOKENS).map(claims).collect();
        contestant(name, move |n| {
            assert!(black_box(refusals.standing(&claims[n % TOKENS], NOW)).is_none());
        })
    };
    vec![look("none held", 0), look("10,000 held", 10_000), look("1,000,000 held", 1_000_000)]
}

/// The memory this process holds, in bytes, where the system says so.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse::<usize>().ok()?;
    Some(pages * 4096)
}

fn asymmetric() -> Vec<Contestant<'static>> {
    let ed = SigningKey::ed25519_from_seed(&[7; 32], None).unwrap();
    let es = SigningKey::es256_from_scalar(&[7; 32], None).unwrap();
    let verify = |name, key: &SigningKey| {
        let tokens: Vec<String> = (0..TOKENS).map(|n| sign(key, &claims(n)).unwrap()).collect();
        let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
        let mut scratch = Scratch::new();
        contestant(name, move |n| {
            black_box(verifier.verify(token(&tokens, n), NOW, &mut scratch).unwrap());
        })
    };
    let mint = |name, key: SigningKey| {
        let claims: Vec<Claims> = (0..TOKENS).map(claims).collect();
        contestant(name, move |n| {
            black_box(sign(&key, &claims[n % TOKENS]).unwrap());
        })
    };
    vec![verify("verify EdDSA", &ed), verify("verify ES256", &es), mint("mint EdDSA", ed), mint("mint ES256", es)]
}

fn mac_clone<'a>(name: &'static str, tokens: &'a [String]) -> Contestant<'a> {
    let kept = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    contestant(name, move |n| {
        black_box(kept.clone().chain_update(signed(token(tokens, n))).finalize().into_bytes());
    })
}

/// The same claims as types of the peer's caller.
#[derive(Serialize, Deserialize)]
struct PeerClaims {
    sub: String,
    email: Option<String>,
    iat: i64,
    exp: i64,
    jti: Option<String>,
    sid: Option<String>,
}

fn peer_verify<'a>(name: &'static str, tokens: &'a [String], aws: bool) -> Contestant<'a> {
    let key = DecodingKey::from_secret(KEY);
    let mut validation = Validation::new(Algorithm::HS256);
    // The tokens' instant is fixed, its clock is not; the comparison of two numbers is not what costs.
    validation.validate_exp = false;
    contestant(name, move |n| {
        USE_AWS.store(aws, Ordering::Relaxed);
        black_box(jsonwebtoken::decode::<PeerClaims>(token(tokens, n), &key, &validation).unwrap());
    })
}

fn peer_mint(name: &'static str, aws: bool) -> Contestant<'static> {
    let key = EncodingKey::from_secret(KEY);
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    let claims: Vec<PeerClaims> = (0..TOKENS).map(claims).map(PeerClaims::from).collect();
    contestant(name, move |n| {
        USE_AWS.store(aws, Ordering::Relaxed);
        black_box(jsonwebtoken::encode(&header, &claims[n % TOKENS], &key).unwrap());
    })
}

impl From<Claims> for PeerClaims {
    fn from(claims: Claims) -> Self {
        let Claims { sub, email, iat, exp, jti, sid, .. } = claims;
        Self { sub, email, iat, exp, jti, sid }
    }
}

/// The peer takes one backend for the whole process; this one asks a flag, so both run in one.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| (backend().signer_factory)(algorithm, key),
    verifier_factory: |algorithm, key| (backend().verifier_factory)(algorithm, key),
    key_utils: jsonwebtoken::crypto::KeyUtils::new_unimplemented(),
};
static USE_AWS: AtomicBool = AtomicBool::new(false);

fn backend() -> &'static CryptoProvider {
    if USE_AWS.load(Ordering::Relaxed) { &aws_lc::DEFAULT_PROVIDER } else { &rust_crypto::DEFAULT_PROVIDER }
}

fn print_table(title: &str, mut contestants: Vec<Contestant<'_>>) {
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    let mut batches: Vec<usize> = contestants.iter_mut().map(|contestant| batch(&mut contestant.work)).collect();
    for _ in 0..ROUNDS {
        for ((contestant, batch), rounds) in contestants.iter_mut().zip(&mut batches).zip(&mut rounds) {
            rounds.push(nanoseconds(&mut contestant.work, *batch));
        }
    }
    let medians: Vec<f64> = rounds.into_iter().map(median).collect();
    let first = medians.first().copied().unwrap_or(1.0);
    println!("\n{title}\n{:<34}{:>10}{:>14}{:>8}", "", "ns", "per second", "ratio");
    for (contestant, median) in contestants.iter().zip(medians) {
        println!("{:<34}{median:>10.0}{:>14.0}{:>7.2}x", contestant.name, 1e9 / median, median / first);
    }
}

/// How many calls fill a round; also warms up.
fn batch(work: &mut dyn FnMut(usize)) -> usize {
    let mut calls = TOKENS;
    while nanoseconds(work, calls) * (calls as f64) < ROUND.as_nanos() as f64 {
        calls *= 2;
    }
    calls
}

fn nanoseconds(work: &mut dyn FnMut(usize), calls: usize) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(&mut *work);
    start.elapsed().as_nanos() as f64 / calls as f64
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn contestant<'a>(name: &'static str, work: impl FnMut(usize) + 'a) -> Contestant<'a> {
    Contestant { name, work: Box::new(work) }
}

fn signing_key() -> SigningKey {
    SigningKey::hs256_bytes(KEY, None).unwrap()
}

fn claims(n: usize) -> Claims {
    let mut claims = Claims::new(format!("0197f3c2-6f0a-7c55-9d2e-{n:012x}"), NOW, NOW + 604_800);
    claims.email = Some(format!("ada.{n:03}@example.com"));
    claims.jti = Some(format!("0197f3c2-7000-7000-8000-{n:012x}"));
    claims.sid = Some(format!("0197f3c2-7001-7000-8000-{n:012x}"));
    claims
}

fn token(tokens: &[String], n: usize) -> &str {
    &tokens[n % TOKENS]
}

fn signed(token: &str) -> &[u8] {
    token.rsplit_once('.').unwrap().0.as_bytes()
}
