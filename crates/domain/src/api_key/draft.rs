//! An API key that is asked for.

use chrono::{DateTime, Utc};

use super::{Scope, Scopes};
use crate::fault::Faults;
use crate::name;

/// What is asked for, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKeyDraft {
    /// What its owner calls it.
    pub name: Option<String>,
    /// The names of what it shall allow.
    pub scopes: Option<Vec<String>>,
    /// From when on it shall no longer be good; never where it is missing.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a key is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyTerms {
    /// What its owner calls it.
    pub name: String,
    /// What it allows.
    pub scopes: Scopes,
    /// From when on it is no longer good.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKeyDraft {
    /// Checks it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(self, now: DateTime<Utc>) -> Result<ApiKeyTerms, Faults> {
        let mut faults = Faults::default();
        let name = self.name.as_deref().map(name::read);
        match name {
            None => faults.add("name", "is required"),
            Some(Err(no_name)) => faults.add("name", no_name.to_string()),
            Some(Ok(_)) => {}
        }
        let scopes = read_scopes(self.scopes.as_deref(), &mut faults);
        if self.expires_at.is_some_and(|end| end <= now) {
            faults.add("expiresAt", "must be in the future");
        }
        faults.into_result()?;
        Ok(ApiKeyTerms {
            name: name.and_then(Result::ok).unwrap_or_default(),
            scopes,
            expires_at: self.expires_at,
        })
    }
}

fn read_scopes(names: Option<&[String]>, faults: &mut Faults) -> Scopes {
    let names = names.unwrap_or_default();
    if names.is_empty() {
        faults.add("scopes", "must name at least one scope");
    }
    let mut scopes = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match Scope::named(name) {
            Ok(scope) => scopes.push(scope),
            Err(unknown) => faults.add(format!("scopes[{index}]"), format!("is an {unknown}")),
        }
    }
    scopes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ApiKeyDraft {
        ApiKeyDraft {
            name: Some("till".to_owned()),
            scopes: Some(vec!["campaigns:read".to_owned(), "admin".to_owned()]),
            expires_at: None,
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).expect("a moment")
    }

    fn paths(draft: ApiKeyDraft) -> Vec<String> {
        let faults = draft.check(now()).expect_err("faults");
        let paths = faults.listed().iter().map(|fault| fault.path.clone());
        paths.collect()
    }

    #[test]
    fn what_is_right_is_what_is_asked_for() {
        let terms = draft().check(now()).expect("terms");
        assert_eq!(terms.scopes.to_string(), "campaigns:read admin");
        assert_eq!((terms.name.as_str(), terms.expires_at), ("till", None));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        assert_eq!(paths(ApiKeyDraft::default()), ["name", "scopes"]);
        let wrong = ApiKeyDraft {
            name: Some(" ".to_owned()),
            scopes: Some(vec!["admin".to_owned(), "Admin".to_owned()]),
            expires_at: Some(now()),
        };
        assert_eq!(paths(wrong), ["name", "scopes[1]", "expiresAt"]);
    }
}
