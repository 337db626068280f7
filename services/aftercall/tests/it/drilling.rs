//! The contacts behind numbers: whatever is asked of contacts, and by whatever they are grouped, the filter of each number
//! finds as many as it says, in insight's list and in a search of the history; and a filter of a search has one meaning.

mod alike;
mod asked;

use aftercall_client::{Client, Error};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::history::v1::{InteractionFilter, SearchInteractionsRequest, SentimentBand};
use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateResponse, AggregateRow, AttributeCauseRequest,
    CompareDriversRequest, ContactFact, ContactFilter, CountRepeatContactsRequest, Dimension,
    ListContactsRequest, Measures, TimeBucket,
};
use aftercall_proto::recorder::v1::{
    BatchReportCallEventsRequest, RecordInteractionRequest, ReportCallEventsRequest,
};
use aftercall_service::{Clock, ManualClock};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::Config;
use prost::Message;

use crate::app::beside_an_app;
use alike::{driven_alike, felt_alike};
use asked::{Asked, BANDS, Felt, One, asked, dimensions, one};

struct House {
    client: Client,
    clock: ManualClock,
}

impl House {
    async fn play(&self, all: &[One]) {
        let now = self.clock.now();
        for (n, one) in all.iter().enumerate() {
            if one.is_call {
                let events = one.call(n, now).into_iter();
                let requests = events.map(|event| ReportCallEventsRequest {
                    event: Some(event),
                    ..ReportCallEventsRequest::default()
                });
                let request = BatchReportCallEventsRequest {
                    requests: requests.collect(),
                };
                self.client.call(request).await.unwrap();
                continue;
            }
            let request = RecordInteractionRequest {
                interaction: Some(one.record(n, now)),
                ..RecordInteractionRequest::default()
            };
            let recorded = self.client.call(request).await.unwrap();
            if let Some(code) = one.root_cause() {
                let request = AttributeCauseRequest {
                    request_id: format!("cause-{n}"),
                    interaction_id: recorded.interaction_id,
                    root_cause_code: code.to_owned(),
                    ..AttributeCauseRequest::default()
                };
                self.client.call(request).await.unwrap();
            }
        }
    }

    async fn aggregate(&self, request: AggregateRequest) -> AggregateResponse {
        let request = AggregateRequest {
            latest: true,
            ..request
        };
        self.client.call(request).await.unwrap()
    }

    async fn total(&self, filter: ContactFilter) -> i64 {
        let answer = self.aggregate(AggregateRequest {
            filter: Some(filter),
            ..AggregateRequest::default()
        });
        answer.await.total.unwrap().contacts
    }

    async fn search(&self, request: SearchInteractionsRequest) -> Result<i64, Error> {
        let request = SearchInteractionsRequest {
            page_size: 1,
            latest: true,
            ..request
        };
        let found = self.client.call(request).await?;
        Ok(i64::try_from(found.total_size).unwrap())
    }

    /// There are so many contacts behind a number.
    async fn is_behind(&self, filter: &ContactFilter, count: i64, what: &str) {
        let request = ListContactsRequest {
            filter: Some(filter.clone()),
            page_size: 1,
            latest: true,
            ..ListContactsRequest::default()
        };
        let listed = self.client.call(request).await.unwrap().total_size;
        let request = SearchInteractionsRequest {
            contact_filter: filter.encode_to_vec(),
            ..SearchInteractionsRequest::default()
        };
        let found = self.search(request).await.unwrap();
        assert_eq!((listed, found), (Some(count), count), "{what}: {filter:?}");
    }

