//! The contact groups that a campaign's contacts are taken from, instead of or beside those in the request. Whose they are
//! is the intake's to check.

use uuid::Uuid;

use crate::contact_group::ContactGroupId;
use crate::fault::Faults;

/// Most groups in each of the two lists.
pub const MAX_GROUPS: usize = 100;

/// The two lists as a request gives them; a missing one is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudienceDraft {
    /// `contactGroupIds`
    pub groups: Vec<String>,
    /// `excludeContactGroupIds`
    pub excluded: Vec<String>,
}

/// Groups whose contacts a campaign goes to, and groups whose contacts it does not go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Those that it goes to, as they were given.
    pub groups: Vec<ContactGroupId>,
    /// Those that it does not go to, wherever else their numbers stand.
    pub excluded: Vec<ContactGroupId>,
}

impl AudienceDraft {
    /// Reads the ids.
    ///
    /// # Errors
    /// All faults at once, each under its place in the list.
    pub fn check(&self) -> Result<Audience, Faults> {
        let mut faults = Faults::default();
        let audience = Audience {
            groups: ids(&self.groups, Audience::GROUPS, &mut faults),
            excluded: ids(&self.excluded, Audience::EXCLUDED, &mut faults),
        };
        faults.into_result().map(|()| audience)
    }
}

impl Audience {
    /// What requests call the first list.
    pub const GROUPS: &'static str = "contactGroupIds";
    /// What requests call the second list.
    pub const EXCLUDED: &'static str = "excludeContactGroupIds";

    /// Neither names a group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.excluded.is_empty()
    }
}

fn ids(given: &[String], list: &str, faults: &mut Faults) -> Vec<ContactGroupId> {
    if given.len() > MAX_GROUPS {
        faults.add(list, format!("must name at most {MAX_GROUPS} groups"));
        return Vec::new();
    }
    let mut ids = Vec::with_capacity(given.len());
    for (index, text) in given.iter().enumerate() {
        match Uuid::try_parse(text.trim()) {
            Ok(id) => ids.push(ContactGroupId(id)),
            Err(_) => faults.add(format!("{list}[{index}]"), "is not a UUID"),
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_that_is_none_is_told_with_its_place() {
        let id = "01920000-0000-7000-8000-000000000000".to_owned();
        let draft = AudienceDraft {
            groups: vec![id.clone(), "x".to_owned()],
            excluded: vec![id; MAX_GROUPS + 1],
        };
        let faults = draft.check().unwrap_err();
        let paths: Vec<_> = faults.listed().iter().map(|fault| &fault.path).collect();
        assert_eq!(paths, ["contactGroupIds[1]", "excludeContactGroupIds"]);
        let none = AudienceDraft::default().check().unwrap();
        assert!(none.is_empty());
    }
}
