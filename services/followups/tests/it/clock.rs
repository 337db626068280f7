//! Wall clocks that jump.

use aftercall_log::testing::FaultyLog;
use std::sync::Arc;

use crate::stage::{Contact, Stage, at, promise, unwire};
use aftercall_service::Clock;

#[tokio::test]
async fn a_clock_that_is_set_back_fires_nothing_early_and_nothing_twice() {
    let stage = Stage::new();
    let running = stage.start().await;
    stage.record(&Contact::new(
        "i-1",
        vec![promise("first", at(100)), promise("next", at(150))],
    ));
    stage.clock.advance_to(at(101));
    running.until(|| stage.lapses().len() == 1).await;

    stage.clock.jump_to(at(11));
    stage.record(&Contact::new("i-2", vec![promise("between", at(50))]));
    running.caught_up(&stage).await;
    assert_eq!(stage.lapses().len(), 1, "at 11 again, nothing is due");
    stage.clock.advance_to(at(51));
    running.until(|| stage.lapses().len() == 2).await;
    // Past 100 for the second time, and then past 150 for the first.
    stage.clock.advance_to(at(120));
    stage.clock.advance_to(at(151));
    running.until(|| stage.lapses().len() == 3).await;

    let lapses = stage.lapses();
    let ids: Vec<_> = lapses.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["first", "between", "next"]);
    for (_, lapsed) in &lapses {
        let lapse = lapsed.lapse.unwrap();
        assert!(unwire(lapse.detected_at.as_ref()) > unwire(lapse.lapsed_at.as_ref()));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_while_the_tracker_waits_fires_nothing_early() {
    let stage = Arc::new(Stage::new());
    let log = FaultyLog::with_tails(stage.log.clone(), {
        let stage = Arc::clone(&stage);
        move || {
            // The tracker has seen that 100 has passed, and asks for all that came before.
            if stage.clock.now() == at(101) {
                stage.clock.jump_to(at(11));
                stage.record(&Contact::new("i-2", vec![promise("between", at(50))]));
            }
        }
    });
    let running = stage.start_on(Arc::new(log), "views").await;
    stage.record(&Contact::new("i-1", vec![promise("first", at(100))]));
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(101));
    running.until(|| stage.clock.now() == at(11)).await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(51));
    running.until(|| stage.lapses().len() == 1).await;
    stage.clock.advance_to(at(102));
    running.until(|| stage.lapses().len() == 2).await;
    let lapses = stage.lapses();
    let detected = lapses.iter().map(|(id, lapsed)| {
        let lapse = lapsed.lapse.as_ref().unwrap();
        (id.as_str(), unwire(lapse.detected_at.as_ref()))
    });
    assert!(detected.eq([("between", at(51)), ("first", at(102))]));
    running.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_lapses_once() {
    let stage = Stage::new();
    let running = stage.start().await;
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(100))]));
    running.caught_up(&stage).await;
    stage.clock.jump_to(at(5_000));
    running.until(|| stage.lapses().len() == 1).await;
    stage.clock.jump_to(at(0));
    assert_eq!(stage.clock.now(), at(0));
    stage.record(&Contact::new("i-2", vec![promise("c-2", at(200))]));
    stage.clock.advance_to(at(201));
    running.until(|| stage.lapses().len() == 2).await;
    running.caught_up(&stage).await;
    assert_eq!(running.get("c-1", "").await.lapses.len(), 1);
    running.stop().await;
}
