//! How a customer felt at the end of a contact, in three bands.

use aftercall_proto::history::v1::SentimentBand;
use aftercall_proto::model::v1::Interaction;

/// The band of the feeling at the end; none where nobody scored it.
pub(crate) fn band(interaction: &Interaction) -> Option<SentimentBand> {
    let end = interaction.sentiment.as_ref()?.end?;
    match end {
        end if end < -1.0 => Some(SentimentBand::Negative),
        end if end > 1.0 => Some(SentimentBand::Positive),
        end if end.is_nan() => None,
        _ => Some(SentimentBand::Neutral),
    }
}
