//! Filters and sorts of lists, as they are written in an address.

use serde_json::{Value, json};

use crate::support::{TestApp, campaign, campaign_with, on_each_database};

/// Campaigns of these senders and messages.
async fn make(app: &TestApp, campaigns: &[(&str, &str)]) {
    for (sender, message) in campaigns {
        let mut body = campaign();
        body["sender"] = json!(sender);
        body["message"] = json!(message);
        app.create(&body).await;
    }
}

/// One property of each record of a list, and how many records there are in all.
async fn column(app: &TestApp, list: &str, property: &str) -> (u64, Vec<Value>) {
    let page = app.get(list).await.json();
    let items = page["items"].as_array().expect("items");
    let column = items.iter().map(|item| item[property].clone()).collect();
    (page["totalRecords"].as_u64().expect("a total"), column)
}

#[tokio::test]
async fn campaigns_are_filtered_and_sorted() {
    on_each_database(async |app| {
        let texts = [
            ("Beta", "100% SALE"),
            ("acme", "an offer, perhaps"),
            ("Acme", "sale|offer"),
            ("Zeta", "nothing"),
        ];
        make(app, &texts).await;
        for (query, senders) in [
            ("sorts=sender", vec!["Acme", "Beta", "Zeta", "acme"]),
            ("sorts=-sender", vec!["acme", "Zeta", "Beta", "Acme"]),
            ("filters=sender==acme", vec!["acme"]),
            ("FILTERS=Sender==*ACME&SORTS=Sender", vec!["Acme", "acme"]),
            (
                "filters=message@=sale|offer&sorts=sender",
                vec!["Acme", "acme"],
            ),
            ("filters=message@=*sale,sender_=*b", vec!["Beta"]),
            ("filters=message_=100%25", vec!["Beta"]),
            ("filters=message@=offer%5C,", vec!["acme"]),
            ("filters=message@=%5C|", vec!["Acme"]),
            (
                "filters=message!@=*sale|*offer|nothing&sorts=sender",
                vec!["acme"],
            ),
            (
                "filters=(sender|message)_-=*eta&sorts=sender",
                vec!["Beta", "Zeta"],
            ),
            ("filters=status==0|1,trackLinkUrl==null", vec![]),
            ("filters=startDateTime<2000-01-01", vec![]),
        ] {
            let (total, found) = column(app, &format!("/api/Campaigns?{query}"), "sender").await;
            assert_eq!(found, senders, "{query}");
            assert_eq!(total, senders.len() as u64, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_campaign_is_found_by_what_its_answer_shows() {
    on_each_database(async |app| {
        make(app, &[("Acme", "one"), ("Beta", "two")]).await;
        let special = json!({"message": "Hi", "onUnknown": "resend", "outsideWindow": "drop", "expiresAt": "2026-07-02T08:00:00Z", "name": "Sale", "maxPerSecond": 7, "spreadUntil": "2026-07-02T07:00:00Z", "smartEncoding": true});
        let id = app.create(&campaign_with(&special)).await;
        let shown = app.get(&format!("/api/Campaigns/{id}")).await.json();
        for property in [
            "id",
            "startDateTime",
            "sender",
            "recipientCount",
            "message",
            "status",
            "optOutLinkId",
            "trackLinkUrl",
            "onUnknown",
            "outsideWindow",
            "expiresAt",
            "name",
            "maxPerSecond",
            "spreadUntil",
            "smartEncoding",
            "pausedReason",
        ] {
            let value = match &shown[property] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let list = format!("/api/Campaigns?filters={property}=={value}");
            let (_, ids) = column(app, &list, "id").await;
            assert!(ids.contains(&shown["id"]), "{property}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_campaigns_contacts_are_filtered_and_sorted() {
    on_each_database(async |app| {
        let mut body = campaign();
        body["contacts"] = json!([
            {"phoneNumber": "07700900001", "name": "Zoë"},
            {"phoneNumber": "07700900002"},
            {"phoneNumber": "07700900003", "name": "ZOË", "custom1": "x"},
        ]);
        let id = app.create(&body).await;
        let list = |query: &str| format!("/api/Campaigns/{id}/Contacts?{query}");
        for (query, last_digits) in [
            ("sorts=-phoneNumber", vec![3, 2, 1]),
            ("sorts=name,-phoneNumber", vec![2, 3, 1]),
            ("filters=name==*zoë", vec![1, 3]),
            ("filters=name==null", vec![2]),
            ("filters=name!=null,custom1!=y", vec![3]),
            ("filters=phoneNumber==%2B447700900002", vec![2]),
        ] {
            let numbers: Vec<Value> = last_digits
                .iter()
                .map(|digit| json!(format!("+44770090000{digit}")))
                .collect();
            let (_, found) = column(app, &list(query), "phoneNumber").await;
            assert_eq!(found, numbers, "{query}");
        }
        let (_, ids) = column(app, &list("sorts=-id"), "id").await;
        let second = ids[1].as_str().expect("an id");
        let (_, found) = column(app, &list(&format!("filters=id=={second}")), "id").await;
        assert_eq!(found, [second]);
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_filters_and_sorts_is_told() {
    on_each_database(async |app| {
        let query = "filters=sendr==ACME,status==x,sender>5&sorts=when";
        let problem = app
            .get(&format!("/api/Campaigns?{query}"))
            .await
            .problem(400);
        insta::allow_duplicates! { insta::assert_json_snapshot!(problem["errors"], @r#"
        {
          "filters": [
            "has an unknown property \"sendr\" at character 1; known are id, startDateTime, sender, recipientCount, message, status, optOutLinkId, trackLinkUrl, name, onUnknown, sendingWindow, outsideWindow, expiresAt, maxPerSecond, spreadUntil, smartEncoding, contactGroupIds, excludeContactGroupIds, pausedReason, utm",
            "has the value \"x\" at character 21, but status is an integer such as 42",
            "has the operator \">\" at character 29, which sender does not take: it is text; allowed are == != @= _= _-= !@= !_= !_-= ==* !=* @=* _=* _-=* !@=* !_=* !_-=*"
          ],
          "sorts": [
            "has an unknown property \"when\" at character 1; known are id, startDateTime, sender, recipientCount, message, status, optOutLinkId, trackLinkUrl, name, onUnknown, sendingWindow, outsideWindow, expiresAt, maxPerSecond, spreadUntil, smartEncoding, contactGroupIds, excludeContactGroupIds, pausedReason, utm"
          ]
        }
        "#) };
    })
    .await;
}
