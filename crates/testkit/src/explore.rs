//! Every state a model can reach, tried in breadth, so that what breaks a promise is told by the shortest story.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::rc::Rc;

/// A model: where it begins, what may happen, and what is promised.
pub trait Model {
    /// A state of the world.
    type State: Clone + Debug + Eq + Hash;
    /// One thing that happens.
    type Action: Clone + Debug;

    /// Where every story begins.
    fn begin(&self) -> Self::State;

    /// What may happen in `state`, with the state it leads to. Finitely many states must be reachable.
    fn next(&self, state: &Self::State) -> Vec<(Self::Action, Self::State)>;

    /// What holds in every state, by name.
    fn always(&self) -> Vec<Property<Self::State>>;

    /// What holds in some state at least, by name: that the model shows what it should.
    fn sometimes(&self) -> Vec<Property<Self::State>>;
}

/// A property and its name.
pub type Property<S> = (&'static str, fn(&S) -> bool);

/// A state, and what led there: the place of the state before, and the action.
type Step<S, A> = (Rc<S>, Option<(usize, A)>);

/// Tries every reachable state, and says how many there are.
///
/// # Panics
/// When a state breaks what always holds, with the shortest story that leads there; when nothing shows what sometimes holds.
pub fn explore<M: Model>(model: &M) -> usize {
    let always = model.always();
    let mut unseen = model.sometimes();
    let begin = Rc::new(model.begin());
    let mut stories: Vec<Step<M::State, M::Action>> = vec![(Rc::clone(&begin), None)];
    let mut known = HashSet::from([begin]);
    let mut at = 0;
    while let Some((state, _)) = stories.get(at) {
        let state = Rc::clone(state);
        if let Some((broken, _)) = always.iter().find(|(_, holds)| !holds(&state)) {
            panic!("not always: {broken}\n{}\nleads to {state:#?}", story(&stories, at));
        }
        unseen.retain(|(_, holds)| !holds(&state));
        for (action, next) in model.next(&state) {
            let next = Rc::new(next);
            if known.insert(Rc::clone(&next)) {
                stories.push((next, Some((at, action))));
            }
        }
        at += 1;
    }
    let unseen: Vec<_> = unseen.iter().map(|(name, _)| name).collect();
    assert!(unseen.is_empty(), "never, in {at} states: {unseen:?}");
    at
}

fn story<S, A: Debug>(stories: &[Step<S, A>], mut at: usize) -> String {
    let mut actions = Vec::new();
    while let Some((_, Some((before, action)))) = stories.get(at) {
        actions.push(format!("{action:?}"));
        at = *before;
    }
    actions.reverse();
    actions.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter that goes up by one or two.
    struct Steps {
        limit: fn(&u8) -> bool,
        reaches: fn(&u8) -> bool,
    }

    impl Model for Steps {
        type State = u8;
        type Action = u8;

        fn begin(&self) -> u8 {
            0
        }
        fn next(&self, state: &u8) -> Vec<(u8, u8)> {
            [1, 2].map(|step| (step, state + step)).into_iter().filter(|(_, next)| *next <= 9).collect()
        }
        fn always(&self) -> Vec<Property<u8>> {
            vec![("stays within", self.limit)]
        }
        fn sometimes(&self) -> Vec<Property<u8>> {
            vec![("gets there", self.reaches)]
        }
    }

    #[test]
    fn tries_every_state_once() {
        assert_eq!(explore(&Steps { limit: |n| *n <= 9, reaches: |n| *n == 9 }), 10);
    }

    #[test]
    #[should_panic(expected = "not always: stays within\n1\n2\n2\nleads to 5")]
    fn tells_the_shortest_story_of_what_is_broken() {
        explore(&Steps { limit: |n| *n != 5, reaches: |_| true });
    }

    #[test]
    #[should_panic(expected = "never, in 10 states: [\"gets there\"]")]
    fn complains_of_what_never_happens() {
        explore(&Steps { limit: |_| true, reaches: |n| *n == 10 });
    }
}
