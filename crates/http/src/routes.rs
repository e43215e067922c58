//! The addresses. Words are in lower case here: [`case`](crate::case) brings every path into that form. A method that an
//! address does not take is refused by actix, with `Allow`.

use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, delete, get, head, post, put, resource, scope};
use actix_web::{FromRequest, Handler, Resource, Responder};

use crate::state::authenticate;
use crate::{campaigns, contacts, health, invalid_contacts};

pub(crate) fn configure(service: &mut ServiceConfig) {
    service
        .service(reading("/health/live", health::live))
        .service(reading("/health/ready", health::ready))
        .service(
            scope("/api")
                .wrap(from_fn(authenticate))
                .configure(campaigns),
        );
}

/// The seven published calls, and ours beside them. `true` and `false` are no ids, so they come before them.
fn campaigns(service: &mut ServiceConfig) {
    service
        .service(reading("/campaigns", campaigns::list).route(post().to(campaigns::create)))
        .service(
            resource("/campaigns/{ignore:true|false}").route(post().to(campaigns::create_choosing)),
        )
        .service(
            reading("/campaigns/{id}", campaigns::show)
                .route(put().to(campaigns::replace))
                .route(post().to(campaigns::replace_by_post))
                .route(delete().to(campaigns::delete)),
        )
        .service(reading("/campaigns/{id}/contacts", contacts::list))
        .service(reading(
            "/campaigns/{id}/invalidcontacts",
            invalid_contacts::list,
        ))
        .service(resource("/campaigns/{id}/pause").route(post().to(campaigns::pause)))
        .service(resource("/campaigns/{id}/resume").route(post().to(campaigns::resume)))
        .service(resource("/campaigns/{id}/cancel").route(post().to(campaigns::cancel)));
}

/// What can be read can also be asked for its headers alone.
fn reading<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource(path)
        .route(get().to(handler.clone()))
        .route(head().to(handler))
}
