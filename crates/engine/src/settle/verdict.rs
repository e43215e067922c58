//! What a message's outcome is, from its parts'.

use chrono::{DateTime, Utc};
use clarion_domain::gateway::{PartOutcome, Submission, SubmitOutcome};
use clarion_domain::message::MessageStatus;
use clarion_domain::tariff::{Price, Tariffs};
use clarion_domain::text::{Reference, segments};
use clarion_persistence::messages::{SettledPart, Settlement};

/// What is written down about a message that a gateway reported on.
pub(crate) fn settlement(
    tariffs: &Tariffs,
    gateway: &str,
    submission: Submission,
    outcome: SubmitOutcome,
) -> Settlement {
    if outcome.parts.contains(&PartOutcome::Broke) {
        tracing::error!(
            gateway,
            campaign = submission.recipient.campaign.0,
            seq = submission.recipient.seq,
            "a message has broken the gateway"
        );
        // Nothing more is done with a text that breaks what handles it.
        return broken(gateway, submission, outcome.at);
    }
    let parts = as_split(&submission.text, outcome.parts);
    let price = price(tariffs, gateway, &submission, &parts);
    let (status, error) = verdict(&parts);
    let parts = if status == MessageStatus::Queued {
        Vec::new()
    } else {
        parts.into_iter().map(settled_part).collect()
    };
    Settlement {
        parts,
        price,
        error,
        ..written(gateway, submission, status, outcome.at)
    }
}

/// The outcome of each part that the text needs. A provider that splits a message itself, as it does with message_payload,
/// answers once for all of its parts: they have one id and one receipt, and are charged all the same.
fn as_split(text: &str, mut parts: Vec<PartOutcome>) -> Vec<PartOutcome> {
    if let [part] = parts.as_slice() {
        let needed = segments(text, Reference::default()).count;
        let part = part.clone();
        parts.resize(usize::try_from(needed).unwrap_or(usize::MAX), part);
    }
    parts
}

/// What the parts cost that a provider has taken: the others are not charged.
fn price(
    tariffs: &Tariffs,
    gateway: &str,
    submission: &Submission,
    parts: &[PartOutcome],
) -> Price {
    let part = tariffs.part_via(gateway, submission.destination.region());
    let taken = parts
        .iter()
        .filter(|part| matches!(part, PartOutcome::Accepted { .. }));
    taken.map(|_| part).sum()
}

/// What is written down about a message that was marked, and of which nobody knows whether it was written.
pub(crate) fn lost(submission: Submission, at: DateTime<Utc>) -> Settlement {
    let parts = segments(&submission.text, Reference::default()).count;
    Settlement {
        parts: vec![SettledPart::default(); usize::try_from(parts).unwrap_or(usize::MAX)],
        ..written("", submission, MessageStatus::Unknown, at)
    }
}

/// What is written down about a message that broke what was to send it.
pub(crate) fn broken(gateway: &str, submission: Submission, at: DateTime<Utc>) -> Settlement {
    Settlement {
        parts: vec![SettledPart::default()],
        ..written(gateway, submission, MessageStatus::Parked, at)
    }
}

/// What is written down about a message that no gateway has.
pub(crate) fn unsent(
    submission: Submission,
    status: MessageStatus,
    at: DateTime<Utc>,
) -> Settlement {
    written("", submission, status, at)
}

fn written(
    gateway: &str,
    submission: Submission,
    status: MessageStatus,
    at: DateTime<Utc>,
) -> Settlement {
    Settlement {
        recipient: submission.recipient,
        attempt: submission.attempt,
        status,
        gateway: gateway.to_owned(),
        destination: submission.destination,
        text: submission.text.as_ref().to_owned(),
        sender: submission.sender.as_str().to_owned(),
        reference: submission.reference,
        parts: Vec::new(),
        price: Price::default(),
        error: None,
        at,
    }
}

/// The message's status and the provider's error code.
///
/// Doubt beats everything: a message with a part of unknown fate, or one that broke off between its parts, is itself
/// unknown, since sending it again might show a part twice. A refused part fails the message whatever the others did.
fn verdict(parts: &[PartOutcome]) -> (MessageStatus, Option<String>) {
    let unknown = parts
        .iter()
        .any(|part| matches!(part, PartOutcome::Unknown));
    let unwritten = count(parts, |part| matches!(part, PartOutcome::NotWritten));
    let refused = parts.iter().find_map(|part| match part {
        PartOutcome::Refused { status, code } => Some((*status, code.clone())),
        _ => None,
    });
    match refused {
        _ if unknown || parts.is_empty() => (MessageStatus::Unknown, None),
        Some((status, code)) => (status, Some(code)),
        None if unwritten == parts.len() => (MessageStatus::Queued, None),
        None if unwritten > 0 => (MessageStatus::Unknown, None),
        None => (MessageStatus::Sent, None),
    }
}

fn count(parts: &[PartOutcome], wanted: impl Fn(&PartOutcome) -> bool) -> usize {
    parts.iter().filter(|part| wanted(part)).count()
}

fn settled_part(part: PartOutcome) -> SettledPart {
    let provider_id = match part {
        PartOutcome::Accepted { provider_id } => Some(provider_id),
        PartOutcome::Refused { .. }
        | PartOutcome::NotWritten
        | PartOutcome::Broke
        | PartOutcome::Unknown => None,
    };
    SettledPart { provider_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted() -> PartOutcome {
        PartOutcome::Accepted {
            provider_id: "7".to_owned(),
        }
    }

    fn refused() -> PartOutcome {
        PartOutcome::Refused {
            status: MessageStatus::RejectedInvalidRecipient,
            code: "0x0000000B".to_owned(),
        }
    }

    #[test]
    fn a_message_is_what_its_parts_make_it() {
        use PartOutcome::{NotWritten, Unknown};
        let check =
            |parts: &[PartOutcome], status| assert_eq!(verdict(parts).0, status, "{parts:?}");
        check(&[accepted(), accepted()], MessageStatus::Sent);
        check(&[NotWritten, NotWritten], MessageStatus::Queued);
        check(&[accepted(), NotWritten], MessageStatus::Unknown);
        check(&[accepted(), Unknown], MessageStatus::Unknown);
        check(&[refused(), Unknown], MessageStatus::Unknown);
        check(
            &[accepted(), refused()],
            MessageStatus::RejectedInvalidRecipient,
        );
        check(
            &[refused(), NotWritten],
            MessageStatus::RejectedInvalidRecipient,
        );
        check(&[], MessageStatus::Unknown);
    }

    #[test]
    fn a_message_that_the_provider_splits_has_the_parts_of_its_text() {
        let split = |length, parts: &[PartOutcome]| as_split(&"x".repeat(length), parts.to_vec());
        assert_eq!(split(160, &[accepted()]), [accepted()]);
        assert_eq!(split(161, &[accepted()]), [accepted(), accepted()]);
        assert_eq!(split(161, &[refused()]), [refused(), refused()]);
        let as_sent = [accepted(), refused()];
        assert_eq!(split(161, &as_sent), as_sent);
    }

    #[test]
    fn the_code_of_a_refusal_is_kept() {
        assert_eq!(
            verdict(&[accepted(), refused()]).1.as_deref(),
            Some("0x0000000B")
        );
        assert_eq!(verdict(&[refused(), PartOutcome::Unknown]).1, None);
    }
}
