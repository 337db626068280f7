//! Calls of long ago, as an old log tells of them: history, and nobody's work.

use super::*;

/// When they were, in seconds after the others began.
const LONG_AGO_S: i64 = -40 * 86_400;

#[tokio::test]
async fn a_call_of_long_ago_is_never_live_and_asks_nobody_for_its_wrap_up() {
    in_a_house(|house| async move {
        let mut answers = house.watch();
        // It has begun before anything is told.
        answers.try_next().await.unwrap();
        let old = vec![
            house.event(LONG_AGO_S, Kind::Started),
            house.by(LONG_AGO_S + 20, Kind::Answered, "ana"),
            house.event(LONG_AGO_S + 200, Kind::Ended),
        ];
        let old = house.told(old).await;
        // One of a few hours ago is not live any more either, but its wrap-up is still asked for.
        let of_today = [
            house.event(-4 * 3_600, Kind::Started),
            house.by(-4 * 3_600 + 20, Kind::Answered, "ana"),
            house.event(-4 * 3_600 + 200, Kind::Ended),
        ];
        let of_today = of_today.map(|event| CallEvent {
            call_id: "78".to_owned(),
            ..event
        });
        let of_today = house.told(of_today.into()).await;
        let shown = house.get(&old).await;
        let call = shown.call.unwrap();
        assert!(call.never_wrapped_up && !call.never_ended);
        let status = shown.interaction.unwrap().record_status();
        assert_eq!(status, RecordStatus::Incomplete);
        house.clock.advance(Duration::from_secs(3_600));
        let listed = loop {
            let listed = house.incomplete().await;
            if !listed.is_empty() {
                break listed;
            }
            tokio::task::yield_now().await;
        };
        let listed: Vec<_> = listed.iter().map(|call| &*call.interaction_id).collect();
        assert_eq!(listed, [of_today.as_str()]);
        // The first call that a watch tells of as live is one that begins now.
        let live = CallEvent {
            call_id: "79".to_owned(),
            ..house.event(3_700, Kind::Started)
        };
        let live = house.told(vec![live]).await;
        loop {
            let answer = next(&mut answers).await;
            let call = answer.call.unwrap();
            if call.interaction_id == live {
                break;
            }
            assert!(answer.left || call.interaction_id == of_today, "{call:?}");
        }
    })
    .await;
}
