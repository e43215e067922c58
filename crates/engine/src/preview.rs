//! What a campaign would be: its figures before anything is sent. Nothing is stored here.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Campaign, CampaignStatus, Forbidden, Timing};
use clarion_domain::contact::Contact;
use clarion_domain::fault::Faults;
use clarion_domain::hours::{Forecast, Outlook};
use clarion_domain::opt_out::SenderName;
use clarion_domain::preview::{Measured, Preview, Samples, SmartFigures};
use clarion_domain::recipient::{CampaignKey, MAX_RECIPIENTS};
use clarion_domain::sender::SenderId;
use clarion_domain::sender_policy::SenderBreaches;
use clarion_domain::text::{Reference, SegmentLimit, smart};
use clarion_persistence::recipients::Recipient;
use clarion_persistence::{Conn, StoreError, invalid_contacts, opt_outs, recipients};

use crate::IntakeRefusal;
use crate::core::Core;
use crate::wording::Wording;

/// How many messages are shown.
const SAMPLES: usize = 5;
/// Recipients looked at in one piece of work, so that no reader is held for long.
const PIECE: u32 = 5_000;

/// What a campaign would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignPreview {
    /// Contacts in all.
    pub contacts: u64,
    /// Those left out because their number stood there already.
    pub duplicates: u64,
    /// Those left out because an excluded group has their number.
    pub excluded: u64,
    /// Those left out because they are invalid.
    pub invalid: InvalidByReason,
    /// The messages to all others.
    pub messages: Preview,
    /// What smart encoding makes of them, where it is asked for.
    pub smart: Option<SmartFigures>,
    /// Some of them.
    pub samples: Samples,
    /// The countries that do not take the sender id.
    pub sender_breaches: SenderBreaches,
    /// How long a message may be.
    pub limit: SegmentLimit,
    /// When it would be sent.
    pub sending: Sending,
}

/// Invalid contacts by the property at fault, and what is wrong with it.
pub type InvalidByReason = BTreeMap<(String, String), u64>;

/// When a campaign would be sent, if nothing else is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sending {
    /// When its messages would leave.
    pub outlook: Outlook,
    /// Most parts per second of all gateways; `None`: no limit.
    pub parts_per_second: Option<u32>,
}

/// Counts one message after the other.
pub(crate) struct Tally<'c> {
    core: &'c Core,
    wording: Wording,
    limit: SegmentLimit,
    breaches: SenderBreaches,
    /// What the text is made of, where it is the same for everyone.
    fixed: Option<Measured>,
    messages: Preview,
    smart: Option<SmartFigures>,
    samples: Samples,
    seen: u64,
    forecast: Forecast,
    planned: u64,
}

impl<'c> Tally<'c> {
    pub(crate) fn new(
        core: &'c Core,
        wording: Wording,
        sender: &SenderId,
        timing: &Timing,
    ) -> Self {
        let limit = SegmentLimit {
            max: core.settings.max_segments,
            reference: Reference::default(),
        };
        Self {
            core,
            limit,
            breaches: core.settings.sender_policies.breaches(sender),
            fixed: wording.fixed().map(|text| Measured::of(text, limit)),
            smart: wording.is_smart().then(SmartFigures::default),
            wording,
            messages: Preview::default(),
            samples: Samples::of(SAMPLES),
            seen: 0,
            forecast: Forecast::new(timing, core.settings.hours_for(timing)),
            planned: 0,
        }
    }

    /// Adds contacts, some of whom have opted out.
    pub(crate) fn add(&mut self, contacts: &[Contact], suppressed: &HashSet<u64>) {
        for contact in contacts {
            self.seen += 1;
            match suppressed.contains(&contact.phone.digits()) {
                true => self.messages.suppressed += 1,
                false => self.add_one(contact),
            }
        }
    }

    fn add_one(&mut self, contact: &Contact) {
        let (phone, region) = (contact.phone, contact.phone.region());
        let written = self.wording.written_sample_for(contact);
        let encoded = self.smart.as_ref().map(|_| smart(&written));
        let text = encoded.as_ref().map_or(&*written, |encoded| &encoded.text);
        let measured = self.fixed.unwrap_or_else(|| Measured::of(text, self.limit));
        self.planned += 1;
        self.forecast
            .add(phone, contact.time_zone, measured.segments.count);
        if self.breaches.contains_key(&region) {
            return self.messages.add_outside_policy(region);
        }
        self.messages
            .add(region, measured, &self.core.settings.tariffs);
        if let Some((figures, encoded)) = self.smart.as_mut().zip(encoded.as_ref()) {
            figures.add(encoded);
        }
        self.samples.add(self.seen, phone, text, measured);
    }

