//! What is found in a contact after it was recorded.

use aftercall_domain::interaction::Analysis;
use aftercall_domain::limits::{LIST_MAX, SENTIMENTS_MAX};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::message;
use crate::event::v1::InteractionAnalysed;
use crate::model::v1 as wire;

/// Reads what a request says that it found, at its fields `sentiments` and `signals`.
pub fn read_analysis(
    sentiments: Vec<wire::Sentiment>,
    signals: Vec<wire::Signal>,
    found: &mut Violations,
) -> Analysis {
    let at = FieldPath::of("sentiments");
    Analysis {
        sentiments: message::list(sentiments, SENTIMENTS_MAX, at, found),
        signals: message::list(signals, LIST_MAX, FieldPath::of("signals"), found),
    }
}

/// What the log says of it.
pub fn analysed(analysis: Analysis) -> InteractionAnalysed {
    let Analysis {
        sentiments,
        signals,
    } = analysis;
    InteractionAnalysed {
        sentiments: message::outward(sentiments),
        signals: message::outward(signals),
    }
}

/// Adds to a contact what was found in it later. Sentiment of the same scorer in the same version takes the place of what
/// that said before, and is the last one; a signal that is there already is not added again. Of too many the oldest give
/// way.
pub fn analyse(interaction: &mut wire::Interaction, analysed: &InteractionAnalysed) {
    for sentiment in &analysed.sentiments {
        let by = |one: &wire::Sentiment| (one.scorer.clone(), one.scorer_version.clone());
        let same = by(sentiment);
        interaction.sentiments.retain(|one| by(one) != same);
        interaction.sentiments.push(sentiment.clone());
    }
    let beyond = interaction.sentiments.len().saturating_sub(SENTIMENTS_MAX);
    interaction.sentiments.drain(..beyond);
    for signal in &analysed.signals {
        if !interaction.signals.contains(signal) {
            interaction.signals.push(signal.clone());
        }
    }
    let beyond = interaction.signals.len().saturating_sub(LIST_MAX);
    interaction.signals.drain(..beyond);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(scorer: &str, version: &str, end: f64) -> wire::Sentiment {
        wire::Sentiment {
            end: Some(end),
            scorer: scorer.to_owned(),
            scorer_version: version.to_owned(),
            ..wire::Sentiment::default()
        }
    }

    fn signal(code: usize) -> wire::Signal {
        wire::Signal {
            kind_code: code.to_string(),
            ..wire::Signal::default()
        }
    }

    #[test]
    fn what_a_scorer_said_is_replaced_and_the_oldest_give_way() {
        let mut contact = wire::Interaction::default();
        let mut say = |sentiments: Vec<wire::Sentiment>, signals: Vec<wire::Signal>| {
            let analysed = InteractionAnalysed {
                sentiments,
                signals,
            };
            analyse(&mut contact, &analysed);
            contact.clone()
        };
        let said = say(vec![by("a", "1", 1.0), by("b", "1", 2.0)], vec![signal(0)]);
        assert_eq!(said.sentiments, [by("a", "1", 1.0), by("b", "1", 2.0)]);
        let said = say(vec![by("a", "1", 3.0)], vec![signal(0), signal(1)]);
        assert_eq!(said.sentiments, [by("b", "1", 2.0), by("a", "1", 3.0)]);
        assert_eq!(said.signals, [signal(0), signal(1)]);
        let versions = (2..=5).map(|version| by("a", &version.to_string(), 0.0));
        let said = say(versions.collect(), (2..=LIST_MAX).map(signal).collect());
        assert_eq!(said.sentiments.len(), SENTIMENTS_MAX);
        assert_eq!(said.sentiments[0], by("a", "1", 3.0));
        assert_eq!(
            (said.signals.len(), &said.signals[0]),
            (LIST_MAX, &signal(1))
        );
    }
}
