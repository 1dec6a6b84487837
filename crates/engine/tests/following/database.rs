//! The database: what it says, and the feed that its triggers write.

use std::rc::Rc;

use countersign_engine::feed::Event;
use countersign_engine::feed::rules::KEPT_MS;
use countersign_token::Change;

use crate::node::Node;
use crate::{Deed, SESSION, Shown, State, USER};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    pub(crate) epoch: u8,
    pub(crate) seq: i64,
    pub(crate) feed: Vec<Event>,
    pub(crate) truth: Truth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Truth {
    pub(crate) user: Row,
    pub(crate) session: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) banned: bool,
    pub(crate) name: u8,
}

impl State {
    pub(crate) fn node(&mut self, at: usize) -> &mut Node {
        Rc::make_mut(&mut self.nodes[at])
    }

    /// How often it has changed.
    pub(crate) fn version(&self) -> usize {
        self.history.len() - 1
    }

    /// The triggers' part: in the transaction, when it commits.
    pub(crate) fn commit(&mut self, deed: Deed) {
        let at = self.millis() + i64::try_from(self.history.len()).unwrap();
        let db = Rc::make_mut(&mut self.db);
        let Truth { user, session } = &mut db.truth;
        let kinds: &[&str] = match deed {
            Deed::EndSession => {
                *session = false;
                &["session_revoked"]
            }
            Deed::Ban => {
                user.banned = true;
                &["user_changed", "user_off"]
            }
            Deed::Unban => {
                user.banned = false;
                &["user_changed", "user_on"]
            }
            Deed::Rename => {
                user.name += 1;
                &["user_changed"]
            }
            Deed::RollBack => {
                db.seq += 1;
                &[]
            }
        };
        Rc::make_mut(&mut self.history).push(db.truth);
        for kind in kinds {
            db.seq += 1;
            let subject = if *kind == "session_revoked" { SESSION } else { USER };
            let event = Event {
                seq: db.seq,
                kind: (*kind).to_owned(),
                subject: subject.to_owned(),
                since: None,
                until: None,
                at,
            };
            db.feed.push(event);
        }
    }

    pub(crate) fn millis(&self) -> i64 {
        1_000_000_000 + self.time * 2 * KEPT_MS
    }

    /// What `rows::prune` does. The session outlives the story.
    pub(crate) fn prune(&mut self) {
        let (now, last) = (self.millis(), self.db.feed.last().map(|event| event.seq));
        let held = self.db.feed.len();
        Rc::make_mut(&mut self.db)
            .feed
            .retain(|event| event.kind != "user_changed" || event.at >= now - KEPT_MS || Some(event.seq) == last);
        self.shown = (self.db.feed.len() < held).then_some(Shown::Pruned);
    }

    pub(crate) fn restore(&mut self) {
        let ahead = |node: &Rc<Node>| {
            let cached = node.cached.is_some_and(|kept| kept.read > node.as_of);
            cached || node.fill.is_some() || node.ending || node.look.is_some() || node.ended > node.as_of
        };
        // It takes longer than a node takes to look.
        if self.nodes.iter().any(ahead) {
            return;
        }
        if let Some(backup) = self.backup.take() {
            self.db = backup;
            Rc::make_mut(&mut self.history).push(self.db.truth);
        }
    }

    pub(crate) fn from(&self, seq: i64) -> Vec<Event> {
        self.db.feed.iter().filter(|event| event.seq >= seq).cloned().collect()
    }

    pub(crate) fn suspended(&self) -> Vec<Change> {
        let off = Change::UserOff { user: USER.to_owned(), until: None };
        self.db.truth.user.banned.then_some(off).into_iter().collect()
    }
}

impl Truth {
    pub(crate) fn allows(&self, deed: Deed) -> bool {
        match deed {
            Deed::EndSession => self.session,
            Deed::Ban => !self.user.banned,
            Deed::Unban => self.user.banned,
            Deed::Rename | Deed::RollBack => true,
        }
    }
}
