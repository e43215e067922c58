//! The outbox without a socket: what it writes, and what it tells of each message.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::gateway::{MessageRoom, OutcomeSink, Submission, SubmitOutcome};
use clarion_domain::message::MessageStatus;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::sender::SenderId;

use super::super::window::{Room, Window};
use super::*;

#[derive(Default)]
struct Outcomes(Mutex<Vec<(u32, Vec<PartOutcome>)>>);

impl OutcomeSink for Outcomes {
    fn outcome(&self, submission: Submission, outcome: SubmitOutcome, _: MessageRoom) {
        let mut outcomes = self.0.lock().unwrap();
        outcomes.push((submission.recipient.seq, outcome.parts));
    }
}

/// Stands still until it is set.
#[derive(Default)]
struct Seconds(AtomicI64);

impl Clock for Seconds {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }
}

/// An outbox with messages of so many parts each, and what comes out of it.
async fn outbox(window: usize, parts: &[usize]) -> (Outbox, Arc<Outcomes>) {
    outbox_at(Arc::default(), window, parts).await
}

async fn outbox_at(clock: Arc<Seconds>, window: usize, parts: &[usize]) -> (Outbox, Arc<Outcomes>) {
    let settings: SmppSettings = toml::from_str(&format!(
        "name = 'main'\nhost = 'smsc'\nsystem_id = 'x'\npassword = 'x'\nwindow = {window}"
    ))
    .unwrap();
    let form = Arc::new(Form::new(&settings));
    let codes = Arc::new(Codes::new(&BTreeMap::new()).unwrap());
    let mut outbox = Outbox::new(&settings, form, codes, clock, Arc::default());
    let outcomes = Arc::new(Outcomes::default());
    let seats = Window::new(1, parts.len());
    seats.set_up(0, true);
    let mut room: Room = seats.reserve(parts.len()).await.unwrap();
    for (seq, parts) in (1..).zip(parts) {
        outbox.accept(Job {
            submission: submission(seq, *parts),
            outcomes: outcomes.clone(),
            slot: room.take().unwrap(),
        });
    }
    (outbox, outcomes)
}

#[tokio::test]
async fn a_message_that_breaks_the_writer_is_handed_back_and_the_others_are_written() {
    let (mut outbox, outcomes) = outbox(9, &[1]).await;
    let seats = Window::new(1, 9);
    seats.set_up(0, true);
    let mut room: Room = seats.reserve(3).await.unwrap();
    let long = "x".repeat(200);
    for (seq, text) in [
        (2, "[break at encoding]".to_owned()),
        (3, format!("[break at writing]{long}")),
        (4, "Hello".to_owned()),
    ] {
        outbox.accept(Job {
            submission: Submission {
                text: text.into(),
                ..submission(seq, 1)
            },
            outcomes: outcomes.clone(),
            slot: room.take().unwrap(),
        });
    }
    let mut output = Output::default();
    while outbox.can_write() {
        outbox.write(0, &mut output, Instant::now());
    }
    assert_eq!(
        told(&outcomes),
        [
            (2, vec![PartOutcome::Broke]),
            (3, vec![PartOutcome::Broke; 2])
        ]
    );
    assert_eq!(outbox.in_flight(), 2);
}

fn submission(seq: u32, parts: usize) -> Submission {
    Submission {
        recipient: RecipientKey {
            campaign: CampaignKey(1),
            seq,
        },
        attempt: 1,
        sender: SenderId::Alphanumeric("ACME".to_owned()),
        destination: PhoneNumber::from_stored("+447700900001", Region::new("GB").unwrap()).unwrap(),
        text: "a".repeat(if parts == 1 { 1 } else { parts * 153 }).into(),
        reference: 1,
        valid_until: None,
        not_begun_from: None,
    }
}

fn write_all(outbox: &mut Outbox, output: &mut Output, now: Instant) {
    while outbox.can_write() {
        outbox.write(0, output, now);
    }
}

fn told(outcomes: &Outcomes) -> Vec<(u32, Vec<PartOutcome>)> {
    std::mem::take(&mut outcomes.0.lock().unwrap())
}

#[tokio::test]
async fn sequence_numbers_go_round_and_pass_over_those_in_flight() {
    let (mut outbox, _) = outbox(10, &[1]).await;
    outbox.sequence = 0x7FFF_FFFF;
    write_all(&mut outbox, &mut Output::default(), Instant::now());
    assert_eq!(outbox.next_sequence(), 1);
    outbox.sequence = 0x7FFF_FFFF;
    assert_eq!(outbox.next_sequence(), 1);
}

