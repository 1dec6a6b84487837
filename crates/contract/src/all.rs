//! The list of all endpoints.

use crate::{Endpoint, jwks, ok, password, refresh, session, sign_in, sign_out, sign_up, token, user};

/// Something done with each endpoint in turn.
pub trait Visitor {
    /// Called once per endpoint.
    fn visit<E: Endpoint>(&mut self);
}

/// Shows every endpoint to `visitor`, in the order of the API description.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<sign_up::Email>();
    visitor.visit::<sign_in::Email>();
    visitor.visit::<sign_out::SignOut>();
    visitor.visit::<session::Get>();
    visitor.visit::<session::List>();
    visitor.visit::<session::Revoke>();
    visitor.visit::<session::RevokeAll>();
    visitor.visit::<session::RevokeOthers>();
    visitor.visit::<refresh::Start>();
    visitor.visit::<refresh::Refresh>();
    visitor.visit::<token::Get>();
    visitor.visit::<jwks::Get>();
    visitor.visit::<user::Update>();
    visitor.visit::<password::Change>();
    visitor.visit::<ok::Get>();
}
