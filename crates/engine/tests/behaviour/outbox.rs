//! Letters: stored with what they are about, carried at least once, usually once, by whoever is there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_engine::db::{FromRow, Row, args};
use countersign_engine::outbox::{Carrier, Kind, Letter, NotCarried};
use countersign_testkit::{Place, TestEngine, address, both_databases};

/// Someone who carries letters, as long as `answer` says so, and counts how often each came.
struct Postman<F> {
    answer: F,
    seen: Mutex<BTreeMap<String, u32>>,
}

impl<F: Fn(u32) -> Result<(), NotCarried> + Send + Sync + 'static> Postman<F> {
    fn new(answer: F) -> Arc<Self> {
        Arc::new(Self { answer, seen: Mutex::default() })
    }

    fn seen(&self) -> Vec<u32> {
        self.seen.lock().unwrap().values().copied().collect()
    }
}

impl<F: Fn(u32) -> Result<(), NotCarried> + Send + Sync + 'static> Carrier for Postman<F> {
    type Freight = Letter;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn carry(&self, letter: &Letter) -> Result<(), NotCarried> {
        let mut seen = self.seen.lock().unwrap();
        let times = seen.entry(letter.id.clone()).or_default();
        *times += 1;
        (self.answer)(*times)
    }
}

/// What is left in the outbox of the one letter in it.
#[derive(Debug, PartialEq)]
struct Left {
    content: bool,
    waits: bool,
    sent: bool,
    why: Option<String>,
}

impl FromRow for Left {
    fn from_row(row: &Row<'_>) -> Result<Self, countersign_engine::db::Error> {
        Ok(Self {
            content: row.opt_text("content")?.is_some(),
            waits: row.opt_int("nextAt")?.is_some(),
            sent: row.opt_int("sentAt")?.is_some(),
            why: row.opt_text("lastError")?,
        })
    }
}

async fn left(engine: &TestEngine) -> Left {
    engine.ask("SELECT {countersign_outbox.*} FROM {countersign_outbox}", args![]).await
}

async fn with_a_letter(place: &Place) -> TestEngine {
    let engine = TestEngine::open(place).await;
    engine.user_without_password("ada").await;
    engine.request_password_reset(&address("ada"), None).await.unwrap();
    engine
}

/// Remembers in which language each letter was asked for.
#[derive(Default)]
struct Listener(Mutex<Vec<Option<String>>>);

impl Carrier for Listener {
    type Freight = Letter;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn carry(&self, letter: &Letter) -> Result<(), NotCarried> {
        self.0.lock().unwrap().push(letter.language.clone());
        Ok(())
    }
}