#[tokio::test]
async fn only_overdue_answers_are_given_up() {
    let (mut outbox, outcomes) = outbox(10, &[1, 1]).await;
    let (mut output, begun) = (Output::default(), Instant::now());
    outbox.write(0, &mut output, begun);
    outbox.write(0, &mut output, begun + Duration::from_secs(5));
    assert_eq!(outbox.next_due(), Some(begun + Duration::from_secs(30)));
    assert_eq!(outbox.expire(begun + Duration::from_secs(30)), 1);
    assert_eq!(told(&outcomes), [(1, vec![PartOutcome::Unknown])]);
    assert_eq!(outbox.next_due(), Some(begun + Duration::from_secs(35)));
    assert_eq!(outbox.answered(4, 0, "nobody's".to_owned()), None);
}

#[tokio::test]
async fn answers_that_come_late_settle_what_was_unknown() {
    let (mut outbox, outcomes) = outbox(10, &[2]).await;
    let begun = Instant::now();
    write_all(&mut outbox, &mut Output::default(), begun);
    assert_eq!(outbox.expire(begun + Duration::from_secs(30)), 2);
    assert_eq!(told(&outcomes), [(1, vec![PartOutcome::Unknown; 2])]);

    let accepted = |id: &str| PartOutcome::Accepted {
        provider_id: id.to_owned(),
    };
    let mut answer = |sequence, code, id: &str| {
        outbox.answered(sequence, code, id.to_owned());
        outbox.next_late().map(|late| late.outcome.parts)
    };
    assert_eq!(answer(3, 0, "b"), None);
    assert_eq!(answer(2, 0x58, ""), None);
    assert_eq!(answer(2, 0, "a"), Some(vec![accepted("a"), accepted("b")]));
    assert_eq!(answer(2, 0, "a"), None);
    assert_eq!(told(&outcomes), []);
}

#[tokio::test]
async fn an_answer_that_comes_late_but_before_the_others_is_an_answer() {
    let (mut outbox, outcomes) = outbox(10, &[2]).await;
    let (mut output, begun) = (Output::default(), Instant::now());
    outbox.write(0, &mut output, begun);
    outbox.write(0, &mut output, begun + Duration::from_secs(5));
    assert_eq!(outbox.expire(begun + Duration::from_secs(30)), 1);
    outbox.answered(2, 0, "a".to_owned());
    outbox.answered(3, 0, "b".to_owned());
    let accepted = |id: &str| PartOutcome::Accepted {
        provider_id: id.to_owned(),
    };
    assert_eq!(told(&outcomes), [(1, vec![accepted("a"), accepted("b")])]);
    assert_eq!(outbox.next_late(), None);
}

#[tokio::test]
async fn what_has_not_begun_is_handed_back_and_what_the_socket_has_is_unknown() {
    let (mut outbox, outcomes) = outbox(3, &[1, 1, 1]).await;
    let mut output = Output::default();
    outbox.write(0, &mut output, Instant::now());
    outbox.write(0, &mut output, Instant::now());
    // The socket has taken the first part only.
    let first = u32::from_be_bytes(*output.buffer.first_chunk().unwrap()) as usize;
    let _ = output.buffer.split_to(first);
    output.took(first);
    outbox.disconnect(&output);
    let mut told = told(&outcomes);
    told.sort_by_key(|(seq, _)| *seq);
    assert_eq!(
        told,
        [
            (1, vec![PartOutcome::Unknown]),
            (2, vec![PartOutcome::NotWritten]),
            (3, vec![PartOutcome::NotWritten])
        ]
    );
    assert!(outbox.is_empty());
}

#[tokio::test]
async fn a_message_written_in_part_goes_on_with_the_parts_that_were_not() {
    let (mut outbox, outcomes) = outbox(2, &[3]).await;
    let mut output = Output::default();
    write_all(&mut outbox, &mut output, Instant::now());
    // The socket has taken the first part and one octet of the second.
    let first = u32::from_be_bytes(*output.buffer.first_chunk().unwrap()) as usize;
    let _ = output.buffer.split_to(first + 1);
    output.took(first + 1);
    outbox.disconnect(&output);
    assert_eq!(told(&outcomes), []);

    let mut output = Output::default();
    write_all(&mut outbox, &mut output, Instant::now());
    assert_eq!(outbox.in_flight(), 1);
    outbox.answered(BIND_SEQUENCE + 1, 0, "3".to_owned());
    let parts = vec![
        PartOutcome::Unknown,
        PartOutcome::Unknown,
        PartOutcome::Accepted {
            provider_id: "3".to_owned(),
        },
    ];
    assert_eq!(told(&outcomes), [(1, parts)]);
}

