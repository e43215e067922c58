//! Campaigns to whole contact groups.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, OTHER_CLIENT, TestApp, campaign_to, key, of_at_most, on_each_database, with,
};

fn number(last: u32) -> String {
    format!("+44770090000{last}")
}

async fn group(app: &TestApp, numbers: &[u32]) -> String {
    let made = app.post("/api/ContactGroups", &json!({"name": "G"})).await;
    let id = made.json().as_str().expect("an id").to_owned();
    let contacts: Vec<_> = numbers
        .iter()
        .map(|last| json!({"phoneNumber": number(*last), "name": format!("from {id}")}))
        .collect();
    if numbers.is_empty() {
        return id;
    }
    let address = format!("/api/ContactGroups/{id}/Contacts");
    assert_eq!(app.post(&address, &json!(contacts)).await.status, 200);
    id
}

fn campaign(contacts: Value, groups: &[&str], excluded: &[&str]) -> Value {
    let mut body = campaign_to(contacts);
    body["contactGroupIds"] = json!(groups);
    body["excludeContactGroupIds"] = json!(excluded);
    body
}

async fn recipients(app: &TestApp, campaign: &str) -> Vec<(String, Value)> {
    let list = app
        .get(&format!("/api/Campaigns/{campaign}/Contacts"))
        .await;
    let list = list.json()["items"].as_array().expect("items").clone();
    let shown = |contact: &Value| {
        let number = contact["phoneNumber"].as_str().expect("a number");
        (number.to_owned(), contact["contactGroupId"].clone())
    };
    list.iter().map(shown).collect()
}

#[tokio::test]
async fn each_person_is_written_to_once_and_nobody_of_an_excluded_group() {
    on_each_database(async |app| {
        let (a, b) = (group(app, &[1, 2, 3]).await, group(app, &[3, 4, 5]).await);
        let excluded = group(app, &[5, 6]).await;
        let own = json!([6, 1, 7].map(|last| json!({"phoneNumber": number(last)})));
        let body = campaign(own, &[&a, &b, &a], &[&excluded]);
        let preview = app.post("/api/Campaigns/Preview", &body).await.json();
        assert_eq!(preview["contacts"]["accepted"], 5, "{preview}");
        assert_eq!(preview["contacts"]["excluded"], 2, "{preview}");
        assert_eq!(preview["contacts"]["contacts"], 9, "{preview}");
        let made = app.post("/api/Campaigns", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.header("x-duplicate-contacts"), Some("2"));
        assert_eq!(made.header("x-excluded-contacts"), Some("2"));
        let id = made.json().as_str().expect("an id").to_owned();
        let expected = [
            (number(1), Value::Null),
            (number(7), Value::Null),
            (number(2), json!(a)),
            (number(3), json!(a)),
            (number(4), json!(b)),
        ];
        assert_eq!(recipients(app, &id).await, expected);
        let shown = app.get(&format!("/api/Campaigns/{id}")).await.json();
        assert_eq!(shown["recipientCount"], 5);
        assert_eq!(shown["contactGroupIds"], json!([a, b, a]));
        assert_eq!(shown["excludeContactGroupIds"], json!([excluded]));
        let filtered = format!("/api/Campaigns?filters=contactGroupIds@={b}");
        let found = app.get(&filtered).await;
        assert_eq!(found.json()["totalRecords"], 1);
        let more = json!([{"phoneNumber": number(4)}, {"phoneNumber": number(8)}]);
        let address = format!("/api/Campaigns/{id}/Contacts");
        let more = app.post(&address, &more).await;
        assert_eq!(more.header("x-duplicate-contacts"), Some("1"));
        app.holds_nothing_in_loading().await;
    })
    .await;
}

