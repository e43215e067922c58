//! A service split over processes that share a PostgreSQL.

use clarion_domain::api_key::KeyText;

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

    let health = sender.value_of("health").unwrap();
    assert_eq!(reqwest::get(&health).await.unwrap().status(), 200);
    let elsewhere = health.replace("/health/ready", "/api/Campaigns");
    assert_eq!(reqwest::get(&elsewhere).await.unwrap().status(), 404);

    let answer = api.post("/Campaigns", CAMPAIGN).await;
    let id: String = answer.json().await.unwrap();
    api.wait_for(&id, COMPLETED).await;
    api.stop().await;
    sender.stop().await;
    let received = smsc_log::received(&back.log());
    assert_eq!(received["+447700900123"], ["Hello Ann"]);
    assert!(!front.log().exists());
}

#[tokio::test]
async fn nodes_that_start_at_the_same_moment_share_an_empty_database_and_a_bootstrap_key() {
    let Some(url) = clarion_persistence::testing::new_postgres_url() else {
        return;
    };
    let key = KeyText::generate(&[7; 32]).as_str().to_owned();
    let setup = || {
        Setup::new()
            .with("CLARION__DATABASE__URL", &url)
            .with("CLARION__AUTH__BOOTSTRAP_KEY", &key)
    };
    let setups: [Setup; 3] = std::array::from_fn(|_| setup());
    let [one, two, three] = &setups;
    let (one, two, three) = tokio::join!(
        one.start_with_key(key.clone()),
        two.start_with_key(key.clone()),
        three.start_with_key(key.clone()),
    );
    for node in [one, two, three] {
        assert_eq!(node.get("/Campaigns").await["totalRecords"], 0);
        node.stop().await;
    }
}
