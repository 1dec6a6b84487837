//! What is promised.

use countersign_engine::feed::Known;

use crate::database::Truth;
use crate::node::Kept;
use crate::{SESSION, State, USER};

impl State {
    pub(crate) fn since(&self, version: usize, holds: impl Fn(&Truth) -> bool) -> bool {
        self.history[version..].iter().any(holds)
    }

    pub(crate) fn caches_are_right(&self) -> bool {
        let right = |kept: Kept, as_of| self.since(as_of, |truth| truth.user == kept.row);
        self.nodes.iter().all(|node| node.cached.is_none_or(|kept| right(kept, node.as_of)))
    }

    pub(crate) fn nodes_refuse(&self) -> bool {
        self.nodes.iter().all(|node| {
            let Known { refusals, .. } = &node.known.value;
            let known_of = node.as_of.max(node.ended);
            (refusals.has_ended(SESSION, 1) || self.since(known_of, |truth| truth.session))
                && (refusals.is_off(USER, 1) || self.since(node.as_of, |truth| !truth.user.banned))
        })
    }

    pub(crate) fn nodes_admit(&self) -> bool {
        self.nodes.iter().all(|node| {
            let Known { refusals, .. } = &node.known.value;
            (!refusals.has_ended(SESSION, 1) || self.since(node.as_of, |truth| !truth.session))
                && (!refusals.is_off(USER, 1) || self.since(node.as_of, |truth| truth.user.banned))
        })
    }

    pub(crate) fn remote_refuses(&self) -> bool {
        self.remote.value.known().is_none_or(|known| {
            let as_of = usize::try_from(known.as_of).unwrap();
            (known.refusals.has_ended(SESSION, 1) || self.since(as_of, |truth| truth.session))
                && (known.refusals.is_off(USER, 1) || self.since(as_of, |truth| !truth.user.banned))
        })
    }

    pub(crate) fn remote_admits(&self) -> bool {
        self.remote.value.known().is_none_or(|known| {
            let as_of = usize::try_from(known.as_of).unwrap();
            (!known.refusals.has_ended(SESSION, 1) || self.since(as_of, |truth| !truth.session))
                && (!known.refusals.is_off(USER, 1) || self.since(as_of, |truth| truth.user.banned))
        })
    }
}
