//! What administrators may do. Anybody else hears 403.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use countersign_engine::Engine;
use countersign_guard::{HasRole, NotFound, Role};

use crate::problem::Problem;
use crate::store::Store;
use crate::tasks::Task;

/// The role that `countersign user create --role admin` gives.
pub(crate) struct Admin;

impl Role for Admin {
    const NAME: &'static str = "admin";
}

/// `GET /admin/tasks`
pub(crate) async fn tasks(State(store): State<Store>, _: HasRole<Admin>) -> Result<Json<Vec<Task>>, Problem> {
    Ok(Json(store.all().await?))
}

/// `POST /admin/users/{id}/suspend`: the user's very next request is refused.
pub(crate) async fn suspend(
    State(engine): State<Engine>,
    _: HasRole<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if engine.suspend(&id, None, None).await? { Ok(StatusCode::NO_CONTENT) } else { Err(NotFound.into()) }
}
