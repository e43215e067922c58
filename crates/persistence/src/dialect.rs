//! What the two databases do differently: everything else in this crate is the same for both.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use crate::conn::on_each_backend;
use crate::{Conn, StoreError};

/// Begins a transaction that may write.
pub(crate) fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        // A deferred BEGIN fails at its first write, at once and whatever the busy timeout, where another connection
        // has written since.
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?
        }
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")?,
    }
    Ok(())
}

/// Makes the transaction last.
pub(crate) fn commit(conn: &mut Conn) -> Result<(), StoreError> {
    on_each_backend!(conn, inner => AnsiTransactionManager::commit_transaction(inner))?;
    Ok(())
}

/// Undoes the transaction; fine where a failed commit has done so already.
pub(crate) fn roll_back(conn: &mut Conn) -> Result<(), StoreError> {
    let rolled_back =
        on_each_backend!(conn, inner => AnsiTransactionManager::rollback_transaction(inner));
    match rolled_back {
        Ok(()) | Err(diesel::result::Error::NotInTransaction) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
