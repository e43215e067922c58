//! Addresses: without regard to case, ids as they are.

use reqwest::Method;

use crate::support::{Answer, campaign, on_each_database};

#[tokio::test]
async fn words_are_matched_without_regard_to_case_and_ids_as_they_are() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        for (path, status) in [
            ("/api/Campaigns".to_owned(), 200),
            ("/API/CAMPAIGNS?PageSize=1".to_owned(), 200),
            ("/api/campaigns/".to_owned(), 200),
            (format!("/Api/cAmpaigns/{id}"), 200),
            (format!("/api/Campaigns/{id}/CONTACTS?page=1"), 200),
            (format!("/api/Campaigns/{id}/invalidContacts/"), 200),
            (format!("/api/Campaigns/{}", id.to_uppercase()), 404),
            (format!("/api/Campaigns/{}", id.replace('-', "")), 404),
            ("/api//Campaigns".to_owned(), 404),
        ] {
            let answer = app.get(&path).await;
            assert_eq!(answer.status, status, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_address_is_a_problem() {
    on_each_database(async |app| {
        for path in [
            "/",
            "/api",
            "/api/Campaign",
            "/api/Campaigns/1/2",
            "/api/Campaigns/1/Contacts/2",
            "/x",
        ] {
            let problem = app.get(path).await.problem(404);
            assert_eq!(problem["type"], "urn:clarion:problem:no-address", "{path}");
            assert_eq!(problem["instance"], path);
        }
    })
    .await;
}

#[tokio::test]
async fn another_method_is_a_problem_that_names_those_there_are() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        for (method, path, allowed) in [
            (
                Method::DELETE,
                "/api/Campaigns".to_owned(),
                &["GET", "HEAD", "POST"][..],
            ),
            (
                Method::PATCH,
                format!("/api/Campaigns/{id}"),
                &["GET", "HEAD", "PUT", "POST", "DELETE"],
            ),
            (Method::GET, "/api/Campaigns/true".to_owned(), &["POST"]),
            (Method::PUT, "/api/Campaigns/Preview".to_owned(), &["POST"]),
            (
                Method::PUT,
                format!("/api/Campaigns/{id}/Contacts"),
                &["GET", "HEAD", "POST"],
            ),
            (Method::GET, format!("/api/Campaigns/{id}/Pause"), &["POST"]),
            (Method::POST, "/health/live".to_owned(), &["GET", "HEAD"]),
        ] {
            let answer = Answer::to(app.request(method, &path)).await;
            answer.problem(405);
            let allow = answer.header("allow").expect("an Allow header");
            let mut methods: Vec<_> = allow.split(',').map(str::trim).collect();
            methods.sort_unstable();
            let mut allowed = allowed.to_vec();
            allowed.sort_unstable();
            assert_eq!(methods, allowed, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn health_is_open_to_everyone() {
    on_each_database(async |app| {
        for (path, body) in [
            ("/health/live", r#"{"status":"live"}"#),
            ("/Health/Ready", r#"{"status":"ready","alarms":[]}"#),
        ] {
            let answer = Answer::to(app.anonymous(Method::GET, path)).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, body));
        }
    })
    .await;
}
