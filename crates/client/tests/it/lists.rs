//! Lists, page by page and as one stream.

use aftercall_proto::alerts::v1::ListAlertsRequest;
use futures::{StreamExt, TryStreamExt};

use crate::server::{Script, Server};

async fn listing(pages: Vec<usize>) -> Server {
    Server::start(Script {
        pages,
        ..Script::default()
    })
    .await
}

fn request() -> ListAlertsRequest {
    ListAlertsRequest {
        page_size: 3,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_end_whatever_is_on_its_pages() {
    // A page may be empty in the midst of a list.
    for (pages, total) in [(vec![0], 0), (vec![3, 3, 1], 7), (vec![2, 0, 2], 4)] {
        let server = listing(pages.clone()).await;
        let items = server.client().await.items(request());
        let items: Vec<_> = items.try_collect().await.unwrap();
        assert_eq!(items.len(), total, "{pages:?}");
        let listed = server.script.lock().listed.clone();
        assert_eq!(listed.len(), pages.len(), "{pages:?}");
        assert!(listed.iter().all(|request| request.page_size == 3));
    }
}

#[tokio::test]
async fn a_page_is_asked_for_when_it_is_wanted() {
    let server = listing(vec![2, 2, 2]).await;
    let items = server.client().await.items(request());
    let items: Vec<_> = items.take(2).try_collect().await.unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(server.script.lock().listed.len(), 1);

    let pages = server.client().await.pages(request());
    let pages: Vec<_> = pages.try_collect().await.unwrap();
    let sizes: Vec<_> = pages.iter().map(|page| page.alerts.len()).collect();
    assert_eq!(sizes, [2, 2, 2]);
}

#[tokio::test]
async fn a_list_goes_on_at_the_page_that_the_request_names() {
    let server = listing(vec![2, 2, 1]).await;
    let from = ListAlertsRequest {
        page_token: "1".to_owned(),
        ..request()
    };
    let items: Vec<_> = server
        .client()
        .await
        .items(from)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(items.len(), 3);
}
