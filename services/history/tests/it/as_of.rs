//! What was known at a moment of the past.

mod course;

use aftercall_proto::history::v1::{
    CommitmentChangeKind, Facet, HandleQuery, InteractionFilter, SearchInteractionsRequest,
    SearchOrder, get_customer_context_request, list_timeline_request, timeline_entry::What,
};
use aftercall_proto::model::v1::{CommitmentLifecycle, HandleKind, Interaction};
use aftercall_service::Role;
use aftercall_view::Positions;
use proptest::prelude::*;

use self::course::{CUSTOMERS, Course, NUMBER, contact_id, step};
use crate::contact::{Contact, contact, merge};
use crate::fixture::{
    Caller, Events, Service, TENANT, ago, contact_ids, id, ids, reason, spelled, views,
    wrong_fields,
};

/// All that a caller is told: of contacts, timelines, contexts and searches, without what says how far it is.
async fn told(mut client: Caller) -> Vec<String> {
    let mut told = Vec::new();
    for n in 0..course::CONTACTS {
        let mut answer = client.get(&contact_id(n)).await;
        if let Ok(answer) = &mut answer {
            (answer.complete_through_at, answer.complete_through) = (None, String::new());
        }
        told.push(format!(
            "contact {n}: {:?}",
            answer.map_err(|error| reason(&error))
        ));
    }
    let customers = CUSTOMERS.iter().map(|id| (*id).to_owned());
    let whose = customers
        .clone()
        .map(list_timeline_request::Whose::CustomerId);
    let number = || spelled(NUMBER);
    for whose in whose.chain([list_timeline_request::Whose::Handle(number())]) {
        let page = client
            .timeline_page_of(whose.clone(), 500, "")
            .await
            .unwrap();
        let (entries, total) = (page.entries, page.total_size);
        told.push(format!("timeline of {whose:?}: {total:?} {entries:#?}"));
    }
    let whose = customers.map(get_customer_context_request::Whose::CustomerId);
    for whose in whose.chain([get_customer_context_request::Whose::Handle(number())]) {
        let mut context = client.context_of(whose.clone()).await.unwrap();
        (context.complete_through_at, context.complete_through) = (None, String::new());
        told.push(format!("context of {whose:?}: {context:#?}"));
    }
    for (query, filter) in searches() {
        let request = SearchInteractionsRequest {
            query: query.to_owned(),
            filter: Some(filter.clone()),
            order: SearchOrder::TimeDesc.into(),
            page_size: 200,
            facets: vec![
                Facet::Label.into(),
                Facet::Channel.into(),
                Facet::RootCause.into(),
            ],
            ..Default::default()
        };
        let found = client.search(request).await.unwrap();
        let results = found.results.into_iter();
        let results: Vec<_> = results.map(|it| (it.interaction, it.snippets)).collect();
        let (total, facets) = (found.total_size, found.facets);
        told.push(format!(
            "{query:?} {filter:?}: {total} {facets:?} {results:#?}"
        ));
    }
    told
}

fn searches() -> Vec<(&'static str, InteractionFilter)> {
    let everything = InteractionFilter::default;
    vec![
        ("", everything()),
        ("alpha", everything()),
        ("-alpha", everything()),
        (
            "",
            InteractionFilter {
                labels: vec!["label-1".to_owned()],
                ..everything()
            },
        ),
        (
            "",
            InteractionFilter {
                customer_ids: vec![CUSTOMERS[0].to_owned()],
                ..everything()
            },
        ),
        (
            "",
            InteractionFilter {
                open_promise: Some(true),
                ..everything()
            },
        ),
        (
            "",
            InteractionFilter {
                root_cause_codes: vec!["process".to_owned()],
                has_root_cause: Some(true),
                ..everything()
            },
        ),
        (
            "",
            InteractionFilter {
                occurred_from: Some(ago(3_000)),
                identified: Some(true),
                ..everything()
            },
        ),
    ]
}

