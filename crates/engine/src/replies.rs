//! Messages from handsets: stored with whom they answer, and what they bring about. A word such as STOP or START changes the
//! consent of whoever wrote it, in the transaction before the provider's answer (RULES section 4).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::contact::Contact;
use clarion_domain::gateway::InboundMessage;
use clarion_domain::message::MessageContent;
use clarion_domain::opt_out::{
    ClientPolicy, Keyword, KeywordRules, Keywords, OptOutScope, OptOutSettings, OptOutSource,
};
use clarion_domain::sender::SenderId;
use clarion_domain::text::{Reference, segments};
use clarion_persistence::inbound_messages::{self, Answered};
use clarion_persistence::opt_outs::{self, ConsentChange};
use clarion_persistence::{Conn, StoreError, messages, recipients};
use tracing::{debug, info};

use crate::intake;

/// What replies bring about: the words that count, and what is answered.
#[derive(Debug)]
pub(crate) struct ReplyRules {
    rules: Arc<KeywordRules>,
    /// Of clients that have set nothing.
    usual: Arc<Policy>,
}

/// What holds for a client.
#[derive(Debug)]
struct Policy {
    of: ClientPolicy,
    keywords: Keywords,
}

/// A reply to a client's message.
struct Heard<'a> {
    answered: Answered,
    message: &'a InboundMessage,
    /// Who wrote it, as the campaign has him.
    contact: Contact,
}

impl ReplyRules {
    pub(crate) fn of(rules: Arc<KeywordRules>) -> Self {
        let usual = Arc::new(Policy::of(&OptOutSettings::default(), &rules));
        Self { rules, usual }
    }

    /// What holds for a client at this moment.
    fn policy(&self, conn: &mut Conn, client: ClientId) -> Result<Arc<Policy>, StoreError> {
        Ok(match opt_outs::settings(conn, client)? {
            Some(settings) => Arc::new(Policy::of(&settings, &self.rules)),
            None => Arc::clone(&self.usual),
        })
    }

    /// Stores a message from a handset, in the transaction before its answer, and heeds it. Whether something is to be sent
    /// because of it.
    pub(crate) fn take(
        &self,
        conn: &mut Conn,
        gateway: &str,
        message: &InboundMessage,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let answered = inbound_messages::insert(conn, gateway, message)?;
        let source = masked(&message.source);
        let campaign = answered.map(|answered| answered.recipient.campaign.0);
        debug!(gateway, source, campaign, "a reply came in");
        let Some(answered) = answered else {
            if let Some(keyword) = self.usual.keywords.recognise(&message.text) {
                info!(gateway, source, ?keyword, "a keyword that answers nobody");
            }
            return Ok(false);
        };
        let policy = self.policy(conn, answered.client)?;
        let Some(keyword) = policy.keywords.recognise(&message.text) else {
            return Ok(false);
        };
        let key = answered.recipient;
        let mut found = recipients::range(conn, key.campaign, key.seq, key.seq)?;
        let Some(recipient) = found.pop() else {
            return Ok(false);
        };
        let heard = Heard {
            answered,
            message,
            contact: recipient.contact,
        };
        info!(gateway, source, campaign, ?keyword, "a keyword came in");
        policy.heed(conn, keyword, &heard, now)
    }
}

impl Policy {
    fn of(settings: &OptOutSettings, rules: &KeywordRules) -> Self {
        let of = settings.policy(rules);
        Self {
            keywords: of.keywords(),
            of,
        }
    }

    fn heed(
        &self,
        conn: &mut Conn,
        keyword: Keyword,
        heard: &Heard<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        match keyword {
            Keyword::Stop { probable } => {
                let is_new = self.opt_out(conn, probable, heard)?;
                // Once for each opt-out, and never more: whoever says it again has been told.
                if is_new && self.of.confirmation {
                    return answer(conn, heard, &self.of.stop_text, now);
                }
                Ok(false)
            }
            // Whoever had not opted out has nothing to opt in to.
            Keyword::Start | Keyword::StartIfOptedOut => opt_in(conn, heard).map(|()| false),
            Keyword::Help => answer(conn, heard, &self.of.help_text, now),
        }
    }

    /// Whether he had not opted out before.
    fn opt_out(
        &self,
        conn: &mut Conn,
        probable: bool,
        heard: &Heard<'_>,
    ) -> Result<bool, StoreError> {
        let group = heard.contact.contact_group_id;
        let change = ConsentChange {
            scope: OptOutScope::around(self.of.scope, group, &heard.message.destination),
            source: OptOutSource::Keyword,
            probable,
            evidence: Some(&heard.message.text),
            at: heard.message.received_at,
        };
        let client = heard.answered.client;
        Ok(opt_outs::record(conn, client, heard.contact.phone, &change)?.is_new)
    }
}

fn opt_in(conn: &mut Conn, heard: &Heard<'_>) -> Result<(), StoreError> {
    let Heard {
        answered, message, ..
    } = heard;
    let evidence = Some(message.text.as_str());
    let source = OptOutSource::Keyword;
    opt_outs::opt_in(
        conn,
        answered.client,
        heard.contact.phone,
        source,
        evidence,
        message.received_at,
    )?;
    Ok(())
}

/// Answers a reply from the sender id that it was sent to; not where the text is empty, or nobody can have replied to such a
/// sender. Whether it is answered.
fn answer(
    conn: &mut Conn,
    heard: &Heard<'_>,
    text: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let sender = match SenderId::parse(heard.message.destination.trim()) {
        Ok(sender @ (SenderId::Number(_) | SenderId::ShortCode(_))) if !text.is_empty() => sender,
        _ => return Ok(false),
    };
    let content = MessageContent {
        text: text.to_owned(),
        sender,
        phone: heard.contact.phone,
        segments: segments(text, Reference::default()).count,
    };
    messages::insert_answer(
        conn,
        intake::new_id(now),
        heard.answered.client,
        &content,
        now,
    )?;
    Ok(true)
}

/// A number as a log may show it: its last three characters.
fn masked(number: &str) -> String {
    let shown = number
        .char_indices()
        .rev()
        .nth(2)
        .map_or("", |(at, _)| &number[at..]);
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_its_end_only() {
        assert_eq!(masked("+447700900123"), "…123");
        assert_eq!(masked("12"), "…");
        assert_eq!(masked("12ü4"), "…2ü4");
    }
}
