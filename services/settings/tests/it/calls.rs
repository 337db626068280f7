//! Call policies: one is in use, within bounds, and says what it leaves out.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{CallPolicy, Setting};
use pbjson_types::Duration;

use crate::world::{World, put_all, retired, set, wrong};

fn policy(id: &str, change: impl FnOnce(&mut CallPolicy)) -> Setting {
    let mut policy = CallPolicy::default();
    change(&mut policy);
    set(id, Body::CallPolicy(policy))
}

const fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

#[tokio::test]
async fn one_policy_is_in_use_and_says_all_of_it() {
    let world = World::new().await;
    let first = policy("calls", |it| it.back_within = seconds(300));
    let answer = world.change(put_all("r-1", [first])).await.unwrap();
    let Some(Body::CallPolicy(made)) = &answer.settings[0].body else {
        panic!("it is a call policy");
    };
    let expected = CallPolicy {
        display_name: String::new(),
        hang_up_on_hold_after: seconds(60),
        back_within: seconds(300),
        late_window: seconds(900),
        max_duration: seconds(8 * 3_600),
        wrap_up_within: seconds(2 * 3_600),
    };
    assert_eq!(*made, expected);
    let second = world.change(put_all("r-2", [policy("other", |_| {})]));
    let refused = second.await.unwrap_err();
    let field = "changes[0].setting.call_policy".to_owned();
    assert_eq!(wrong(&refused), [(field, "CONFLICTING".to_owned())]);
    assert!(refused.message().contains("calls"), "{refused}");
    // A new version of it is none beside it, and another one may take its place.
    let again = world.change(put_all("r-3", [policy("calls", |_| {})]));
    again.await.unwrap();
    let instead = [retired(policy("calls", |_| {})), policy("other", |_| {})];
    world.change(put_all("r-4", instead)).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn times_that_make_no_sense_are_refused_by_their_fields() {
    let world = World::new().await;
    let wild = policy("calls", |it| {
        it.hang_up_on_hold_after = seconds(0);
        it.back_within = seconds(86_401);
        it.late_window = seconds(59);
        it.max_duration = seconds(599);
        it.wrap_up_within = Some(Duration {
            seconds: 60,
            nanos: 1,
        });
    });
    let refused = world.change(put_all("r-1", [wild])).await.unwrap_err();
    let mut fields: Vec<_> = wrong(&refused).into_iter().collect();
    fields.sort();
    let expected = [
        "back_within",
        "hang_up_on_hold_after",
        "late_window",
        "max_duration",
        "wrap_up_within",
    ];
    let expected = expected.map(|name| {
        let field = format!("changes[0].setting.call_policy.{name}");
        (field, "OUT_OF_RANGE".to_owned())
    });
    assert_eq!(fields, expected);
    world.stop().await;
}
