//! Values of the real code as parts of a state.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};

/// A value of the real code that says all about itself, always in the same order: there is one user and one session.
#[derive(Clone)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) said: String,
}

impl<T: Debug> Said<T> {
    pub(crate) fn of(value: T) -> Self {
        let said = format!("{value:?}");
        Self { value, said }
    }

    pub(crate) fn change(&mut self, change: impl FnOnce(&mut T)) {
        change(&mut self.value);
        self.said = format!("{:?}", self.value);
    }
}

impl<T: Debug + Default> Default for Said<T> {
    fn default() -> Self {
        Self::of(T::default())
    }
}

impl<T> Debug for Said<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said)
    }
}

impl<T> PartialEq for Said<T> {
    fn eq(&self, other: &Self) -> bool {
        self.said == other.said
    }
}

impl<T> Eq for Said<T> {}

impl<T> Hash for Said<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.said.hash(state);
    }
}
