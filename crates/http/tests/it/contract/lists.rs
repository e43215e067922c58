//! Section 5: pages, filters, sorts.

use serde_json::{Value, json};

use super::{make, properties};
use crate::support::{TestApp, on_each_database};

/// Campaigns to tell apart: sender, message, contacts.
async fn some(app: &TestApp) {
    for (sender, message, contacts) in [
        ("Acme", "a sale, today", 3),
        ("Beta", "100% off_er", 1),
        ("acme", "an offer|more", 2),
        ("Null", "null", 1),
    ] {
        let to: Vec<Value> = (0..contacts)
            .map(|n| json!({"phoneNumber": format!("0770090000{n}")}))
            .collect();
        let link = (sender == "Beta").then_some("https://example.com/b");
        make(
            app,
            json!({"sender": sender, "message": message, "contacts": to, "trackLinkUrl": link}),
        )
        .await;
    }
}

/// The senders that a query finds, sorted by the list itself.
async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let list = app.get(&format!("/api/Campaigns?{query}")).await.json();
    let items = list["items"]
        .as_array()
        .unwrap_or_else(|| panic!("{query}: {list}"));
    let sender = |item: &Value| item["sender"].as_str().expect("a sender").to_owned();
    items.iter().map(sender).collect()
}

#[tokio::test]
async fn a_page_is_what_was_asked_for() {
    on_each_database(async |app| {
        some(app).await;
        let page = app.get("/api/Campaigns?PAGE=2&pagesize=3").await;
        assert_eq!(
            properties(&page.text)[..4],
            ["pageIndex", "totalPages", "totalRecords", "items"]
        );
        let page = page.json();
        assert_eq!(
            (&page["pageIndex"], &page["totalPages"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(page["totalRecords"], 4);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
        let beyond = app.get("/api/Campaigns?page=9").await.json();
        assert_eq!(beyond["items"], json!([]));
        for size in ["10001", "0", "many"] {
            let problem = app
                .get(&format!("/api/Campaigns?pageSize={size}"))
                .await
                .problem(400);
            assert_eq!(
                problem["errors"],
                json!({"pageSize": ["can not exceed 10000 records"]})
            );
        }
    })
    .await;
}

#[tokio::test]
async fn lists_are_sorted_by_any_properties() {
    on_each_database(async |app| {
        some(app).await;
        assert_eq!(
            found(app, "sorts=sender").await,
            ["Acme", "Beta", "Null", "acme"]
        );
        assert_eq!(
            found(app, "sorts=recipientCount,-sender").await,
            ["Null", "Beta", "acme", "Acme"]
        );
        assert_eq!(
            found(app, "SORTS=-TrackLinkUrl,sender&pageSize=1").await,
            ["Beta"]
        );
    })
    .await;
}

#[tokio::test]
async fn every_operator_says_what_it_says() {
    on_each_database(async |app| {
        some(app).await;
        for (filter, senders) in [
            ("sender==acme", &["acme"][..]),
            ("sender!=acme", &["Acme", "Beta", "Null"]),
            ("recipientCount>2", &["Acme"]),
            ("recipientCount<2", &["Beta", "Null"]),
            ("recipientCount>=2", &["Acme", "acme"]),
            ("recipientCount<=1", &["Beta", "Null"]),
            ("message@=off", &["Beta", "acme"]),
            ("message_=a", &["Acme", "acme"]),
            ("message_-=day", &["Acme"]),
            ("message!@=off", &["Acme", "Null"]),
            ("message!_=a", &["Beta", "Null"]),
            ("message!_-=day", &["Beta", "Null", "acme"]),
            ("sender==*ACME", &["Acme", "acme"]),
            ("sender!=*ACME", &["Beta", "Null"]),
            ("message@=*OFF", &["Beta", "acme"]),
            ("message_=*A", &["Acme", "acme"]),
            ("message_-=*DAY", &["Acme"]),
            ("message!@=*OFF", &["Acme", "Null"]),
            ("message!_=*A", &["Beta", "Null"]),
            ("message!_-=*DAY", &["Beta", "Null", "acme"]),
            // All conditions hold; any of the properties, any of the values; white space does not count.
            (
                "recipientCount>0,message@=sale|offer,(sender|message)_=*acme",
                &["Acme", "acme"],
            ),
            ("(sender|message)@=*e|nothing", &["Acme", "Beta", "acme"]),
            (" sender == Acme | Beta , recipientCount > 1 ", &["Acme"]),
            // Escapes, null, and characters that mean something elsewhere.
            ("message@=sale%5C,", &["Acme"]),
            ("message@=%5C|more", &["acme"]),
            ("message==null", &[]),
            ("message==%5Cnull", &["Null"]),
            ("trackLinkUrl!=null", &["Beta"]),
            ("message@=0%25 off_", &["Beta"]),
            ("message@=%27", &[]),
        ] {
            let query = format!("sorts=sender&filters={filter}");
            assert_eq!(found(app, &query).await, senders, "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_filtered_by_is_named_with_its_place() {
    on_each_database(async |app| {
        for (query, parameter, message) in [
            (
                "filters=nobody==1",
                "filters",
                "unknown property \"nobody\" at character 1",
            ),
            ("filters=sender=1", "filters", "at character"),
            (
                "filters=recipientCount>many",
                "filters",
                "the value \"many\"",
            ),
            (
                "filters=recipientCount@=1",
                "filters",
                "the operator \"@=\"",
            ),
            ("sorts=nobody", "sorts", "nobody"),
        ] {
            let answer = app.get(&format!("/api/Campaigns?{query}")).await;
            answer.has_fault(parameter, message);
        }
    })
    .await;
}
