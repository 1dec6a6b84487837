//! The frontend: the files of `web/dist`, below `/app`.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::ServeDir;

/// What a person hears who comes before the frontend was built.
const NOT_BUILT: &str = "\
The frontend is not built yet. In the root of the repository:

    npm ci --prefix clients/js && npm run build --prefix clients/js
    npm ci --prefix examples/tasks/web && npm run build --prefix examples/tasks/web

Then load this page again.
";

/// The page runs its own script and speaks to its own origin, and nobody may frame it: a script that found its way in
/// some other way does not run, and could send a token nowhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The frontend in `folder`, below `/app`, or a word on how to build it.
pub fn page(folder: &Path) -> Router {
    let index = folder.join("index.html");
    let missing = Router::new().fallback(move || missing(index.clone()));
    Router::new().nest_service("/app", ServeDir::new(folder).fallback(missing)).layer(from_fn(careful))
}

async fn missing(index: PathBuf) -> (StatusCode, &'static str) {
    let is_built = tokio::fs::try_exists(index).await.unwrap_or(false);
    (StatusCode::NOT_FOUND, if is_built { "There is no such page.\n" } else { NOT_BUILT })
}

/// The names of scripts and styles change with what they hold, so browsers keep them; they ask for the page each time.
async fn careful(request: Request, next: Next) -> Response {
    let is_asset = request.uri().path().starts_with("/app/assets/");
    let mut response = next.run(request).await;
    let lasting = is_asset && response.status().is_success();
    let kept = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    for (name, value) in [
        (header::CACHE_CONTROL, kept),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
