//! The description of the API says what the service does: its examples are true, its scopes are asked for, its ids belong
//! to their client, and what is published of it in `docs/` is what is served.

mod postman;
mod published;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, OTHER_CLIENT, TestApp, campaign, key, on_each_database};

const NOTHING_ALLOWED: u8 = 7;
const OTHER_KEY: u8 = 8;

/// A call that is described.
struct Call {
    method: Method,
    path: String,
    operation: Value,
}

impl Call {
    /// The scope that it needs; `None` where everyone may ask.
    fn scope(&self) -> Option<&str> {
        self.operation["security"][0]["bearer"][0].as_str()
    }

    /// Each media type with its example, of the request's body.
    fn examples(&self, api: &Value) -> Vec<(String, String)> {
        let content = self.operation["requestBody"]["content"].as_object();
        let all = content.into_iter().flatten();
        all.map(|(kind, content)| (kind.clone(), example(api, content)))
            .collect()
    }

    fn has_id(&self) -> bool {
        self.path.contains("{id}")
    }

    /// Its address for something of the first client's.
    async fn path(&self, app: &TestApp) -> String {
        if !self.has_id() {
            return self.path.clone();
        }
        let id = match self.path.split('/').nth(2) {
            Some("Campaigns") => app.create(&campaign()).await,
            Some("SMSMessages") => send(app).await,
            Some("ApiKeys") => make_key(app).await,
            Some("Clients") => make_client(app).await,
            Some("WebHooks") => make_web_hook(app).await,
            Some("ContactGroups") => return self.path_of_contact(app).await,
            Some("OptOuts") => opt_out(app).await,
            Some("OptOutLinks") => make_opt_out_link(app).await,
            other => panic!("how is one of {other:?} made?"),
        };
        self.path.replace("{id}", &id)
    }

    /// Its address for a group of the first client's, or a contact in it.
    async fn path_of_contact(&self, app: &TestApp) -> String {
        let name = json!({"name": "Regulars"});
        let made = app.post("/api/ContactGroups", &name).await.json();
        let path = self.path.replace("{id}", made.as_str().expect("an id"));
        let contacts = format!(
            "/api/ContactGroups/{}/Contacts",
            made.as_str().expect("an id")
        );
        let contact = json!({"phoneNumber": "07700 900001"});
        app.post(&contacts, &contact).await;
        let contact = app.get(&contacts).await.json()["items"][0]["id"].clone();
        path.replace("{contactId}", contact.as_str().expect("an id"))
    }
}

/// Sends a message; its GUID.
async fn send(app: &TestApp) -> String {
    let message = json!({"message": "Hi", "sender": "ACME", "phoneNumber": "07700900001"});
    let sent = app.post("/api/SMSMessages", &message).await.json();
    sent.as_str().expect("a GUID").to_owned()
}

/// Makes a key; its number.
async fn make_key(app: &TestApp) -> String {
    let key = json!({"name": "till", "scopes": ["campaigns:read"]});
    app.post("/api/ApiKeys", &key).await.json()["id"].to_string()
}

/// Records an opt-out; its number.
async fn opt_out(app: &TestApp) -> String {
    let opt_out = json!({"phoneNumber": "07700 900001"});
    app.post("/api/OptOuts", &opt_out).await.text
}

/// Makes an opt-out link; its number.
async fn make_opt_out_link(app: &TestApp) -> String {
    let link = json!({"name": "Offers"});
    app.post("/api/OptOutLinks", &link).await.text
}

/// Makes a client; its number.
async fn make_client(app: &TestApp) -> String {
    let client = json!({"name": "A shop"});
    app.post("/api/Clients", &client).await.text
}

/// Makes a web hook; its id.
async fn make_web_hook(app: &TestApp) -> String {
    let hook = json!({"url": "https://example.com/clarion"});
    let made = app.post("/api/WebHooks", &hook).await.json();
    made["id"].as_str().expect("an id").to_owned()
}

/// An example as it is sent.
fn example(api: &Value, content: &Value) -> String {
    let schema = content["schema"]["$ref"].as_str().unwrap_or_default();
    let schema = api.pointer(&schema[1.min(schema.len())..]);
    let example = match &content["example"] {
        Value::Null => schema.map_or(&Value::Null, |schema| &schema["example"]),
        example => example,
    };
    match example {
        Value::String(text) => text.clone(),
        Value::Null => panic!("no example: {content}"),
        example => example.to_string(),
    }
}

/// What the service says of itself.
async fn description(app: &TestApp) -> Value {
    Answer::to(app.anonymous(Method::GET, "/openapi.json"))
        .await
        .json()
}

fn calls(api: &Value) -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            calls.push(Call {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                operation: operation.clone(),
            });
        }
    }
    calls
}

