//! Section 4: message templates, as the recipients get them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::make;
use crate::support::{TakesAll, TestApp, campaign_with, on_each_database};

/// Far longer than a busy machine needs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Sends each message to one contact; each is sent as the text beside it.
async fn are_sent_as(app: &TestApp, contact: &Value, messages: &[(&str, &str)]) {
    let (server, engine) = app.serve_over(vec![Arc::new(TakesAll)]);
    for (message, text) in messages {
        let starts_at_once = json!({
            "message": message,
            "contacts": [contact],
            "startDateTime": null,
            "trackLinkUrl": null,
        });
        let path = make(app, starts_at_once).await;
        let id = path.rsplit('/').next().expect("an id");
        assert_eq!(sent_of(app, id).await, *text, "{message}");
    }
    server.stop().await.expect("a clean stop");
    engine.stop().await;
}

/// What the one message of a campaign says, once it is sent.
async fn sent_of(app: &TestApp, campaign: &str) -> Value {
    let path = format!("/api/SMSMessages?filters=campaignId=={campaign}");
    let sent = async {
        loop {
            let list = app.get(&path).await.json();
            if let Some(first) = list["items"].get(0) {
                return first["message"].clone();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, sent).await.expect("a message")
}

/// "`{Name}` `{Custom1}` `{Custom2}` `{PhoneNumber}` […], names without regard to case; `{Name|there}` gives the fallback
/// for a missing or blank value; `{{` and `}}` are literal braces."
#[tokio::test]
async fn tokens_stand_for_what_is_known_of_the_contact() {
    on_each_database(async |app| {
        let ann = json!({
            "phoneNumber": "07700 900001",
            "name": "Ann",
            "custom1": "one",
            "custom2": " ",
        });
        are_sent_as(
            app,
            &ann,
            &[
                ("Dear {Name}", "Dear Ann"),
                ("{Custom1}!", "one!"),
                ("[{Custom2}]", "[]"),
                ("To {PhoneNumber}", "To +447700900001"),
                ("{NAME} {name} {nAmE}", "Ann Ann Ann"),
                ("{CUSTOM1} {phonenumber}", "one +447700900001"),
                ("Hi {Name|there}", "Hi Ann"),
                ("Hi {Custom2|there}", "Hi there"),
                ("Hi {custom2|you there}!", "Hi you there!"),
                ("{{Name}} {{{Name}}}", "{Name} {Ann}"),
            ],
        )
        .await;
        let nobody = json!({"phoneNumber": "07700 900001", "custom1": null});
        let unnamed = ("Hi {Name|there}{Custom1}{Custom2|!}", "Hi there!");
        are_sent_as(app, &nobody, &[unnamed]).await;
    })
    .await;
}

/// "An unknown token is a 400 that names it and lists the known ones."
#[tokio::test]
async fn an_unknown_token_is_named_beside_the_known_ones() {
    on_each_database(async |app| {
        let body = campaign_with(&json!({"message": "Hi {Nam}, {Custom3|x}"}));
        let answer = app.post("/api/Campaigns", &body).await;
        for told in [
            "unknown token {Nam} at character 4",
            "unknown token {Custom3} at character 11",
            "known are {Name}, {Custom1}, {Custom2}, {PhoneNumber}, {OptOut}, {TrackLink}",
        ] {
            answer.has_fault("message", told);
        }
        app.holds_nothing().await;
    })
    .await;
}
