//! Section 1: the ground rules.

use reqwest::Method;
use serde_json::{Value, json};

use super::make;
use crate::create::post_text;
use crate::support::{
    Answer, OTHER_CLIENT, TestApp, campaign, campaign_to, campaign_with, key, on_each_database,
};

const OTHER: u8 = 21;
const READER: u8 = 22;

#[tokio::test]
async fn words_of_a_path_match_without_regard_to_case_and_ids_as_they_are() {
    on_each_database(async |app| {
        let path = make(app, json!({})).await;
        let id = path.rsplit('/').next().expect("an id");
        for base in ["/api/Campaigns", "/api/campaigns", "/API/CAMPAIGNS"] {
            assert_eq!(app.get(base).await.json()["totalRecords"], 1, "{base}");
            for part in ["contacts", "Contacts"] {
                assert_eq!(app.get(&format!("{base}/{id}/{part}")).await.status, 200);
            }
        }
        app.get(&format!("/api/Campaigns/{}", id.to_uppercase()))
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn bodies_are_json_and_what_is_unknown_in_them_is_ignored() {
    on_each_database(async |app| {
        make(app, json!({"unknown": {"x": [1]}, "Sender": 5})).await;
        post_text(app, "sender=ACME").await.problem(400);
        let request = app.request(Method::POST, "/api/Campaigns");
        let request = request
            .header("content-type", "application/xml")
            .body("<a/>");
        Answer::to(request).await.problem(415);
    })
    .await;
}

#[tokio::test]
async fn date_times_are_answered_in_utc_with_milliseconds() {
    on_each_database(async |app| {
        for (given, shown) in [
            ("2026-07-01T09:00:00", "2026-07-01T09:00:00.000Z"),
            ("2026-07-01T09:00:00.374+05:30", "2026-07-01T03:30:00.374Z"),
        ] {
            let path = make(app, json!({"startDateTime": given})).await;
            assert_eq!(app.get(&path).await.json()["startDateTime"], shown);
        }
    })
    .await;
}

#[tokio::test]
async fn ids_are_of_their_kind() {
    on_each_database(async |app| {
        let path = make(app, json!({})).await;
        let id = app.get(&path).await.json()["id"].clone();
        let id = id.as_str().expect("a string");
        assert_eq!((id.len(), &id[14..15]), (36, "7"), "a UUID of version 7");
        let contacts = app.get(&format!("{path}/Contacts")).await.json();
        assert!(contacts["items"][0]["id"].is_string(), "{contacts}");
    })
    .await;
}

#[tokio::test]
async fn a_key_comes_in_three_ways_and_needs_its_scope() {
    on_each_database(async |app| {
        let secret = app.key.as_str();
        let get = |path: &str| app.anonymous(Method::GET, path);
        for request in [
            get("/api/Campaigns").header("Authorization", format!("Bearer {secret}")),
            get("/api/Campaigns").header("api-key", secret),
            get(&format!("/api/Campaigns?api-key={secret}")),
        ] {
            assert_eq!(Answer::to(request).await.status, 200);
        }
        for request in [
            get("/api/Campaigns"),
            get("/api/Campaigns").bearer_auth(key(99).as_str()),
        ] {
            let answer = Answer::to(request).await;
            answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        app.add_key(&key(READER), OTHER_CLIENT, &["campaigns:read"])
            .await;
        let request = app.anonymous(Method::POST, "/api/Campaigns");
        let request = request.bearer_auth(key(READER).as_str()).json(&campaign());
        Answer::to(request).await.problem(403);
    })
    .await;
}

#[tokio::test]
async fn another_clients_id_is_answered_like_one_that_does_not_exist() {
    on_each_database(async |app| {
        app.add_key(&key(OTHER), OTHER_CLIENT, &["admin"]).await;
        let theirs = make(app, json!({})).await;
        let nobodys = "/api/Campaigns/01920000-0000-7000-8000-000000000000";
        let mut told = Vec::new();
        for path in [&theirs, nobodys] {
            let request = app
                .anonymous(Method::GET, path)
                .bearer_auth(key(OTHER).as_str());
            let mut problem = Answer::to(request).await.problem(404);
            problem["instance"] = Value::Null;
            told.push(problem);
        }
        assert_eq!(told[0], told[1]);
    })
    .await;
}

#[tokio::test]
async fn errors_are_listed_by_path_up_to_a_thousand() {
    on_each_database(async |app| {
        let good = json!({"phoneNumber": "07700900001"});
        let bad = json!({"phoneNumber": "07700"});
        let few = campaign_to(json!([good, good, good, bad]));
        let problem = app.post("/api/Campaigns", &few).await.problem(400);
        assert_eq!(
            problem["errors"],
            json!({"contacts[3].phoneNumber": ["is not a valid phone number: too short for GB"]})
        );
        assert_eq!(
            (&problem["errorsTruncated"], &problem["errorCount"]),
            (&Value::Null, &Value::Null)
        );

        let many = campaign_to(json!(vec![bad; 1_001]));
        let problem = app.post("/api/Campaigns", &many).await.problem(400);
        let listed = problem["errors"].as_object().map(serde_json::Map::len);
        assert_eq!(listed, Some(1_000));
        assert_eq!(problem["errorsTruncated"], true);
        assert_eq!(problem["errorCount"], 1_001);
    })
    .await;
}

#[tokio::test]
async fn a_post_at_the_address_of_put_never_deletes() {
    on_each_database(async |app: &TestApp| {
        let path = make(app, json!({})).await;
        let answer = app
            .post(&path, &campaign_with(&json!({"sender": "NEW"})))
            .await;
        assert_eq!(answer.status, 204);
        let bodiless = app.act(&path).await;
        let detail = bodiless.problem(405)["detail"].clone();
        assert!(
            detail.as_str().is_some_and(|text| text.contains("DELETE")),
            "{detail}"
        );
        assert_eq!(bodiless.header("allow"), Some("GET, HEAD, PUT, DELETE"));
        assert_eq!(app.get(&path).await.json()["sender"], "NEW");
    })
    .await;
}
