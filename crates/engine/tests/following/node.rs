//! A node: what `feed/actions.rs` and `cache.rs` do, step by step.

use std::rc::Rc;

use countersign_engine::cache::{Changes, Ticket};
use countersign_engine::feed::rules::{Course, course, effect};
use countersign_engine::feed::{Effect, Event, Known, News, Position};
use countersign_token::Change;

use crate::database::Row;
use crate::remote::NEWS_KEPT;
use crate::said::Said;
use crate::{SESSION, Shown, State};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) known: Said<Known>,
    pub(crate) cached: Option<Kept>,
    pub(crate) changes: Changes,
    pub(crate) fill: Option<Fill>,
    pub(crate) own: Vec<Change>,
    /// This node has ended the session, and not told itself yet.
    pub(crate) ending: bool,
    pub(crate) look: Option<Look>,
    /// When it last looked, and what number of changes it has seen by then at least.
    pub(crate) looked: i64,
    pub(crate) as_of: usize,
    /// The same of what it did itself.
    pub(crate) ended: usize,
}

/// A row in the cache, and when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kept {
    pub(crate) row: Row,
    pub(crate) read: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fill {
    pub(crate) ticket: Ticket,
    pub(crate) read: Option<Kept>,
}

/// `catch_up`, between two of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    pub(crate) began: i64,
    pub(crate) version: usize,
    pub(crate) at: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Goes on from here, in the run that was just read.
    Follow(u8),
    /// A new run is to be begun.
    Restored,
    /// Everything is read again.
    Anew,
    /// It is, in this run and after these suspensions.
    AnewFrom(u8, Vec<Change>),
    /// All is read.
    Read {
        suspended: Option<Vec<Change>>,
        run: Position,
        events: Vec<Event>,
    },
    Forgot {
        suspended: Option<Vec<Change>>,
        changes: Vec<(Position, Change)>,
        position: Position,
    },
    Stored(Option<News>),
    Told,
}

impl State {
    /// The next step of a look.
    pub(crate) fn step(&mut self, at: usize) {
        let (began, version, epoch) = (self.millis(), self.version(), self.db.epoch);
        let node = self.node(at);
        let Some(Look { began, version, at: stage }) = node.look.take() else {
            node.own.clear();
            let at = node.known.value.position.as_ref().map_or(Stage::Anew, |_| Stage::Follow(epoch));
            node.look = Some(Look { began, version, at });
            return;
        };
        let stage = self.after(at, stage, began);
        let node = self.node(at);
        match stage {
            Some(at) => node.look = Some(Look { began, version, at }),
            None => (node.looked, node.as_of) = (began, version),
        }
    }

    pub(crate) fn after(&mut self, at: usize, stage: Stage, began: i64) -> Option<Stage> {
        let position = self.nodes[at].known.value.position.clone();
        Some(match (stage, position) {
            (Stage::Follow(epoch), Some(known)) => self.go_on(at, &known, epoch, began),
            (Stage::Restored, Some(known)) => {
                if known.epoch == self.db.epoch.to_string() {
                    Rc::make_mut(&mut self.db).epoch += 1;
                }
                Stage::Anew
            }
            (Stage::Anew | Stage::Follow(_) | Stage::Restored, _) => Stage::AnewFrom(self.db.epoch, self.suspended()),
            (Stage::AnewFrom(epoch, suspended), _) => {
                let run = Position::start(epoch.to_string());
                match course(&run, 0, &run.epoch, self.from(0)) {
                    Course::On(events) => Stage::Read { suspended: Some(suspended), run, events },
                    Course::Anew | Course::Restored => panic!("nothing was known before"),
                }
            }
            (Stage::Read { suspended, run, events }, _) => self.node(at).forget_all(suspended, &run, events),
            (Stage::Forgot { suspended, changes, position }, _) => {
                Stage::Stored(self.node(at).store(suspended, changes, position))
            }
            (Stage::Stored(news), _) => {
                self.tell(at, news);
                Stage::Told
            }
            (Stage::Told, _) => return None,
        })
    }

