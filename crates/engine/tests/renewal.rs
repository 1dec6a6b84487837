//! The promises of `docs/renewal.md`, checked over every interleaving of clients, nodes and a thief within bounds, by a model
//! that asks the real rules. Why a model checker: `docs/decisions/0003-model-of-renewal.md`.
//!
//! ```text
//! client ──request──> network ──> node: read, judge ──> node: compare and swap ──reply──> network ──> client
//! ```
//!
//! A request may arrive any number of times, or never, until its client gives it up: so it is lost, sent again or doubled. A node
//! may be killed between its reads and its commit; another may commit meanwhile. A reply may be heard at any time, or never.

use std::collections::{BTreeMap, BTreeSet};

use countersign_engine::db::Timestamp;
use countersign_engine::refresh::rules::{Counter, Verdict, judge, spent, successor};
use countersign_testkit::{Model, Property, explore};

/// Seconds. All that matters is what lies within the grace and what does not, so few will do.
const GRACE: u16 = 2;

/// Nodes that work at the same time, at most.
const NODES: usize = 2;

/// What may happen. The thief and the old backup are tried apart: each breaks a promise that holds without it.
#[derive(Clone, Copy)]
struct Renewal {
    thief: bool,
    backup: bool,
    /// Whether the owner renews no sooner than the grace after it began the renewal before.
    patient: bool,
    /// The last generation that anyone spends.
    last: u32,
    /// When the story ends, in seconds.
    end: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    /// The session's counter; none once the session has ended.
    session: Option<Counter>,
    backup: Option<Counter>,
    restored: bool,
    owner: Client,
    thief: Client,
    requests: BTreeSet<Request>,
    work: BTreeSet<Work>,
    replies: BTreeSet<Reply>,
    seen: History,
}

/// Someone who holds a refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Client {
    token: Option<u32>,
    /// When it began the renewal under way, and the last one.
    waiting_since: Option<u8>,
    began: Option<u8>,
    signed_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Who {
    Owner,
    Thief,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Request {
    who: Who,
    presented: u32,
    since: u8,
}

/// A node's transaction between its reads and its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Work {
    request: Request,
    generation: u32,
    advanced_at: Option<i64>,
    at: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Reply {
    who: Who,
    /// None: refused.
    successor: Option<u32>,
}

/// What an onlooker who forgets nothing has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct History {
    spent: BTreeMap<u32, u8>,
    successors: BTreeMap<u32, BTreeSet<u32>>,
    /// A generation was used that had been spent a grace ago or longer.
    late: bool,
    verdict: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Send(Who),
    /// A node takes a request up.
    Arrive(Request),
    Commit(Work),
    /// A node dies before its commit.
    Crash(Work),
    Hear(Reply),
    Steal,
    BackUp,
    Restore,
    Tick,
}

impl Model for Renewal {
    type State = State;
    type Action = Action;

    fn begin(&self) -> State {
        State {
            now: 0,
            session: Some(Counter::default()),
            backup: None,
            restored: false,
            owner: Client { token: Some(0), ..Client::default() },
            thief: Client::default(),
            requests: BTreeSet::new(),
            work: BTreeSet::new(),
            replies: BTreeSet::new(),
            seen: History::default(),
        }
    }

    fn next(&self, state: &State) -> Vec<(Action, State)> {
        let actions = self.actions(state).into_iter();
        actions.map(|action| (action, after(state, action))).filter(|(_, next)| next != state).collect()
    }

    fn always(&self) -> Vec<Property<State>> {
        let mut always: Vec<Property<State>> = vec![("one successor per generation", |state| {
            state.seen.successors.values().all(|successors| successors.len() == 1)
        })];
        if self.thief {
            always.push(("a spent token used after the grace ends the session for both", |state| {
                !state.seen.late || state.session.is_none()
            }));
        } else if self.patient {
            always.push(("a client that retries within the grace is never signed out", |state| {
                !state.owner.signed_out && state.session.is_some()
            }));
        }
        always
    }

    fn sometimes(&self) -> Vec<Property<State>> {
        let mut sometimes: Vec<Property<State>> = vec![
            ("a token is spent", |state| state.saw(Verdict::Advance)),
            ("a successor is given again", |state| state.saw(Verdict::SameSuccessor)),
        ];
        if self.thief {
            sometimes.push(("a thief's copy is noticed", |state| state.saw(Verdict::Reuse)));
        }
        if self.backup {
            sometimes.push(("a restored backup is caught up with", |state| state.saw(Verdict::Adopt)));
        }
        if !self.patient {
            sometimes.push(("haste signs a client out", |state| state.owner.signed_out));
        }
        sometimes
    }
}

impl Renewal {
    fn actions(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        let may_begin = |who: &Who| self.may_begin(*who, state.client(*who), state.now);
        actions.extend([Who::Owner, Who::Thief].into_iter().filter(may_begin).map(Action::Send));
        if state.work.len() < NODES {
            actions.extend(state.requests.iter().copied().map(Action::Arrive));
        }
        actions.extend(state.work.iter().flat_map(|work| [Action::Commit(*work), Action::Crash(*work)]));
        actions.extend(state.replies.iter().copied().map(Action::Hear));
        if self.thief && state.thief == Client::default() && state.owner.token.is_some() {
            actions.push(Action::Steal);
        }
        if self.backup && state.session.is_some() {
            actions.push(if state.backup.is_none() { Action::BackUp } else { Action::Restore });
        }
        if state.now < self.end {
            actions.push(Action::Tick);
        }
        actions
    }

