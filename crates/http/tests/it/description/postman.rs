//! The description as a collection for Postman: a folder for each tag, a request for each call and kind of body.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Call, calls};

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

pub(super) fn collection(api: &Value) -> Value {
    let tags = api["tags"].as_array().expect("tags");
    let calls = calls(api);
    let folders: Vec<Value> = tags.iter().map(|tag| folder(api, tag, &calls)).collect();
    json!({
        "info": {
            "name": api["info"]["title"],
            "description": api["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiKey}}", "type": "string"}]},
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8080"},
            {"key": "apiKey", "value": ""},
        ],
        "item": folders,
    })
}

fn folder(api: &Value, tag: &Value, calls: &[Call]) -> Value {
    let own = calls
        .iter()
        .filter(|call| call.operation["tags"][0] == tag["name"]);
    let items: Vec<Value> = own.flat_map(|call| requests(api, call)).collect();
    json!({"name": tag["name"], "description": tag["description"], "item": items})
}

fn requests(api: &Value, call: &Call) -> Vec<Value> {
    let bodies = call.examples(api);
    if bodies.is_empty() {
        return vec![request(call, None)];
    }
    let with_body = bodies.into_iter().map(|body| request(call, Some(body)));
    with_body.collect()
}

fn request(call: &Call, body: Option<(String, String)>) -> Value {
    let summary = call.operation["summary"].as_str().expect("a summary");
    let mut request = Map::new();
    request.insert("method".to_owned(), json!(call.method.as_str()));
    request.insert(
        "description".to_owned(),
        call.operation["description"].clone(),
    );
    request.insert("url".to_owned(), url(call));
    if call.scope().is_none() {
        request.insert("auth".to_owned(), json!({"type": "noauth"}));
    }
    let mut name = summary.trim_end_matches('.').to_owned();
    if let Some((kind, text)) = body {
        if call.method == Method::POST && kind != "application/json" {
            name = format!("{name} ({kind})");
        }
        request.insert(
            "header".to_owned(),
            json!([{"key": "Content-Type", "value": kind}]),
        );
        request.insert("body".to_owned(), json!({"mode": "raw", "raw": text}));
    }
    json!({"name": name, "request": request})
}

/// Postman writes parameters of a path with a colon in front.
fn url(call: &Call) -> Value {
    let path: Vec<String> = call.path[1..]
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(name) => format!(":{}", name.trim_end_matches('}')),
            None => segment.to_owned(),
        })
        .collect();
    let of = |place: &str| -> Vec<Value> {
        let all = call.operation["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let own = all.filter(|parameter| parameter["in"] == place);
        own.map(|parameter| {
            let mut shown = json!({
                "key": parameter["name"], "value": "", "description": parameter["description"],
            });
            if place == "query" {
                shown["disabled"] = json!(true);
            }
            shown
        })
        .collect()
    };
    json!({
        "raw": format!("{{{{baseUrl}}}}/{}", path.join("/")),
        "host": ["{{baseUrl}}"],
        "path": path,
        "query": of("query"),
        "variable": of("path"),
    })
}