#[tokio::test]
async fn its_examples_are_true() {
    on_each_database(async |app| {
        let api = description(app).await;
        for call in calls(&api) {
            for (kind, body) in call.examples(&api) {
                let path = call.path(app).await;
                let request = app
                    .request(call.method.clone(), &path)
                    .header("content-type", &kind)
                    .body(body);
                let answer = Answer::to(request).await;
                assert!(answer.status < 300, "{path} {kind}: {}", answer.text);
                let described = &call.operation["responses"][answer.status.to_string()];
                assert!(
                    described.is_object(),
                    "{path}: {} is not described",
                    answer.status
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn its_scopes_are_asked_for() {
    on_each_database(async |app| {
        app.add_key(&key(NOTHING_ALLOWED), OTHER_CLIENT, &[]).await;
        for call in calls(&description(app).await) {
            let path = call
                .path
                .replace("{id}", "01920000-0000-7000-8000-000000000000");
            let anonymous = Answer::to(app.anonymous(call.method.clone(), &path)).await;
            let request = app.anonymous(call.method.clone(), &path);
            let powerless = Answer::to(request.bearer_auth(key(NOTHING_ALLOWED).as_str())).await;
            let Some(scope) = call.scope() else {
                // No link has such a code.
                let open = if path.contains("{code}") { 404 } else { 200 };
                assert_eq!((anonymous.status, powerless.status), (open, open), "{path}");
                continue;
            };
            anonymous.problem(401);
            let detail = powerless.problem(403)["detail"].clone();
            assert_eq!(
                detail,
                format!("the API key lacks the scope {scope}"),
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn its_ids_belong_to_their_client() {
    on_each_database(async |app| {
        app.add_key(&key(OTHER_KEY), OTHER_CLIENT, &["admin"]).await;
        let nobodys = "01920000-0000-7000-8000-000000000000";
        let api = description(app).await;
        for call in calls(&api).into_iter().filter(Call::has_id) {
            let path = call.path(app).await;
            let theirs = as_other(app, &api, &call, &path).await;
            let nothing = as_other(app, &api, &call, &call.path.replace("{id}", nobodys)).await;
            assert_eq!(theirs, nothing, "{path}");
            // It is as it was: a campaign still waits for its start.
            let resource = path.split('/').take(4).collect::<Vec<_>>().join("/");
            let shown = app.get(&resource).await;
            assert_eq!(shown.status, 200, "{path}");
            assert_ne!(shown.json()["sender"], "INTRUDER", "{path}");
        }
    })
    .await;
}

/// What the other client is told, apart from the address that it asked for.
async fn as_other(app: &TestApp, api: &Value, call: &Call, path: &str) -> Value {
    let request = app
        .anonymous(call.method.clone(), path)
        .bearer_auth(key(OTHER_KEY).as_str());
    let request = match call.examples(api).pop() {
        Some((kind, body)) => request
            .header("content-type", kind)
            .body(body.replace("ACME", "INTRUDER")),
        None => request,
    };
    let mut problem = Answer::to(request).await.problem(404);
    problem["instance"] = Value::Null;
    problem
}

#[tokio::test]
async fn what_is_published_is_what_is_served() {
    on_each_database(async |app| {
        let api = description(app).await;
        assert_eq!(api["openapi"], "3.1.0");
        published::check("openapi.json", &api);
        published::check(
            "clarion.postman_collection.json",
            &postman::collection(&api),
        );
    })
    .await;
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    on_each_database(async |app| {
        let page = Answer::to(app.anonymous(Method::GET, "/docs")).await;
        assert_eq!(page.status, 200);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        for address in ["http:", "https:", "src=\"//", "href=\"//"] {
            assert!(!page.text.contains(address), "{address}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_problem_is_described_with_its_type() {
    on_each_database(async |app| {
        let api = description(app).await;
        let types = &api["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
        let known = types.as_array().expect("types");
        let missing = app.get("/api/nothing").await.problem(404);
        assert!(known.contains(&missing["type"]), "{missing}");
        let answers = api["components"]["responses"].as_object().expect("answers");
        let mut shown = Vec::new();
        for answer in answers.values() {
            let examples = &answer["content"]["application/problem+json"]["examples"];
            let examples = examples.as_object().expect("examples").values();
            shown.extend(examples.map(|example| example["value"]["type"].clone()));
            assert!(answer["headers"]["X-Request-Id"].is_object(), "{answer}");
        }
        let sorted = |mut all: Vec<Value>| {
            all.sort_by_key(ToString::to_string);
            json!(all)
        };
        assert_eq!(sorted(shown), sorted(known.clone()));
    })
    .await;
}
