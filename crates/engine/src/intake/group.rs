//! Contacts and their groups: the way in for the contacts of a group, the same as for a campaign's but that a number which the
//! group has is updated; and the groups that a campaign's contacts name.

use std::collections::{BTreeSet, HashMap};

use clarion_domain::client::ClientId;
use clarion_domain::contact_group::ContactGroupKey;
use clarion_persistence::contact_groups::{self, ContactGroup};
use clarion_persistence::{Store, StoreError};
use uuid::Uuid;

use super::{Goal, Intake, Load};

/// The way in for contacts of a group.
pub struct GroupAddition {
    intake: Intake,
    group: ContactGroup,
}

impl GroupAddition {
    pub(crate) fn new(intake: Intake, group: ContactGroup) -> Self {
        Self { intake, group }
    }

    /// Begins.
    #[must_use]
    pub fn begin(self) -> Load {
        let mut load = self.intake.begin();
        load.goal = Goal::Group(self.group.key);
        load
    }
}

/// The groups that contacts name. A client's groups are read once, when the first contact names one.
pub(super) struct Groups {
    client: ClientId,
    own: Option<HashMap<Uuid, ContactGroupKey>>,
    named: BTreeSet<ContactGroupKey>,
}

impl Groups {
    pub(super) fn of(client: ClientId) -> Self {
        Self {
            client,
            own: None,
            named: BTreeSet::new(),
        }
    }

    /// Notes that a contact names a group; whether it is one of the client's.
    pub(super) fn name(&mut self, id: Uuid, store: &Store) -> Result<bool, StoreError> {
        let group = self.find(id, store)?;
        self.named.extend(group);
        Ok(group.is_some())
    }

    /// One of the client's groups.
    pub(super) fn find(
        &mut self,
        id: Uuid,
        store: &Store,
    ) -> Result<Option<ContactGroupKey>, StoreError> {
        let own = match self.own.take() {
            Some(own) => own,
            None => {
                let client = self.client;
                let ids = store.read_blocking(|conn| contact_groups::ids(conn, client))?;
                ids.into_iter().collect()
            }
        };
        let group = own.get(&id).copied();
        self.own = Some(own);
        Ok(group)
    }

    /// Those that were named.
    pub(super) fn named(&self) -> &BTreeSet<ContactGroupKey> {
        &self.named
    }
}
