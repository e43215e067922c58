//! Campaigns as clients post them: contacts with numbers in the ways that people write them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How many contacts have numbers of their own.
const NUMBERS: u64 = 60_000_000;
/// Has no divisor in common with that, so that numbers come in no order, and none twice.
const STRIDE: u64 = 7_919_111;

/// As the message of each campaign has it: what is rendered for each recipient.
pub(crate) const MESSAGE: &str =
    "Hello {Name|there}, your order {Custom1} is ready. {Custom2} See you soon!";
const NAMES: [&str; 8] = [
    "Ann Carter",
    "Bob Hughes",
    "Chloe Singh",
    "Dafydd Jones",
    "Élodie Brown",
    "Femi Okafor",
    "Grace O'Neill",
    "Henry Wu",
];

/// A campaign that is to be posted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Campaign {
    pub(crate) contacts: u32,
    /// Which numbers it is for: campaigns with different audiences have none in common.
    pub(crate) audience: u32,
    pub(crate) start: Start,
    pub(crate) tracked: bool,
}

/// When it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    AtOnce,
    /// After whatever is measured.
    Later,
}

impl Start {
    /// As JSON.
    pub(crate) fn json(self) -> &'static str {
        match self {
            Self::AtOnce => "null",
            Self::Later => r#""2099-01-01T09:00:00Z""#,
        }
    }
}

impl Campaign {
    /// Writes its JSON.
    pub(crate) fn write(self, to: &mut impl Write) -> std::io::Result<()> {
        let (start, message) = (self.start.json(), MESSAGE);
        let link = if self.tracked {
            r#""https://shop.example/orders""#
        } else {
            "null"
        };
        write!(
            to,
            r#"{{"startDateTime":{start},"sender":"BENCH","message":"{message}","trackLinkUrl":{link},"contacts":"#
        )?;
        self.write_contacts(to)?;
        write!(to, "}}")
    }

    /// Writes the JSON of its contacts alone.
    fn write_contacts(self, to: &mut impl Write) -> std::io::Result<()> {
        write!(to, "[")?;
        for index in 0..self.contacts {
            if index > 0 {
                write!(to, ",")?;
            }
            self.write_contact(to, index)?;
        }
        write!(to, "]")
    }

    fn write_contact(self, to: &mut impl Write, index: u32) -> std::io::Result<()> {
        let nth = u64::from(self.audience) + u64::from(index);
        let number = 7_710_000_000 + nth * STRIDE % NUMBERS;
        let (range, rest) = (number / 1_000_000, number % 1_000_000);
        let name = NAMES[index as usize % NAMES.len()];
        write!(to, r#"{{"phoneNumber":""#)?;
        match index % 4 {
            0 => write!(to, "0{range} {rest:06}")?,
            1 => write!(to, "+44 {range} {rest:06}")?,
            2 => write!(to, "+44{range}{rest:06}")?,
            _ => write!(to, "0{range}{rest:06}")?,
        }
        write!(
            to,
            r#"","name":"{name}","custom1":"A-{index:07}","custom2":"Pick it up at the desk."}}"#
        )
    }

    /// Its JSON.
    pub(crate) fn json(self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write(&mut bytes)?;
        Ok(bytes)
    }

    /// Puts its JSON into a file, from which it costs next to nothing to post.
    pub(crate) fn file(self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join(format!("campaign-of-{}.json", self.contacts));
        written(&path, |file| self.write(file))?;
        Ok(path)
    }

    /// The same with its contacts alone.
    pub(crate) fn contacts_file(self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join(format!("contacts-of-{}.json", self.contacts));
        written(&path, |file| self.write_contacts(file))?;
        Ok(path)
    }
}

fn written(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    write(&mut file)?;
    Ok(file.flush()?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_campaign_is_json_of_different_numbers() {
        let campaign = Campaign {
            contacts: 1_000,
            audience: 0,
            start: Start::Later,
            tracked: true,
        };
        let read: Value = serde_json::from_slice(&campaign.json().unwrap()).unwrap();
        let contacts = read["contacts"].as_array().unwrap();
        assert_eq!(contacts.len(), 1_000);
        let number = |contact: &Value| -> String {
            let digits = contact["phoneNumber"].as_str().unwrap().chars();
            let digits: String = digits.filter(char::is_ascii_digit).collect();
            digits.chars().rev().take(10).collect()
        };
        let mut numbers: Vec<_> = contacts.iter().map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 1_000);
    }
}
