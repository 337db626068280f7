//! Answers say how far they are complete by a position and by a time.

use aftercall_proto::DESCRIPTORS;
use prost_reflect::{DescriptorPool, Kind};

#[test]
fn whoever_tells_the_position_of_an_answer_tells_its_time() {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let mut answers = 0;
    for message in pool.all_messages() {
        if message.get_field_by_name("complete_through").is_none() {
            continue;
        }
        answers += 1;
        let time = message.get_field_by_name("complete_through_at");
        let kind = time.map(|field| field.kind());
        let is_time = matches!(
            &kind,
            Some(Kind::Message(of)) if of.full_name() == "google.protobuf.Timestamp"
        );
        assert!(
            is_time,
            "{} needs `google.protobuf.Timestamp complete_through_at` beside `complete_through`",
            message.full_name()
        );
    }
    assert!(answers > 50, "{answers} answers tell how far they go");
}
