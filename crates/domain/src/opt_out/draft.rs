//! Opt-outs that somebody tells of over the API: what a request gives, and its rules.

use uuid::Uuid;

use super::{OptOutScope, OptOutSource, ScopeKind};
use crate::fault::Faults;
use crate::phone::{PhoneNumber, PhoneRules};
use crate::sender::SenderId;

/// Most characters of an evidence or a reason.
const LONGEST_EVIDENCE: usize = 1_000;

const NO_SCOPE: &str = "must be client, group or sender";

/// An opt-out as a request gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOutDraft {
    /// Any written form.
    pub phone_number: Option<String>,
    /// `client` (where it is missing), `group` or `sender`.
    pub scope: Option<String>,
    /// The group, where the scope is one.
    pub contact_group_id: Option<String>,
    /// The sender id, where the scope is one.
    pub sender: Option<String>,
    /// `api` (where it is missing) or `dashboard`.
    pub source: Option<String>,
    /// What shows it.
    pub evidence: Option<String>,
}

/// What holds for the opt-outs of an import that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOutDefaults {
    /// As [`OptOutDraft::scope`].
    pub scope: Option<String>,
    /// As [`OptOutDraft::contact_group_id`].
    pub contact_group_id: Option<String>,
    /// As [`OptOutDraft::sender`].
    pub sender: Option<String>,
    /// As [`OptOutDraft::evidence`].
    pub evidence: Option<String>,
}

/// An opt-out that may be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOptOut {
    /// Whose.
    pub number: PhoneNumber,
    /// Of what.
    pub scope: OptOutScope,
    /// By what it came to be known.
    pub source: OptOutSource,
    /// What shows it.
    pub evidence: Option<String>,
}

impl OptOutDraft {
    /// Checks every rule. Whether the client has the group is not known here.
    ///
    /// # Errors
    /// All faults at once, each under the property's name.
    pub fn check(self, phones: &PhoneRules) -> Result<NewOptOut, Faults> {
        let mut faults = Faults::default();
        let number = number(self.phone_number.as_deref(), phones, &mut faults);
        let scope = self.scope(&mut faults);
        let source = source(self.source.as_deref(), &mut faults);
        check_evidence("evidence", self.evidence.as_deref(), &mut faults);
        faults.into_result()?;
        let mut missing = Faults::default();
        missing.add("phoneNumber", "is required");
        let (Some(number), Some(scope), Some(source)) = (number, scope, source) else {
            return Err(missing);
        };
        Ok(NewOptOut {
            number,
            scope,
            source,
            evidence: self.evidence,
        })
    }

    /// Checks every rule of one that stands in a list that is taken in.
    ///
    /// # Errors
    /// As [`OptOutDraft::check`].
    pub fn check_imported(self, phones: &PhoneRules) -> Result<NewOptOut, Faults> {
        let new = Self {
            source: None,
            ..self
        }
        .check(phones)?;
        Ok(NewOptOut {
            source: OptOutSource::Import,
            ..new
        })
    }

    fn scope(&self, faults: &mut Faults) -> Option<OptOutScope> {
        let Some(kind) = ScopeKind::named(self.scope.as_deref().unwrap_or("client")) else {
            faults.add("scope", NO_SCOPE);
            return None;
        };
        for (property, given, of) in [
            ("contactGroupId", &self.contact_group_id, ScopeKind::Group),
            ("sender", &self.sender, ScopeKind::Sender),
        ] {
            if given.is_some() && kind != of {
                faults.add(property, format!("belongs to the scope {}", of.name()));
            }
        }
        match kind {
            ScopeKind::Client => Some(OptOutScope::Client),
            ScopeKind::Group => self.group(faults),
            ScopeKind::Sender => self.sender(faults),
        }
    }

    fn group(&self, faults: &mut Faults) -> Option<OptOutScope> {
        let id = self.contact_group_id.as_deref();
        let group = id.and_then(|id| Uuid::parse_str(id).ok());
        if group.is_none() {
            faults.add("contactGroupId", "must be the id of a contact group");
        }
        group.map(OptOutScope::Group)
    }

    fn sender(&self, faults: &mut Faults) -> Option<OptOutScope> {
        let given = self.sender.as_deref().unwrap_or_default();
        match SenderId::parse(given) {
            Ok(sender) => Some(OptOutScope::of_sender(sender.as_str())),
            Err(refusal) => {
                faults.add("sender", refusal.to_string());
                None
            }
        }
    }
}

impl OptOutDefaults {
    /// Checks what would be wrong with every opt-out that says nothing itself but its number.
    ///
    /// # Errors
    /// All faults at once, each under the property's name.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if self.contact_group_id.is_some() || self.sender.is_some() {
            let alone = self.complete(OptOutDraft::default());
            alone.scope(&mut faults);
        } else if ScopeKind::named(self.kind()).is_none() {
            faults.add("scope", NO_SCOPE);
        }
        check_evidence("evidence", self.evidence.as_deref(), &mut faults);
        faults.into_result()
    }

    fn kind(&self) -> &str {
        self.scope.as_deref().unwrap_or("client")
    }

    /// An opt-out with what it does not say. One that says its scope says what belongs to that, too.
    #[must_use]
    pub fn complete(&self, draft: OptOutDraft) -> OptOutDraft {
        let mut draft = OptOutDraft {
            evidence: draft.evidence.or_else(|| self.evidence.clone()),
            ..draft
        };
        if draft.scope.is_none() {
            draft.scope.clone_from(&self.scope);
            let group = || self.contact_group_id.clone();
            draft.contact_group_id = draft.contact_group_id.or_else(group);
            draft.sender = draft.sender.or_else(|| self.sender.clone());
        }
        draft
    }
}

