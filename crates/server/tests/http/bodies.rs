//! What a body may be.

use countersign_contract::{session, sign_in, sign_out, sign_up};
use countersign_testkit::{Place, Sent, TestApp, run};

#[test]
fn is_json_by_its_type_and_a_form_only_where_forms_are_taken() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start(&place).await;
        let mut program = app.program();
        for (kind, body, status) in [
            ("application/json", "{}", 200),
            ("application/json; charset=utf-8", "{}", 200),
            ("APPLICATION/JSON", " \n{} ", 200),
            ("application/json", "", 200),
            ("application/json", "{", 400),
            ("application/json", "{}x", 400),
            ("application/json", "{\"a\":1,}", 400),
            ("application/json", "NaN", 400),
            ("application/json", "{\"a\": \"\u{1}\"}", 400),
            ("text/plain", "{}", 415),
            ("application/ld+json", "{}", 415),
            ("application/jsonx", "{}", 415),
            ("application/x-www-form-urlencoded", "a=b", 415),
            ("multipart/form-data; boundary=x", "", 415),
            ("", "{}", 415),
        ] {
            let answer = program.call::<sign_out::SignOut>(Sent::raw(kind, body)).await;
            assert_eq!(answer.status, status, "{kind} {body}: {answer:?}");
        }
        let invalid_utf8 =
            program.call::<sign_out::SignOut>(Sent::raw("application/json", b"{\"state\":\"\xff\"}".to_vec())).await;
        assert_eq!(invalid_utf8.refusal(), (400, Some("BAD_REQUEST".to_owned())));
        let form = program
            .call::<sign_in::Email>(Sent::raw("application/x-www-form-urlencoded", "email=nobody&password=x"))
            .await;
        assert_eq!(form.code().as_deref(), Some("INVALID_EMAIL"));
        let text = program.call::<sign_in::Email>(Sent::raw("text/plain", "")).await;
        let message = "Content-Type \"text/plain\" is not allowed. Allowed types: application/x-www-form-urlencoded, application/json";
        assert_eq!(text.json()["message"], message);
    });
}

#[test]
fn is_refused_when_it_is_larger_than_the_limit_and_not_before() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| config.server.max_body = 1000).await;
        let padded = |length: usize| Sent::raw("application/json", "{}".to_owned() + &" ".repeat(length - 2));
        let mut program = app.program();
        assert_eq!(program.call::<sign_out::SignOut>(padded(1000)).await.status, 200);
        let refused = program.call::<sign_out::SignOut>(padded(1001)).await;
        assert_eq!(refused.refusal(), (413, Some("PAYLOAD_TOO_LARGE".to_owned())));
        let unread = program.call::<session::Get>(padded(100_000)).await;
        assert_eq!(unread.status, 200, "a body nobody reads is not measured");
    });
}

#[test]
fn may_be_nested_deep_without_harm() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start(&place).await;
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for depth in [200, 9_000] {
                let unclosed = Sent::raw("application/json", open.repeat(depth));
                assert_eq!(
                    app.program().call::<sign_up::Email>(unclosed).await.refusal(),
                    (400, Some("BAD_REQUEST".to_owned()))
                );
                let closed = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let answer = app.program().call::<sign_up::Email>(Sent::raw("application/json", closed)).await;
                assert_eq!(answer.status, 400, "{answer:?}");
            }
            let shallow = format!("{{\"x\":{}1{}}}", open.repeat(100), close.repeat(100));
            assert_eq!(
                app.program().call::<sign_out::SignOut>(Sent::raw("application/json", shallow)).await.status,
                200
            );
        }
    });
}

#[test]
fn has_the_last_of_two_members_of_one_name() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start(&place).await;
        let twice = r#"{"email":"ada@example.com","password":"x","email":"nobody"}"#;
        let answer = app.program().call::<sign_in::Email>(Sent::raw("application/json", twice)).await;
        assert_eq!(answer.code().as_deref(), Some("INVALID_EMAIL"));
    });
}
