//! A guard in another service, which follows a real server on loopback.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what must be there")]
#![expect(clippy::print_stderr, reason = "delays are shown")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_engine::{Clock as _, Device, Engine, NewUser, Presented, SignedIn, SignedUp, SystemClock, World};
use countersign_guard::{FollowState, FollowedRevocations, Guard, Options, Rejection, WhenStale};
use countersign_server::App;
use countersign_server::config::Config;
use countersign_testkit::{Place, both_databases};
use countersign_token::{Refused, Secret, Secrets};
use http::{HeaderMap, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// One node: an engine that follows its database, and a server on loopback.
struct Node {
    engine: Engine,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    tasks: [JoinHandle<()>; 2],
}

impl Node {
    async fn start(place: &Place) -> Self {
        Self::start_at(place, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    async fn start_at(place: &Place, address: SocketAddr) -> Self {
        let config = Config::default();
        let secrets = Secrets::single(Secret::parse("u8Rk2vXq9LmZ4tYw7PbN3sHd6JfGc1Ea").unwrap());
        let db = place.migrated().await;
        let engine = Engine::open(db, secrets, config.engine.clone(), World::default()).await.unwrap();
        engine.catch_up().await.unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = App::new(engine.clone(), config.clone()).router();
        let serving = tokio::spawn(async move {
            countersign_server::serve(listener, router, &config.server, async { drop(stopped.await) }).await.unwrap();
        });
        let following = engine.clone();
        let following = tokio::spawn(async move { following.follow_feed().await });
        Self { engine, address, stop, tasks: [serving, following] }
    }

    /// Ends the server; streams that are open must not hold it up.
    async fn stop(self) {
        self.stop.send(()).unwrap();
        let [serving, following] = self.tasks;
        timeout(PATIENCE, serving).await.expect("streams end with the server").unwrap();
        following.abort();
        self.engine.database().close().await;
    }

    async fn follow(&self, options: Options) -> FollowedRevocations {
        let url = format!("http://{}/api/auth/revocations", self.address);
        let followed = FollowedRevocations::start(&url, self.engine.keys().feed_credential(), options).unwrap();
        until(&followed, |state| state.position.is_some()).await;
        followed
    }

    fn guard(&self, followed: &FollowedRevocations) -> Guard<FollowedRevocations> {
        Guard::new(self.engine.verifier().clone(), followed.clone())
    }

    async fn sign_up(&self, name: &str) -> SignedIn {
        let email = format!("{name}@example.com");
        let new = NewUser { name: name.to_owned(), email, ..NewUser::default() };
        match self.engine.sign_up(new, "a long password", Device::default()).await.unwrap() {
            SignedUp::SignedIn(signed_in) => *signed_in,
            SignedUp::Registered(_) => panic!("not signed in"),
        }
    }
}

async fn until(followed: &FollowedRevocations, condition: impl FnMut(&FollowState) -> bool) {
    timeout(PATIENCE, followed.until(condition)).await.expect("the word from the server");
}

async fn judge(guard: &Guard<FollowedRevocations>, of: &SignedIn) -> Result<(), Rejection> {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, format!("Bearer {}", of.access_token).parse().unwrap());
    guard.admit(&headers).await.map(drop)
}

/// The time of the machine, moved by some milliseconds.
#[derive(Clone, Default)]
struct Shifted(Arc<AtomicI64>);

impl Shifted {
    fn options(&self) -> Options {
        let shift = Arc::clone(&self.0);
        Options::default().clock(move || SystemClock.now().millis() + shift.load(Ordering::Relaxed))
    }
}

const SUSPENDED: Result<(), Rejection> = Err(Rejection::Refused(Refused::Suspended));
const ENDED: Result<(), Rejection> = Err(Rejection::Refused(Refused::SessionEnded));

both_databases! {
    async fn who_is_suspended_or_signed_out_is_refused_elsewhere_too(place: &Place) {
        let node = Node::start(place).await;
        let eve = node.sign_up("eve").await;
        let followed = node.follow(Options::default()).await;
        let guard = node.guard(&followed);
        assert_eq!(judge(&guard, &eve).await, Ok(()));

        let mut delays = Vec::new();
        for trial in 0..10 {
            let ada = node.sign_up(&format!("ada{trial}")).await;
            assert_eq!(judge(&guard, &ada).await, Ok(()));
            let (held, begun) = (followed.state().refusals, SystemClock.now().millis());
            node.engine.suspend(&ada.caller.user.id, None, None).await.unwrap();
            // The user, and the session that ends with the suspension.
            until(&followed, |state| state.refusals == held + 2).await;
            delays.push(SystemClock.now().millis() - begun);
            assert_eq!(judge(&guard, &ada).await, SUSPENDED);
        }
        delays.sort_unstable();
        eprintln!("refused elsewhere after {delays:?} ms");

        node.engine.sign_out(Presented::AccessToken(&eve.access_token)).await.unwrap();
        let held = followed.state().refusals;
        until(&followed, |state| state.refusals > held).await;
        assert_eq!(judge(&guard, &eve).await, ENDED);
        node.stop().await;
    }

    async fn a_server_that_is_gone_is_trusted_for_a_while_and_nothing_is_missed_when_it_is_back(place: &Place) {
        let node = Node::start(place).await;
        let (ada, eve) = (node.sign_up("ada").await, node.sign_up("eve").await);
        let shifted = Shifted::default();
        let followed = node.follow(shifted.options()).await;
        let strict = node.guard(&followed);
        let lenient = node.guard(&followed.when_stale(WhenStale::Admit));
        node.engine.sign_out(Presented::AccessToken(&eve.access_token)).await.unwrap();
        until(&followed, |state| state.refusals == 1).await;

        let address = node.address;
        node.stop().await;
        until(&followed, |state| !state.connected).await;
        for guard in [&strict, &lenient] {
            assert_eq!((judge(guard, &ada).await, judge(guard, &eve).await), (Ok(()), ENDED));
        }
        shifted.0.store(31_000, Ordering::Relaxed);
        let unavailable = judge(&strict, &ada).await.unwrap_err();
        assert_eq!((unavailable.status(), followed.state().is_stale), (StatusCode::SERVICE_UNAVAILABLE, true));
        assert_eq!((judge(&lenient, &ada).await, judge(&lenient, &eve).await), (Ok(()), ENDED));

        // Another node, which nobody follows, suspends someone meanwhile.
        let other = Node::start(place).await;
        other.engine.suspend(&ada.caller.user.id, None, None).await.unwrap();
        let back = Node::start_at(place, address).await;
        until(&followed, |state| state.connected && state.refusals == 3).await;
        for guard in [&strict, &lenient] {
            assert_eq!((judge(guard, &ada).await, judge(guard, &eve).await), (SUSPENDED, ENDED));
        }
        assert!(!followed.state().is_stale);
        other.stop().await;
        back.stop().await;
    }

    async fn before_the_first_word_every_token_is_answered_503(place: &Place) {
        let node = Node::start(place).await;
        let ada = node.sign_up("ada").await;
        let wrong = countersign_token::FeedCredential::of(&Secret::from_entropy([9; 32]));
        let url = format!("http://{}/api/auth/revocations", node.address);
        let followed = FollowedRevocations::start(&url, wrong, Options::default()).unwrap();
        for when in [WhenStale::Refuse, WhenStale::Admit] {
            let refused = judge(&node.guard(&followed.when_stale(when)), &ada).await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(followed.state().position, None);
        node.stop().await;
    }
}
