//! API keys over the API: made, shown, limited, rotated, revoked.

use chrono::TimeDelta;
use clarion_domain::api_key::{ApiKeyTerms, KeyText, Scope};
use clarion_domain::client::FIRST_CLIENT;
use clarion_http::keys;
use clarion_persistence::api_keys;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, NOW, OTHER_CLIENT, Setup, TestApp, key, now, on_each_database, with};

const READER: u8 = 3;

fn wanted() -> Value {
    json!({
        "name": "till",
        "scopes": ["campaigns:read", "campaigns:write"],
        "expiresAt": "2027-01-01",
    })
}

/// A request with a key of another client, which may do everything there.
async fn as_other(app: &TestApp, method: Method, path: &str, body: &Value) -> Answer {
    let request = app.anonymous(method, path).bearer_auth(key(9).as_str());
    Answer::to(request.json(body)).await
}

async fn list_with(app: &TestApp, text: &str) -> Answer {
    let list = app.anonymous(Method::GET, "/api/Campaigns");
    Answer::to(list.bearer_auth(text)).await
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_revoked() {
    on_each_database(async |app| {
        let made = app.post("/api/ApiKeys", &wanted()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let mut told = made.json();
        let text = told["key"].as_str().expect("the key").to_owned();
        let path = format!("/api/ApiKeys/{}", told["id"]);
        assert_eq!(made.header("location"), Some(path.as_str()));
        assert_eq!(told["prefix"], text[..8]);
        told.as_object_mut().expect("an object").remove("key");
        let expected = json!({
            "id": told["id"],
            "clientId": 1,
            "name": "till",
            "prefix": told["prefix"],
            "scopes": ["campaigns:read", "campaigns:write"],
            "createdAt": NOW,
            "expiresAt": "2027-01-01T00:00:00.000Z",
            "lastUsedAt": null,
            "revokedAt": null,
        });
        assert_eq!(told, expected);
        assert_eq!(app.get(&path).await.json(), expected);

        assert_eq!(list_with(app, &text).await.status, 200);
        assert_eq!(app.delete(&path).await.status, 204);
        list_with(app, &text).await.problem(401);
        assert_eq!(app.delete(&path).await.status, 204);
        assert_eq!(app.get(&path).await.json()["revokedAt"], NOW);
    })
    .await;
}

#[tokio::test]
async fn everything_wrong_with_a_wanted_key_is_told() {
    on_each_database(async |app| {
        let types = json!({"name": 1, "scopes": "admin", "expiresAt": "soon", "clientId": "one"});
        let answer = app.post("/api/ApiKeys", &types).await;
        answer.has_fault("name", "must be a string");
        answer.has_fault("scopes", "must be an array of strings");
        answer.has_fault("expiresAt", "must be an ISO 8601 date-time");
        answer.has_fault("clientId", "must be an integer");
        let rules = json!({"scopes": ["campaigns:read", "all"], "expiresAt": NOW});
        let answer = app.post("/api/ApiKeys", &rules).await;
        answer.has_fault("name", "is required");
        answer.has_fault("scopes[1]", "is an unknown scope \"all\"");
        answer.has_fault("expiresAt", "must be in the future");
        app.post("/api/ApiKeys", &json!([])).await.problem(400);
        for path in ["/api/ApiKeys/999", "/api/ApiKeys/first"] {
            app.get(path).await.problem(404);
            app.delete(path).await.problem(404);
        }
    })
    .await;
}

/// Stores a key that is good until so many seconds from now.
async fn add_key_until(app: &TestApp, key: &KeyText, seconds: i64) {
    let terms = ApiKeyTerms {
        name: "till".to_owned(),
        scopes: [Scope::Admin].into_iter().collect(),
        expires_at: Some(now() + TimeDelta::seconds(seconds)),
    };
    let new = keys::to_store(key, FIRST_CLIENT, terms);
    let add = move |conn: &mut _| api_keys::insert(conn, &new, now());
    app.store.write(add).await.expect("a stored key");
}

#[tokio::test]
async fn an_expired_key_opens_nothing() {
    on_each_database(async |app| {
        add_key_until(app, &key(1), 1).await;
        assert_eq!(list_with(app, key(1).as_str()).await.status, 200);
        add_key_until(app, &key(2), 0).await;
        let problem = list_with(app, key(2).as_str()).await.problem(401);
        let detail = problem["detail"].as_str().expect("a text");
        assert_eq!(detail, "the API key is unknown or revoked, or has expired");
    })
    .await;
}

#[tokio::test]
async fn keys_are_rotated_within_their_limit() {
    let two = || {
        let mut setup = Setup::default();
        setup.http.max_live_keys = 2;
        setup
    };
    with(two, async |app| {
        let second = app.post("/api/ApiKeys", &wanted()).await;
        assert_eq!(second.status, 201, "{}", second.text);
        let second = second.json();
        let problem = app.post("/api/ApiKeys", &wanted()).await.problem(409);
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains("2 live keys"), "{detail}");
        let path = format!("/api/ApiKeys/{}", second["id"]);
        assert_eq!(app.delete(&path).await.status, 204);
        assert_eq!(app.post("/api/ApiKeys", &wanted()).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_makes_no_other_key_and_shows_none() {
    on_each_database(async |app| {
        let make = || {
            let request = app.request(Method::POST, "/api/ApiKeys");
            Answer::to(request.header("idempotency-key", "k").json(&wanted()))
        };
        let (first, again) = (make().await, make().await);
        assert_eq!((first.status, again.status), (201, 201));
        let mut told = first.json();
        assert!(told["key"].is_string());
        told.as_object_mut().expect("an object").remove("key");
        assert_eq!(again.json(), told);
        let list = app.get("/api/ApiKeys").await.json();
        assert_eq!(list["totalRecords"], 2);
        assert_eq!(list["items"][0], told);
    })
    .await;
}

#[tokio::test]
async fn keys_are_listed_filtered_and_sorted() {
    on_each_database(async |app| {
        for name in ["b", "a"] {
            let mut named = wanted();
            named["name"] = json!(name);
            app.post("/api/ApiKeys", &named).await;
        }
        let names = async |query: &str| {
            let list = app.get(&format!("/api/ApiKeys?{query}")).await.json();
            let items = list["items"].as_array().expect("a page").clone();
            let names = items.iter().map(|key| key["name"].to_string());
            names.collect::<String>()
        };
        assert_eq!(names("").await, r#""a""b""test""#);
        assert_eq!(names("sorts=-name").await, r#""test""b""a""#);
        assert_eq!(names("filters=expiresAt!=null").await, r#""a""b""#);
        assert_eq!(names("filters=scopes@=admin").await, r#""test""#);
        app.get("/api/ApiKeys?filters=hash==1").await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn only_the_operator_sees_beyond_its_own_keys() {
    on_each_database(async |app| {
        let theirs = app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let list = as_other(app, Method::GET, "/api/ApiKeys", &json!(null)).await;
        assert_eq!(list.json()["items"][0]["id"], theirs);
        assert_eq!(list.json()["totalRecords"], 1);
        for path in [
            "/api/ApiKeys/1",
            "/api/ApiKeys/1?clientId=1",
            "/api/ApiKeys?clientId=1",
        ] {
            as_other(app, Method::GET, path, &json!(null))
                .await
                .problem(404);
        }
        as_other(app, Method::DELETE, "/api/ApiKeys/1", &json!(null))
            .await
            .problem(404);
        let mut for_us = wanted();
        for_us["clientId"] = json!(1);
        as_other(app, Method::POST, "/api/ApiKeys", &for_us)
            .await
            .problem(404);

        let path = format!("/api/ApiKeys/{theirs}");
        app.get(&path).await.problem(404);
        let path = format!("{path}?clientId=2");
        assert_eq!(app.get(&path).await.json()["clientId"], 2);
        let mut for_them = wanted();
        for_them["clientId"] = json!(2);
        let made = app.post("/api/ApiKeys", &for_them).await.json();
        assert_eq!(made["clientId"], 2);
        let list = app.get("/api/ApiKeys?ClientId=2").await.json();
        assert_eq!(list["totalRecords"], 2);
        assert_eq!(app.delete(&path).await.status, 204);
        for_them["clientId"] = json!(77);
        app.post("/api/ApiKeys", &for_them).await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn without_admin_there_is_no_way_to_keys_and_clients() {
    on_each_database(async |app| {
        let scopes = [
            "campaigns:read",
            "campaigns:write",
            "messages:send",
            "contacts:write",
        ];
        app.add_key(&key(READER), FIRST_CLIENT, &scopes).await;
        for (method, path) in [
            (Method::GET, "/api/ApiKeys"),
            (Method::POST, "/api/ApiKeys"),
            (Method::GET, "/api/ApiKeys/1"),
            (Method::DELETE, "/api/ApiKeys/1"),
            (Method::GET, "/api/Clients"),
            (Method::POST, "/api/Clients"),
            (Method::GET, "/api/Clients/1"),
            (Method::PUT, "/api/Clients/1"),
        ] {
            let request = app
                .anonymous(method, path)
                .bearer_auth(key(READER).as_str());
            let problem = Answer::to(request.json(&wanted())).await.problem(403);
            assert_eq!(problem["detail"], "the API key lacks the scope admin");
        }
    })
    .await;
}

#[tokio::test]
async fn the_use_of_a_key_is_noted() {
    on_each_database(async |app| {
        app.add_key(&key(READER), FIRST_CLIENT, &[]).await;
        let node = TestApp::bind(&app.database, Setup::default()).expect("a free port");
        let url = format!("http://{}/api/Campaigns", node.local_addr());
        let asked = Answer::to(app.request_to(Method::GET, &url)).await;
        assert_eq!(asked.status, 200);
        node.stop().await.expect("a clean stop");
        let read = |conn: &mut _| api_keys::of_client(conn, FIRST_CLIENT);
        let keys = app.store.read(read).await.expect("keys");
        let used: Vec<_> = keys.iter().map(|key| key.last_used_at).collect();
        assert_eq!(used, [Some(now()), None]);
    })
    .await;
}
