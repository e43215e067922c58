//! What a client sets about replies.

use std::collections::BTreeMap;
use std::sync::Arc;

use clarion_domain::opt_out::{KeywordRules, Language, Words};
use serde_json::{Value, json};

use crate::support::{OTHER_CLIENT, Setup, TestApp, key, with};

const ADDRESS: &str = "/api/OptOutSettings";

fn setup() -> Setup {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let language = |help_text: &str| Language {
        stop_text: "You are out.".to_owned(),
        help_text: help_text.to_owned(),
        ..Language::default()
    };
    let mut setup = Setup::default();
    setup.engine.keywords = Arc::new(KeywordRules {
        words: Words {
            stop: words(&["stop", "quit"]),
            help: words(&["help"]),
            ..Words::default()
        },
        languages: BTreeMap::from([
            ("de".to_owned(), language("Schreib STOP.")),
            ("en".to_owned(), language("Write STOP.")),
        ]),
        ..KeywordRules::default()
    });
    setup
}

async fn shown(app: &TestApp) -> Value {
    let shown = app.get(ADDRESS).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.json()
}

#[tokio::test]
async fn what_is_set_is_shown_with_what_comes_of_it_and_taken_back() {
    with(setup, async |app| {
        let usual = shown(app).await;
        assert_eq!(usual["language"], "en");
        assert_eq!(
            (&usual["scope"], &usual["confirmation"]),
            (&json!("client"), &json!(true))
        );
        assert_eq!(usual["helpText"], Value::Null);
        assert_eq!(usual["inForce"]["helpText"], "Write STOP.");
        assert_eq!(usual["languages"], json!(["de", "en"]));
        let wanted = json!({
            "language": "de", "scope": "sender", "confirmation": false, "brand": "Acme",
            "stopWords": ["stop", "Schluss"], "stopText": "Acme: weg.",
        });
        let set = app.put(ADDRESS, &wanted).await;
        assert_eq!(set.status, 204, "{}", set.text);
        let now = shown(app).await;
        for (name, value) in wanted.as_object().unwrap() {
            assert_eq!(now[name], *value, "{name}");
        }
        assert_eq!(now["inForce"]["stopWords"], json!(["stop", "Schluss"]));
        assert_eq!(now["inForce"]["helpWords"], json!(["help"]));
        assert_eq!(now["inForce"]["stopText"], "Acme: weg.");
        assert_eq!(now["inForce"]["helpText"], "Acme: Schreib STOP.");
        assert_eq!(app.delete(ADDRESS).await.status, 204);
        assert_eq!(shown(app).await, usual);
    })
    .await;
}

#[tokio::test]
async fn what_must_not_hold_is_refused() {
    with(setup, async |app| {
        for (body, property, message) in [
            (json!({"language": "xx"}), "language", "one of de, en"),
            (
                json!({"helpText": "Write STOP."}),
                "helpText",
                "needs a brand",
            ),
            (
                json!({"brand": "Acme", "helpText": "Write STOP."}),
                "helpText",
                "name the brand",
            ),
            (
                json!({"brand": "Acme", "helpText": format!("Acme {}", "x".repeat(500))}),
                "helpText",
                "segments",
            ),
            (json!({"stopWords": ["halt"]}), "stopWords", "the word stop"),
            (
                json!({"stopWords": "stop"}),
                "stopWords",
                "an array of strings",
            ),
            (
                json!({"helpWords": ["quit"]}),
                "helpWords",
                "stands in stopWords",
            ),
        ] {
            app.put(ADDRESS, &body).await.has_fault(property, message);
        }
        assert_eq!(shown(app).await["brand"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn each_client_has_its_own() {
    with(setup, async |app| {
        app.add_key(&key(9), OTHER_CLIENT, &["contacts:read"]).await;
        assert_eq!(
            app.put(ADDRESS, &json!({"brand": "Acme"})).await.status,
            204
        );
        let as_other = app
            .anonymous(reqwest::Method::GET, ADDRESS)
            .bearer_auth(key(9).as_str());
        let others = crate::support::Answer::to(as_other).await.json();
        assert_eq!(others["brand"], Value::Null);
        let as_other = app
            .anonymous(reqwest::Method::DELETE, ADDRESS)
            .bearer_auth(key(9).as_str());
        crate::support::Answer::to(as_other).await.problem(403);
    })
    .await;
}
