//! The npm package `smpp` as SMSC.

use std::fmt::Write;
use std::net::SocketAddr;

use clarion_domain::gateway::{Gateway, Inbound};
use clarion_domain::message::MessageStatus;
use clarion_domain::receipt::canonical_id;
use serde_json::json;
use tokio::process::Command;

use super::process::{Program, are_there, script, tools};
use crate::support::{Bench, bench, id_of, message};

/// The SMSC and a gateway that is bound to it; `None` where the package is missing.
async fn bound(more: &str) -> Option<(Program, Bench)> {
    let modules = tools().join("node/node_modules");
    if !are_there(&[modules.join("smpp")]) {
        return None;
    }
    let mut smsc = Program::start(
        Command::new("node")
            .arg(script("smsc.js"))
            .env("NODE_PATH", modules),
    );
    let port = smsc.event("listening").await["port"].as_u64().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
    let bench = bench(
        address,
        &format!("id_form = 'hexadecimal_response'\n{more}"),
    );
    let bind = smsc.event("bind").await;
    assert_eq!(
        (&bind["system_id"], &bind["version"]),
        (&json!("clarion"), &json!(0x34))
    );
    Some((smsc, bench))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut hex, octet| {
        write!(hex, "{octet:02x}").unwrap();
        hex
    })
}

/// Sends a text; the octets of each part, after the node server has joined them to the same text, and a receipt for each
/// has come.
async fn octets_of(more: &str, text: &str, parts: usize) -> Option<Vec<String>> {
    let (mut smsc, mut bench) = bound(more).await?;
    let outcome = bench.send_one(message(1, text)).await;
    assert_eq!(outcome.len(), parts);
    let mut octets = Vec::new();
    for _ in 0..parts {
        let submit = smsc.event("submit").await;
        octets.push(submit["octets"].as_str().unwrap().to_owned());
        if octets.len() == parts {
            let joined = smsc.event("message").await;
            assert_eq!(joined["text"], text);
            assert_eq!(joined["destination"], "447700900001");
            assert_eq!(joined["source"], "ACME");
        }
    }
    for _ in 0..parts {
        let Inbound::Receipt(receipt) = bench.inbound().await else {
            panic!("no receipt");
        };
        assert_eq!(receipt.status, Some(MessageStatus::Delivered));
        assert!(
            outcome
                .iter()
                .any(|part| canonical_id(id_of(part)) == receipt.response_id)
        );
        assert_eq!(smsc.event("receipt_answered").await["status"], 0);
    }
    bench.gateway.stop().await;
    smsc.event("unbind").await;
    Some(octets)
}

#[tokio::test]
async fn a_text_of_160_characters_arrives_octet_by_octet() {
    let text = "0123456789".repeat(16);
    let Some(octets) = octets_of("", &text, 1).await else {
        return;
    };
    assert!(octets[0].ends_with(&format!("00a0{}", hex(text.as_bytes()))));
}

#[tokio::test]
async fn a_text_of_161_characters_arrives_in_two_parts() {
    let text = "x".repeat(161);
    let Some(octets) = octets_of("", &text, 2).await else {
        return;
    };
    for (octets, (header, length)) in octets
        .iter()
        .zip([("050003420201", 153), ("050003420202", 8)])
    {
        let part = format!("00{:02x}{header}{}", length + 6, "78".repeat(length));
        assert!(octets.ends_with(&part), "{octets}");
    }
}

#[tokio::test]
async fn an_emoji_arrives() {
    let Some(octets) = octets_of("", "🐳", 1).await else {
        return;
    };
    // data_coding 8, the default message, four octets.
    assert!(octets[0].ends_with("080004d83ddc33"), "{octets:?}");
}

#[tokio::test]
async fn a_message_of_ten_parts_arrives_however_they_are_tied() {
    let text = "€ 5 {for} you, Übermut @ home! ".repeat(41);
    for (concatenation, parts) in [("udh8", 10), ("udh16", 10), ("sar", 10), ("payload", 1)] {
        let more = format!("concatenation = '{concatenation}'");
        octets_of(&more, &text, parts).await;
    }
}

#[tokio::test]
async fn replies_arrive_whole() {
    let Some((mut smsc, mut bench)) = bound("").await else {
        return;
    };
    for parts in [vec!["STOP"], vec!["Ça va ", "très bien, ", "merci 🐳"]] {
        let reply = json!({"source": "447700900001", "destination": "ACME", "parts": parts});
        smsc.say(&reply).await;
        let Inbound::Message(message) = bench.inbound().await else {
            panic!("no message");
        };
        assert_eq!(message.text, parts.concat());
        for _ in parts {
            assert_eq!(smsc.event("delivery_answered").await["status"], 0);
        }
    }
}
