//! The list of all endpoints.

use crate::{
    Endpoint, account, email, jwks, ok, password, refresh, session, sign_in, sign_out, sign_up, social, token, user,
};

/// Something done with each endpoint in turn.
pub trait Visitor {
    /// Called once per endpoint.
    fn visit<E: Endpoint>(&mut self);
}

/// The paths of all endpoints.
#[must_use]
pub fn paths() -> Vec<&'static str> {
    struct Paths(Vec<&'static str>);
    impl Visitor for Paths {
        fn visit<E: Endpoint>(&mut self) {
            self.0.push(E::PATH);
        }
    }
    let mut paths = Paths(Vec::new());
    each(&mut paths);
    paths.0
}

/// Shows every endpoint to `visitor`, in the order of the API description.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<sign_up::Email>();
    visitor.visit::<sign_in::Email>();
    visitor.visit::<social::SignIn>();
    visitor.visit::<social::Callback>();
    visitor.visit::<sign_out::SignOut>();
    visitor.visit::<session::Get>();
    visitor.visit::<session::List>();
    visitor.visit::<session::Update>();
    visitor.visit::<session::Revoke>();
    visitor.visit::<session::RevokeAll>();
    visitor.visit::<session::RevokeOthers>();
    visitor.visit::<refresh::Start>();
    visitor.visit::<refresh::Refresh>();
    visitor.visit::<token::Get>();
    visitor.visit::<jwks::Get>();
    visitor.visit::<user::Update>();
    visitor.visit::<user::Delete>();
    visitor.visit::<user::DeleteCallback>();
    visitor.visit::<password::Change>();
    visitor.visit::<password::Verify>();
    visitor.visit::<password::RequestReset>();
    visitor.visit::<password::ResetLink>();
    visitor.visit::<password::Reset>();
    visitor.visit::<account::List>();
    visitor.visit::<account::Unlink>();
    visitor.visit::<social::Link>();
    visitor.visit::<account::GetAccessToken>();
    visitor.visit::<account::RefreshToken>();
    visitor.visit::<account::Info>();
    visitor.visit::<email::SendVerification>();
    visitor.visit::<email::Verify>();
    visitor.visit::<email::Change>();
    visitor.visit::<ok::Get>();
}
