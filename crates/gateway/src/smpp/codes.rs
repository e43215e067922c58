//! The peer's answer codes: which of them pass by themselves, what the others mean for the message, and what those of a
//! refused bind tell the operator to change.

use clarion_domain::message::MessageStatus;
use rusmpp::CommandStatus;

/// What a submit's answer code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Taken.
    Accepted,
    /// Not now: the bind slows down, the part is tried again.
    Temporary,
    /// Never: the message ends so.
    Permanent(MessageStatus),
}

/// The class of a submit's answer code.
pub(super) fn class(code: u32) -> Class {
    use CommandStatus as S;
    match S::from(code) {
        S::EsmeRok => Class::Accepted,
        S::EsmeRthrottled | S::EsmeRmsgqful | S::EsmeRxTAppn | S::EsmeRsyserr => Class::Temporary,
        S::EsmeRinvdstadr | S::EsmeRinvdstton | S::EsmeRinvdstnpi => {
            Class::Permanent(MessageStatus::RejectedInvalidRecipient)
        }
        S::EsmeRinvexpiry => Class::Permanent(MessageStatus::Expired),
        S::EsmeRsubmitfail | S::EsmeRunknownerr => Class::Permanent(MessageStatus::Failed),
        _ => Class::Permanent(MessageStatus::Rejected),
    }
}

/// The raw code, as it is kept with the message.
pub(super) fn text(code: u32) -> String {
    format!("0x{code:08X}")
}

/// What the operator is told when the peer refuses a bind.
pub(super) fn bind_refusal(code: u32) -> String {
    use CommandStatus as S;
    let (name, advice) = match S::from(code) {
        S::EsmeRinvpaswd => ("ESME_RINVPASWD", "check system_id and password"),
        S::EsmeRinvsysid => ("ESME_RINVSYSID", "check system_id"),
        S::EsmeRinvsystyp => ("ESME_RINVSYSTYP", "check system_type"),
        S::EsmeRalybnd => (
            "ESME_RALYBND",
            "already bound: lower binds, or end the other program that uses this system_id",
        ),
        S::EsmeRbindfail => (
            "ESME_RBINDFAIL",
            "check system_id, password and system_type, how many binds the provider allows, and whether it knows this \
             machine's address",
        ),
        S::EsmeRinvcmdid => (
            "ESME_RINVCMDID",
            "the peer knows no bind_transceiver: ask the provider for SMPP 3.4",
        ),
        S::EsmeRthrottled => (
            "ESME_RTHROTTLED",
            "too many attempts: it is tried again later",
        ),
        S::EsmeRsyserr => (
            "ESME_RSYSERR",
            "an error on the provider's side: it is tried again",
        ),
        _ => {
            return format!(
                "the peer refuses the bind with {}: ask the provider",
                text(code)
            );
        }
    };
    format!("the peer refuses the bind ({name}): {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(codes: &[u32], class_of_all: Class) {
        for code in codes {
            assert_eq!(class(*code), class_of_all, "{code:#x}");
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
        check(
            &[0x01, 0x0A, 0x65, 0x66, 0x400, 0xFFFF_FFFF],
            Class::Permanent(MessageStatus::Rejected),
        );
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
