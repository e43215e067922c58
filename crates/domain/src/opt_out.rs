//! Opt-outs: who wants no more messages, from whom, and how that came to be known (RULES section 4).
//!
//! Here are the scopes and sources, the words by which replies opt out and in, and what a client may set. What is in force
//! is kept by the crate `persistence`, and asked when messages are marked.

mod draft;
mod hash_key;
mod keyword;
mod rules;
mod settings;

use std::fmt;

use uuid::Uuid;

pub use draft::{NewOptOut, OptOutDefaults, OptOutDraft, check_reason};
pub use hash_key::{HashKey, NumberHash, ShortSecret};
pub use keyword::{Keyword, Keywords};
pub use rules::{KeywordRules, Language, Words};
pub use settings::{ClientPolicy, OptOutSettings, OptOutSettingsDraft};

/// How wide an opt-out is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeKind {
    /// Everything that the client sends.
    Client,
    /// What is sent to a contact group.
    Group,
    /// What comes from a sender id.
    Sender,
}

/// What somebody has opted out of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OptOutScope {
    /// Everything that the client sends.
    Client,
    /// What is sent to this contact group.
    Group(Uuid),
    /// What comes from this sender id.
    Sender(SenderName),
}

/// A sender id as handsets tell it from others: `ACME` is `Acme`, and a number is the same with and without its plus.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SenderName(String);

/// By what an opt-out or opt-in came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OptOutSource {
    /// A word in a reply.
    Keyword,
    /// The page behind an opt-out link.
    Link,
    /// A request to the API.
    Api,
    /// Somebody at the dashboard.
    Dashboard,
    /// A list that was taken in.
    Import,
    /// A provider refused to send, since the person had opted out there.
    Provider,
}

/// Which way consent went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consent {
    /// No more messages.
    OptOut,
    /// Messages again.
    OptIn,
    /// The person was forgotten; a hash of the number keeps the opt-out in force.
    Erased,
}

/// The names of a type's values, as the API and the database write them.
macro_rules! named {
    ($type:ident: $($value:ident = $name:literal),*) => {
        impl $type {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$value),*];

            /// What the API and the database call it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name),*
                }
            }

            /// The one with this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

named!(ScopeKind: Client = "client", Group = "group", Sender = "sender");
named!(OptOutSource: Keyword = "keyword", Link = "link", Api = "api", Dashboard = "dashboard", Import = "import",
    Provider = "provider");
named!(Consent: OptOut = "optOut", OptIn = "optIn", Erased = "erased");

impl SenderName {
    /// The sender id that is written so.
    #[must_use]
    pub fn of(sender: &str) -> Self {
        let sender = sender.trim();
        Self(sender.trim_start_matches('+').to_ascii_uppercase())
    }

    /// In the form that it is compared in.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SenderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl OptOutScope {
    /// What messages from a sender id are told by.
    #[must_use]
    pub fn of_sender(sender: &str) -> Self {
        Self::Sender(SenderName::of(sender))
    }

    /// The scope of a kind that a message falls under: from this sender, to somebody of this group. Whoever is in no group
    /// cannot opt out of one, and opts out of all.
    #[must_use]
    pub fn around(kind: ScopeKind, group: Option<Uuid>, sender: &str) -> Self {
        match (kind, group) {
            (ScopeKind::Group, Some(group)) => Self::Group(group),
            (ScopeKind::Client | ScopeKind::Group, _) => Self::Client,
            (ScopeKind::Sender, _) => Self::of_sender(sender),
        }
    }

    /// How wide it is.
    #[must_use]
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::Client => ScopeKind::Client,
            Self::Group(_) => ScopeKind::Group,
            Self::Sender(_) => ScopeKind::Sender,
        }
    }

    /// The group or the sender; nothing where it is everything.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Client => String::new(),
            Self::Group(group) => group.to_string(),
            Self::Sender(sender) => sender.0.clone(),
        }
    }

    /// The scope of a kind with that value, as [`OptOutScope::value`] wrote it.
    #[must_use]
    pub fn from_value(kind: ScopeKind, value: &str) -> Option<Self> {
        match kind {
            ScopeKind::Client => value.is_empty().then_some(Self::Client),
            ScopeKind::Group => Uuid::parse_str(value).ok().map(Self::Group),
            ScopeKind::Sender => Some(Self::of_sender(value)),
        }
    }

    /// Whether it stops a message from this sender to somebody of this group.
    #[must_use]
    pub fn stops(&self, group: Option<Uuid>, sender: &SenderName) -> bool {
        match self {
            Self::Client => true,
            Self::Group(own) => group == Some(*own),
            Self::Sender(own) => own == sender,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for source in OptOutSource::ALL {
            assert_eq!(OptOutSource::named(source.name()), Some(*source));
        }
        for kind in ScopeKind::ALL {
            assert_eq!(ScopeKind::named(kind.name()), Some(*kind));
        }
        for consent in Consent::ALL {
            assert_eq!(Consent::named(consent.name()), Some(*consent));
        }
        assert_eq!(ScopeKind::named("Client"), None);
    }

    #[test]
    fn a_scope_leads_back_from_its_value() {
        let group = Uuid::from_u128(7);
        for scope in [
            OptOutScope::Client,
            OptOutScope::Group(group),
            OptOutScope::of_sender("+447860000001"),
        ] {
            let again = OptOutScope::from_value(scope.kind(), &scope.value());
            assert_eq!(again, Some(scope));
        }
        assert_eq!(OptOutScope::from_value(ScopeKind::Client, "x"), None);
        assert_eq!(OptOutScope::from_value(ScopeKind::Group, "x"), None);
    }

    #[test]
    fn a_scope_stops_what_falls_under_it() {
        let (own, other) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
        let (acme, beta) = (SenderName::of("ACME"), SenderName::of("Beta"));
        let of_group = OptOutScope::around(ScopeKind::Group, own, "ACME");
        let of_sender = OptOutScope::around(ScopeKind::Sender, own, "Acme");
        assert!(OptOutScope::Client.stops(None, &beta));
        assert!(of_group.stops(own, &beta));
        assert!(!of_group.stops(other, &acme) && !of_group.stops(None, &acme));
        assert!(of_sender.stops(None, &acme) && !of_sender.stops(own, &beta));
        let of_nobodys_group = OptOutScope::around(ScopeKind::Group, None, "ACME");
        assert_eq!(of_nobodys_group, OptOutScope::Client);
    }

    #[test]
    fn a_sender_is_the_same_in_every_spelling() {
        assert_eq!(
            SenderName::of("+447860000001"),
            SenderName::of(" 447860000001 ")
        );
        assert_eq!(SenderName::of("Acme"), SenderName::of("ACME"));
        assert_ne!(SenderName::of("ACME"), SenderName::of("ACME1"));
    }
}