    /// All of it. `left_out`: the duplicates, and the invalid ones.
    pub(crate) fn finish(
        self,
        sending: Sending,
        (duplicates, invalid): (u64, InvalidByReason),
    ) -> CampaignPreview {
        CampaignPreview {
            contacts: self.seen + duplicates + invalid.values().sum::<u64>(),
            duplicates,
            excluded: 0,
            invalid,
            sending,
            messages: self.messages,
            smart: self.smart,
            samples: self.samples,
            sender_breaches: self.breaches,
            limit: self.limit,
        }
    }

    /// Messages that would leave at some time.
    pub(crate) fn planned(&self) -> u64 {
        self.planned
    }

    /// Recipients who have opted out.
    pub(crate) fn suppressed(&self) -> u64 {
        self.messages.suppressed
    }

    /// What tells when the messages would leave, of a campaign that starts then.
    pub(crate) fn plan(&self, start_at: DateTime<Utc>) -> Plan {
        Plan {
            forecast: self.forecast.clone(),
            begin: start_at.max(self.core.now()),
            parts_per_second: self.core.traffic.limit(),
        }
    }
}

/// When messages would leave, still to be reckoned.
pub(crate) struct Plan {
    forecast: Forecast,
    begin: DateTime<Utc>,
    parts_per_second: Option<u32>,
}

impl Plan {
    /// Reckons it, which may take some tenths of a second.
    pub(crate) fn reckon(&self) -> Sending {
        Sending {
            outlook: self.forecast.outlook(self.begin, self.parts_per_second),
            parts_per_second: self.parts_per_second,
        }
    }

    /// The same where others are not to be kept waiting.
    pub(crate) async fn reckoned(self) -> Result<Sending, StoreError> {
        let reckoning = tokio::task::spawn_blocking(move || self.reckon());
        let panicked = |error: tokio::task::JoinError| StoreError::Panicked(error.to_string());
        reckoning.await.map_err(panicked)
    }
}

/// What a stored campaign would be that waits for its start.
pub(crate) async fn stored(
    core: &Core,
    campaign: &Campaign,
) -> Result<CampaignPreview, IntakeRefusal> {
    if campaign.status != CampaignStatus::Pending {
        return Err(IntakeRefusal::Forbidden(Forbidden {
            status: campaign.status,
            reason: "only a pending campaign can be previewed",
        }));
    }
    let tally = tally(core, campaign, |_| true).await?;
    let invalid = invalid(core, campaign.key).await?;
    let sending = tally.plan(campaign.start_at).reckoned().await?;
    Ok(tally.finish(sending, (campaign.duplicate_count, invalid)))
}

/// Counts those of a stored campaign's recipients that are wanted.
pub(crate) async fn tally<'c>(
    core: &'c Core,
    campaign: &Campaign,
    is_wanted: fn(&Recipient) -> bool,
) -> Result<Tally<'c>, IntakeRefusal> {
    let wording = Wording::of_campaign(campaign, &core.settings.links).map_err(not_a_template)?;
    let mut tally = Tally::new(core, wording, &campaign.sender, &campaign.timing);
    let (client, sender) = (campaign.client, SenderName::of(campaign.sender.as_str()));
    let (key, last) = (campaign.key, recipients_of(campaign));
    for from in (1..=last).step_by(PIECE as usize) {
        let to = last.min(from.saturating_add(PIECE - 1));
        let sender = sender.clone();
        let read = move |conn: &mut Conn| {
            let recipients = recipients::range(conn, key, from, to)?.into_iter();
            let wanted = recipients.filter(is_wanted);
            let contacts: Vec<_> = wanted.map(|recipient| recipient.contact).collect();
            let suppressed = opt_outs::among(conn, client, &sender, &contacts)?;
            Ok((contacts, suppressed))
        };
        let (contacts, suppressed) = core.store.read(read).await?;
        tally.add(&contacts, &suppressed);
        // A million of them keeps no other request of this thread waiting.
        tokio::task::yield_now().await;
    }
    Ok(tally)
}

async fn invalid(core: &Core, key: CampaignKey) -> Result<InvalidByReason, StoreError> {
    let read = move |conn: &mut Conn| invalid_contacts::by_reason(conn, key);
    let counted = core.store.read(read).await?;
    let counted = counted.into_iter();
    Ok(counted
        .map(|(property, reason, contacts)| ((property, reason), contacts))
        .collect())
}

fn recipients_of(campaign: &Campaign) -> u32 {
    u32::try_from(campaign.recipient_count).unwrap_or(MAX_RECIPIENTS)
}

fn not_a_template(found: Vec<clarion_domain::template::TemplateFault>) -> IntakeRefusal {
    let mut faults = Faults::default();
    for fault in found {
        faults.add("message", fault.to_string());
    }
    IntakeRefusal::Faults(faults)
}
