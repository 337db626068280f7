//! Who called, when nobody knows who it was: contacts by handle, of one of several customers, and of
//! nobody.

use aftercall_proto::history::v1::{
    HandleQuery, InteractionFilter, SearchInteractionsRequest, TimelineEntry,
    get_customer_context_request, list_timeline_request, timeline_entry::What,
};
use aftercall_proto::model::v1::{Customer, HandleKind, MatchStatus, Segment, SegmentKind};

use crate::contact::{Contact, contact};
use crate::fixture::{Caller, Events, Service, contact_ids, id, ids, spelled, views};

/// A contact of nobody that we know.
fn unknown(n: u64, status: MatchStatus) -> Contact {
    let customer = Customer {
        match_status: status.into(),
        ..Customer::default()
    };
    contact(n).with(|interaction| interaction.customer = Some(customer))
}

async fn timeline(client: &mut Caller, handle: HandleQuery) -> Vec<TimelineEntry> {
    let whose = list_timeline_request::Whose::Handle(handle);
    let page = client.timeline_page_of(whose, 500, "").await.unwrap();
    assert_eq!(page.next_page_token, "");
    page.entries
}

/// The contacts that a search by `filter` finds, sorted.
pub(crate) async fn found(client: &mut Caller, filter: InteractionFilter) -> Vec<String> {
    let request = SearchInteractionsRequest {
        filter: Some(filter),
        ..Default::default()
    };
    let mut ids = ids(&client.search(request).await.unwrap());
    ids.sort();
    ids
}

#[tokio::test]
async fn a_caller_whom_nobody_knows_is_found_by_the_number_in_any_spelling() {
    let (events, dir) = (Events::new(), views());
    let tel = HandleKind::Telephone;
    let called = unknown(1, MatchStatus::Unknown).handle(tel, "+4930999001");
    let called = called.promise(1, 600).ago(9_000);
    called.record(&events);
    called.fulfil(&events, 1, 2, 30);
    contact(2)
        .handle(tel, "+4930999001")
        .promise(2, 900)
        .record(&events);
    contact(3).handle(tel, "+4930999002").record(&events);
    contact(4)
        .tenant("other")
        .handle(tel, "+4930999001")
        .record(&events);
    // The same number in another country.
    unknown(5, MatchStatus::Unknown)
        .handle(tel, "+4330999001")
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    for spelling in [
        "+4930999001",
        "0049 30 999001",
        "+49 (30) 999-001",
        "4930999001",
    ] {
        let entries = timeline(&mut client, spelled(spelling)).await;
        assert_eq!(contact_ids(&entries), [id(1, 2), id(1, 1)], "{spelling}");
        assert_eq!(entries.len(), 3, "what became of the promise is told, too");
        let filter = InteractionFilter {
            handles: vec![spelled(spelling)],
            ..Default::default()
        };
        assert_eq!(found(&mut client, filter).await, [id(1, 1), id(1, 2)]);
        let whose = get_customer_context_request::Whose::Handle(spelled(spelling));
        let context = client.context_of(whose).await.unwrap();
        assert_eq!(context.interaction_count, 2);
        assert!(context.ambiguous_interaction_ids.is_empty());
        let open = &context.open_commitments;
        assert_eq!(open.len(), 1, "one of the two was kept");
        assert_eq!(open[0].interaction_id, id(1, 2));
    }
    // Without its country, in any; with one, in that.
    for (country, expected) in [("", vec![5, 2, 1]), ("DE", vec![2, 1])] {
        let handle = HandleQuery {
            country_code: country.to_owned(),
            ..spelled("030 999001")
        };
        let entries = contact_ids(&timeline(&mut client, handle).await);
        let mut expected: Vec<_> = expected.iter().map(|n| id(1, *n)).collect();
        let mut sorted = entries.clone();
        sorted.sort();
        expected.sort();
        assert_eq!(sorted, expected, "{country:?}");
    }
    assert!(timeline(&mut client, spelled("anonymous")).await.is_empty());
    assert_eq!(client.timeline("customer-1").await.len(), 2);
}

