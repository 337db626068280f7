//! Promises that an agent said and that the record does not list.

use aftercall_log::Log;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    BusinessElapsed, Calendar, CommitmentDraft, CommitmentKind, CommitmentOrigin, DueSpec,
    EndOfLocalDay, FollowUpPolicy, Interaction, LocalDue, PromiseFinding, SentimentParticipant,
};
use aftercall_proto::recorder::v1::{
    FindPromisesRequest, ProposedPromise, RecordInteractionRequest, ScoredTurn, Scoring,
};
use aftercall_service::Clock;
use aftercall_service::testing::{setting, setting_changed, since_made, work_week};
use pbjson_types::Duration;
use prost::Message;

use crate::contact::{HOUR_S, NOW_S, at, id, interaction, request, with_promise};
use crate::fixture::{Fixture, violations_of};

const DAY_S: i64 = 24 * HOUR_S;

/// The contact began on Monday, the 4th of May 2026, at 11:50 in Berlin.
const SAID: &str = "Nothing is due, Ms Marsh. I will send you all the details later today and call you back next week.";

fn turn(participant: SentimentParticipant, text: &str) -> ScoredTurn {
    ScoredTurn {
        text: text.to_owned(),
        participant: participant.into(),
        ..ScoredTurn::default()
    }
}

fn agent(text: &str) -> ScoredTurn {
    turn(SentimentParticipant::Agent, text)
}

/// A record in which promises are looked for in what was said.
fn heard(mut contact: Interaction, turns: Vec<ScoredTurn>) -> RecordInteractionRequest {
    contact.customer.as_mut().unwrap().time_zone = "Europe/Berlin".to_owned();
    let scoring = Scoring {
        turns,
        find_promises: true,
        ..Scoring::default()
    };
    RecordInteractionRequest {
        scoring: Some(scoring),
        ..request(contact)
    }
}

fn end_of(date: &str) -> Option<DueSpec> {
    let day = EndOfLocalDay {
        date: date.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
    };
    Some(DueSpec {
        spec: Some(Spec::EndOfLocalDay(day)),
    })
}

fn kinds(proposed: &[ProposedPromise]) -> Vec<CommitmentKind> {
    proposed.iter().map(ProposedPromise::kind).collect()
}

