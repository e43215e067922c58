//! Which contact groups a campaign's contacts were taken from, as its columns keep it.

use clarion_domain::campaign::Audience;
use clarion_domain::contact_group::ContactGroupId;
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;
use uuid::Uuid;

use crate::schema::campaigns;
use crate::{Conn, StoreError, stored};

/// Stands between two ids.
const SEPARATOR: &str = ",";

/// The columns.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campaigns)]
pub(super) struct AudienceRow {
    contact_group_ids: Option<String>,
    exclude_contact_group_ids: Option<String>,
}

/// Keeps the groups of a campaign that is being made.
///
/// # Errors
/// The database's.
pub fn set_audience(
    conn: &mut Conn,
    key: CampaignKey,
    audience: &Audience,
) -> Result<(), StoreError> {
    diesel::update(campaigns::table.find(key.0))
        .set((
            campaigns::contact_group_ids.eq(written(&audience.groups)),
            campaigns::exclude_contact_group_ids.eq(written(&audience.excluded)),
        ))
        .execute(conn)?;
    Ok(())
}

fn written(groups: &[ContactGroupId]) -> Option<String> {
    let ids: Vec<_> = groups.iter().map(|group| group.0.to_string()).collect();
    (!ids.is_empty()).then(|| ids.join(SEPARATOR))
}

fn read(ids: Option<&str>) -> Result<Vec<ContactGroupId>, StoreError> {
    let ids = ids.into_iter().flat_map(|ids| ids.split(SEPARATOR));
    ids.map(|id| {
        let read = Uuid::try_parse(id).map(ContactGroupId);
        read.map_err(|fault| stored::corrupt("contact group id", fault))
    })
    .collect()
}

impl TryFrom<AudienceRow> for Audience {
    type Error = StoreError;

    fn try_from(row: AudienceRow) -> Result<Self, StoreError> {
        Ok(Self {
            groups: read(row.contact_group_ids.as_deref())?,
            excluded: read(row.exclude_contact_group_ids.as_deref())?,
        })
    }
}
