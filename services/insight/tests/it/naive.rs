//! Every aggregate equals a recount, whatever was amended, identified, merged and sent twice; and every number its contacts.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::insight::v1::{
    AggregateRequest, ContactFact, ContactFilter, CountRepeatContactsRequest, Dimension,
    ListContactsRequest, Measures, RepeatCauseKind, RepeatGroupBy, Terms, TimeBucket,
};
use aftercall_proto::model::v1::{Interaction, ReasonResolution};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::fixture::{Caller, Events, Service, ago, now};
use crate::known::{All, Count, DAY, How, Known, REASONS, name};

fn some() -> impl Strategy<Value = Known> {
    let who = (0..40 * DAY, 0..4_u8, 0..3_u8, prop::bool::weighted(0.8));
    let why = (
        prop::collection::btree_set(0..REASONS.len(), 1..3),
        prop::bool::weighted(0.2),
        prop::sample::select(vec![
            ReasonResolution::Unspecified,
            ReasonResolution::Resolved,
            ReasonResolution::NotResolved,
        ]),
    );
    let how = (
        prop::option::weighted(0.7, 1..90_i64),
        prop::option::weighted(0.7, (1..400_i64, 0..200_i64, 0..100_i64)),
        0..50_i64,
        prop::option::weighted(0.3, 0..60 * DAY),
        0..900_i64,
        prop::sample::select(vec![
            How::Recorded,
            How::Recorded,
            How::ToldBefore,
            How::ToldAfter,
            How::ToldAlone,
        ]),
    );
    let known = (who, why, how).prop_map(|(who, why, how)| Known {
        n: 0,
        seconds_ago: who.0,
        customer: who.1,
        team: who.2,
        inbound: who.3,
        reasons: why.0.into_iter().collect(),
        dropped: why.1,
        queued: how.0,
        talked: how.1,
        after: how.2,
        resolution: why.2,
        trouble: how.3,
        took: how.4,
        how: how.5,
    });
    known.prop_map(as_told)
}

/// A call lasts as long as its parts, which telephony tells one after the other. Of one that nobody records it knows
/// nobody's name, reason or trouble.
fn as_told(mut known: Known) -> Known {
    if known.how == How::Recorded {
        return known;
    }
    known.took = known.queued.unwrap_or(0);
    if let Some((talk, lookup, verify)) = &mut known.talked {
        *verify = 0;
        known.took += *talk + *lookup;
    }
    if known.how == How::ToldAlone {
        known.customer = 0;
        known.trouble = None;
        if known.took == 0 {
            // It was at nobody's.
            known.team = 0;
        }
    }
    known
}

/// What happens to a contact later.
#[derive(Debug, Clone)]
enum Later {
    Amended(usize, Known),
    Identified(usize, u8),
    SentAgain(usize),
    /// Two customers become one, or are two again if they were.
    Merged(u8, u8),
    /// It is promised to a customer, so long ago, that something is put right.
    Corrected(u8, i64),
}

fn later() -> impl Strategy<Value = Later> {
    prop_oneof![
        (0..100_usize, some()).prop_map(|(at, to)| Later::Amended(at, to)),
        (0..100_usize, 0..4_u8).prop_map(|(at, to)| Later::Identified(at, to)),
        (0..100_usize).prop_map(Later::SentAgain),
        (1..4_u8, 1..4_u8).prop_map(|(one, other)| Later::Merged(one, other)),
        (1..4_u8, 0..40 * DAY).prop_map(|(to, ago)| Later::Corrected(to, ago)),
    ]
}

