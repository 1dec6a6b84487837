//! The promises of `docs/revocations.md`, checked over every interleaving of commits, nodes, reads for their caches and a
//! follower elsewhere within bounds, by a model that asks the real rules. Why a model checker:
//! `docs/decisions/0003-model-of-renewal.md`.
//!
//! ```text
//! commits ──> feed ──look──> node: cache, refusals ──news──> stream ──wire──> follower
//! ```
//!
//! A node looks in several steps, between which anything may happen: it is killed, the database changes or is restored from a
//! backup, a row is read for the cache, a follower comes or goes. What is a step here is one statement or one lock there.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test says what must be there")]

mod database;
mod node;
mod promises;
mod remote;
mod said;

use std::rc::Rc;

use countersign_testkit::{Model, Property, explore};
use countersign_token::Followed;

use self::database::{Database, Row, Truth};
use self::node::{Node, Stage};
use self::remote::Link;
use self::said::Said;

const USER: &str = "u";
const SESSION: &str = "s";

/// What can happen, within which bounds.
#[derive(Clone, Copy)]
struct World {
    nodes: usize,
    /// How often the database changes.
    commits: usize,
    /// What is done to the user.
    does: &'static [Deed],
    /// Steps of twice the time for which every event is kept.
    times: i64,
    /// Whether rows are read for the caches.
    fills: bool,
    /// Whether a node ends the session itself, rather than someone else.
    own: bool,
    restarts: bool,
    restores: bool,
    follower: bool,
    /// Whether its connection may be cut within what one step sends, and what it is told be mixed with what the node does.
    piecemeal: bool,
    /// How often the follower's connection is cut.
    cuts: u8,
}

/// What anybody may do to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    EndSession,
    Ban,
    Unban,
    Rename,
    /// A transaction that is undone takes a number with it on PostgreSQL.
    RollBack,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    time: i64,
    cuts: u8,
    db: Rc<Database>,
    /// Taken at the beginning, and restored once.
    backup: Option<Rc<Database>>,
    /// What the database has said after each change, the last being what it says now.
    history: Rc<Vec<Truth>>,
    nodes: Vec<Rc<Node>>,
    remote: Rc<Said<Followed>>,
    link: Option<Rc<Link>>,
    /// What the last step has shown.
    shown: Option<Shown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Shown {
    Dropped,
    Pruned,
    WentOn,
    RebuiltAfterAWhile,
    NoticedTheRestore,
    LearntOfTheRestore,
    Lagged,
    Resumed,
    CouldNotResume,
}

#[derive(Clone, Debug)]
enum Action {
    Do(Deed),
    EndHere(usize),
    TellHere(usize),
    Look(usize),
    GiveUpLook(usize),
    Fill(usize),
    Restart(usize),
    Time,
    Prune,
    Restore,
    Connect(usize),
    Serve,
    Heartbeat,
    Hear,
    Cut,
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn begin(&self) -> State {
        let truth = Truth { user: Row { banned: false, name: 0 }, session: true };
        let mut state = State {
            time: 0,
            cuts: 0,
            db: Rc::new(Database { epoch: 0, seq: 0, feed: Vec::new(), truth }),
            backup: None,
            history: Rc::new(vec![truth]),
            nodes: vec![Rc::default(); self.nodes],
            remote: Rc::default(),
            link: None,
            shown: None,
        };
        // The feed has begun, and every node has looked before its port opens.
        state.commit(Deed::Rename);
        for node in 0..self.nodes {
            while state.nodes[node].looked == 0 {
                state.step(node);
            }
        }
        state.backup = self.restores.then(|| Rc::clone(&state.db));
        state
    }

    fn next(&self, state: &State) -> Vec<(Action, State)> {
        let actions = self.actions(state).into_iter();
        actions
            .map(|action| {
                let next = self.after(state, &action);
                (action, next)
            })
            .filter(|(_, next)| next != state)
            .collect()
    }

    fn always(&self) -> Vec<Property<State>> {
        vec![
            ("what a node keeps of a user is no older than its last look", State::caches_are_right),
            ("once a node has looked after a commit, it admits nobody whom that refused", State::nodes_refuse),
            ("once a node has looked after a commit, it refuses nobody whom that let in again", State::nodes_admit),
            ("a follower admits nobody who was refused when its word was given", State::remote_refuses),
            ("a follower refuses nobody who was let in again when its word was given", State::remote_admits),
        ]
    }

    fn sometimes(&self) -> Vec<Property<State>> {
        let mut sometimes: Vec<Property<State>> = vec![("a node goes on", |state| state.shown == Some(Shown::WentOn))];
        if self.fills {
            sometimes.push(("a read for the cache is dropped", |state| state.shown == Some(Shown::Dropped)));
        }
        if self.times > 0 {
            sometimes.push(("events are cleared out", |state| state.shown == Some(Shown::Pruned)));
            sometimes.push(("a node was away too long", |state| state.shown == Some(Shown::RebuiltAfterAWhile)));
        }
        if self.restores {
            sometimes.push(("a node notices the restore", |state| state.shown == Some(Shown::NoticedTheRestore)));
        }
        if self.restores && self.nodes > 1 {
            sometimes.push(("a node learns of the restore", |state| state.shown == Some(Shown::LearntOfTheRestore)));
        }
        if self.piecemeal {
            sometimes.push(("a follower is too slow", |state| state.shown == Some(Shown::Lagged)));
        }
        if self.cuts > 0 {
            sometimes.push(("a follower is told what it missed", |state| state.shown == Some(Shown::Resumed)));
        }
        if self.cuts > 0 && (self.restores || self.times > 0) {
            sometimes.push(("a follower is sent a snapshot", |state| state.shown == Some(Shown::CouldNotResume)));
        }
        sometimes
    }
}

