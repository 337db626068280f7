//! What must hold for any bytes that come from outside: one function for each way in. None of them
//! may panic, whatever it is given; libFuzzer calls them (`targets/`), and so do the tests.

use aftercall::import::parse_line;
use aftercall_proto::recorder::v1::RecordInteractionRequest;

pub use aftercall_history::fuzzing::search;
pub use aftercall_log::fuzzing::frames;
pub use aftercall_view::fuzzing::tokens;

/// A line of an import is refused, or is a request that is the same again when it is written out.
pub fn import_line(data: &[u8]) {
    if let Ok(Some(request)) = parse_line(data) {
        // Once before: JSON has no form for a number that is none, and it is left out. The recorder
        // would refuse it.
        let request = written_and_read(&request);
        assert_eq!(request, written_and_read(&request));
    }
}

#[expect(clippy::expect_used, reason = "it is what is checked")]
fn written_and_read(request: &RecordInteractionRequest) -> RecordInteractionRequest {
    let written = serde_json::to_vec(request).expect("what was read can be written");
    let again = parse_line(&written).expect("what was written can be read");
    again.expect("what was written is no blank line")
}
