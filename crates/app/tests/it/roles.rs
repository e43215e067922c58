//! A service split over processes that share a PostgreSQL.

use crate::service::Setup;
use crate::smsc_log;

const COMPLETED: i64 = 5;

const CAMPAIGN: &str = r#"{"sender": "CLARION", "message": "Hello {Name}",
    "contacts": [{"phoneNumber": "07700 900123", "name": "Ann"}]}"#;

#[tokio::test]
async fn one_process_takes_the_campaign_and_another_sends_it() {
    let Some(url) = clarion_persistence::testing::new_postgres_url() else {
        return;
    };
    let setup = || Setup::new().with("CLARION__DATABASE__URL", &url);
    let (front, back) = (setup(), setup());
    let api = front.start_as(&["serve", "--roles", "api"]).await;
    let sender = back.start_as(&["--roles", "sender,worker"]).await;
    assert_eq!(api.value_of("gateway"), None);
    assert_eq!(sender.value_of("API"), None);

    let answer = api.post("/Campaigns", CAMPAIGN).await;
    let id: String = answer.json().await.unwrap();
    api.wait_for(&id, COMPLETED).await;
    api.stop().await;
    sender.stop().await;
    let received = smsc_log::received(&back.log());
    assert_eq!(received["+447700900123"], ["Hello Ann"]);
    assert!(!front.log().exists());
}
