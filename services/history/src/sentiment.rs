//! How a customer felt in a contact, in bands.

use aftercall_proto::history::v1::{SentimentBand, SentimentTrend};
use aftercall_proto::model::v1::{Interaction, Sentiment};

/// By how much the feeling moves that is neither better nor worse, less than this.
const STEADY_BELOW: f64 = 1.0;

/// The sentiment that counts for a contact: that of its record if it says how it ended, or else the one that was said
/// last of those that do.
fn counts(interaction: &Interaction) -> Option<&Sentiment> {
    let own = interaction.sentiment.iter();
    let mut all = own.chain(interaction.sentiments.iter().rev());
    all.find(|sentiment| sentiment.end.is_some())
}

/// The band of the feeling at the end; none where nobody scored it.
pub(crate) fn band(interaction: &Interaction) -> Option<SentimentBand> {
    band_of(counts(interaction)?.end?)
}

/// The band of the worst feeling.
pub(crate) fn worst(interaction: &Interaction) -> Option<SentimentBand> {
    let sentiment = counts(interaction)?;
    // What was recorded before it was said how it was at worst says the ends.
    let ends = [sentiment.start, sentiment.end].into_iter().flatten();
    band_of(sentiment.worst.or(ends.reduce(f64::min))?)
}

/// Which way the feeling moved.
pub(crate) fn trend(interaction: &Interaction) -> Option<SentimentTrend> {
    let sentiment = counts(interaction)?;
    let shift = sentiment.end? - sentiment.start?;
    match shift {
        shift if shift.is_nan() => None,
        shift if shift <= -STEADY_BELOW => Some(SentimentTrend::Worse),
        shift if shift >= STEADY_BELOW => Some(SentimentTrend::Better),
        _ => Some(SentimentTrend::Steady),
    }
}

fn band_of(score: f64) -> Option<SentimentBand> {
    match score {
        score if score < -1.0 => Some(SentimentBand::Negative),
        score if score > 1.0 => Some(SentimentBand::Positive),
        score if score.is_nan() => None,
        _ => Some(SentimentBand::Neutral),
    }
}

/// Who scored the contact, each once.
pub(crate) fn scorers(interaction: &Interaction) -> Vec<&str> {
    let own = interaction.sentiment.iter();
    let all = own.chain(&interaction.sentiments);
    let mut names: Vec<&str> = all.map(|one| &*one.scorer).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

/// The signals of the contact, each once.
pub(crate) fn signals(interaction: &Interaction) -> Vec<i32> {
    let mut kinds: Vec<i32> = interaction.signals.iter().map(|one| one.kind).collect();
    kinds.retain(|kind| *kind != 0);
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
