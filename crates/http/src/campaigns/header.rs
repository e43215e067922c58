//! The properties of a campaign's document apart from its contacts.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Audience, AudienceDraft, CampaignContent, CampaignDraft};
use clarion_domain::fault::Faults;
use clarion_domain::opt_out_link::OptOutLinkId;

use super::{timing, utm};
use crate::body::given::{Given, text, texts};
use crate::dates;

/// One of the properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Name,
    StartDateTime,
    Sender,
    Message,
    OptOutLinkId,
    TrackLinkUrl,
    OnUnknown,
    SendingWindow,
    OutsideWindow,
    ExpiresAt,
    MaxPerSecond,
    SpreadUntil,
    SmartEncoding,
    Utm,
    ContactGroupIds,
    ExcludeContactGroupIds,
}

impl Property {
    const ALL: [Self; 16] = [
        Self::Name,
        Self::StartDateTime,
        Self::Sender,
        Self::Message,
        Self::OptOutLinkId,
        Self::TrackLinkUrl,
        Self::OnUnknown,
        Self::SendingWindow,
        Self::OutsideWindow,
        Self::ExpiresAt,
        Self::MaxPerSecond,
        Self::SpreadUntil,
        Self::SmartEncoding,
        Self::Utm,
        Self::ContactGroupIds,
        Self::ExcludeContactGroupIds,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        let named = |property: &Self| property.name() == name;
        Self::ALL.into_iter().find(named)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::StartDateTime => "startDateTime",
            Self::Sender => "sender",
            Self::Message => "message",
            Self::OptOutLinkId => "optOutLinkId",
            Self::TrackLinkUrl => "trackLinkUrl",
            Self::OnUnknown => "onUnknown",
            Self::SendingWindow => "sendingWindow",
            Self::OutsideWindow => "outsideWindow",
            Self::ExpiresAt => "expiresAt",
            Self::MaxPerSecond => "maxPerSecond",
            Self::SpreadUntil => "spreadUntil",
            Self::SmartEncoding => "smartEncoding",
            Self::Utm => "utm",
            Self::ContactGroupIds => Audience::GROUPS,
            Self::ExcludeContactGroupIds => Audience::EXCLUDED,
        }
    }
}

/// What was found so far.
#[derive(Clone, Default)]
pub(super) struct Header {
    draft: CampaignDraft,
    audience: AudienceDraft,
    faults: Faults,
    seen: Vec<Property>,
}

impl Header {
    /// Takes a property. One that stands there twice is a fault: which of the two was meant, nobody can say.
    pub(super) fn set(&mut self, property: Property, given: Given) {
        if self.seen.contains(&property) {
            return self.fault(property.name(), "is given twice");
        }
        self.seen.push(property);
        let draft = &mut self.draft;
        let taken = match property {
            Property::Name => text(given).map(|text| draft.name = text),
            Property::StartDateTime => moment(given).map(|at| draft.start_at = at),
            Property::Sender => text(given).map(|text| draft.sender = text),
            Property::Message => text(given).map(|text| draft.message = text),
            Property::OptOutLinkId => integer(given).map(|id| draft.opt_out_link_id = id),
            Property::TrackLinkUrl => text(given).map(|text| draft.track_link_url = text),
            Property::OnUnknown => text(given).map(|text| draft.on_unknown = text),
            Property::SendingWindow => {
                let faults = &mut self.faults;
                let fault = |path, message| faults.add(path, message);
                draft.sending_window = timing::window(given, fault);
                Ok(())
            }
            Property::OutsideWindow => text(given).map(|text| draft.outside_window = text),
            Property::ExpiresAt => moment(given).map(|at| draft.expires_at = at),
            Property::MaxPerSecond => integer(given).map(|rate| draft.max_per_second = rate),
            Property::SpreadUntil => moment(given).map(|at| draft.spread_until = at),
            Property::SmartEncoding => boolean(given).map(|is| draft.smart_encoding = is),
            Property::Utm => {
                draft.utm = utm::read(given, &mut self.faults);
                Ok(())
            }
            Property::ContactGroupIds => {
                texts(given).map(|ids| self.audience.groups = ids.unwrap_or_default())
            }
            Property::ExcludeContactGroupIds => {
                texts(given).map(|ids| self.audience.excluded = ids.unwrap_or_default())
            }
        };
        if let Err(message) = taken {
            self.fault(property.name(), message);
        }
    }

    /// The groups that its contacts are taken from.
    pub(super) fn audience(&self) -> Result<Audience, Faults> {
        self.audience.check()
    }

    /// The opt-out link that it names, if any.
    pub(super) fn opt_out_link(&self) -> Option<OptOutLinkId> {
        self.draft.opt_out_link()
    }

    /// How many properties were found.
    pub(super) fn properties(&self) -> usize {
        self.seen.len()
    }

    /// Takes a fault of the document.
    pub(super) fn fault(&mut self, path: &'static str, message: &'static str) {
        self.faults.add(path, message);
    }

    /// Everything that is wrong with the properties, or what they say.
    pub(super) fn check(self, now: DateTime<Utc>) -> Result<CampaignContent, Faults> {
        match self.draft.check(now) {
            Ok(content) => self.faults.into_result().map(|()| content),
            Err(found) => Err(without_repeats(self.faults, found)),
        }
    }
}

/// A property that could not be read is missing in the draft, and that is no second fault.
fn without_repeats(mut faults: Faults, found: Faults) -> Faults {
    let unread = faults.listed().to_vec();
    for fault in found.listed() {
        if unread.iter().all(|known| known.path != fault.path) {
            faults.add(fault.path.clone(), fault.message.clone());
        }
    }
    faults
}

fn moment(given: Given) -> Result<Option<DateTime<Utc>>, &'static str> {
    let refusal = "must be an ISO 8601 date-time, as in 2023-06-27T03:04:01.374Z";
    match given {
        Given::Null => Ok(None),
        Given::Text(text) => dates::read(&text).map(Some).ok_or(refusal),
        _ => Err(refusal),
    }
}

fn integer(given: Given) -> Result<Option<i64>, &'static str> {
    match given {
        Given::Null => Ok(None),
        Given::Integer(value) => Ok(Some(value)),
        _ => Err("must be an integer"),
    }
}

fn boolean(given: Given) -> Result<Option<bool>, &'static str> {
    match given {
        Given::Null => Ok(None),
        Given::Boolean(value) => Ok(Some(value)),
        _ => Err("must be true or false"),
    }
}