#[tokio::test]
async fn a_timeline_of_a_handle_holds_together_over_pages() {
    let (events, dir) = (Events::new(), views());
    for n in 0..20 {
        // Known by two names at once, and by one of them alone.
        let contact = contact(n).ago(1_000 - 10 * (n as i64 / 2));
        let contact = contact.handle(HandleKind::Chat, "Ada");
        let contact = match n % 3 {
            0 => contact.handle(HandleKind::Social, "ada"),
            _ => contact,
        };
        contact.record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let whole = contact_ids(&timeline(&mut client, spelled("ADA")).await);
    let (mut read, mut token) = (Vec::new(), String::new());
    loop {
        let whose = list_timeline_request::Whose::Handle(spelled("ADA"));
        let page = client.timeline_page_of(whose, 3, &token).await.unwrap();
        read.extend(contact_ids(&page.entries));
        token = page.next_page_token;
        contact(100).handle(HandleKind::Chat, "ada").record(&events);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(whole.len(), 20);
    assert_eq!(read, whole);
}

#[tokio::test]
async fn callers_who_withhold_their_number_are_found_by_filter_and_never_joined() {
    let (events, dir) = (Events::new(), views());
    for n in 1..=2 {
        let withheld = unknown(n, MatchStatus::Anonymous);
        withheld
            .handle(HandleKind::Telephone, "anonymous")
            .promise(n, 600)
            .record(&events);
    }
    unknown(3, MatchStatus::Unknown)
        .handle(HandleKind::Mail, "Jo@Example.org")
        .record(&events);
    contact(4).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let filter = InteractionFilter {
        match_statuses: vec![MatchStatus::Anonymous.into()],
        ..Default::default()
    };
    assert_eq!(found(&mut client, filter).await, [id(1, 1), id(1, 2)]);
    for (identified, expected) in [(false, vec![1, 2, 3]), (true, vec![4])] {
        let filter = InteractionFilter {
            identified: Some(identified),
            ..Default::default()
        };
        let expected: Vec<_> = expected.into_iter().map(|n| id(1, n)).collect();
        assert_eq!(found(&mut client, filter).await, expected);
    }
    for nobody in ["anonymous", "unknown@", "-"] {
        assert!(timeline(&mut client, spelled(nobody)).await.is_empty());
        let filter = InteractionFilter {
            handles: vec![spelled(nobody)],
            ..Default::default()
        };
        assert!(found(&mut client, filter).await.is_empty(), "{nobody}");
    }
    let mail = timeline(&mut client, spelled("jo@example.org")).await;
    assert_eq!(contact_ids(&mail), [id(1, 3)]);
}

#[tokio::test]
async fn a_contact_of_one_of_several_is_shown_to_each_and_marked() {
    let (events, dir) = (Events::new(), views());
    let shared = contact(1).one_of(&["SH-1", "SH-2"]).promise(1, 600);
    let shared = shared.handle(HandleKind::Telephone, "+4930111222");
    shared.record(&events);
    shared.reschedule(&events, 1, 2, 9_000);
    contact(2)
        .customer("SH-1")
        .promise(2, 60)
        .ago(9_000)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    for (customer, own) in [("SH-1", 1), ("SH-2", 0)] {
        let context = client.context(customer).await.unwrap();
        assert_eq!(context.ambiguous_interaction_ids, [id(1, 1)], "{customer}");
        assert_eq!(context.interactions[0].interaction_id, id(1, 1));
        assert_eq!(context.interactions.len(), 1 + own);
        assert_eq!(context.interaction_count, own as u64);
        let open = context.open_commitments.iter();
        let open: Vec<_> = open.map(|one| &*one.commitment_id).collect();
        assert_eq!(open.last(), Some(&&*id(2, 1)));
        assert_eq!(open.len(), 1 + own);
        let entries = client.timeline(customer).await;
        let marks: Vec<_> = entries.iter().map(|entry| entry.ambiguous).collect();
        assert_eq!(marks, [vec![true, true], vec![false; own]].concat());
        let change = entries[0].what.as_ref().unwrap();
        assert!(matches!(change, What::CommitmentChange(_)));
        let filter = InteractionFilter {
            customer_ids: vec![customer.to_owned()],
            ..Default::default()
        };
        assert_eq!(found(&mut client, filter).await.len(), 1 + own);
    }
    assert!(client.timeline("SH-3").await.is_empty());
    let by_number = timeline(&mut client, spelled("+49 30 111222")).await;
    assert!(by_number.iter().all(|entry| !entry.ambiguous) && by_number.len() == 2);
}

#[tokio::test]
async fn all_agents_of_a_contact_find_it_and_it_counts_once_for_each() {
    let (events, dir) = (Events::new(), views());
    let segment = |agent: &str, team: &str| Segment {
        kind: SegmentKind::Agent.into(),
        agent_id: agent.to_owned(),
        team_id: team.to_owned(),
        ..Segment::default()
    };
    let transferred = contact(1).with(|interaction| {
        interaction.agent_id = "z.last".into();
        interaction.segments = vec![
            segment("y.first", "team-2"),
            segment("z.last", "team-1"),
            segment("y.first", "team-2"),
            segment("", ""),
        ];
    });
    transferred.record(&events);
    contact(2).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    for (agent, expected) in [
        ("y.first", vec![1]),
        ("z.last", vec![1]),
        ("agent-1", vec![2]),
    ] {
        let filter = InteractionFilter {
            agent_ids: vec![agent.to_owned()],
            ..Default::default()
        };
        let expected: Vec<_> = expected.into_iter().map(|n| id(1, n)).collect();
        assert_eq!(found(&mut client, filter).await, expected, "{agent}");
    }
    let request = SearchInteractionsRequest {
        facets: vec![2, 3],
        ..Default::default()
    };
    let facets = client.search(request).await.unwrap().facets;
    let counts = |place: usize| -> Vec<(String, u64)> {
        let counts = facets[place].counts.iter();
        counts.map(|one| (one.value.clone(), one.count)).collect()
    };
    let agents = ["agent-1", "y.first", "z.last"].map(|agent| (agent.to_owned(), 1));
    assert_eq!(counts(0), agents);
    let teams = [("team-1", 2), ("team-2", 1)].map(|(team, count)| (team.to_owned(), count));
    assert_eq!(counts(1), teams);
}
