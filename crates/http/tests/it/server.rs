//! The server itself: how it begins, and how it ends.

use std::net::TcpListener;

use clarion_http::{HttpSettings, ServerError};
use clarion_persistence::testing::sqlite;

use crate::bodies::wire::Wire;
use crate::support::{Setup, TestApp, campaign};

#[tokio::test]
async fn an_address_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    let usual = Setup::default();
    let setup = Setup {
        http: HttpSettings {
            listen: address,
            ..usual.http
        },
        ..usual
    };
    let refusal = TestApp::bind(&sqlite().await, setup).err();
    let Some(ServerError::Listen { address: told, .. }) = refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(told, address);
}

#[tokio::test]
async fn a_stop_lets_the_request_under_way_finish() {
    let app = TestApp::start(sqlite().await, Setup::default()).await;
    let body = campaign().to_string();
    let (first, rest) = body.split_at(body.len() / 2);
    let headers = format!("expect: 100-continue\r\ncontent-length: {}", body.len());
    let mut wire = Wire::open(&app, &headers).await;
    assert!(wire.line().await.starts_with("HTTP/1.1 100"));
    wire.send(first.as_bytes()).await;
    let finish = async {
        wire.send(rest.as_bytes()).await;
        wire.answer().await
    };
    let ((), answer) = tokio::join!(app.stop(), finish);
    assert!(answer.contains("HTTP/1.1 201"), "{answer}");
}
