//! The API description, OpenAPI 3.1, written from the contract.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{Auth, Coded, Endpoint, ErrorRow, Method, Request, all, transport};

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
        let reply = self.schemas.subschema_for::<E::Reply>();
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
    put("operationId", format!("{method}{}", E::PATH.replace(['/', '-'], "_")).into());
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
    let names = E::Request::query_names();
    if !names.is_empty() {
        let parameter =
            |name| json!({ "name": name, "in": "query", "required": false, "schema": { "type": "string" } });
        put("parameters", names.iter().map(parameter).collect());
    }
    put("responses", responses::<E>(reply));
    Value::Object(operation)
}

/// Status 200 and, grouped by status, every error the endpoint or the door may answer.
fn responses<E: Endpoint>(reply: &schemars::Schema) -> Value {
    let success = json!({ "description": "Success", "content": { "application/json": { "schema": reply } } });
    let mut responses = Map::from_iter([("200".to_owned(), success)]);
    let mut rows: Vec<&ErrorRow> = E::Error::ROWS.iter().chain(transport_rows::<E>()).collect();
    rows.sort_by_key(|row| row.status);
    for group in rows.chunk_by(|a, b| a.status == b.status) {
        let Some(first) = group.first() else { continue };
        let lines: Vec<String> = group
            .iter()
            .map(|row| row.code.map_or_else(|| row.message.to_owned(), |code| format!("`{code}`: {}", row.message)))
            .collect();
        let response = json!({
            "description": lines.join("\n\n"),
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
        });
        responses.insert(first.status.to_string(), response);
    }
    Value::Object(responses)
}

/// The door's refusals that can meet this endpoint.
fn transport_rows<E: Endpoint>() -> impl Iterator<Item = &'static ErrorRow> {
    let posts = E::METHOD != Method::Get;
    let guarded = E::Auth::DESCRIPTION.is_some();
    transport::Error::ROWS.iter().filter(move |row| match row.code {
        Some("UNAUTHORIZED") => guarded,
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