#[tokio::test(start_paused = true)]
async fn how_long_a_message_is_tried_begins_with_its_first_part() {
    let clock = Arc::<Seconds>::default();
    let (mut outbox, outcomes) = outbox_at(Arc::clone(&clock), 1, &[1, 1]).await;
    // Neither the clock on the wall counts nor the wait for its turn.
    clock.0.store(86_400, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(3_601)).await;
    outbox.write(0, &mut Output::default(), Instant::now());
    outbox.answered(BIND_SEQUENCE + 1, 0x58, String::new());
    tokio::time::advance(Duration::from_secs(3_600)).await;
    outbox.expire_waiting();
    assert_eq!(told(&outcomes), []);
    tokio::time::advance(Duration::from_secs(1)).await;
    outbox.expire_waiting();
    let expired = PartOutcome::Refused {
        status: MessageStatus::Expired,
        code: "0x00000058".to_owned(),
    };
    assert_eq!(told(&outcomes), [(1, vec![expired])]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_long_for_its_turn_is_marked_again_before_it_is_written() {
    let (mut outbox, outcomes) = outbox(9, &[1, 2, 1]).await;
    let mut output = Output::default();
    write_all(&mut outbox, &mut output, Instant::now());
    // The first is refused for now; of the second a part is taken, and the other refused.
    outbox.answered(BIND_SEQUENCE + 1, 0x58, String::new());
    outbox.answered(BIND_SEQUENCE + 2, 0, "a".to_owned());
    outbox.answered(BIND_SEQUENCE + 3, 0x58, String::new());
    tokio::time::advance(Duration::from_millis(999)).await;
    outbox.hand_back_stale(Instant::now());
    assert_eq!(told(&outcomes), []);
    tokio::time::advance(Duration::from_millis(1)).await;
    outbox.hand_back_stale(Instant::now());
    assert_eq!(told(&outcomes), [(1, vec![PartOutcome::NotWritten])]);
    // A part alone is of no use.
    let now = Instant::now();
    write_all(&mut outbox, &mut output, now);
    assert_eq!(outbox.in_flight(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_handed_back_is_tried_for_no_longer() {
    let (mut outbox, outcomes) = outbox(1, &[1]).await;
    outbox.write(0, &mut Output::default(), Instant::now());
    outbox.answered(BIND_SEQUENCE + 1, 0x58, String::new());
    tokio::time::advance(Duration::from_secs(3_600)).await;
    outbox.hand_back_stale(Instant::now());
    assert_eq!(told(&outcomes), [(1, vec![PartOutcome::NotWritten])]);
    let seats = Window::new(1, 1);
    seats.set_up(0, true);
    outbox.accept(Job {
        submission: submission(1, 1),
        outcomes: outcomes.clone(),
        slot: seats.reserve(1).await.unwrap().take().unwrap(),
    });
    tokio::time::advance(Duration::from_millis(1)).await;
    write_all(&mut outbox, &mut Output::default(), Instant::now());
    let expired = PartOutcome::Refused {
        status: MessageStatus::Expired,
        code: "0x00000058".to_owned(),
    };
    assert_eq!(told(&outcomes), [(1, vec![expired])]);
}

#[tokio::test]
async fn a_sender_that_has_had_its_share_holds_up_nobody_else() {
    let (mut outbox, _) = outbox(10, &[1, 1]).await;
    let later = Instant::now() + Duration::from_secs(1);
    assert_eq!(outbox.next(|_| Err(later)), Next::From(later));
    let mut asked = 0;
    let second = outbox.next(|_| {
        asked += 1;
        if asked == 1 { Err(later) } else { Ok(()) }
    });
    assert_eq!(second, Next::Part(1));
    write_all(&mut outbox, &mut Output::default(), Instant::now());
    assert_eq!(outbox.next(|_| Ok(())), Next::Nothing);
}
