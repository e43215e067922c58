//! The ids of a web hook and of a delivery, in a path. Ids are matched as they are: one in another spelling names nothing.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use clarion_domain::web_hook::{DeliveryId, WebHookId};
use uuid::Uuid;

use crate::problem::Problem;

/// An id that may be a web hook's.
pub(crate) struct GivenWebHook(pub(crate) WebHookId);

/// An id that may be a delivery's.
pub(crate) struct GivenDelivery(pub(crate) Option<DeliveryId>);

impl FromRequest for GivenWebHook {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        let id = Uuid::try_parse(text).ok();
        let id = id.filter(|id| id.to_string() == text);
        ready(
            id.map(|id| Self(WebHookId(id)))
                .ok_or_else(Problem::no_web_hook),
        )
    }
}

impl FromRequest for GivenDelivery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("deliveryId").unwrap_or_default();
        let id: Option<i64> = text.parse().ok();
        let id = id.filter(|id| id.to_string() == text);
        ready(Ok(Self(id.map(DeliveryId))))
    }
}
