//! Clients: the tenants. Every campaign, contact and message belongs to exactly one.

use serde::{Deserialize, Serialize};

/// A client's integer id, as answers show it (`client_Id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub i64);

/// The client that exists from the first start on, and that the bootstrap key belongs to.
pub const FIRST_CLIENT: ClientId = ClientId(1);
