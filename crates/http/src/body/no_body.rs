//! The body of a request that needs none.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::problem::Problem;

/// More than any client sends along out of habit.
const MOST: u64 = 64 << 10;

/// A body that may be there and is not looked at. It is read to its end, since what a request is by its idempotency key
/// covers its whole body.
pub(crate) struct NoBody;

impl FromRequest for NoBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            super::drain(&request, payload, MOST, |_| {}).await?;
            Ok(Self)
        })
    }
}
