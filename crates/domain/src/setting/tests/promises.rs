//! Which promises a policy is for.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::commitment::{CommitmentKind, Priority};
use crate::interaction::Channel;

const KINDS: [CommitmentKind; 3] = [
    CommitmentKind::CallBack,
    CommitmentKind::Refund,
    CommitmentKind::Other,
];
const PRIORITIES: [Priority; 3] = [Priority::P1, Priority::P2, Priority::P3];
const CHANNELS: [Channel; 3] = [Channel::Voice, Channel::Chat, Channel::Email];
const CODES: [&str; 3] = ["a", "b", ""];
const LANGUAGES: [&str; 6] = ["de", "de-CH", "de-CH-1996", "den", "en", ""];

/// The last value of each list is never asked for, so that there is always a promise that a list leaves out.
fn some<T: Clone + fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = Vec<T>> + use<T> {
    let values = values[..values.len() - 1].to_vec();
    let most = values.len();
    prop_oneof![
        2 => Just(Vec::new()),
        1 => subsequence(values, 1..=most),
    ]
}

fn texts(values: &[&'static str]) -> impl Strategy<Value = Vec<String>> + use<> {
    some(values).prop_map(|some| some.into_iter().map(str::to_owned).collect())
}

prop_compose! {
    fn filter()(
        kinds in some(&KINDS),
        kind_codes in texts(&CODES),
        priorities in some(&PRIORITIES),
        team_ids in texts(&CODES),
        site_ids in texts(&CODES),
        queue_ids in texts(&CODES),
        channels in some(&CHANNELS),
        languages in texts(&LANGUAGES),
        told_to_customer in any::<Option<bool>>(),
    ) -> PromiseFilter {
        PromiseFilter { kinds, kind_codes, priorities, team_ids, site_ids, queue_ids, channels, languages, told_to_customer }
    }
}

prop_compose! {
    fn promise()(
        kind in proptest::sample::select(&KINDS[..]),
        priority in proptest::sample::select(&PRIORITIES[..]),
        codes in proptest::array::uniform4(proptest::sample::select(&CODES[..])),
        channel in proptest::option::of(proptest::sample::select(&CHANNELS[..])),
        language in proptest::sample::select(&LANGUAGES[..]),
        told_to_customer in any::<bool>(),
    ) -> PromiseFacts<'static> {
        let [kind_code, team_id, site_id, queue_id] = codes;
        PromiseFacts { kind, kind_code, priority, team_id, site_id, queue_id, channel, language, told_to_customer }
    }
}

/// Of each list that is not empty, one value must fit.
fn fits(filter: &PromiseFilter, promise: &PromiseFacts<'_>) -> bool {
    let text = |list: &[String], value: &str| list.is_empty() || list.contains(&value.to_owned());
    let language = |range: &String| {
        promise.language == range || promise.language.starts_with(&format!("{range}-"))
    };
    let channel = || {
        filter
            .channels
            .iter()
            .any(|one| promise.channel == Some(*one))
    };
    [
        filter.kinds.is_empty() || filter.kinds.contains(&promise.kind),
        text(&filter.kind_codes, promise.kind_code),
        filter.priorities.is_empty() || filter.priorities.contains(&promise.priority),
        text(&filter.team_ids, promise.team_id),
        text(&filter.site_ids, promise.site_id),
        text(&filter.queue_ids, promise.queue_id),
        filter.channels.is_empty() || channel(),
        filter.languages.is_empty() || filter.languages.iter().any(language),
        filter.told_to_customer != Some(!promise.told_to_customer),
    ]
    .into_iter()
    .all(|fits| fits)
}

/// A promise that a filter matches, and that lies outside of another one in one thing, if that can be: for each thing,
/// a value of the filter's own, or one that it leaves open.
fn witnesses(filter: &PromiseFilter) -> Vec<PromiseFacts<'_>> {
    fn pick<'a>(list: &'a [String], open: &'a str) -> Vec<&'a str> {
        match list.is_empty() {
            true => vec![open],
            false => list.iter().map(String::as_str).collect(),
        }
    }
    let kind = filter.kinds.first().copied().unwrap_or(KINDS[2]);
    let first = PromiseFacts {
        kind,
        kind_code: pick(&filter.kind_codes, "")[0],
        priority: filter.priorities.first().copied().unwrap_or(PRIORITIES[2]),
        team_id: pick(&filter.team_ids, "")[0],
        site_id: pick(&filter.site_ids, "")[0],
        queue_id: pick(&filter.queue_ids, "")[0],
        channel: filter.channels.first().copied(),
        language: pick(&filter.languages, "")[0],
        told_to_customer: filter.told_to_customer.unwrap_or(true),
    };
    let mut all = vec![first];
    all.extend(filter.kinds.iter().map(|kind| PromiseFacts {
        kind: *kind,
        ..first
    }));
    all.extend(filter.priorities.iter().map(|priority| PromiseFacts {
        priority: *priority,
        ..first
    }));
    all.extend(filter.channels.iter().map(|channel| PromiseFacts {
        channel: Some(*channel),
        ..first
    }));
    all.extend(
        pick(&filter.kind_codes, "")
            .into_iter()
            .map(|kind_code| PromiseFacts { kind_code, ..first }),
    );
    all.extend(
        pick(&filter.team_ids, "")
            .into_iter()
            .map(|team_id| PromiseFacts { team_id, ..first }),
    );
    all.extend(
        pick(&filter.site_ids, "")
            .into_iter()
            .map(|site_id| PromiseFacts { site_id, ..first }),
    );
    all.extend(
        pick(&filter.queue_ids, "")
            .into_iter()
            .map(|queue_id| PromiseFacts { queue_id, ..first }),
    );
    all.extend(
        pick(&filter.languages, "")
            .into_iter()
            .map(|language| PromiseFacts { language, ..first }),
    );
    if filter.told_to_customer.is_none() {
        all.push(PromiseFacts {
            told_to_customer: false,
            ..first
        });
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_promise_is_matched_where_each_list_has_one_of_its_values(filter in filter(), promise in promise()) {
        prop_assert_eq!(filter.matches(&promise), fits(&filter, &promise));
    }

    #[test]
    fn a_filter_covers_another_one_where_it_matches_all_that_the_other_does(
        filter in filter(),
        other in filter(),
        promise in promise(),
    ) {
        if filter.covers(&other) {
            prop_assert!(!other.matches(&promise) || filter.matches(&promise));
        } else {
            let left = witnesses(&other).into_iter().any(|one| other.matches(&one) && !filter.matches(&one));
            prop_assert!(left, "{filter:?} covers {other:?}");
        }
    }

    #[test]
    fn a_filter_covers_itself_and_one_that_asks_for_nothing_covers_all(filter in filter()) {
        prop_assert!(filter.covers(&filter));
        prop_assert!(PromiseFilter::default().covers(&filter));
    }
}

#[test]
fn a_language_is_for_its_dialects_in_any_case() {
    let filter = PromiseFilter {
        languages: ids(&["DE"]),
        ..PromiseFilter::default()
    };
    let speaking = |language| PromiseFacts {
        language,
        ..shadows::promise(CommitmentKind::CallBack)
    };
    for (language, is_matched) in [
        ("de", true),
        ("de-ch", true),
        ("den", false),
        ("d", false),
        ("", false),
        ("dé", false),
    ] {
        assert_eq!(
            filter.matches(&speaking(language)),
            is_matched,
            "{language}"
        );
    }
}
