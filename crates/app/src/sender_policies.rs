//! The file of the sender ids that countries take.

use std::path::Path;

use anyhow::Context as _;
use clarion_domain::sender_policy::SenderPolicies;

/// Where it is looked for.
const USUAL: &str = "config/rules/senders.toml";

/// As it ships: a service that is started elsewhere knows the policies as well.
const SHIPPED: &str = include_str!("../../../config/rules/senders.toml");

/// The policies of the file; where there is none, those that ship.
pub(crate) fn read() -> anyhow::Result<SenderPolicies> {
    let path = Path::new(USUAL);
    let text = match path.is_file() {
        true => std::fs::read_to_string(path).with_context(|| format!("{USUAL} cannot be read"))?,
        false => SHIPPED.to_owned(),
    };
    toml::from_str(&text).with_context(|| format!("{USUAL} holds no sender policies"))
}

#[cfg(test)]
mod tests {
    use clarion_domain::sender::SenderId;

    use super::*;

    #[test]
    fn the_shipped_policies_are_those_that_operators_make_known() {
        let policies: SenderPolicies = toml::from_str(SHIPPED).unwrap();
        for (sender, countries) in [
            ("ACME", "CA PR US"),
            ("lNF0", "CA GB PR US"),
            ("ACME+", "CA GB PR US"),
            ("+447700900001", "CA"),
            ("+33612345678", "CA GB"),
            ("60606", ""),
        ] {
            let breaches = policies.breaches(&SenderId::parse(sender).unwrap());
            let found: Vec<_> = breaches.keys().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), countries, "{sender}");
        }
    }
}