/// Records the contacts, and what happens to them later; gives what they are then.
fn played(events: &Events, contacts: Vec<Known>, later: Vec<Later>) -> All {
    let mut all = contacts;
    let (mut recorded, mut versions) = (Vec::new(), Vec::new());
    let (mut merged, mut merges) = (BTreeSet::new(), BTreeMap::new());
    let mut corrections = Vec::new();
    for (n, known) in (1..).zip(&mut all) {
        known.n = n;
        let contact = known.contact();
        if matches!(known.how, How::ToldBefore | How::ToldAlone) {
            known.tell(events);
        }
        if known.is_recorded() {
            contact.record(events);
        }
        recorded.push(contact);
        versions.push(1);
    }
    let told = all.clone();
    for step in later {
        match step {
            Later::SentAgain(at) | Later::Identified(at, _) | Later::Amended(at, _)
                if !all[at % told.len()].is_recorded() => {}
            Later::SentAgain(at) => recorded[at % all.len()].record(events),
            Later::Merged(one, other) if one == other => {}
            Later::Merged(one, other) => {
                let undo = !merged.insert((one, other));
                if undo {
                    merged.remove(&(one, other));
                }
                let version: &mut u64 = merges.entry(one).or_default();
                *version += 1;
                let names = (name("customer", one), name("customer", other));
                events.merge((&names.0, &names.1), *version, undo);
            }
            Later::Corrected(to, seconds_ago) => {
                let n = corrections.len() as u64;
                events.correct(&name("customer", to), n, seconds_ago);
                corrections.push((to, seconds_ago));
            }
            Later::Identified(at, customer) => {
                let at = at % all.len();
                versions[at] += 1;
                let to = name("customer", customer);
                recorded[at].identify(events, versions[at], &to);
                all[at].customer = customer;
            }
            Later::Amended(at, to) => {
                let at = at % all.len();
                versions[at] += 1;
                let known = &mut all[at];
                let values = known.amend(to);
                recorded[at].amend(events, versions[at], &AMENDED, values);
                if known.how != How::Recorded {
                    known.fall_back(&told[at]);
                }
            }
        }
    }
    for known in told.iter().filter(|it| it.how == How::ToldAfter) {
        known.tell(events);
    }
    All {
        contacts: all,
        merged,
        corrections,
    }
}

impl Known {
    /// Amends its record; gives what stands there now.
    fn amend(&mut self, to: Self) -> Interaction {
        self.seconds_ago = to.seconds_ago;
        self.reasons = to.reasons;
        self.dropped = to.dropped;
        self.queued = to.queued;
        self.talked = to.talked;
        self.after = to.after;
        self.resolution = to.resolution;
        self.trouble = to.trouble;
        self.took = to.took;
        Interaction {
            occurred_at: Some(ago(self.seconds_ago)),
            segments: self.segments(),
            contact_reasons: self.reasons(),
            disconnect: self.disconnect(),
            ended_at: Some(ago(self.seconds_ago - self.took)),
            problem_onset_at: self.trouble.map(|it| ago(self.seconds_ago + it)),
            ..Interaction::default()
        }
    }

    /// Its record was amended, and does not say everything that telephony tells.
    fn fall_back(&mut self, told: &Self) {
        if self.segments().is_empty() {
            (self.queued, self.talked, self.after) = (told.queued, told.talked, told.after);
        }
        self.dropped |= told.dropped;
    }
}

/// What an amendment replaces.
const AMENDED: [&str; 6] = [
    "occurred_at",
    "ended_at",
    "segments",
    "contact_reasons",
    "disconnect",
    "problem_onset_at",
];

fn value(it: &Known, dimension: Dimension) -> String {
    match dimension {
        Dimension::Team => name("team", it.team),
        Dimension::Reason | Dimension::ReasonFamily if !it.is_recorded() => String::new(),
        Dimension::Reason => REASONS[it.reasons[0]].to_owned(),
        Dimension::ReasonFamily => it.family(0).to_owned(),
        Dimension::Direction if it.inbound => "INBOUND".to_owned(),
        Dimension::Direction => "OUTBOUND".to_owned(),
        Dimension::Channel => "VOICE".to_owned(),
        _ => unreachable!(),
    }
}

async fn check(
    partitions: u32,
    (contacts, later): (Vec<Known>, Vec<Later>),
    (dimensions, daily): (Vec<Dimension>, bool),
    (within, days): (i64, i64),
) {
    let (events, views) = (Events::new(partitions), tempfile::tempdir().unwrap());
    let all = played(&events, contacts, later);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let only_team = all.contacts[0].team;
    let filter = ContactFilter {
        occurred_from: Some(ago(35 * DAY)),
        team_ids: match only_team {
            0 => Vec::new(),
            team => vec![name("team", team), "nobody".to_owned()],
        },
        ..ContactFilter::default()
    };
    let is_asked_for =
        |it: &&Known| it.seconds_ago <= 35 * DAY && (only_team == 0 || it.team == only_team);
    let asked: Vec<_> = all.contacts.iter().filter(is_asked_for).collect();
    check_repeats(&mut client, filter.clone(), (&asked, &all), days).await;
    let request = AggregateRequest {
        filter: Some(filter),
        dimensions: dimensions.iter().map(|it| (*it).into()).collect(),
        bucket: match daily {
            true => TimeBucket::Day.into(),
            false => 0,
        },
        terms: Some(Terms {
            answer_within_seconds: within as i32,
            repeat_within_days: days as i32,
        }),
        ..AggregateRequest::default()
    };
    let answer = client.aggregate(request).await.unwrap();
    let mut expected: BTreeMap<(i64, Vec<String>), Count> = BTreeMap::new();
    for it in asked {
        let began = now().as_second() - it.seconds_ago;
        let bucket = if daily {
            began.div_euclid(DAY) * DAY
        } else {
            0
        };
        let values = dimensions.iter().map(|of| value(it, *of)).collect();
        let count = expected.entry((bucket, values)).or_default();
        count.add(it, &all, (within, days));
    }
    let mut found = BTreeMap::new();
    for row in &answer.rows {
        let bucket = row.bucket_from.as_ref().map_or(0, |at| at.seconds);
        let count = Count::of(row.measures.as_ref().unwrap());
        found.insert((bucket, row.values.clone()), count);
    }
    assert_eq!(found, expected);
    let sum = found.values().map(|it| it.contacts).sum::<i64>();
    assert_eq!(answer.total.unwrap().contacts, sum);
    for row in answer.rows.into_iter().take(12) {
        let measures = row.measures.unwrap();
        check_facts(&mut client, row.filter.clone().unwrap(), &measures).await;
        let (mut ids, total) = client.contacts(row.filter).await;
        let count = measures.contacts;
        assert_eq!(
            (total, ids.len() as i64),
            (count, count),
            "{:?}",
            row.values
        );
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len() as i64, count);
    }
    service.stop().await;
}

