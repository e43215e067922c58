//! Tracked links, as phones follow them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clarion_domain::link::LinkKind;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use clarion_http::HttpSettings;

use crate::support::{NOW, Setup, TestApp, campaign, campaign_with, links, on_each_database, with};

/// How long a click may take to be written down.
const DEADLINE: Duration = Duration::from_secs(20);

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
async fn utm_parameters_are_added_to_the_address_that_a_link_leads_to() {
    on_each_database(async |app| {
        let utm = json!({"source": "sms", "campaign": "Été", "term": " ", "id": 7});
        let target = "https://example.com/?utm_source=own#top";
        let body = json!({"trackLinkUrl": target, "utm": utm});
        let id = app.create(&campaign_with(&body)).await;
        let path = format!("/t/{}", code(LinkKind::Track));
        let answer = follow(app, Method::GET, &path).await;
        let to = header(&answer, "location");
        assert_eq!(
            to,
            "https://example.com/?utm_source=own&utm_campaign=%C3%89t%C3%A9#top"
        );
        let address = format!("/api/Campaigns/{id}");
        let shown = app.get(&address).await.json();
        assert_eq!(shown["trackLinkUrl"], target);
        let expected = json!({
            "source": "sms", "medium": null, "campaign": "Été", "term": null, "content": null,
        });
        assert_eq!(shown["utm"], expected);
        let found = app
            .get("/api/Campaigns?filters=utm@=utm_source%3Dsms")
            .await;
        assert_eq!(found.json()["totalRecords"], 1);
        for (utm, url, path, message) in [
            (json!("sms"), target, "utm", "must be an object"),
            (
                json!({"source": 7}),
                target,
                "utm.source",
                "must be a string",
            ),
            (
                json!({"term": "a\nb"}),
                target,
                "utm.term",
                "must be at most 200 characters in one line",
            ),
            (json!({"source": "sms"}), "", "utm", "needs a trackLinkUrl"),
        ] {
            let body = campaign_with(&json!({"trackLinkUrl": url, "utm": utm}));
            for answer in [
                app.post("/api/Campaigns", &body).await,
                app.put(&address, &body).await,
            ] {
                answer.has_fault(path, message);
            }
        }
        let without = campaign_with(&json!({"trackLinkUrl": target, "utm": {}}));
        assert_eq!(app.put(&address, &without).await.status, 204);
        assert_eq!(app.get(&address).await.json()["utm"], json!(null));
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

/// Follows the link of the first contact with these headers.
async fn click(address: SocketAddr, method: Method, headers: &[(&'static str, &str)]) {
    let client = Client::builder().redirect(Policy::none()).build();
    let url = format!("http://{address}/t/{}", code(LinkKind::Track));
    let mut request = client.expect("a client").request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    assert_eq!(request.send().await.expect("an answer").status(), 302);
}

/// The clicks of a campaign, the oldest first, as soon as there are so many.
async fn clicks(app: &TestApp, id: &str, count: u64) -> Vec<Value> {
    let until = Instant::now() + DEADLINE;
    loop {
        let path = format!("/api/Campaigns/{id}/Clicks?sorts=id");
        let page = app.get(&path).await.json();
        if page["totalRecords"] == count {
            return page["items"].as_array().expect("items").clone();
        }
        assert!(Instant::now() < until, "{page}");
    }
}

#[tokio::test]
async fn each_click_is_kept_and_counted() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        let forwarded = ("x-forwarded-for", "198.51.100.1");
        let phone = [("user-agent", "Phone"), forwarded];
        click(app.address, Method::GET, &phone).await;
        click(app.address, Method::GET, &phone).await;
        click(app.address, Method::HEAD, &phone).await;
        click(app.address, Method::GET, &[("user-agent", "")]).await;
        let clicks = clicks(app, &id, 4).await;
        let column =
            |name: &str| -> Vec<Value> { clicks.iter().map(|click| click[name].clone()).collect() };
        assert_eq!(column("class"), ["human", "human", "head", "bot"]);
        assert_eq!(column("rule"), ["", "", "head", "no-user-agent"]);
        let first = &clicks[0];
        assert_eq!(first["phoneNumber"], "+447700900001");
        assert_eq!(first["clickedDateTime"], NOW);
        assert_eq!(first["userAgent"], "Phone");
        assert_eq!(first["network"], "127.0.0.0/24", "no proxy is trusted");
        let contacts = format!("/api/Campaigns/{id}/Contacts?filters=clicks>1");
        let contacts = app.get(&contacts).await.json();
        assert_eq!(contacts["totalRecords"], 1);
        assert_eq!(contacts["items"][0]["id"], first["contactId"]);
        let campaign = app.get(&format!("/api/Campaigns/{id}")).await.json();
        let counts = json!({
            "people": 1, "human": 2, "preview": 0, "bot": 1, "prefetch": 0, "head": 1, "tooSoon": 0,
        });
        assert_eq!(campaign["clicks"], counts);
    })
    .await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_a_click_comes_from_whom_it_passes_on() {
    let setup = || Setup {
        http: HttpSettings {
            trusted_proxies: vec!["127.0.0.1".parse().expect("a network")],
            ..Setup::default().http
        },
        ..Setup::default()
    };
    with(setup, async |app| {
        let id = app.create(&campaign()).await;
        let forwarded = ("x-forwarded-for", "10.9.8.7, 198.51.100.1");
        click(app.address, Method::GET, &[forwarded]).await;
        let clicks = clicks(app, &id, 1).await;
        assert_eq!(clicks[0]["network"], "198.51.100.0/24");
    })
    .await;
}

#[tokio::test]
async fn a_stop_loses_no_click() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        let other = TestApp::bind(&app.database, Setup::default()).expect("a free port");
        for _ in 0..5 {
            click(other.local_addr(), Method::GET, &[]).await;
        }
        other.stop().await.expect("a clean stop");
        let path = format!("/api/Campaigns/{id}/Clicks");
        assert_eq!(app.get(&path).await.json()["totalRecords"], 5);
    })
    .await;
}
