//! The stream of refusals, as `http/revocations.rs` sends it, and who follows it.

use std::collections::VecDeque;
use std::rc::Rc;

use countersign_engine::feed::rules::missed;
use countersign_engine::feed::{Known, News, Position};
use countersign_token::{Change, Followed, Notice};

use crate::{Shown, State};

/// A follower's connection to a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) node: usize,
    /// Changes of the database when the follower came.
    pub(crate) since: usize,
    pub(crate) news: VecDeque<News>,
    /// There was more news than is kept.
    pub(crate) lagged: bool,
    pub(crate) at: Place,
    /// A heartbeat is due, of this age.
    pub(crate) heartbeat: Option<usize>,
    pub(crate) wire: VecDeque<(Notice, Option<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Asked(Option<Position>),
    /// A snapshot is due, of this age.
    Snapshot(usize),
    At(Position),
}

/// News kept for a follower that is slow.
pub(crate) const NEWS_KEPT: usize = 1;

impl State {
    pub(crate) fn connect(&mut self, node: usize) {
        Rc::make_mut(&mut self.remote).change(Followed::connect);
        let last = self.remote.value.known().and_then(|known| known.position.parse().ok());
        self.link = Some(Rc::new(Link {
            node,
            since: self.version(),
            news: VecDeque::new(),
            lagged: false,
            at: Place::Asked(last),
            heartbeat: None,
            wire: VecDeque::new(),
        }));
    }

    pub(crate) fn serve(&mut self) {
        let Some(mut shared) = self.link.take() else { return };
        let link = Rc::make_mut(&mut shared);
        let node = Rc::clone(&self.nodes[link.node]);
        link.at = match link.at.clone() {
            Place::Asked(Some(from)) => self.resume(link, from),
            Place::Asked(None) => Place::Snapshot(node.as_of),
            Place::Snapshot(age) => link.snapshot(&node.known.value, age),
            Place::At(place) => link.relay(place, node.as_of),
        };
        self.link = Some(shared);
    }

    pub(crate) fn resume(&mut self, link: &mut Link, from: Position) -> Place {
        let node = &self.nodes[link.node];
        let Some(known) = node.known.value.position.clone() else { panic!("the port is closed") };
        let is_here = known == from;
        if !is_here && node.as_of < link.since {
            return Place::Asked(Some(from));
        }
        match missed(&from, &known, self.from(from.seq)) {
            Some(changes) => {
                self.shown = (!changes.is_empty()).then_some(Shown::Resumed);
                link.send_changes(&changes);
                Place::At(changes.into_iter().last().map_or(from, |(place, _)| place))
            }
            None => {
                self.shown = Some(Shown::CouldNotResume);
                Place::Snapshot(node.as_of)
            }
        }
    }

    /// Its age is taken first, then the news is told.
    pub(crate) fn heartbeat(&mut self) {
        let Some(link) = self.link.as_mut().map(Rc::make_mut) else { return };
        let Place::At(place) = &link.at else { return };
        match link.heartbeat {
            None => link.heartbeat = Some(self.nodes[link.node].as_of),
            Some(as_of) if link.news.is_empty() && !link.lagged => {
                link.heartbeat = None;
                link.wire.push_back((alive(as_of), Some(place.to_string())));
            }
            Some(_) => {}
        }
    }

    pub(crate) fn hear(&mut self) {
        let now = i64::try_from(self.version()).unwrap();
        let said = self.link.as_mut().and_then(|link| Rc::make_mut(link).wire.pop_front());
        if let Some((notice, id)) = said {
            // The age is a number of changes here, and so is the clock.
            let notice = match notice {
                Notice::Heartbeat { age_ms } => Notice::Heartbeat { age_ms: u64::try_from(now).unwrap() - age_ms },
                notice => notice,
            };
            Rc::make_mut(&mut self.remote).change(|remote| remote.take(notice, id, now));
        }
    }
}

/// A heartbeat on the wire, which says what number of changes is known; the rest is done where it is heard.
pub(crate) fn alive(as_of: usize) -> Notice {
    Notice::Heartbeat { age_ms: u64::try_from(as_of).unwrap() }
}

impl Link {
    /// In parts of one change.
    pub(crate) fn snapshot(&mut self, known: &Known, as_of: usize) -> Place {
        let Some(position) = known.position.clone() else { panic!("the port is closed") };
        let mut held = known.refusals.changes().peekable();
        loop {
            let changes = held.by_ref().take(1).collect();
            let more = held.peek().is_some();
            self.wire.push_back((Notice::Snapshot { changes, more }, (!more).then(|| position.to_string())));
            if !more {
                break;
            }
        }
        self.wire.push_back((alive(as_of), Some(position.to_string())));
        Place::At(position)
    }

    pub(crate) fn relay(&mut self, place: Position, as_of: usize) -> Place {
        if std::mem::take(&mut self.lagged) {
            return Place::Snapshot(as_of);
        }
        let Some(news) = self.news.pop_front() else { return Place::At(place) };
        match news.after(&place) {
            Some((changes, leads_to)) => {
                self.send_changes(changes);
                Place::At(leads_to)
            }
            None => Place::Snapshot(as_of),
        }
    }

    pub(crate) fn send_changes(&mut self, changes: &[(Position, Change)]) {
        let notice = |(place, change): &(Position, Change)| (Notice::Change(change.clone()), Some(place.to_string()));
        self.wire.extend(changes.iter().map(notice));
    }
}
