//! What is wrong with a setting whatever else there is.

use super::*;
use crate::due::{StageBasis, WarnStage};

fn policy(change: impl FnOnce(&mut FollowUpPolicy)) -> Body {
    let mut policy = FollowUpPolicy::default();
    change(&mut policy);
    Body::FollowUpPolicy(policy)
}

fn stage(id: &str) -> WarnStage {
    WarnStage {
        id: id.to_owned(),
        basis: StageBasis::PercentElapsed(50),
    }
}

#[test]
fn a_policy_that_says_nothing_is_for_all_promises_and_gives_them_90_days() {
    let mut body = policy(|_| {});
    assert_eq!(wrong(body.clone()), []);
    body.clean(FieldPath::ROOT, &mut Cleaner::default());
    let Body::FollowUpPolicy(policy) = body else {
        panic!("a policy stays one");
    };
    assert_eq!(policy.expire_after, Some(90 * 24 * HOUR));
}

#[test]
fn a_policy_is_refused_for_each_field_that_is_wrong() {
    use Reason::{Conflicting, Malformed, OutOfRange, Required, TooLong, TooMany};
    let with = |filter: PromiseFilter| policy(|policy| policy.applies_to = filter);
    let many: Vec<_> = (0..201).map(|no| no.to_string()).collect();
    let queues = |queue_ids| {
        with(PromiseFilter {
            queue_ids,
            ..PromiseFilter::default()
        })
    };
    assert_wrong(queues(many), "applies_to.queue_ids", TooMany);
    assert_wrong(queues(ids(&["a", ""])), "applies_to.queue_ids[1]", Required);
    assert_wrong(
        queues(ids(&["a", "b", "a"])),
        "applies_to.queue_ids[2]",
        Conflicting,
    );
    assert_wrong(
        queues(vec!["q".repeat(129)]),
        "applies_to.queue_ids[0]",
        TooLong,
    );
    assert_wrong(queues(ids(&["a\nb"])), "applies_to.queue_ids[0]", Malformed);
    let languages = ids(&["de", "Deutsch_"]);
    let spoken = with(PromiseFilter {
        languages,
        ..PromiseFilter::default()
    });
    assert_wrong(spoken, "applies_to.languages[1]", Malformed);
    for (span, days) in [
        (SignedDuration::ZERO, "nothing"),
        (-HOUR, "less"),
        (24 * 31 * HOUR, "more"),
    ] {
        let late = policy(|policy| policy.accept_within = Some(span));
        assert_eq!(
            wrong(late),
            [("accept_within".to_owned(), OutOfRange)],
            "{days}"
        );
    }
    let late = policy(|policy| policy.call_back_within = Some(24 * 31 * HOUR));
    assert_wrong(late, "call_back_within", OutOfRange);
    let late = policy(|policy| policy.expire_after = Some(24 * 1_096 * HOUR));
    assert_wrong(late, "expire_after", OutOfRange);
    let long = policy(|policy| policy.display_name = "n".repeat(513));
    assert_wrong(long, "display_name", TooLong);
    let target = |time| policy(|policy| policy.internal_target = Some(TargetRule::BeforeDue(time)));
    assert_wrong(
        target(open_time(HOUR, "")),
        "internal_target.before_due.calendar_id",
        Required,
    );
    assert_wrong(
        target(open_time(-HOUR, "c")),
        "internal_target.before_due.duration",
        OutOfRange,
    );
}

#[test]
fn stages_have_names_of_their_own_and_a_clock() {
    use Reason::{Conflicting, Required, TooMany};
    let twice = policy(|policy| policy.promise_stages = vec![stage("a"), stage("a")]);
    assert_wrong(twice, "promise_stages[1]", Conflicting);
    let many = policy(|policy| {
        policy.promise_stages = (0..11).map(|no| stage(&no.to_string())).collect();
    });
    assert_wrong(many, "promise_stages", TooMany);
    let nameless = policy(|policy| policy.promise_stages = vec![stage("")]);
    assert_wrong(nameless, "promise_stages[0].stage_id", Required);
    let no_target = policy(|policy| policy.target_stages = vec![stage("a")]);
    assert_wrong(no_target, "target_stages", Conflicting);
    let both = policy(|policy| {
        policy.internal_target = Some(TargetRule::SinceMade(open_time(HOUR, "c")));
        policy.promise_stages = vec![stage("a")];
        policy.target_stages = vec![stage("b"), stage("a")];
    });
    assert_wrong(both, "target_stages[1].stage_id", Conflicting);
}