    fn may_begin(&self, who: Who, client: &Client, now: u8) -> bool {
        let patience = !self.patient || client.began.is_none_or(|began| !within_grace(began, now));
        client.waiting_since.is_none()
            && client.token.is_some_and(|token| token <= self.last)
            && (who == Who::Thief || patience)
    }
}

impl State {
    fn client(&self, who: Who) -> &Client {
        match who {
            Who::Owner => &self.owner,
            Who::Thief => &self.thief,
        }
    }

    fn client_mut(&mut self, who: Who) -> &mut Client {
        match who {
            Who::Owner => &mut self.owner,
            Who::Thief => &mut self.thief,
        }
    }

    fn send(&mut self, who: Who) {
        let since = self.now;
        let client = self.client_mut(who);
        (client.waiting_since, client.began) = (Some(since), Some(since));
        if let Some(presented) = client.token {
            self.requests.insert(Request { who, presented, since });
        }
    }

    /// What `try_refresh` reads.
    fn take_up(&mut self, request: Request) {
        let Some(Counter { generation, advanced_at }) = self.session else { return self.reply(request, None) };
        let advanced_at = advanced_at.map(Timestamp::seconds);
        self.work.insert(Work { request, generation, advanced_at, at: self.now });
    }

    /// What `try_refresh` does with it.
    fn commit(&mut self, work: Work) {
        let Work { request, generation, advanced_at, at } = work;
        let (presented, at) = (request.presented, instant(at));
        let counter = Counter { generation, advanced_at: advanced_at.map(Timestamp::from_seconds) };
        let verdict = judge(presented, counter, at, GRACE);
        let swaps = matches!(verdict, Verdict::Advance | Verdict::Adopt);
        match self.session {
            None => return self.reply(request, None),
            Some(stored) if swaps && stored.generation != generation => return self.take_up(request),
            Some(_) => {}
        }
        let spent_at = self.seen.spent.get(&presented);
        self.seen.late |= spent_at.is_some_and(|spent_at| !within_grace(*spent_at, work.at));
        self.seen.verdict = Some(verdict as u8);
        if verdict == Verdict::Reuse {
            self.session = None;
            return self.reply(request, None);
        }
        if swaps {
            self.session = Some(spent(presented, at));
            self.seen.spent.entry(presented).or_insert(work.at);
        }
        self.seen.successors.entry(presented).or_default().insert(successor(presented));
        self.reply(request, Some(successor(presented)));
    }

    /// Nobody looks at a reply to what the client has moved on from.
    fn reply(&mut self, request: Request, successor: Option<u32>) {
        let Request { who, presented, .. } = request;
        let client = self.client(who);
        if client.waiting_since.is_some() && client.token == Some(presented) {
            self.replies.insert(Reply { who, successor });
        }
    }

    fn hear(&mut self, reply: Reply) {
        self.replies.retain(|other| other.who != reply.who);
        let client = self.client_mut(reply.who);
        client.waiting_since = None;
        client.token = reply.successor;
        client.signed_out = reply.successor.is_none();
    }

    /// Calls, and what nodes do for them, are given up after the grace. An owner who heard nothing by then does not use the token
    /// again: it signs in anew, which is another story. A thief has nothing to lose.
    fn tick(&mut self) {
        self.now += 1;
        let now = self.now;
        self.requests.retain(|request| within_grace(request.since, now));
        self.work.retain(|work| within_grace(work.request.since, now));
        for who in [Who::Owner, Who::Thief] {
            if self.client(who).waiting_since.is_some_and(|since| !within_grace(since, now)) {
                self.replies.retain(|reply| reply.who != who);
                let client = self.client_mut(who);
                client.waiting_since = None;
                client.token = client.token.filter(|_| who == Who::Thief);
            }
        }
    }

    fn saw(&self, verdict: Verdict) -> bool {
        self.seen.verdict == Some(verdict as u8)
    }
}

fn after(before: &State, action: Action) -> State {
    let mut state = before.clone();
    state.seen.verdict = None;
    match action {
        Action::Send(who) => state.send(who),
        Action::Arrive(request) => state.take_up(request),
        Action::Commit(work) => {
            state.work.remove(&work);
            state.commit(work);
        }
        Action::Crash(work) => drop(state.work.remove(&work)),
        Action::Hear(reply) => state.hear(reply),
        Action::Steal => state.thief.token = state.owner.token,
        Action::BackUp => state.backup = state.session,
        Action::Restore if state.restored => {}
        Action::Restore => (state.session, state.restored) = (state.backup, true),
        Action::Tick => state.tick(),
    }
    state
}

fn within_grace(since: u8, now: u8) -> bool {
    u16::from(now.saturating_sub(since)) < GRACE
}

fn instant(second: u8) -> Timestamp {
    Timestamp::from_seconds(second.into())
}

fn check(model: Renewal) {
    let states = explore(&model);
    assert!(states > 1_000, "only {states} states: the model says too little");
}

#[test]
fn an_honest_client_stays_signed_in_whatever_is_lost_doubled_or_killed() {
    check(Renewal { thief: false, backup: false, patient: true, last: 4, end: 8 });
}

#[test]
fn an_honest_client_stays_signed_in_when_an_older_backup_is_restored() {
    check(Renewal { thief: false, backup: true, patient: true, last: 3, end: 6 });
}

#[test]
fn a_thief_and_the_owner_do_not_both_go_on() {
    check(Renewal { thief: true, backup: false, patient: true, last: 1, end: 3 });
}

/// The boundary of the promise: were this to fail, the promise could be made without asking for patience.
#[test]
fn a_client_that_renews_again_within_the_grace_may_be_signed_out_by_its_own_late_copy() {
    check(Renewal { thief: false, backup: false, patient: false, last: 2, end: 2 });
}
