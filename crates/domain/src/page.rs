//! Pages: what every list takes and answers. Reading the query parameters is the HTTP adapter's.

/// Records on a page where the request does not say.
pub const DEFAULT_PAGE_SIZE: u32 = 10;
/// The most records on one page.
pub const MAX_PAGE_SIZE: u32 = 10_000;

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u32,
    /// From 1 to [`MAX_PAGE_SIZE`].
    pub page_size: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            page: 1,
            page_size: DEFAULT_PAGE_SIZE,
        }
    }
}

impl PageRequest {
    /// Records before this page.
    #[must_use]
    pub fn offset(&self) -> i64 {
        i64::from(self.page.saturating_sub(1)) * i64::from(self.page_size)
    }

    /// Most records on this page.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::from(self.page_size)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The page asked for, from 1.
    pub index: u32,
    /// Pages in all.
    pub total_pages: u64,
    /// Records in all.
    pub total_records: u64,
    /// The records of this page; none beyond the end.
    pub items: Vec<T>,
}

impl<T> Page<T> {
    /// A page as the answer to `request`, of a list of `total_records`.
    #[must_use]
    pub fn new(request: PageRequest, total_records: u64, items: Vec<T>) -> Self {
        Self {
            index: request.page,
            total_pages: total_records.div_ceil(u64::from(request.page_size)),
            total_records,
            items,
        }
    }

    /// The same page with each record turned into something else.
    #[must_use]
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            index: self.index,
            total_pages: self.total_pages,
            total_records: self.total_records,
            items: self.items.into_iter().map(turn).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_what_lies_before_it() {
        let request = |page, page_size| PageRequest { page, page_size };
        assert_eq!(PageRequest::default().offset(), 0);
        assert_eq!(PageRequest::default().limit(), 10);
        assert_eq!(request(3, 25).offset(), 50);
        assert_eq!(
            request(u32::MAX, MAX_PAGE_SIZE).offset(),
            (i64::from(u32::MAX) - 1) * 10_000
        );
    }

    #[test]
    fn the_last_page_may_be_short() {
        for (records, pages) in [(0, 0), (1, 1), (10, 1), (11, 2), (4_274, 428)] {
            let page = Page::new(PageRequest::default(), records, vec![7]);
            assert_eq!(page.total_pages, pages, "{records}");
        }
    }

    #[test]
    fn turning_its_records_keeps_its_figures() {
        let page = Page::new(PageRequest::default(), 12, vec![1, 2]).map(|record| record * 10);
        assert_eq!(page, Page::new(PageRequest::default(), 12, vec![10, 20]));
    }
}
