//! The API description, for people and for programs. Both are written once, from the contract.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use countersign_contract::{Coded, openapi, transport};
use http::header;
use serde_json::{Map, Value};

use super::page::Site;
use super::schema::{Kind, Member, members, reference, text};
use crate::app::App;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage {
    site: Site,
    version: String,
    endpoints: Vec<Endpoint>,
    objects: Vec<Object>,
    common: Vec<Row>,
}

/// One endpoint. `GET` and `POST` of one path that do the same are one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    methods: Vec<String>,
    path: String,
    anchor: String,
    summary: String,
    /// Who may call; empty for everyone.
    auth: String,
    /// Whether a form may be sent as well as JSON.
    takes_forms: bool,
    takes: Vec<Member>,
    query: Vec<String>,
    /// What the reply is, where it is not an object of its own.
    reply_kind: Option<Kind>,
    reply: Vec<Member>,
    errors: Vec<Row>,
}

/// An object several endpoints speak of.
struct Object {
    name: String,
    about: String,
    members: Vec<Member>,
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    status: u16,
    /// Empty for the few that have none.
    code: String,
    message: String,
}

/// The two addresses, below `base_path`.
pub(crate) fn routes(app: &App) -> Router<App> {
    let base_path = app.config.path();
    let document = openapi::document(base_path);
    let page = page(app, &document);
    let document = Bytes::from(document.to_string());
    let json = [(header::CONTENT_TYPE, "application/json")];
    Router::new()
        .route(&format!("{base_path}/reference"), get(move || async move { shown(page) }))
        .route(&format!("{base_path}/openapi.json"), get(move || async move { (json, document) }))
}

/// The page. What it says is the contract's, in English, so its frame is too where English is spoken.
fn page(app: &App, document: &Value) -> Result<Bytes, String> {
    ReferencePage::of(Site::speaking(app, "en")?, document).render().map(Bytes::from).map_err(|error| error.to_string())
}

fn shown(page: Result<Bytes, String>) -> Response {
    match page {
        Ok(html) => Html(html).into_response(),
        Err(cause) => Problem::internal(&cause).into_response(),
    }
}

impl ReferencePage {
    fn of(site: Site, document: &Value) -> Self {
        let schemas = document.pointer("/components/schemas").unwrap_or(&Value::Null);
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::iter);
        let endpoints: Vec<Endpoint> =
            paths.flat_map(|(path, operations)| endpoints(path, operations, schemas)).collect();
        Self {
            site,
            version: document.pointer("/info/version").and_then(Value::as_str).unwrap_or_default().to_owned(),
            objects: objects(&endpoints, schemas),
            endpoints,
            common: transport::Error::ROWS
                .iter()
                .map(|row| Row {
                    status: row.status,
                    code: row.code.unwrap_or_default().to_owned(),
                    message: row.message.to_owned(),
                })
                .collect(),
        }
    }
}

impl Endpoint {
    /// What its heading says.
    fn title(&self) -> String {
        format!("{} {}", self.methods.join(" "), self.path)
    }
}

fn endpoints(path: &str, operations: &Value, schemas: &Value) -> Vec<Endpoint> {
    let mut found: Vec<Endpoint> = Vec::new();
    for (method, operation) in operations.as_object().into_iter().flat_map(Map::iter) {
        let mut endpoint = endpoint(path, operation, schemas);
        match found.iter_mut().find(|known| known.summary == endpoint.summary && known.takes == endpoint.takes) {
            Some(known) => known.methods.push(method.to_uppercase()),
            None => {
                endpoint.methods.push(method.to_uppercase());
                found.push(endpoint);
            }
        }
    }
    found
}

fn endpoint(path: &str, operation: &Value, schemas: &Value) -> Endpoint {
    let content = operation.pointer("/requestBody/content");
    let body = content.and_then(|content| content.pointer("/application~1json/schema"));
    let reply = operation.pointer("/responses/200/content/application~1json/schema").unwrap_or(&Value::Null);
    let own = reference(reply).and_then(|name| schemas.get(name));
    let parameters = operation.get("parameters").and_then(Value::as_array);
    Endpoint {
        methods: Vec::new(),
        path: path.to_owned(),
        anchor: path.trim_start_matches('/').replace('/', "-"),
        summary: text(operation, "summary").to_owned(),
        auth: text(operation, "description").to_owned(),
        takes_forms: content.is_some_and(|content| content.get("application/x-www-form-urlencoded").is_some()),
        takes: body.map(members).unwrap_or_default(),
        query: parameters.into_iter().flatten().map(|parameter| text(parameter, "name").to_owned()).collect(),
        reply_kind: own.is_none().then(|| Kind::of(reply)),
        reply: own.map(members).unwrap_or_default(),
        errors: errors(operation),
    }
}

/// The errors of one endpoint alone; those of all stand once, below.
fn errors(operation: &Value) -> Vec<Row> {
    let is_common = |row: &Row| {
        transport::Error::ROWS.iter().any(|known| {
            known.status == row.status && known.code.unwrap_or_default() == row.code && known.message == row.message
        })
    };
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flat_map(Map::iter);
    let refusals =
        responses.filter_map(|(status, response)| Some((status.parse().ok().filter(|s| *s >= 400)?, response)));
    let rows = refusals
        .flat_map(|(status, response)| text(response, "description").split("\n\n").map(move |line| row(status, line)));
    rows.filter(|row| !is_common(row)).collect()
}

/// `` `CODE`: message ``, or a message alone.
fn row(status: u16, line: &str) -> Row {
    let (code, message) = line.strip_prefix('`').and_then(|rest| rest.split_once("`: ")).unwrap_or(("", line));
    Row { status, code: code.to_owned(), message: message.to_owned() }
}

/// Every object a reply links to, and those they link to in turn.
fn objects(endpoints: &[Endpoint], schemas: &Value) -> Vec<Object> {
    let link = |member: &Member| member.kind.link.clone();
    let mut names: Vec<String> = endpoints
        .iter()
        .flat_map(|endpoint| {
            let whole = endpoint.reply_kind.iter().filter_map(|kind| kind.link.clone());
            whole.chain(endpoint.reply.iter().filter_map(link))
        })
        .collect();
    let mut objects: Vec<Object> = Vec::new();
    while !names.is_empty() {
        let name = names.remove(0);
        let known = objects.iter().any(|object| object.name == name);
        if let (false, Some(schema)) = (known, schemas.get(&name)) {
            let members = members(schema);
            names.extend(members.iter().filter_map(link));
            objects.push(Object { name, about: text(schema, "description").to_owned(), members });
        }
    }
    objects
}
