//! What must hold for any bytes that come from outside: one function for each way in. None of them
//! may panic, whatever it is given; libFuzzer calls them (`targets/`), and so do the tests.

use std::sync::LazyLock;

use aftercall::connect::read_any;
use aftercall::import::parse_line;
use aftercall_domain::handle::look_up;
use aftercall_domain::{Handle, HandleKind};
use aftercall_proto::elements::Elements;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use prost::Message;
use prost_types::FileDescriptorSet;

pub use aftercall_history::fuzzing::{customers, search};
pub use aftercall_log::fuzzing::{frames, notes};
pub use aftercall_settings::fuzzing::feed;
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

/// What a telephone system says means a bounded number of events, whatever it is.
pub fn connect(data: &[u8]) {
    let events = read_any(data);
    assert!(
        events <= 4 * data.len(),
        "{events} events of {} bytes",
        data.len()
    );
}

#[expect(clippy::expect_used, reason = "it is what is checked")]
fn written_and_read(request: &RecordInteractionRequest) -> RecordInteractionRequest {
    let written = serde_json::to_vec(request).expect("what was read can be written");
    let again = parse_line(&written).expect("what was written can be read");
    again.expect("what was written is no blank line")
}

/// Countries whose ways of dialling differ, and none.
const COUNTRIES: [&str; 6] = ["", "DE", "US", "IT", "RU", "AR"];

/// A number, address or name has one form, which is its own form, and whatever is recorded of it is
/// found by what was sent. `data` is the kind, where a number is dialled, and the text.
pub fn handles(data: &[u8]) {
    let [kind, country, text @ ..] = data else {
        return;
    };
    let kind = HandleKind::ALL[usize::from(*kind) % HandleKind::ALL.len()];
    let country = COUNTRIES[usize::from(*country) % COUNTRIES.len()];
    let country = country.parse().ok();
    let text = String::from_utf8_lossy(text);
    let mut handle = Handle {
        kind,
        value: text.clone().into_owned(),
        display_form: String::new(),
    };
    handle.canonicalise(country);
    let form = handle.value.clone();
    assert_eq!(kind.canonical(&form, country), form, "a form is its own");
    let kept: Vec<String> = handle.keys().collect();
    let mut names = kept.iter().filter_map(|key| Some(key.split_once(':')?.1));
    assert!(names.all(|name| !name.is_empty()), "a key has a name");
    for kind in [Some(kind), None] {
        for spelled in [&*text, &*form] {
            let asked = look_up(kind, spelled, country);
            let is_found = kept.iter().any(|key| asked.contains(key));
            assert!(kept.is_empty() || is_found, "{spelled:?} is not found");
        }
    }
}

/// Of the elements of a message no more are decoded than were counted.
pub fn elements(data: &[u8]) {
    static ELEMENTS: LazyLock<Elements> = LazyLock::new(|| {
        let described = FileDescriptorSet::decode(aftercall_proto::DESCRIPTORS);
        let described: Vec<_> = described.into_iter().collect();
        Elements::new(&described)
    });
    let Some(request) = ELEMENTS.of("/aftercall.recorder.v1.RecorderService/RecordInteraction")
    else {
        return;
    };
    let counted = request.count(data, usize::MAX).unwrap_or(usize::MAX);
    let decoded = RecordInteractionRequest::decode(data).ok();
    let interaction = decoded.and_then(|request| request.interaction);
    let held = interaction.map_or(0, |it| {
        it.segments.len() + it.labels.len() + it.commitments.len()
    });
    assert!(held <= counted, "{held} elements, {counted} counted");
}
