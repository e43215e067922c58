//! The contacts of a campaign, and those that were left out of it.

use serde_json::{Value, json};

use crate::support::{campaign, campaign_to, campaign_with, on_each_database};

#[tokio::test]
async fn a_contact_has_the_published_properties_in_their_order() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        let answer = app.get(&format!("/api/Campaigns/{id}/Contacts")).await;
        assert_eq!(answer.status, 200);
        let mut text = answer.text.clone();
        for (n, item) in answer.json()["items"].as_array().expect("items").iter().enumerate() {
            text = text.replace(item["id"].as_str().expect("an id"), &format!("ID{n}"));
        }
        insta::allow_duplicates! { insta::assert_snapshot!(
            text,
            @r#"{"pageIndex":1,"totalPages":1,"totalRecords":2,"items":[{"phoneNumber":"+447700900001","name":"Ann","custom1":"1","custom2":"2","id":"ID0","contactGroupId":null,"timeZone":null,"status":null,"clicks":0},{"phoneNumber":"+447700900002","name":null,"custom1":null,"custom2":null,"id":"ID1","contactGroupId":null,"timeZone":null,"status":null,"clicks":0}]}"#
        ) };
    })
    .await;
}

#[tokio::test]
async fn contacts_come_in_the_order_they_were_sent_in() {
    on_each_database(async |app| {
        let numbers = [
            "07700900009",
            "07700900001",
            "07700900005",
            "07700900003",
            "07700900007",
        ];
        let contacts: Value = numbers.map(|number| json!({"phoneNumber": number})).into();
        let path = format!(
            "/api/Campaigns/{}/Contacts",
            app.create(&campaign_to(contacts)).await
        );
        let mut shown = Vec::new();
        for page in 1..=3 {
            let page = app
                .get(&format!("{path}?pageSize=2&page={page}"))
                .await
                .json();
            assert_eq!(
                (&page["totalPages"], &page["totalRecords"]),
                (&json!(3), &json!(5))
            );
            let items = page["items"].as_array().expect("items");
            shown.extend(
                items
                    .iter()
                    .map(|item| item["phoneNumber"].as_str().map(local)),
            );
        }
        assert_eq!(shown, numbers.map(|number| Some(number.to_owned())));
    })
    .await;
}

fn local(e164: &str) -> String {
    e164.replacen("+44", "0", 1)
}

#[tokio::test]
async fn texts_are_kept_to_the_letter() {
    on_each_database(async |app| {
        let longest = "é".repeat(255);
        let contact = json!({"phoneNumber": "07700900001", "name": longest, "custom1": " ÅŽ\u{1f433}\"\\\n% _'", "custom2": ""});
        let id = app.create(&campaign_to(json!([contact]))).await;
        let shown = app.get(&format!("/api/Campaigns/{id}/Contacts")).await.json();
        assert_eq!(shown["items"][0]["name"], contact["name"]);
        assert_eq!(shown["items"][0]["custom1"], contact["custom1"]);
    })
    .await;
}

#[tokio::test]
async fn contacts_left_out_can_be_read_with_their_reasons() {
    on_each_database(async |app| {
        let contacts = json!([
            {"phoneNumber": "07700900001"},
            {"phoneNumber": "4.47722E+11"},
            {"phoneNumber": "07700900002", "name": "x".repeat(256)},
            {"phoneNumber": 7700900003_u64},
            null,
            {"phoneNumber": "07700900004"},
        ]);
        let answer = app.post("/api/Campaigns/true", &campaign_to(contacts)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id = answer.json().as_str().expect("an id").to_owned();
        let path = format!("/api/Campaigns/{id}/InvalidContacts");
        let first = app.get(&format!("{path}?pageSize=3")).await;
        insta::allow_duplicates! { insta::assert_snapshot!(
            first.text,
            @r#"{"pageIndex":1,"totalPages":2,"totalRecords":4,"items":[{"index":1,"phoneNumber":"4.47722E+11","property":"phoneNumber","reason":"is not a valid phone number: a spreadsheet has turned this number into scientific notation"},{"index":2,"phoneNumber":"07700900002","property":"name","reason":"is longer than 255 characters"},{"index":3,"phoneNumber":"","property":"phoneNumber","reason":"must be a string"}]}"#
        ) };
        let second = app.get(&format!("{path}?pageSize=3&page=2")).await.json();
        let last = json!([{"index": 4, "phoneNumber": "", "property": "", "reason": "must be an object"}]);
        assert_eq!(second["items"], last);
    })
    .await;
}

/// PostgreSQL cannot store it, so that it must not come as far as there.
#[tokio::test]
async fn the_character_nul_is_refused_wherever_it_stands() {
    on_each_database(async |app| {
        for property in ["name", "custom1", "custom2"] {
            let contact = json!({"phoneNumber": "07700900001", property: "a\0b"});
            let answer = app
                .post("/api/Campaigns", &campaign_to(json!([contact])))
                .await;
            answer.has_fault(&format!("contacts[0].{property}"), "U+0000");
        }
        let body = campaign_with(&json!({"message": "a\0b"}));
        app.post("/api/Campaigns", &body)
            .await
            .has_fault("message", "U+0000");
        app.holds_nothing().await;
        let contacts = json!([{"phoneNumber": "0770\0"}, {"phoneNumber": "07700900001"}]);
        let answer = app
            .post("/api/Campaigns/true", &campaign_to(contacts))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let path = answer.header("location").expect("a location").to_owned();
        let left_out = app.get(&format!("{path}/InvalidContacts")).await.json();
        assert_eq!(left_out["items"][0]["phoneNumber"], "0770");
    })
    .await;
}
