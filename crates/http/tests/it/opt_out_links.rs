//! Opt-out links, and the page behind them as phones see it.

use clarion_domain::link::LinkKind;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::support::{
    Answer, NOW, OTHER_CLIENT, TestApp, campaign_with, key, links, on_each_database,
};

async fn make(app: &TestApp, body: &Value) -> i64 {
    let made = app.post("/api/OptOutLinks", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json().as_i64().expect("a number");
    let address = format!("/api/OptOutLinks/{id}");
    assert_eq!(made.header("location"), Some(address.as_str()));
    id
}

/// The page of the first contact of the only campaign.
fn page() -> String {
    let recipient = RecipientKey {
        campaign: CampaignKey(1),
        seq: 1,
    };
    format!("/o/{}", links().code(LinkKind::OptOut, recipient))
}

async fn open(app: &TestApp, method: Method, path: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build();
    let url = format!("http://{}{path}", app.address);
    let request = client.expect("a client").request(method, url);
    request.send().await.expect("an answer")
}

async fn shown(app: &TestApp) -> String {
    let answer = open(app, Method::GET, &page()).await;
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("a page")
}

#[tokio::test]
async fn an_opt_out_link_is_made_shown_changed_and_deleted() {
    on_each_database(async |app| {
        let id = make(
            app,
            &json!({"name": " Offers ", "colour": "#0A7A5C", "scope": "sender"}),
        )
        .await;
        let address = format!("/api/OptOutLinks/{id}");
        let link = app.get(&address).await.json();
        let expected = json!({
            "id": id, "name": "Offers", "title": null, "text": null, "language": "en", "scope": "sender",
            "colour": "#0a7a5c", "logoText": null, "createdAt": NOW,
        });
        assert_eq!(link, expected);
        let changed = app
            .put(&address, &json!({"name": "Angebote", "language": "de"}))
            .await;
        assert_eq!(changed.status, 204);
        let found = "/api/OptOutLinks?filters=language==de,colour==null&sorts=-name";
        let found = app.get(found).await.json();
        assert_eq!(found["items"][0]["name"], "Angebote");
        for (body, path) in [
            (json!({}), "name"),
            (json!({"name": "x", "language": "xx"}), "language"),
            (json!({"name": "x", "colour": "red"}), "colour"),
        ] {
            app.post("/api/OptOutLinks", &body).await.has_fault(path, "");
            app.put(&address, &body).await.has_fault(path, "");
        }
        assert_eq!(app.delete(&address).await.status, 204);
        for gone in [app.get(&address).await, app.delete(&address).await] {
            gone.problem(404);
        }
        assert_eq!(app.get("/api/OptOutLinks").await.json()["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_campaign_names_a_link_of_its_own_client() {
    on_each_database(async |app| {
        let id = make(app, &json!({"name": "Offers"})).await;
        let body = campaign_with(&json!({"optOutLinkId": id, "trackLinkUrl": null}));
        let preview = app.post("/api/Campaigns/Preview", &body).await.json();
        let sample = preview["samples"][0]["message"].as_str().expect("a text");
        assert!(
            sample.starts_with("Hello Ann https://c.example/o/"),
            "{sample}"
        );
        let campaign = format!("/api/Campaigns/{}", app.create(&body).await);
        assert_eq!(app.get(&campaign).await.json()["optOutLinkId"], id);
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        for path in ["/api/Campaigns", "/api/Campaigns/Preview"] {
            let request = app.anonymous(Method::POST, path);
            let request = request.bearer_auth(key(9).as_str()).json(&body);
            let refused = Answer::to(request).await;
            refused.has_fault("optOutLinkId", "names no opt-out link of this client");
        }
        assert_eq!(app.put(&campaign, &body).await.status, 204);
        app.delete(&format!("/api/OptOutLinks/{id}")).await;
        for refused in [
            app.post("/api/Campaigns", &body).await,
            app.put(&campaign, &body).await,
        ] {
            refused.has_fault("optOutLinkId", "names no opt-out link of this client");
        }
    })
    .await;
}

#[tokio::test]
async fn a_recipient_opts_out_by_the_page_and_takes_it_back() {
    on_each_database(async |app| {
        let id = make(app, &json!({"name": "Offers", "logoText": "Acme & Sons"})).await;
        app.create(&campaign_with(&json!({"optOutLinkId": id})))
            .await;
        let before = shown(app).await;
        assert!(before.contains("+44•••••••001") && before.contains("Acme &amp; Sons"));
        assert!(
            before.contains("<form method=\"post\" action=\"\">"),
            "{before}"
        );
        assert_eq!(app.get("/api/OptOuts").await.json()["totalRecords"], 0);
        for _ in 0..2 {
            let done = open(app, Method::POST, &page()).await;
            assert_eq!(done.status(), 303);
            let back = done.headers()["location"].to_str().expect("an address");
            assert_eq!(format!("/o/{back}"), page());
        }
        let opt_outs = app.get("/api/OptOuts").await.json();
        assert_eq!(opt_outs["totalRecords"], 1);
        let opt_out = &opt_outs["items"][0];
        assert_eq!(opt_out["phoneNumber"], "+447700900001");
        assert_eq!(
            (&opt_out["source"], &opt_out["scope"]),
            (&json!("link"), &json!("client"))
        );
        assert!(shown(app).await.contains("action=\"?undo=true\""));
        for _ in 0..2 {
            let undone = open(app, Method::POST, &format!("{}?undo=true", page())).await;
            assert_eq!(undone.status(), 303);
        }
        assert_eq!(app.get("/api/OptOuts").await.json()["totalRecords"], 0);
        assert_eq!(shown(app).await, before);
        let log = app.get("/api/OptOuts/History").await.json();
        assert_eq!(log["totalRecords"], 2);
    })
    .await;
}

#[tokio::test]
async fn the_page_outlives_the_campaign_and_the_link_and_is_nobody_elses_business() {
    on_each_database(async |app| {
        let id = make(
            app,
            &json!({"name": "Offers", "scope": "sender", "language": "fr"}),
        )
        .await;
        let campaign = app
            .create(&campaign_with(&json!({"optOutLinkId": id})))
            .await;
        app.delete(&format!("/api/Campaigns/{campaign}")).await;
        app.delete(&format!("/api/OptOutLinks/{id}")).await;
        let answer = open(app, Method::GET, &page()).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(answer.headers()[name], value);
        }
        let may = answer.headers()["content-security-policy"].to_str();
        assert!(may.expect("a policy").starts_with("default-src 'none'"));
        assert!(answer.text().await.expect("a page").contains("lang=\"fr\""));
        open(app, Method::POST, &page()).await;
        let opt_out = &app.get("/api/OptOuts").await.json()["items"][0];
        assert_eq!(
            (&opt_out["scope"], &opt_out["sender"]),
            (&json!("sender"), &json!("ACME"))
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_opt_out_link_leads_nowhere_and_changes_nothing() {
    on_each_database(async |app| {
        app.create(&campaign_with(&json!({}))).await;
        let without_link = page();
        for path in [&*without_link, "/o/x", "/o/11111111111"] {
            for method in [Method::GET, Method::POST] {
                let answer = open(app, method, path).await;
                assert_eq!(answer.status(), 404, "{path}");
                assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
            }
        }
        let mut status = reqwest::StatusCode::NOT_FOUND;
        for _ in 0..100 {
            status = open(app, Method::POST, "/o/x").await.status();
            if status != 404 {
                break;
            }
        }
        assert_eq!(status, 429);
        assert_eq!(app.get("/api/OptOuts").await.json()["totalRecords"], 0);
    })
    .await;
}
