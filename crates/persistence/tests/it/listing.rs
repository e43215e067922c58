//! Filters and sorts on both databases, held against the domain's own reading of them in memory.

mod rows;
mod wishes;

use std::collections::HashMap;
use std::fmt::Debug;

use clarion_domain::filter::{Row, Value};
use clarion_domain::page::{Page, PageRequest};
use clarion_persistence::listing::{Column, ListRequest, Property};
use clarion_persistence::{
    Conn, Store, StoreError, campaigns, clicks, contact_groups, group_contacts, invalid_contacts,
    messages, on_both, recipients,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::fixtures::CLIENT;
use rows::{store_all, store_group};
use wishes::wish;

/// Wishes tried of each list on each database.
const WISHES: usize = 300;

/// A page that holds every row.
const ALL: PageRequest = PageRequest {
    page: 1,
    page_size: 10_000,
};

/// A row by the names of its properties; what is missing is not there.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    properties: &'static [Property],
    values: HashMap<&'static str, Value>,
}

impl Sample {
    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }
}

impl Row<Column> for Sample {
    fn value(&self, column: &Column) -> Option<Value> {
        let own = |property: &&Property| std::ptr::eq(&raw const property.column, column);
        let property = self.properties.iter().find(own).unwrap();
        self.get(property.name).cloned()
    }
}

/// Every row of a list by its own order, and what the list makes of many wishes.
async fn agree<R: Debug + Send + 'static>(
    store: &Store,
    properties: &'static [Property],
    list: impl Fn(&mut Conn, &ListRequest) -> Result<Page<R>, StoreError> + Copy + Send + 'static,
    values: fn(&R) -> HashMap<&'static str, Value>,
) {
    let sample = move |row: &R| Sample {
        properties,
        values: values(row),
    };
    let ask = async |request: ListRequest| -> (u64, Vec<Sample>) {
        let page = store.read(move |conn| list(conn, &request)).await.unwrap();
        (page.total_records, page.items.iter().map(sample).collect())
    };
    let (total, rows) = ask(ALL.into()).await;
    assert_eq!(total, rows.len() as u64);
    assert!(rows.len() > 20, "too few rows to tell anything");
    let mut runner = TestRunner::deterministic();
    let wishes = wish(properties, &rows);
    let mut found = 0;
    for _ in 0..WISHES {
        let mut wished = wishes.new_tree(&mut runner).unwrap().current();
        wished.page = ALL;
        let expected = in_memory(&rows, &wished);
        found += expected.len();
        let told = format!("{wished:?}");
        assert_eq!(
            ask(wished).await,
            (expected.len() as u64, expected),
            "{told}"
        );
    }
    let most = WISHES * rows.len();
    assert!(
        found > most / 20 && found < most * 19 / 20,
        "{found} of {most} tell little"
    );
}

/// What the domain makes of a wish.
fn in_memory(rows: &[Sample], wish: &ListRequest) -> Vec<Sample> {
    let passing = rows.iter().filter(|row| wish.filter.matches(*row));
    let mut rows: Vec<Sample> = passing.cloned().collect();
    if !wish.sorts.keys.is_empty() {
        let id = rows.first().map_or("", |row| row.properties[0].name);
        rows.sort_by(|one, other| {
            let by_wish = wish.sorts.compare(one, other);
            by_wish.then_with(|| one.get(id).cmp(&other.get(id)))
        });
    }
    rows
}

on_both! {
    async fn campaigns_are_filtered_and_sorted_as_the_domain_says(database) {
        store_all(&database).await;
        let list = |conn: &mut Conn, request: &ListRequest| campaigns::page(conn, CLIENT, request);
        agree(&database, &campaigns::PROPERTIES, list, rows::campaign).await;
    }

    async fn contacts_are_filtered_and_sorted_as_the_domain_says(database) {
        let key = store_all(&database).await;
        let list = move |conn: &mut Conn, request: &ListRequest| recipients::page(conn, key, request);
        agree(&database, &recipients::PROPERTIES, list, rows::contact).await;
    }

    async fn a_groups_contacts_are_filtered_and_sorted_as_the_domain_says(database) {
        let id = store_group(&database).await;
        let list = move |conn: &mut Conn, request: &ListRequest| {
            let group = contact_groups::find(conn, CLIENT, id)?.unwrap();
            group_contacts::page(conn, &group, request)
        };
        agree(&database, &group_contacts::PROPERTIES, list, rows::group_contact).await;
    }

    async fn invalid_contacts_are_filtered_and_sorted_as_the_domain_says(database) {
        let key = store_all(&database).await;
        let list = move |conn: &mut Conn, request: &ListRequest| invalid_contacts::page(conn, key, request);
        agree(&database, &invalid_contacts::PROPERTIES, list, rows::invalid_contact).await;
    }

    async fn messages_are_filtered_and_sorted_as_the_domain_says(database) {
        store_all(&database).await;
        let list = |conn: &mut Conn, request: &ListRequest| messages::page(conn, CLIENT, request);
        agree(&database, &messages::PROPERTIES, list, rows::message).await;
    }

    async fn clicks_are_filtered_and_sorted_as_the_domain_says(database) {
        let key = store_all(&database).await;
        let list = move |conn: &mut Conn, request: &ListRequest| clicks::page(conn, key, request);
        agree(&database, &clicks::PROPERTIES, list, rows::click).await;
    }
}
