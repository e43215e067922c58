//! Lists on the wire: `page`, `pageSize`, `filters` and `sorts` of a list's query, and the answer around its items.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use clarion_domain::campaign::Campaign;
use clarion_domain::fault::Faults;
use clarion_domain::filter::{Filter, FilterFault, Sorts};
use clarion_domain::page::{MAX_PAGE_SIZE, Page, PageRequest};
use clarion_persistence::api_keys::ApiKey;
use clarion_persistence::clicks::StoredClick;
use clarion_persistence::clients::Client;
use clarion_persistence::contact_groups::ContactGroup;
use clarion_persistence::group_contacts::GroupContact;
use clarion_persistence::inbound_messages::Reply;
use clarion_persistence::invalid_contacts::InvalidContact;
use clarion_persistence::listing::{ListRequest, Property};
use clarion_persistence::messages::{Message, UnmatchedReceipt};
use clarion_persistence::nodes::Node;
use clarion_persistence::opt_out_links::StoredOptOutLink;
use clarion_persistence::opt_outs::{ConsentEntry, OptOut};
use clarion_persistence::recipients::Recipient;
use clarion_persistence::web_hooks::WebHook;
use clarion_persistence::web_hooks::deliveries::{self, Delivery};
use clarion_persistence::{
    api_keys, campaigns, clicks, clients, contact_groups, group_contacts, inbound_messages,
    invalid_contacts, messages, nodes, opt_out_links, opt_outs, recipients, web_hooks,
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// The contract's words for a page size that is none, whatever is wrong with it.
const BAD_PAGE_SIZE: &str = "can not exceed 10000 records";

/// Records that are listed.
pub(crate) trait Listed: 'static {
    /// What they can be filtered and sorted by.
    const PROPERTIES: &'static [Property];
}

impl Listed for Campaign {
    const PROPERTIES: &'static [Property] = &campaigns::PROPERTIES;
}

impl Listed for ApiKey {
    const PROPERTIES: &'static [Property] = &api_keys::PROPERTIES;
}

impl Listed for Client {
    const PROPERTIES: &'static [Property] = &clients::PROPERTIES;
}

impl Listed for ContactGroup {
    const PROPERTIES: &'static [Property] = &contact_groups::PROPERTIES;
}

impl Listed for GroupContact {
    const PROPERTIES: &'static [Property] = &group_contacts::PROPERTIES;
}

impl Listed for StoredClick {
    const PROPERTIES: &'static [Property] = &clicks::PROPERTIES;
}

impl Listed for Recipient {
    const PROPERTIES: &'static [Property] = &recipients::PROPERTIES;
}

impl Listed for InvalidContact {
    const PROPERTIES: &'static [Property] = &invalid_contacts::PROPERTIES;
}

impl Listed for Message {
    const PROPERTIES: &'static [Property] = &messages::PROPERTIES;
}

impl Listed for StoredOptOutLink {
    const PROPERTIES: &'static [Property] = &opt_out_links::PROPERTIES;
}

impl Listed for OptOut {
    const PROPERTIES: &'static [Property] = &opt_outs::PROPERTIES;
}

impl Listed for ConsentEntry {
    const PROPERTIES: &'static [Property] = &opt_outs::CONSENT_PROPERTIES;
}

impl Listed for Reply {
    const PROPERTIES: &'static [Property] = &inbound_messages::PROPERTIES;
}

impl Listed for Node {
    const PROPERTIES: &'static [Property] = &nodes::PROPERTIES;
}

impl Listed for WebHook {
    const PROPERTIES: &'static [Property] = &web_hooks::PROPERTIES;
}

impl Listed for Delivery {
    const PROPERTIES: &'static [Property] = &deliveries::PROPERTIES;
}

impl Listed for UnmatchedReceipt {
    const PROPERTIES: &'static [Property] = &messages::UNMATCHED_PROPERTIES;
}

/// What a request asks of a list of such records.
pub(crate) struct Asked<R> {
    pub(crate) request: ListRequest,
    records: PhantomData<R>,
}

impl<R: Listed> FromRequest for Asked<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = read(request.query_string(), R::PROPERTIES);
        ready(read.map(Self::new).map_err(Problem::invalid))
    }
}

impl<R> Asked<R> {
    fn new(request: ListRequest) -> Self {
        Self {
            request,
            records: PhantomData,
        }
    }
}

/// The parameters of every list, for the description alone. Names are read without regard to case.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "only described: `read` reads them")]
pub(crate) struct ListParameters {
    /// Which page, from 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// Records on a page.
    #[param(minimum = 1, maximum = 10_000, default = 10)]
    page_size: Option<u32>,
    /// Conditions, separated by commas, all of which must hold, as in `status==0|3,message@=*sale`.
    filters: Option<String>,
    /// Properties, separated by commas, `-` for descending, as in `sender,-startDateTime`.
    sorts: Option<String>,
}

