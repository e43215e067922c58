//! Who may ask: the three ways to give a key, and what happens without a good one.

use clarion_domain::client::FIRST_CLIENT;
use clarion_persistence::api_keys;
use reqwest::Method;

use crate::support::{Answer, TestApp, campaign, key, now, on_each_database};

#[tokio::test]
async fn a_key_is_taken_in_three_ways() {
    on_each_database(async |app| {
        let key = app.key.as_str();
        let list = || app.anonymous(Method::GET, "/api/Campaigns");
        let in_query = app.anonymous(Method::GET, &format!("/api/Campaigns?page=1&api-key={key}"));
        for request in [
            list().bearer_auth(key),
            list().header("authorization", format!("bearer  {key} ")),
            list().header("api-key", key),
            list()
                .header("Api-Key", key)
                .basic_auth("user", Some("password")),
            in_query,
        ] {
            assert_eq!(Answer::to(request).await.status, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_known_key_nothing_is_answered() {
    on_each_database(async |app| {
        let revoked = key(1);
        let id = app.add_key(&revoked, FIRST_CLIENT, &["admin"]).await;
        let revoke = move |conn: &mut _| api_keys::revoke(conn, FIRST_CLIENT, id, now());
        app.store.write(revoke).await.expect("a revoked key");
        let list = || app.anonymous(Method::GET, "/api/Campaigns");
        for (request, detail) in [
            (list(), "no API key is given"),
            (
                list().basic_auth("user", Some("password")),
                "no API key is given",
            ),
            (list().bearer_auth("secret"), "is not an API key"),
            (list().bearer_auth(""), "no API key is given"),
            (
                list().header("api-key", &app.key.as_str()[..41]),
                "mistyped or cut off",
            ),
            (list().bearer_auth(key(2).as_str()), "unknown or revoked"),
            (list().bearer_auth(revoked.as_str()), "unknown or revoked"),
        ] {
            let answer = Answer::to(request).await;
            let problem = answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            let told = problem["detail"].as_str().expect("a text");
            assert!(told.contains(detail), "{told}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_not_ask_learns_nothing_else_about_the_request() {
    on_each_database(async |app| {
        for (method, path) in [
            (Method::GET, "/api/Campaigns?page=0"),
            (Method::GET, "/api/Campaigns/no-id"),
            (Method::POST, "/api/Campaigns"),
            (Method::DELETE, "/api/Campaigns/no-id"),
            (Method::GET, "/api/Nothing"),
        ] {
            Answer::to(app.anonymous(method, path)).await.problem(401);
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        for (n, scopes, may_read, may_write) in [
            (1, &["campaigns:read"][..], true, false),
            (2, &["campaigns:write"], false, true),
            (3, &["campaigns:read", "campaigns:write"], true, true),
            (4, &["admin"], true, true),
            (
                5,
                &["messages:send", "contacts:read", "contacts:write"],
                false,
                false,
            ),
            (6, &["from:the:future"], false, false),
            (7, &[], false, false),
        ] {
            app.add_key(&key(n), FIRST_CLIENT, scopes).await;
            check_reads(app, n, &id, may_read).await;
            check_writes(app, n, &id, may_write).await;
        }
    })
    .await;
}

async fn check_reads(app: &TestApp, n: u8, id: &str, allowed: bool) {
    for path in [
        "/api/Campaigns".to_owned(),
        format!("/api/Campaigns/{id}"),
        format!("/api/Campaigns/{id}/Contacts"),
        format!("/api/Campaigns/{id}/InvalidContacts"),
    ] {
        let request = app
            .anonymous(Method::GET, &path)
            .bearer_auth(key(n).as_str());
        let answer = Answer::to(request).await;
        if allowed {
            assert_eq!(answer.status, 200, "{path}");
        } else {
            let detail = answer.problem(403)["detail"].clone();
            assert_eq!(detail, "the API key lacks the scope campaigns:read");
        }
    }
}

/// Each of these is told apart from a refusal by its answer about a campaign that does not exist, so that nothing changes.
async fn check_writes(app: &TestApp, n: u8, id: &str, allowed: bool) {
    let other = id.replace('7', "8");
    for (method, path) in [
        (Method::PUT, format!("/api/Campaigns/{other}")),
        (Method::POST, format!("/api/Campaigns/{other}")),
        (Method::DELETE, format!("/api/Campaigns/{other}")),
        (Method::POST, format!("/api/Campaigns/{other}/Pause")),
        (Method::POST, format!("/api/Campaigns/{other}/Resume")),
        (Method::POST, format!("/api/Campaigns/{other}/Cancel")),
    ] {
        let request = app.anonymous(method, &path).bearer_auth(key(n).as_str());
        let answer = Answer::to(request.json(&campaign())).await;
        answer.problem(if allowed { 404 } else { 403 });
    }
    for path in ["/api/Campaigns", "/api/Campaigns/true"] {
        let request = app
            .anonymous(Method::POST, path)
            .bearer_auth(key(n).as_str());
        let answer = Answer::to(request.json(&campaign())).await;
        assert_eq!(answer.status, if allowed { 201 } else { 403 });
    }
}
