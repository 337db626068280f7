//! Calendars of promises: who makes them, what they hold, and that their address is all that opens them.

use aftercall_proto::followups::v1::{
    CreateCalendarFeedRequest, CreateCalendarFeedResponse, ListCalendarFeedsRequest,
    ReassignCommitmentRequest, RescheduleCommitmentRequest, RevokeCalendarFeedRequest,
};
use aftercall_proto::model::v1::CalendarFeed;
use aftercall_service::server::Page;
use aftercall_service::testing::Caller;
use aftercall_service::{Access, Role};

use crate::stage::{
    Contact, FEEDS, FeedClient, OWNER, Running, Stage, TENANT, at, owned_by, promise, reason, wire,
};

fn asked(request_id: &str, agent_id: &str) -> CreateCalendarFeedRequest {
    CreateCalendarFeedRequest {
        request_id: request_id.to_owned(),
        feed: Some(CalendarFeed {
            agent_id: agent_id.to_owned(),
            personal_allowed: true,
            ..CalendarFeed::default()
        }),
    }
}

async fn create(
    client: &mut FeedClient,
    request_id: &str,
    agent: &str,
) -> CreateCalendarFeedResponse {
    let made = client.create_calendar_feed(asked(request_id, agent)).await;
    made.unwrap().into_inner()
}

async fn revoke(client: &mut FeedClient, feed_id: &str) -> Result<(), String> {
    let request = RevokeCalendarFeedRequest {
        request_id: format!("revoke {feed_id}"),
        feed_id: feed_id.to_owned(),
    };
    let revoked = client.revoke_calendar_feed(request).await;
    revoked.map(|_| ()).map_err(|status| reason(&status))
}

async fn listed(client: &mut FeedClient) -> Vec<String> {
    let list = client.list_calendar_feeds(ListCalendarFeedsRequest {
        latest: true,
        ..ListCalendarFeedsRequest::default()
    });
    let feeds = list.await.unwrap().into_inner().feeds;
    feeds.into_iter().map(|feed| feed.feed_id).collect()
}

/// The calendar at an address, folded lines put together; none where there is nothing.
async fn fetched(running: &Running, url: &str) -> Option<String> {
    let path = url.strip_prefix(FEEDS).expect("where feeds are served");
    match running.followups.page(path).await {
        Page::Found { media_type, body } => {
            assert_eq!(media_type, "text/calendar; charset=utf-8");
            let text = String::from_utf8(body.to_vec()).unwrap();
            Some(text.replace("\r\n ", ""))
        }
        Page::Nothing => None,
        Page::NotNow => panic!("the view is there"),
    }
}

fn events(calendar: &str) -> usize {
    calendar.matches("BEGIN:VEVENT").count()
}

#[tokio::test]
async fn a_feed_has_the_open_promises_of_its_agent_and_goes_on_with_them() {
    let stage = Stage::new();
    let mut done = promise("c-done", at(60));
    done.fulfilled_at = wire(at(0));
    let mut others = promise("c-others", at(7_200));
    others.owner = owned_by("bob");
    let mut contact = Contact::new("i-1", vec![promise("c-1", at(3_600)), others]);
    contact.customer_id = "C,1;\\x".to_owned();
    stage.record(&contact);
    let mut history = Contact::new("i-2", vec![done]);
    history.import_batch = "b-1".to_owned();
    stage.record(&history);
    let running = stage.start().await;
    let made = create(&mut running.feeds("owner"), "r-1", "").await;
    let feed = made.feed.unwrap();
    assert_eq!((feed.agent_id.as_str(), feed.version), (OWNER, 1));

    let calendar = fetched(&running, &made.url).await.unwrap();
    assert_eq!(events(&calendar), 1, "{calendar}");
    assert!(calendar.contains("DTSTART:20231114T231320Z"), "{calendar}");
    assert!(
        calendar.contains(r"SUMMARY:Call back · C\,1\;\\x"),
        "{calendar}"
    );
    assert!(
        calendar.contains("DESCRIPTION:We call you back."),
        "{calendar}"
    );
    assert!(calendar.contains("SEQUENCE:0"), "{calendar}");

    stage.clock.advance(std::time::Duration::from_secs(600));
    let moved = RescheduleCommitmentRequest {
        request_id: "r-move".to_owned(),
        commitment_id: "c-1".to_owned(),
        promised_by: wire(at(7_200)),
        reason: "asked for it".to_owned(),
        customer_informed_message_id: "m-1".to_owned(),
        ..RescheduleCommitmentRequest::default()
    };
    let mut owner = running.client("owner");
    owner.reschedule_commitment(moved).await.unwrap();
    let calendar = fetched(&running, &made.url).await.unwrap();
    assert!(calendar.contains("DTSTART:20231115T001320Z"), "{calendar}");
    assert!(calendar.contains("SEQUENCE:1"), "{calendar}");
    assert!(
        calendar.contains("LAST-MODIFIED:20231114T222320Z"),
        "{calendar}"
    );

    let given = ReassignCommitmentRequest {
        request_id: "r-give".to_owned(),
        commitment_id: "c-1".to_owned(),
        to_owner: owned_by("bob"),
        at_once: true,
        ..ReassignCommitmentRequest::default()
    };
    let mut lead = running.client("lead");
    lead.reassign_commitment(given).await.unwrap();
    let calendar = fetched(&running, &made.url).await.unwrap();
    assert_eq!(events(&calendar), 0, "{calendar}");
    running.stop().await;
}