fn read(query: &str, properties: &'static [Property]) -> Result<ListRequest, Faults> {
    let parameters = web::Query::<Vec<(String, String)>>::from_query(query)
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let mut request = ListRequest::from(PageRequest::default());
    let mut faults = Faults::default();
    let mut seen = Vec::new();
    for (name, value) in &parameters {
        let Some(parameter) = Parameter::named(name) else {
            continue;
        };
        if seen.contains(&parameter) {
            faults.add(parameter.name(), "is given twice");
        } else if let Err(messages) = parameter.set(&mut request, value, properties) {
            for message in messages {
                faults.add(parameter.name(), message);
            }
        }
        seen.push(parameter);
    }
    faults.into_result()?;
    Ok(request)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Page,
    PageSize,
    Filters,
    Sorts,
}

impl Parameter {
    const ALL: [Self; 4] = [Self::Page, Self::PageSize, Self::Filters, Self::Sorts];

    fn named(name: &str) -> Option<Self> {
        let named = |parameter: &Self| parameter.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(named)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::PageSize => "pageSize",
            Self::Filters => "filters",
            Self::Sorts => "sorts",
        }
    }

    /// Takes the parameter's value, or tells everything that is wrong with it.
    fn set(
        self,
        request: &mut ListRequest,
        value: &str,
        properties: &'static [Property],
    ) -> Result<(), Vec<String>> {
        match self {
            Self::Page => match value.trim().parse() {
                Ok(page) if page > 0 => request.page.page = page,
                _ => {
                    return Err(vec![
                        "must be a whole number from 1 to 4294967295".to_owned(),
                    ]);
                }
            },
            Self::PageSize => match value.trim().parse() {
                Ok(size) if (1..=MAX_PAGE_SIZE).contains(&size) => request.page.page_size = size,
                _ => return Err(vec![BAD_PAGE_SIZE.to_owned()]),
            },
            Self::Filters => request.filter = Filter::parse(value, properties).map_err(told)?,
            Self::Sorts => request.sorts = Sorts::parse(value, properties).map_err(told)?,
        }
        Ok(())
    }
}

fn told(faults: Vec<FilterFault>) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageBody<T> {
    /// Its number, from 1.
    page_index: u32,
    total_pages: u64,
    /// On all pages.
    total_records: u64,
    /// Empty beyond the last page.
    items: Vec<T>,
}

/// The answer with one page, each record shown by `show`.
pub(crate) fn answer<R, T: Serialize>(page: Page<R>, show: impl FnMut(R) -> T) -> HttpResponse {
    let page = page.map(show);
    HttpResponse::Ok().json(PageBody {
        page_index: page.index,
        total_pages: page.total_pages,
        total_records: page.total_records,
        items: page.items,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<ListRequest, Faults> {
        read(query, Campaign::PROPERTIES)
    }

    #[track_caller]
    fn check_faults(query: &str, expected: &[(&str, &str)]) {
        let faults = asked(query).expect_err(query);
        let found: Vec<_> = faults
            .listed()
            .iter()
            .map(|fault| (fault.path.as_str(), fault.message.as_str()))
            .collect();
        assert_eq!(found.len(), expected.len(), "{query}: {found:?}");
        for ((path, message), (expected, beginning)) in found.into_iter().zip(expected) {
            assert_eq!(path, *expected, "{query}");
            assert!(message.starts_with(beginning), "{query}: {message}");
        }
    }

    #[test]
    fn names_are_read_without_regard_to_case() {
        let expected = PageRequest {
            page: 3,
            page_size: 10_000,
        };
        for query in [
            "page=3&pageSize=10000",
            "PAGE=3&pagesize=+10000",
            "Page=3&x=y&PageSize=10000",
        ] {
            assert_eq!(asked(query).expect(query).page, expected, "{query}");
        }
        let request =
            asked("FILTERS=SENDER%3d%3dACME%2Cstatus!%3D4|5&Sorts=-startdatetime").unwrap();
        assert_eq!(request.filter.conditions.len(), 2);
        assert!(request.sorts.keys[0].descending);
    }

    #[test]
    fn nothing_asks_for_nothing() {
        let request = asked("filters=&sorts=&unknown=1").unwrap();
        assert_eq!(request.page, PageRequest::default());
        assert_eq!(request.filter.conditions, []);
        assert_eq!(request.sorts.keys, []);
    }

    #[test]
    fn a_page_size_out_of_range_has_the_published_message() {
        for size in ["10001", "0", "-1", "ten", "", "1.5", "99999999999999999999"] {
            check_faults(&format!("PAGESIZE={size}"), &[("pageSize", BAD_PAGE_SIZE)]);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_by_name() {
        check_faults("page=0", &[("page", "must be")]);
        check_faults("page=4294967296", &[("page", "must be")]);
        check_faults("page=1&Page=2", &[("page", "is given twice")]);
        check_faults("filters=&FILTERS=", &[("filters", "is given twice")]);
        check_faults(
            "sorts=nmae,-when&page=x&filters=status==x,sendr==ACME",
            &[
                ("sorts", "has an unknown property \"nmae\" at character 1;"),
                ("sorts", "has an unknown property \"when\" at character 7;"),
                ("page", "must be"),
                (
                    "filters",
                    "has the value \"x\" at character 9, but status is an integer",
                ),
                (
                    "filters",
                    "has an unknown property \"sendr\" at character 11;",
                ),
            ],
        );
    }
}
