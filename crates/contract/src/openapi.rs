//! The API description, OpenAPI 3.1, written from the contract.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{Answers, Auth, Coded, Endpoint, ErrorRow, Method, Request, all, transport};

/// The whole description of the API below `base_path`.
pub fn document(base_path: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
    let mut writer = Writer { schemas: settings.into_generator(), paths: Map::new() };
    all::each(&mut writer);
    let mut schemas = writer.schemas.take_definitions(true);
    schemas.insert("Error".into(), error_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Stateless authentication for frontends that speak Better Auth.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": base_path }],
        "paths": writer.paths,
        "components": { "schemas": schemas, "securitySchemes": security_schemes() },
    })
}

struct Writer {
    schemas: SchemaGenerator,
    paths: Map<String, Value>,
}

impl all::Visitor for Writer {
    fn visit<E: Endpoint>(&mut self) {
        let shown = E::ANSWERS != Answers::Redirect;
        let reply = if shown { self.schemas.subschema_for::<E::Reply>() } else { schemars::Schema::default() };
        let methods: &[&str] = match E::METHOD {
            Method::Get => &["get"],
            Method::Post => &["post"],
            Method::GetAndPost => &["get", "post"],
        };
        let operations: Map<String, Value> =
            methods.iter().map(|method| ((*method).to_owned(), operation::<E>(method, &reply))).collect();
        self.paths.insert(E::PATH.to_owned(), Value::Object(operations));
    }
}

fn operation<E: Endpoint>(method: &str, reply: &schemars::Schema) -> Value {
    let mut operation = Map::new();
    let mut put = |name: &str, value: Value| operation.insert(name.to_owned(), value);
    put("operationId", format!("{method}{}", E::PATH.replace(['/', '-'], "_").replace(['{', '}'], "")).into());
    put("summary", E::SUMMARY.into());
    if let Some(description) = E::Auth::DESCRIPTION {
        put("description", description.into());
        put("security", json!([{ "cookie": [] }, { "bearer": [] }]));
    }
    if let Some(schema) = E::Request::body_schema() {
        let mut content = Map::from_iter([("application/json".to_owned(), json!({ "schema": schema }))]);
        if E::TAKES_FORMS {
            content.insert("application/x-www-form-urlencoded".to_owned(), json!({ "schema": schema }));
        }
        put("requestBody", json!({ "content": content }));
    }
    let parameters = parameters::<E>();
    if !parameters.is_empty() {
        put("parameters", parameters.into());
    }
    put("responses", responses::<E>(reply));
    Value::Object(operation)
}

/// What stands in braces in the path, then the query.
fn parameters<E: Endpoint>() -> Vec<Value> {
    let parameter = |name: &str, place: &str, required: bool| json!({ "name": name, "in": place, "required": required, "schema": { "type": "string" } });
    let in_path = E::PATH.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_query = E::Request::query_names();
    let required = |name: &&str| E::Request::required_query_names().contains(name);
    in_path
        .map(|name| parameter(name, "path", true))
        .chain(in_query.iter().map(|name| parameter(name, "query", required(name))))
        .collect()
}

/// Status 200 or 302 and, grouped by status, every error the endpoint or the door may answer.
fn responses<E: Endpoint>(reply: &schemars::Schema) -> Value {
    let success = json!({ "description": "Success", "content": { "application/json": { "schema": reply } } });
    let redirect = json!({ "description": "To where the caller asked to be sent." });
    let mut responses = Map::new();
    if E::ANSWERS != Answers::Redirect {
        responses.insert("200".to_owned(), success);
    }
    if E::ANSWERS != Answers::Reply {
        responses.insert("302".to_owned(), redirect);
    }
    let mut rows: Vec<&ErrorRow> = E::Error::ROWS.iter().chain(transport_rows::<E>()).collect();
    rows.sort_by_key(|row| row.status);
    for group in rows.chunk_by(|a, b| a.status == b.status) {
        let Some(first) = group.first() else { continue };
        let lines: Vec<String> = group.iter().map(|row| in_words(row)).collect();
        let response = json!({
            "description": lines.join("\n\n"),
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
        });
        responses.insert(first.status.to_string(), response);
    }
    Value::Object(responses)
}

fn in_words(row: &ErrorRow) -> String {
    match (row.code, row.message) {
        (Some(code), message) => format!("`{code}`: {message}"),
        (None, "") => "Without a body.".to_owned(),
        (None, message) => message.to_owned(),
    }
}

/// The door's refusals that can meet this endpoint.
fn transport_rows<E: Endpoint>() -> impl Iterator<Item = &'static ErrorRow> {
    let posts = E::METHOD != Method::Get;
    let guarded = E::Auth::DESCRIPTION.is_some();
    transport::Error::ROWS.iter().filter(move |row| match row.code {
        Some("UNAUTHORIZED") => guarded,
        Some("VALIDATION_ERROR") if !posts => !E::Request::required_query_names().is_empty(),
        Some("INVALID_CALLBACK_URL") if !posts => E::LEADS_ELSEWHERE,
        Some("SESSION_NOT_FRESH") => E::Auth::DESCRIPTION == crate::FreshlySignedIn::DESCRIPTION,
        Some("CROSS_SITE_NAVIGATION_LOGIN_BLOCKED") => E::FORM_CSRF,
        Some("INTERNAL_SERVER_ERROR") => true,
        None => row.status == 429 || posts,
        Some(_) => posts,
    })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "message": { "type": "string", "description": "A sentence for people." },
            "code": { "type": "string", "description": "A code for programs." },
        },
        "required": ["message"],
    })
}

fn security_schemes() -> Value {
    json!({
        "cookie": { "type": "apiKey", "in": "cookie", "name": "better-auth.session_token" },
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
    })
}
