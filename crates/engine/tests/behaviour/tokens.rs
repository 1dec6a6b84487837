//! Access tokens.

use std::collections::BTreeSet;

use countersign_engine::config::Payload;
use countersign_engine::db::args;
use countersign_engine::{Device, Found, Presented, Renewal};
use countersign_testkit::{NOW, PASSWORD, TestEngine, address, both_databases, device};
use countersign_token::{Claims, Secret, SigningKey, decode_unverified, sign};

use crate::sessions::{cookie, live};

const DAY: i64 = 86_400;

both_databases! {
    async fn say_who_and_until_when_and_nothing_else(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        let payload = decode_unverified(&ada.access_token).unwrap().payload;
        let members = payload.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>();
        assert_eq!(members, BTreeSet::from(["sub", "email", "iat", "exp", "jti", "sid"]));
        let claims = engine.verifier().verify_owned(&ada.access_token, NOW.seconds()).unwrap();
        assert_eq!((&claims.sub, claims.email.as_deref()), (&ada.caller.user.id, Some("ada@example.com")));
        assert_eq!(claims.sid.as_ref(), Some(&ada.caller.session.id));
        assert_eq!((claims.iat, claims.exp), (NOW.seconds(), NOW.seconds() + 7 * DAY));
    }

    async fn say_of_a_user_what_better_auths_plugin_says_where_that_is_set(place: &Place) {
        let engine = TestEngine::open_with(place, |config| config.token.payload = Payload::User).await;
        let ada = engine.signed_up("ada").await;
        let payload = decode_unverified(&ada.access_token).unwrap().payload;
        let members = payload.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>();
        let identity = ["sub", "email", "iat", "exp", "jti", "sid"];
        let user = ["name", "emailVerified", "image", "createdAt", "updatedAt", "role", "banned", "banReason", "banExpires", "id"];
        assert_eq!(members, identity.into_iter().chain(user).collect());
        assert_eq!((&payload["id"], &payload["name"], &payload["createdAt"]), (&payload["sub"], &"ada".into(), &NOW.to_iso().into()));
        assert!(engine.verifier().verify_owned(&ada.access_token, NOW.seconds()).is_ok());

        // A picture that lies in its address would make a token nobody takes.
        engine.run("UPDATE {user} SET {user.image} = $1", args!["x".repeat(9_000)]).await;
        let ada = engine.signed_in("ada").await;
        assert_eq!(decode_unverified(&ada.access_token).unwrap().payload["image"], serde_json::Value::Null);
        assert!(engine.verifier().verify_owned(&ada.access_token, NOW.seconds()).is_ok());
    }

    async fn each_have_an_id_of_their_own(place: &Place) {
        let engine = TestEngine::open(place).await;
        let caller = engine.signed_up("ada").await.caller;
        let ids = (0..200).map(|_| {
            let token = engine.access_token(&caller).unwrap();
            decode_unverified(&token).unwrap().payload["jti"].as_str().unwrap().to_owned()
        });
        assert_eq!(ids.collect::<BTreeSet<_>>().len(), 200);
    }

    async fn never_outlive_their_session(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        let brief = engine.sign_in(&address("ada"), PASSWORD, Device { dont_remember: true, ..device() }).await.unwrap();
        let end = brief.caller.session.expires_at.seconds();
        assert_eq!(end, NOW.seconds() + DAY);
        assert_eq!(engine.verifier().verify_owned(&brief.access_token, NOW.seconds()).unwrap().exp, end);
        engine.clock.advance(DAY - 10);
        let last = engine.access_token(&brief.caller).unwrap();
        assert_eq!(engine.verifier().verify_owned(&last, end - 10).unwrap().exp, end);
        engine.clock.advance(10);
        let found = engine.find_session(Presented::AccessToken(&last), Renewal::WhenDue).await.unwrap();
        assert!(matches!(found, Found::Nobody), "{found:?}");
    }

    async fn can_be_had_until_the_very_end_of_a_session(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        engine.clock.advance_millis(7 * DAY * 1000 - 1);
        let (caller, ..) = live(&engine, cookie(&ada.caller), Renewal::Never).await;
        let token = engine.access_token(&caller).unwrap();
        let payload = decode_unverified(&token).unwrap().payload;
        assert_eq!(payload["exp"].as_i64(), Some(NOW.seconds() + 7 * DAY));
    }

    async fn live_as_long_as_the_settings_say(place: &Place) {
        let engine = TestEngine::open_with(place, |config| {
            config.token.lifetime = 300;
            config.token.issuer = Some("https://auth.example".to_owned());
            config.token.audience = Some("api".to_owned());
        }).await;
        let ada = engine.signed_up("ada").await;
        let claims = engine.verifier().verify_owned(&ada.access_token, NOW.seconds()).unwrap();
        assert_eq!((claims.exp - claims.iat, claims.iss.as_deref()), (300, Some("https://auth.example")));
        assert_eq!(claims.aud, ["api"]);
        engine.clock.advance(300);
        let found = engine.find_session(Presented::AccessToken(&ada.access_token), Renewal::WhenDue).await.unwrap();
        assert!(matches!(found, Found::Nobody), "{found:?}");
    }

    async fn of_another_user_or_of_no_session_open_nothing(place: &Place) {
        let engine = TestEngine::open(place).await;
        let (ada, bob) = (engine.signed_up("ada").await.caller, engine.signed_up("bob").await.caller);
        let key = SigningKey::hs256(engine.secrets().current(), None);
        let token = |sub: &str, sid: Option<&str>| {
            let mut claims = Claims::new(sub, NOW.seconds(), NOW.seconds() + 60);
            claims.sid = sid.map(str::to_owned);
            sign(&key, &claims).unwrap()
        };
        let find = async |token: String| engine.find_session(Presented::AccessToken(&token), Renewal::WhenDue).await.unwrap();
        assert!(matches!(find(token(&ada.user.id, Some(&ada.session.id))).await, Found::Live { .. }));
        assert!(matches!(find(token(&ada.user.id, Some(&bob.session.id))).await, Found::Gone));
        assert!(matches!(find(token(&ada.user.id, None)).await, Found::Nobody));
        assert!(matches!(find(token("nobody", Some("nothing"))).await, Found::Gone));
    }

    async fn have_a_key_of_their_own_where_one_is_set(place: &Place) {
        let own = "Qx1Lw6Rv9Bt4Ys7Mj2Ch5Gd0UpZk3Nf8";
        let engine = TestEngine::open_with(place, |config| config.token.secret = Some(own.to_owned().into())).await;
        let ada = engine.signed_up("ada").await;
        let verifies = |text: &str| {
            let key = SigningKey::hs256(&Secret::parse(text).unwrap(), None).verifying_key();
            let verifier = countersign_token::Verifier::new(countersign_token::KeySet::single(key), countersign_token::Policy::default());
            verifier.verify_owned(&ada.access_token, NOW.seconds()).is_ok()
        };
        assert!(verifies(own));
        assert!(!verifies(countersign_testkit::SECRET));
        live(&engine, Presented::AccessToken(&ada.access_token), Renewal::Never).await;
    }
}
