//! Pages of lists.

use serde_json::json;

use crate::support::{campaign, on_each_database};

#[tokio::test]
async fn an_empty_list_has_no_pages() {
    on_each_database(async |app| {
        let answer = app.get("/api/Campaigns").await;
        insta::allow_duplicates! { insta::assert_snapshot!(
            answer.text,
            @r#"{"pageIndex":1,"totalPages":0,"totalRecords":0,"items":[]}"#
        ) };
    })
    .await;
}

#[tokio::test]
async fn a_page_has_ten_records_unless_it_is_asked_for_more() {
    on_each_database(async |app| {
        for _ in 0..12 {
            app.create(&campaign()).await;
        }
        for (query, index, pages, items) in [
            ("", 1, 2, 10),
            ("?page=2", 2, 2, 2),
            ("?PAGE=2&PageSize=5", 2, 3, 5),
            ("?pagesize=10000", 1, 1, 12),
            ("?page=4&pageSize=5", 4, 3, 0),
            ("?page=4294967295&pageSize=10000", 4_294_967_295_u64, 1, 0),
            ("?filters=&sorts=&unknown=5", 1, 2, 10),
        ] {
            let page = app.get(&format!("/api/Campaigns{query}")).await.json();
            assert_eq!(page["pageIndex"], index, "{query}");
            assert_eq!(page["totalPages"], pages, "{query}");
            assert_eq!(page["totalRecords"], 12, "{query}");
            assert_eq!(
                page["items"].as_array().map(Vec::len),
                Some(items),
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_page_is_refused() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        for list in [
            "/api/Campaigns".to_owned(),
            format!("/api/Campaigns/{id}/Contacts"),
            format!("/api/Campaigns/{id}/InvalidContacts"),
        ] {
            for size in ["10001", "0", "-5", "ten", ""] {
                let problem = app
                    .get(&format!("{list}?PageSize={size}"))
                    .await
                    .problem(400);
                let expected = json!({"pageSize": ["can not exceed 10000 records"]});
                assert_eq!(problem["errors"], expected, "{size}");
            }
            for (query, parameter) in [
                ("page=0", "page"),
                ("page=x", "page"),
                ("filters=nothing==ACME", "filters"),
                ("filters=&Filters=", "filters"),
                ("sorts=-nothing", "sorts"),
            ] {
                let answer = app.get(&format!("{list}?{query}")).await;
                answer.has_fault(parameter, "");
            }
        }
    })
    .await;
}
