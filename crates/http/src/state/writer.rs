//! Changes what is a client's while a body is read, on the thread that reads it.

use actix_web::web;
use clarion_domain::client::ClientId;
use clarion_domain::phone::PhoneRules;
use clarion_persistence::{Conn, StoreError};

use super::State;
use crate::problem::Problem;

/// The way to a client's data from a thread that may wait.
pub(crate) struct Writer {
    state: web::Data<State>,
    client: ClientId,
}

impl Writer {
    pub(super) fn new(state: web::Data<State>, client: ClientId) -> Self {
        Self { state, client }
    }

    /// The rules of a number.
    pub(crate) fn phones(&self) -> &PhoneRules {
        &self.state.phones
    }

    /// Reads what is the client's.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut Conn, ClientId) -> Result<T, StoreError>,
    ) -> Result<T, Problem> {
        let read = |conn: &mut Conn| work(conn, self.client);
        Ok(self.state.store.read_blocking(read)?)
    }

    /// Changes what is the client's, in one transaction.
    pub(crate) fn write<T>(
        &self,
        mut work: impl FnMut(&mut Conn, ClientId) -> Result<T, StoreError>,
    ) -> Result<T, Problem> {
        let write = |conn: &mut Conn| work(conn, self.client);
        Ok(self.state.store.write_blocking(write)?)
    }
}
