//! The built-in scorer, for requests: what they have it score, checked, and what it says.

use aftercall_domain::interaction::{Interaction, SentimentParticipant, Signal};
use aftercall_domain::limits::{
    LIST_MAX, SCORED_BYTES_MAX, SCORED_TURNS_MAX, SENTIMENTS_MAX, TEXT_BYTES_MAX,
};
use aftercall_domain::sentiment::{SCORER, Scored, Turn, VERSION, score};
use aftercall_domain::spoken::{Saying, find};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_proto::convert::interaction::read_participant;
use aftercall_proto::recorder::v1::{ScoreTextRequest, ScoreTextResponse, ScoredTurn, Scoring};
use aftercall_service::Call;

use crate::failure::Refusal;

/// Answers how texts are scored. Nothing is recorded.
pub(crate) fn score_text(call: Call<ScoreTextRequest>) -> Result<ScoreTextResponse, Refusal> {
    let mut found = Violations::new();
    let turns = call.message.turns;
    let at = FieldPath::of("turns");
    if turns.is_empty() {
        let text = "is required; give at least one text";
        found.add(at, Reason::Required, text);
    }
    let turns = read(turns, at, &mut found);
    let turns = found.into_result(turns)?;
    let scored = scored(&turns);
    let signals = scored.signals(None);
    Ok(ScoreTextResponse {
        sentiment: Some(scored.sentiment.into()),
        signals: signals.into_iter().map(Into::into).collect(),
    })
}

/// A turn that may be scored.
#[derive(Debug)]
pub(crate) struct OwnTurn {
    participant: SentimentParticipant,
    from_ms: u64,
    to_ms: u64,
    text: String,
}

/// Reads turns, at a field; of too many, none.
pub(crate) fn read(
    turns: Vec<ScoredTurn>,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Vec<OwnTurn> {
    if turns.len() > SCORED_TURNS_MAX {
        found.too_many(at, turns.len(), SCORED_TURNS_MAX);
        return Vec::new();
    }
    let bytes: usize = turns.iter().map(|turn| turn.text.len()).sum();
    if bytes > SCORED_BYTES_MAX {
        let text = format!(
            "have {bytes} bytes of text together; at most {SCORED_BYTES_MAX} are taken: send them in parts, or leave out \
             what is of no interest"
        );
        found.add(at, Reason::TooLong, text);
        return Vec::new();
    }
    let turns = turns.into_iter().enumerate();
    let read = turns.map(|(place, turn)| read_turn(turn, at.index(place), found));
    // All are read, so that all that is wrong is named; of what is wrong nothing is scored.
    let read: Vec<_> = read.collect();
    read.into_iter().collect::<Option<_>>().unwrap_or_default()
}

/// None of what is wrong.
fn read_turn(turn: ScoredTurn, at: FieldPath<'_>, found: &mut Violations) -> Option<OwnTurn> {
    let participant = read_participant(turn.participant, at.field("participant"), found);
    let mut is_right = true;
    if turn.text.is_empty() {
        found.required(at.field("text"));
        is_right = false;
    } else if turn.text.len() > TEXT_BYTES_MAX {
        found.too_long(at.field("text"), TEXT_BYTES_MAX);
        is_right = false;
    }
    if turn.to_ms < turn.from_ms {
        let text = "it ends before it begins; give a value not below from_ms";
        found.add(at.field("to_ms"), Reason::Conflicting, text);
        is_right = false;
    }
    let own = participant.map(|participant| OwnTurn {
        participant,
        from_ms: turn.from_ms,
        to_ms: turn.to_ms,
        text: turn.text,
    });
    own.filter(|_| is_right)
}

/// What the scorer says of turns.
pub(crate) fn scored(turns: &[OwnTurn]) -> Scored {
    score(&told(turns))
}

/// A promise that was said, and the whole text of its turn.
pub(crate) type Said = (Saying, String);

/// The promises that the agent said in turns.
pub(crate) fn sayings(turns: &[OwnTurn]) -> Vec<Said> {
    let sayings = find(&told(turns)).into_iter();
    let said = sayings.map(|saying| {
        let text = turns.get(saying.finding.turn).map(|turn| turn.text.clone());
        (saying, text.unwrap_or_default())
    });
    said.collect()
}

fn told(turns: &[OwnTurn]) -> Vec<Turn<'_>> {
    let turns = turns.iter().map(|turn| Turn {
        participant: turn.participant,
        from_ms: turn.from_ms,
        to_ms: turn.to_ms,
        text: &turn.text,
    });
    turns.collect()
}

