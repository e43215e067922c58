//! Bodies: what is read, and what is refused before or while it is read. Whatever fails leaves nothing behind.

pub(crate) mod wire;

use std::io::Write;
use std::time::Duration;

use clarion_http::HttpSettings;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;

use crate::create::post_text;
use crate::support::{Answer, Setup, TestApp, campaign, campaign_to, on_each_database, with};
use wire::Wire;

const ROOM: u64 = 4_096;

/// A service that takes little and does not wait long.
fn narrow() -> Setup {
    let usual = Setup::default();
    Setup {
        http: HttpSettings {
            max_body: ROOM,
            max_element: 1_024,
            body_deadline: Duration::from_millis(200),
            ..usual.http
        },
        ..usual
    }
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

async fn post_gzip(app: &TestApp, body: Vec<u8>) -> Answer {
    let request = app
        .request(Method::POST, "/api/Campaigns")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(body);
    Answer::to(request).await
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    on_each_database(async |app| {
        for (body, path, message) in [
            ("", "$", "line 1, column 0: EOF"),
            ("{", "$", "line 1, column 1: EOF"),
            ("sender=ACME", "$", "line 1, column 1: expected value"),
            ("[]", "$", "must be a JSON object"),
            ("\"x\"", "$", "must be a JSON object"),
            ("{\"sender\":\"ACME\",}", "$", "trailing comma"),
            ("{\"sender\":\"\u{1}\"}", "$", "control character"),
            (
                "{\n \"contacts\": [\n{},\n{}\n{}]}",
                "contacts[2]",
                "line 5, column 1: expected",
            ),
            (
                "{\"contacts\":[{},{\"phoneNumber\":}]}",
                "contacts[1]",
                "expected value",
            ),
            ("{\"contacts\":[{}", "contacts[1]", "EOF"),
            ("{} {}", "$", "trailing characters"),
        ] {
            post_text(app, body).await.has_fault(path, message);
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn deep_nesting_is_read_over() {
    on_each_database(async |app| {
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let body = format!("{{\"x\":{nested},\"sender\":{nested}}}");
        post_text(app, &body)
            .await
            .has_fault("sender", "must be a string");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_fault_behind_thousands_of_good_contacts_leaves_none_of_them() {
    on_each_database(async |app| {
        let contacts: Vec<_> = (0..9_000)
            .map(|n| format!("{{\"phoneNumber\":\"+4477001{n:05}\"}}"))
            .collect();
        let body = format!(
            "{{\"sender\":\"A\",\"message\":\"Hi\",\"contacts\":[{},oops]}}",
            contacts.join(",")
        );
        post_text(app, &body)
            .await
            .has_fault("contacts[9000]", "line 1, column");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_unicode_is_refused() {
    on_each_database(async |app| {
        let request = app
            .request(Method::POST, "/api/Campaigns")
            .header("content-type", "application/json")
            .body(b"{\"sender\":\"\xff\"}".to_vec());
        Answer::to(request).await.has_fault("$", "unicode");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn another_media_type_or_encoding_is_refused() {
    on_each_database(async |app| {
        let post = || {
            app.request(Method::POST, "/api/Campaigns")
                .body(campaign().to_string())
        };
        let json = || post().header("content-type", "application/json");
        for request in [
            post(),
            post().header("content-type", "text/plain"),
            post().header("content-type", "application/x-www-form-urlencoded"),
            post().header("content-type", "application/json; charset=utf-16"),
            json().header("content-encoding", "br"),
            json().header("content-encoding", "gzip, gzip"),
        ] {
            Answer::to(request).await.problem(415);
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    on_each_database(async |app| {
        let answer = post_gzip(app, gzip(&campaign().to_string())).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let path = answer.header("location").expect("a location").to_owned();
        assert_eq!(app.get(&path).await.json()["recipientCount"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_compressed_body_in_chunks_is_read() {
    on_each_database(async |app| {
        let mut wire =
            Wire::open(app, "transfer-encoding: chunked\r\ncontent-encoding: gzip").await;
        for piece in gzip(&campaign().to_string()).chunks(7) {
            wire.chunk(piece).await;
        }
        wire.chunk(b"").await;
        let answer = wire.answer().await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_cannot_be_decompressed_is_refused() {
    on_each_database(async |app| {
        let whole = gzip(&campaign().to_string());
        let cut = whole[..whole.len() - 9].to_vec();
        let mut spoilt = whole.clone();
        let check_sum = whole.len() - 6;
        spoilt[check_sum] ^= 1;
        for body in [campaign().to_string().into_bytes(), cut, spoilt] {
            post_gzip(app, body)
                .await
                .has_fault("$", "cannot be decompressed");
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    with(narrow, async |app| {
        let contact = json!({"phoneNumber": "07700900001"});
        let large = campaign_to(json!(vec![contact; 200])).to_string();
        let announced = post_text(app, &large).await.problem(413);
        assert_eq!(announced["detail"], "a body may have at most 4096 bytes");

        let mut wire = Wire::open(app, "transfer-encoding: chunked").await;
        wire.chunk(large.as_bytes()).await;
        wire.chunk(b"").await;
        let in_chunks = wire.answer().await;
        assert!(in_chunks.starts_with("HTTP/1.1 413"), "{in_chunks}");

        let small = gzip(&large);
        assert!((small.len() as u64) < ROOM);
        let unfolded = post_gzip(app, small).await.problem(413)["detail"].clone();
        let unfolded = unfolded.as_str().expect("a text");
        assert!(unfolded.starts_with("contacts["), "{unfolded}");
        assert!(
            unfolded.ends_with("a body may have at most 4096 bytes"),
            "{unfolded}"
        );
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn what_stands_around_the_contacts_is_bounded_too() {
    with(narrow, async |app| {
        for (spaces, status) in [(1_025, 413), (500, 201)] {
            let body = format!("{}{}", " ".repeat(spaces), campaign());
            assert_eq!(post_text(app, &body).await.status, status);
        }
    })
    .await;
}

#[tokio::test]
async fn a_contact_that_is_too_large_is_refused() {
    with(narrow, async |app| {
        let contact = json!({"phoneNumber": "07700900001", "unknown": "x".repeat(1_100)});
        let good = json!({"phoneNumber": "07700900002"});
        let answer = app
            .post("/api/Campaigns", &campaign_to(json!([good, contact])))
            .await;
        let detail = answer.problem(413)["detail"].clone();
        let detail = detail.as_str().expect("a text");
        assert!(
            detail.starts_with("contacts[1], line 1, column"),
            "{detail}"
        );
        app.holds_nothing().await;
        let small: Vec<_> = (0..60).map(|_| &good).collect();
        app.create(&campaign_to(json!(small))).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_given_up() {
    with(narrow, async |app| {
        let mut wire = Wire::open(app, "content-length: 100").await;
        wire.send(b"{\"sender\":").await;
        let answer = wire.answer().await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing_behind() {
    on_each_database(async |app| {
        for framing in ["content-length: 1000000", "transfer-encoding: chunked"] {
            let mut wire = Wire::open(app, framing).await;
            let contacts: String = (0..5_000)
                .map(|n| format!("{{\"phoneNumber\":\"+4477001{n:05}\"}},"))
                .collect();
            let body = format!("{{\"sender\":\"A\",\"message\":\"Hi\",\"contacts\":[{contacts}");
            if framing.starts_with('c') {
                wire.send(body.as_bytes()).await;
            } else {
                wire.chunk(body.as_bytes()).await;
            }
            wire.hang_up().await;
            // Whether the answer still gets through or not: the server closes when it is done with the request.
            let answer = wire.answer().await;
            assert!(
                answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
                "{answer}"
            );
            app.holds_nothing().await;
        }
    })
    .await;
}
