//! A new message for a campaign that has its contacts already: it must not be too long for one of them.

use std::sync::Arc;

use clarion_domain::campaign::{Campaign, CampaignContent};
use clarion_domain::fault::Faults;
use clarion_domain::recipient::{CampaignKey, MAX_RECIPIENTS};
use clarion_domain::text::{Reference, SegmentLimit};
use clarion_persistence::{Conn, StoreError, recipients};

use crate::IntakeRefusal;
use crate::core::Core;
use crate::opt_out_link;
use crate::wording::Wording;

/// Recipients looked at in one piece of work, so that no reader is held for long.
const PIECE: u32 = 5_000;

/// Whether what the campaign shall say fits every contact that it has.
pub(crate) async fn check(
    core: &Core,
    campaign: &Campaign,
    content: &CampaignContent,
) -> Result<(), IntakeRefusal> {
    let (key, client) = (campaign.key, campaign.client);
    if let Some(link) = content.opt_out_link_id {
        let check = move |conn: &mut Conn| opt_out_link::check(conn, client, link);
        let known = core.store.read(check).await?.into_result();
        known.map_err(IntakeRefusal::Faults)?;
    }
    let wording = Arc::new(Wording::of_content(content, &core.settings.links));
    let limit = SegmentLimit {
        max: core.settings.max_segments,
        reference: Reference::default(),
    };
    let mut last = u32::try_from(campaign.recipient_count).unwrap_or(MAX_RECIPIENTS);
    if wording.fixed().is_some() {
        last = last.min(1);
    }
    let mut from = 1;
    while from <= last {
        let to = last.min(from + PIECE - 1);
        let wording = Arc::clone(&wording);
        let work = move |conn: &mut Conn| too_long(conn, key, from..=to, limit, &wording);
        if let Some(fault) = core.store.read(work).await? {
            let mut faults = Faults::default();
            faults.add("message", fault);
            return Err(IntakeRefusal::Faults(faults));
        }
        from = to + 1;
    }
    Ok(())
}

/// What is wrong for the first recipient for whom the text is too long.
fn too_long(
    conn: &mut Conn,
    key: CampaignKey,
    places: std::ops::RangeInclusive<u32>,
    limit: SegmentLimit,
    wording: &Wording,
) -> Result<Option<String>, StoreError> {
    let recipients = recipients::range(conn, key, *places.start(), *places.end())?;
    Ok(recipients.into_iter().find_map(|recipient| {
        let fault = limit.check(&wording.text_for(&recipient)).err()?;
        let id = recipient.key.contact_id();
        Some(match wording.fixed() {
            Some(_) => fault.to_string(),
            None => format!(
                "is {} segments long for the contact {id}; at most {} are allowed",
                fault.count, fault.max
            ),
        })
    }))
}
