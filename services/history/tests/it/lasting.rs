//! Restarts, rebuilds, and pages that last.

use aftercall_proto::history::v1::{
    Facet, SearchInteractionsRequest, SearchInteractionsResponse, SearchOrder,
};
use aftercall_proto::model::v1::{Interaction, ReasonResolution};
use proptest::prelude::*;

use crate::contact::contact;
use crate::fixture::{Events, Service, id, ids, views};

/// Writes a little of everything.
fn write(events: &Events, from: u64, to: u64) {
    for n in from..to {
        let one = contact(n)
            .reason(
                ["billing.refund", "network"][n as usize % 2],
                "",
                ReasonResolution::Partly,
            )
            .summary(["alpha beta", "beta", "gamma"][n as usize % 3])
            .ago(n as i64)
            .promise(n, 600);
        one.record(events);
        let values = Interaction {
            labels: vec![format!("l{}", n % 5)],
            ..Default::default()
        };
        one.amend(events, 2, &["labels"], values);
        if n % 2 == 0 {
            one.fulfil(events, n, 2, 10);
        }
    }
}

/// What the service answers to a little of everything, without positions.
async fn answers(service: &Service) -> String {
    let mut client = service.client();
    let mut answers = format!("{:?}", client.timeline("customer-1").await);
    let context = client.context("customer-1").await.unwrap();
    answers += &format!(
        "{:?}",
        (
            context.interactions,
            context.open_commitments,
            context.warnings
        )
    );
    for query in ["", "beta", "-beta"] {
        let request = SearchInteractionsRequest {
            query: query.into(),
            page_size: 200,
            order: SearchOrder::TimeDesc.into(),
            facets: vec![Facet::Reason.into(), Facet::Label.into()],
            ..Default::default()
        };
        let SearchInteractionsResponse {
            results,
            total_size,
            facets,
            ..
        } = client.search(request).await.unwrap();
        let results: Vec<_> = results
            .into_iter()
            .map(|result| (result.interaction, result.snippets))
            .collect();
        answers += &format!("{:?}", (results, total_size, facets));
    }
    answers
}

#[tokio::test]
async fn a_view_that_is_deleted_is_rebuilt_with_the_same_answers() {
    let (events, dir) = (Events::new(), views());
    write(&events, 0, 40);
    let service = Service::start(&events, dir.path()).await;
    let before = answers(&service).await;
    service.stop().await;
    std::fs::remove_dir_all(dir.path().join("history")).unwrap();

    let service = Service::start(&events, dir.path()).await;

    assert_eq!(answers(&service).await, before);
}

#[tokio::test]
async fn an_index_that_is_behind_its_store_catches_up() {
    let (events, dir) = (Events::new(), views());
    write(&events, 0, 20);
    let service = Service::start(&events, dir.path()).await;
    service.stop().await;
    let index = dir.path().join("history/index");
    let kept = dir.path().join("kept");
    copy(&index, &kept);
    let service = Service::start(&events, dir.path()).await;
    write(&events, 20, 40);
    // Changes what the index already has, too.
    contact(3).promise(3, 600).cancel(&events, 3, 2);
    let before = answers(&service).await;
    service.stop().await;
    // As after a crash before the index's commit: the store is ahead.
    std::fs::remove_dir_all(&index).unwrap();
    std::fs::rename(&kept, &index).unwrap();

    let service = Service::start(&events, dir.path()).await;

    assert_eq!(answers(&service).await, before);
}

#[tokio::test]
async fn a_store_that_is_behind_its_index_catches_up() {
    let (events, dir) = (Events::new(), views());
    write(&events, 0, 20);
    let service = Service::start(&events, dir.path()).await;
    let before = answers(&service).await;
    service.stop().await;
    std::fs::remove_dir_all(dir.path().join("history/store")).unwrap();

    let service = Service::start(&events, dir.path()).await;

    assert_eq!(answers(&service).await, before);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

proptest! {
    #![proptest_config(crate::fixture::cases(12))]

    /// Pages of a search, in any order, are together what was there at the first page: nothing
    /// twice and nothing missing, while others write and the index is rewritten.
    #[test]
    fn pages_together_are_the_result(
        contacts in prop::collection::vec((0i64..20, 0usize..4), 1..60),
        order in 0i32..4,
        page_size in 1i32..9,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(search_while_writing(&contacts, order, page_size));
    }
}

async fn search_while_writing(contacts: &[(i64, usize)], order: i32, page_size: i32) {
    let texts = [
        "router",
        "router modem",
        "router router reset",
        "modem router lamp lamp lamp",
    ];
    let (events, dir) = (Events::new(), views());
    for (n, (seconds, text)) in contacts.iter().enumerate() {
        contact(n as u64)
            .ago(*seconds)
            .summary(texts[*text])
            .record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let request = SearchInteractionsRequest {
        query: "router".into(),
        order,
        ..Default::default()
    };
    let whole = SearchInteractionsRequest {
        page_size: 200,
        ..request.clone()
    };
    let whole = ids(&service.client().search(whole).await.unwrap());
    let (mut read, mut token) = (Vec::new(), String::new());
    for written in 0u64.. {
        let page = SearchInteractionsRequest {
            page_size,
            page_token: token,
            ..request.clone()
        };
        let page = service.client().search(page).await.unwrap();
        assert_eq!(page.total_size, contacts.len() as u64);
        read.extend(ids(&page));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        // New contacts change how much each word weighs, and amendments rewrite documents.
        for n in 0..3 {
            contact(1_000 + written * 3 + n)
                .ago(n as i64)
                .summary(texts[1])
                .record(&events);
        }
        let values = Interaction {
            labels: vec!["x".into()],
            ..Default::default()
        };
        contact(written % contacts.len() as u64).amend(
            &events,
            2 + written / contacts.len() as u64,
            &["labels"],
            values,
        );
        service.client().found("router").await;
    }
    assert_eq!(read, whole);
    let mut sorted = whole.clone();
    sorted.sort();
    let mut all: Vec<String> = (0..contacts.len()).map(|n| id(1, n as u64)).collect();
    all.sort();
    assert_eq!(sorted, all);
}
