//! The shape of problems, and the request id.

use reqwest::Method;

use crate::support::{Answer, campaign_with, on_each_database};
use serde_json::json;

#[tokio::test]
async fn a_problem_has_its_properties_in_their_order() {
    on_each_database(async |app| {
        let body = campaign_with(&json!({"sender": "12", "message": null}));
        let answer = app.post("/API/campaigns?x=y", &body).await;
        insta::allow_duplicates! { insta::assert_snapshot!(
            answer.text,
            @r#"{"type":"urn:clarion:problem:invalid","title":"The request breaks rules","status":400,"detail":"there are 2 faults, listed in errors","instance":"/API/campaigns","errors":{"sender":["has 2 digits; a number or short code has 3 to 15"],"message":["is required"]}}"#
        ) };
    })
    .await;
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    on_each_database(async |app| {
        let long = "x".repeat(129);
        for (given, kept) in [
            (None, false),
            (Some("order-4711.a:b_c"), true),
            (Some("with space"), false),
            (Some("\"quoted\""), false),
            (Some(""), false),
            (Some(long.as_str()), false),
        ] {
            let mut request = app.request(Method::GET, "/api/Campaigns");
            if let Some(given) = given {
                request = request.header("x-request-id", given);
            }
            let answer = Answer::to(request).await;
            let id = answer.header("x-request-id").expect("an id");
            assert_eq!(Some(id) == given, kept, "{given:?}: {id}");
            assert!(kept || id.len() == 36, "{id}");
        }
    })
    .await;
}
