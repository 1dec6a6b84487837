//! `countersign secret`.

use countersign_engine::{Chance, SystemChance};
use countersign_token::Secret;
use zeroize::Zeroizing;

use super::console::{Failure, answer};

pub(super) fn run() -> Result<(), Failure> {
    let mut entropy = Zeroizing::new([0; 32]);
    SystemChance.fill(&mut *entropy);
    Ok(answer(Secret::from_entropy(*entropy).expose())?)
}
