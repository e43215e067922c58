//! What messages cost. The price of a part depends on the country it goes to; what a provider charges in the end, its
//! receipts tell.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;

use serde::Deserialize;

use crate::phone::Region;

/// Digits behind the point that a price is exact to.
const DECIMALS: usize = 6;
const MILLION: i64 = 1_000_000;

/// An amount of money in millionths of the tariffs' currency: sums of prices stay exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "WrittenPrice")]
pub struct Price {
    /// In millionths.
    pub millionths: i64,
}

impl Price {
    /// As JSON shows it. Its shortest decimal form is the amount itself: six places lie well within what a double tells
    /// apart.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "prices are far below 2^53 millionths"
    )]
    pub fn as_decimal(self) -> f64 {
        self.millionths as f64 / 1e6
    }
}

/// The prices of a part by country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenTariffs")]
pub struct Tariffs {
    /// What prices are in, such as `GBP`; only for people to read.
    pub currency: String,
    /// For countries without a price of their own.
    pub default: Price,
    /// By the number's region.
    pub countries: BTreeMap<Region, Price>,
    /// By the gateway's name, where what it charges differs.
    pub gateways: BTreeMap<String, GatewayTariff>,
}

/// What differs with one gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayTariff {
    /// For countries without a price of their own here; missing: what applies to all gateways.
    pub default: Option<Price>,
    /// By the number's region.
    pub countries: BTreeMap<Region, Price>,
}

/// Why tariffs cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TariffFault {
    /// No country.
    #[error("{0:?} is no country that has phone numbers; countries are written like GB")]
    Country(String),
    /// No amount of money.
    #[error("{0} is no price; a price lies between 0 and 1000000")]
    Price(f64),
}

impl Tariffs {
    /// The price of one part to a country.
    #[must_use]
    pub fn part(&self, region: Region) -> Price {
        self.countries.get(&region).copied().unwrap_or(self.default)
    }

    /// The price of one part that goes through a gateway.
    #[must_use]
    pub fn part_via(&self, gateway: &str, region: Region) -> Price {
        let own = self.gateways.get(gateway);
        own.and_then(|own| own.countries.get(&region).copied().or(own.default))
            .unwrap_or_else(|| self.part(region))
    }

    /// The price of a message of so many parts.
    #[must_use]
    pub fn message(&self, region: Region, parts: u32) -> Price {
        Price {
            millionths: self.part(region).millionths * i64::from(parts),
        }
    }
}

impl Sum for Price {
    fn sum<I: Iterator<Item = Self>>(prices: I) -> Self {
        Self {
            millionths: prices.map(|price| price.millionths).sum(),
        }
    }
}

/// With two digits behind the point, or as many more as it needs.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.millionths / MILLION, self.millionths % MILLION);
        let decimals = format!("{:0DECIMALS$}", rest.abs());
        let (kept, droppable) = decimals.split_at(2);
        let sign = if self.millionths < 0 { "-" } else { "" };
        write!(
            f,
            "{sign}{}.{kept}{}",
            whole.abs(),
            droppable.trim_end_matches('0')
        )
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenPrice {
    Whole(i32),
    Decimal(f64),
}

impl TryFrom<WrittenPrice> for Price {
    type Error = TariffFault;

    fn try_from(written: WrittenPrice) -> Result<Self, TariffFault> {
        let price = match written {
            WrittenPrice::Whole(price) => f64::from(price),
            WrittenPrice::Decimal(price) => price,
        };
        if !(0.0..=1e6).contains(&price) {
            return Err(TariffFault::Price(price));
        }
        Ok(Self {
            millionths: (price * 1e6).round() as i64,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct WrittenTariffs {
    currency: String,
    default: Price,
    countries: BTreeMap<String, Price>,
    gateways: BTreeMap<String, WrittenGateway>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenGateway {
    default: Option<Price>,
    countries: BTreeMap<String, Price>,
}

impl TryFrom<WrittenGateway> for GatewayTariff {
    type Error = TariffFault;

    fn try_from(written: WrittenGateway) -> Result<Self, TariffFault> {
        Ok(Self {
            default: written.default,
            countries: by_region(written.countries)?,
        })
    }
}

fn by_region(countries: BTreeMap<String, Price>) -> Result<BTreeMap<Region, Price>, TariffFault> {
    let countries = countries.into_iter().map(|(code, price)| {
        let region = Region::new(&code).ok_or(TariffFault::Country(code))?;
        Ok((region, price))
    });
    countries.collect()
}

impl TryFrom<WrittenTariffs> for Tariffs {
    type Error = TariffFault;

    fn try_from(written: WrittenTariffs) -> Result<Self, TariffFault> {
        let gateways = written.gateways.into_iter();
        let gateways = gateways.map(|(name, tariff)| Ok((name, tariff.try_into()?)));
        Ok(Self {
            currency: written.currency,
            default: written.default,
            countries: by_region(written.countries)?,
            gateways: gateways.collect::<Result<_, TariffFault>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        Region::new(code).unwrap()
    }

    #[test]
    fn a_country_without_a_price_has_the_default() {
        let tariffs: Tariffs = serde_json::from_str(
            r#"{"currency": "GBP", "default": 0.1, "countries": {"gb": 0.0325, "US": 0}}"#,
        )
        .unwrap();
        assert_eq!(tariffs.message(region("GB"), 3).to_string(), "0.0975");
        assert_eq!(tariffs.message(region("US"), 3).to_string(), "0.00");
        assert_eq!(tariffs.part(region("FR")).to_string(), "0.10");
        assert_eq!(Tariffs::default().part(region("GB")), Price::default());
    }

    #[test]
    fn a_gateways_own_prices_come_first() {
        let tariffs: Tariffs = serde_json::from_str(
            r#"{"default": 1, "countries": {"GB": 2, "US": 3}, "gateways": {
                "own": {"countries": {"GB": 4}}, "flat": {"default": 5, "countries": {"US": 6}}}}"#,
        )
        .unwrap();
        let via = |gateway, code| tariffs.part_via(gateway, region(code)).millionths / MILLION;
        assert_eq!(
            [via("own", "GB"), via("own", "US"), via("own", "FR")],
            [4, 3, 1]
        );
        assert_eq!(
            [via("flat", "GB"), via("flat", "US"), via("other", "GB")],
            [5, 6, 2]
        );
    }

    #[test]
    fn prices_are_exact() {
        let price: Price = serde_json::from_str("0.000001").unwrap();
        let sum: Price = std::iter::repeat_n(price, 3_000_000).sum();
        assert_eq!(sum.to_string(), "3.00");
        let loss = Price {
            millionths: -1_500_000,
        };
        assert_eq!(loss.to_string(), "-1.50");
    }

    #[test]
    fn what_is_no_tariff_is_told() {
        for (json, fault) in [
            (
                r#"{"default": -1}"#,
                "-1 is no price; a price lies between 0 and 1000000",
            ),
            (
                r#"{"countries": {"UK": 1}}"#,
                "\"UK\" is no country that has phone numbers; countries are written like GB",
            ),
            (
                r#"{"country": {}}"#,
                "unknown field `country`, expected one of `currency`, `default`, `countries`, `gateways` at line 1 column 10",
            ),
        ] {
            let error = serde_json::from_str::<Tariffs>(json).unwrap_err();
            assert_eq!(
                error.to_string().split(" at line 1 column").next(),
                fault.split(" at line 1").next()
            );
        }
    }
}
