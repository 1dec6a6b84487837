//! What an embedding program is asked and told.

use std::sync::{Arc, Mutex};

use countersign_engine::config::Config;
use countersign_engine::db::args;
use countersign_engine::{
    Caller, DeleteUserError, Deletion, DeletionProof, Engine, FinishError, Hooks, NewUser, Newcomer, RefreshError,
    Refusal, SignInError, SignUpError, User, World,
};
use countersign_testkit::{PASSWORD, SECRET, address, both_databases, device};
use countersign_token::{Secret, Secrets};

const NOT_NOW: Refusal = Refusal { code: "NOT_NOW", message: "Come back tomorrow" };

/// Refuses whom it is told to refuse, and writes down what it hears.
#[derive(Default)]
struct Diary {
    no_sign_ups: Mutex<bool>,
    no_sessions: Mutex<bool>,
    no_deletions: Mutex<bool>,
    heard: Mutex<Vec<String>>,
}

impl Diary {
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    fn answer(refuses: &Mutex<bool>) -> Result<(), Refusal> {
        if *refuses.lock().unwrap() { Err(NOT_NOW) } else { Ok(()) }
    }
}

impl Hooks for Diary {
    fn before_sign_up(&self, _: &NewUser) -> Result<(), Refusal> {
        Self::answer(&self.no_sign_ups)
    }

    fn before_session(&self, _: &User) -> Result<(), Refusal> {
        Self::answer(&self.no_sessions)
    }

    fn before_user_deleted(&self, _: &User) -> Result<(), Refusal> {
        Self::answer(&self.no_deletions)
    }

    fn user_deleted(&self, id: &str) {
        self.heard.lock().unwrap().push(format!("{id} is gone"));
    }

    fn user_created(&self, user: &User) {
        self.heard.lock().unwrap().push(format!("user {}", user.email));
    }

    fn session_created(&self, caller: &Caller) {
        self.heard.lock().unwrap().push(format!("session of {}", caller.user.email));
    }
}

both_databases! {
    async fn is_told_of_users_and_sessions_once_they_stand(place: &Place) {
        let (engine, diary) = open(place, |_| {}).await;
        engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap();
        assert_eq!(diary.heard(), ["user ada@example.com", "session of ada@example.com"]);
        engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap();
        assert_eq!(diary.heard(), ["session of ada@example.com"]);
        engine.create_user(new("bob"), None).await.unwrap();
        assert_eq!(diary.heard(), ["user bob@example.com"]);
        let newcomers = [newcomer("bob"), newcomer("cyd")];
        engine.import(&newcomers, true).await.unwrap();
        assert_eq!(diary.heard(), [""; 0], "nothing was kept");
        engine.import(&newcomers, false).await.unwrap();
        assert_eq!(diary.heard(), ["user cyd@example.com"]);
        let taken = engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(taken, SignUpError::AlreadyExists), "{taken:?}");
        assert_eq!(diary.heard(), [""; 0]);
    }

    async fn is_told_of_a_sign_up_without_a_session_too(place: &Place) {
        let (engine, diary) = open(place, |config| config.email_and_password.auto_sign_in = false).await;
        engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap();
        assert_eq!(diary.heard(), ["user ada@example.com"]);
        engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap();
        assert_eq!(diary.heard(), [""; 0], "the semblance of a user is none");
    }

    async fn refuses_sign_ups_before_anything_is_stored(place: &Place) {
        let (engine, diary) = open(place, |_| {}).await;
        *diary.no_sign_ups.lock().unwrap() = true;
        let refused = engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(refused, SignUpError::Refused(NOT_NOW)), "{refused:?}");
        engine.create_user(new("bob"), None).await.unwrap();
        assert_eq!(diary.heard(), ["user bob@example.com"], "operators are not asked about");
    }

    async fn refuses_deletions_and_is_told_of_them(place: &Place) {
        let (engine, diary) = open(place, |config| {
            config.user.delete_user.enabled = true;
            config.user.delete_user.send_delete_account_verification = false;
        })
        .await;
        engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap();
        let caller = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap().caller;
        diary.heard();
        *diary.no_deletions.lock().unwrap() = true;
        let refused = engine.delete_caller(&caller, DeletionProof::default(), None).await.unwrap_err();
        assert!(matches!(refused, DeleteUserError::Refused(NOT_NOW)), "{refused:?}");
        assert_eq!(diary.heard(), [""; 0]);
        *diary.no_deletions.lock().unwrap() = false;
        let done = engine.delete_caller(&caller, DeletionProof::default(), None).await.unwrap();
        assert_eq!((done, diary.heard()), (Deletion::Done, vec![format!("{} is gone", caller.user.id)]));
        *diary.no_deletions.lock().unwrap() = true;
        let bob = engine.create_user(new("bob"), None).await.unwrap().id;
        diary.heard();
        assert!(engine.delete_user(&bob).await.unwrap() && !engine.delete_user(&bob).await.unwrap());
        assert_eq!(diary.heard(), [format!("{bob} is gone")], "operators are not asked about");
    }

    async fn refuses_sessions_at_every_way_in_and_at_renewal(place: &Place) {
        let (engine, diary) = open(place, |_| {}).await;
        engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap();
        let caller = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap().caller;
        let token = engine.start_refresh(&caller, false).await.unwrap().refresh_token;
        diary.heard();

        *diary.no_sessions.lock().unwrap() = true;
        let renewal = engine.refresh(&token).await.unwrap_err();
        assert!(matches!(renewal, RefreshError::Refused(NOT_NOW)), "{renewal:?}");
        let sign_in = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(sign_in, SignInError::Finish(FinishError::Refused(NOT_NOW))), "{sign_in:?}");
        let wrong = engine.sign_in(&address("ada"), "wrong password", device()).await.unwrap_err();
        assert!(matches!(wrong, SignInError::InvalidEmailOrPassword), "told only to who has the password: {wrong:?}");
        let sign_up = engine.sign_up(new("eve"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(sign_up, SignUpError::Finish(FinishError::Refused(NOT_NOW))), "{sign_up:?}");
        assert_eq!(diary.heard(), [""; 0]);
        let mut read = engine.database().read().await.unwrap();
        assert_eq!(read.one::<i64>("SELECT count(*) FROM {user}", args![]).await.unwrap(), 1, "nobody was half made");

        *diary.no_sessions.lock().unwrap() = false;
        engine.refresh(&token).await.unwrap();
    }
}

async fn open(place: &countersign_testkit::Place, configure: impl FnOnce(&mut Config)) -> (Engine, Arc<Diary>) {
    let diary = Arc::<Diary>::default();
    let world = World { hooks: diary.clone(), ..World::default() };
    let mut config = Config::default();
    configure(&mut config);
    let secrets = Secrets::single(Secret::parse(SECRET).unwrap());
    (Engine::open(place.migrated().await, secrets, config, world).await.unwrap(), diary)
}

fn new(name: &str) -> NewUser {
    NewUser { name: name.to_owned(), email: address(name), ..NewUser::default() }
}

fn newcomer(name: &str) -> Newcomer {
    Newcomer { email: address(name), ..Newcomer::default() }
}
