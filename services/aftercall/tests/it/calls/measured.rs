//! What history says of each call comes to what insight says of all of them.

use aftercall_proto::insight::v1::{AggregateRequest, Measures};
use aftercall_proto::model::v1::{CallMeasures, Direction, Transfer, TransferKind};
use pbjson_types::Duration as WireDuration;

use super::*;

impl House {
    /// One of many calls: some are given up, some are answered, some of these are handed to another queue and given up
    /// there, some are ours.
    fn one_of_many(&self, n: i64) -> Vec<CallEvent> {
        let event = |second: i64, kind: Kind| CallEvent {
            call_id: format!("many-{n}"),
            ..self.event(second, kind)
        };
        let by = |second: i64, kind: Kind| CallEvent {
            agent_id: "ana".to_owned(),
            hold_reason: HoldReason::Lookup.into(),
            ..event(second, kind)
        };
        let queued = |second: i64, queue: &str| CallEvent {
            queue_id: queue.to_owned(),
            ..event(second, Kind::Queued)
        };
        let mut all = vec![CallEvent {
            direction: direction(n).into(),
            ..event(0, Kind::Started)
        }];
        let mut at = n % 11;
        all.push(queued(0, "sales"));
        if n % 3 > 0 {
            all.push(by(at, Kind::Answered));
            all.push(by(at + 20, Kind::Held));
            all.push(by(at + 20 + n, Kind::Resumed));
            at += 80;
            if n % 5 == 0 {
                let transfer = Transfer {
                    kind: TransferKind::Cold.into(),
                    ..Transfer::default()
                };
                all.push(CallEvent {
                    transfer: Some(transfer),
                    ..by(at, Kind::Transferred)
                });
                all.push(queued(at + 1, "billing"));
                at += 3;
            }
            all.push(by(at + 10, Kind::AcwBegan));
            all.push(by(at + 10 + n, Kind::AcwEnded));
        }
        all.push(event(at, Kind::Ended));
        all
    }
}

fn direction(n: i64) -> Direction {
    match n % 7 {
        6 => Direction::Outbound,
        _ => Direction::Inbound,
    }
}

/// What calls come to together, as far as both services say it.
fn sum(of: impl Iterator<Item = CallMeasures>) -> Measures {
    let ms = |time: Option<WireDuration>| {
        let time = time.unwrap_or_default();
        time.seconds * 1_000 + i64::from(time.nanos) / 1_000_000
    };
    let mut all = Measures::default();
    for one in of {
        all.contacts += 1;
        all.abandoned += i64::from(one.abandoned);
        all.short_abandoned += i64::from(one.short_abandon);
        all.queue_wait_ms += ms(one.queue_wait);
        all.talk_ms += ms(one.talk_time);
        all.hold_ms += ms(one.hold_time);
        all.holds += i64::from(one.hold_count);
        all.longest_hold_ms = all.longest_hold_ms.max(ms(one.longest_hold));
        all.after_call_ms += ms(one.acw_time);
        all.handle_ms += ms(one.handle_time);
        all.transfers += i64::from(one.transfer_count);
    }
    all
}

/// The same of what insight says.
fn compared(all: &Measures) -> Measures {
    Measures {
        contacts: all.contacts,
        abandoned: all.abandoned,
        short_abandoned: all.short_abandoned,
        queue_wait_ms: all.queue_wait_ms,
        talk_ms: all.talk_ms,
        hold_ms: all.hold_ms,
        holds: all.holds,
        longest_hold_ms: all.longest_hold_ms,
        after_call_ms: all.after_call_ms,
        handle_ms: all.handle_ms,
        transfers: all.transfers,
        ..Measures::default()
    }
}

#[tokio::test]
async fn one_definition_measures_each_call_and_all_of_them() {
    in_a_house(|house| async move {
        let mut told = Vec::new();
        for n in 0..42 {
            let id = house.told(house.one_of_many(n)).await;
            // Whether somebody records it makes no difference.
            if n % 2 == 0 {
                let mut record = contact(house.began_at);
                record.interaction_id = id.clone();
                record.direction = direction(n).into();
                let request = RecordInteractionRequest {
                    interaction: Some(record),
                    ..RecordInteractionRequest::default()
                };
                house.client.call(request).await.unwrap();
            }
            told.push(house.get(&id).await.call.unwrap().measures.unwrap());
        }
        let request = AggregateRequest {
            latest: true,
            ..AggregateRequest::default()
        };
        let answer = house.client.call(request).await.unwrap();
        let (total, definitions) = (answer.total.unwrap(), answer.definitions.unwrap());
        assert!(total.abandoned > total.short_abandoned && total.short_abandoned > 0);
        assert_eq!((total.contacts, total.unrecorded), (42, 21));
        assert!(
            told.iter()
                .all(|one| one.definitions == definitions.version)
        );
        assert_eq!(compared(&total), sum(told.into_iter()));
    })
    .await;
}
