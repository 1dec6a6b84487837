//! Rotating the secret.

use countersign_engine::{Found, Presented, Renewal};
use countersign_testkit::{NOW, Place, TestEngine, both_databases};
use countersign_token::{Secret, Secrets, SignedCookie};

const OLD: &str = "qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP";
const NEW: &str = "Zk3Nf8Qw1Lx6Vr9Tb4Ys7Jm2Hc5Dg0Pu";

both_databases! {
    async fn what_an_old_secret_signed_holds_until_that_secret_is_removed(place: &Place) {
        let versioned = |text: String| Secrets::parse_versioned(&text).unwrap();
        let before = open(place, versioned(format!("1:{OLD}"))).await;
        let ada = before.signed_up("ada").await;
        let signed = SignedCookie::sign(&ada.caller.session.token, before.secrets().current());

        let both = open(place, versioned(format!("2:{NEW},1:{OLD}"))).await;
        assert!(accepts(&both, &ada.access_token, &signed).await);
        let fresh = both.access_token(&ada.caller).unwrap();
        assert_eq!(kid(&fresh).as_deref(), Some("2"), "the newest signs");

        let after = open(place, versioned(format!("2:{NEW}"))).await;
        assert!(!accepts(&after, &ada.access_token, &signed).await);
        let resigned = SignedCookie::sign(&ada.caller.session.token, both.secrets().current());
        assert!(accepts(&after, &fresh, &resigned).await);
    }

    async fn what_was_signed_before_there_were_versions_holds_beside_them(place: &Place) {
        let before = open(place, Secrets::single(Secret::parse(OLD).unwrap())).await;
        let ada = before.signed_up("ada").await;
        assert_eq!(kid(&ada.access_token), None);
        let signed = SignedCookie::sign(&ada.caller.session.token, before.secrets().current());
        let secrets = Secrets::parse_versioned(&format!("1:{NEW}")).unwrap();
        let strict = open(place, secrets.clone()).await;
        assert!(!accepts(&strict, &ada.access_token, &signed).await);
        let lenient = open(place, secrets.with_unversioned(Secret::parse(OLD).unwrap())).await;
        assert!(accepts(&lenient, &ada.access_token, &signed).await);
    }
}

async fn open(place: &Place, secrets: Secrets) -> TestEngine {
    TestEngine::try_open(place.migrated().await, secrets, |_| {}).await.unwrap()
}

/// Whether the token and the cookie are taken; both or neither.
async fn accepts(engine: &TestEngine, access_token: &str, signed: &str) -> bool {
    let by_token = engine.find_session(Presented::AccessToken(access_token), Renewal::Never).await.unwrap();
    let by_token = matches!(by_token, Found::Live { .. });
    assert_eq!(by_token, engine.verifier().verify_owned(access_token, NOW.seconds()).is_ok());
    assert_eq!(by_token, SignedCookie::verify(signed, engine.secrets()).is_some());
    by_token
}

fn kid(token: &str) -> Option<String> {
    let header = countersign_token::decode_unverified(token).unwrap().header;
    header["kid"].as_str().map(str::to_owned)
}
