//! A piece of a query that is put together at run time.

use std::marker::PhantomData;

use chrono::NaiveDateTime;
use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping,
    is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Integer, Text, Timestamp};

/// A piece of a query. Its SQL consists of literals of this program: a value of a request can only be bound.
#[derive(Debug, Clone)]
pub(crate) struct Clause<ST> {
    pieces: Vec<Piece>,
    sql_type: PhantomData<ST>,
}

#[derive(Debug, Clone)]
enum Piece {
    Sql(&'static str),
    Bind(Bind),
}

/// A value to be bound.
#[derive(Debug, Clone)]
pub(crate) enum Bind {
    Text(String),
    Length(i32),
    Integer(i64),
    Moment(NaiveDateTime),
    Boolean(bool),
}

impl<ST> Clause<ST> {
    pub(super) fn new() -> Self {
        Self {
            pieces: Vec::new(),
            sql_type: PhantomData,
        }
    }

    pub(crate) fn sql(&mut self, sql: &'static str) -> &mut Self {
        self.pieces.push(Piece::Sql(sql));
        self
    }

    pub(crate) fn bind(&mut self, value: Bind) -> &mut Self {
        self.pieces.push(Piece::Bind(value));
        self
    }

    /// Several things with the same between them.
    pub(super) fn joined<T>(
        &mut self,
        things: impl IntoIterator<Item = T>,
        between: &'static str,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (place, thing) in things.into_iter().enumerate() {
            if place > 0 {
                self.sql(between);
            }
            write(self, thing);
        }
    }
}

impl<ST, DB> QueryFragment<DB> for Clause<ST>
where
    DB: Backend + HasSqlType<Bool> + HasSqlType<Timestamp>,
    str: ToSql<Text, DB>,
    i32: ToSql<Integer, DB>,
    i64: ToSql<BigInt, DB>,
    bool: ToSql<Bool, DB>,
    NaiveDateTime: ToSql<Timestamp, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // Requests make any number of different queries; prepared, they would be kept for ever.
        out.unsafe_to_cache_prepared();
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Bind(Bind::Text(value)) => {
                    out.push_bind_param::<Text, str>(value)?;
                }
                Piece::Bind(Bind::Length(value)) => out.push_bind_param::<Integer, _>(value)?,
                Piece::Bind(Bind::Integer(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Piece::Bind(Bind::Moment(value)) => out.push_bind_param::<Timestamp, _>(value)?,
                Piece::Bind(Bind::Boolean(value)) => out.push_bind_param::<Bool, _>(value)?,
            }
        }
        Ok(())
    }
}

impl<ST> QueryId for Clause<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST: TypedExpressionType> Expression for Clause<ST> {
    type SqlType = ST;
}

impl<ST, GB> ValidGrouping<GB> for Clause<ST> {
    type IsAggregate = is_aggregate::Never;
}

// That the columns it names are there is for the tests to show: they filter and sort by every property.
impl<ST, QS> AppearsOnTable<QS> for Clause<ST> where Self: Expression {}
impl<ST, QS> SelectableExpression<QS> for Clause<ST> where Self: Expression {}
