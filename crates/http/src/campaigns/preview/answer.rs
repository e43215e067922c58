//! A preview as answers show it; the figures are called as `clarion preview --format json` calls them.

use std::collections::BTreeMap;

use clarion_domain::preview::{Measured, Preview, Sample, SmartFigures};
use clarion_domain::tariff::Price;
use clarion_domain::text::{Encoding, suggestion};
use clarion_engine::{CampaignPreview, InvalidByReason};
use serde::Serialize;
use utoipa::ToSchema;

use crate::campaigns::schedule::SendingBody;

/// What a campaign would be.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignPreview)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreviewBody {
    contacts: ContactsBody,
    /// Messages, one to each accepted contact.
    messages: u64,
    /// Their segments.
    parts: u64,
    /// Messages by how many segments they have.
    messages_by_parts: Vec<PartsBody>,
    /// Messages in GSM 7-bit.
    gsm7: u64,
    /// Messages in UCS-2.
    ucs2: u64,
    /// The characters that make messages UCS-2, the first one of each message; the most frequent first.
    ucs2_because_of: Vec<CharacterBody>,
    /// What smart encoding makes of the messages; null where it is not asked for.
    #[schema(required = true)]
    smart_encoding: Option<SmartBody>,
    /// Messages with more segments than allowed: as it is, the campaign would be refused.
    too_long: u64,
    /// Most segments that a message may have.
    max_parts: u8,
    /// The price of all.
    #[schema(example = 0.24)]
    cost: f64,
    /// What prices are in; only for people to read.
    #[schema(example = "GBP")]
    currency: String,
    /// What goes to each country, and what it costs.
    countries: Vec<CountryBody>,
    /// The longest message; null where there is none.
    #[schema(required = true)]
    longest: Option<SampleBody>,
    /// The first five messages.
    samples: Vec<SampleBody>,
    sending: SendingBody,
}

/// What becomes of the contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedContacts)]
#[serde(rename_all = "camelCase")]
struct ContactsBody {
    /// All of them.
    contacts: u64,
    /// Those that are written to.
    accepted: u64,
    /// Left out because their number stands there already.
    duplicates: u64,
    /// Left out because an excluded contact group has their number.
    excluded: u64,
    /// Left out because they are invalid.
    refused: u64,
    /// The invalid ones by reason, the most frequent first.
    reasons: Vec<ReasonBody>,
    /// Those who have opted out; they are sent nothing.
    suppressed: u64,
    /// Those in countries that do not take the sender; their messages are in no other figure. A campaign is sent to them all the
    /// same, and the providers decide.
    outside_sender_policy: u64,
    /// The same by country, with the reason.
    sender_policy_breaches: Vec<BreachBody>,
}

/// Why contacts are invalid.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedReason)]
struct ReasonBody {
    /// The property at fault; empty where it is the contact as a whole.
    #[schema(example = "phoneNumber")]
    property: String,
    #[schema(example = "is not a valid phone number: too short for GB")]
    reason: String,
    count: u64,
}

/// A country that does not take the sender.
#[derive(Serialize, ToSchema)]
#[schema(as = SenderPolicyBreach)]
struct BreachBody {
    /// ISO 3166 alpha-2.
    #[schema(example = "US")]
    country: String,
    contacts: u64,
    /// Reads after the sender.
    #[schema(example = "is a name, and only numbers are taken there")]
    reason: String,
    /// Where the policy was found.
    source: String,
    /// When it took effect, or was last read there.
    date: String,
}

/// Messages of so many segments.
#[derive(Serialize, ToSchema)]
#[schema(as = MessagesByParts)]
struct PartsBody {
    parts: u32,
    messages: u64,
}

/// A character that GSM 7-bit lacks.
#[derive(Serialize, ToSchema)]
#[schema(as = Ucs2Character)]
#[serde(rename_all = "camelCase")]
struct CharacterBody {
    #[schema(value_type = String, example = "’")]
    character: char,
    #[schema(example = "U+2019")]
    code_point: String,
    messages: u64,
    /// What could stand there instead, and would not make messages UCS-2; empty: it can be left out; null: nothing looks like it.
    #[schema(required = true, example = "'")]
    suggestion: Option<String>,
}

/// What smart encoding makes of the messages. All other figures are of what comes of it.
#[derive(Serialize, ToSchema)]
#[schema(as = SmartEncoding)]
#[serde(rename_all = "camelCase")]
struct SmartBody {
    /// Messages that are GSM 7-bit by it, and would be UCS-2.
    encoded: u64,
    /// The characters that were replaced in them, the most frequent first.
    replaced: Vec<CharacterBody>,
    /// The characters that nothing looks like: messages with one of them stay UCS-2, as they were written.
    without_look_alike: Vec<CharacterBody>,
}

/// What goes to one country.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedCountry)]
struct CountryBody {
    /// ISO 3166 alpha-2, or 001 for numbers of no country.
    #[schema(example = "GB")]
    country: String,
    messages: u64,
    parts: u64,
    cost: f64,
}

