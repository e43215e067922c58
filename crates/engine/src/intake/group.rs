//! The way in for the contacts of a group: the same as for a campaign's, but that a number which the group has is updated.

use clarion_persistence::contact_groups::ContactGroup;

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
