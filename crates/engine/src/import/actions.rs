//! What is done to take users over.

use countersign_db::Tx;
use serde_json::Map;

use super::{Imported, Newcomer, rules};
use crate::audit::Event;
use crate::{Engine, Error, User};

impl Engine {
    /// Adds those of `newcomers` who are no users yet, all in one transaction, and says of each what became of it. An `attempt`
    /// does everything but keep it.
    ///
    /// Nobody who is a user already is changed. What was never there is in no cache, so these have nothing to forget.
    ///
    /// # Errors
    /// [`Error::Database`]; then none of these was added.
    pub async fn import(&self, newcomers: &[Newcomer], attempt: bool) -> Result<Vec<Imported>, Error> {
        let mut tx = self.db.write().await?;
        let (mut outcomes, mut added) = (Vec::with_capacity(newcomers.len()), Vec::new());
        for newcomer in newcomers {
            outcomes.push(match self.import_one(&mut tx, newcomer).await? {
                Ok(user) => {
                    added.push(user);
                    Imported::Added
                }
                Err(why) => why,
            });
        }
        if !attempt {
            self.commit(tx, move |engine| added.iter().for_each(|user| engine.hooks.user_created(user))).await?;
        }
        Ok(outcomes)
    }

    /// The user a newcomer became, or what stands in the way.
    async fn import_one(&self, tx: &mut Tx, newcomer: &Newcomer) -> Result<Result<User, Imported>, Error> {
        let now = self.clock.now();
        let id = newcomer.id.clone().unwrap_or_else(|| self.new_id(now));
        let additional = self.fields_of_new_user(&Map::new()).map_err(Error::Field)?;
        let user = rules::user(newcomer, id, additional, now);
        if !self.insert_user_if_new(tx, &user).await? {
            return Ok(Err(self.who_stands_there(tx, newcomer, &user).await?));
        }
        if let Some(hash) = &newcomer.hash {
            self.insert_credential(tx, &user, hash).await?;
        }
        self.record(tx, Event::UserImported { user: &user.id }).await?;
        Ok(Ok(user))
    }

    async fn who_stands_there(&self, tx: &mut Tx, newcomer: &Newcomer, user: &User) -> Result<Imported, Error> {
        Ok(match self.credential_within(tx, &user.email).await? {
            Some(there) if rules::is_same(newcomer, &there.user, there.hash.as_deref()) => Imported::Stands,
            Some(_) => Imported::AddressTaken,
            None => Imported::IdTaken,
        })
    }
}
