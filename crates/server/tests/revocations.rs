//! The stream of refusals: who may read it, what it says, and how it is taken up again.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what must be there")]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use countersign_engine::config::Algorithm;
use countersign_engine::{Clock as _, Presented, SystemClock};
use countersign_server::App;
use countersign_server::config::Config;
use countersign_testkit::{Place, TestEngine, both_databases};
use countersign_token::{Change, Notice, Refused, Secret, ServiceToken, SigningKey};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a database of its own, under a fake clock.
struct House {
    engine: TestEngine,
    router: Router,
}

impl House {
    async fn on(place: &Place) -> Self {
        Self::with(TestEngine::open(place).await).await
    }

    async fn with(engine: TestEngine) -> Self {
        // The triggers go by the clock of the database.
        engine.clock.set(SystemClock.now());
        engine.catch_up().await.unwrap();
        let router = App::new(engine.engine().clone(), Config::default()).router();
        Self { engine, router }
    }

    async fn ask(&self, credential: Option<&str>, last: Option<&str>) -> Response<Body> {
        let mut request = Request::get("/api/auth/revocations");
        if let Some(credential) = credential {
            request = request.header(header::AUTHORIZATION, format!("Bearer {credential}"));
        }
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn follow(&self, last: Option<&str>) -> Events {
        self.follow_as(self.engine.keys().feed_credential().expose(), last).await
    }

    async fn follow_as(&self, credential: &str, last: Option<&str>) -> Events {
        let response = self.ask(Some(credential), last).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        Events { body: response.into_body(), text: String::new() }
    }

    async fn ready(&self) -> StatusCode {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    /// Signs `name` up and out again, and takes note of it.
    async fn ended(&self, name: &str) -> String {
        let session = self.engine.signed_up(name).await;
        self.engine.sign_out(Presented::AccessToken(&session.access_token)).await.unwrap();
        self.engine.catch_up().await.unwrap();
        session.caller.session.id.clone()
    }
}

/// The events of one answer.
struct Events {
    body: Body,
    text: String,
}

struct Event {
    id: Option<String>,
    notice: Notice,
}

impl Events {
    async fn next(&mut self) -> Event {
        tokio::time::timeout(PATIENCE, self.event()).await.expect("an event")
    }

    async fn event(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let notice = Notice::read(field("event").unwrap(), field("data").unwrap()).unwrap();
                let event = Event { id: field("id").map(str::to_owned), notice };
                self.text = rest.to_owned();
                return event;
            }
            let frame = self.body.frame().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    /// Waits for a heartbeat of this age. One that was on its way may come before.
    async fn heartbeat_of(&mut self, age_ms: u64) {
        for _ in 0..3 {
            if self.next().await.notice == (Notice::Heartbeat { age_ms }) {
                return;
            }
        }
        panic!("no heartbeat of age {age_ms}");
    }

    /// The next event that is no heartbeat.
    async fn news(&mut self) -> Event {
        loop {
            let event = self.next().await;
            if !matches!(event.notice, Notice::Heartbeat { .. }) {
                return event;
            }
        }
    }
}

fn ended_session(event: &Event) -> &str {
    match &event.notice {
        Notice::Change(Change::SessionRevoked { session, .. }) => session,
        other => panic!("{other:?}"),
    }
}

fn snapshot(event: &Event) -> Vec<&str> {
    let Notice::Snapshot { changes, more: false } = &event.notice else { panic!("{:?}", event.notice) };
    fn session(change: &Change) -> &str {
        let Change::SessionRevoked { session, .. } = change else { panic!("{change:?}") };
        session
    }
    changes.iter().map(session).collect()
}

both_databases! {
    async fn only_the_credential_of_the_feed_opens_the_stream(place: &Place) {
        let house = House::on(place).await;
        let ada = house.engine.signed_up("ada").await;
        let own = house.engine.keys().feed_credential().expose().to_owned();
        let foreign = countersign_token::FeedCredential::of(&Secret::from_entropy([9; 32])).expose().to_owned();
        let secret = house.engine.secrets().current().expose().to_owned();
        for wrong in [None, Some(&*foreign), Some(&*ada.access_token), Some(&*secret), Some("csf_"), Some("")] {
            let response = house.ask(wrong, None).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{wrong:?}");
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        }
        assert_eq!(house.ask(Some(&own), None).await.status(), StatusCode::OK);
        let post = Request::post("/api/auth/revocations").header(header::AUTHORIZATION, format!("Bearer {own}"));
        let response = house.router.clone().oneshot(post.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }

    async fn a_service_token_opens_the_stream_until_it_expires_and_nothing_else(place: &Place) {
        let house = House::with(TestEngine::open_with(place, |config| config.token.algorithm = Algorithm::EdDSA).await).await;
        let ada = house.engine.signed_up("ada").await;
        let now = house.engine.clock().now().seconds();
        let sign = |exp| house.engine.keys().service_token("billing", "1".to_owned(), now, exp).unwrap().unwrap();
        let token = sign(now + 60);
        for wrong in [&ada.access_token, &sign(now)] {
            assert_eq!(house.ask(Some(wrong), None).await.status(), StatusCode::UNAUTHORIZED);
        }
        let me = Request::get("/api/auth/get-session").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let nobody = house.router.clone().oneshot(me.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(nobody.into_body().collect().await.unwrap().to_bytes(), "null");
        assert_eq!(house.engine.verifier().verify_owned(&token, now).map(drop), Err(Refused::WrongType));

        let mut events = house.follow_as(&token, None).await;
        assert_eq!(snapshot(&events.next().await), [""; 0]);
        house.engine.clock.advance(60);
        let ended = async { while events.body.frame().await.is_some() {} };
        tokio::time::timeout(PATIENCE, ended).await.expect("the stream ends with the token");
    }

    async fn a_service_token_is_nothing_where_a_secret_signs(place: &Place) {
        let house = House::on(place).await;
        let now = house.engine.clock().now().seconds();
        assert!(house.engine.keys().service_token("billing", "1".to_owned(), now, now + 60).is_none());
        let key = SigningKey::hs256(house.engine.secrets().current(), None);
        let issuer = "http://localhost:3000".to_owned();
        let token = ServiceToken { service: "x".to_owned(), id: "1".to_owned(), issuer, iat: now, exp: now + 60 };
        let token = token.sign(&key).unwrap();
        assert_eq!(house.ask(Some(&token), None).await.status(), StatusCode::UNAUTHORIZED);
    }

    async fn a_follower_is_told_what_is_refused_and_then_each_change(place: &Place) {
        let house = House::on(place).await;
        let before = house.ended("ada").await;
        let mut events = house.follow(None).await;
        let first = events.next().await;
        assert_eq!(snapshot(&first), [&*before]);
        assert!(first.id.is_some());
        assert_eq!(events.next().await.notice, Notice::Heartbeat { age_ms: 0 });

        let after = house.ended("eve").await;
        let event = events.news().await;
        assert_eq!(ended_session(&event), after);
        let user = house.engine.user_without_password("sam").await;
        house.engine.suspend(&user.id, None, None).await.unwrap();
        house.engine.catch_up().await.unwrap();
        let off = events.news().await;
        assert_eq!(off.notice, Notice::Change(Change::UserOff { user: user.id.clone(), until: None }));
        house.engine.restore(&user.id).await.unwrap();
        house.engine.catch_up().await.unwrap();
        assert_eq!(events.news().await.notice, Notice::Change(Change::UserOn { user: user.id }));
    }

    async fn a_heartbeat_says_how_old_the_word_of_the_database_is(place: &Place) {
        let house = House::on(place).await;
        let mut events = house.follow(None).await;
        events.next().await;
        events.heartbeat_of(0).await;
        house.engine.clock.advance_millis(4_321);
        events.heartbeat_of(4_321).await;
        assert_eq!(house.ready().await, StatusCode::OK);
        house.engine.clock.advance(26);
        assert_eq!(house.ready().await, StatusCode::SERVICE_UNAVAILABLE);
        events.heartbeat_of(30_321).await;
        house.engine.catch_up().await.unwrap();
        events.heartbeat_of(0).await;
        assert_eq!(house.ready().await, StatusCode::OK);
    }

    async fn a_follower_that_comes_back_is_told_what_it_missed(place: &Place) {
        let house = House::on(place).await;
        house.ended("ada").await;
        let mut events = house.follow(None).await;
        let seen = events.next().await.id.unwrap();
        drop(events);
        let (eve, sam) = (house.ended("eve").await, house.ended("sam").await);

        // Also by a node that started later and has no memory of it.
        for node in [&house, &House::on(place).await] {
            let mut events = node.follow(Some(&seen)).await;
            assert_eq!(ended_session(&events.next().await), eve);
            let last = events.next().await;
            assert_eq!(ended_session(&last), sam);
            assert_eq!(events.next().await.notice, Notice::Heartbeat { age_ms: 0 });
            let mut nothing_missed = node.follow(last.id.as_deref()).await;
            let first = nothing_missed.next().await;
            assert_eq!((first.notice, first.id), (Notice::Heartbeat { age_ms: 0 }, last.id));
        }
    }

    async fn a_follower_from_another_run_or_from_long_ago_is_sent_all_there_is(place: &Place) {
        let house = House::on(place).await;
        let ada = house.ended("ada").await;
        let seen = house.follow(None).await.next().await.id.unwrap();
        let eve = house.ended("eve").await;
        let (epoch, place) = seen.split_once('-').unwrap();
        let (seq, at) = place.split_once('-').unwrap();
        let others = [
            format!("other{epoch}-{seq}-{at}"),
            format!("{epoch}-{seq}-7"),
            format!("{epoch}-0-0"),
            format!("{epoch}-99-{at}"),
            format!("{epoch}-{seq}"),
            "nonsense".to_owned(),
            String::new(),
        ];
        for other in others {
            let mut all = house.follow(Some(&other)).await;
            let first = all.next().await;
            let mut sessions = snapshot(&first);
            let mut expected = [&*ada, &*eve];
            sessions.sort_unstable();
            expected.sort_unstable();
            assert_eq!(sessions, expected, "{other}");
        }
        // Whoever is connected when the run changes is sent all of it again.
        let mut events = house.follow(None).await;
        events.next().await;
        house.engine.run("UPDATE {countersign_epoch} SET {countersign_epoch.epoch} = 'restored'", Vec::new()).await;
        house.engine.catch_up().await.unwrap();
        let again = events.news().await;
        assert_eq!(snapshot(&again).len(), 2);
        assert!(again.id.unwrap().starts_with("restored-"));
    }

    async fn a_large_snapshot_comes_in_parts(place: &Place) {
        let house = House::on(place).await;
        house.engine.run(
            "INSERT INTO {countersign_feed} ({countersign_feed.kind}, {countersign_feed.subject}, \
             {countersign_feed.until}, {countersign_feed.at}) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
             SELECT 'token_revoked', 'token ' || i, 9999999999999, 9999999999 FROM n",
            Vec::new(),
        ).await;
        house.engine.catch_up().await.unwrap();
        let mut events = house.follow(None).await;
        let mut sizes = Vec::new();
        loop {
            let event = events.next().await;
            let Notice::Snapshot { changes, more } = event.notice else { panic!("{:?}", event.notice) };
            assert_eq!(event.id.is_none(), more, "only the last part is a place to come back to");
            sizes.push(changes.len());
            if !more {
                break;
            }
        }
        assert_eq!(sizes, [1000, 1000, 500]);
    }
}
