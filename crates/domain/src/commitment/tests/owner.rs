//! Who keeps a promise, who lets it go, and what was only proposed.

use super::*;

fn give(to: Owner, accept_within: Option<i64>) -> Reassign {
    Reassign {
        to,
        to_team_id: "t-2".to_owned(),
        at_once: accept_within.is_none(),
        accept_within: accept_within.map(SignedDuration::from_secs),
    }
}

fn to_agent(id: &str) -> Owner {
    Owner::Agent(id.to_owned())
}

fn supervisor(id: &str) -> Actor<'_> {
    let standing = Standing {
        supervisor: true,
        ..Standing::default()
    };
    Actor { id, standing }
}

fn fire(promise: &mut Commitment, now: Timestamp) {
    let (_, event) = promise.fire("timer", now, &calendars()).unwrap();
    assert_eq!(promise.apply(&event), Folded::Applied);
}

#[test]
fn the_owner_answers_until_another_has_accepted() {
    let mut promise = Commitment::new(made());
    let event = promise.reassign(give(to_agent("ben"), Some(600)), agent(OWNER), at(10));
    apply(&mut promise, event);
    assert_eq!(promise.owner, Some(to_agent(OWNER)));
    let parties: Vec<_> = promise.parties().collect();
    assert!(
        parties.contains(&Party::Agent("ben")),
        "they see what they are asked to keep"
    );
    let again = promise.reassign(give(to_agent("ben"), Some(600)), agent(OWNER), at(11));
    assert_eq!(again, Err(Refusal::AlreadyTheirs));
    let another = promise.accept_handover(agent("carl"), at(20));
    assert_eq!(another, Err(Refusal::NotPermitted(Permission::Accept)));
    let event = promise.accept_handover(agent("ben"), at(20));
    apply(&mut promise, event);
    assert_eq!(promise.owner, Some(to_agent("ben")));
    assert_eq!(
        (promise.owner_team_id.as_str(), &promise.handover),
        ("t-2", &None)
    );
}

#[test]
fn what_nobody_accepts_stays_with_its_owner() {
    let asked = || {
        let mut promise = Commitment::new(made());
        let event = promise.reassign(give(to_agent("ben"), Some(600)), lead(), at(10));
        apply(&mut promise, event);
        promise
    };
    let mut timed_out = asked();
    assert_eq!(timed_out.watched_until(), Some(at(610)));
    fire(&mut timed_out, at(611));
    assert_eq!(
        (&timed_out.handover, &timed_out.owner),
        (&None, &Some(to_agent(OWNER)))
    );
    for (actor, end) in [
        (agent("ben"), HandoverEnd::Declined),
        (lead(), HandoverEnd::Withdrawn),
        (agent(OWNER), HandoverEnd::Withdrawn),
    ] {
        let event = asked().end_handover(actor, at(20)).unwrap();
        assert_eq!(event.change, Change::HandoverEnded(end));
    }
    let none = asked().end_handover(agent("carl"), at(20));
    assert_eq!(none, Err(Refusal::NotPermitted(Permission::Accept)));
}

#[test]
fn who_may_give_a_promise_away() {
    let promise = Commitment::new(made());
    let tried = |wish, actor| {
        promise
            .reassign(wish, actor, at(10))
            .map(|event| event.change)
    };
    let refused = |permission| Err(Refusal::NotPermitted(permission));
    let at_once = || give(to_agent("ben"), None);
    assert_eq!(
        tried(at_once(), agent("carl")),
        refused(Permission::Reassign)
    );
    assert_eq!(
        tried(at_once(), agent(OWNER)),
        refused(Permission::ReassignAtOnce)
    );
    let theirs = |to| {
        Ok(Change::Reassigned {
            to,
            to_team_id: "t-2".to_owned(),
        })
    };
    assert_eq!(tried(at_once(), lead()), theirs(to_agent("ben")));
    let queue = Owner::Queue("q-1".to_owned());
    let wish = give(queue.clone(), Some(600));
    assert_eq!(tried(wish, agent(OWNER)), theirs(queue));
    let nobodys = Commitment::new(Made {
        owner: None,
        ..made()
    });
    let taken = nobodys.reassign(give(to_agent("carl"), Some(9)), agent("carl"), at(10));
    assert_eq!(taken.unwrap().change, theirs(to_agent("carl")).unwrap());
}