#[tokio::test]
async fn without_leave_a_feed_holds_no_words_and_the_log_holds_no_secret() {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    let running = stage.start().await;
    let mut request = asked("r-1", "");
    request.feed.as_mut().unwrap().personal_allowed = false;
    let mut owner = running.feeds("owner");
    let made = owner
        .create_calendar_feed(request)
        .await
        .unwrap()
        .into_inner();
    let calendar = fetched(&running, &made.url).await.unwrap();
    assert_eq!(events(&calendar), 1);
    assert!(!calendar.contains("We call you back"), "{calendar}");
    assert!(!calendar.contains("Kim Example"), "{calendar}");

    let secret = made
        .url
        .rsplit('/')
        .next()
        .unwrap()
        .trim_end_matches(".ics");
    assert_eq!(secret.len(), 43);
    let log = format!("{:?}", stage.events());
    assert!(log.contains(&made.feed.unwrap().feed_id) && !log.contains(secret));
    running.stop().await;
}

#[tokio::test]
async fn an_address_that_is_no_feeds_and_one_that_was_revoked_are_nothing() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut owner = running.feeds("owner");
    let made = create(&mut owner, "r-1", "").await;
    let other = create(&mut owner, "r-2", "").await;
    assert!(fetched(&running, &made.url).await.is_some());
    let wrong = made.url.replace(".ics", "A.ics");
    assert_eq!(fetched(&running, &wrong).await, None);
    assert_eq!(fetched(&running, &format!("{FEEDS}/feeds/")).await, None);
    let id = made.feed.unwrap().feed_id;
    revoke(&mut owner, &id).await.unwrap();
    revoke(&mut owner, &id).await.unwrap();
    assert_eq!(fetched(&running, &made.url).await, None);
    assert!(fetched(&running, &other.url).await.is_some());
    assert_eq!(listed(&mut owner).await, [other.feed.unwrap().feed_id]);
    running.stop().await;

    let again = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "rebuilt")
        .await;
    again.caught_up(&stage).await;
    assert_eq!(fetched(&again, &made.url).await, None);
    assert!(fetched(&again, &other.url).await.is_some());
    again.stop().await;
}

#[tokio::test]
async fn the_same_request_makes_one_feed_and_tells_its_address_once() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut owner = running.feeds("owner");
    let first = create(&mut owner, "r-1", "").await;
    let again = create(&mut owner, "r-1", "").await;
    assert_eq!((again.feed, again.position), (first.feed, first.position));
    assert_eq!(again.url, "");
    assert!(fetched(&running, &first.url).await.is_some());
    let reused = owner.create_calendar_feed(asked("r-1", OWNER)).await;
    assert_eq!(reason(&reused.unwrap_err()), "REQUEST_ID_REUSED");
    running.stop().await;
}

#[tokio::test]
async fn who_leads_makes_and_revokes_feeds_of_others_and_an_agent_only_the_own() {
    let stage = Stage::new();
    let running = stage.start().await;
    let of_ana = create(&mut running.feeds("owner"), "r-1", "")
        .await
        .feed
        .unwrap()
        .feed_id;
    let refused = running
        .feeds("agent")
        .create_calendar_feed(asked("r-1", OWNER))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "ROLE_REQUIRED");
    assert!(listed(&mut running.feeds("agent")).await.is_empty());
    for nobody in ["agent", "foreign"] {
        let refused = revoke(&mut running.feeds(nobody), &of_ana).await;
        assert_eq!(refused.unwrap_err(), "CALENDAR_FEED_NOT_FOUND", "{nobody}");
    }
    let made = create(&mut running.feeds("lead"), "r-2", OWNER).await;
    for sees in ["owner", "lead", "admin"] {
        assert_eq!(listed(&mut running.feeds(sees)).await.len(), 2, "{sees}");
    }
    let refused = running
        .feeds("admin")
        .create_calendar_feed(asked("r-3", OWNER))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "ROLE_REQUIRED");
    revoke(&mut running.feeds("admin"), &of_ana).await.unwrap();
    assert!(fetched(&running, &made.url).await.is_some());
    running.stop().await;
}

#[tokio::test]
async fn a_feed_holds_nothing_that_its_maker_could_not_read() {
    let stage = Stage::new().with_access(Access::default());
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    let mut elsewhere = Contact::new("i-2", vec![promise("c-2", at(3_600))]);
    elsewhere.team_id = "team-2".to_owned();
    stage.record(&elsewhere);
    let running = stage.start().await;
    let lead = |team| {
        let lead = Caller::new(TENANT, "lena", &[Role::TeamLead]).of_groups(&[team], &[]);
        running.feeds_of(lead)
    };
    let made = create(&mut lead("team-1"), "r-1", OWNER).await;
    let calendar = fetched(&running, &made.url).await.unwrap();
    assert_eq!(events(&calendar), 1, "{calendar}");
    let own = create(&mut running.feeds("owner"), "r-2", "").await;
    let calendar = fetched(&running, &own.url).await.unwrap();
    assert_eq!(events(&calendar), 2, "{calendar}");
    let other = Caller::new(TENANT, "otto", &[Role::TeamLead]).of_groups(&["team-2"], &[]);
    let refused = revoke(&mut running.feeds_of(other), &made.feed.unwrap().feed_id).await;
    assert_eq!(refused.unwrap_err(), "CALENDAR_FEED_NOT_FOUND");
    running.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_named_and_an_agent_has_no_more_than_twenty() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut owner = running.feeds("owner");
    let wrong = owner
        .create_calendar_feed(CreateCalendarFeedRequest::default())
        .await;
    let wrong = wrong.unwrap_err();
    assert_eq!(reason(&wrong), "INVALID_REQUEST");
    assert!(wrong.message().contains("request_id"), "{wrong}");
    for number in 0..20 {
        create(&mut owner, &format!("r-{number}"), "").await;
    }
    let full = owner
        .create_calendar_feed(asked("r-20", ""))
        .await
        .unwrap_err();
    assert!(full.message().contains("revoke one"), "{full}");
    running.stop().await;
}
