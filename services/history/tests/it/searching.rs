//! Search by text and filters, its pages, facets and snippets.

use aftercall_proto::history::v1::{
    Facet, InteractionFilter, SearchInteractionsRequest, SearchOrder, SentimentBand,
};
use aftercall_proto::model::v1::{Channel, Interaction, ReasonResolution};
use aftercall_service::Role;

use crate::contact::contact;
use crate::fixture::{Caller, Events, Service, ago, id, ids, views, wrong_fields};

fn filtered(filter: InteractionFilter) -> SearchInteractionsRequest {
    SearchInteractionsRequest {
        filter: Some(filter),
        ..Default::default()
    }
}

async fn numbers(client: &mut Caller, filter: InteractionFilter) -> Vec<u64> {
    let page = client.search(filtered(filter)).await.unwrap();
    assert_eq!(page.total_size, page.results.len() as u64);
    let mut numbers: Vec<u64> = ids(&page)
        .iter()
        .map(|id| u64::from_str_radix(&id[24..], 16).unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn words_phrases_and_exclusions_find_what_they_should() {
    let (events, dir) = (Events::new(), views());
    contact(1)
        .reason(
            "billing.double_charge",
            "Sie haben zweimal abgebucht!",
            ReasonResolution::Resolved,
        )
        .summary("Refunded the second charge.")
        .record(&events);
    contact(2)
        .reason(
            "billing.refund",
            "Where is my money?",
            ReasonResolution::NotResolved,
        )
        .summary("The refund was charged to a second card; Rückbuchung läuft.")
        .record(&events);
    contact(3)
        .action("reset_router", "old one")
        .summary("退款问题 solved")
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let found = async |query: &str| service.client().found(query).await;

    assert_eq!(found("SECOND").await, [id(1, 1), id(1, 2)]);
    assert_eq!(found("\"second charge\"").await, [id(1, 1)]);
    assert_eq!(found("second -card").await, [id(1, 1)]);
    assert_eq!(found("second -\"second charge\"").await, [id(1, 2)]);
    assert_eq!(found("-second").await, [id(1, 3)]);
    assert_eq!(found("ruckbuchung LÄUFT").await, [id(1, 2)]);
    assert_eq!(found("billing.double_charge").await, [id(1, 1)]);
    assert_eq!(found("reset-router").await, [id(1, 3)]);
    assert_eq!(found("退款").await, [id(1, 3)]);
    // All words, anywhere in the contact; but a phrase does not reach from one text into another.
    assert_eq!(found("abgebucht refunded").await, [id(1, 1)]);
    assert!(found("\"abgebucht refunded\"").await.is_empty());
    assert!(found("second elephant").await.is_empty());
    assert!(found("?!").await.is_empty());
    assert_eq!(client.found("").await.len(), 3);
}

#[tokio::test]
async fn a_customers_own_words_can_be_pasted_in() {
    let (events, dir) = (Events::new(), views());
    let words = "I said: \"NO\" (twice!) -- 50% off? e^x ~ AND/OR [a TO b] *:* \\ \u{0}\u{1} “so”";
    contact(1).summary(words).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    assert_eq!(client.found(words).await, [id(1, 1)]);
    for odd in [
        "\"",
        "-",
        "--",
        "\"\"",
        "-\"",
        "+(",
        "a\"b-c\"d",
        "\\",
        "退\"-款",
    ] {
        client.found(odd).await;
    }
    client.found(&"é ".repeat(333)).await;
    let refused = client
        .search(SearchInteractionsRequest {
            query: "x".repeat(1_001),
            ..Default::default()
        })
        .await
        .unwrap_err();
    assert_eq!(
        wrong_fields(&refused),
        [("query".into(), "TOO_LONG".into())]
    );
}

#[tokio::test]
async fn filters_all_hold_and_each_takes_any_of_its_values() {
    let (events, dir) = (Events::new(), views());
    contact(1)
        .reason("billing.refund", "", ReasonResolution::Resolved)
        .disposition("done")
        .feeling(-3.0)
        .labels(&["vip", "retry"])
        .ago(100)
        .record(&events);
    contact(2)
        .customer("customer-2")
        .reason("billing", "", ReasonResolution::Resolved)
        .disposition("open")
        .feeling(1.0)
        .labels(&["vip"])
        .ago(200)
        .promise(1, 600)
        .with(|interaction| {
            interaction.agent_id = "agent-2".into();
            interaction.channel = Channel::Chat.into();
        })
        .record(&events);
    contact(3)
        .reason("billings", "", ReasonResolution::Resolved)
        .ago(300)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    for (set, expected) in cases() {
        let mut filter = InteractionFilter::default();
        set(&mut filter);
        let found = numbers(&mut client, filter.clone()).await;
        assert_eq!(found, expected, "{filter:?}");
    }
}

/// A filter, and the contacts that it finds.
type Case = (fn(&mut InteractionFilter), &'static [u64]);

/// One filter after the other, and two together.
fn cases() -> [Case; 18] {
    [
        (|_| (), &[1, 2, 3]),
        (|all| all.reason_codes = some(&["billing"]), &[1, 2]),
        (|all| all.reason_codes = some(&["billing.refund"]), &[1]),
        (|all| all.customer_ids = some(&["customer-2", "x"]), &[2]),
        (
            |all| all.agent_ids = some(&["agent-1", "agent-2"]),
            &[1, 2, 3],
        ),
        (|all| all.team_ids = some(&["team-2"]), &[]),
        (|all| all.disposition_codes = some(&["done"]), &[1]),
        (|all| all.channels = vec![Channel::Chat.into()], &[2]),
        (|all| all.directions = vec![1], &[1, 2, 3]),
        (
            |all| all.sentiments = vec![SentimentBand::Neutral.into()],
            &[2],
        ),
        (|all| all.sentiments = vec![1, 3], &[1]),
        (|all| all.open_promise = Some(true), &[2]),
        (|all| all.open_promise = Some(false), &[1, 3]),
        (|all| all.labels = some(&["vip"]), &[1, 2]),
        (|all| all.labels = some(&["vip", "retry"]), &[1]),
        (|all| all.occurred_from = Some(ago(200)), &[1, 2]),
        (|all| all.occurred_before = Some(ago(200)), &[3]),
        (
            |all| {
                all.labels = some(&["vip"]);
                all.sentiments = vec![SentimentBand::Negative.into()];
            },
            &[1],
        ),
    ]
}

fn some(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[tokio::test]
async fn an_open_promise_is_found_until_it_is_closed() {
    let (events, dir) = (Events::new(), views());
    let promised = contact(1).promise(1, 600).promise(2, 700);
    promised.record(&events);
    let service = Service::start(&events, dir.path()).await;
    let open = async || {
        let filter = InteractionFilter {
            open_promise: Some(true),
            ..Default::default()
        };
        numbers(&mut service.client(), filter).await
    };

    assert_eq!(open().await, [1]);
    promised.fulfil(&events, 1, 2, 30);
    assert_eq!(open().await, [1]);
    promised.reschedule(&events, 2, 2, 9_000);
    assert_eq!(open().await, [1]);
    promised.cancel(&events, 2, 3);
    assert!(open().await.is_empty());
    assert_eq!(service.client().found("").await, [id(1, 1)]);
}

#[tokio::test]
async fn an_amendment_is_found_and_what_it_replaced_is_not() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1).summary("giraffe").labels(&["wrong"]);
    first.record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(service.client().found("giraffe").await, [id(1, 1)]);
    let values = contact(1).summary("zebra").labels(&["right"]).interaction;
    first.amend(&events, 2, &["handling", "labels"], values);

    assert!(service.client().found("giraffe").await.is_empty());
    let page = service
        .client()
        .search(SearchInteractionsRequest {
            query: "zebra".into(),
            facets: vec![Facet::Label.into()],
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(page.results[0].interaction.as_ref().unwrap().version, 2);
    assert_eq!(page.facets[0].counts.len(), 1);
    assert_eq!(page.facets[0].counts[0].value, "right");
}

#[tokio::test]
async fn the_best_match_comes_first_and_time_orders_both_ways() {
    let (events, dir) = (Events::new(), views());
    let long = format!("router {}", "other words ".repeat(40));
    contact(1).summary(&long).ago(1).record(&events);
    contact(2).summary("router").ago(3).record(&events);
    contact(3).summary("router router").ago(2).record(&events);
    contact(4).summary("router").ago(1_000).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let ordered = async |order: SearchOrder| {
        let request = SearchInteractionsRequest {
            query: "router".into(),
            order: order.into(),
            ..Default::default()
        };
        service.client().search(request).await.unwrap()
    };

    let page = ordered(SearchOrder::Unspecified).await;
    assert_eq!(ids(&page), [id(1, 3), id(1, 2), id(1, 4), id(1, 1)]);
    assert!(
        page.results
            .windows(2)
            .all(|pair| pair[0].score >= pair[1].score)
    );
    assert_eq!(page.results[1].score, page.results[2].score);
    assert_eq!(ids(&ordered(SearchOrder::Relevance).await), ids(&page));
    let latest = ordered(SearchOrder::TimeDesc).await;
    assert_eq!(ids(&latest), [id(1, 1), id(1, 3), id(1, 2), id(1, 4)]);
    assert!(latest.results.iter().all(|result| result.score() > 0.0));
    let earliest = ordered(SearchOrder::TimeAsc).await;
    assert_eq!(ids(&earliest), [id(1, 4), id(1, 2), id(1, 3), id(1, 1)]);
}

#[tokio::test]
async fn snippets_show_where_the_words_stand() {
    let (events, dir) = (Events::new(), views());
    let before = "Größe und Maß, ".repeat(20);
    let after = " täglich neu.".repeat(30);
    contact(1)
        .reason(
            "billing.refund",
            "Mein GÜRTEL ist weg",
            ReasonResolution::Resolved,
        )
        .summary(&format!("{before}der Gürtel 退款 wurde ersetzt{after}"))
        .action("replaced", "Gurtel ersetzt, Gürtel ok")
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let request = SearchInteractionsRequest {
        query: "gürtel \"wurde ersetzt\" -elefant".into(),
        ..Default::default()
    };
    let page = service.client().search(request).await.unwrap();

    let shown: Vec<(String, Vec<String>)> = page.results[0]
        .snippets
        .iter()
        .map(|snippet| {
            assert!(snippet.text.chars().count() <= 161, "{}", snippet.text);
            let marked = snippet.highlights.iter().map(|mark| {
                let length = (mark.end - mark.start) as usize;
                snippet
                    .text
                    .chars()
                    .skip(mark.start as usize)
                    .take(length)
                    .collect()
            });
            (snippet.field.clone(), marked.collect())
        })
        .collect();
    let expected = [
        ("contact_reasons[0].stated_verbatim", vec!["GÜRTEL"]),
        ("handling.summary", vec!["Gürtel", "wurde ersetzt"]),
        ("handling.actions[0].note", vec!["Gurtel", "Gürtel"]),
    ];
    assert_eq!(
        shown,
        expected.map(|(field, marked)| {
            (
                field.to_owned(),
                marked.into_iter().map(str::to_owned).collect(),
            )
        })
    );
}

#[tokio::test]
async fn a_tenant_finds_and_counts_its_own_only() {
    let (events, dir) = (Events::new(), views());
    for (tenant, count) in [("acme", 2), ("other", 5)] {
        for n in 1..=count {
            let resolution = ReasonResolution::Resolved;
            let same = contact(n)
                .tenant(tenant)
                .reason("billing", "same words", resolution);
            same.labels(&["same"]).record(&events);
        }
    }
    let service = Service::start(&events, dir.path()).await;
    for (tenant, count) in [("acme", 2), ("other", 5), ("Acme", 0), ("acm", 0)] {
        let mut client = service.client_as(tenant, Role::Supervisor);
        for query in ["", "same", "\"same words\"", "-other"] {
            let filter = InteractionFilter {
                customer_ids: vec!["customer-1".into()],
                ..Default::default()
            };
            let request = SearchInteractionsRequest {
                query: query.into(),
                filter: Some(filter),
                facets: vec![
                    Facet::Label.into(),
                    Facet::Reason.into(),
                    Facet::Channel.into(),
                ],
                ..Default::default()
            };
            let page = client.search(request).await.unwrap();
            assert_eq!(
                (page.total_size, page.results.len() as u64),
                (count, count),
                "{tenant}"
            );
            for facet in page.facets {
                assert_eq!(facet.counts.iter().map(|one| one.count).sum::<u64>(), count);
            }
        }
    }
    // How often the other tenant uses a word does not show in the scores.
    let score = async |tenant: &str| {
        let query = "\"same words\" same".to_owned();
        let request = SearchInteractionsRequest {
            query,
            ..Default::default()
        };
        let page = service
            .client_as(tenant, Role::Agent)
            .search(request)
            .await
            .unwrap();
        page.results[0].score
    };
    let before = score("acme").await;
    for n in 10..40 {
        contact(n)
            .tenant("other")
            .summary("same words")
            .record(&events);
    }
    assert_eq!(score("acme").await, before);
}

#[tokio::test]
async fn unspoken_text_is_not_found() {
    let (events, dir) = (Events::new(), views());
    contact(1)
        .with(|interaction: &mut Interaction| {
            interaction.agent_id = "secretname".into();
            interaction.labels = vec!["secretlabel".into()];
        })
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert!(service.client().found("secretname").await.is_empty());
    assert!(service.client().found("secretlabel").await.is_empty());
}
