//! A recipient: one contact in its place in a campaign, and the ids that carry that place, so that no table needs a
//! column for them: a contact's id and a message's GUID are UUIDs of version 8, a message's integer id stays below 2^53.

use uuid::Uuid;

use crate::phone::PhoneNumber;

/// The most recipients of one campaign: what fits the sequence number in a message's integer id.
pub const MAX_RECIPIENTS: u32 = (1 << SEQ_BITS) - 1;

/// The first internal key of a direct message's campaign (a campaign of one); listed campaigns are numbered below it.
///
/// Two ranges, because each pays only for what it needs: a campaign's integer ids want room for its sequence numbers, a
/// direct message, always sequence 1, wants none. So neither a 16-million campaign nor billions of direct messages
/// leave the integers that JavaScript can hold.
pub const FIRST_DIRECT_KEY: i64 = 1 << 28;

const SEQ_BITS: u32 = 24;
const DIRECT_IDS_FROM: i64 = 1 << (28 + SEQ_BITS);
const CONTACT_TAG: u8 = 0xc;
const MESSAGE_TAG: u8 = 0xe;

/// The database's own number of a campaign; clients never see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CampaignKey(pub i64);

impl CampaignKey {
    /// Whether this is the campaign of one that carries a direct message.
    #[must_use]
    pub fn is_direct(self) -> bool {
        self.0 >= FIRST_DIRECT_KEY
    }

    /// The reference that ties together the parts of the message to a number: it has to differ between the messages that
    /// one handset gets in a row, so it counts up with the campaign from a start of the number's own.
    #[must_use]
    pub fn reference_for(self, phone: PhoneNumber) -> u16 {
        let start = phone
            .digits()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_be_bytes();
        let count = self.0.to_le_bytes();
        u16::from_be_bytes([start[0], start[1]])
            .wrapping_add(u16::from_le_bytes([count[0], count[1]]))
    }
}

/// A recipient's place: the campaign and the sequence number in it, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecipientKey {
    /// The campaign.
    pub campaign: CampaignKey,
    /// From 1 to [`MAX_RECIPIENTS`], without gaps.
    pub seq: u32,
}

impl RecipientKey {
    /// The id that the API shows for the contact in this place.
    #[must_use]
    pub fn contact_id(self) -> Uuid {
        self.tagged(CONTACT_TAG)
    }

    /// The GUID that the API shows for the message to this recipient (`newId`).
    #[must_use]
    pub fn message_guid(self) -> Uuid {
        self.tagged(MESSAGE_TAG)
    }

    /// The integer id that the API shows for the message to this recipient (`id`).
    #[must_use]
    pub fn message_id(self) -> i64 {
        if self.campaign.is_direct() {
            DIRECT_IDS_FROM + (self.campaign.0 - FIRST_DIRECT_KEY)
        } else {
            (self.campaign.0 << SEQ_BITS) | i64::from(self.seq)
        }
    }

    /// The place that a contact's id names.
    #[must_use]
    pub fn from_contact_id(id: Uuid) -> Option<Self> {
        Self::untagged(id, CONTACT_TAG)
    }

    /// The place that a message's GUID names.
    #[must_use]
    pub fn from_message_guid(id: Uuid) -> Option<Self> {
        Self::untagged(id, MESSAGE_TAG)
    }

    /// The place that a message's integer id names.
    #[must_use]
    pub fn from_message_id(id: i64) -> Option<Self> {
        if !(1..1 << 53).contains(&id) {
            return None;
        }
        if id >= DIRECT_IDS_FROM {
            return Some(Self {
                campaign: CampaignKey(FIRST_DIRECT_KEY + (id - DIRECT_IDS_FROM)),
                seq: 1,
            });
        }
        let seq = u32::try_from(id & i64::from(MAX_RECIPIENTS))
            .ok()
            .filter(|seq| *seq > 0)?;
        Some(Self {
            campaign: CampaignKey(id >> SEQ_BITS),
            seq,
        })
    }

    /// Six bytes of campaign, the tag in version 8's free nibble, four bytes of sequence at the end.
    pub(crate) fn tagged(self, tag: u8) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&self.campaign.0.to_be_bytes()[2..]);
        bytes[6] = tag;
        bytes[12..].copy_from_slice(&self.seq.to_be_bytes());
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    pub(crate) fn untagged(id: Uuid, tag: u8) -> Option<Self> {
        let bytes = id.as_bytes();
        let mut campaign = [0; 8];
        campaign[2..].copy_from_slice(&bytes[..6]);
        let mut seq = [0; 4];
        seq.copy_from_slice(&bytes[12..]);
        let key = Self {
            campaign: CampaignKey(i64::from_be_bytes(campaign)),
            seq: u32::from_be_bytes(seq),
        };
        (key.tagged(tag) == id && key.seq > 0).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(campaign: i64, seq: u32) -> RecipientKey {
        RecipientKey {
            campaign: CampaignKey(campaign),
            seq,
        }
    }

    #[test]
    fn every_id_leads_back_to_its_place() {
        for place in [
            key(1, 1),
            key(FIRST_DIRECT_KEY - 1, MAX_RECIPIENTS),
            key(FIRST_DIRECT_KEY, 1),
            key(1 << 40, 1),
        ] {
            assert_eq!(
                RecipientKey::from_contact_id(place.contact_id()),
                Some(place)
            );
            assert_eq!(
                RecipientKey::from_message_guid(place.message_guid()),
                Some(place)
            );
            assert_eq!(
                RecipientKey::from_message_id(place.message_id()),
                Some(place)
            );
            assert!(place.message_id() < 1 << 53);
            assert_eq!(place.contact_id().get_version_num(), 8);
        }
    }

    #[test]
    fn messages_to_one_handset_in_a_row_have_different_references() {
        let region = crate::phone::Region::new("GB").unwrap();
        let phone = PhoneNumber::from_stored("+447700900123", region).unwrap();
        let low_byte = |key| CampaignKey(key).reference_for(phone).to_le_bytes()[0];
        assert_ne!(low_byte(1), low_byte(2));
    }

    #[test]
    fn an_id_of_another_kind_names_no_place() {
        let place = key(7, 9);
        assert_eq!(RecipientKey::from_contact_id(place.message_guid()), None);
        assert_eq!(RecipientKey::from_message_guid(place.contact_id()), None);
        assert_eq!(RecipientKey::from_message_guid(Uuid::nil()), None);
        for id in [0, -1, 1 << 24, 1 << 53, i64::MAX] {
            assert_eq!(RecipientKey::from_message_id(id), None, "{id}");
        }
    }
}
