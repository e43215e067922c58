//! The script: what the simulated SMSC does with which message. The first rule that matches decides; by chance only as
//! the seed and the message have it, so that a rehearsal can be repeated.

mod receipt;
mod response;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::chance::Chance;
use super::submit::Submit;

pub use self::receipt::{Enroute, Fate, Format, Receipt};
pub(super) use self::response::Answer;
pub use self::response::{Ids, Response};

/// What the simulated SMSC does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Another seed is another run.
    pub seed: u64,
    /// The password that a bind must give; none: any.
    pub password: Option<String>,
    /// How long after a refused delivery it is tried again, in milliseconds.
    pub redelivery_ms: u64,
    /// Tried in order; what no rule matches is treated by the defaults.
    pub rules: Vec<Rule>,
}

/// What is done with the messages it matches.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// What the number begins with, as E.164 with its `+`; none: any.
    pub destination: Option<String>,
    /// What the text contains; none: any.
    pub text: Option<String>,
    /// How the submit is answered.
    pub response: Response,
    /// How the message ends, and how that is told.
    pub receipt: Receipt,
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptFault {
    /// The file cannot be read.
    #[error("cannot read the simulator's script {path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no script.
    #[error("the simulator's script {path} is wrong: {source}")]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
}

/// What is done with one submit.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    pub(super) answer: Answer,
    pub(super) answer_after: Duration,
    /// How long the connection stands still before the answer.
    pub(super) stall: Duration,
    /// None: no receipt.
    pub(super) fate: Option<Fate>,
    pub(super) receipt_after: Duration,
    pub(super) twice: bool,
    pub(super) receipt: Receipt,
    pub(super) ids: Ids,
}

/// An early receipt has so long to come before its response.
const HEAD_START: Duration = Duration::from_millis(50);

impl Default for Script {
    fn default() -> Self {
        Self {
            seed: 0,
            password: None,
            redelivery_ms: 1_000,
            rules: Vec::new(),
        }
    }
}

impl Script {
    /// Reads a script; the empty path is the default one.
    ///
    /// # Errors
    /// It cannot be read, or is no script.
    pub fn read(path: &Path) -> Result<Self, ScriptFault> {
        if path.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        let path = path.to_owned();
        match fs::read_to_string(&path) {
            Err(source) => Err(ScriptFault::Unreadable { path, source }),
            Ok(text) => toml::from_str(&text).map_err(|source| ScriptFault::Wrong { path, source }),
        }
    }

    /// The index of the rule that a submit falls under.
    pub(super) fn rule_of(&self, submit: &Submit) -> Option<usize> {
        self.rules.iter().position(|rule| rule.matches(submit))
    }

    /// What is done with a submit; the same for the same message, and for all parts of one.
    pub(super) fn decide(&self, submit: &Submit, rule: &Rule) -> Decision {
        let mut chance = Chance::new(self.seed, submit);
        let answer = rule.response.answer(&mut chance);
        let mut answer_after = chance.between(rule.response.delay_ms);
        let fate = rule
            .receipt
            .fate(&mut chance)
            .filter(|fate| submit.wants(*fate));
        let mut receipt_after = chance.between(rule.receipt.delay_ms);
        if rule.receipt.early {
            answer_after = answer_after.max(HEAD_START);
            receipt_after = Duration::ZERO;
        }
        Decision {
            answer,
            answer_after,
            fate,
            receipt_after,
            twice: chance.hits(rule.receipt.duplicate_share),
            stall: rule.response.stall(&mut chance),
            receipt: rule.receipt.clone(),
            ids: rule.response.ids,
        }
    }
}

impl Rule {
    fn matches(&self, submit: &Submit) -> bool {
        let begins = |prefix: &String| submit.destination.starts_with(prefix.as_str());
        let contains = |part: &String| submit.text.contains(part.as_str());
        self.destination.as_ref().is_none_or(begins) && self.text.as_ref().is_none_or(contains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        toml::from_str(text).unwrap()
    }

    fn submit(destination: &str, text: &str) -> Submit {
        Submit {
            destination: destination.to_owned(),
            text: text.to_owned(),
            registered_delivery: 1,
            ..Submit::default()
        }
    }

    fn decide(script: &Script, submit: &Submit) -> Decision {
        let rule = script
            .rule_of(submit)
            .map(|rule| script.rules[rule].clone());
        script.decide(submit, &rule.unwrap_or_default())
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let script = script(
            "[[rules]]\ndestination = '+4477009'\ntext = 'bad'\nresponse.error = 0x0B\n\
             [[rules]]\ndestination = '+44'\nreceipt.expired = 1\n",
        );
        let of = |destination, text| decide(&script, &submit(destination, text));
        assert_eq!(of("+447700900001", "so bad").answer, Answer::Refused(0x0B));
        assert_eq!(of("+447700900001", "good").fate, Some(Fate::Expired));
        assert_eq!(of("+4915112345678", "bad").fate, Some(Fate::Delivered));
    }

    #[test]
    fn shares_hold_and_a_run_can_be_repeated() {
        let script =
            script("seed = 1\n[[rules]]\nreceipt.delivered = 3\nreceipt.undeliverable = 1");
        let count = |script: &Script| {
            let failed = (0..10_000)
                .map(|number| decide(script, &submit(&format!("+4477009{number}"), "x")))
                .filter(|decision| decision.fate == Some(Fate::Undeliverable));
            failed.count()
        };
        let failed = count(&script);
        assert!((2_300..2_700).contains(&failed), "{failed}");
        assert_eq!(count(&script), failed);
        assert_ne!(count(&Script { seed: 2, ..script }), failed);
    }

    #[test]
    fn no_receipt_is_sent_to_who_wants_none() {
        let mut silent = submit("+447700900001", "x");
        silent.registered_delivery = 0;
        assert_eq!(decide(&Script::default(), &silent).fate, None);
        silent.registered_delivery = 2;
        assert_eq!(decide(&Script::default(), &silent).fate, None);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(toml::from_str::<Script>("[[rules]]\nreceipt.delverd = 1").is_err());
    }
}
