//! Another client's campaigns do not exist.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, OTHER_CLIENT, TestApp, campaign, key, on_each_database};

const OTHER_KEY: u8 = 9;

async fn as_other(app: &TestApp, method: Method, path: &str) -> Answer {
    let request = app
        .anonymous(method, path)
        .bearer_auth(key(OTHER_KEY).as_str());
    Answer::to(request.json(&campaign())).await
}

/// The answer without what names the id that was asked for.
fn about(answer: &Answer) -> Value {
    let mut problem = answer.problem(404);
    problem["instance"] = Value::Null;
    problem
}

#[tokio::test]
async fn an_id_of_another_client_is_answered_like_one_that_does_not_exist() {
    on_each_database(async |app| {
        app.add_key(&key(OTHER_KEY), OTHER_CLIENT, &["admin"]).await;
        let theirs = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let nobodys = "/api/Campaigns/01920000-0000-7000-8000-000000000000";
        let before = app.get(&theirs).await.json();
        for (method, part) in [
            (Method::GET, ""),
            (Method::GET, "/Contacts"),
            (Method::GET, "/InvalidContacts"),
            (Method::GET, "/Preview"),
            (Method::GET, "/Clicks"),
            (Method::PUT, ""),
            (Method::POST, ""),
            (Method::DELETE, ""),
            (Method::POST, "/Pause"),
            (Method::POST, "/Resume"),
            (Method::POST, "/Cancel"),
            (Method::POST, "/Contacts"),
        ] {
            let of_theirs = as_other(app, method.clone(), &format!("{theirs}{part}")).await;
            let of_nobodys = as_other(app, method.clone(), &format!("{nobodys}{part}")).await;
            assert_eq!(about(&of_theirs), about(&of_nobodys), "{method} {part}");
        }
        assert_eq!(app.get(&theirs).await.json(), before);
    })
    .await;
}

#[tokio::test]
async fn a_list_counts_what_is_the_callers() {
    on_each_database(async |app| {
        app.add_key(&key(OTHER_KEY), OTHER_CLIENT, &["admin"]).await;
        app.create(&campaign()).await;
        let list = as_other(app, Method::GET, "/api/Campaigns").await.json();
        assert_eq!(list["totalRecords"], 0);
        assert_eq!(
            as_other(app, Method::POST, "/api/Campaigns").await.status,
            201
        );
        let list = as_other(app, Method::GET, "/api/Campaigns").await.json();
        assert_eq!(list["totalRecords"], 1);
        assert_eq!(app.get("/api/Campaigns").await.json()["totalRecords"], 1);
    })
    .await;
}