#[test]
fn it_takes_two_to_let_a_promise_go() {
    let mut promise = Commitment::new(made());
    let early = promise.waive(String::new(), supervisor("sue"), at(5));
    assert_eq!(early, Err(Refusal::NoWaiver));
    let event = promise.ask_waiver("moot".to_owned(), supervisor("sue"), at(10));
    apply(&mut promise, event);
    let own = promise.waive(String::new(), supervisor("sue"), at(20));
    assert_eq!(own, Err(Refusal::NotPermitted(Permission::WaiveOnesOwn)));
    let by_lead = promise.waive(String::new(), lead(), at(20));
    assert_eq!(by_lead, Err(Refusal::NotPermitted(Permission::Waive)));
    let event = promise.waive("agreed".to_owned(), supervisor("tom"), at(4_000));
    apply(&mut promise, event);
    assert_eq!(promise.lifecycle, Lifecycle::Waived);
    assert_eq!(promise.outcome, Some(Outcome::NotApplicable));
    assert_eq!(promise.lapses.len(), 1, "the due had passed all the same");

    let regulatory = Commitment::new(Made {
        kind: CommitmentKind::RegulatoryAck,
        ..made()
    });
    let mut regulatory = regulatory;
    let event = regulatory.ask_waiver(String::new(), lead(), at(10));
    apply(&mut regulatory, event);
    let refused = regulatory.waive(String::new(), supervisor("tom"), at(20));
    assert_eq!(refused, Err(Refusal::NotPermitted(Permission::Waive)));
    let standing = Standing {
        compliance_officer: true,
        ..Standing::default()
    };
    let officer = Actor {
        id: "cleo",
        standing,
    };
    assert!(regulatory.waive(String::new(), officer, at(20)).is_ok());
    let event = regulatory.decline_waiver("no".to_owned(), officer, at(20));
    apply(&mut regulatory, event);
    assert_eq!(regulatory.waiver, None);
    assert!(regulatory.is_open());
}

#[test]
fn a_proposal_is_no_promise_until_it_is_confirmed() {
    let proposed = || {
        Commitment::new(Made {
            proposed_until: Some(at(1_000)),
            ..made()
        })
    };
    let mut confirmed = proposed();
    assert!(!confirmed.is_open());
    assert_eq!(
        confirmed.watched_until(),
        Some(at(1_000)),
        "and its due is not watched"
    );
    let early = confirmed.fulfil(done(at(10)), lead(), at(10));
    assert_eq!(early, Err(Refusal::NotConfirmed));
    let event = confirmed.confirm(agent(OWNER), at(20));
    apply(&mut confirmed, event);
    assert_eq!(confirmed.watched_until(), Some(at(3_600)));
    assert_eq!(
        confirmed.confirm(agent(OWNER), at(30)),
        Err(Refusal::NotProposed)
    );

    let mut dismissed = proposed();
    let event = dismissed.dismiss("small talk".to_owned(), agent(OWNER), at(20));
    apply(&mut dismissed, event);
    assert_eq!(dismissed.outcome, Some(Outcome::NotApplicable));
    assert_eq!(dismissed.lapses, []);

    let mut forgotten = proposed();
    fire(&mut forgotten, at(1_001));
    assert_eq!(forgotten.lifecycle, Lifecycle::Expired);
    assert_eq!(forgotten.outcome, Some(Outcome::NotApplicable));
}

#[test]
fn another_promise_takes_its_place() {
    let mut promise = Commitment::new(made());
    let wish = |id: &str| Supersede {
        by_commitment_id: id.to_owned(),
        reason: "said twice".to_owned(),
    };
    let itself = promise.supersede(wish("c-1"), agent(OWNER), at(10));
    assert_eq!(itself, Err(Refusal::SupersededByItself));
    let event = promise.supersede(wish("c-2"), agent(OWNER), at(10));
    apply(&mut promise, event);
    assert_eq!(promise.superseded_by.as_deref(), Some("c-2"));
    assert_eq!(promise.lifecycle, Lifecycle::Superseded);
    let twice = promise.supersede(wish("c-2"), agent(OWNER), at(11));
    assert_eq!(twice, Err(Refusal::AlreadyClosed));
}
