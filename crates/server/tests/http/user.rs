//! `POST /update-user`.

use countersign_contract::{session, user};
use countersign_testkit::{TestApp, both_databases};
use serde_json::{Value, json};

both_databases! {
    async fn changes_name_and_picture_and_sets_the_session_again(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        for (body, name, image) in [
            (json!({ "name": "Ada" }), "Ada", Value::Null),
            (json!({ "image": "a.png" }), "Ada", json!("a.png")),
            (json!({ "name": "", "image": null }), "", Value::Null),
            (json!({ "name": "A", "unknown": 5, "emailVerified": true, "id": "x", "email": null }), "A", Value::Null),
        ] {
            let answer = ada.call::<user::Update>(body.clone()).await;
            assert_eq!(answer.text(), r#"{"status":true}"#, "{body}");
            assert_eq!(answer.set_cookies().len(), 1);
            assert!(answer.header("set-auth-token").is_some());
            let seen = ada.call::<session::Get>(()).await.json()["user"].clone();
            assert_eq!((seen["name"].as_str(), &seen["image"], &seen["emailVerified"]), (Some(name), &image, &json!(false)), "{body}");
        }
    }

    async fn refuses_what_is_not_ones_own_to_change(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let before = ada.call::<session::Get>(()).await.json()["user"].clone();
        for (body, code) in [
            (json!({ "email": "eve@example.com", "name": "x" }), Some("EMAIL_CAN_NOT_BE_UPDATED")),
            (json!({ "role": "admin", "name": "x" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "banned": true, "name": "x" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "banExpires": 5, "name": "x" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "name": "a\0b" }), Some("VALIDATION_ERROR")),
            (json!({ "name": null }), Some("VALIDATION_ERROR")),
            (json!({ "image": "x".repeat(32_769) }), Some("VALIDATION_ERROR")),
            (json!({}), None),
            (json!({ "createdAt": "1999-01-01T00:00:00Z" }), None),
        ] {
            let answer = ada.call::<user::Update>(body.clone()).await;
            assert_eq!(answer.refusal(), (400, code.map(str::to_owned)), "{body}");
        }
        assert_eq!(ada.call::<session::Get>(()).await.json()["user"], before);
    }
}
