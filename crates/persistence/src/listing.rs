//! Lists: what filters and sorts (`domain::filter`) are in SQL, by one mechanism for every resource and both databases.
//! The meaning is the domain's, and tests hold each query against it. Each resource's own file has the table of its
//! properties and runs the query.

mod clause;
mod column;
mod condition;
mod property;

use clarion_domain::filter::{Filter, PropertyKind, Sorts};
use clarion_domain::page::PageRequest;
use diesel::expression::expression_types::NotSelectable;
use diesel::sql_types::Bool;

use crate::{Conn, dialect};

pub(crate) use clause::{Bind, Clause};
pub use column::Column;
pub use property::Property;
pub(crate) use property::{
    boolean, campaign_of_message, contact_id, date_time, decimal, group_contact_id, integer,
    message_guid, message_number, nullable, text, uuid,
};

/// What is asked of a list. Of a `PageRequest` alone: a page of the whole list in its own order.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Which page.
    pub page: PageRequest,
    /// Which rows.
    pub filter: Filter<Column>,
    /// In which order.
    pub sorts: Sorts<Column>,
}

impl ListRequest {
    /// Every row passes.
    pub(crate) fn takes_all(&self) -> bool {
        self.filter.conditions.is_empty()
    }

    /// The list is wanted as it is: all of it, in its own order.
    pub(crate) fn is_plain(&self) -> bool {
        self.takes_all() && self.sorts.keys.is_empty()
    }
}

impl From<PageRequest> for ListRequest {
    fn from(page: PageRequest) -> Self {
        Self {
            page,
            filter: Filter {
                conditions: Vec::new(),
            },
            sorts: Sorts { keys: Vec::new() },
        }
    }
}

/// A page of a query's rows: counted, in order, and each read as what it is. A macro, since each query is a type of its own.
macro_rules! page {
    ($conn:expr, $request:expr, $wanted:expr, $row:ty => $item:ty, ($own_order:expr, $id:expr)) => {{
        let (request, wanted) = ($request, $wanted);
        let total: i64 = wanted.clone().count().get_result($conn)?;
        let sorts = $crate::listing::ordered($conn, &request.sorts, $own_order, $id);
        let rows: Vec<$row> = wanted
            .order(sorts)
            .offset(request.page.offset())
            .limit(request.page.limit())
            .select(<$row>::as_select())
            .load($conn)?;
        let items = rows
            .into_iter()
            .map(<$item>::try_from)
            .collect::<Result<_, $crate::StoreError>>()?;
        let total = $crate::stored::unsigned("count of a list", total)?;
        Ok(clarion_domain::page::Page::new(request.page, total, items))
    }};
}
pub(crate) use page;

/// The rows that a filter lets pass.
pub(crate) fn passing(conn: &Conn, filter: &Filter<Column>) -> Clause<Bool> {
    let mut clause = Clause::new();
    if filter.conditions.is_empty() {
        clause.sql("TRUE");
    }
    clause.joined(&filter.conditions, " AND ", |clause, wanted| {
        clause.sql("(");
        condition::write(clause, dialect::texts(conn), wanted);
        clause.sql(")");
    });
    clause
}

/// The order that sorts ask for, rows that are equal by it ordered by their id; without sorts, the list's own order.
pub(crate) fn ordered(
    conn: &Conn,
    sorts: &Sorts<Column>,
    own: &'static str,
    id: &Property,
) -> Clause<NotSelectable> {
    let mut clause = Clause::new();
    if sorts.keys.is_empty() {
        clause.sql(own);
        return clause;
    }
    for key in &sorts.keys {
        write_key(&mut clause, conn, key.property, key.descending);
        clause.sql(", ");
    }
    write_key(&mut clause, conn, id, false);
    clause
}

/// Missing values are lower than any other; left to themselves, each database has its own opinion.
fn write_key(
    clause: &mut Clause<NotSelectable>,
    conn: &Conn,
    property: &Property,
    descending: bool,
) {
    let collation = match property.kind {
        PropertyKind::Text => dialect::texts(conn).by_code_point,
        _ => "",
    };
    let direction = match (descending, property.nullable) {
        (false, false) => " ASC",
        (true, false) => " DESC",
        (false, true) => " ASC NULLS FIRST",
        (true, true) => " DESC NULLS LAST",
    };
    clause.joined(property.column.sort_keys(), ", ", |clause, sql| {
        clause.sql(sql).sql(collation).sql(direction);
    });
}
