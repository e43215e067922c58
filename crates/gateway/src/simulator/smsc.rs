//! What all connections of the simulated SMSC share: the script, the mailboxes, the message ids, the log.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clarion_domain::clock::Clock;
use tokio::time::Instant;

use super::journal::{Journal, Line};
use super::mailbox::{Delivery, Mailbox, Receipt};
use super::script::{Answer, Decision, Enroute, Fate, Rule, Script};
use super::spool::Kept;
use super::submit::Submit;

/// The simulated SMSC.
pub(super) struct Smsc {
    pub(super) script: Script,
    pub(super) clock: Arc<dyn Clock>,
    journal: Journal,
    mailboxes: Mutex<HashMap<String, Arc<Mailbox>>>,
    next_id: AtomicU64,
    next_bind: AtomicU64,
    /// One per rule.
    throttles: Vec<Mutex<Throttle>>,
    otherwise: Rule,
    started: Instant,
}

#[derive(Debug, Default)]
struct Throttle {
    since: Option<Instant>,
    taken: u32,
}

/// What was made of a submit.
pub(super) struct Verdict {
    pub(super) decision: Decision,
    /// As the response writes it; none where it was refused.
    pub(super) message_id: Option<String>,
}

const THROTTLED: u32 = 0x58;
/// How much of a message its receipt quotes.
const QUOTED: usize = 20;

impl Smsc {
    pub(super) fn new(script: Script, clock: Arc<dyn Clock>, journal: Journal) -> Self {
        // Ids go on rising over restarts, since receipts are matched by them.
        let start = u64::try_from(clock.now().timestamp_millis()).unwrap_or_default();
        Self {
            throttles: script.rules.iter().map(|_| Mutex::default()).collect(),
            script,
            clock,
            journal,
            mailboxes: Mutex::default(),
            next_id: AtomicU64::new(start << 20),
            next_bind: AtomicU64::new(1),
            otherwise: Rule::default(),
            started: Instant::now(),
        }
    }

    /// The number of a new connection.
    pub(super) fn next_bind(&self) -> u64 {
        self.next_bind.fetch_add(1, Ordering::Relaxed)
    }

    /// Where the deliveries to a system_id wait.
    pub(super) fn mailbox(&self, system_id: &str) -> Arc<Mailbox> {
        let mut mailboxes = self.lock_mailboxes();
        Arc::clone(mailboxes.entry(system_id.to_owned()).or_default())
    }

    /// Where deliveries to anyone who was ever bound wait.
    pub(super) fn mailboxes(&self) -> Vec<Arc<Mailbox>> {
        self.lock_mailboxes().values().cloned().collect()
    }

    /// Puts back what waited when it was stopped.
    pub(super) fn restore(&self, waiting: Vec<Kept>) {
        for kept in waiting {
            self.mailbox(&kept.system_id)
                .put(Instant::now(), kept.delivery);
        }
    }

    /// Takes out all that waits.
    pub(super) fn waiting(&self) -> Vec<Kept> {
        let mut waiting = Vec::new();
        for (system_id, mailbox) in self.lock_mailboxes().iter() {
            waiting.extend(mailbox.empty().into_iter().map(|delivery| Kept {
                system_id: system_id.clone(),
                delivery,
            }));
        }
        waiting
    }

    fn lock_mailboxes(&self) -> MutexGuard<'_, HashMap<String, Arc<Mailbox>>> {
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes or refuses a submit, logs it, and puts its receipt into the mailbox.
    pub(super) fn judge(
        &self,
        submit: &Submit,
        bind: u64,
        sequence: u32,
        mailbox: &Mailbox,
    ) -> Verdict {
        let now = Instant::now();
        let index = self.script.rule_of(submit);
        let rule = index.map_or(&self.otherwise, |index| &self.script.rules[index]);
        let mut decision = self.script.decide(submit, rule);
        if rule.response.is_burst(now - self.started)
            || index.is_some_and(|index| self.is_throttled(index, rule.response.per_second, now))
        {
            decision.answer = Answer::Refused(THROTTLED);
        }
        let id = rule
            .response
            .id(self.next_id.fetch_add(1, Ordering::Relaxed));
        let is_refused = matches!(decision.answer, Answer::Refused(_));
        let verdict = Verdict {
            message_id: (!is_refused).then(|| decision.ids.in_response(id)),
            decision,
        };
        self.log_submit(submit, &verdict, bind, sequence);
        if !is_refused && let Some(fate) = verdict.decision.fate {
            self.post_receipt(submit, &verdict.decision, fate, id, now, mailbox);
        }
        verdict
    }

