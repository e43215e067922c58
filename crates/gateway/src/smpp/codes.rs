//! The peer's answer codes: which of them pass by themselves, what the others mean for the message, and what those of a
//! refused bind tell the operator to change. And the error codes in its receipts that mean more than a failure.

use std::collections::{BTreeMap, BTreeSet};

use clarion_domain::message::MessageStatus;
use clarion_domain::receipt::canonical_id;
use serde::{Deserialize, Serialize};

use super::settings::SettingsFault;

/// What an answer code that refuses a part means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeClass {
    /// Not now: the bind slows down, and the part is tried again.
    Temporary,
    /// The message ends as Rejected.
    Rejected,
    /// The message ends as RejectedInvalidRecipient.
    RejectedInvalidRecipient,
    /// The message ends as Failed.
    Failed,
    /// The message ends as FailedInsufficientCredit.
    FailedInsufficientCredit,
    /// The message ends as Undeliverable.
    Undeliverable,
    /// The message ends as Expired.
    Expired,
    /// The message ends as Deleted.
    Deleted,
    /// The person has opted out at the peer: the message ends as OptedOut, and the opt-out is recorded.
    OptedOut,
}

/// What a submit's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Taken.
    Accepted,
    /// Not now: the bind slows down, the part is tried again.
    Temporary,
    /// Never: the message ends so.
    Permanent(MessageStatus),
}

/// SMPP 3.4's codes (5.1.3) and what they mean; those that are not here, and those of providers' own, are rejections.
const TABLE: [(u32, &str, CodeClass); 41] = {
    use CodeClass as C;
    [
        (0x01, "ESME_RINVMSGLEN", C::Rejected),
        (0x02, "ESME_RINVCMDLEN", C::Rejected),
        (0x03, "ESME_RINVCMDID", C::Rejected),
        (0x04, "ESME_RINVBNDSTS", C::Rejected),
        (0x05, "ESME_RALYBND", C::Rejected),
        (0x06, "ESME_RINVPRTFLG", C::Rejected),
        (0x07, "ESME_RINVREGDLVFLG", C::Rejected),
        (0x08, "ESME_RSYSERR", C::Temporary),
        (0x0A, "ESME_RINVSRCADR", C::Rejected),
        (0x0B, "ESME_RINVDSTADR", C::RejectedInvalidRecipient),
        (0x0C, "ESME_RINVMSGID", C::Rejected),
        (0x0D, "ESME_RBINDFAIL", C::Rejected),
        (0x0E, "ESME_RINVPASWD", C::Rejected),
        (0x0F, "ESME_RINVSYSID", C::Rejected),
        (0x14, "ESME_RMSGQFUL", C::Temporary),
        (0x15, "ESME_RINVSERTYP", C::Rejected),
        (0x40, "ESME_RINVDESTFLAG", C::Rejected),
        (0x42, "ESME_RINVSUBREP", C::Rejected),
        (0x43, "ESME_RINVESMCLASS", C::Rejected),
        (0x45, "ESME_RSUBMITFAIL", C::Failed),
        (0x48, "ESME_RINVSRCTON", C::Rejected),
        (0x49, "ESME_RINVSRCNPI", C::Rejected),
        (0x50, "ESME_RINVDSTTON", C::RejectedInvalidRecipient),
        (0x51, "ESME_RINVDSTNPI", C::RejectedInvalidRecipient),
        (0x53, "ESME_RINVSYSTYP", C::Rejected),
        (0x54, "ESME_RINVREPFLAG", C::Rejected),
        (0x55, "ESME_RINVNUMMSGS", C::Rejected),
        (0x58, "ESME_RTHROTTLED", C::Temporary),
        (0x61, "ESME_RINVSCHED", C::Rejected),
        (0x62, "ESME_RINVEXPIRY", C::Expired),
        (0x63, "ESME_RINVDFTMSGID", C::Rejected),
        (0x64, "ESME_RX_T_APPN", C::Temporary),
        (0x65, "ESME_RX_P_APPN", C::Rejected),
        (0x66, "ESME_RX_R_APPN", C::Rejected),
        (0xC0, "ESME_RINVOPTPARSTREAM", C::Rejected),
        (0xC1, "ESME_ROPTPARNOTALLWD", C::Rejected),
        (0xC2, "ESME_RINVPARLEN", C::Rejected),
        (0xC3, "ESME_RMISSINGOPTPARAM", C::Rejected),
        (0xC4, "ESME_RINVOPTPARAMVAL", C::Rejected),
        (0xFE, "ESME_RDELIVERYFAILURE", C::Undeliverable),
        (0xFF, "ESME_RUNKNOWNERR", C::Failed),
    ]
};