proptest! {
    #![proptest_config(crate::fixture::cases(24))]

    /// What is known as of a position is what a service knows that has read the log up to it, and nothing else.
    #[test]
    fn the_past_is_what_the_log_says_up_to_there(
        steps in prop::collection::vec(step(), 1..50),
        cut in any::<prop::sample::Index>(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(compare(&steps, cut.index(steps.len() + 1)));
    }
}

async fn compare(steps: &[course::Step], cut: usize) {
    let (events, dir) = (Events::new(), views());
    let mut course = Course::default();
    steps[..cut]
        .iter()
        .for_each(|one| course.take(one, &events));
    let (shorter, shorter_dir) = (events.copied(), views());
    steps[cut..]
        .iter()
        .for_each(|one| course.take(one, &events));

    let then = Service::start(&shorter, shorter_dir.path()).await;
    let service = Service::start(&events, dir.path()).await;
    let client = service.client().asking_as_of(then.tail());
    // What is overdue, and what was of late, is reckoned for the time of the last record.
    let context = client.clone().context(CUSTOMERS[0]).await.unwrap();
    let at = context.complete_through_at.unwrap();
    if at.seconds > 0 {
        let at = jiff::Timestamp::new(at.seconds, at.nanos).unwrap();
        then.clock.jump_to(at);
    }
    let (known_then, known_now) = (told(then.client()).await, told(client).await);
    for (then, now) in known_then.iter().zip(&known_now) {
        if now != then {
            panic!("as of step {cut} of {}: {}", steps.len(), parted(now, then));
        }
    }
    then.stop().await;
    service.stop().await;
}

/// Where two long texts part: the lines before, and both from there on.
fn parted(now: &str, then: &str) -> String {
    let same = now.lines().zip(then.lines());
    let same = same.take_while(|(now, then)| now == then).count();
    let from = |text: &str, from: usize| -> String {
        let lines = text.lines().skip(from).take(12);
        lines.map(|line| format!("{line}\n")).collect()
    };
    let subject = now.split(':').next().unwrap_or_default();
    let (before, now) = (from(now, same.saturating_sub(6)), from(now, same));
    format!(
        "{subject}\n{before}... as of then:\n{now}... then:\n{}",
        from(then, same)
    )
}

/// A contact on Monday, with a promise, and what became of both later in the week.
fn week(events: &Events) -> Contact {
    let one = contact(1)
        .customer("C")
        .summary("alpha")
        .handle(HandleKind::Telephone, NUMBER)
        .ago(5_000)
        .promise(1, -100);
    events.at(4_000);
    one.record(events);
    events.at(3_000);
    one.lapse(events, 1, 2);
    events.at(2_000);
    let values = Interaction {
        labels: vec!["corrected".into()],
        ..Default::default()
    };
    one.amend(events, 2, &["labels"], values);
    events.at(1_000);
    one.identify(events, 3, "D");
    merge(events, ("D", "E"), 1, true);
    one
}

#[tokio::test]
async fn an_amendment_on_friday_does_not_change_what_was_known_on_thursday() {
    let (events, dir) = (Events::new(), views());
    let one = week(&events);
    let service = Service::start(&events, dir.path()).await;
    let as_of = |seconds| service.client().asking_as_of_time(ago(seconds));

    let before = as_of(4_001).get(&one.id()).await.unwrap_err();
    assert_eq!(reason(&before), "INTERACTION_NOT_FOUND");
    let labels = async |seconds| {
        let answer = as_of(seconds).get(&one.id()).await.unwrap();
        assert_eq!(answer.complete_through_at, Some(ago(seconds)));
        let shown = answer.amendments.len() as u64;
        assert_eq!(shown, answer.amendment_count);
        (answer.interaction.unwrap().labels, shown)
    };
    assert_eq!(labels(2_001).await, (vec![], 0));
    assert_eq!(labels(2_000).await, (vec!["corrected".to_owned()], 1));
    assert_eq!(labels(0).await.1, 2);
}

#[tokio::test]
async fn a_promise_is_as_it_stood() {
    let (events, dir) = (Events::new(), views());
    let one = week(&events);
    let service = Service::start(&events, dir.path()).await;
    let promise = async |seconds| {
        let mut client = service.client().asking_as_of_time(ago(seconds));
        let answer = client.get(&one.id()).await.unwrap();
        answer.commitments.into_iter().next().unwrap()
    };
    let (at_first, lapsed) = (promise(3_500).await, promise(2_500).await);
    assert_eq!(at_first.lapses.len(), 0);
    assert_eq!(lapsed.lapses.len(), 1);
    assert_eq!(at_first.lifecycle(), CommitmentLifecycle::Active);
    let kinds = async |seconds| {
        let mut client = service.client().asking_as_of_time(ago(seconds));
        let timeline = client.timeline("C").await;
        let changes = timeline.into_iter().filter_map(|entry| match entry.what {
            Some(What::CommitmentChange(change)) => Some(change.kind()),
            _ => None,
        });
        changes.collect::<Vec<_>>()
    };
    assert_eq!(kinds(3_500).await, []);
    assert_eq!(kinds(2_500).await, [CommitmentChangeKind::Lapsed]);
}

#[tokio::test]
async fn customers_are_who_they_were() {
    let (events, dir) = (Events::new(), views());
    let one = week(&events);
    let service = Service::start(&events, dir.path()).await;
    let of = async |customer: &str, seconds| {
        let mut client = service.client().asking_as_of_time(ago(seconds));
        let entries = client.timeline(customer).await;
        let context = client.context(customer).await.unwrap();
        assert_eq!(context.interactions.len() as u64, context.interaction_count);
        assert_eq!(
            contact_ids(&entries).len() as u64,
            context.interaction_count
        );
        context.interaction_count
    };
    assert_eq!((of("C", 1_500).await, of("D", 1_500).await), (1, 0));
    assert_eq!((of("C", 500).await, of("D", 500).await), (0, 1));
    assert_eq!((of("E", 1_500).await, of("E", 500).await), (0, 1));
    let found = async |customer: &str, seconds| {
        let filter = InteractionFilter {
            customer_ids: vec![customer.to_owned()],
            ..Default::default()
        };
        let request = SearchInteractionsRequest {
            filter: Some(filter),
            ..Default::default()
        };
        let mut client = service.client().asking_as_of_time(ago(seconds));
        let page = client.search(request).await.unwrap();
        assert_eq!(page.total_size, page.results.len() as u64);
        ids(&page)
    };
    assert_eq!(found("C", 1_500).await, [one.id()]);
    assert_eq!(found("C", 500).await, Vec::<String>::new());
    assert_eq!(found("E", 500).await, [one.id()]);
}

#[tokio::test]
async fn pages_of_the_past_hold_together_while_others_write() {
    let (events, dir) = (Events::new(), views());
    for n in 0..9 {
        contact(n)
            .ago(100 + n as i64)
            .summary("alpha")
            .record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client().asking_as_of(service.tail());
    let (mut token, mut seen) = (String::new(), Vec::new());
    for page in 0.. {
        let answer = client.timeline_page("customer-1", 4, &token).await.unwrap();
        seen.extend(contact_ids(&answer.entries));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        // It moves to where the next page is, and is another one's.
        let values = Interaction {
            occurred_at: Some(ago(104 + page)),
            ..Default::default()
        };
        contact(page as u64).amend(&events, 2, &["occurred_at"], values);
        contact(8).identify(&events, 2 + page as u64, "other");
    }
    assert_eq!(seen, (0..9).map(|n| id(1, n)).collect::<Vec<_>>());
    let mut found = Vec::new();
    let mut request = SearchInteractionsRequest {
        query: "alpha".into(),
        page_size: 4,
        order: SearchOrder::TimeDesc.into(),
        ..Default::default()
    };
    loop {
        let page = client.search(request.clone()).await.unwrap();
        assert_eq!(page.total_size, 9);
        found.extend(ids(&page));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, seen);
    let other = client
        .timeline_page("customer-1", 4, &request.page_token)
        .await;
    assert_eq!(reason(&other.unwrap_err()), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn what_is_no_moment_of_the_past_is_refused() {
    let (events, dir) = (Events::new(), views());
    contact(1).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let of = async |mut client: Caller| client.context("customer-1").await.unwrap_err();

    let future = of(service.client().asking_as_of_time(ago(-1))).await;
    let field = ("as_of.time".to_owned(), "OUT_OF_RANGE".to_owned());
    assert_eq!(wrong_fields(&future), [field]);
    let mut empty = service.client();
    empty.as_of = Some(aftercall_proto::history::v1::AsOf { moment: None });
    let field = ("as_of".to_owned(), "REQUIRED".to_owned());
    assert_eq!(wrong_fields(&of(empty).await), [field]);
    let torn = of(service.client().asking_as_of("torn".to_owned())).await;
    assert_eq!(reason(&torn), "POSITION_INVALID");
    let beyond = Positions::from_iter([(0, 9)]).encode(events.log_id());
    let mut client = service.client().asking_as_of(beyond);
    let searched = client.search(SearchInteractionsRequest::default()).await;
    let searched = searched.unwrap_err();
    for refused in [&of(client.clone()).await, &searched] {
        assert_eq!(reason(refused), "POSITION_INVALID");
        let said = refused.message();
        assert!(said.contains("beyond the end of the log"), "{said}");
    }
}

#[tokio::test]
async fn another_tenant_has_another_past() {
    let (events, dir) = (Events::new(), views());
    let one = week(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut mine = service
        .client_as(TENANT, Role::Auditor)
        .asking_as_of_time(ago(0));
    let mut other = service
        .client_as("other", Role::Auditor)
        .asking_as_of_time(ago(0));
    assert!(mine.get(&one.id()).await.is_ok());
    let refused = other.get(&one.id()).await.unwrap_err();
    assert_eq!(reason(&refused), "INTERACTION_NOT_FOUND");
    let handle = HandleQuery {
        value: NUMBER.to_owned(),
        ..Default::default()
    };
    let whose = list_timeline_request::Whose::Handle(handle);
    let page = other.timeline_page_of(whose, 50, "").await.unwrap();
    assert_eq!(page.entries, []);
}
