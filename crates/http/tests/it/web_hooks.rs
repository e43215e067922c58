//! Web hooks over the API. What they are told is in the walk through the contract.

use std::sync::Arc;
use std::time::Duration;

use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::page::PageRequest;
use clarion_persistence::web_hooks;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::{sleep, timeout};

use crate::support::{
    Answer, NOW, OTHER_CLIENT, Receiver, TakesAll, TestApp, Told, key, on_each_database,
};

const STRANGER: u8 = 9;

/// Far longer than a busy machine needs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Makes a web hook; its address and its secret.
async fn make(app: &TestApp, url: &str) -> (String, String) {
    let made = app.post("/api/WebHooks", &json!({ "url": url })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let address = made.header("location").expect("an address").to_owned();
    let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
    (address, secret)
}

/// The signature that a request must bear, by another implementation than the service's.
pub(crate) fn signed_by(secret: &str, told: &Told) -> String {
    let mut key = from_base64(secret.strip_prefix("whsec_").expect("the prefix"));
    key.resize(64, 0);
    let xored = |byte: u8| key.iter().map(|key| key ^ byte).collect::<Vec<u8>>();
    let (id, timestamp) = (told.header("webhook-id"), told.header("webhook-timestamp"));
    let content = format!("{id}.{timestamp}.{}", told.text);
    let inner = Sha256::digest([xored(0x36), content.into_bytes()].concat());
    let outer = Sha256::digest([xored(0x5c), inner.to_vec()].concat());
    format!("v1,{}", to_base64(&outer))
}

const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte| DIGITS.iter().position(|digit| *digit == byte);
    let mut bits = 0_usize;
    let mut bytes = Vec::new();
    for (place, digit) in text.bytes().map_while(digit).enumerate() {
        bits = bits << 6 | digit;
        if place % 4 != 0 {
            bytes.push((bits >> (6 - 2 * (place % 4))) as u8);
        }
    }
    bytes
}

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for place in 0..(bytes.len() * 8).div_ceil(6) {
        let at = place * 6;
        let byte = |index: usize| usize::from(bytes.get(index).copied().unwrap_or_default());
        let pair = byte(at / 8) << 8 | byte(at / 8 + 1);
        text.push(DIGITS[pair >> (10 - at % 8) & 63].into());
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

#[tokio::test]
async fn web_hooks_are_made_listed_changed_and_deleted() {
    on_each_database(async |app| {
        let (first, secret) = make(app, "https://example.com/a").await;
        let (second, other) = make(app, "https://example.com/b").await;
        assert!(secret.starts_with("whsec_"));
        assert_ne!(secret, other);
        let shown = app.get(&first).await.json();
        let expected = json!({
            "id": first.rsplit('/').next(),
            "url": "https://example.com/a",
            "enabled": true,
            "disabledReason": null,
            "formerSecretUntil": null,
            "createdAt": NOW,
        });
        assert_eq!(shown, expected);
        let list = app.get("/api/WebHooks").await.json();
        assert_eq!(list["totalRecords"], 2);
        assert_eq!(list["items"][1], shown);
        let disabled = json!({"url": "http://example.com/c", "enabled": false});
        assert_eq!(app.put(&second, &disabled).await.status, 204);
        let found = app
            .get("/api/WebHooks?filters=enabled==false,url_=http://&sorts=-createdAt")
            .await
            .json();
        assert_eq!(found["items"], json!([app.get(&second).await.json()]));
        assert_eq!(found["items"][0]["url"], "http://example.com/c");
        assert_eq!(app.delete(&first).await.status, 204);
        app.get(&first).await.problem(404);
        app.get(&format!("{first}/Deliveries")).await.problem(404);
        app.put(&first, &disabled).await.problem(404);
        app.act(&format!("{first}/RotateSecret")).await.problem(404);
        app.delete(&first).await.problem(404);
        assert_eq!(app.get("/api/WebHooks").await.json()["totalRecords"], 1);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_web_hook_is_refused() {
    on_each_database(async |app| {
        for (body, path, message) in [
            (json!({}), "url", "is required"),
            (json!({"url": "example.com"}), "url", "is no absolute"),
            (json!({"url": 1}), "url", "must be a string"),
            (
                json!({"url": "https://a.example", "enabled": "yes"}),
                "enabled",
                "must be true or false",
            ),
        ] {
            app.post("/api/WebHooks", &body)
                .await
                .has_fault(path, message);
        }
        for number in 0..20 {
            make(app, &format!("https://example.com/{number}")).await;
        }
        let another = json!({"url": "https://example.com/another"});
        let problem = app.post("/api/WebHooks", &another).await.problem(409);
        assert_eq!(
            problem["detail"],
            "the client has 20 web hooks, which is the most; delete one first"
        );
    })
    .await;
}

#[tokio::test]
async fn the_secret_is_shown_once() {
    on_each_database(async |app| {
        let send = async |path: &str, key: &str| {
            let request = app
                .request(Method::POST, path)
                .header("Idempotency-Key", key);
            let body = json!({"url": "https://example.com/a"});
            Answer::to(request.json(&body)).await
        };
        let made = send("/api/WebHooks", "a").await.json();
        let again = send("/api/WebHooks", "a").await.json();
        assert!(made["secret"].is_string());
        assert_eq!(
            (&again["id"], &again["secret"]),
            (&made["id"], &Value::Null)
        );
        let path = format!(
            "/api/WebHooks/{}/RotateSecret",
            made["id"].as_str().expect("an id")
        );
        let rotated = send(&path, "b").await.json();
        assert!(rotated["secret"].is_string());
        assert_ne!(rotated["secret"], made["secret"]);
        assert_eq!(rotated["formerSecretUntil"], "2026-06-28T03:04:01.374Z");
        assert_eq!(send(&path, "b").await.json()["secret"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn after_a_rotation_requests_are_signed_by_both_secrets() {
    on_each_database(async |app| {
        let mut receiver = Receiver::answering(200).await;
        let (address, first) = make(app, &receiver.url).await;
        let rotated = app.act(&format!("{address}/RotateSecret")).await.json();
        let second = rotated["secret"].as_str().expect("a secret");
        let (server, engine) = app.serve_over(vec![Arc::new(TakesAll)]);
        send(app).await;
        let told = receiver.told().await;
        let both = format!("{} {}", signed_by(second, &told), signed_by(&first, &told));
        assert_eq!(told.header("webhook-signature"), both);
        server.stop().await.expect("a clean stop");
        engine.stop().await;
    })
    .await;
}

async fn send(app: &TestApp) {
    let body = json!({"message": "Hi", "sender": "ACME", "phoneNumber": "07722 123456"});
    let sent = app.post("/api/SMSMessages", &body).await;
    assert_eq!(sent.status, 201, "{}", sent.text);
}

/// The one delivery of a list, once there is one.
async fn delivery(app: &TestApp, path: &str) -> Value {
    let there = async {
        loop {
            let list = app.get(path).await.json();
            if let Some(first) = list["items"].get(0) {
                return first.clone();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, there).await.expect("a delivery")
}

#[tokio::test]
async fn deliveries_are_logged_and_can_be_replayed() {
    on_each_database(async |app| {
        let mut receiver = Receiver::answering(200).await;
        let (address, _) = make(app, &receiver.url).await;
        let (server, engine) = app.serve_over(vec![Arc::new(TakesAll)]);
        send(app).await;
        let first = receiver.told().await;
        let log = format!("{address}/Deliveries");
        let delivered = delivery(app, &format!("{log}?filters=status==1")).await;
        let message = app.get("/api/SMSMessages").await.json()["items"][0]["id"].clone();
        let expected = json!({
            "id": delivered["id"],
            "eventId": first.header("webhook-id"),
            "messageId": message,
            "statusCode": 0,
            "status": 1,
            "attempts": 1,
            "createdAt": NOW,
            "nextAttemptAt": null,
            "lastAttemptAt": NOW,
            "responseStatus": 200,
            "error": null,
        });
        assert_eq!(delivered, expected);
        let by_message =
            format!("{log}?filters=messageId=={message},nextAttemptAt==null&sorts=messageId");
        assert_eq!(app.get(&by_message).await.json()["totalRecords"], 1);

        let replay = format!("{log}/{}/REPLAY", delivered["id"]);
        assert_eq!(app.act(&replay).await.status, 204);
        let second = receiver.told().await;
        assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(second.text, first.text);
        for id in ["77", "x", "01"] {
            app.act(&format!("{log}/{id}/Replay")).await.problem(404);
        }
        let disabled = json!({"url": receiver.url, "enabled": false});
        assert_eq!(app.put(&address, &disabled).await.status, 204);
        app.act(&replay).await.problem(409);
        server.stop().await.expect("a clean stop");
        engine.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_client_reads_and_replays_its_own_alone() {
    on_each_database(async |app| {
        app.add_key(&key(STRANGER), OTHER_CLIENT, &["admin"]).await;
        let (address, _) = make(app, "https://example.com/a").await;
        let as_stranger = async |method: Method, path: &str| {
            let request = app
                .anonymous(method, path)
                .bearer_auth(key(STRANGER).as_str());
            Answer::to(request).await
        };
        let list = as_stranger(Method::GET, "/api/WebHooks").await.json();
        assert_eq!(list["totalRecords"], 0);
        for (method, part) in [
            (Method::GET, ""),
            (Method::DELETE, ""),
            (Method::POST, "/RotateSecret"),
            (Method::GET, "/Deliveries"),
            (Method::POST, "/Deliveries/1/Replay"),
        ] {
            let answer = as_stranger(method, &format!("{address}{part}")).await;
            assert_eq!(
                answer.problem(404)["detail"],
                "there is no web hook with this id"
            );
        }
        let page = PageRequest {
            page: 1,
            page_size: 10,
        };
        let own = move |conn: &mut _| web_hooks::page(conn, FIRST_CLIENT, &page.into());
        assert_eq!(
            app.store.read(own).await.expect("web hooks").total_records,
            1
        );
    })
    .await;
}