/// Repeats by cause and team are a recount, and each of their numbers its contacts.
async fn check_repeats(
    client: &mut Caller,
    filter: ContactFilter,
    (asked, all): (&[&Known], &All),
    days: i64,
) {
    let request = client.request(CountRepeatContactsRequest {
        filter: Some(filter),
        by: RepeatGroupBy::Team.into(),
        terms: Some(Terms {
            repeat_within_days: days as i32,
            ..Terms::default()
        }),
        latest: true,
        ..CountRepeatContactsRequest::default()
    });
    let answer = client.client.count_repeat_contacts(request).await.unwrap();
    let mut expected: BTreeMap<(RepeatCauseKind, String), i64> = BTreeMap::new();
    for it in asked {
        if let Some(why) = all.why(it, days) {
            *expected.entry((why, name("team", it.team))).or_default() += 1;
        }
    }
    let mut found = BTreeMap::new();
    for row in answer.into_inner().rows {
        let (_, total) = client.contacts(row.filter.clone()).await;
        assert_eq!(total, row.contacts, "{row:?}");
        found.insert((row.cause(), row.value.clone()), row.contacts);
    }
    assert_eq!(found, expected);
}

/// There are as many contacts behind each number as it says.
async fn check_facts(client: &mut Caller, filter: ContactFilter, measures: &Measures) {
    for (fact, count) in [
        (ContactFact::Offered, measures.offered),
        (ContactFact::Handled, measures.handled),
        (ContactFact::AnsweredWithin, measures.answered_within),
        (ContactFact::Abandoned, measures.abandoned),
        (ContactFact::ShortAbandoned, measures.short_abandoned),
        (ContactFact::Transferred, measures.transferred),
        (ContactFact::Dropped, measures.dropped),
        (ContactFact::Resolvable, measures.resolvable),
        (ContactFact::ResolvedFirst, measures.resolved_first),
        (ContactFact::Redialled, measures.redialled),
        (ContactFact::Repeat, measures.repeats),
        (ContactFact::Unrecorded, measures.unrecorded),
        (
            ContactFact::Recorded,
            measures.contacts - measures.unrecorded,
        ),
        (ContactFact::Onset, measures.onset_contacts),
    ] {
        let request = client.request(ListContactsRequest {
            filter: Some(ContactFilter {
                facts: vec![fact.into()],
                ..filter.clone()
            }),
            page_size: 1,
            ..ListContactsRequest::default()
        });
        let page = client.client.list_contacts(request).await.unwrap();
        assert_eq!(page.into_inner().total_size, Some(count), "{fact:?}");
    }
}

fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    let all = vec![
        Dimension::Team,
        Dimension::Reason,
        Dimension::ReasonFamily,
        Dimension::Direction,
        Dimension::Channel,
    ];
    prop::sample::subsequence(all, 0..=2)
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 40, ..Config::default() })]

    #[test]
    fn an_aggregate_is_a_recount(
        partitions in 1..4_u32,
        contacts in prop::collection::vec(some(), 1..60),
        later in prop::collection::vec(later(), 0..30),
        by in (dimensions(), any::<bool>()),
        terms in (1..90_i64, 1..=30_i64),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(partitions, (contacts, later), by, terms));
    }
}
