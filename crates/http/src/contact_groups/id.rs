//! The ids of a contact group and of a contact in it, in a path. Ids are matched as they are: one in another spelling names
//! nothing.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use clarion_domain::contact_group::{ContactGroupId, GroupContactKey};
use uuid::Uuid;

use crate::problem::Problem;

/// An id that may be a group's.
pub(crate) struct GivenGroup(pub(crate) ContactGroupId);

/// An id that may be that of a contact in a group.
pub(crate) struct GivenContact(pub(crate) Option<GroupContactKey>);

impl FromRequest for GivenGroup {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = read(request, "id").map(ContactGroupId);
        ready(id.map(Self).ok_or_else(Problem::no_contact_group))
    }
}

impl FromRequest for GivenContact {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = read(request, "contactId").and_then(GroupContactKey::from_contact_id);
        ready(Ok(Self(key)))
    }
}

fn read(request: &HttpRequest, name: &str) -> Option<Uuid> {
    let text = request.match_info().get(name)?;
    let id = Uuid::try_parse(text).ok()?;
    (id.to_string() == text).then_some(id)
}