/// A message as it would be.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedMessage)]
#[serde(rename_all = "camelCase")]
struct SampleBody {
    /// E.164.
    #[schema(example = "+447722123456")]
    phone_number: String,
    /// Links in it are as long as the true ones.
    message: String,
    parts: u32,
    /// `GSM 7-bit` or `UCS-2`.
    #[schema(example = "GSM 7-bit")]
    encoding: &'static str,
    /// The first character that makes it UCS-2.
    #[schema(value_type = Option<String>, required = true)]
    ucs2_because_of: Option<char>,
}

impl PreviewBody {
    pub(super) fn of(preview: CampaignPreview, currency: String) -> Self {
        let messages = &preview.messages;
        Self {
            contacts: ContactsBody::of(&preview),
            messages: messages.messages,
            parts: messages.parts,
            messages_by_parts: by_parts(messages),
            gsm7: messages.messages - messages.ucs2,
            ucs2: messages.ucs2,
            ucs2_because_of: characters(&messages.forced_by),
            smart_encoding: preview.smart.as_ref().map(SmartBody::from),
            too_long: messages.too_long,
            max_parts: preview.limit.max,
            cost: decimal(messages.cost()),
            currency,
            countries: countries(messages),
            longest: preview.samples.longest.map(SampleBody::from),
            samples: preview
                .samples
                .first
                .into_iter()
                .map(SampleBody::from)
                .collect(),
            sending: SendingBody::from(&preview.sending),
        }
    }
}

impl ContactsBody {
    fn of(preview: &CampaignPreview) -> Self {
        let outside = &preview.messages.outside_policy;
        let breaches = preview.sender_breaches.iter();
        let breaches = breaches.filter_map(|(region, breach)| {
            Some(BreachBody {
                country: region.to_string(),
                contacts: *outside.get(region)?,
                reason: breach.reason.to_string(),
                source: breach.origin.source.clone(),
                date: breach.origin.date.clone(),
            })
        });
        Self {
            contacts: preview.contacts,
            accepted: preview.messages.messages,
            duplicates: preview.duplicates,
            excluded: preview.excluded,
            refused: preview.invalid.values().sum(),
            reasons: reasons(&preview.invalid),
            suppressed: preview.messages.suppressed,
            outside_sender_policy: outside.values().sum(),
            sender_policy_breaches: breaches.collect(),
        }
    }
}

fn reasons(invalid: &InvalidByReason) -> Vec<ReasonBody> {
    let one = |((property, reason), count): (&(String, String), &u64)| ReasonBody {
        property: property.clone(),
        reason: reason.clone(),
        count: *count,
    };
    let mut reasons: Vec<_> = invalid.iter().map(one).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons
}

fn by_parts(messages: &Preview) -> Vec<PartsBody> {
    let by_parts = messages.by_parts.iter();
    let one = |(parts, messages): (&u32, &u64)| PartsBody {
        parts: *parts,
        messages: *messages,
    };
    by_parts.map(one).collect()
}

fn characters(counted: &BTreeMap<char, u64>) -> Vec<CharacterBody> {
    let one = |(character, messages): (&char, &u64)| CharacterBody {
        character: *character,
        code_point: format!("U+{:04X}", u32::from(*character)),
        messages: *messages,
        suggestion: suggestion(*character),
    };
    let mut characters: Vec<_> = counted.iter().map(one).collect();
    characters.sort_by_key(|character| std::cmp::Reverse(character.messages));
    characters
}

fn countries(messages: &Preview) -> Vec<CountryBody> {
    let countries = messages.countries.iter();
    let all = countries.map(|(region, figures)| CountryBody {
        country: region.to_string(),
        messages: figures.messages,
        parts: figures.parts,
        cost: decimal(figures.cost),
    });
    all.collect()
}

impl From<&SmartFigures> for SmartBody {
    fn from(figures: &SmartFigures) -> Self {
        Self {
            encoded: figures.encoded,
            replaced: characters(&figures.replaced),
            without_look_alike: characters(&figures.without_look_alike),
        }
    }
}

impl From<Sample> for SampleBody {
    fn from(sample: Sample) -> Self {
        let Measured {
            segments,
            forced_by,
            ..
        } = sample.measured;
        Self {
            phone_number: sample.phone.to_string(),
            message: sample.text,
            parts: segments.count,
            encoding: match segments.encoding {
                Encoding::Gsm7 => "GSM 7-bit",
                Encoding::Ucs2 => "UCS-2",
            },
            ucs2_because_of: forced_by,
        }
    }
}

/// Its shortest decimal form is the amount itself: six places lie well within what a double tells apart.
#[expect(
    clippy::cast_precision_loss,
    reason = "prices are far below 2^53 millionths"
)]
fn decimal(price: Price) -> f64 {
    price.millionths as f64 / 1e6
}
