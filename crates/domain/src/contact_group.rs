//! A contact group: contacts that a client keeps, and the ids that carry a contact's place in its group.

use uuid::Uuid;

use crate::recipient::{CampaignKey, RecipientKey};

const TAG: u8 = 0xa;

/// The public id of a group: a UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactGroupId(pub Uuid);

/// The database's own number of a group; clients never see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactGroupKey(pub i64);

/// A contact's place: the group and its number in it, from 1. The number of a removed contact is not given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupContactKey {
    /// The group.
    pub group: ContactGroupKey,
    /// From 1, with gaps.
    pub seq: u32,
}

impl GroupContactKey {
    /// The id that the API shows for the contact in this place.
    #[must_use]
    pub fn contact_id(self) -> Uuid {
        self.as_place().tagged(TAG)
    }

    /// The place that a contact's id names.
    #[must_use]
    pub fn from_contact_id(id: Uuid) -> Option<Self> {
        let place = RecipientKey::untagged(id, TAG)?;
        Some(Self {
            group: ContactGroupKey(place.campaign.0),
            seq: place.seq,
        })
    }

    /// The two numbers as those of a recipient's place, which ids are made of and lists look for in the same way.
    #[must_use]
    pub fn as_place(self) -> RecipientKey {
        RecipientKey {
            campaign: CampaignKey(self.group.0),
            seq: self.seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_place_and_to_no_recipient() {
        for (group, seq) in [(1, 1), (7, u32::MAX), (1 << 40, 3)] {
            let place = GroupContactKey {
                group: ContactGroupKey(group),
                seq,
            };
            let id = place.contact_id();
            assert_eq!(GroupContactKey::from_contact_id(id), Some(place));
            assert_eq!(RecipientKey::from_contact_id(id), None);
            let recipient = place.as_place().contact_id();
            assert_eq!(GroupContactKey::from_contact_id(recipient), None);
        }
    }
}
