//! From the digits that were written to a country code and a national number, in libphonenumber's order of questions: is
//! there an exit code, does the number begin with the own country's code, is there a trunk prefix to take off.

use phonenumber::metadata::DATABASE;

use super::digits::Digits;
use super::plan::{Plan, RegionRules};
use super::prefix::Prefix;
use super::written::Written;
use super::{PhoneNumber, PhoneRefusal, Region};

/// National numbers have at least two digits and at most seventeen.
const MIN_NATIONAL: usize = 2;
const MAX_NATIONAL: usize = 17;

/// The main region of a plan, where libphonenumber looks for numbers that came with their country code.
const MAIN: usize = 0;

/// Where numbers without a country code belong.
pub(super) struct Home {
    plan: &'static Plan,
    /// The plan's country code, as digits.
    code: String,
    region: usize,
    exit_code: Option<Prefix>,
}

/// A number as its network dials it.
pub(super) struct Dialled {
    pub(super) plan: &'static Plan,
    region: usize,
    pub(super) national: Digits,
}

impl Home {
    /// `None` for the world's numbers, which none dials without their code.
    pub(super) fn new(region: Region) -> Option<Self> {
        if region == Region::WORLD {
            return None;
        }
        let metadata = DATABASE.by_id(region.as_str())?;
        let plan = Plan::of(metadata.country_code())?;
        let exit_code = metadata.international_prefix();
        Some(Self {
            plan,
            code: plan.code.to_string(),
            region: plan
                .regions
                .iter()
                .position(|rules| rules.region == region)?,
            exit_code: exit_code.and_then(|regex| Prefix::new(regex.as_str(), None)),
        })
    }

    /// The digits behind the exit code. None is taken off before a zero: no country code begins with one.
    fn without_exit_code(&self, digits: &Digits) -> Option<Digits> {
        let rest = self.exit_code.as_ref()?.strip(digits)?;
        (rest.as_bytes().first() != Some(&b'0')).then_some(rest)
    }

    /// The national number where the own country's code stands before it without a plus: only where the digits make no
    /// number of that country as they are.
    fn without_own_code(&self, digits: &Digits) -> Option<Digits> {
        if !digits.as_bytes().starts_with(self.code.as_bytes()) {
            return None;
        }
        let rest = digits.skip(self.code.len());
        let national = self.plan.without_trunk_prefix(self.region, &rest);
        let viable = |digits| self.plan.is_viable(self.region, digits);
        let too_long = self.plan.regions[self.region].is_too_long(digits.len());
        (too_long || (viable(&national) && !viable(digits))).then_some(national)
    }
}

impl Dialled {
    /// Reads what was written.
    pub(super) fn read(written: &Written, home: Option<&Home>) -> Result<Self, PhoneRefusal> {
        let digits = &written.digits;
        let coded = match (written.plus, home) {
            // Behind a plus that no country code follows, an exit code may still come (`+0044…`).
            (true, Some(home)) => Self::behind_plus(digits)
                .or_else(|refusal| Self::coded(digits, home)?.ok_or(refusal)),
            (true, None) => Self::behind_plus(digits),
            (false, Some(home)) => match Self::coded(digits, home)? {
                Some(coded) => Ok(coded),
                None => Ok(Self {
                    plan: home.plan,
                    region: home.region,
                    national: *digits,
                }),
            },
            (false, None) => Err(PhoneRefusal::UnknownCountryCode),
        };
        coded?.without_trunk_prefix()
    }

    /// Reads what was written as `00` and an international number, where the home has another exit code.
    pub(super) fn behind_double_zero(written: &Written, home: Option<&Home>) -> Option<Self> {
        let digits = &written.digits;
        let dialled = home.and_then(|home| home.without_exit_code(digits));
        if written.plus || dialled.is_some() || !digits.as_bytes().starts_with(b"00") {
            return None;
        }
        let coded = Self::behind_plus(&digits.skip(2)).ok()?;
        coded.without_trunk_prefix().ok()
    }

    /// A number that has its country code without a plus; `None` where it has none.
    fn coded(digits: &Digits, home: &Home) -> Result<Option<Self>, PhoneRefusal> {
        if let Some(rest) = home.without_exit_code(digits) {
            return Self::behind_plus(&rest).map(Some);
        }
        Ok(home.without_own_code(digits).map(|national| Self {
            plan: home.plan,
            region: MAIN,
            national,
        }))
    }

    /// Digits that begin with a country code. No code is the beginning of another one.
    pub(super) fn behind_plus(digits: &Digits) -> Result<Self, PhoneRefusal> {
        let mut code = 0;
        for (index, digit) in digits.as_bytes().iter().take(3).enumerate() {
            code = code * 10 + u16::from(digit - b'0');
            if code == 0 {
                break;
            }
            if let Some(plan) = Plan::of(code) {
                return Ok(Self {
                    plan,
                    region: MAIN,
                    national: digits.skip(index + 1),
                });
            }
        }
        Err(PhoneRefusal::UnknownCountryCode)
    }

    /// The national number proper, of a length that can be one.
    fn without_trunk_prefix(mut self) -> Result<Self, PhoneRefusal> {
        let region = self.region();
        if self.national.len() < MIN_NATIONAL {
            return Err(PhoneRefusal::TooShort { region });
        }
        let stripped = self.plan.without_trunk_prefix(self.region, &self.national);
        if self.rules().may_be_complete(stripped.len()) {
            self.national = stripped;
        }
        match self.national.len() {
            ..MIN_NATIONAL => Err(PhoneRefusal::TooShort { region }),
            MIN_NATIONAL..=MAX_NATIONAL => Ok(self),
            _ => Err(PhoneRefusal::TooLong { region }),
        }
    }

    fn rules(&self) -> &RegionRules {
        &self.plan.regions[self.region]
    }

    /// Where its national number was read.
    pub(super) fn region(&self) -> Region {
        self.rules().region
    }

    /// Ofcom's drama range: 07700 900000 to 900999, which is given to nobody.
    pub(super) fn is_test_number(&self) -> bool {
        let national = self.national.as_bytes();
        self.plan.code == 44 && national.len() == 10 && national.starts_with(b"7700900")
    }

    /// The number, once its region is known.
    pub(super) fn number(&self, region: Region) -> Result<PhoneNumber, PhoneRefusal> {
        match self.national.after(self.plan.code) {
            Some(digits) => Ok(PhoneNumber { digits, region }),
            None => Err(PhoneRefusal::TooLong { region }),
        }
    }

    /// Why it is no number: measured by the lengths of mobiles, which alone can be meant here.
    pub(super) fn misfit(&self) -> PhoneRefusal {
        let region = self.region();
        let lengths = self.rules().mobile_lengths;
        match self.national.len() {
            length if length < lengths.min() => PhoneRefusal::TooShort { region },
            length if length > lengths.max() => PhoneRefusal::TooLong { region },
            _ => PhoneRefusal::NotAssigned { region },
        }
    }
}
