//! A to-do API behind the guard: each user has tasks of their own, administrators see all of them.
//!
//! [`router`] puts these routes beside the sign-in endpoints of the same process, [`page`] the frontend before them.
//! `README.md` walks through it.

mod admin;
mod page;
mod problem;
mod store;
mod tasks;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};
use countersign_server::App;

pub use page::page;
pub use store::Store;

/// The largest request body, in bytes. The longest title fits, however it is escaped.
const BODY_MAX: usize = 16 * 1024;

/// Everything this process answers: Countersign's endpoints, and our own behind its guard.
pub fn router(app: &App, store: Store) -> Router {
    let ours = Router::new()
        .route("/tasks", get(tasks::list).post(tasks::create))
        .route("/tasks/{id}", delete(tasks::remove))
        .route("/tasks/{id}/toggle", post(tasks::toggle))
        .route("/admin/tasks", get(admin::tasks))
        .with_state(store)
        .route("/admin/users/{id}/suspend", post(admin::suspend))
        .with_state(app.engine().clone())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .route_layer(app.guard().required());
    app.router().merge(ours)
}
