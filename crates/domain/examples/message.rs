//! From a written number and a template to the parts on the air: `cargo run -p clarion-domain --example message`.

use std::error::Error;
use std::io::{Write, stdout};

use clarion_domain::phone::{PhoneRules, Region};
use clarion_domain::template::{Template, Values};
use clarion_domain::text::{Reference, split};

fn main() -> Result<(), Box<dyn Error>> {
    let phones = PhoneRules::new(Region::new("GB").ok_or("no such region")?, true);
    let template = Template::parse("Hi {Name|there}, your table is ready. {{:-)}}")
        .map_err(|faults| format!("the message {}", faults[0]))?;
    for (written, name) in [("(07700) 900-001", Some("Siân")), ("+44 7700 900002", None)] {
        let phone_number = phones.parse(written)?.to_string();
        let text = template.render(&Values {
            name,
            phone_number: &phone_number,
            ..Values::default()
        });
        let parts = split(&text, Reference::EightBit);
        writeln!(stdout(), "{phone_number}: {parts:?}")?;
    }
    Ok(())
}
