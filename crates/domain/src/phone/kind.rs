//! The kinds of numbers, and how a numbering plan's patterns decide on one.

use std::fmt;

use phonenumber::metadata::{Descriptor, Descriptors};

/// What a number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Dear for the caller.
    Premium,
    /// Free for the caller.
    Freephone,
    /// Paid by both sides.
    SharedCost,
    /// Over the internet.
    Voip,
    /// Follows a person, at the caller's cost.
    Personal,
    /// Receives pages only.
    Pager,
    /// One number for a whole company.
    Company,
    /// A mailbox of voices.
    Voicemail,
    /// At a place.
    Landline,
    /// A mobile phone.
    Mobile,
    /// Where a plan has one range for both, as North America's.
    LandlineOrMobile,
}

impl NumberKind {
    /// Whether text messages can reach it.
    #[must_use]
    pub fn is_mobile(self) -> bool {
        matches!(self, Self::Mobile | Self::LandlineOrMobile)
    }
}

/// Reads after "not a mobile number but".
impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Premium => "a premium rate number",
            Self::Freephone => "a freephone number",
            Self::SharedCost => "a shared cost number",
            Self::Voip => "a VoIP number",
            Self::Personal => "a personal number",
            Self::Pager => "a pager",
            Self::Company => "a company number (UAN)",
            Self::Voicemail => "a voicemail number",
            Self::Landline => "a landline",
            Self::Mobile => "a mobile",
            Self::LandlineOrMobile => "a landline or mobile",
        })
    }
}

/// Services, in the order in which libphonenumber asks: a number in several ranges is of the first.
const SERVICES: [NumberKind; 8] = [
    NumberKind::Premium,
    NumberKind::Freephone,
    NumberKind::SharedCost,
    NumberKind::Voip,
    NumberKind::Personal,
    NumberKind::Pager,
    NumberKind::Company,
    NumberKind::Voicemail,
];

/// A pattern's place in a region's rules: a service by its place in [`SERVICES`], or one of those below.
pub(super) type Mark = u8;
const LANDLINE: Mark = 8;
const MOBILE: Mark = 9;
/// The pattern that every number of the region matches.
pub(super) const GENERAL: Mark = 10;
/// How the numbers of a region begin that shares its country code with others.
pub(super) const LEADING: Mark = 11;

/// The patterns of a region, each with its mark.
pub(super) fn descriptors(of: &Descriptors) -> impl Iterator<Item = (Mark, &Descriptor)> {
    let by_mark = [
        of.premium_rate(),
        of.toll_free(),
        of.shared_cost(),
        of.voip(),
        of.personal_number(),
        of.pager(),
        of.uan(),
        of.voicemail(),
        of.fixed_line(),
        of.mobile(),
        Some(of.general()),
    ];
    (0..)
        .zip(by_mark)
        .filter_map(|(mark, descriptor)| Some((mark, descriptor?)))
}

/// The marks of the patterns that a number matches in one region.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks(u16);

impl Marks {
    pub(super) fn add(&mut self, mark: Mark) {
        self.0 |= 1 << mark;
    }

    pub(super) fn has(self, mark: Mark) -> bool {
        self.0 & (1 << mark) != 0
    }

    /// The kind of a number. `one_range`: this region has one pattern for landlines and mobiles.
    pub(super) fn kind(self, one_range: bool) -> Option<NumberKind> {
        if !self.has(GENERAL) {
            return None;
        }
        let service = SERVICES.get(self.0.trailing_zeros() as usize).copied();
        service.or(match (self.has(LANDLINE), self.has(MOBILE)) {
            (true, mobile) if one_range || mobile => Some(NumberKind::LandlineOrMobile),
            (true, _) => Some(NumberKind::Landline),
            (false, true) if !one_range => Some(NumberKind::Mobile),
            (false, _) => None,
        })
    }
}
