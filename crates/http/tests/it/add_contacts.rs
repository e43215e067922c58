//! Contacts added to a campaign that is there, in every format: all of a body's, or none.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bodies::gzip;
use crate::support::{Answer, TestApp, campaign, campaign_with, on_each_database};

const CSV: &str = "text/csv";
const LINES: &str = "application/x-ndjson";
const JSON: &str = "application/json";

async fn add(app: &TestApp, campaign: &str, kind: &str, body: &str) -> Answer {
    let (path, query) = campaign.split_once('?').unwrap_or((campaign, ""));
    let request = app
        .request(Method::POST, &format!("{path}/Contacts?{query}"))
        .header("content-type", kind)
        .body(body.to_owned());
    Answer::to(request).await
}

/// The campaign's contacts from the third on, as `number name custom1 custom2`.
async fn added(app: &TestApp, campaign: &str) -> Vec<String> {
    let list = app.get(&format!("{campaign}/Contacts")).await.json();
    let items = list["items"].as_array().expect("items");
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or("-").to_owned();
    let shown = items.iter().skip(2).map(|item| {
        ["phoneNumber", "name", "custom1", "custom2"]
            .map(|name| text(item, name))
            .join(" ")
    });
    shown.collect()
}

async fn create(app: &TestApp) -> String {
    format!("/api/Campaigns/{}", app.create(&campaign()).await)
}

