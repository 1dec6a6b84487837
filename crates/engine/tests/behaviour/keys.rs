//! Asymmetric keys in Better Auth's `jwks` table.

use std::collections::BTreeSet;

use countersign_engine::config::{Algorithm, BaseUrl};
use countersign_engine::db::args;
use countersign_engine::{OpenError, Presented, Renewal};
use countersign_testkit::{NOW, Place, SECRET, TestEngine, both_databases};
use countersign_token::{KeySet, Policy, Secret, Secrets, Verifier, decode_unverified};
use serde_json::{Value, json};

use crate::sessions::live;

const OTHER: &str = "qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP";
const COUNT: &str = "SELECT count(*) FROM {jwks}";

both_databases! {
    async fn are_made_once_and_verify_by_what_is_published(place: &Place) {
        for (algorithm, name, made) in [(Algorithm::EdDSA, "EdDSA", 1), (Algorithm::ES256, "ES256", 2)] {
            let first = open(place, SECRET, algorithm).await.unwrap();
            let ada = first.signed_up(name).await;
            let second = open(place, SECRET, algorithm).await.unwrap();
            assert_eq!(kids(&first), kids(&second), "the second finds what the first has made");
            assert_eq!(second.ask::<i64>(COUNT, args![]).await, made);
            live(&second, Presented::AccessToken(&ada.access_token), Renewal::Never).await;

            let published = json!({ "keys": second.public_keys().to_vec() }).to_string();
            assert!(!published.contains("\"d\""), "{published}");
            let verifier = Verifier::new(KeySet::from_jwks(&published).unwrap(), Policy::default().issuer("http://localhost:3000").audience("http://localhost:3000"));
            assert_eq!(verifier.verify_owned(&ada.access_token, NOW.seconds()).unwrap().sub, ada.caller.user.id);
            let header = decode_unverified(&ada.access_token).unwrap().header;
            assert_eq!(header["alg"], name);
            assert!(second.public_keys().iter().any(|key| key["kid"] == header["kid"] && key["alg"] == name));
        }
    }

    async fn lie_sealed_in_better_auths_form(place: &Place) {
        let engine = open(place, SECRET, Algorithm::EdDSA).await.unwrap();
        let (private, public): (String, String) = (
            engine.ask("SELECT {jwks.privateKey} FROM {jwks}", args![]).await,
            engine.ask("SELECT {jwks.publicKey} FROM {jwks}", args![]).await,
        );
        let Value::String(sealed) = serde_json::from_str(&private).unwrap() else { panic!("{private}") };
        assert!(sealed.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{sealed}");
        assert!(sealed.len() > 2 * (24 + 16), "nonce, ciphertext and tag");
        let public: Value = serde_json::from_str(&public).unwrap();
        assert_eq!((&public["kty"], &public["crv"]), (&json!("OKP"), &json!("Ed25519")));
        assert!(public.get("d").is_none());
        assert_eq!(engine.ask::<String>("SELECT {jwks.alg} FROM {jwks}", args![]).await, "EdDSA");
        assert_eq!(engine.ask::<String>("SELECT {jwks.crv} FROM {jwks}", args![]).await, "Ed25519");
    }

    async fn open_only_under_the_secret_that_sealed_them(place: &Place) {
        let first = open(place, SECRET, Algorithm::ES256).await.unwrap();
        let refused = open(place, OTHER, Algorithm::ES256).await.err();
        assert!(matches!(refused, Some(OpenError::Sealed)), "{refused:?}");
        let rotated = Secrets::parse_versioned(&format!("1:{OTHER}")).unwrap();
        let both = rotated.with_unversioned(Secret::parse(SECRET).unwrap());
        let both = open_under(place, both, Algorithm::ES256).await.unwrap();
        assert_eq!(kids(&both), kids(&first));
        assert_eq!(both.ask::<i64>(COUNT, args![]).await, 1);
    }

    async fn that_are_made_under_versioned_secrets_say_so(place: &Place) {
        let versioned = Secrets::parse_versioned(&format!("7:{SECRET}")).unwrap();
        let engine = open_under(place, versioned.clone(), Algorithm::EdDSA).await.unwrap();
        let private: String = engine.ask("SELECT {jwks.privateKey} FROM {jwks}", args![]).await;
        assert!(private.starts_with("\"$ba$7$"), "{private}");
        open_under(place, versioned, Algorithm::EdDSA).await.unwrap();
    }

    async fn go_on_verifying_for_thirty_days_after_they_stopped_signing(place: &Place) {
        let first = open(place, SECRET, Algorithm::EdDSA).await.unwrap();
        let old = first.public_keys()[0]["kid"].clone();
        let ada = first.signed_up("ada").await;
        for (stopped, still) in [(NOW.plus_seconds(-1), true), (NOW.plus_seconds(-30 * 86_400), false)] {
            first.run("UPDATE {jwks} SET {jwks.expiresAt} = $1 WHERE {jwks.id} = $2", args![stopped, old.as_str().unwrap()]).await;
            let later = open(place, SECRET, Algorithm::EdDSA).await.unwrap();
            assert_ne!(decode_unverified(&later.access_token(&ada.caller).unwrap()).unwrap().header["kid"], old);
            assert_eq!(later.public_keys().iter().any(|key| key["kid"] == old), still);
            assert_eq!(later.verifier().verify_owned(&ada.access_token, NOW.seconds()).is_ok(), still);
        }
    }

    async fn lying_in_the_clear_are_read_too_and_nonsense_is_not(place: &Place) {
        let seed = countersign_token::SigningKey::ed25519_from_seed(&[7; 32], None).unwrap();
        let engine = TestEngine::open(place).await;
        let (public, private) = (seed.public_jwk().unwrap().to_string(), seed.private_jwk().unwrap().to_string());
        let insert = "INSERT INTO {jwks} ({jwks.id}, {jwks.publicKey}, {jwks.privateKey}, {jwks.createdAt}) VALUES ('old', $1, $2, $3)";
        engine.run(insert, args![public, private, NOW]).await;
        let opened = open(place, SECRET, Algorithm::EdDSA).await.unwrap();
        assert_eq!((opened.public_keys().len(), &opened.public_keys()[0]["kid"]), (1, &json!("old")));
        engine.run("UPDATE {jwks} SET {jwks.privateKey} = '{{}}'", args![]).await;
        let refused = open(place, SECRET, Algorithm::EdDSA).await.err();
        assert!(matches!(refused, Some(OpenError::Key)), "{refused:?}");
    }

    async fn are_known_for_what_they_are_where_no_column_says_their_algorithm(place: &Place) {
        let first = open(place, SECRET, Algorithm::ES256).await.unwrap();
        let ada = first.signed_up("ada").await;
        // As Better Auth made them before 1.7: the key does not say it either.
        let public: String = first.ask("SELECT {jwks.publicKey} FROM {jwks}", args![]).await;
        let mut public: Value = serde_json::from_str(&public).unwrap();
        public.as_object_mut().unwrap().retain(|member, _| member != "alg" && member != "use");
        let forget = "UPDATE {jwks} SET {jwks.alg} = NULL, {jwks.crv} = NULL, {jwks.publicKey} = $1";
        first.run(forget, args![public.to_string()]).await;
        let again = open(place, SECRET, Algorithm::ES256).await.unwrap();
        assert_eq!((kids(&again), again.ask::<i64>(COUNT, args![]).await), (kids(&first), 1), "it still signs");
        let rsa = json!({ "kty": "RSA", "n": "pnewPWK1t9VhB4QZLwRxlw", "e": "AQAB" }).to_string();
        let insert = "INSERT INTO {jwks} ({jwks.id}, {jwks.publicKey}, {jwks.privateKey}, {jwks.createdAt}) VALUES ('rsa', $1, '', $2)";
        first.run(insert, args![rsa, NOW.plus_seconds(1)]).await;
        // The one is not taken for an Ed25519 key, and of the other nobody can tell which of RSA's algorithms it is for.
        let other = open(place, SECRET, Algorithm::EdDSA).await.unwrap();
        let mut said: Vec<_> = other.public_keys().iter().map(|key| (key["kty"].clone(), key.get("alg").cloned())).collect();
        said.sort_by_key(|(kty, _)| kty.to_string());
        assert_eq!(said, [(json!("EC"), Some(json!("ES256"))), (json!("OKP"), Some(json!("EdDSA"))), (json!("RSA"), None)]);
        live(&other, Presented::AccessToken(&ada.access_token), Renewal::Never).await;
    }

    async fn made_by_another_program_are_taken_up_while_running(place: &Place) {
        let (ours, theirs) = (open(place, SECRET, Algorithm::EdDSA).await.unwrap(), open(place, SECRET, Algorithm::EdDSA).await.unwrap());
        let ada = ours.signed_up("ada").await;
        let kid = |engine: &TestEngine| decode_unverified(&engine.access_token(&ada.caller).unwrap()).unwrap().header["kid"].clone();
        let old = kid(&ours);
        ours.run("UPDATE {jwks} SET {jwks.expiresAt} = $1", args![NOW.plus_seconds(10)]).await;
        for engine in [&ours, &theirs] {
            engine.clock.advance(11);
        }
        theirs.look_for_keys().await;
        let new = kid(&theirs);
        assert_ne!(new, old, "a key that has ended signs no more");
        assert_eq!(kid(&ours), old, "nobody has looked yet");

        // A token under a key nobody here has heard of makes us look.
        live(&ours, Presented::AccessToken(&theirs.access_token(&ada.caller).unwrap()), Renewal::Never).await;
        assert_eq!(kid(&ours), new);
        assert_eq!(kids(&ours), kids(&theirs));
        assert_eq!(ours.ask::<i64>(COUNT, args![]).await, 2);
        live(&theirs, Presented::AccessToken(&ada.access_token), Renewal::Never).await;
    }

    async fn of_ours_are_replaced_as_often_as_is_set(place: &Place) {
        let secrets = || Secrets::single(Secret::parse(SECRET).unwrap());
        let configure = |config: &mut countersign_engine::Config| {
            config.token.algorithm = Algorithm::EdDSA;
            config.token.lifetime = 60;
            config.jwks.rotation_interval = Some(3_600);
            config.jwks.grace_period = 120;
        };
        let engine = TestEngine::try_open(place.migrated().await, secrets(), configure).await.unwrap();
        let ada = engine.signed_up("ada").await;
        let first = kids(&engine);
        engine.clock.advance(3_600);
        engine.look_for_keys().await;
        let both = kids(&engine);
        assert!(both.len() == 2 && both.is_superset(&first), "{both:?}");
        engine.clock.advance(121);
        engine.look_for_keys().await;
        assert!(kids(&engine).is_disjoint(&first), "past the grace it verifies nothing");
        assert_eq!(engine.verifier().verify_owned(&ada.access_token, NOW.seconds()).err(), Some(countersign_token::Refused::UnknownKey));
    }

    async fn that_cannot_be_read_leave_the_others_in_their_place(place: &Place) {
        let engine = open(place, SECRET, Algorithm::EdDSA).await.unwrap();
        let before = kids(&engine);
        engine.run("UPDATE {jwks} SET {jwks.privateKey} = '\"00\"'", args![]).await;
        assert!(matches!(engine.read_keys().await, Err(OpenError::Sealed)));
        engine.look_for_keys().await;
        assert_eq!(kids(&engine), before);
        engine.signed_up("ada").await;
    }

    async fn of_two_nodes_that_start_at_once_are_one(place: &Place) {
        place.migrated().await;
        let (one, other) = tokio::join!(open(place, SECRET, Algorithm::EdDSA), open(place, SECRET, Algorithm::EdDSA));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(kids(&one), kids(&other));
        assert_eq!(one.ask::<i64>(COUNT, args![]).await, 1);
    }
}

fn kids(engine: &TestEngine) -> BTreeSet<String> {
    engine.public_keys().iter().filter_map(|key| Some(key["kid"].as_str()?.to_owned())).collect()
}

async fn open(place: &Place, secret: &str, algorithm: Algorithm) -> Result<TestEngine, OpenError> {
    open_under(place, Secrets::single(Secret::parse(secret).unwrap()), algorithm).await
}

async fn open_under(place: &Place, secrets: Secrets, algorithm: Algorithm) -> Result<TestEngine, OpenError> {
    let configure = |config: &mut countersign_engine::Config| {
        config.token.algorithm = algorithm;
        config.base_url = BaseUrl::local(3000);
    };
    TestEngine::try_open(place.migrated().await, secrets, configure).await
}
