//! Section 2, its last lines: `Idempotency-Key`.

use std::time::Duration;

use chrono::TimeDelta;
use clarion_domain::client::FIRST_CLIENT;
use clarion_persistence::idempotency::{self, Reservation};
use reqwest::Method;
use serde_json::{Value, json};

use super::make;
use crate::support::{Answer, TestApp, campaign, campaign_with, now, on_each_database};

async fn post(app: &TestApp, key: &str, path: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, path);
    Answer::to(request.header("Idempotency-Key", key).json(body)).await
}

/// "`Idempotency-Key` on any POST: the same key with the same body answers the first answer again".
#[tokio::test]
async fn any_post_is_answered_with_the_first_answer_again() {
    on_each_database(async |app| {
        let path = make(app, json!({})).await;
        let message = json!({"message": "Hi", "sender": "ACME", "phoneNumber": "07722 123456"});
        let contacts = json!([{"phoneNumber": "07700 900009"}]);
        for (at, body) in [
            ("/api/Campaigns", &campaign()),
            ("/api/Campaigns/true", &campaign()),
            ("/api/SMSMessages", &message),
            (&*format!("{path}/Contacts"), &contacts),
            (&path, &campaign_with(&json!({"message": "New"}))),
        ] {
            let first = post(app, at, at, body).await;
            assert!(first.status < 300, "{at}: {}", first.text);
            let again = post(app, at, at, body).await;
            assert_eq!(
                (again.status, &again.text),
                (first.status, &first.text),
                "{at}"
            );
            for name in ["location", "x-invalid-contacts", "x-duplicate-contacts"] {
                assert_eq!(again.header(name), first.header(name), "{at}: {name}");
            }
        }
        assert_eq!(app.get("/api/Campaigns").await.json()["totalRecords"], 3);
        assert_eq!(app.get("/api/SMSMessages").await.json()["totalRecords"], 1);
        let contacts = app.get(&format!("{path}/Contacts")).await.json();
        assert_eq!(contacts["totalRecords"], 3);
    })
    .await;
}

/// "Kept 24 h."
#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    on_each_database(async |app| {
        let body = campaign();
        let post = || post(app, "one", "/api/Campaigns", &body);
        let first = post().await;
        for (later, campaigns) in [(-1, 1), (0, 2)] {
            let later = now() + TimeDelta::hours(24) + TimeDelta::milliseconds(later);
            let sweep = move |conn: &mut _| idempotency::sweep(conn, later);
            app.store.write(sweep).await.expect("a sweep");
            assert_eq!(post().await.text == first.text, campaigns == 1);
            let list = app.get("/api/Campaigns").await.json();
            assert_eq!(list["totalRecords"], campaigns);
        }
    })
    .await;
}

/// "with another body 422; while the first is under way 409".
#[tokio::test]
async fn another_body_is_refused_and_one_under_way_waited_for() {
    on_each_database(async |app| {
        let first = post(app, "one", "/api/Campaigns", &campaign()).await;
        assert_eq!(first.status, 201, "{}", first.text);
        let other = campaign_with(&json!({"message": "Other"}));
        let refused = post(app, "one", "/api/Campaigns", &other).await;
        refused.problem(422);

        let reserve = |conn: &mut _| {
            let elsewhere = Reservation {
                client: FIRST_CLIENT,
                key: "two".to_owned(),
                owner: "another node".to_owned(),
            };
            idempotency::reserve(conn, &elsewhere, Duration::from_secs(600), now())
        };
        app.store.write(reserve).await.expect("a reservation");
        let waiting = post(app, "two", "/api/Campaigns", &other).await;
        waiting.problem(409);
        assert_eq!(app.get("/api/Campaigns").await.json()["totalRecords"], 1);
    })
    .await;
}
