//! Who is back before they were called back after a dropped call, and who that is.

use aftercall_proto::model::v1::CommitmentLifecycle;
use aftercall_service::Clock;

use crate::drops::{
    assert_returned, begun, call_back, closed, contact, drop_call, house, inbound, lose,
};
use crate::following::when;
use crate::identifying::{identify, merge};
use crate::stage::{at, telephone, wire};

#[tokio::test]
async fn nobody_is_known_by_their_number_and_customers_who_are_one_by_each_other() {
    let stage = house().await;
    let running = stage.start().await;
    let other = contact(&stage, ("u-other", ""), |contact| {
        let customer = contact.customer.as_mut().unwrap();
        customer.handles = telephone("+4930999002").into_iter().collect();
        lose(contact);
    });
    stage.append(&other, "");
    drop_call(&stage, "u-1", "");
    drop_call(&stage, "u-2", "");
    drop_call(&stage, "i-3", "customer-3");
    let ids = [
        ("u-other", ""),
        ("u-1", ""),
        ("u-2", ""),
        ("i-3", "customer-3"),
    ];
    let [other, first, second, third] = ids.map(|(id, customer)| call_back(id, customer));
    for id in [&other, &first, &second, &third] {
        begun(&running, &stage, id).await;
    }
    // One of the two turns out to be somebody, who has another number today; the other one calls from theirs.
    stage.clock.advance_to(at(700));
    identify(&stage, ("u-1", ""), 2, "customer-1");
    when(&running, &first, |shown| shown.customer_id == "customer-1").await;
    let elsewhere = contact(&stage, ("i-9", "customer-1"), |contact| {
        contact.occurred_at = wire(stage.clock.now());
        contact.customer.as_mut().unwrap().handles.clear();
    });
    stage.append(&elsewhere, "customer-1");
    assert_returned(&closed(&running, &stage, &first).await, "i-9");
    stage.clock.advance_to(at(710));
    inbound(&stage, "u-9", "");
    assert_returned(&closed(&running, &stage, &second).await, "u-9");
    let third = closed(&running, &stage, &third).await;
    assert_returned(&third, "u-9");

    // Customers may turn out to be one after the contact.
    stage.clock.advance_to(at(715));
    drop_call(&stage, "i-4", "customer-4");
    let fourth = call_back("i-4", "customer-4");
    begun(&running, &stage, &fourth).await;
    stage.clock.advance_to(at(720));
    inbound(&stage, "i-5", "customer-5");
    running.caught_up(&stage).await;
    assert_eq!(running.get(&fourth, "").await.version, 1);
    merge(&stage, ("customer-4", "customer-5"), 1, true);
    assert_returned(&closed(&running, &stage, &fourth).await, "i-5");
    let unknown = running.get(&other, "").await;
    assert_eq!(unknown.lifecycle(), CommitmentLifecycle::Active);
    running.stop().await;
}

#[tokio::test]
async fn who_was_back_before_the_drop_was_heard_of_is_not_called_back() {
    let stage = house().await;
    for (no, customer) in ["customer-1", ""].into_iter().enumerate() {
        let (back, lost) = (format!("back-{no}"), format!("lost-{no}"));
        stage.clock.advance_to(at(900 + no as i64));
        inbound(&stage, &back, customer);
        // It was over five minutes before.
        let late = contact(&stage, (&lost, customer), |contact| {
            lose(contact);
            contact.occurred_at = wire(at(400));
            contact.ended_at = wire(at(600));
        });
        stage.append(&late, customer);
    }
    let running = stage.start().await;
    let first = closed(&running, &stage, &call_back("lost-0", "customer-1")).await;
    assert_returned(&first, "back-0");
    assert_eq!(first.lapses, []);
    // Somebody of that number was back before the other one.
    let second = closed(&running, &stage, &call_back("lost-1", "")).await;
    assert_returned(&second, "back-0");
    running.stop().await;
}

#[tokio::test]
async fn who_is_back_in_time_is_no_lapse_though_it_is_heard_of_late() {
    let stage = house().await;
    let running = stage.start().await;
    drop_call(&stage, "i-1", "customer-1");
    let id = call_back("i-1", "customer-1");
    begun(&running, &stage, &id).await;
    running.stop().await;
    stage.clock.advance_to(at(700));
    inbound(&stage, "i-2", "customer-1");
    stage.clock.advance_to(at(10_000));
    let running = stage.start().await;
    let shown = closed(&running, &stage, &id).await;
    assert_returned(&shown, "i-2");
    assert_eq!((shown.lapses.len(), stage.lapses().len()), (0, 0));
    running.stop().await;
}