both_databases! {
    async fn a_letter_says_in_which_language_it_was_asked_for(place: &Place) {
        let engine = with_a_letter(place).await;
        engine.speaking("pt-BR").request_password_reset(&address("ada"), None).await.unwrap();
        let listener = Arc::new(Listener::default());
        engine.carry_due(&listener).await.unwrap();
        let mut heard = std::mem::take(&mut *listener.0.lock().unwrap());
        heard.sort();
        assert_eq!(heard, [None, Some("pt-BR".to_owned())]);
    }

    async fn a_letter_is_carried_once_and_what_it_said_is_erased(place: &Place) {
        let engine = with_a_letter(place).await;
        let postman = Postman::new(|_| Ok(()));
        assert_eq!(left(&engine).await, Left { content: true, waits: true, sent: false, why: None });
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 1);
        assert_eq!(left(&engine).await, Left { content: false, waits: false, sent: true, why: None });
        engine.clock.advance(86_400);
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 0);
        assert_eq!(postman.seen(), [1]);
    }

    async fn what_cannot_be_carried_now_is_tried_again_later_each_time(place: &Place) {
        let engine = with_a_letter(place).await;
        let postman = Postman::new(|times| if times < 4 { Err(NotCarried::Later("451 busy\0".into())) } else { Ok(()) });
        for (wait, times) in [(0, 1), (4, 1), (1, 2), (9, 2), (1, 3), (19, 3)] {
            engine.clock.advance(wait);
            engine.carry_due(&postman).await.unwrap();
            assert_eq!(postman.seen(), [times], "{wait}");
        }
        assert_eq!(left(&engine).await, Left { content: true, waits: true, sent: false, why: Some("451 busy".into()) });
        engine.clock.advance(1);
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 1);
        assert_eq!(left(&engine).await, Left { content: false, waits: false, sent: true, why: None });
    }

    async fn what_is_refused_for_good_is_given_up(place: &Place) {
        let engine = with_a_letter(place).await;
        let postman = Postman::new(|_| Err(NotCarried::Never("550 no such user".into())));
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 0);
        engine.clock.advance(3_000);
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 0);
        assert_eq!(postman.seen(), [1]);
        let given_up = Left { content: false, waits: false, sent: false, why: Some("550 no such user".into()) };
        assert_eq!(left(&engine).await, given_up);
    }

    async fn a_letter_whose_link_has_expired_is_not_carried(place: &Place) {
        let engine = with_a_letter(place).await;
        let postman = Postman::new(|_| Ok(()));
        engine.clock.advance(3_600);
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 0);
        assert_eq!(postman.seen(), [0; 0]);
        assert_eq!(left(&engine).await.why.as_deref(), Some("its link has expired"));
    }

    async fn of_two_nodes_one_carries_it(place: &Place) {
        let (engine, other) = (with_a_letter(place).await, TestEngine::open(place).await);
        for name in ["bob", "cem", "dea"] {
            engine.user_without_password(name).await;
            engine.request_password_reset(&address(name), None).await.unwrap();
        }
        let postman = Postman::new(|_| Ok(()));
        let (a, b) = tokio::join!(engine.carry_due(&postman), other.carry_due(&postman));
        assert_eq!(a.unwrap() + b.unwrap(), 4);
        assert_eq!(postman.seen(), [1; 4]);
    }

    async fn a_letter_that_a_dead_process_had_claimed_is_carried_by_another(place: &Place) {
        let (engine, other) = (with_a_letter(place).await, TestEngine::open(place).await);
        let dying = tokio::spawn({
            let engine = engine.engine().clone();
            async move { engine.carry_due(&Arc::new(Forever)).await }
        });
        while left_attempts(&engine).await == 0 {
            tokio::task::yield_now().await;
        }
        dying.abort();
        let postman = Postman::new(|_| Ok(()));
        assert_eq!(other.carry_due(&postman).await.unwrap(), 0, "still claimed");
        other.clock.advance(22);
        assert_eq!(other.carry_due(&postman).await.unwrap(), 1);
    }

    async fn nothing_is_left_of_a_letter_nobody_was_to_get(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.request_password_reset(&address("nobody"), None).await.unwrap();
        let postman = Postman::new(|_| Ok(()));
        assert_eq!(engine.carry_due(&postman).await.unwrap(), 0);
        assert_eq!(postman.seen(), [0; 0]);
        let rows: Count = engine.ask("SELECT count(*) AS n FROM {countersign_outbox}", args![]).await;
        assert_eq!(rows.0, 0);
    }
}

struct Count(i64);

impl FromRow for Count {
    fn from_row(row: &Row<'_>) -> Result<Self, countersign_engine::db::Error> {
        row.int("n").map(Self)
    }
}

async fn left_attempts(engine: &TestEngine) -> i64 {
    let count: Count = engine.ask("SELECT {countersign_outbox.attempts} AS n FROM {countersign_outbox}", args![]).await;
    count.0
}

/// Someone who never comes back.
struct Forever;

impl Carrier for Forever {
    type Freight = Letter;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn carry(&self, _: &Letter) -> Result<(), NotCarried> {
        std::future::pending().await
    }
}

#[test]
fn every_kind_is_known_by_its_name() {
    for kind in Kind::ALL {
        assert_eq!(Kind::named(kind.name()), Some(kind));
    }
}