#[tokio::test]
async fn what_an_agent_said_and_did_not_list_is_proposed_once() {
    let fixture = Fixture::new().await;
    let turns = vec![
        turn(
            SentimentParticipant::Customer,
            "I will call you back tomorrow!",
        ),
        agent(SAID),
    ];
    let sent = heard(interaction(&id(1)), turns);
    let first = fixture.record(sent.clone()).await.unwrap();
    let expected = [CommitmentKind::SendInfo, CommitmentKind::CallBack];
    assert_eq!(kinds(&first.proposed), expected);
    assert!(first.commitment_ids.is_empty());
    let warning = &first.warnings[0];
    assert_eq!(
        (&*warning.field, &*warning.reason, warning.count),
        ("interaction.no_follow_up_promised", "PROMISE_SAID", 2)
    );

    let drafts = fixture.promised();
    let [details, call] = &drafts[..] else {
        panic!("two promises, not {drafts:#?}");
    };
    assert_eq!(details.due, end_of("2026-05-04"));
    assert_eq!(call.due, end_of("2026-05-15"));
    assert_eq!(call.promise_text, "call you back next week");
    for draft in &drafts {
        assert_eq!(draft.origin(), CommitmentOrigin::Said);
        assert_eq!(draft.proposed_until, at(NOW_S + DAY_S));
        assert!(draft.told_to_customer && draft.due_resolution.is_some());
    }
    let finding = call.finding.clone().unwrap();
    let begin = SAID.find("call you back").unwrap();
    let expected = PromiseFinding {
        finder: "aftercall-promises".to_owned(),
        finder_version: "1".to_owned(),
        rule: "call_back.call_you".to_owned(),
        time_rule: "next_week".to_owned(),
        confidence_percent: 95,
        due_said: true,
        turn: 1,
        begin: u32::try_from(begin).unwrap(),
        end: u32::try_from(SAID.len() - 1).unwrap(),
    };
    assert_eq!(finding, expected);

    // What was said beside the promises is not kept.
    let logged = fixture.events().pop().unwrap().encode_to_vec();
    let word = b"Marsh";
    assert!(!logged.windows(word.len()).any(|part| part == word));

    let again = fixture.record(sent).await.unwrap();
    assert!(again.already_recorded);
    assert_eq!((again.proposed, again.dues), (first.proposed, first.dues));
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn what_the_record_lists_is_not_proposed_and_nobody_is_asked_who_did_not_ask() {
    let fixture = Fixture::new().await;
    // It lists a call back, due tomorrow at noon in Berlin.
    let said = "I'll call you back tomorrow. I'll email you the invoice. As I said, I'll call you tomorrow and I'll email you the invoice by five.";
    let answer = fixture
        .record(heard(with_promise(&id(1)), vec![agent(said)]))
        .await
        .unwrap();
    assert_eq!(kinds(&answer.proposed), [CommitmentKind::SendDocument]);
    assert_eq!(answer.commitment_ids.len(), 1);
    assert!(answer.warnings.is_empty());
    let drafts = fixture.promised();
    assert_eq!(drafts.len(), 2);
    assert_eq!(drafts[1].commitment_id, answer.proposed[0].commitment_id);
    let by_five = LocalDue {
        date: "2026-05-04".to_owned(),
        time: "17:00".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
    };
    let by_five = DueSpec {
        spec: Some(Spec::Local(by_five)),
    };
    assert_eq!(
        drafts[1].due,
        Some(by_five),
        "the time that was said counts"
    );

    let mut quiet = heard(interaction(&id(2)), vec![agent(SAID)]);
    quiet.scoring.as_mut().unwrap().find_promises = false;
    assert!(fixture.record(quiet).await.unwrap().proposed.is_empty());

    let mut import = heard(interaction(&id(3)), vec![agent(SAID)]);
    import.import_batch = "2025".to_owned();
    let refused = fixture.record(import).await.unwrap_err();
    let field = "scoring.find_promises".to_owned();
    assert_eq!(violations_of(&refused), [(field, "CONFLICTING".to_owned())]);
}

#[tokio::test]
async fn a_promise_without_a_time_is_due_when_the_policy_wants_it_done() {
    let fixture = Fixture::new().await;
    let said = vec![agent("We will send you the contract.")];
    let usual = fixture
        .record(heard(interaction(&id(1)), said.clone()))
        .await
        .unwrap();
    assert!(!usual.proposed[0].finding.as_ref().unwrap().due_said);
    assert_eq!(fixture.promised()[0].due, end_of("2026-05-05"));

    let office = Calendar {
        time_zone: "Europe/Paris".to_owned(),
        weekly: Some(work_week("09:00", "17:00")),
        ..Calendar::default()
    };
    let policy = FollowUpPolicy {
        internal_target: Some(since_made(8, "office")),
        ..FollowUpPolicy::default()
    };
    let settings = [
        ("office", Body::Calendar(office)),
        ("all", Body::FollowUpPolicy(policy)),
    ];
    for (revision, (name, body)) in (1..).zip(settings) {
        let mut setting = setting(name, body);
        setting.version = 1;
        let changed = setting_changed("acme", revision, setting, fixture.clock.now());
        fixture.log.append(vec![changed]).await.unwrap();
    }
    fixture.caught_up().await;
    fixture
        .record(heard(interaction(&id(2)), said))
        .await
        .unwrap();
    let draft: &CommitmentDraft = &fixture.promised()[0];
    let open = BusinessElapsed {
        duration: Some(Duration {
            seconds: 8 * HOUR_S,
            nanos: 0,
        }),
        calendar_id: "office".to_owned(),
    };
    let open = DueSpec {
        spec: Some(Spec::BusinessElapsed(open)),
    };
    assert_eq!(draft.due, Some(open));
    assert_eq!(draft.policy.as_ref().unwrap().policy_id, "all");
}

#[tokio::test]
async fn promises_are_found_without_a_record() {
    let fixture = Fixture::new().await;
    let ask = FindPromisesRequest {
        turns: vec![agent(SAID)],
        occurred_at: at(NOW_S),
        time_zone: "Europe/Berlin".to_owned(),
        ..FindPromisesRequest::default()
    };
    let mut crm = fixture.crm();
    let found = crm.find_promises(ask.clone()).await.unwrap().into_inner();
    let [details, call] = &found.promises[..] else {
        panic!("two promises, not {found:#?}");
    };
    assert_eq!(details.words, "I will send you all the details later today");
    assert_eq!(call.due, end_of("2026-05-15"));
    let promised_by = call.promised_by.as_ref().and_then(from_wire).unwrap();
    assert_eq!(promised_by.to_string(), "2026-05-15T22:00:00Z");
    assert!(fixture.log.is_empty());

    let wrong = FindPromisesRequest {
        turns: Vec::new(),
        time_zone: "Mars/Olympus".to_owned(),
        ..ask
    };
    let refused = crm.find_promises(wrong).await.unwrap_err();
    assert_eq!(
        violations_of(&refused),
        [
            ("turns".to_owned(), "REQUIRED".to_owned()),
            ("time_zone".to_owned(), "UNKNOWN_TIME_ZONE".to_owned())
        ]
    );
}
