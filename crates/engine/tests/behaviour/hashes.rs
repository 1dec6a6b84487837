//! Passwords hashed elsewhere, and what becomes of their hashes.

use countersign_engine::config::Scheme;
use countersign_engine::db::args;
use countersign_engine::{FinishError, SignInError};
use countersign_testkit::{TestEngine, address, both_databases, device};
use serde_json::Value;

both_databases! {
    async fn a_foreign_hash_becomes_one_of_the_configured_scheme_at_the_next_sign_in(place: &Place) {
        let engines = [
            (TestEngine::open(place).await, "better-auth"),
            (TestEngine::open_with(place, |config| config.password_hash.scheme = Scheme::Argon2id).await, "argon2id"),
        ];
        let Some((first, _)) = engines.first() else { unreachable!() };
        first.signed_up("ada").await;
        for (engine, scheme) in &engines {
            for (password, foreign) in foreign_hashes() {
                keep(engine, &foreign).await;
                let wrong = engine.sign_in(&address("ada"), "wrong password", device()).await.unwrap_err();
                assert!(matches!(wrong, SignInError::InvalidEmailOrPassword), "{wrong:?}");
                assert_eq!(kept(engine).await, foreign, "a wrong password changes nothing");
                engine.sign_in(&address("ada"), &password, device()).await.unwrap();
                let renewed = kept(engine).await;
                assert_eq!(countersign_engine::scheme::recognise(&renewed), Ok(*scheme), "{foreign}");
                engine.sign_in(&address("ada"), &password, device()).await.unwrap();
                assert_eq!(kept(engine).await, renewed, "{foreign}: made once");
            }
        }
    }

    async fn after_a_sign_in_the_tail_that_bcrypt_cut_off_counts(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        let long = foreign_hashes().into_iter().find(|(password, _)| password.len() > 72).unwrap();
        keep(&engine, &long.1).await;
        engine.sign_in(&address("ada"), &long.0, device()).await.unwrap();
        let shorter = engine.sign_in(&address("ada"), &long.0[..72], device()).await.unwrap_err();
        assert!(matches!(shorter, SignInError::InvalidEmailOrPassword), "{shorter:?}");
        engine.sign_in(&address("ada"), &long.0, device()).await.unwrap();
    }

    async fn a_sign_in_that_is_refused_changes_no_hash(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user;
        let (password, foreign) = cheap();
        keep(&engine, &foreign).await;
        engine.suspend(&ada.id, None, None).await.unwrap();
        let refused = engine.sign_in(&address("ada"), &password, device()).await.unwrap_err();
        assert!(matches!(refused, SignInError::Finish(FinishError::Closed(_))), "{refused:?}");
        assert_eq!(kept(&engine).await, foreign);
    }

    async fn a_foreign_hash_will_do_to_change_the_password(place: &Place) {
        let engine = TestEngine::open(place).await;
        let caller = engine.signed_up("ada").await.caller;
        let (password, foreign) = cheap();
        keep(&engine, &foreign).await;
        engine.change_password(&caller, &password, "another horse", None).await.unwrap();
        engine.sign_in(&address("ada"), "another horse", device()).await.unwrap();
    }

    async fn a_row_that_demands_too_much_is_a_wrong_password(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        for greedy in ["$2b$31$abcdefghijklmnopqrstuukEpH7/oRy/w/9J1nblwprl77.eThhDa", "pbkdf2_sha256$4294967295$salt$FXuHkkH85lPnx15gKyMoYeIaifMTEQvpgkbAUvX/GP4="] {
            keep(&engine, greedy).await;
            let refused = engine.sign_in(&address("ada"), &cheap().0, device()).await.unwrap_err();
            assert!(matches!(refused, SignInError::InvalidEmailOrPassword), "{refused:?}");
        }
    }
}

/// One vector of each form, as the unit tests of the schemes have them all.
fn foreign_hashes() -> Vec<(String, String)> {
    let forms = [
        "$argon2i$",
        "$2a$",
        "$2b$06$abcdefghijklmnopqrstuue",
        "bcrypt_sha256$",
        "$pbkdf2-sha512$i",
        "$scrypt$",
        "$fbscrypt$",
    ];
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../data/password-hashes.json")).unwrap();
    let text = |vector: &Value, member: &str| vector[member].as_str().unwrap().to_owned();
    let chosen = forms.map(|form| vectors.iter().find(|vector| text(vector, "stored").starts_with(form)).unwrap());
    chosen.iter().map(|vector| (text(vector, "password"), text(vector, "stored"))).collect()
}

/// The one that takes the least time.
fn cheap() -> (String, String) {
    foreign_hashes().into_iter().find(|(_, stored)| stored.starts_with("$2a$06$")).unwrap()
}

async fn keep(engine: &TestEngine, hash: &str) {
    engine.run("UPDATE {account} SET {account.password} = $1", args![hash]).await;
}

async fn kept(engine: &TestEngine) -> String {
    engine.ask("SELECT {account.password} FROM {account}", args![]).await
}
