//! Signing in at an identity provider, linking an account there, and what it hands out.

use base64_simd::URL_SAFE_NO_PAD;
use countersign_contract::{account, password, session, sign_out, social};
use countersign_engine::db::args;
use countersign_server::config::Config;
use countersign_testkit::{Answer, Browser, Place, Sent, TestApp, both_databases};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::outbox::newest_link;
use crate::provider::{Provider, jwk, new_key, signed};

async fn start(place: &Place, provider: &Provider) -> TestApp {
    start_with(place, provider, |_| {}).await
}

async fn start_with(place: &Place, provider: &Provider, configure: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::start_with(place, |config| {
        provider.configure(config);
        configure(config);
    })
    .await
}

/// The address at the provider, from an answer that leads there.
fn address(answer: &Answer) -> Url {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["url"].as_str().unwrap().parse().unwrap()
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

async fn begin(browser: &mut Browser<'_>, more: Value) -> Url {
    let mut body = json!({ "provider": "mock", "callbackURL": "/home", "errorCallbackURL": "/oops?x=1" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    address(&browser.call::<social::SignIn>(body).await)
}

/// Comes back from the provider, with a code; says where that leads.
async fn come_back(browser: &mut Browser<'_>, url: &Url) -> String {
    return_with(browser, &format!("code=c&state={}", parameter(url, "state"))).await
}

async fn return_with(browser: &mut Browser<'_>, query: &str) -> String {
    let answer = browser.send(Method::GET, &format!("/api/auth/callback/mock?{query}"), ()).await;
    assert_eq!(answer.status, 302, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

async fn through(browser: &mut Browser<'_>) -> String {
    let url = begin(browser, json!({})).await;
    come_back(browser, &url).await
}

async fn user_of(browser: &mut Browser<'_>) -> Value {
    browser.call::<session::Get>(()).await.json()["user"].clone()
}

async fn link(browser: &mut Browser<'_>) -> Url {
    let body = json!({ "provider": "mock", "callbackURL": "/settings", "errorCallbackURL": "/oops" });
    address(&browser.call::<social::Link>(body).await)
}

async fn mark_verified(app: &TestApp) {
    app.run("UPDATE {user} SET {user.emailVerified} = (1 = 1)", args![]).await;
    app.engine().catch_up().await.unwrap();
}

const USERS: &str = "SELECT count(*) FROM {user}";

both_databases! {
    async fn makes_a_user_and_knows_it_again(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.browser();
        let url = begin(&mut ada, json!({ "newUserCallbackURL": "/welcome", "loginHint": "ada", "scopes": ["calendar"], "additionalParams": { "tenant": "2", "x": "y z" } })).await;
        assert_eq!(url.as_str().split('?').next().unwrap(), format!("http://{}/authorize", provider.address));
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "us"),
            ("scope", "calendar openid email"),
            ("redirect_uri", "http://localhost:3000/api/auth/callback/mock"),
            ("login_hint", "ada"),
            ("code_challenge_method", "S256"),
            ("tenant", "2"),
            ("x", "y z"),
        ] {
            assert_eq!(parameter(&url, name), value, "{url}");
        }
        assert_eq!(come_back(&mut ada, &url).await, "/welcome");
        let verifier = provider.was_sent("code_verifier").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(verifier)), parameter(&url, "code_challenge"));
        let secret = provider.was_sent("client_secret");
        assert_eq!((provider.was_sent("code").as_deref(), secret.as_deref()), (Some("c"), Some("the secret")));

        let user = user_of(&mut ada).await;
        assert_eq!((&user["email"], &user["emailVerified"], &user["name"]), (&json!("ada@example.com"), &json!(true), &json!("Ada")));
        assert_eq!(user["image"], "https://id.example/ada.png");
        let mut again = app.browser();
        provider.tells(json!({ "sub": "of ada", "email": "other@example.com", "email_verified": true, "name": "Countess" }));
        let url = begin(&mut again, json!({ "newUserCallbackURL": "/welcome" })).await;
        assert_eq!(come_back(&mut again, &url).await, "/home");
        assert_eq!(user_of(&mut again).await["id"], user["id"], "the provider's own id says who it is, not the address");
        assert_eq!(app.ask::<i64>(USERS, args![]).await, 1);
        let methods = "SELECT count(*) FROM {countersign_audit} WHERE detail = 'social'";
        assert_eq!(app.ask::<i64>(methods, args![]).await, 2);
    }

    async fn a_visit_belongs_to_one_browser_and_is_over_once(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let (mut ada, mut eve) = (app.browser(), app.browser());
        let url = begin(&mut ada, json!({})).await;
        assert_eq!(come_back(&mut eve, &url).await, "/oops?x=1&error=state_mismatch", "a browser that did not begin it");
        begin(&mut eve, json!({})).await;
        assert_eq!(come_back(&mut eve, &url).await, "/oops?x=1&error=state_mismatch", "or began another");
        assert!(user_of(&mut eve).await.is_null());
        assert_eq!(come_back(&mut ada, &url).await, "/home", "which takes nothing from the one that did");
        let error_page = "http://localhost:3000/api/auth/error?error=";
        assert_eq!(come_back(&mut ada, &url).await, format!("{error_page}state_mismatch"));
        assert_eq!(return_with(&mut ada, "code=c").await, format!("{error_page}state_not_found"));
        assert_eq!(return_with(&mut ada, "code=c&state=a%00b").await, format!("{error_page}state_mismatch"));

        let mut late = app.browser();
        let url = begin(&mut late, json!({})).await;
        app.clock.advance(600);
        assert_eq!(come_back(&mut late, &url).await, format!("{error_page}state_mismatch"));
    }

    async fn what_goes_wrong_is_said_where_the_visit_leads(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.browser();
        let state = |url: &Url| parameter(url, "state");
        let url = begin(&mut ada, json!({})).await;
        let denied = format!("error=access_denied&error_description=not+today&state={}", state(&url));
        assert_eq!(return_with(&mut ada, &denied).await, "/oops?x=1&error=access_denied&error_description=not+today");
        let url = begin(&mut ada, json!({})).await;
        assert_eq!(return_with(&mut ada, &format!("state={}", state(&url))).await, "/oops?x=1&error=no_code");
        for (person, error) in [
            (json!({ "email": "ada@example.com", "email_verified": true }), "unable_to_get_user_info"),
            (json!({ "sub": "of ada", "name": "Ada" }), "email_not_found"),
            (json!([]), "unable_to_get_user_info"),
        ] {
            provider.tells(person);
            assert_eq!(through(&mut ada).await, format!("/oops?x=1&error={error}"));
        }
        provider.refuses(true);
        assert_eq!(through(&mut ada).await, "/oops?x=1&error=invalid_code");
        let url = begin(&mut ada, json!({})).await;
        let nowhere = ada.send(Method::GET, &format!("/api/auth/callback/other?code=c&state={}", state(&url)), ()).await;
        assert_eq!(nowhere.header("location"), Some("/oops?x=1&error=state_mismatch"));
        assert_eq!(app.ask::<i64>(USERS, args![]).await, 0);
        let posted = ada.send(Method::POST, "/api/auth/callback/mock?state=s", Sent::raw("application/x-www-form-urlencoded", "code=a+b&state=x")).await;
        assert_eq!(posted.header("location"), Some("http://localhost:3000/api/auth/callback/mock?code=a+b&state=s"));
    }

    async fn an_address_makes_two_one_only_where_both_have_proven_it(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.sign_up("ada").await;
        let id = user_of(&mut ada).await["id"].clone();
        assert_eq!(through(&mut app.browser()).await, "/oops?x=1&error=account_not_linked", "not proven here");
        mark_verified(&app).await;
        let person = |verified: bool| json!({ "sub": "of ada", "email": "ada@example.com", "email_verified": verified, "name": "A" });
        provider.tells(person(false));
        assert_eq!(through(&mut app.browser()).await, "/oops?x=1&error=account_not_linked", "not proven there");
        provider.tells(person(true));
        let mut linked = app.browser();
        assert_eq!(through(&mut linked).await, "/home");
        assert_eq!(user_of(&mut linked).await["id"], id);
        assert_eq!(linked.call::<account::List>(()).await.json().as_array().unwrap().len(), 2);
        app.suspend(id.as_str().unwrap(), None, None).await.unwrap();
        let told = through(&mut app.browser()).await;
        assert!(told.starts_with("/oops?x=1&error=BANNED_USER&error_description=You+have+been+banned"), "{told}");
    }

    async fn whoever_signed_up_with_an_address_that_is_not_theirs_leaves_when_its_owner_comes(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        provider.tells(json!({ "sub": "of eve", "email": "ada@example.com", "email_verified": false, "name": "Eve" }));
        let mut eve = app.browser();
        assert_eq!(through(&mut eve).await, "/home");
        app.program().call::<password::RequestReset>(json!({ "email": "ada@example.com" })).await;
        let link = newest_link(&app).await;
        let token = link.split('/').next_back().unwrap().split('?').next().unwrap();
        let reset = app.program().call::<password::Reset>(json!({ "token": token, "newPassword": "of the owner alone" })).await;
        assert_eq!(reset.status, 200, "{reset:?}");
        assert!(user_of(&mut eve).await.is_null());
        assert_eq!(through(&mut eve).await, "/oops?x=1&error=account_not_linked");
    }

    async fn who_is_new_may_be_unwanted(place: &Place) {
        let provider = Provider::start().await;
        let app = start_with(place, &provider, |config| {
            config.social_providers.get_mut("mock").unwrap().disable_implicit_sign_up = true;
        }).await;
        let mut ada = app.browser();
        assert_eq!(through(&mut ada).await, "/oops?x=1&error=signup_disabled");
        let url = begin(&mut ada, json!({ "requestSignUp": true })).await;
        assert_eq!(come_back(&mut ada, &url).await, "/home");
        assert_eq!(through(&mut app.browser()).await, "/home", "who is no stranger needs not ask");
    }

    async fn an_address_that_must_be_proven_first_is_written_to(place: &Place) {
        let provider = Provider::start().await;
        let app = start_with(place, &provider, |config| {
            config.engine.email_and_password.require_email_verification = true;
        }).await;
        provider.tells(json!({ "sub": "of ada", "email": "ada@example.com", "email_verified": false, "name": "Ada" }));
        let mut ada = app.browser();
        assert_eq!(through(&mut ada).await, "/oops?x=1&error=email_not_verified");
        let link = newest_link(&app).await;
        assert_eq!(app.ask::<i64>(USERS, args![]).await, 1);
        assert_eq!(app.program().send(Method::GET, &link, ()).await.status, 302);
        assert_eq!(through(&mut ada).await, "/home");
        assert_eq!(user_of(&mut ada).await["emailVerified"], true);
    }

    async fn a_signed_in_user_links_an_account(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let (mut ada, mut bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let url = link(&mut ada).await;
        assert_eq!(come_back(&mut ada, &url).await, "/settings");
        let list = ada.call::<account::List>(()).await.json();
        assert_eq!((&list[1]["providerId"], &list[1]["accountId"]), (&json!("mock"), &json!("of ada")));
        provider.gives(json!({ "access_token": "second", "scope": ["calendar", "openid"] }));
        let url = link(&mut ada).await;
        assert_eq!(come_back(&mut ada, &url).await, "/settings", "again, for another scope");
        let list = ada.call::<account::List>(()).await.json();
        assert_eq!(list[1]["scopes"], json!(["openid", "email", "calendar"]));

        let url = link(&mut bob).await;
        assert_eq!(come_back(&mut bob, &url).await, "/oops?error=email_does_not_match");
        provider.tells(json!({ "sub": "of ada", "email": "bob@example.com", "email_verified": true }));
        let url = link(&mut bob).await;
        assert_eq!(come_back(&mut bob, &url).await, "/oops?error=account_already_linked_to_different_user");
        provider.tells(json!({ "sub": "of bob", "email": "bob@example.com", "email_verified": false }));
        let url = link(&mut bob).await;
        assert_eq!(come_back(&mut bob, &url).await, "/oops?error=unable_to_link_account");
        provider.tells(json!({ "sub": "of bob", "email": "bob@example.com", "email_verified": true }));
        let url = link(&mut bob).await;
        bob.clone().call::<sign_out::SignOut>(()).await;
        assert_eq!(come_back(&mut bob, &url).await, "/oops?error=unable_to_link_account", "signed out on the way");
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {account} WHERE {account.providerId} = 'mock'", args![]).await, 1);
    }

    async fn requests_at_once_spend_a_refresh_token_once(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.browser();
        through(&mut ada).await;
        let id = ada.call::<account::List>(()).await.json()[0]["id"].clone();
        app.clock.advance(3_600);
        provider.gives(json!({ "access_token": "second", "refresh_token": "next", "expires_in": 3600 }));
        let asked = provider.asked();
        let ask = async || {
            let answer = ada.clone().call::<account::GetAccessToken>(json!({ "accountId": id })).await;
            answer.json()["accessToken"].clone()
        };
        let tokens = tokio::join!(ask(), ask(), ask());
        assert_eq!(tokens, (json!("second"), json!("second"), json!("second")));
        assert_eq!(provider.asked() - asked, 1);
    }

    async fn the_same_newcomer_twice_at_once_is_one_user(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let (mut one, mut two) = (app.browser(), app.browser());
        let (first, second) = (begin(&mut one, json!({})).await, begin(&mut two, json!({})).await);
        let both = tokio::join!(come_back(&mut one, &first), come_back(&mut two, &second));
        assert_eq!(both, ("/home".to_owned(), "/home".to_owned()));
        assert_eq!(app.ask::<i64>(USERS, args![]).await, 1);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {account}", args![]).await, 1);
    }

    async fn a_free_and_a_taken_address_are_told_alike_where_neither_is_proven(place: &Place) {
        let provider = Provider::start().await;
        let app = start_with(place, &provider, |config| {
            config.engine.email_and_password.require_email_verification = true;
        }).await;
        app.user_without_password("ada").await;
        for who in ["ada", "free"] {
            provider.tells(json!({ "sub": who, "email": format!("{who}@example.com"), "email_verified": false }));
            assert_eq!(through(&mut app.browser()).await, "/oops?x=1&error=email_not_verified");
        }
        let elsewhere = Place::sqlite();
        let closed = start_with(&elsewhere, &provider, |config| {
            config.engine.email_and_password.require_email_verification = true;
            config.social_providers.get_mut("mock").unwrap().disable_sign_up = true;
        }).await;
        closed.user_without_password("ada").await;
        for who in ["ada", "free"] {
            provider.tells(json!({ "sub": who, "email": format!("{who}@example.com"), "email_verified": false }));
            assert_eq!(through(&mut closed.browser()).await, "/oops?x=1&error=signup_disabled");
        }
    }

    async fn a_code_comes_back_from_the_provider_that_was_gone_to(place: &Place) {
        let provider = Provider::start().await;
        let app = start_with(place, &provider, |config| {
            let other = config.social_providers["mock"].clone();
            config.social_providers.insert("other".to_owned(), other);
        }).await;
        let mut ada = app.browser();
        let url = begin(&mut ada, json!({})).await;
        let elsewhere = format!("/api/auth/callback/other?code=c&state={}", parameter(&url, "state"));
        let answer = ada.send(Method::GET, &elsewhere, ()).await;
        assert_eq!(answer.header("location"), Some("/oops?x=1&error=state_mismatch"));
        assert_eq!(come_back(&mut ada, &url).await, "/home");
    }

    async fn no_target_becomes_another_host(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.browser();
        let url = begin(&mut ada, json!({ "errorCallbackURL": "/..//evil.example" })).await;
        assert_eq!(come_back(&mut app.browser(), &url).await, "/..//evil.example?error=state_mismatch");
    }

    async fn an_id_token_signs_in_and_links(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let shown = |more: Value| json!({ "provider": "mock", "idToken": { "token": provider.id_token(&app, &more), "nonce": more["nonce"].as_str().unwrap_or_default(), "accessToken": "at" } });
        let mut ada = app.browser();
        let answer = ada.call::<social::SignIn>(shown(json!({ "nonce": "n" }))).await;
        let reply = answer.json();
        assert_eq!((answer.status, &reply["redirect"], &reply["user"]["email"]), (200, &json!(false), &json!("ada@example.com")), "{answer:?}");
        assert!(reply["token"].is_string() && reply.get("url").is_none() && answer.header("location").is_none(), "{answer:?}");
        assert_eq!(user_of(&mut ada).await["emailVerified"], true);
        let id = ada.call::<account::List>(()).await.json()[0]["id"].clone();
        let token = ada.call::<account::GetAccessToken>(json!({ "accountId": id })).await.json();
        assert_eq!((&token["accessToken"], token["idToken"].is_string()), (&json!("at"), true));
        let again = app.browser().call::<social::SignIn>(shown(json!({ "email": "other@example.com" }))).await.json();
        assert_eq!(again["user"]["id"], reply["user"]["id"], "the provider's own id says who it is");

        let mut bob = app.sign_up("bob").await;
        let of_bob = json!({ "sub": "of bob", "email": "bob@example.com" });
        let linked = bob.call::<social::Link>(shown(of_bob.clone())).await;
        assert_eq!(linked.json(), json!({ "url": "", "status": true, "redirect": false }), "{linked:?}");
        assert_eq!(bob.call::<social::Link>(shown(of_bob)).await.status, 200, "again");
        assert_eq!(bob.call::<account::List>(()).await.json()[1]["accountId"], "of bob");
        let of_ada = bob.call::<social::Link>(shown(json!({}))).await;
        assert_eq!(of_ada.refusal(), (409, Some("SOCIAL_ACCOUNT_ALREADY_LINKED".to_owned())));
    }

    async fn an_id_token_that_is_not_the_providers_for_us_and_now_is_refused(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let now = app.engine().clock().now().seconds();
        let stranger = signed(&new_key(), "first", &app, &json!({}));
        let unknown = signed(&new_key(), "second", &app, &json!({}));
        let mut tokens = vec![stranger, unknown, String::new(), "a.b.c".to_owned()];
        for more in [
            json!({ "iss": "https://evil.example" }),
            json!({ "aud": "them" }),
            json!({ "iat": now - 7200, "exp": now - 3600 }),
            json!({ "iat": now + 3600, "exp": now + 7200 }),
            json!({ "sub": null }),
            json!({ "nonce": "other" }),
        ] {
            tokens.push(provider.id_token(&app, &more));
        }
        let mut ada = app.browser();
        for token in tokens {
            let shown = json!({ "provider": "mock", "idToken": { "token": token, "nonce": "n" } });
            let answer = ada.call::<social::SignIn>(shown).await;
            assert_eq!(answer.refusal(), (401, Some("INVALID_TOKEN".to_owned())), "{token}");
            assert!(answer.set_cookies().is_empty());
        }
        assert_eq!(app.ask::<i64>(USERS, args![]).await, 0);
        assert_eq!(provider.jwks_asked(), 1, "made-up names of keys ask nobody");
    }

    async fn keys_of_a_provider_are_fetched_when_they_are_new_and_now_and_then(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.browser();
        let next = new_key();
        let show = async |ada: &mut Browser<'_>, token: String| {
            ada.call::<social::SignIn>(json!({ "provider": "mock", "idToken": { "token": token } })).await.status
        };
        assert_eq!(show(&mut ada, provider.id_token(&app, &json!({}))).await, 200);
        provider.publishes(json!({ "keys": [jwk(&next, "next")] }));
        app.clock.advance(30);
        assert_eq!(show(&mut ada, signed(&next, "next", &app, &json!({}))).await, 200);
        assert_eq!(show(&mut ada, provider.id_token(&app, &json!({}))).await, 401, "it was taken back");
        provider.publishes(json!({ "error": "down" }));
        app.clock.advance(3_200);
        assert_eq!(show(&mut ada, signed(&new_key(), "made up", &app, &json!({}))).await, 401);
        app.clock.advance(399);
        assert_eq!(show(&mut ada, signed(&next, "next", &app, &json!({}))).await, 200);
        app.clock.advance(1);
        let late = show(&mut ada, signed(&next, "next", &app, &json!({}))).await;
        assert_eq!(late, 401, "an hour long nobody said that they stand");
    }

    async fn nothing_a_frontend_keeps_is_taken_for_ours(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let mut ada = app.sign_up("ada").await;
        let id = user_of(&mut ada).await["id"].clone();
        let mut eve = app.browser();
        let evil = json!({ "link": { "userId": id, "email": "ada@example.com" }, "errorURL": "https://evil.example", "newUserURL": "https://evil.example", "callbackURL": "https://evil.example", "kept": 1 });
        let body = json!({ "provider": "mock", "callbackURL": "/home", "additionalData": evil });
        provider.tells(json!({ "sub": "of eve", "email": "eve@example.com", "email_verified": true }));
        let url = address(&eve.call::<social::SignIn>(body).await);
        assert_eq!(come_back(&mut eve, &url).await, "/home");
        assert_ne!(user_of(&mut eve).await["id"], id);
        assert_eq!(ada.call::<account::List>(()).await.json().as_array().unwrap().len(), 1);
    }

    async fn tokens_are_renewed_when_they_are_due_and_lie_encrypted_where_that_is_set(place: &Place) {
        let provider = Provider::start().await;
        let app = start_with(place, &provider, |config| config.engine.account.encrypt_oauth_tokens = true).await;
        let mut ada = app.browser();
        through(&mut ada).await;
        let id = ada.call::<account::List>(()).await.json()[0]["id"].clone();
        let selected = json!({ "accountId": id });
        let stored = app.ask::<String>("SELECT {account.accessToken} FROM {account}", args![]).await;
        assert!(!stored.contains("first") && stored.len() > 80, "{stored}");
        let token = ada.call::<account::GetAccessToken>(selected.clone()).await.json();
        assert_eq!((&token["accessToken"], &token["scopes"]), (&json!("first"), &json!(["openid", "email"])));

        provider.gives(json!({ "access_token": "second", "refresh_token": "spend me too", "expires_in": "60" }));
        app.clock.advance(3_594);
        assert_eq!(ada.call::<account::GetAccessToken>(selected.clone()).await.json()["accessToken"], "first");
        app.clock.advance(2);
        assert_eq!(ada.call::<account::GetAccessToken>(selected.clone()).await.json()["accessToken"], "second");
        assert_eq!(provider.was_sent("refresh_token").as_deref(), Some("spend me"));
        let renewed = ada.call::<account::RefreshToken>(selected.clone()).await.json();
        assert_eq!((&renewed["accessToken"], &renewed["scope"]), (&json!("second"), &json!("openid,email")));
        assert_eq!(provider.was_sent("refresh_token").as_deref(), Some("spend me too"));
        let info = ada.call::<account::Info>(Sent::from(()).query(&format!("accountId={}", id.as_str().unwrap()))).await.json();
        assert_eq!((&info["data"]["sub"], &info["account"]["providerId"]), (&json!("of ada"), &json!("mock")));

        provider.refuses(true);
        app.clock.advance(60);
        let late = ada.call::<account::GetAccessToken>(selected.clone()).await;
        assert_eq!(late.refusal(), (400, Some("FAILED_TO_GET_ACCESS_TOKEN".to_owned())));
        let late = ada.call::<account::RefreshToken>(selected.clone()).await;
        assert_eq!(late.refusal(), (400, Some("FAILED_TO_REFRESH_ACCESS_TOKEN".to_owned())));
        let mut bob = app.sign_up("bob").await;
        let stranger = bob.call::<account::GetAccessToken>(selected).await;
        assert_eq!(stranger.refusal(), (400, Some("ACCOUNT_NOT_FOUND".to_owned())));
    }
}