/// What the answer codes mean on a gateway.
#[derive(Debug)]
pub(super) struct Codes {
    otherwise: BTreeMap<u32, CodeClass>,
}

impl Codes {
    /// The table, with what a gateway's settings say otherwise.
    pub(super) fn new(settings: &BTreeMap<String, CodeClass>) -> Result<Self, SettingsFault> {
        let mut otherwise = BTreeMap::new();
        for (code, class) in settings {
            match parse(code) {
                Some(0) => return Err(SettingsFault::CodeOfSuccess),
                Some(number) => otherwise.insert(number, *class),
                None => return Err(SettingsFault::Code { code: code.clone() }),
            };
        }
        Ok(Self { otherwise })
    }

    /// The class of a submit's answer code.
    pub(super) fn class(&self, code: u32) -> Class {
        if code == 0 {
            return Class::Accepted;
        }
        match self.otherwise.get(&code) {
            Some(class) => (*class).into(),
            None => usual(code).into(),
        }
    }
}

impl From<CodeClass> for Class {
    fn from(class: CodeClass) -> Self {
        Self::Permanent(match class {
            CodeClass::Temporary => return Self::Temporary,
            CodeClass::Rejected => MessageStatus::Rejected,
            CodeClass::RejectedInvalidRecipient => MessageStatus::RejectedInvalidRecipient,
            CodeClass::Failed => MessageStatus::Failed,
            CodeClass::FailedInsufficientCredit => MessageStatus::FailedInsufficientCredit,
            CodeClass::Undeliverable => MessageStatus::Undeliverable,
            CodeClass::Expired => MessageStatus::Expired,
            CodeClass::Deleted => MessageStatus::Deleted,
            CodeClass::OptedOut => MessageStatus::OptedOut,
        })
    }
}

/// The error codes in receipts by which a peer tells that a person has opted out there.
#[derive(Debug, Default)]
pub(super) struct OptOutErrors(BTreeSet<String>);

impl OptOutErrors {
    /// Those that a gateway's settings name.
    pub(super) fn new(settings: &[String]) -> Result<Self, SettingsFault> {
        let codes: BTreeSet<_> = settings.iter().map(|code| canonical_id(code)).collect();
        // A receipt without an error has "000" there.
        if codes.iter().any(|code| code.is_empty() || code == "0") {
            return Err(SettingsFault::OptOutError);
        }
        Ok(Self(codes))
    }

    /// What a receipt of this status and error says. Only a failure can have been for an opt-out.
    pub(super) fn status(
        &self,
        status: Option<MessageStatus>,
        error: Option<&str>,
    ) -> Option<MessageStatus> {
        let has_failed = !matches!(
            status?,
            MessageStatus::Delivered | MessageStatus::Accepted | MessageStatus::Unknown
        );
        let is_named = error.is_some_and(|error| self.0.contains(&canonical_id(error)));
        match has_failed && is_named {
            true => Some(MessageStatus::OptedOut),
            false => status,
        }
    }
}

/// The raw code, as it is kept with the message.
pub(super) fn text(code: u32) -> String {
    format!("0x{code:08X}")
}

fn usual(code: u32) -> CodeClass {
    row(code).map_or(CodeClass::Rejected, |(_, _, class)| class)
}

fn row(code: u32) -> Option<(u32, &'static str, CodeClass)> {
    TABLE.into_iter().find(|(number, ..)| *number == code)
}

fn parse(code: &str) -> Option<u32> {
    let named = TABLE
        .into_iter()
        .find(|(_, name, _)| name.eq_ignore_ascii_case(code));
    if let Some((number, ..)) = named {
        return Some(number);
    }
    match code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => code.parse().ok(),
    }
}

/// What the operator is told when the peer refuses a bind.
pub(super) fn bind_refusal(code: u32) -> String {
    let name = row(code).map_or_else(|| text(code), |(_, name, _)| name.to_owned());
    format!("the peer refuses the bind ({name}): {}", bind_advice(code))
}

