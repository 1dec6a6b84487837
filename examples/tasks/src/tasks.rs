//! One's own tasks. Whose they are comes from the token alone, never from the request.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use countersign_guard::{Identity, NotFound};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::store::Store;

/// A task, as it is stored and as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) title: String,
    pub(crate) done: bool,
}

/// The body of `POST /tasks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    title: Title,
}

/// What a task is called: 1 to 200 characters, without the spaces around them.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Title(String);

impl TryFrom<String> for Title {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let title = text.trim();
        match title.chars().count() {
            1..=200 => Ok(Self(title.to_owned())),
            _ => Err("a title has 1 to 200 characters"),
        }
    }
}

/// `POST /tasks`
pub(crate) async fn create(
    State(store): State<Store>,
    me: Identity,
    body: Result<Json<NewTask>, JsonRejection>,
) -> Result<(StatusCode, Json<Task>), Problem> {
    let Json(NewTask { title: Title(title) }) = body?;
    Ok((StatusCode::CREATED, Json(store.add(me.id(), &title).await?)))
}

/// `GET /tasks`
pub(crate) async fn list(State(store): State<Store>, me: Identity) -> Result<Json<Vec<Task>>, Problem> {
    Ok(Json(store.of(me.id()).await?))
}

/// `POST /tasks/{id}/toggle`
pub(crate) async fn toggle(
    State(store): State<Store>,
    me: Identity,
    Path(id): Path<String>,
) -> Result<Json<Task>, Problem> {
    Ok(Json(store.toggle(me.id(), &id).await?.ok_or(NotFound)?))
}

/// `DELETE /tasks/{id}`
pub(crate) async fn remove(
    State(store): State<Store>,
    me: Identity,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if store.remove(me.id(), &id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(NotFound.into()) }
}