#[test]
fn what_counts_as_done_can_be_done() {
    use Reason::{Conflicting, OutOfRange};
    let tried = |attempts, distinct_dayparts| {
        policy(|policy| {
            policy.fulfilment = FulfilmentPolicy::Attempted {
                attempts,
                min_gap: HOUR,
                distinct_dayparts,
            };
        })
    };
    for (attempts, dayparts) in [(1, 0), (1, 1), (3, 3), (20, 3)] {
        assert_eq!(wrong(tried(attempts, dayparts)), []);
    }
    assert_wrong(tried(0, 0), "fulfilment.attempted.attempts", OutOfRange);
    assert_wrong(tried(21, 0), "fulfilment.attempted.attempts", OutOfRange);
    assert_wrong(
        tried(5, 4),
        "fulfilment.attempted.distinct_dayparts",
        OutOfRange,
    );
    assert_wrong(
        tried(1, 2),
        "fulfilment.attempted.distinct_dayparts",
        Conflicting,
    );
    let reached =
        |min_talk| policy(|policy| policy.fulfilment = FulfilmentPolicy::Reached { min_talk });
    assert_eq!(wrong(reached(SignedDuration::ZERO)), []);
    assert_wrong(
        reached(25 * HOUR),
        "fulfilment.reached.min_talk",
        OutOfRange,
    );
    assert_wrong(reached(-HOUR), "fulfilment.reached.min_talk", OutOfRange);
}

#[test]
fn an_escalation_tells_somebody_on_each_level_and_at_its_end() {
    use Reason::{Conflicting, OutOfRange, Required, TooMany};
    let with = |change: fn(&mut EscalationPolicy)| {
        let mut policy = escalation();
        change(&mut policy);
        Body::EscalationPolicy(policy)
    };
    assert_eq!(wrong(with(|_| {})), []);
    assert_wrong(with(|policy| policy.levels.clear()), "levels", Required);
    assert_wrong(
        with(|policy| policy.levels[1].targets.clear()),
        "levels[1].targets",
        Required,
    );
    assert_wrong(
        with(|policy| policy.num_loops = 11),
        "num_loops",
        OutOfRange,
    );
    assert_wrong(
        with(|policy| policy.catch_all_receiver_id.clear()),
        "catch_all_receiver_id",
        Required,
    );
    let twice = with(|policy| {
        let first = policy.levels[0].targets[0].clone();
        policy.levels[0].targets.push(first);
    });
    assert_wrong(twice, "levels[0].targets[1]", Conflicting);
    let nobody =
        with(|policy| policy.levels[0].targets[0] = EscalationTarget::Agent(String::new()));
    assert_wrong(nobody, "levels[0].targets[0].agent_id", Required);
    let (owner, owners) = (EscalationTarget::Owner, EscalationTarget::OwnerTeam);
    let whoever = |targets: Vec<EscalationTarget>| {
        let mut policy = escalation();
        policy.levels[0].targets = targets;
        Body::EscalationPolicy(policy)
    };
    assert_eq!(wrong(whoever(vec![owner.clone(), owners])), []);
    let twice = whoever(vec![owner.clone(), owner]);
    assert_wrong(twice, "levels[0].targets[1]", Conflicting);
    let at_once = with(|policy| policy.levels[0].delay = Delay::Wall(SignedDuration::ZERO));
    assert_wrong(at_once, "levels[0].wall", OutOfRange);
    let far = with(|policy| policy.levels[0].delay = Delay::Business(open_time(HOUR, "")));
    assert_wrong(far, "levels[0].business.calendar_id", Required);
    let levels = with(|policy| policy.levels = vec![policy.levels[0].clone(); 11]);
    assert_wrong(levels, "levels", TooMany);
}

#[test]
fn a_team_names_each_of_its_people_once_and_its_leads_are_told() {
    use Reason::{Conflicting, Required, TooLong, TooMany};
    let with = |change: fn(&mut Team)| {
        let mut team = Team {
            member_ids: ids(&["a", "b"]),
            ..Team::default()
        };
        change(&mut team);
        team
    };
    let told = |team: Team| team.told().to_vec();
    assert_eq!(told(with(|_| {})), ids(&["a", "b"]));
    assert_eq!(told(with(|team| team.lead_ids = ids(&["c"]))), ids(&["c"]));
    for (team, field, reason) in [
        (
            with(|team| team.member_ids = ids(&["a", "a"])),
            "member_ids[1]",
            Conflicting,
        ),
        (
            with(|team| team.lead_ids = ids(&[""])),
            "lead_ids[0]",
            Required,
        ),
        (
            with(|team| team.queue_ids = (0..201).map(|no| no.to_string()).collect()),
            "queue_ids",
            TooMany,
        ),
        (
            with(|team| team.site_id = "s".repeat(129)),
            "site_id",
            TooLong,
        ),
    ] {
        assert_wrong(Body::Team(team), field, reason);
    }
    assert_eq!(wrong(Body::Team(Team::default())), []);
}
