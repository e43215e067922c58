//! Tracked links, as phones follow them.

use clarion_domain::link::LinkKind;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::json;

use crate::support::{TestApp, campaign_with, links, on_each_database};

/// The code of the first contact of the only campaign.
fn code(kind: LinkKind) -> String {
    let recipient = RecipientKey {
        campaign: CampaignKey(1),
        seq: 1,
    };
    links().code(kind, recipient)
}

async fn follow(app: &TestApp, method: Method, path: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build();
    let url = format!("http://{}{path}", app.address);
    let request = client.expect("a client").request(method, url);
    request.send().await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name).expect(name);
    value.to_str().expect("a text")
}

#[tokio::test]
async fn a_tracked_link_leads_to_the_campaigns_address_and_nowhere_else() {
    on_each_database(async |app| {
        let target = "https://example.com/ß?a=1";
        app.create(&campaign_with(&json!({ "trackLinkUrl": target })))
            .await;
        let path = format!("/t/{}", code(LinkKind::Track));
        for method in [Method::GET, Method::HEAD] {
            let query = format!("{path}?url=https://evil.example");
            let answer = follow(app, method, &query).await;
            assert_eq!(answer.status(), 302);
            let to = header(&answer, "location");
            assert_eq!(to, "https://example.com/%C3%9F?a=1");
            assert_eq!(header(&answer, "cache-control"), "no-store");
            assert_eq!(header(&answer, "referrer-policy"), "no-referrer");
            assert_eq!(header(&answer, "x-robots-tag"), "noindex");
        }
        let answer = follow(app, Method::POST, &path).await;
        assert_eq!(answer.status(), 405);
    })
    .await;
}

#[tokio::test]
async fn a_link_outlives_its_campaign() {
    on_each_database(async |app| {
        let id = app.create(&campaign_with(&json!({}))).await;
        app.delete(&format!("/api/Campaigns/{id}")).await;
        let path = format!("/t/{}", code(LinkKind::Track));
        let answer = follow(app, Method::GET, &path).await;
        assert_eq!(header(&answer, "location"), "https://example.com/offer");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_tracked_link_is_not_found_and_not_to_be_tried_for_long() {
    on_each_database(async |app| {
        app.create(&campaign_with(&json!({"trackLinkUrl": null})))
            .await;
        let without_address = code(LinkKind::Track);
        let of_another_kind = code(LinkKind::OptOut);
        for code in [&*without_address, &of_another_kind, "x", "11111111111"] {
            let answer = follow(app, Method::GET, &format!("/t/{code}")).await;
            assert_eq!(answer.status(), 404, "{code}");
        }
        let mut status = reqwest::StatusCode::NOT_FOUND;
        for _ in 0..100 {
            status = follow(app, Method::GET, "/t/x").await.status();
            if status != 404 {
                break;
            }
        }
        assert_eq!(status, 429);
    })
    .await;
}
