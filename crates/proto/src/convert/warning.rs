//! What was not taken as it was sent.

use aftercall_domain::limits::SENTENCE_WORDS_MAX;
use aftercall_domain::{Warning, WarningReason};

use crate::model::v1 as wire;

impl From<Warning> for wire::Warning {
    fn from(warning: Warning) -> Self {
        let Warning {
            field,
            reason,
            count,
            detail,
        } = warning;
        let description = match reason {
            WarningReason::LongSentence => format!(
                "sentences with more than {SENTENCE_WORDS_MAX} words: {count}; shorter ones are easier to read out"
            ),
            WarningReason::UnknownCode => format!("{detail}; it was taken as it is"),
            WarningReason::Due(odd) => odd.description().to_owned(),
            WarningReason::PromiseSaid => format!(
                "nothing was promised by the record, and the agent said {count} times that something will be done; each is \
                 proposed: confirm or dismiss it"
            ),
            WarningReason::ControlCharactersDropped => {
                format!("{count} control characters were dropped; send line feeds and tabs only")
            }
        };
        Self {
            field,
            reason: reason.as_str().to_owned(),
            description,
            count,
        }
    }
}