    /// The row's own number, and those of its measures that are of contacts.
    async fn check_row(&self, row: &AggregateRow, by: &[Dimension]) {
        let filter = row.filter.clone().unwrap();
        let it: Measures = row.measures.clone().unwrap();
        let what = format!("{:?}", row.values);
        self.is_behind(&filter, it.contacts, &what).await;
        for (fact, count) in [
            (ContactFact::Abandoned, it.abandoned),
            (ContactFact::Dropped, it.dropped),
            (ContactFact::Resolvable, it.resolvable),
            (ContactFact::ResolvedFirst, it.resolved_first),
            (ContactFact::Repeat, it.repeats),
            (ContactFact::Unrecorded, it.unrecorded),
        ] {
            let filter = ContactFilter {
                facts: vec![fact.into()],
                ..filter.clone()
            };
            self.is_behind(&filter, count, &what).await;
        }
        for signal in &it.signals {
            let mut filter = filter.clone();
            filter.all_signals.push(signal.kind);
            self.is_behind(&filter, signal.contacts, &what).await;
        }
        // What a group of a scorer says of feelings is asked for by whose sentiment counts.
        if by.contains(&Dimension::SentimentScorer) {
            return;
        }
        for (band, count) in
            BANDS
                .into_iter()
                .zip([it.ended_negative, it.ended_neutral, it.ended_positive])
        {
            let asks = filter.sentiments.is_empty() || filter.sentiments == [i32::from(band)];
            if asks {
                let filter = ContactFilter {
                    sentiments: vec![band.into()],
                    ..filter.clone()
                };
                self.is_behind(&filter, count, &what).await;
            }
        }
    }

    /// A filter of a search means there and here the same.
    async fn check_meaning(&self, asked: &Asked) {
        let searched = asked.searched();
        let request = SearchInteractionsRequest {
            query: asked.query(),
            filter: Some(searched.clone()),
            ..SearchInteractionsRequest::default()
        };
        let found = self.search(request).await.unwrap();
        let filter = ContactFilter {
            query: asked.query(),
            search: Some(searched),
            ..ContactFilter::default()
        };
        assert_eq!(self.total(filter).await, found, "{asked:?}");
        for (own, searched) in felt_alike().into_iter().chain(driven_alike()) {
            let request = SearchInteractionsRequest {
                filter: Some(searched),
                ..SearchInteractionsRequest::default()
            };
            let found = self.search(request).await.unwrap();
            assert_eq!(self.total(own.clone()).await, found, "{own:?}");
        }
    }
}

async fn check(all: Vec<One>, questions: Vec<(Asked, Vec<Dimension>, bool)>) {
    beside_an_app(|client, clock| async move {
        let house = House { client, clock };
        house.play(&all).await;
        for (asked, by, is_daily) in questions {
            house.check_meaning(&asked).await;
            let bucket = match is_daily {
                true => TimeBucket::Day,
                false => TimeBucket::Unspecified,
            };
            let answer = house.aggregate(AggregateRequest {
                filter: Some(asked.filter()),
                dimensions: by.iter().map(|one| (*one).into()).collect(),
                bucket: bucket.into(),
                ..AggregateRequest::default()
            });
            let answer = answer.await;
            let total = answer.total.unwrap();
            house
                .is_behind(&asked.filter(), total.contacts, "all")
                .await;
            for row in answer.rows.iter().take(6) {
                house.check_row(row, &by).await;
            }
        }
    })
    .await;
}

proptest! {
    #![proptest_config(Config { cases: 6, max_shrink_iters: 12, ..Config::default() })]

    #[test]
    fn each_number_is_as_many_contacts_wherever_they_are_asked_for(
        all in prop::collection::vec(one(), 1..30),
        questions in prop::collection::vec((asked(), dimensions(), any::<bool>()), 1..5),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(all, questions));
    }
}