fn bind_advice(code: u32) -> &'static str {
    match code {
        0x0E => "check system_id and password",
        0x0F => "check system_id",
        0x53 => "check system_type",
        0x05 => "already bound: lower binds, or end the other program that uses this system_id",
        0x0D => {
            "check system_id, password, system_type and address_range, how many binds the provider allows, and whether \
             it knows this machine's address"
        }
        0x03 | 0x04 => {
            "the peer takes no such bind: try the other bind_mode, or ask the provider for SMPP 3.4"
        }
        0x58 => "too many attempts: it is tried again later",
        0x08 => "an error on the provider's side: it is tried again",
        _ => "ask the provider",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(codes: &[u32], class_of_all: Class) {
        let usual = Codes::new(&BTreeMap::new()).unwrap();
        for code in codes {
            assert_eq!(usual.class(*code), class_of_all, "{code:#x}");
        }
    }

    #[test]
    fn every_code_has_its_class() {
        check(&[0], Class::Accepted);
        check(&[0x08, 0x14, 0x58, 0x64], Class::Temporary);
        check(
            &[0x0B, 0x50, 0x51],
            Class::Permanent(MessageStatus::RejectedInvalidRecipient),
        );
        check(&[0x62], Class::Permanent(MessageStatus::Expired));
        check(&[0x45, 0xFF], Class::Permanent(MessageStatus::Failed));
        check(&[0xFE], Class::Permanent(MessageStatus::Undeliverable));
        check(
            &[0x01, 0x0A, 0x65, 0x66, 0x400, 0xFFFF_FFFF],
            Class::Permanent(MessageStatus::Rejected),
        );
    }

    #[test]
    fn a_gateway_may_see_codes_otherwise() {
        let settings = [
            ("0x58", CodeClass::Rejected),
            ("1025", CodeClass::Temporary),
            ("ESME_RINVDSTADR", CodeClass::Undeliverable),
            ("0X402", CodeClass::FailedInsufficientCredit),
        ];
        let settings = settings.map(|(code, class)| (code.to_owned(), class));
        let codes = Codes::new(&settings.into()).unwrap();
        for (code, class) in [
            (0x58, Class::Permanent(MessageStatus::Rejected)),
            (0x401, Class::Temporary),
            (0x0B, Class::Permanent(MessageStatus::Undeliverable)),
            (
                0x402,
                Class::Permanent(MessageStatus::FailedInsufficientCredit),
            ),
            (0x14, Class::Temporary),
        ] {
            assert_eq!(codes.class(code), class, "{code:#x}");
        }
        let success = [("0x0".to_owned(), CodeClass::Failed)];
        assert_eq!(
            Codes::new(&success.into()).unwrap_err(),
            SettingsFault::CodeOfSuccess
        );
    }

    #[test]
    fn a_failed_receipt_with_a_named_error_means_an_opt_out() {
        let named = ["034".to_owned(), "1021".to_owned(), "A7".to_owned()];
        let errors = OptOutErrors::new(&named).unwrap();
        let check = |status, error, expected| assert_eq!(errors.status(status, error), expected);
        let (failed, opted_out) = (
            Some(MessageStatus::Undeliverable),
            Some(MessageStatus::OptedOut),
        );
        for error in ["034", "34", "1021", "a7"] {
            check(failed, Some(error), opted_out);
            check(Some(MessageStatus::Rejected), Some(error), opted_out);
            check(
                Some(MessageStatus::Delivered),
                Some(error),
                Some(MessageStatus::Delivered),
            );
            check(None, Some(error), None);
        }
        check(failed, Some("000"), failed);
        check(failed, None, failed);
        for wrong in ["", "000"] {
            let fault = OptOutErrors::new(&[wrong.to_owned()]).unwrap_err();
            assert_eq!(fault, SettingsFault::OptOutError);
        }
    }

    /// What the documentation says is what the program does.
    #[test]
    fn the_table_is_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/smpp.md");
        let documented = std::fs::read_to_string(path).unwrap();
        for (code, name, class) in TABLE {
            let class = serde_json::to_value(class).unwrap();
            let row = format!("| `0x{code:02X}` | {name} | {} |", class.as_str().unwrap());
            assert!(documented.contains(&row), "{row}");
        }
    }

    #[test]
    fn the_raw_code_is_kept_in_full() {
        assert_eq!(text(0x0B), "0x0000000B");
    }

    #[test]
    fn a_refused_bind_tells_what_to_change() {
        assert_eq!(
            bind_refusal(0x0E),
            "the peer refuses the bind (ESME_RINVPASWD): check system_id and password"
        );
        assert!(bind_refusal(0x400).contains("0x00000400"));
    }
}