    fn is_throttled(&self, rule: usize, per_second: u32, now: Instant) -> bool {
        if per_second == 0 {
            return false;
        }
        let mut throttle = self.throttles[rule]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if throttle
            .since
            .is_none_or(|since| now - since >= Duration::from_secs(1))
        {
            *throttle = Throttle {
                since: Some(now),
                taken: 0,
            };
        }
        throttle.taken += 1;
        throttle.taken > per_second
    }

    fn post_receipt(
        &self,
        submit: &Submit,
        decision: &Decision,
        fate: Fate,
        id: u64,
        now: Instant,
        mailbox: &Mailbox,
    ) {
        let due = now + decision.receipt_after;
        let put = |fate| {
            let receipt = self.receipt(submit, decision, fate, id);
            mailbox.put(due, Delivery::Receipt(Box::new(receipt)));
        };
        // What is due at one moment is delivered in the order it was put.
        if decision.receipt.enroute == Enroute::Before {
            put(Fate::Enroute);
        }
        put(fate);
        if decision.twice {
            put(fate);
        }
        if let Some(then) = decision.receipt.then {
            put(then);
        }
        if decision.receipt.enroute == Enroute::After {
            put(Fate::Enroute);
        }
    }

    fn receipt(&self, submit: &Submit, decision: &Decision, fate: Fate, id: u64) -> Receipt {
        Receipt {
            message_id: decision.ids.in_receipt(id),
            fate,
            format: decision.receipt.format,
            template: decision.receipt.text.clone(),
            unflagged: decision.receipt.unflagged,
            destination: submit.destination.clone(),
            source: submit.source.clone(),
            source_ton: submit.source_ton,
            source_npi: submit.source_npi,
            submitted: self.clock.now(),
            text: submit
                .text
                .chars()
                .filter(|character| matches!(character, ' '..='~'))
                .take(QUOTED)
                .collect(),
        }
    }

    fn log_submit(&self, submit: &Submit, verdict: &Verdict, bind: u64, sequence: u32) {
        self.journal.write(|| Line {
            t: self.clock.now(),
            event: "submit",
            bind,
            sequence,
            destination: Some(&submit.destination),
            source: Some(&submit.source),
            text: Some(&submit.text),
            reference: submit.place.map(|place| place.reference),
            part: submit.place.map(|place| place.part),
            parts: submit.place.map(|place| place.parts),
            message_id: verdict.message_id.as_deref(),
            decision: Some(verdict.decision.words()),
        });
    }

    /// Logs that a connection was bound or unbound.
    pub(super) fn log_bind(&self, event: &'static str, bind: u64, sequence: u32, decision: &str) {
        self.journal.write(|| Line {
            t: self.clock.now(),
            event,
            bind,
            sequence,
            decision: Some(decision.into()),
            ..Line::default()
        });
    }

    /// Logs a delivery, or its answer.
    pub(super) fn log_delivery(
        &self,
        event: &'static str,
        bind: u64,
        sequence: u32,
        delivery: &Delivery,
        decision: Option<String>,
    ) {
        self.journal.write(|| {
            let line = Line {
                t: self.clock.now(),
                event,
                bind,
                sequence,
                decision: decision.map(Into::into),
                ..Line::default()
            };
            match delivery {
                Delivery::Receipt(receipt) => Line {
                    destination: Some(&receipt.destination),
                    source: Some(&receipt.source),
                    message_id: Some(&receipt.message_id),
                    decision: line.decision.or(Some(receipt.fate.name().into())),
                    ..line
                },
                Delivery::Message(message) => Line {
                    destination: Some(&message.destination),
                    source: Some(&message.source),
                    ..line
                },
            }
        });
    }
}

impl Decision {
    /// As the log has it.
    fn words(&self) -> std::borrow::Cow<'static, str> {
        match (self.answer, self.fate) {
            (Answer::Refused(THROTTLED), _) => "throttled".into(),
            (Answer::Refused(code), _) => format!("refused 0x{code:08X}").into(),
            (Answer::Silent, _) => "silent".into(),
            (Answer::Cut, _) => "cut".into(),
            (Answer::Taken, None) => "no receipt".into(),
            (Answer::Taken, Some(fate)) => fate.name().into(),
        }
    }
}
