//! Each rule of a campaign's properties, with its refusal: a 400 that names the property, and nothing stored.

use serde_json::{Value, json};

use crate::create::post_text;
use crate::support::{campaign, campaign_to, campaign_with, on_each_database};

/// Posts each body, one property of which is wrong.
async fn check(cases: &[(Value, &str, &str)]) {
    on_each_database(async |app| {
        for (change, path, message) in cases {
            let body = campaign_with(change);
            let answer = app.post("/api/Campaigns", &body).await;
            answer.has_fault(path, message);
            let paths = answer.json()["errors"]
                .as_object()
                .map(serde_json::Map::len);
            assert_eq!(paths, Some(1), "{}", answer.text);
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn of_the_start() {
    let cases = [
        json!("2026-06-26T03:04:01.373Z"),
        json!("2020-01-01"),
        json!("tomorrow"),
        json!(""),
        json!(1_782_529_441),
        json!(true),
        json!({}),
    ];
    let late = "more than 24 hours in the past";
    let unreadable = "must be an ISO 8601 date-time";
    let messages = [
        late, late, unreadable, unreadable, unreadable, unreadable, unreadable,
    ];
    check(&each("startDateTime", cases.into_iter().zip(messages))).await;
}

#[tokio::test]
async fn of_the_sender() {
    check(&each(
        "sender",
        [
            (json!(null), "is required"),
            (json!("  "), "is required"),
            (json!("ABCDEFGHIJKL"), "is longer than 11 characters"),
            (json!("& . -"), "has no letter"),
            (json!("ACME€"), "has the character"),
            (json!("12"), "has 2 digits"),
            (json!("+1234567890123456"), "has 16 digits"),
            (json!(447_700_900_001_u64), "must be a string"),
            (json!(["ACME"]), "must be a string"),
        ],
    ))
    .await;
}

#[tokio::test]
async fn of_the_message() {
    check(&each(
        "message",
        [
            (json!(null), "is required"),
            (json!(" "), "is required"),
            (json!("Hello {Nmae}"), "{Name}"),
            (json!("x".repeat(1_531)), "segments"),
            (json!(5), "must be a string"),
        ],
    ))
    .await;
}

#[tokio::test]
async fn of_the_links() {
    check(&each(
        "optOutLinkId",
        [
            (json!(7), "names no opt-out link of this client"),
            (json!(-1), "names no opt-out link of this client"),
            (json!(u64::MAX), "names no opt-out link of this client"),
            (json!("7"), "must be an integer"),
            (json!(1.5), "must be an integer"),
        ],
    ))
    .await;
    check(&each(
        "trackLinkUrl",
        [
            (json!("/offer"), ""),
            (json!("ftp://example.com/"), ""),
            (json!("https://"), ""),
            (
                json!(format!("https://example.com/{}", "x".repeat(2_048))),
                "is longer than 2048 characters",
            ),
            (json!(false), "must be a string"),
        ],
    ))
    .await;
}

#[tokio::test]
async fn of_the_contacts_as_a_whole() {
    check(&each(
        "contacts",
        [
            (json!(null), "must hold at least one contact"),
            (json!([]), "must hold at least one contact"),
            (json!({"phoneNumber": "07700900001"}), "must be an array"),
            (json!("07700900001"), "must be an array"),
        ],
    ))
    .await;
    on_each_database(async |app| {
        let mut body = campaign();
        body.as_object_mut().expect("an object").remove("contacts");
        app.post("/api/Campaigns", &body)
            .await
            .has_fault("contacts", "must hold at least one contact");
        let none_valid = campaign_to(json!([{"phoneNumber": "x"}, null]));
        app.post("/api/Campaigns/true", &none_valid)
            .await
            .has_fault("contacts", "holds no valid contact");
        app.holds_nothing().await;
    })
    .await;
}

/// Posts a good contact, and each of these behind it.
async fn check_contacts(contacts: impl IntoIterator<Item = (Value, &str, &str)>) {
    let good = json!({"phoneNumber": "07700900001"});
    let cases: Vec<_> = contacts
        .into_iter()
        .map(|(contact, property, message)| {
            let path = format!("contacts[1]{property}");
            (json!({"contacts": [good, contact]}), path, message)
        })
        .collect();
    let cases: Vec<_> = cases
        .iter()
        .map(|(body, path, message)| (body.clone(), path.as_str(), *message))
        .collect();
    check(&cases).await;
}

#[tokio::test]
async fn of_a_contacts_number() {
    let cases = [
        (json!(null), "is required"),
        (json!(" "), "is required"),
        (json!("07700 90000"), "too short for GB"),
        (json!("07700 9000001"), "too long for GB"),
        (json!("020 7946 0000"), "is not a mobile number"),
        (json!("+999 1234567"), "unknown country code"),
        (json!("4.47722E+11"), "scientific notation"),
        (json!("O7700 900002"), "letters"),
        (json!("999"), "emergency"),
        (json!(7_700_900_002_u64), "must be a string"),
    ]
    .map(|(number, message)| (json!({"phoneNumber": number}), ".phoneNumber", message));
    check_contacts(cases).await;
    check_contacts([(json!({}), ".phoneNumber", "is required")]).await;
}

#[tokio::test]
async fn of_a_contacts_other_properties() {
    let long = "x".repeat(256);
    let group = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let cases = [
        ("name", json!(long), "is longer than 255"),
        ("custom1", json!(long), "is longer than 255"),
        ("custom2", json!(long), "is longer than 255"),
        ("custom1", json!(5), "must be a string"),
        ("contactGroupId", json!("x"), "is not a UUID"),
        ("contactGroupId", json!(group), "names no contact group"),
    ];
    for (property, value, message) in cases {
        let contact = json!({"phoneNumber": "07700900002", property: value});
        check_contacts([(contact, &*format!(".{property}"), message)]).await;
    }
    check_contacts([
        (json!(null), "", "must be an object"),
        (json!("07700900002"), "", "must be an object"),
    ])
    .await;
}

#[tokio::test]
async fn of_what_stands_there_twice() {
    on_each_database(async |app| {
        let contact = r#"{"phoneNumber":"07700900001"}"#;
        for (body, path) in [
            (format!(r#"{{"sender":"A","message":"Hi","contacts":[{contact}],"sender":"B"}}"#), "sender"),
            (format!(r#"{{"sender":"A","message":"Hi","contacts":[{contact}],"contacts":[]}}"#), "contacts"),
            (
                r#"{"sender":"A","message":"Hi","contacts":[{"phoneNumber":"07700900001","name":"x","name":"y"}]}"#.to_owned(),
                "contacts[0].name",
            ),
        ] {
            post_text(app, &body).await.has_fault(path, "is given twice");
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    on_each_database(async |app| {
        let body = json!({
            "startDateTime": "x", "sender": "", "message": "{Nmae}", "optOutLinkId": 7, "trackLinkUrl": "x",
            "contacts": [{"phoneNumber": "x"}, {"phoneNumber": "07700900001"}, {"phoneNumber": "y"}],
        });
        let problem = app.post("/api/Campaigns", &body).await.problem(400);
        let mut paths: Vec<_> = problem["errors"].as_object().expect("errors").keys().collect();
        paths.sort();
        assert_eq!(
            paths,
            [
                "contacts[0].phoneNumber",
                "contacts[2].phoneNumber",
                "message",
                "optOutLinkId",
                "sender",
                "startDateTime",
                "trackLinkUrl"
            ]
        );
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn beyond_a_thousand_faults_are_only_counted() {
    on_each_database(async |app| {
        for (count, truncated, told) in [
            (1_000, Value::Null, Value::Null),
            (1_001, json!(true), json!(1_001)),
        ] {
            let contacts: Value = (0..count).map(|_| json!({"phoneNumber": "x"})).collect();
            let answer = app.post("/api/Campaigns", &campaign_to(contacts)).await;
            let problem = answer.problem(400);
            let errors = problem["errors"].as_object().expect("errors");
            assert_eq!(errors.len(), 1_000);
            assert!(errors.contains_key("contacts[999].phoneNumber"));
            assert_eq!(
                (&problem["errorsTruncated"], &problem["errorCount"]),
                (&truncated, &told)
            );
        }
        app.holds_nothing().await;
    })
    .await;
}

/// Cases of one property, each with the message it is refused by.
fn each(
    property: &'static str,
    cases: impl IntoIterator<Item = (Value, &'static str)>,
) -> Vec<(Value, &'static str, &'static str)> {
    cases
        .into_iter()
        .map(|(value, message)| (json!({ property: value }), property, message))
        .collect()
}
