//! `GET /jwks`.

use countersign_contract::{jwks, token};
use countersign_engine::config::Algorithm;
use countersign_testkit::{NOW, TestApp, both_databases};
use countersign_token::{KeySet, Policy, Verifier};

both_databases! {
    async fn publishes_what_verifies_the_tokens(place: &Place) {
        for (name, algorithm) in [("ada", Algorithm::EdDSA), ("bob", Algorithm::ES256)] {
            let app = TestApp::start_with(place, |config| config.engine.token.algorithm = algorithm).await;
            let published = app.program().call::<jwks::Get>(()).await;
            let verifier = Verifier::new(KeySet::from_jwks(&published.text()).unwrap(), Policy::default().issuer(app.origin()).audience(app.origin()));
            let mut browser = app.sign_up(name).await;
            let token = browser.call::<token::Get>(()).await.json()["token"].as_str().unwrap().to_owned();
            verifier.verify_owned(&token, NOW.seconds()).unwrap();
            assert!(!published.text().contains("\"d\""));
        }
    }

    async fn is_not_there_where_nothing_is_published(place: &Place) {
        let app = TestApp::start(place).await;
        let answer = app.program().call::<jwks::Get>(()).await;
        assert_eq!((answer.status, answer.body.len()), (404, 0));
    }
}