#[tokio::test]
async fn each_format_adds_the_same_contacts() {
    on_each_database(async |app| {
        for (kind, body) in [
            (
                CSV,
                "\u{feff}NAME,shoe size,PhoneNumber , custom2,custom1\r\n\"Zoë, \"\"Z\"\"\",9,07700 900003,,c\r\n\r\n,,+447700900004",
            ),
            (
                "text/csv; charset=utf-8",
                "phonenumber,custom1,name\n07700900003,c,\"Zoë, \"\"Z\"\"\"\n07700900004,,\n",
            ),
            (
                LINES,
                "{\"phoneNumber\":\"07700900003\",\"name\":\"Zoë, \\\"Z\\\"\",\"custom1\":\"c\"}\r\n\n{\"phoneNumber\":\"07700900004\",\"x\":[1]}",
            ),
            (
                JSON,
                r#"[{"phoneNumber":"07700900003","name":"Zoë, \"Z\"","custom1":"c"},{"phoneNumber":"07700900004"}]"#,
            ),
            (
                JSON,
                r#"{"x":{},"contacts":[{"phoneNumber":"07700900003","name":"Zoë, \"Z\"","custom1":"c"},{"phoneNumber":"07700900004"}]}"#,
            ),
        ] {
            let path = create(app).await;
            let answer = add(app, &path, kind, body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.json(), json!({"added": 2, "invalid": 0, "duplicates": 0}));
            assert_eq!(
                added(app, &path).await,
                ["+447700900003 Zoë, \"Z\" c -", "+447700900004 - - -"],
                "{body}"
            );
            assert_eq!(app.get(&path).await.json()["recipientCount"], 4);
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_that_are_there_are_counted_and_dropped() {
    on_each_database(async |app| {
        let path = create(app).await;
        let answer = add(
            app,
            &path,
            CSV,
            "phoneNumber\n07700900001\n07700900003\n+447700900003",
        )
        .await;
        assert_eq!(
            answer.json(),
            json!({"added": 1, "invalid": 0, "duplicates": 2})
        );
        assert_eq!(answer.header("x-duplicate-contacts"), Some("2"));
        assert_eq!(answer.header("x-invalid-contacts"), Some("0"));
        assert_eq!(added(app, &path).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_invalid_contact_refuses_all_unless_it_is_to_be_left_out() {
    on_each_database(async |app| {
        let path = create(app).await;
        let body = "phoneNumber,contactGroupId\n07700900003,\n12,\n07700900004,no\n";
        let refused = add(app, &path, CSV, body).await;
        refused.has_fault("contacts[1].phoneNumber", "too short");
        refused.has_fault("contacts[2].contactGroupId", "is not a UUID");
        assert_eq!(added(app, &path).await, Vec::<String>::new());

        for round in 0..2 {
            let choosing = format!("{path}?ignoreinvalidphonenumbers=TRUE");
            let answer = add(app, &choosing, CSV, body).await;
            assert_eq!(answer.header("x-invalid-contacts"), Some("2"));
            assert_eq!(answer.json()["added"], 1 - round, "{}", answer.text);
        }
        // Indexes go on from the two contacts of the campaign's own request, and the three of each addition.
        let list = app.get(&format!("{path}/InvalidContacts")).await.json();
        let items = list["items"].as_array().expect("items").iter();
        let indexes: Vec<_> = items.map(|item| item["index"].as_u64()).collect();
        assert_eq!(indexes, [3, 4, 6, 7].map(Some));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_place() {
    on_each_database(async |app| {
        let path = create(app).await;
        for (kind, body, at, message) in [
            (CSV, "", "$", "names no column phoneNumber"),
            (
                CSV,
                "name;phoneNumber\n",
                "$",
                "names no column phoneNumber",
            ),
            (CSV, "phoneNumber,NAME,name\n", "$", "names name twice"),
            (
                CSV,
                "phoneNumber\n07700900003\n07700900004,x",
                "contacts[1]",
                "line 3, column 13: there are more cells",
            ),
            (
                CSV,
                "phoneNumber\n\"07700900003\n",
                "contacts[0]",
                "a quote is never closed",
            ),
            (
                CSV,
                "phoneNumber\n\"07700900003\" \n",
                "contacts[0]",
                "line 2, column 14: only a comma",
            ),
            (
                LINES,
                "{\"phoneNumber\":\"07700900003\"}\n{\"phoneNumber\" \"5\"}",
                "contacts[1]",
                "line 2, column 16: expected `:`",
            ),
            (
                LINES,
                "{} {}",
                "contacts[0]",
                "line 1, column 4: trailing characters",
            ),
            (JSON, "5", "$", "must be an array of contacts"),
            (JSON, "{\"contacts\":5}", "$", "contacts must be an array"),
            (
                JSON,
                "{\"contacts\":[],\"contacts\":[]}",
                "$",
                "contacts is given twice",
            ),
            (JSON, "[{},\n{]", "contacts[1]", "line 2, column 2"),
            (JSON, "", "$", "EOF"),
            (JSON, "[]", "contacts", "at least one contact"),
            (CSV, "phoneNumber", "contacts", "at least one contact"),
            (LINES, "5", "contacts[0]", "must be an object"),
        ] {
            add(app, &path, kind, body).await.has_fault(at, message);
        }
        let request = app
            .request(Method::POST, &format!("{path}/Contacts"))
            .header("content-type", CSV)
            .body(b"phoneNumber,name\n07700900003,\xff".to_vec());
        Answer::to(request)
            .await
            .has_fault("contacts[0]", "a cell is not UTF-8");
        for kind in ["text/plain", "text/csv; charset=latin1", "application/xml"] {
            add(app, &path, kind, "").await.problem(415);
        }
        add(
            app,
            &format!("{path}?ignoreInvalidPhoneNumbers=yes"),
            CSV,
            "",
        )
        .await
        .has_fault("ignoreInvalidPhoneNumbers", "must be true or false");
        assert_eq!(app.get(&path).await.json()["recipientCount"], 2);
    })
    .await;
}

#[tokio::test]
async fn only_what_is_not_being_sent_takes_contacts() {
    on_each_database(async |app| {
        let body = "phoneNumber\n07700900003";
        let path = create(app).await;
        app.act(&format!("{path}/Pause")).await;
        assert_eq!(add(app, &path, CSV, body).await.status, 200);
        app.act(&format!("{path}/Cancel")).await;
        add(app, &path, CSV, body).await.problem(409);

        let now = campaign_with(&json!({"startDateTime": null}));
        let sending = format!("/api/Campaigns/{}", app.create(&now).await);
        app.start_due().await;
        let problem = add(app, &sending, CSV, body).await.problem(409);
        assert_eq!(
            problem["detail"],
            "the campaign is Sending: pause it before changing it"
        );
        add(
            app,
            "/api/Campaigns/01920000-0000-7000-8000-000000000000",
            CSV,
            body,
        )
        .await
        .problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_too_long_for_a_new_contact_is_refused() {
    on_each_database(async |app| {
        let message = format!("{{Name|}}{}", "x".repeat(1_500));
        let long = campaign_with(&json!({"message": message, "trackLinkUrl": null}));
        let path = format!("/api/Campaigns/{}", app.create(&long).await);
        let body = format!("phoneNumber,name\n07700900003,{}", "n".repeat(200));
        add(app, &path, CSV, &body)
            .await
            .has_fault("message", "segments long for contacts[0]");
        assert_eq!(app.get(&path).await.json()["recipientCount"], 2);
    })
    .await;
}

#[tokio::test]
async fn an_addition_that_fails_late_leaves_nothing_and_a_compressed_one_is_read() {
    on_each_database(async |app| {
        let path = create(app).await;
        let rows: String = (0..5_000).map(|n| format!("+4477221{n:05}\n")).collect();
        let spoilt = format!("phoneNumber\n{rows}\"");
        add(app, &path, CSV, &spoilt).await.has_fault(
            "contacts[5000]",
            "line 5002, column 1: a quote is never closed",
        );
        assert_eq!(app.get(&path).await.json()["recipientCount"], 2);
        app.holds_nothing_in_loading().await;

        let request = app
            .request(Method::POST, &format!("{path}/Contacts"))
            .header("content-type", CSV)
            .header("content-encoding", "gzip")
            .body(gzip(&format!("phoneNumber\n{rows}")));
        let answer = Answer::to(request).await;
        assert_eq!(answer.json()["added"], 5_000, "{}", answer.text);
        assert_eq!(app.get(&path).await.json()["recipientCount"], 5_002);
        let last = app
            .get(&format!("{path}/Contacts?page=5002&pageSize=1"))
            .await
            .json();
        assert_eq!(last["items"][0]["phoneNumber"], "+447722104999");
        app.holds_nothing_in_loading().await;
    })
    .await;
}
