//! Additional fields of users and sessions, and `POST /update-session`.

use countersign_contract::{session, sign_up, user};
use countersign_engine::config::{Field, FieldType};
use countersign_engine::db::{Kind, args};
use countersign_server::config::Config;
use countersign_testkit::{PASSWORD, Place, TestApp, both_databases};
use serde_json::{Map, Value, json};

/// A field that nobody has to give.
pub(crate) fn field(name: &str, kind: FieldType) -> (String, Field) {
    let field = Field { kind, required: false, default_value: None, input: true, returned: true, field_name: None };
    (name.to_owned(), field)
}

fn with(field: (String, Field), change: impl FnOnce(&mut Field)) -> (String, Field) {
    let (name, mut field) = field;
    change(&mut field);
    (name, field)
}

pub(crate) fn configure(config: &mut Config) {
    let user = [
        field("nick", FieldType::String),
        with(field("city", FieldType::String), |field| field.required = true),
        with(field("plan", FieldType::String), |field| {
            (field.required, field.input, field.default_value) = (true, false, Some(json!("free")));
        }),
        with(field("score", FieldType::Number), |field| field.default_value = Some(json!(3))),
        field("vip", FieldType::Boolean),
        field("born", FieldType::Date),
        field("tags", FieldType::Strings),
        with(field("marks", FieldType::Numbers), |field| field.default_value = Some(json!([1, 2.5]))),
        with(field("secret", FieldType::String), |field| {
            (field.returned, field.field_name) = (false, Some("hidden_column".to_owned()));
        }),
        with(field("badge", FieldType::String), |field| field.input = false),
    ];
    config.engine.user.additional_fields = user.into_iter().collect();
    let session = [
        field("theme", FieldType::String),
        with(field("visits", FieldType::Number), |field| {
            (field.required, field.default_value) = (true, Some(json!(0)));
        }),
        with(field("risk", FieldType::Number), |field| field.input = false),
    ];
    config.engine.session.additional_fields = session.into_iter().collect();
}

async fn start(place: &Place) -> TestApp {
    TestApp::start_with(place, configure).await
}