/// What is to be scored with a record, checked as far as it can be without it.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    turns: Vec<OwnTurn>,
    own_words: bool,
    find_promises: bool,
}

impl Wanted {
    /// Reads what a request has scored.
    pub(crate) fn read(scoring: Option<Scoring>, is_import: bool, found: &mut Violations) -> Self {
        let Some(Scoring {
            turns,
            own_words,
            find_promises,
        }) = scoring
        else {
            return Self::default();
        };
        let at = FieldPath::of("scoring");
        if find_promises && is_import {
            let text = "of what is imported nothing is proposed; leave it out, or list the promises in the record";
            found.add(at.field("find_promises"), Reason::Conflicting, text);
        }
        Self {
            turns: read(turns, at.field("turns"), found),
            own_words,
            find_promises,
        }
    }

    /// What the agent promised in it; none where nobody asks.
    pub(crate) fn sayings(&self) -> Option<Vec<Said>> {
        self.find_promises.then(|| sayings(&self.turns))
    }

    /// Scores it, and puts into the record what comes of it.
    ///
    /// # Errors
    /// When the record has something of this scorer already, or as much as it may have.
    pub(crate) fn add_to(self, interaction: &mut Interaction) -> Result<(), Violations> {
        let turns = self.all(interaction);
        if turns.is_empty() {
            return Ok(());
        }
        let at = FieldPath::of("interaction");
        let mut found = Violations::new();
        let sentiments = at.field("sentiments");
        let is_ours = |name: &str, version: &str| name == SCORER && version == VERSION;
        let mut known = interaction.sentiments.iter();
        if known.any(|one| is_ours(&one.scorer, &one.scorer_version)) {
            let text =
                "has a sentiment of the built-in scorer already; leave it out, or the scoring";
            found.add(sentiments, Reason::Conflicting, text);
        } else if interaction.sentiments.len() >= SENTIMENTS_MAX {
            let text = format!(
                "has {SENTIMENTS_MAX} sentiments, and there is none beyond them; leave out one, or the scoring"
            );
            found.add(sentiments, Reason::TooMany, text);
        }
        let scored = scored(&turns);
        let signals = scored.signals(Some(interaction.occurred_at));
        let len = interaction.signals.len() + signals.len();
        if len > LIST_MAX {
            found.too_many(at.field("signals"), len, LIST_MAX);
        }
        found.into_result(())?;
        interaction.sentiments.push(scored.sentiment);
        interaction.signals.extend(signals);
        Ok(())
    }

    /// The customer's own words in the record, and the turns.
    fn all(self, interaction: &Interaction) -> Vec<OwnTurn> {
        let length = interaction
            .ended_at
            .map(|ended| ended.duration_since(interaction.occurred_at).as_millis());
        let length = length.and_then(|ms| u64::try_from(ms).ok());
        let reasons = interaction.contact_reasons.iter();
        let said = reasons.filter(|reason| self.own_words && !reason.stated_verbatim.is_empty());
        let own = said.map(|reason| OwnTurn {
            participant: SentimentParticipant::Customer,
            from_ms: 0,
            to_ms: length.unwrap_or(0),
            text: reason.stated_verbatim.clone(),
        });
        own.chain(self.turns).collect()
    }
}

/// The signals that turns give in a contact of which it is not known when it began.
pub(crate) fn signals(scored: &Scored) -> Vec<Signal> {
    scored.signals(None)
}
