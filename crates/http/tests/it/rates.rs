//! How fast requests may come.

use clarion_domain::client::FIRST_CLIENT;
use futures_util::future::join_all;
use reqwest::Method;

use crate::support::{Answer, Setup, TestApp, key, with};

fn setup(requests_per_second: u32, request_burst: u32, refused_keys_per_minute: u32) -> Setup {
    let mut setup = Setup::default();
    setup.http.requests_per_second = requests_per_second;
    setup.http.request_burst = request_burst;
    setup.http.refused_keys_per_minute = refused_keys_per_minute;
    setup
}

async fn list_with(app: &TestApp, text: &str) -> Answer {
    let list = app.anonymous(Method::GET, "/api/Campaigns");
    Answer::to(list.bearer_auth(text)).await
}

#[tokio::test]
async fn a_key_that_asks_too_fast_is_told_to_wait() {
    with(
        || setup(1, 2, 0),
        async |app| {
            app.add_key(&key(1), FIRST_CLIENT, &["admin"]).await;
            let first = app.get("/api/Campaigns").await;
            assert_eq!(first.status, 200);
            assert_eq!(first.header("ratelimit-policy"), Some(r#""key";q=2;w=2"#));
            assert_eq!(first.header("ratelimit"), Some(r#""key";r=1;t=1"#));
            let answers = join_all((0..30).map(|_| app.get("/api/Campaigns"))).await;
            let refused = answers.iter().find(|answer| answer.status != 200);
            let refused = refused.expect("30 requests are more than 2 and one a second");
            let problem = refused.problem(429);
            assert_eq!(problem["type"], "urn:clarion:problem:too-many-requests");
            assert_eq!(refused.header("retry-after"), Some("1"));
            assert_eq!(refused.header("ratelimit"), Some(r#""key";r=0;t=2"#));
            assert_eq!(list_with(app, key(1).as_str()).await.status, 200);
        },
    )
    .await;
}

#[tokio::test]
async fn without_a_limit_nothing_is_told_of_one() {
    with(
        || setup(0, 0, 0),
        async |app| {
            let answer = app.get("/api/Campaigns").await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("ratelimit"), None);
        },
    )
    .await;
}

#[tokio::test]
async fn refused_keys_are_limited_by_address_and_good_ones_are_not() {
    with(
        || setup(0, 0, 1),
        async |app| {
            let unknown = key(2);
            let refusals = (0..10).map(|_| list_with(app, unknown.as_str()));
            let refusals = join_all(refusals).await;
            let limited = refusals.iter().find(|answer| answer.status == 429);
            let limited = limited.expect("10 at once are more than 1 a minute");
            limited.problem(429);
            assert!(limited.header("retry-after").is_some());
            assert!(refusals.iter().any(|answer| answer.status == 401));
            let without = Answer::to(app.anonymous(Method::GET, "/api/Campaigns")).await;
            without.problem(401);
            assert_eq!(app.get("/api/Campaigns").await.status, 200);
        },
    )
    .await;
}
