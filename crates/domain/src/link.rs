//! The links in messages: short codes that carry a recipient's place, so that no table has a row per link, and that
//! nobody can guess.
//!
//! A code is the recipient's number (53 bits, [`RecipientKey::message_id`]) above ten zero bits, encrypted under a secret,
//! beside one bit that says whether the secret's version is odd, and written in base58. Which kind of link it is goes into
//! the key and costs no bits. Where a secret comes from and is kept is not known here.

mod base58;
mod permutation;

use std::fmt;

use crate::recipient::RecipientKey;
use permutation::Permutation;

/// How long every code is, in characters.
pub const CODE_LENGTH: usize = base58::LENGTH;

/// Zero below the recipient's number; what reads back otherwise was no code.
const CHECK_BITS: u32 = 10;

/// Where a code says whether its secret's version is odd. Two versions in a row thus never read each other's codes: by the
/// check alone, one in a thousand codes of the former would be taken for another recipient's of the newest.
const VERSION_BIT: u32 = permutation::BITS;

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// `{OptOut}`: the page on which a recipient opts out.
    OptOut,
    /// `{TrackLink}`: the campaign's tracked address.
    Track,
}

impl LinkKind {
    /// The word before the code in a link's path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::OptOut => "o",
            Self::Track => "t",
        }
    }

    fn tag(self) -> u8 {
        self.path().as_bytes()[0]
    }
}

/// What codes are made from. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret {
    /// From 1, each one higher than the one before.
    pub version: i64,
    /// Drawn at random.
    pub bytes: [u8; 32],
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// The permutations of one secret.
#[derive(Clone)]
struct Keyed {
    is_odd: bool,
    opt_out: Permutation,
    track: Permutation,
}

impl Keyed {
    fn new(secret: &LinkSecret) -> Self {
        let of = |kind: LinkKind| Permutation::new(&secret.bytes, kind.tag());
        Self {
            is_odd: secret.version % 2 != 0,
            opt_out: of(LinkKind::OptOut),
            track: of(LinkKind::Track),
        }
    }

    fn of(&self, kind: LinkKind) -> &Permutation {
        match kind {
            LinkKind::OptOut => &self.opt_out,
            LinkKind::Track => &self.track,
        }
    }
}

/// Makes and reads links.
#[derive(Clone)]
pub struct Links {
    /// Without a slash at the end.
    public_url: String,
    newest: Keyed,
    /// Codes made with it go on working.
    former: Option<Keyed>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl Links {
    /// Links below an address, made with the newest secret and read with the version before it, too.
    #[must_use]
    pub fn new(public_url: &str, newest: &LinkSecret, former: Option<&LinkSecret>) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            newest: Keyed::new(newest),
            former: former.map(Keyed::new),
        }
    }

    /// The link of a recipient.
    #[must_use]
    pub fn link(&self, kind: LinkKind, recipient: RecipientKey) -> String {
        written(&self.public_url, kind, &self.code(kind, recipient))
    }

    /// A link that leads nowhere and is as long as every other below this address.
    #[must_use]
    pub fn sample(public_url: &str, kind: LinkKind) -> String {
        written(public_url.trim_end_matches('/'), kind, SAMPLE)
    }

    /// What every link begins with.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The code of a recipient.
    #[must_use]
    pub fn code(&self, kind: LinkKind, recipient: RecipientKey) -> String {
        let place = u64::try_from(recipient.message_id()).unwrap_or_default();
        let block = self.newest.of(kind).forwards(place << CHECK_BITS);
        base58::write(u64::from(self.newest.is_odd) << VERSION_BIT | block)
    }

    /// The recipient whose code this is.
    #[must_use]
    pub fn read(&self, kind: LinkKind, code: &str) -> Option<RecipientKey> {
        let number = base58::read(code)?;
        let is_odd = number >> VERSION_BIT != 0;
        let block = number & !(1 << VERSION_BIT);
        [Some(&self.newest), self.former.as_ref()]
            .into_iter()
            .flatten()
            .find(|keyed| keyed.is_odd == is_odd)
            .and_then(|keyed| place(keyed.of(kind).backwards(block)))
    }
}

