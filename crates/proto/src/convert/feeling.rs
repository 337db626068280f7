//! How a customer felt in a contact, and what was noticed in it, as searches and measures count it: one definition for both.

use aftercall_domain::measure::{Feeling, SIGNALS};

use crate::history::v1::{SentimentBand, SentimentTrend};
use crate::model::v1::{Interaction, Sentiment, Signal};

/// The sentiment that counts for a contact: that of its record if it says how it ended, or else the one that was said
/// last of those that do.
pub fn counts(interaction: &Interaction) -> Option<&Sentiment> {
    let own = interaction.sentiment.iter();
    let mut all = own.chain(interaction.sentiments.iter().rev());
    all.find(|sentiment| sentiment.end.is_some())
}

/// What a sentiment comes to.
pub fn of_sentiment(sentiment: &Sentiment) -> Feeling {
    Feeling::of(sentiment.start, sentiment.end, sentiment.worst)
}

/// What a contact comes to: by the sentiment that counts, with its signals.
pub fn of_contact(interaction: &Interaction) -> Feeling {
    let feeling = counts(interaction).map(of_sentiment);
    Feeling {
        signals: signal_bits(interaction),
        ..feeling.unwrap_or_default()
    }
}

/// The band of the feeling at the end; none where nobody scored it.
pub fn band(interaction: &Interaction) -> Option<SentimentBand> {
    let [end, ..] = counts(interaction).map(of_sentiment)?.bands;
    known(end)
}

/// The band of the worst feeling.
pub fn worst(interaction: &Interaction) -> Option<SentimentBand> {
    let [_, worst, _] = counts(interaction).map(of_sentiment)?.bands;
    known(worst)
}

/// Which way the feeling moved.
pub fn trend(interaction: &Interaction) -> Option<SentimentTrend> {
    let [.., trend] = counts(interaction).map(of_sentiment)?.bands;
    known(trend)
}

/// A value by its number, as the domain has it; none for 0.
fn known<E: TryFrom<i32>>(number: u8) -> Option<E> {
    E::try_from(i32::from(number)).ok().filter(|_| number != 0)
}

/// Who scored the contact, each once.
pub fn scorers(interaction: &Interaction) -> Vec<&str> {
    let own = interaction.sentiment.iter();
    let all = own.chain(&interaction.sentiments);
    let mut names: Vec<&str> = all.map(|one| &*one.scorer).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

/// The same with the version in which each scored it, where one was said: `rules@3`. A scorer stands there once for each.
pub fn versioned_scorers(interaction: &Interaction) -> Vec<String> {
    let own = interaction.sentiment.iter();
    let all = own.chain(&interaction.sentiments);
    let named = all.filter(|one| !one.scorer.is_empty());
    let names = named.map(|one| match &*one.scorer_version {
        "" => one.scorer.clone(),
        version => format!("{}@{version}", one.scorer),
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What a scorer says of a contact: that of the record if it is theirs, or else what they said last.
pub fn by_scorer<'i>(interaction: &'i Interaction, scorer: &str) -> Option<&'i Sentiment> {
    let own = interaction.sentiment.iter();
    let mut all = own.chain(interaction.sentiments.iter().rev());
    all.find(|sentiment| sentiment.scorer == scorer)
}

/// The signals of the contact, each once.
pub fn signals(interaction: &Interaction) -> Vec<i32> {
    let mut kinds: Vec<i32> = interaction.signals.iter().map(|one| one.kind).collect();
    kinds.retain(|kind| *kind != 0);
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The same as a bit each, by their numbers. A kind that this version doesn't know has none.
fn signal_bits(interaction: &Interaction) -> u16 {
    let known = interaction.signals.iter().map(Signal::kind);
    let kinds = known.map(|kind| kind as usize);
    let kinds = kinds.filter(|kind| (1..SIGNALS).contains(kind));
    kinds.fold(0, |bits, kind| bits | (1 << kind))
}

#[cfg(test)]
mod tests {
    use aftercall_domain::measure::{Band, Trend};

    use super::*;
    use crate::model::v1::SignalKind;

    fn by(scorer: &str, end: Option<f64>) -> Sentiment {
        Sentiment {
            end,
            scorer: scorer.to_owned(),
            ..Sentiment::default()
        }
    }

    /// The numbers of the domain are those of the wire.
    #[test]
    fn bands_and_trends_have_the_numbers_of_the_wire() {
        for (own, band) in [
            (Band::Negative, SentimentBand::Negative),
            (Band::Neutral, SentimentBand::Neutral),
            (Band::Positive, SentimentBand::Positive),
        ] {
            assert_eq!(known(own.number()), Some(band));
        }
        for (own, trend) in [
            (Trend::Worse, SentimentTrend::Worse),
            (Trend::Steady, SentimentTrend::Steady),
            (Trend::Better, SentimentTrend::Better),
        ] {
            assert_eq!(known(own.number()), Some(trend));
        }
    }

    #[test]
    fn every_kind_of_signal_has_a_bit() {
        let last = SignalKind::Other as usize;
        assert!(last < SIGNALS && SignalKind::try_from(last as i32 + 1).is_err());
    }

    #[test]
    fn the_record_counts_before_what_was_said_last() {
        let mut contact = Interaction {
            sentiments: vec![by("a", Some(3.0)), by("b", Some(-3.0)), by("c", None)],
            signals: vec![Signal {
                kind: SignalKind::Abuse.into(),
                ..Signal::default()
            }],
            ..Interaction::default()
        };
        assert_eq!(band(&contact), Some(SentimentBand::Negative));
        assert_eq!(scorers(&contact), ["a", "b", "c"]);
        contact.sentiment = Some(by("", Some(0.0)));
        assert_eq!(band(&contact), Some(SentimentBand::Neutral));
        assert_eq!(by_scorer(&contact, "b"), Some(&by("b", Some(-3.0))));
        assert!(of_contact(&contact).has_signal(SignalKind::Abuse as usize));
        assert_eq!(trend(&contact), None);
    }
}