/// Checks the reason that somebody gives for an opt-in.
///
/// # Errors
/// It is blank or too long.
pub fn check_reason(reason: Option<&str>) -> Result<String, Faults> {
    let mut faults = Faults::default();
    let reason = reason.map(str::trim).unwrap_or_default();
    if reason.is_empty() {
        faults.add(
            "reason",
            "is required: what shows that the person wants messages again",
        );
    }
    check_evidence("reason", Some(reason), &mut faults);
    faults.into_result().map(|()| reason.to_owned())
}

fn check_evidence(property: &'static str, given: Option<&str>, faults: &mut Faults) {
    if given.is_some_and(|given| given.chars().count() > LONGEST_EVIDENCE) {
        faults.add(
            property,
            format!("must be at most {LONGEST_EVIDENCE} characters"),
        );
    }
}

fn number(given: Option<&str>, phones: &PhoneRules, faults: &mut Faults) -> Option<PhoneNumber> {
    let Some(given) = given else {
        faults.add("phoneNumber", "is required");
        return None;
    };
    match phones.parse(given) {
        Ok(number) => Some(number),
        Err(refusal) => {
            faults.add(
                "phoneNumber",
                format!("is not a valid phone number: {refusal}"),
            );
            None
        }
    }
}

fn source(given: Option<&str>, faults: &mut Faults) -> Option<OptOutSource> {
    match given.unwrap_or("api") {
        "api" => Some(OptOutSource::Api),
        "dashboard" => Some(OptOutSource::Dashboard),
        _ => {
            faults.add("source", "must be api or dashboard");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Region;

    fn phones() -> PhoneRules {
        PhoneRules::new(Region::new("GB").unwrap(), true)
    }

    fn draft() -> OptOutDraft {
        OptOutDraft {
            phone_number: Some("07700 900001".to_owned()),
            ..OptOutDraft::default()
        }
    }

    #[test]
    fn the_usual_scope_is_everything() {
        let new = draft().check(&phones()).unwrap();
        assert_eq!(new.number.to_string(), "+447700900001");
        assert_eq!(
            (new.scope, new.source),
            (OptOutScope::Client, OptOutSource::Api)
        );
    }

    #[test]
    fn a_scope_has_what_belongs_to_it() {
        let of_sender = OptOutDraft {
            scope: Some("sender".to_owned()),
            sender: Some("Acme".to_owned()),
            ..draft()
        };
        let scope = of_sender.check(&phones()).unwrap().scope;
        assert_eq!(scope, OptOutScope::of_sender("ACME"));
        let paths = |draft: OptOutDraft| {
            let faults = draft.check(&phones()).unwrap_err();
            let listed = faults.listed().iter();
            listed.map(|fault| fault.path.clone()).collect::<Vec<_>>()
        };
        let wrong = OptOutDraft {
            scope: Some("group".to_owned()),
            sender: Some("ACME".to_owned()),
            source: Some("link".to_owned()),
            ..OptOutDraft::default()
        };
        assert_eq!(
            paths(wrong),
            ["phoneNumber", "sender", "contactGroupId", "source"]
        );
        let wrong = OptOutDraft {
            scope: Some("all".to_owned()),
            evidence: Some("x".repeat(1_001)),
            ..draft()
        };
        assert_eq!(paths(wrong), ["scope", "evidence"]);
    }

    #[test]
    fn an_opt_in_has_a_reason() {
        assert_eq!(check_reason(Some(" called us ")).unwrap(), "called us");
        assert!(check_reason(Some(" ")).is_err() && check_reason(None).is_err());
    }

    #[test]
    fn one_of_a_list_says_what_it_says_and_the_rest_is_as_usual() {
        let defaults = OptOutDefaults {
            scope: Some("sender".to_owned()),
            sender: Some("ACME".to_owned()),
            evidence: Some("the old list".to_owned()),
            ..OptOutDefaults::default()
        };
        defaults.check().unwrap();
        let import = |draft| defaults.complete(draft).check_imported(&phones()).unwrap();
        let usual = import(draft());
        assert_eq!(
            (usual.scope, usual.source),
            (OptOutScope::of_sender("ACME"), OptOutSource::Import)
        );
        assert_eq!(usual.evidence.as_deref(), Some("the old list"));
        let own = import(OptOutDraft {
            scope: Some("client".to_owned()),
            evidence: Some("called us".to_owned()),
            ..draft()
        });
        assert_eq!(own.scope, OptOutScope::Client);
        assert_eq!(own.evidence.as_deref(), Some("called us"));
        let other = import(OptOutDraft {
            sender: Some("Other".to_owned()),
            ..draft()
        });
        assert_eq!(other.scope, OptOutScope::of_sender("other"));
    }

    #[test]
    fn what_is_wrong_with_every_one_of_a_list_is_told_first() {
        let path = |defaults: OptOutDefaults| {
            let faults = defaults.check().unwrap_err();
            faults.listed()[0].path.clone()
        };
        let given = |text: &str| Some(text.to_owned());
        let usual = OptOutDefaults::default;
        assert_eq!(
            path(OptOutDefaults {
                scope: given("all"),
                ..usual()
            }),
            "scope"
        );
        assert_eq!(
            path(OptOutDefaults {
                sender: given("ACME"),
                ..usual()
            }),
            "sender"
        );
        let evidence = Some("x".repeat(1_001));
        assert_eq!(
            path(OptOutDefaults {
                evidence,
                ..usual()
            }),
            "evidence"
        );
        let columns = OptOutDefaults {
            scope: given("group"),
            ..usual()
        };
        assert_eq!(columns.check(), Ok(()));
    }
}
