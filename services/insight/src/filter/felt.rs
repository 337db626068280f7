//! What contacts must fulfil of how the customer felt and of what was noticed, checked.

use aftercall_domain::measure::Feeling;
use aftercall_proto::history::v1::{SentimentBand, SentimentTrend};
use aftercall_proto::insight::v1::{ContactFilter, Dimension};
use aftercall_proto::model::v1::SignalKind;
use aftercall_service::{Checker, given};

use crate::limits::VALUES_MAX;

/// All must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FeltFilter {
    /// Whose sentiment counts; none for the one that counts in a search.
    pub(crate) scorer: Option<String>,
    /// What each of the bands must be among, by [`Feeling::bands`].
    bands: Vec<(usize, Vec<u8>)>,
    /// Of each of these sets one must be there, a bit for each kind.
    signals: Vec<u16>,
    /// There must be none.
    without_signals: bool,
    /// Of each of these lists one must have scored it.
    pub(crate) scorers: Vec<Vec<String>>,
    /// Nobody must have.
    pub(crate) unscored: bool,
}

impl FeltFilter {
    pub(super) fn of(wire: &ContactFilter, checker: &mut Checker) -> Self {
        let mut filter = Self::default();
        checker.id("filter.sentiment_scorer", &wire.sentiment_scorer);
        filter.scorer = given(wire.sentiment_scorer.clone());
        let (field, values) = ("filter.sentiments", &wire.sentiments[..]);
        filter.take_bands::<SentimentBand>(0, (field, values), checker);
        let (field, values) = ("filter.worst_sentiments", &wire.worst_sentiments[..]);
        filter.take_bands::<SentimentBand>(1, (field, values), checker);
        let (field, values) = ("filter.sentiment_trends", &wire.sentiment_trends[..]);
        filter.take_bands::<SentimentTrend>(2, (field, values), checker);
        let any = checker.known_list::<SignalKind>("filter.signals", &wire.signals, VALUES_MAX);
        let (field, all) = ("filter.all_signals", &wire.all_signals);
        let all = checker.known_list::<SignalKind>(field, all, VALUES_MAX);
        if !any.is_empty() {
            let any = any.into_iter().map(bit);
            filter.signals.push(any.fold(0, |all, one| all | one));
        }
        filter.signals.extend(all.into_iter().map(bit));
        filter.take_scorers(wire, checker);
        filter
    }

    fn take_bands<E: TryFrom<i32> + Copy + Into<i32>>(
        &mut self,
        which: usize,
        (field, values): (&str, &[i32]),
        checker: &mut Checker,
    ) {
        let known = checker.known_list::<E>(field, values, VALUES_MAX);
        let known = known.into_iter().map(Into::<i32>::into);
        let known: Vec<u8> = known.filter_map(|it| u8::try_from(it).ok()).collect();
        if !known.is_empty() {
            self.bands.push((which, known));
        }
    }

    fn take_scorers(&mut self, wire: &ContactFilter, checker: &mut Checker) {
        let any = &wire.sentiment_scorers;
        if checker.ids("filter.sentiment_scorers", any, VALUES_MAX) && !any.is_empty() {
            self.scorers.push(any.clone());
        }
        let all = &wire.all_sentiment_scorers;
        if checker.ids("filter.all_sentiment_scorers", all, VALUES_MAX) {
            self.scorers.extend(all.iter().map(|one| vec![one.clone()]));
        }
    }

    /// Nothing must be recorded of a dimension; says whether it is one of these.
    pub(super) fn take_unset(&mut self, dimension: Dimension) -> bool {
        match dimension {
            Dimension::Sentiment => self.bands.push((0, vec![0])),
            Dimension::WorstSentiment => self.bands.push((1, vec![0])),
            Dimension::SentimentTrend => self.bands.push((2, vec![0])),
            Dimension::Signal => self.without_signals = true,
            Dimension::SentimentScorer => self.unscored = true,
            _ => return false,
        }
        true
    }

    /// Whether it asks who scored a contact.
    pub(crate) const fn asks_for_scorers(&self) -> bool {
        self.unscored || !self.scorers.is_empty()
    }

    /// Whether it is so of how the customer felt, and of what was noticed.
    pub(crate) fn admits(&self, feeling: &Feeling) -> bool {
        let mut bands = self.bands.iter();
        let mut signals = self.signals.iter();
        bands.all(|(which, among)| among.contains(&feeling.bands[*which]))
            && signals.all(|any| feeling.signals & any != 0)
            && !(self.without_signals && feeling.signals != 0)
    }
}

const fn bit(kind: SignalKind) -> u16 {
    1 << kind as u16
}