    pub(crate) fn go_on(&mut self, at: usize, known: &Position, epoch: u8, began: i64) -> Stage {
        let age = began - self.nodes[at].looked;
        let run = epoch.to_string();
        let (stage, shown) = match course(known, age, &run, self.from(known.seq)) {
            Course::On(events) => (Stage::Read { suspended: None, run: known.clone(), events }, Shown::WentOn),
            Course::Restored => (Stage::Restored, Shown::NoticedTheRestore),
            Course::Anew if run == known.epoch => (Stage::Anew, Shown::RebuiltAfterAWhile),
            Course::Anew => (Stage::Anew, Shown::LearntOfTheRestore),
        };
        self.shown = Some(shown);
        stage
    }

    pub(crate) fn tell(&mut self, at: usize, news: Option<News>) {
        if let (Some(news), Some(link)) = (news, self.link.as_mut().filter(|link| link.node == at)) {
            let link = Rc::make_mut(link);
            link.news.push_back(news);
            if link.news.len() > NEWS_KEPT {
                link.news.pop_front();
                link.lagged = true;
                self.shown = Some(Shown::Lagged);
            }
        }
    }

    pub(crate) fn tell_here(&mut self, at: usize) {
        let (version, node) = (self.version(), self.node(at));
        let change = Change::SessionRevoked { session: SESSION.to_owned(), since: 0, until: i64::MAX };
        node.ending = false;
        node.changes.forgot();
        node.own.push(change.clone());
        node.known.change(|known| known.refusals.apply(change));
        // The session cannot have come back: no backup is restored meanwhile.
        node.ended = version;
    }

    pub(crate) fn fill(&mut self, at: usize) {
        let (version, row) = (self.version(), self.db.truth.user);
        let node = self.node(at);
        match node.fill {
            None => node.fill = Some(Fill { ticket: node.changes.ticket(), read: None }),
            Some(Fill { ticket, read: None }) => {
                node.fill = Some(Fill { ticket, read: Some(Kept { row, read: version }) });
            }
            Some(Fill { ticket, read: Some(kept) }) => {
                node.fill = None;
                if node.changes.admit(ticket) {
                    node.cached = Some(kept);
                } else {
                    self.shown = Some(Shown::Dropped);
                }
            }
        }
    }

    /// Its port opens again when it has looked.
    pub(crate) fn restart(&mut self, at: usize) {
        self.nodes[at] = Rc::default();
        self.link.take_if(|link| link.node == at);
        while self.nodes[at].looked == 0 {
            self.step(at);
        }
        self.shown = None;
    }
}

impl Node {
    pub(crate) fn forget_all(&mut self, suspended: Option<Vec<Change>>, run: &Position, events: Vec<Event>) -> Stage {
        if suspended.is_some() {
            self.changes.forgot();
            self.cached = None;
        }
        let position = events.last().map_or_else(|| run.clone(), |last| run.of(last));
        let mut changes = Vec::new();
        for event in events {
            let place = run.of(&event);
            match effect(event) {
                Effect::UserChanged(_) => {
                    self.changes.forgot();
                    self.cached = None;
                }
                Effect::SessionChanged(_) => self.changes.forgot(),
                Effect::Refusal(change) => changes.push((place, change)),
                Effect::Unknown => panic!("the triggers write what is known here"),
            }
        }
        Stage::Forgot { suspended, changes, position }
    }

    pub(crate) fn store(
        &mut self,
        suspended: Option<Vec<Change>>,
        changes: Vec<(Position, Change)>,
        position: Position,
    ) -> Option<News> {
        if let Some(suspended) = suspended {
            let known = Known::rebuilt(suspended, changes, &self.own, position);
            self.known = Said::of(known);
            return Some(News::Rebuilt);
        }
        if self.known.value.position.as_ref() == Some(&position) {
            return None;
        }
        self.known.change(|known| known.advance(&changes, position.clone()));
        Some(News::Changes { changes, position })
    }
}

impl Stage {
    pub(crate) fn may_fail(&self) -> bool {
        matches!(self, Self::Follow(_) | Self::Restored | Self::Anew | Self::AnewFrom(..))
    }
}