pub(crate) fn newcomer(name: &str, fields: Value) -> Value {
    let mut body = json!({ "name": name, "email": format!("{name}@example.com"), "password": PASSWORD });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// The members of an object from `nick` on, or from `theme` on.
fn own(object: &Value, first: &str) -> Map<String, Value> {
    let all = object.as_object().unwrap().clone();
    let core: &[&str] = if first == "nick" {
        &[
            "name",
            "email",
            "emailVerified",
            "image",
            "createdAt",
            "updatedAt",
            "role",
            "banned",
            "banReason",
            "banExpires",
            "id",
        ]
    } else {
        &["expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId", "impersonatedBy", "id"]
    };
    all.into_iter().filter(|(name, _)| !core.contains(&name.as_str())).collect()
}

both_databases! {
    async fn are_stored_and_shown_in_the_order_of_the_schema(place: &Place) {
        let app = start(place).await;
        let mut ada = app.browser();
        let answer = ada.call::<sign_up::Email>(newcomer("ada", json!({ "city": "London" }))).await;
        let user = answer.json()["user"].clone();
        let expected = json!({ "nick": null, "city": "London", "plan": "free", "score": 3, "vip": null, "born": null, "tags": null, "marks": [1, 2.5], "badge": null });
        assert_eq!(Value::Object(own(&user, "nick")), expected);
        let order = "\"banExpires\":null,\"nick\":null,\"city\":\"London\",\"plan\":\"free\",\"score\":3,\"vip\":null,\"born\":null,\"tags\":null,\"marks\":[1,2.5],\"badge\":null,\"id\":";
        assert!(answer.text().contains(order), "{answer:?}");
        let seen = ada.call::<session::Get>(()).await;
        assert_eq!(seen.json()["user"], user);
        assert!(seen.text().contains("\"impersonatedBy\":null,\"theme\":null,\"visits\":0,\"risk\":null,\"id\":"), "{seen:?}");

        let all = json!({ "city": "Paris", "nick": "Bob", "score": 7, "vip": true, "born": "1999-12-31T23:00:00-01:00", "tags": ["a", "é"], "marks": [], "secret": "s", "plan": "gold" });
        let answer = app.browser().call::<sign_up::Email>(newcomer("bob", all)).await;
        let expected = json!({ "nick": "Bob", "city": "Paris", "plan": "free", "score": 7, "vip": true, "born": "2000-01-01T00:00:00.000Z", "tags": ["a", "é"], "marks": [], "badge": null });
        assert_eq!(Value::Object(own(&answer.json()["user"], "nick")), expected);
        let mut bob = app.sign_in("bob").await;
        assert_eq!(Value::Object(own(&bob.call::<session::Get>(()).await.json()["user"], "nick")), expected);
        let hidden = app.ask::<Option<String>>("SELECT hidden_column FROM {user} WHERE {user.nick} = 'Bob'", args![]).await;
        assert_eq!(hidden.as_deref(), Some("s"));
    }

    async fn are_judged_when_signing_up(place: &Place) {
        let app = start(place).await;
        let whole_only = if place.kind() == Kind::Postgres { 400 } else { 200 };
        for (number, (fields, status, code, message)) in [
            (json!({}), 400, "MISSING_FIELD", "city is required"),
            (json!({ "city": null }), 400, "VALIDATION_ERROR", "[body.city] Invalid input: expected string, received null"),
            (json!({ "city": 5 }), 400, "VALIDATION_ERROR", "[body.city] Invalid input: expected string, received number"),
            (json!({ "city": "a\0b" }), 400, "VALIDATION_ERROR", "[body.city] Invalid input: expected string, received string"),
            (json!({ "city": "x", "badge": "gold" }), 400, "FIELD_NOT_ALLOWED", "badge is not allowed to be set"),
            (json!({ "city": "x", "badge": "" }), 200, "", ""),
            (json!({ "city": "x", "role": "admin" }), 400, "FIELD_NOT_ALLOWED", "role is not allowed to be set"),
            (json!({ "city": "x", "score": "7" }), 400, "VALIDATION_ERROR", "[body.score] Invalid input: expected number, received string"),
            (json!({ "city": "x", "score": null }), 200, "", ""),
            (json!({ "city": "x", "score": 1.5 }), whole_only, "", ""),
            (json!({ "city": "x", "score": 3_000_000_000_i64 }), whole_only, "", ""),
            (json!({ "city": "x", "born": "soon" }), 400, "VALIDATION_ERROR", "[body.born] Invalid input: expected date, received string"),
            (json!({ "city": "x", "tags": [1] }), 400, "VALIDATION_ERROR", "[body.tags] Invalid input: expected string[], received array"),
            (json!({ "city": "x".repeat(40_000) }), 400, "VALIDATION_ERROR", "[body.city] Too big"),
            (json!({ "city": "x", "emailVerified": true, "id": "mine", "banned": true, "createdAt": "1999" }), 200, "", ""),
        ].into_iter().enumerate() {
            let answer = app.program().call::<sign_up::Email>(newcomer(&format!("u{number}"), fields.clone())).await;
            assert_eq!(answer.status, status, "{fields}: {answer:?}");
            if status == 200 {
                let user = &answer.json()["user"];
                assert_eq!((&user["emailVerified"], &user["banned"]), (&json!(false), &json!(false)));
                assert!(user["id"] != "mine");
            } else if !code.is_empty() {
                assert_eq!((answer.code().as_deref(), &answer.json()["message"]), (Some(code), &json!(message)), "{fields}");
            }
        }
        let short = app.program().call::<sign_up::Email>(json!({ "name": "x", "email": "x@example.com", "password": "short" })).await;
        assert_eq!(short.code().as_deref(), Some("PASSWORD_TOO_SHORT"), "the password is judged before the fields");
    }

    async fn are_changed_with_the_user_one_by_one(place: &Place) {
        let app = start(place).await;
        let mut ada = app.browser();
        ada.call::<sign_up::Email>(newcomer("ada", json!({ "city": "London", "nick": "A" }))).await;
        for (body, name, value) in [
            (json!({ "nick": "B" }), "nick", json!("B")),
            (json!({ "city": "Paris", "name": "Augusta" }), "city", json!("Paris")),
            (json!({ "nick": null, "badge": "" }), "nick", Value::Null),
            (json!({ "score": -1 }), "score", json!(-1)),
            (json!({ "vip": false }), "vip", json!(false)),
            (json!({ "born": "2000-02-29" }), "born", json!("2000-02-29T00:00:00.000Z")),
            (json!({ "tags": ["x"], "unknown": 1 }), "tags", json!(["x"])),
        ] {
            let answer = ada.call::<user::Update>(body.clone()).await;
            assert_eq!(answer.text(), r#"{"status":true}"#, "{body}");
            assert_eq!(ada.call::<session::Get>(()).await.json()["user"][name], value, "{body}");
        }
        let seen = ada.call::<session::Get>(()).await.json()["user"].clone();
        assert_eq!((&seen["city"], &seen["plan"], &seen["marks"]), (&json!("Paris"), &json!("free"), &json!([1, 2.5])));
        for (body, code) in [
            (json!({ "plan": "gold" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "badge": "gold", "nick": "x" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "nick": "x", "role": "admin" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "city": null }), Some("VALIDATION_ERROR")),
            (json!({ "nick": 5 }), Some("VALIDATION_ERROR")),
            (json!({ "plan": "", "unknown": 1 }), None),
        ] {
            let answer = ada.call::<user::Update>(body.clone()).await;
            assert_eq!(answer.refusal(), (400, code.map(str::to_owned)), "{body}");
        }
        assert_eq!(ada.call::<session::Get>(()).await.json()["user"], seen);
    }

    async fn of_a_session_are_changed_and_the_session_set_again(place: &Place) {
        let app = start(place).await;
        let mut ada = app.browser();
        ada.call::<sign_up::Email>(newcomer("ada", json!({ "city": "London" }))).await;
        let mut elsewhere = app.sign_in("ada").await;
        app.clock.advance(1);
        let answer = ada.call::<session::Update>(json!({ "theme": "dark", "token": "x", "userId": "x", "expiresAt": "2999", "unknown": 1 })).await;
        let shown = answer.json()["session"].clone();
        assert_eq!(Value::Object(own(&shown, "theme")), json!({ "theme": "dark", "visits": 0, "risk": null }));
        assert_eq!(answer.set_cookies().len(), 1);
        assert_eq!(ada.call::<session::Get>(()).await.json()["session"], shown);
        assert!(shown["updatedAt"].as_str() > shown["createdAt"].as_str(), "{shown}");
        ada.call::<session::Update>(json!({ "visits": 7 })).await;
        assert_eq!(Value::Object(own(&ada.call::<session::Get>(()).await.json()["session"], "theme")), json!({ "theme": "dark", "visits": 7, "risk": null }));
        assert_eq!(elsewhere.call::<session::Get>(()).await.json()["session"]["theme"], Value::Null, "another session of the user");
        for (body, code) in [
            (json!({}), None),
            (json!({ "token": "x" }), None),
            (json!({ "risk": 0 }), None),
            (json!({ "risk": 5 }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "impersonatedBy": "me" }), Some("FIELD_NOT_ALLOWED")),
            (json!({ "visits": null }), Some("VALIDATION_ERROR")),
            (json!({ "theme": 5 }), Some("VALIDATION_ERROR")),
        ] {
            let answer = ada.call::<session::Update>(body.clone()).await;
            assert_eq!(answer.refusal(), (400, code.map(str::to_owned)), "{body}");
        }
    }

    async fn of_a_session_that_vanished_are_not_changed(place: &Place) {
        let app = start(place).await;
        let mut ada = app.browser();
        ada.call::<sign_up::Email>(newcomer("ada", json!({ "city": "London" }))).await;
        ada.call::<session::Get>(()).await;
        app.run("DELETE FROM {session}", args![]).await;
        let answer = ada.call::<session::Update>(json!({ "theme": "dark" })).await;
        assert_eq!(answer.refusal(), (401, Some("FAILED_TO_GET_SESSION".to_owned())));
        assert!(answer.set_cookies().iter().all(|line| line.contains("Max-Age=0")), "{answer:?}");
    }

    async fn are_remembered_by_the_cache_cookie(place: &Place) {
        let cached = |config: &mut Config| {
            configure(config);
            config.engine.session.cookie_cache.enabled = true;
        };
        let app = TestApp::start_with(place, cached).await;
        let mut ada = app.browser();
        let all = json!({ "city": "Paris", "score": 7, "vip": true, "born": "2000-01-01", "tags": ["a", "é"], "secret": "s" });
        ada.call::<sign_up::Email>(newcomer("ada", all)).await;
        let shown = ada.call::<session::Get>(()).await.text();
        let elsewhere = TestApp::start_with(place, cached).await;
        let names = ["better-auth.session_token", "better-auth.session_data"];
        let mut there = names.iter().fold(elsewhere.browser(), |there, name| there.with_cookie(name, ada.cookie(name).unwrap()));
        let before = elsewhere.database().statements();
        assert_eq!(there.call::<session::Get>(()).await.text(), shown);
        assert_eq!(elsewhere.database().statements(), before, "the cookie was believed");
        assert!(shown.contains("\"tags\":[\"a\",\"é\"]") && !shown.contains("secret"), "{shown}");
    }

    async fn of_another_type_in_the_database_are_shown_as_they_are(place: &Place) {
        if place.kind() == Kind::Postgres {
            return;
        }
        let app = start(place).await;
        let mut ada = app.browser();
        ada.call::<sign_up::Email>(newcomer("ada", json!({ "city": "London" }))).await;
        app.run("UPDATE {user} SET {user.vip} = 'yes', {user.score} = 1.5, {user.tags} = 'no list', {user.born} = 'soon'", args![]).await;
        let user = app.sign_in("ada").await.call::<session::Get>(()).await.json()["user"].clone();
        assert_eq!((&user["vip"], &user["score"], &user["tags"], &user["born"]), (&json!("yes"), &json!(1.5), &Value::Null, &json!("soon")));
    }
}
