//! One attempt to tell a web hook something, at a receiver that is played by hand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use clarion_domain::client::ClientId;
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::{CampaignKey, FIRST_DIRECT_KEY, RecipientKey};
use clarion_domain::web_hook::{Answer, Change, Post, Poster, Secret, StatusChange};
use clarion_gateway::web_hooks::{HttpPoster, PosterFault, PosterSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::tls::Front;

const DEADLINE: Duration = Duration::from_secs(30);

/// Answers each request alike, and keeps what it was asked.
struct Receiver {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<String>,
    connections: mpsc::UnboundedReceiver<()>,
}

impl Receiver {
    async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (request, requests) = mpsc::unbounded_channel();
        let (connection, connections) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connection.send(()).unwrap();
                tokio::spawn(serve(stream, answer, request.clone()));
            }
        });
        Self {
            address,
            requests,
            connections,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn request(&mut self) -> String {
        timeout(DEADLINE, self.requests.recv())
            .await
            .unwrap()
            .unwrap()
    }
}

async fn serve(mut stream: TcpStream, answer: &str, requests: mpsc::UnboundedSender<String>) {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or_default();
        if count == 0 {
            return;
        }
        read.extend_from_slice(&buffer[..count]);
        // Every body ends with two braces, and nothing else in a request does.
        if read.ends_with(b"}}") {
            let request = String::from_utf8(std::mem::take(&mut read)).unwrap();
            let _ = requests.send(request);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    }
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn poster() -> HttpPoster {
    let settings = PosterSettings {
        allow_private_addresses: true,
        ..PosterSettings::default()
    };
    HttpPoster::new(&settings).unwrap()
}

fn post(url: String, secrets: &[u8]) -> Post {
    let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
    let recipient = RecipientKey {
        campaign: CampaignKey(FIRST_DIRECT_KEY),
        seq: 1,
    };
    let change = Change {
        recipient,
        attempt: 1,
        status: MessageStatus::Delivered,
        parts: 1,
        price: None,
        created_at: at,
        updated_at: at,
    };
    Post {
        url,
        id: "sms-1".to_owned(),
        event: StatusChange {
            client: ClientId(7),
            phone_number: "+447700900001".to_owned(),
            change,
        },
        secrets: secrets
            .iter()
            .map(|byte| Secret::generate(&[*byte; 32]))
            .collect(),
        at,
    }
}

#[tokio::test]
async fn a_request_is_signed_by_each_secret() {
    let mut receiver = Receiver::answering(NO_CONTENT).await;
    let answer = poster().post(post(receiver.url("/a?b=c"), &[7, 8])).await;
    assert_eq!(answer, Answer::Status(204));
    let request = receiver.request().await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{head}");
    assert_eq!(
        body,
        "{\"webHookType\":1,\"data\":{\"clientId\":7,\"Id\":4503599627370496,\"phoneNumberId\":\"\",\"phoneNumber\":\"+447700900001\",\"parts\":1,\
         \"dateCreated\":\"2021-02-25T15:02:10.000Z\",\"lastUpdated\":\"2021-02-25T15:02:10.000Z\",\"price\":0.0,\
         \"statusCode\":1}}"
    );
    for header in [
        "content-type: application/json",
        "webhook-id: sms-1",
        "webhook-timestamp: 1614265330",
        // By Python's hmac module.
        "webhook-signature: v1,UH0INBgpkNn+ppfEbqjMTk6hEXvTjPqWPbOrYM/L9XQ= v1,KNN1ji46rb3triK+eyDyLLUcSFQeI86aS052CtAmeNI=",
    ] {
        assert!(head.contains(&format!("\r\n{header}")), "{header}: {head}");
    }
}

#[tokio::test]
async fn whatever_is_answered_is_an_answer_and_redirects_are_not_followed() {
    for (answer, status) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200),
        ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 410),
        (
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
            307,
        ),
        // A body that never comes does not keep the answer back.
        (
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 9\r\n\r\n",
            500,
        ),
    ] {
        let mut receiver = Receiver::answering(answer).await;
        let given = poster().post(post(receiver.url("/"), &[7])).await;
        assert_eq!(given, Answer::Status(status));
        receiver.request().await;
        assert!(receiver.requests.try_recv().is_err(), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_serves_for_many() {
    let mut receiver = Receiver::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let poster = poster();
    for _ in 0..5 {
        poster.post(post(receiver.url("/"), &[7])).await;
        receiver.request().await;
    }
    receiver.connections.recv().await.unwrap();
    assert!(receiver.connections.try_recv().is_err());
}

#[tokio::test]
async fn private_addresses_are_not_reached_unless_they_may_be() {
    let mut receiver = Receiver::answering(NO_CONTENT).await;
    let guarded = HttpPoster::new(&PosterSettings::default()).unwrap();
    let port = receiver.address.port();
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/");
        let Answer::None(reason) = guarded.post(post(url.clone(), &[7])).await else {
            panic!("{url} was reached");
        };
        assert!(
            reason.contains("which is no public address"),
            "{host}: {reason}"
        );
    }
    assert!(receiver.connections.try_recv().is_err());
    let named = format!("http://localhost:{port}/");
    assert_eq!(poster().post(post(named, &[7])).await, Answer::Status(204));
}

#[tokio::test]
async fn what_keeps_a_request_from_its_receiver_is_told_without_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret", listener.local_addr().unwrap());
    drop(listener);
    let Answer::None(reason) = poster().post(post(url, &[7])).await else {
        panic!("nobody was there to answer");
    };
    assert!(reason.contains("refused"), "{reason}");
    assert!(!reason.contains("secret"), "{reason}");
}

/// A name that this machine resolves to itself, as the certificate bears it.
#[tokio::test]
async fn a_receiver_must_show_a_certificate_that_is_believed() {
    let mut receiver = Receiver::answering(NO_CONTENT).await;
    let front = Front::before(receiver.address).await;
    let url = format!("https://localhost:{}/", front.address.port());
    let post_with = async |tls_ca_file: PathBuf| {
        let settings = PosterSettings {
            allow_private_addresses: true,
            tls_ca_file,
        };
        let poster = HttpPoster::new(&settings).unwrap();
        poster.post(post(url.clone(), &[7])).await
    };
    assert_eq!(post_with(front.authority()).await, Answer::Status(204));
    receiver.request().await;
    let Answer::None(reason) = post_with(PathBuf::new()).await else {
        panic!("any certificate will do");
    };
    assert!(reason.contains("certificate"), "{reason}");
    let missing = PosterSettings {
        tls_ca_file: PathBuf::from("/nowhere/ca.pem"),
        ..PosterSettings::default()
    };
    let fault = HttpPoster::new(&missing).err().unwrap();
    assert!(matches!(fault, PosterFault::Authorities(_)), "{fault}");
}
