//! The start: what is printed, and what is refused with a message that can be read.

use clarion_domain::api_key::KeyText;

use crate::service::{Setup, http};

#[tokio::test]
async fn the_first_start_prints_an_address_and_a_key_and_the_next_prints_no_key() {
    let setup = Setup::new();
    let first = setup.start().await;
    let key = first.key();
    assert!(KeyText::parse(&key).is_ok());
    assert_eq!(first.get("/Campaigns").await["totalRecords"], 0);
    first.stop().await;

    let second = setup.start_with_key(key).await;
    assert_eq!(second.value_of("API key"), None);
    assert_eq!(second.get("/Campaigns").await["totalRecords"], 0);
    second.stop().await;
}

#[tokio::test]
async fn a_bootstrap_key_is_the_key_at_every_start() {
    let key = KeyText::generate(&[7; 32]).as_str().to_owned();
    let setup = Setup::new().with("CLARION__AUTH__BOOTSTRAP_KEY", &key);
    for _ in 0..2 {
        let service = setup.start_with_key(key.clone()).await;
        assert_eq!(service.value_of("API key"), None);
        assert_eq!(service.get("/Campaigns").await["totalRecords"], 0);
        service.stop().await;
    }
}

#[tokio::test]
async fn a_bootstrap_key_that_was_revoked_does_not_come_back() {
    let key = KeyText::generate(&[7; 32]).as_str().to_owned();
    let setup = Setup::new().with("CLARION__AUTH__BOOTSTRAP_KEY", &key);
    setup.start_with_key(key).await.stop().await;
    assert!(setup.run(&["keys", "revoke", "1"]).await.0.success());
    let (status, _, error) = setup.run(&["serve"]).await;
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("auth.bootstrap_key"), "{error}");
}

#[tokio::test]
async fn it_is_ready_when_it_says_so() {
    // Kept, for its folder goes with it.
    let setup = Setup::new();
    let service = setup.start().await;
    let url = service.value_of("health").unwrap();
    assert_eq!(http().get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_is_wrong_with_the_configuration_is_said_in_one_line() {
    for (variable, value, words) in [
        (
            "CLARION__SERVER__LISTN",
            "x",
            "did you mean CLARION__SERVER__LISTEN?",
        ),
        (
            "CLARION__AUTH__BOOTSTRAP_KEY",
            "secret",
            "auth.bootstrap_key is not an API key",
        ),
        ("CLARION_ENV", "prod", "prod.toml"),
    ] {
        let setup = Setup::new().with(variable, value);
        let (status, out, error) = setup.run(&["serve"]).await;
        assert_eq!(status.code(), Some(2), "{variable}");
        assert!(error.contains(words), "{error}");
        assert_eq!((error.lines().count(), &*out), (1, ""), "{error}");
        assert!(!setup.folder.path().join("data").exists(), "{variable}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_and_no_key_is_lost() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let setup = Setup::new();
    let taken = setup
        .command(&["serve"])
        .env("CLARION__SERVER__LISTEN", &address)
        .output()
        .await
        .unwrap();
    let error = String::from_utf8(taken.stderr).unwrap();
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        error.contains(&address) && error.contains("server.listen"),
        "{error}"
    );
    assert_eq!(error.matches("in use").count(), 1, "{error}");
    assert_eq!(taken.stdout, b"");

    let service = setup.start().await;
    assert!(service.value_of("API key").is_some());
}

#[tokio::test]
async fn without_any_way_out_nothing_is_started() {
    let setup = Setup::new().with("CLARION__SIMULATOR__ENABLED", "false");
    let (status, _, error) = setup.run(&["serve"]).await;
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("no gateway is configured"), "{error}");
    assert!(!setup.folder.path().join("data").exists());
}