/// A few contacts of which all is known.
async fn with_three<F: Future<Output = ()>>(test: impl FnOnce(House) -> F) {
    beside_an_app(|client, clock| async move {
        let house = House { client, clock };
        let one = |n: i64, word, felt: [Felt; 3]| One {
            is_call: false,
            customer: 0,
            agents: (n as u8, Some(2)),
            reasons: (1, 2),
            word,
            is_labelled: false,
            is_outbound: false,
            is_promised: false,
            minutes_ago: 60 * n,
            felt,
            signals: [n == 1, n < 3, false],
            driver: None,
            way: Vec::new(),
            cause: None,
            lost_by: None,
        };
        let all = [
            one(1, 0, [None, Some((2, -3)), Some((0, 0))]),
            one(2, 0, [Some((0, 2)), Some((0, -2)), None]),
            one(3, 1, [None, None, None]),
        ];
        house.play(&all).await;
        test(house).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scorer_says_in_its_group_how_customers_felt_and_each_contact_is_once_in_the_total() {
    with_three(async |house| {
        let answer = house.aggregate(AggregateRequest {
            dimensions: vec![Dimension::SentimentScorer.into()],
            ..AggregateRequest::default()
        });
        let answer = answer.await;
        let said = |row: &AggregateRow| {
            let it = row.measures.clone().unwrap();
            (row.values[0].clone(), it.contacts, it.average_end_sentiment)
        };
        let rows: Vec<_> = answer.rows.iter().map(said).collect();
        let expected = [
            (String::new(), 1, None),
            ("model".to_owned(), 1, Some(0.0)),
            ("rules".to_owned(), 2, Some(-2.5)),
        ];
        assert_eq!(rows, expected);
        let total = answer.total.unwrap();
        // Of the first what was said last counts, and of the second its record.
        assert_eq!(
            (total.contacts, total.average_end_sentiment),
            (3, Some(1.0))
        );
        let by_rules = ContactFilter {
            sentiment_scorer: "rules".to_owned(),
            sentiments: vec![SentimentBand::Negative.into()],
            ..ContactFilter::default()
        };
        assert_eq!(house.total(by_rules).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drivers_and_repeats_take_all_of_a_search_and_lead_to_their_contacts() {
    with_three(async |house| {
        let now = house.clock.now();
        let filter = ContactFilter {
            query: "refund".to_owned(),
            search: Some(InteractionFilter {
                agent_ids: vec!["agent-2".to_owned()],
                reason_codes: vec!["outage".to_owned()],
                ..InteractionFilter::default()
            }),
            occurred_from: Some(to_wire(now - SignedDuration::from_mins(90))),
            occurred_before: Some(to_wire(now)),
            ..ContactFilter::default()
        };
        let drivers = house.client.call(CompareDriversRequest {
            filter: Some(filter.clone()),
            by: Dimension::Signal.into(),
            words_limit: 5,
            latest: true,
            ..CompareDriversRequest::default()
        });
        let drivers = drivers.await.unwrap();
        assert_eq!((drivers.contacts, drivers.contacts_before), (1, 1));
        // The third contact is of the period before, too, and of no refund: its words are not read.
        assert_eq!((drivers.sampled, drivers.sampled_before), (1, 1));
        assert_eq!(drivers.drivers.len(), 2);
        for driver in &drivers.drivers {
            let filter = driver.filter.clone().unwrap();
            house
                .is_behind(&filter, driver.contacts, &driver.value)
                .await;
        }
        let repeats = house.client.call(CountRepeatContactsRequest {
            filter: Some(filter),
            latest: true,
            ..CountRepeatContactsRequest::default()
        });
        let repeats = repeats.await.unwrap();
        assert_eq!(repeats.contacts, 1);
        for row in &repeats.rows {
            let filter = row.filter.clone().unwrap();
            house.is_behind(&filter, row.contacts, "repeats").await;
        }
    })
    .await;
}

fn refused(error: Error) -> (String, Vec<String>) {
    let refusal = match error {
        Error::Refused(refusal) => refusal,
        error => panic!("the server refuses it: {error}"),
    };
    let fields = refusal.violations.iter().map(|wrong| wrong.field.clone());
    (refusal.reason.clone(), fields.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_fields_are_named_where_they_stand_whoever_looks_at_them() {
    with_three(async |house| {
        let wrong = ContactFilter {
            query: "x".repeat(1_001),
            search: Some(InteractionFilter {
                labels: vec![String::new()],
                ..InteractionFilter::default()
            }),
            ..ContactFilter::default()
        };
        let asked = house.client.call(AggregateRequest {
            filter: Some(wrong.clone()),
            ..AggregateRequest::default()
        });
        let (reason, fields) = refused(asked.await.unwrap_err());
        assert_eq!(reason, "INVALID_REQUEST");
        assert_eq!(fields, ["filter.query", "filter.search.labels[0]"]);
        let searched = house.search(SearchInteractionsRequest {
            contact_filter: wrong.encode_to_vec(),
            ..SearchInteractionsRequest::default()
        });
        let (_, fields) = refused(searched.await.unwrap_err());
        let expected = ["contact_filter.query", "contact_filter.search.labels[0]"];
        assert_eq!(fields, expected);
        let searched = house.search(SearchInteractionsRequest {
            contact_filter: b"no message".to_vec(),
            ..SearchInteractionsRequest::default()
        });
        assert_eq!(refused(searched.await.unwrap_err()).1, ["contact_filter"]);
    })
    .await;
}