/// Characters in the place of a code that is not known yet.
const SAMPLE: &str = "xxxxxxxxxxx";
const _: () = assert!(SAMPLE.len() == CODE_LENGTH);

fn written(public_url: &str, kind: LinkKind, code: &str) -> String {
    format!("{public_url}/{}/{code}", kind.path())
}

fn place(number: u64) -> Option<RecipientKey> {
    if number.trailing_zeros() < CHECK_BITS {
        return None;
    }
    let id = i64::try_from(number >> CHECK_BITS).ok()?;
    RecipientKey::from_message_id(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recipient::{CampaignKey, FIRST_DIRECT_KEY, MAX_RECIPIENTS};

    const OLD: LinkSecret = LinkSecret {
        version: 1,
        bytes: [1; 32],
    };
    const NEW: LinkSecret = LinkSecret {
        version: 2,
        bytes: [2; 32],
    };

    fn recipient(campaign: i64, seq: u32) -> RecipientKey {
        RecipientKey {
            campaign: CampaignKey(campaign),
            seq,
        }
    }

    fn places() -> impl Strategy<Value = RecipientKey> {
        prop_oneof![
            (1..FIRST_DIRECT_KEY, 1..=MAX_RECIPIENTS)
                .prop_map(|(campaign, seq)| recipient(campaign, seq)),
            (FIRST_DIRECT_KEY..1 << 50).prop_map(|campaign| recipient(campaign, 1)),
        ]
    }

    #[test]
    fn a_link_has_the_same_length_for_everyone() {
        let links = Links::new("https://c.example/", &NEW, None);
        assert_eq!(
            Links::sample("https://c.example/", LinkKind::OptOut),
            "https://c.example/o/xxxxxxxxxxx"
        );
        for place in [recipient(1, 1), recipient(FIRST_DIRECT_KEY, 1)] {
            let link = links.link(LinkKind::Track, place);
            assert_eq!(
                link.len(),
                Links::sample(links.public_url(), LinkKind::Track).len()
            );
            assert!(link.starts_with("https://c.example/t/"), "{link}");
        }
    }

    /// Whoever changes how codes are made breaks every link that was sent.
    #[test]
    fn codes_stay_what_they_are() {
        let links = Links::new("", &OLD, None);
        let codes =
            [LinkKind::OptOut, LinkKind::Track].map(|kind| links.code(kind, recipient(1, 1)));
        assert_eq!(codes, ["TJwBLBf9wnz", "d1rLAfFE382"]);
    }

    #[test]
    fn a_guess_is_refused() {
        let links = Links::new("", &NEW, Some(&OLD));
        let guesses = (0..20_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let hits = guesses
            .filter(|guess| {
                links
                    .read(LinkKind::Track, &base58::write(*guess))
                    .is_some()
            })
            .count();
        // One number in 2^10 reads as a place: 20 are to be expected, with a deviation of 4.4.
        assert!(hits <= 20 + 5 * 4, "{hits} of 20,000 were taken");
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{OLD:?}"), "hidden");
        assert!(!format!("{:?}", Links::new("u", &OLD, None)).contains('1'));
    }

    proptest! {
        #[test]
        fn a_code_leads_back_to_its_recipient_alone(place in places(), other in places()) {
            let links = Links::new("", &NEW, None);
            let code = links.code(LinkKind::Track, place);
            prop_assert_eq!(links.read(LinkKind::Track, &code), Some(place));
            prop_assert_eq!(code == links.code(LinkKind::Track, other), place == other);
            prop_assert_ne!(links.read(LinkKind::OptOut, &code), Some(place));
        }

        #[test]
        fn codes_go_on_working_under_the_next_secret(place in places()) {
            let code = Links::new("", &OLD, None).code(LinkKind::OptOut, place);
            let links = Links::new("", &NEW, Some(&OLD));
            prop_assert_eq!(links.read(LinkKind::OptOut, &code), Some(place));
            prop_assert_ne!(links.code(LinkKind::OptOut, place), code);
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,14}") {
            let _ = Links::new("", &NEW, Some(&OLD)).read(LinkKind::Track, &text);
        }
    }
}
