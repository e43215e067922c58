//! `Idempotency-Key`: one effect, one answer, whatever is repeated, at the same time or after a crash.

use std::time::Duration;

use clarion_domain::client::FIRST_CLIENT;
use clarion_persistence::idempotency::{self, Reservation, Reserved};
use clarion_persistence::testing::{postgres, sqlite};
use futures_util::future::join_all;
use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::bodies::wire::Wire;
use crate::support::{
    Answer, OTHER_CLIENT, Setup, TestApp, campaign, campaign_to, campaign_with, key, now,
    on_each_database,
};

const KEY: &str = "order-4711";

fn request(app: &TestApp, path: &str) -> RequestBuilder {
    app.request(Method::POST, path)
        .header("idempotency-key", KEY)
}

/// A POST with the key.
async fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    Answer::to(request(app, path).json(body)).await
}

async fn campaigns(app: &TestApp) -> Vec<Value> {
    let list = app.get("/api/Campaigns").await.json();
    list["items"].as_array().expect("a page").clone()
}

/// The same answer, but for what tells that it is not the first.
fn is_repeated(first: &Answer, again: &Answer) {
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    for name in [
        "content-type",
        "location",
        "x-invalid-contacts",
        "x-duplicate-contacts",
    ] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_repeated_request_has_the_first_ones_answer_and_no_effect() {
    on_each_database(async |app| {
        let body = campaign_to(json!([
            {"phoneNumber": "07700 900001"},
            {"phoneNumber": "+447700900001"},
            {"phoneNumber": "1"},
        ]));
        let first = post(app, "/api/Campaigns/true", &body).await;
        assert_eq!(first.status, 201, "{}", first.text);
        for path in ["/api/Campaigns/true", "/API/campaigns/True"] {
            is_repeated(&first, &post(app, path, &body).await);
        }
        assert_eq!(campaigns(app).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    on_each_database(async |app| {
        let first = post(app, "/api/Campaigns", &campaign()).await;
        assert_eq!(first.status, 201, "{}", first.text);
        let other = campaign_with(&json!({"message": "Hello again"}));
        for (path, body) in [
            ("/api/Campaigns", &other),
            ("/api/Campaigns/true", &campaign()),
        ] {
            let problem = post(app, path, body).await.problem(422);
            assert_eq!(
                problem["type"],
                "urn:clarion:problem:idempotency-key-reused"
            );
        }
        assert_eq!(campaigns(app).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_one_to_255_visible_characters_and_given_once() {
    on_each_database(async |app| {
        let longest = "~".repeat(255);
        let fits = app.request(Method::POST, "/api/Campaigns");
        let fits = fits.header("Idempotency-Key", &longest).json(&campaign());
        assert_eq!(Answer::to(fits).await.status, 201);
        let make = || {
            app.request(Method::POST, "/api/Campaigns")
                .json(&campaign())
        };
        let not_ascii = HeaderValue::from_bytes("clé".as_bytes()).expect("a header");
        for request in [
            make().header("idempotency-key", ""),
            make().header("idempotency-key", "two words"),
            make().header("idempotency-key", format!("{longest}~")),
            make().header("idempotency-key", not_ascii),
            make()
                .header("idempotency-key", "a")
                .header("idempotency-key", "b"),
        ] {
            let problem = Answer::to(request).await.problem(400);
            let detail = problem["detail"].as_str().expect("a text");
            assert!(detail.contains("Idempotency-Key"), "{detail}");
        }
        assert_eq!(campaigns(app).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_has_an_effect() {
    on_each_database(async |app| {
        let body = campaign();
        let answers = join_all((0..20).map(|_| post(app, "/api/Campaigns", &body))).await;
        let made = campaigns(app).await;
        assert_eq!(made.len(), 1);
        let (done, waiting): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 201);
        assert!(!done.is_empty());
        for answer in done {
            assert_eq!(answer.json(), made[0]["id"]);
        }
        for answer in waiting {
            answer.problem(409);
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
    })
    .await;
}

/// Reserves the key for so many seconds, as a node would that then is not heard of again.
async fn reserved_elsewhere(app: &TestApp, seconds: u64) {
    let reserve = move |conn: &mut _| {
        let elsewhere = Reservation {
            client: FIRST_CLIENT,
            key: KEY.to_owned(),
            owner: "another node".to_owned(),
        };
        idempotency::reserve(conn, &elsewhere, Duration::from_secs(seconds), now())
    };
    let reserved = app.store.write(reserve).await.expect("a reservation");
    assert_eq!(reserved, Reserved::Ours);
}

#[tokio::test]
async fn a_request_under_way_is_waited_for() {
    on_each_database(async |app| {
        reserved_elsewhere(app, 600).await;
        let answer = post(app, "/api/Campaigns", &campaign()).await;
        let problem = answer.problem(409);
        assert_eq!(problem["type"], "urn:clarion:problem:request-under-way");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_request_whose_node_died_is_carried_out() {
    on_each_database(async |app| {
        reserved_elsewhere(app, 0).await;
        let answer = post(app, "/api/Campaigns", &campaign()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        is_repeated(&answer, &post(app, "/api/Campaigns", &campaign()).await);
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    on_each_database(async |app| {
        let bad = campaign_with(&json!({"sender": ""}));
        for _ in 0..2 {
            post(app, "/api/Campaigns", &bad).await.problem(400);
        }
        post(app, "/api/Nothing", &bad).await.problem(404);
        let good = post(app, "/api/Campaigns", &campaign()).await;
        assert_eq!(good.status, 201, "{}", good.text);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_status_is_repeated_without_effect() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        let pause = format!("/api/Campaigns/{id}/Pause");
        let pausing = || Answer::to(request(app, &pause).body("{}"));
        let first = pausing().await;
        assert_eq!(first.status, 204, "{}", first.text);
        assert_eq!(
            app.act(&format!("/api/Campaigns/{id}/Resume")).await.status,
            204
        );
        is_repeated(&first, &pausing().await);
        let campaign = app.get(&format!("/api/Campaigns/{id}")).await.json();
        assert_eq!(campaign["status"], 0);
        Answer::to(request(app, &pause)).await.problem(422);
    })
    .await;
}

#[tokio::test]
async fn the_alias_of_put_is_repeated_without_effect() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let first = post(app, &path, &campaign_with(&json!({"sender": "FIRST"}))).await;
        assert_eq!(first.status, 204, "{}", first.text);
        app.put(&path, &campaign_with(&json!({"sender": "SECOND"})))
            .await;
        let again = post(app, &path, &campaign_with(&json!({"sender": "FIRST"}))).await;
        is_repeated(&first, &again);
        assert_eq!(app.get(&path).await.json()["sender"], "SECOND");
    })
    .await;
}

#[tokio::test]
async fn a_message_is_sent_once() {
    on_each_database(async |app| {
        let body = json!({"message": "Hi", "sender": "ACME", "phoneNumber": "07700 900001"});
        let first = post(app, "/api/SMSMessages", &body).await;
        assert_eq!(first.status, 201, "{}", first.text);
        is_repeated(&first, &post(app, "/api/SMSMessages", &body).await);
        let list = app.get("/api/SMSMessages").await.json();
        assert_eq!(list["totalRecords"], 1);
    })
    .await;
}

#[tokio::test]
async fn contacts_are_added_once_and_parameters_count_but_for_the_key() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}/Contacts", app.create(&campaign()).await);
        let body = json!([{"phoneNumber": "07700 900003"}, {"phoneNumber": "1"}]);
        let choosing = format!("{path}?ignoreInvalidPhoneNumbers=true");
        let first = post(app, &choosing, &body).await;
        assert_eq!(
            (first.status, first.json()["added"].clone()),
            (200, json!(1))
        );
        is_repeated(&first, &post(app, &choosing, &body).await);
        let with_key = format!("{choosing}&api-key={}", app.key.as_str());
        is_repeated(&first, &post(app, &with_key, &body).await);
        post(app, &path, &body).await.problem(422);
        assert_eq!(app.get(&path).await.json()["totalRecords"], 3);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_shown_to_whom_it_may_be_shown() {
    on_each_database(async |app| {
        app.add_key(&key(1), FIRST_CLIENT, &["campaigns:read"])
            .await;
        app.add_key(&key(2), OTHER_CLIENT, &["admin"]).await;
        let first = post(app, "/api/Campaigns", &campaign()).await;
        let by = |n: u8| {
            let request = app
                .anonymous(Method::POST, "/api/Campaigns")
                .bearer_auth(key(n).as_str())
                .header("idempotency-key", KEY)
                .json(&campaign());
            Answer::to(request)
        };
        by(1).await.problem(403);
        let theirs = by(2).await;
        assert_eq!(theirs.status, 201, "{}", theirs.text);
        assert_ne!(theirs.text, first.text);
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_lost_its_connection_learns_what_became_of_its_request() {
    on_each_database(async |app| {
        let body = campaign().to_string();
        let headers = format!("idempotency-key: {KEY}\r\ncontent-length: {}", body.len());
        let mut wire = Wire::open(app, &headers).await;
        wire.send(body.as_bytes()).await;
        drop(wire);
        let repeat = || request(app, "/api/Campaigns").header("content-type", "application/json");
        let mut again = Answer::to(repeat().body(body.clone())).await;
        while again.status == 409 {
            again = Answer::to(repeat().body(body.clone())).await;
        }
        assert_eq!(again.status, 201, "{}", again.text);
        let made = campaigns(app).await;
        assert_eq!(made.len(), 1);
        assert_eq!(again.json(), made[0]["id"]);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_off_frees_its_key() {
    on_each_database(async |app| {
        let headers = format!("idempotency-key: {KEY}\r\ncontent-length: 1000");
        let mut wire = Wire::open(app, &headers).await;
        wire.send(b"{\"sender\": \"ACME\"").await;
        wire.hang_up().await;
        let answer = wire.answer().await;
        assert!(!answer.contains(" 201 "), "{answer}");
        let mut again = post(app, "/api/Campaigns", &campaign()).await;
        while again.status == 409 {
            again = post(app, "/api/Campaigns", &campaign()).await;
        }
        assert_eq!(again.status, 201, "{}", again.text);
    })
    .await;
}

/// The answer is in the database with its effect, and not in the memory of the node that gave it.
#[tokio::test]
async fn another_node_knows_the_answer() {
    for database in [Some(sqlite().await), postgres().await]
        .into_iter()
        .flatten()
    {
        let app = TestApp::start(database, Setup::default()).await;
        let first = post(&app, "/api/Campaigns", &campaign()).await;
        let other = TestApp::bind(&app.database, Setup::default()).expect("a free port");
        let url = format!("http://{}/api/Campaigns", other.local_addr());
        let again = app
            .request_to(Method::POST, &url)
            .header("idempotency-key", KEY)
            .json(&campaign());
        is_repeated(&first, &Answer::to(again).await);
        assert_eq!(campaigns(&app).await.len(), 1);
        other.stop().await.expect("a clean stop");
        app.stop().await;
    }
}
