//! Pages on the wire: `page` and `pageSize` of a list's query, and the answer around its items.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use clarion_domain::fault::Faults;
use clarion_domain::page::{MAX_PAGE_SIZE, Page, PageRequest};
use serde::Serialize;

use crate::problem::Problem;

/// The contract's words for a page size that is none, whatever is wrong with it.
const BAD_PAGE_SIZE: &str = "can not exceed 10000 records";

/// The page that a request asks for.
pub(crate) struct Paging(pub(crate) PageRequest);

impl FromRequest for Paging {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let page = read(request.query_string());
        ready(page.map(Self).map_err(Problem::invalid))
    }
}

fn read(query: &str) -> Result<PageRequest, Faults> {
    let parameters = web::Query::<Vec<(String, String)>>::from_query(query)
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let mut request = PageRequest::default();
    let mut faults = Faults::default();
    let mut seen = Vec::new();
    for (name, value) in &parameters {
        let Some(parameter) = Parameter::named(name) else {
            continue;
        };
        if seen.contains(&parameter) {
            faults.add(parameter.name(), "is given twice");
        } else if let Err(message) = parameter.set(&mut request, value.trim()) {
            faults.add(parameter.name(), message);
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

    /// Reading over a filter would answer a question that was not asked, so it is refused.
    fn set(self, request: &mut PageRequest, value: &str) -> Result<(), &'static str> {
        match self {
            Self::Page => match value.parse() {
                Ok(page) if page > 0 => request.page = page,
                _ => return Err("must be a whole number from 1 to 4294967295"),
            },
            Self::PageSize => match value.parse() {
                Ok(size) if (1..=MAX_PAGE_SIZE).contains(&size) => request.page_size = size,
                _ => return Err(BAD_PAGE_SIZE),
            },
            Self::Filters | Self::Sorts if value.is_empty() => {}
            Self::Filters | Self::Sorts => return Err("is not supported by this version"),
        }
        Ok(())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageBody<T> {
    page_index: u32,
    total_pages: u64,
    total_records: u64,
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

    fn fault(query: &str) -> (String, String) {
        let faults = read(query).expect_err(query);
        let [fault] = faults.listed() else {
            panic!("{query}: {faults:?}");
        };
        (fault.path.clone(), fault.message.clone())
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
            assert_eq!(read(query), Ok(expected), "{query}");
        }
        assert_eq!(read("filters=&sorts="), Ok(PageRequest::default()));
    }

    #[test]
    fn a_page_size_out_of_range_has_the_published_message() {
        for size in ["10001", "0", "-1", "ten", "", "1.5", "99999999999999999999"] {
            let (path, message) = fault(&format!("PAGESIZE={size}"));
            assert_eq!(
                (path.as_str(), message.as_str()),
                ("pageSize", BAD_PAGE_SIZE),
                "{size}"
            );
        }
    }

    #[test]
    fn what_cannot_be_answered_is_refused_by_name() {
        for (query, path) in [
            ("page=0", "page"),
            ("page=4294967296", "page"),
            ("page=1&Page=2", "page"),
            ("filters=sender==ACME", "filters"),
            ("Sorts=-sender", "sorts"),
        ] {
            assert_eq!(fault(query).0, path, "{query}");
        }
    }
}