#[tokio::test]
async fn a_group_alone_is_enough_and_later_changes_of_it_count_for_nothing() {
    on_each_database(async |app| {
        let a = group(app, &[1, 2]).await;
        let mut body = campaign(Value::Null, &[&a], &[]);
        let id = app.create(&body).await;
        assert_eq!(
            app.delete(&format!("/api/ContactGroups/{a}")).await.status,
            204
        );
        assert_eq!(recipients(app, &id).await.len(), 2);
        body["contactGroupIds"] = json!([]);
        app.post("/api/Campaigns", &body)
            .await
            .has_fault("contacts", "must hold at least one contact");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_groups_is_told_and_leaves_nothing() {
    on_each_database(async |app| {
        let (a, empty) = (group(app, &[1]).await, group(app, &[]).await);
        let unknown = "01920000-0000-7000-8000-000000000000";
        let one = || json!([{"phoneNumber": number(2)}]);
        let cases = [
            (
                campaign(one(), &[&a, unknown], &[]),
                "contactGroupIds[1]",
                "names no contact group",
            ),
            (
                campaign(one(), &[&a], &[unknown]),
                "excludeContactGroupIds[0]",
                "names no contact group",
            ),
            (
                campaign(one(), &["x"], &[]),
                "contactGroupIds[0]",
                "is not a UUID",
            ),
        ];
        for address in ["/api/Campaigns", "/api/Campaigns/Preview"] {
            for (body, path, message) in &cases {
                app.post(address, body).await.has_fault(path, message);
            }
        }
        let nobody = "holds nobody who may be written to";
        for (groups, excluded) in [(&empty, &empty), (&a, &a)] {
            let body = campaign(json!([]), &[groups], &[excluded]);
            app.post("/api/Campaigns", &body)
                .await
                .has_fault("contactGroupIds", nobody);
        }
        let mut body = campaign(json!([]), &[&a], &[]);
        body["message"] = json!("{Name} ".repeat(60));
        app.post("/api/Campaigns", &body).await.has_fault(
            "message",
            "is 17 segments long for a contact of a group; at most 10 are allowed",
        );
        body["contactGroupIds"] = json!("x");
        app.post("/api/Campaigns", &body)
            .await
            .has_fault("contactGroupIds", "must be an array of strings");
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let request = app.anonymous(Method::POST, "/api/Campaigns");
        let request = request.bearer_auth(key(9).as_str());
        Answer::to(request.json(&campaign(one(), &[&a], &[])))
            .await
            .has_fault("contactGroupIds[0]", "names no contact group");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn unknown_groups_are_named_beside_whatever_else_is_wrong() {
    on_each_database(async |app| {
        let unknown = "01920000-0000-7000-8000-000000000000".to_owned();
        let mut body = campaign(
            json!([{"phoneNumber": number(1)}]),
            &[&unknown],
            &[&unknown],
        );
        body["sender"] = json!("& .");
        body["contacts"] = json!([{"phoneNumber": "none"}]);
        for path in ["/api/Campaigns", "/api/Campaigns/Preview"] {
            let answer = app.post(path, &body).await;
            for property in ["sender", "contactGroupIds[0]", "excludeContactGroupIds[0]"] {
                answer.has_fault(property, "");
            }
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn how_many_there_may_be_is_judged_without_whom_is_left_out() {
    with(
        || of_at_most(3),
        async |app| {
            // Nor can a group be filled with more than three at once.
            let (a, b) = (group(app, &[1, 2, 3]).await, group(app, &[3, 4, 5]).await);
            let excluded = group(app, &[1, 4, 7]).await;
            let one = |last| json!([{"phoneNumber": number(last)}]);
            for (own, fits) in [(one(7), true), (one(2), true), (one(6), false)] {
                let body = campaign(own, &[&a, &b], &[&excluded]);
                let preview = app.post("/api/Campaigns/Preview", &body).await;
                let made = app.post("/api/Campaigns", &body).await;
                if fits {
                    assert_eq!(
                        preview.json()["contacts"]["accepted"],
                        3,
                        "{}",
                        preview.text
                    );
                    assert_eq!(made.status, 201, "{}", made.text);
                    let shown =
                        |answer: &Answer| answer.header("x-excluded-contacts").map(str::to_owned);
                    let excluded = preview.json()["contacts"]["excluded"].to_string();
                    assert_eq!(shown(&made), Some(excluded));
                } else {
                    let message = "hold more contacts than the 3";
                    preview.has_fault("contactGroupIds", message);
                    made.has_fault("contactGroupIds", message);
                }
            }
        },
    )
    .await;
}