impl World {
    fn actions(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        if state.history.len() < 2 + self.commits {
            let possible = self.does.iter().copied().filter(|deed| state.db.truth.allows(*deed));
            actions.extend(possible.map(Action::Do));
            if self.own && state.db.truth.session {
                actions.extend((0..self.nodes).map(Action::EndHere));
            }
        }
        for (at, node) in state.nodes.iter().enumerate() {
            actions.push(Action::Look(at));
            if node.ending {
                actions.push(Action::TellHere(at));
            }
            if self.fills && node.cached.is_none() {
                actions.push(Action::Fill(at));
            }
            if self.restarts {
                actions.push(Action::Restart(at));
            }
            if self.restarts && node.look.as_ref().is_some_and(|look| look.at.may_fail()) {
                actions.push(Action::GiveUpLook(at));
            }
        }
        if state.time < self.times {
            actions.push(Action::Time);
        }
        if self.times > 0 {
            actions.push(Action::Prune);
        }
        if state.backup.is_some() {
            actions.push(Action::Restore);
        }
        if self.follower {
            self.follow(state, &mut actions);
        }
        actions
    }

    fn follow(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(link) = &state.link else {
            return actions.extend((0..self.nodes).map(Action::Connect));
        };
        if state.cuts < self.cuts {
            actions.push(Action::Cut);
        }
        if link.wire.is_empty() {
            actions.extend([Action::Serve, Action::Heartbeat]);
        } else {
            actions.push(Action::Hear);
        }
    }
}

impl World {
    fn after(&self, before: &State, action: &Action) -> State {
        let mut state = before.clone();
        state.shown = None;
        match *action {
            Action::Do(deed) => state.commit(deed),
            Action::EndHere(node) => {
                state.commit(Deed::EndSession);
                state.node(node).ending = true;
            }
            Action::TellHere(node) => state.tell_here(node),
            Action::Look(node) => {
                state.step(node);
                while state.nodes[node].look.as_ref().is_some_and(|look| !self.matters(&look.at)) {
                    state.step(node);
                }
            }
            Action::GiveUpLook(node) => state.node(node).look = None,
            Action::Fill(node) => state.fill(node),
            Action::Restart(node) => state.restart(node),
            Action::Time => state.time += 1,
            Action::Prune => state.prune(),
            Action::Restore => state.restore(),
            Action::Connect(node) => state.connect(node),
            Action::Serve => {
                state.serve();
                self.hear_all(&mut state);
            }
            Action::Heartbeat => {
                state.heartbeat();
                if !self.piecemeal {
                    state.heartbeat();
                }
                self.hear_all(&mut state);
            }
            Action::Hear => state.hear(),
            Action::Cut => {
                state.cuts += 1;
                state.link = None;
            }
        }
        state
    }

    fn hear_all(&self, state: &mut State) {
        while !self.piecemeal && state.link.as_ref().is_some_and(|link| !link.wire.is_empty()) {
            state.hear();
        }
    }

    /// Whether anything in this world can tell what a node does next from what it did before.
    fn matters(&self, stage: &Stage) -> bool {
        match stage {
            Stage::Follow(_) | Stage::Restored => self.restores,
            Stage::Anew | Stage::AnewFrom(..) | Stage::Read { .. } => true,
            Stage::Forgot { .. } => self.fills || self.own,
            Stage::Stored(_) | Stage::Told => self.piecemeal,
        }
    }
}

const QUIET: World = World {
    nodes: 1,
    commits: 3,
    does: &[],
    times: 0,
    fills: false,
    own: false,
    restarts: false,
    restores: false,
    follower: false,
    piecemeal: false,
    cuts: 0,
};

fn check(world: World) {
    let states = explore(&world);
    assert!(states > 1_000, "only {states} states: the model says too little");
}

#[test]
fn a_node_is_right_about_users_and_sessions_whatever_it_reads_meanwhile() {
    check(World { does: &[Deed::Ban, Deed::Unban, Deed::Rename], own: true, fills: true, restarts: true, ..QUIET });
}

#[test]
fn a_node_that_was_away_while_events_were_cleared_out_has_missed_nothing() {
    check(World { commits: 2, does: &[Deed::Ban, Deed::Rename], times: 1, fills: true, ..QUIET });
}

#[test]
fn every_node_notices_a_restored_database_or_is_told() {
    check(World { nodes: 2, does: &[Deed::EndSession, Deed::RollBack], restores: true, ..QUIET });
}

#[test]
fn what_a_node_keeps_is_right_after_the_database_was_restored() {
    check(World { does: &[Deed::Rename, Deed::RollBack], restores: true, fills: true, ..QUIET });
}

#[test]
fn a_follower_that_is_slow_or_cut_off_has_missed_nothing() {
    let does = &[Deed::EndSession, Deed::Ban, Deed::Unban];
    check(World { commits: 2, does, follower: true, piecemeal: true, cuts: 1, ..QUIET });
}

#[test]
fn a_follower_that_goes_from_node_to_node_has_missed_nothing() {
    check(World { nodes: 2, commits: 2, does: &[Deed::EndSession, Deed::Ban], follower: true, cuts: 1, ..QUIET });
}

#[test]
fn a_follower_learns_that_the_database_was_restored() {
    let does = &[Deed::EndSession, Deed::RollBack];
    check(World { does, restores: true, follower: true, cuts: 1, ..QUIET });
}

#[test]
fn a_follower_that_comes_back_after_events_were_cleared_out_has_missed_nothing() {
    check(World { commits: 2, does: &[Deed::Ban, Deed::Rename], times: 1, follower: true, cuts: 1, ..QUIET });
}
