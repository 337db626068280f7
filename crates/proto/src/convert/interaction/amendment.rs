//! Amendments: an update mask and the values that it names.

use aftercall_domain::interaction::{AMENDABLE, Amendment};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations, limits};

use pbjson_types::FieldMask;

use crate::convert::{instant, message, time};
use crate::model::v1 as wire;

/// More paths than there are fields would only repeat them.
const PATHS_MAX: usize = 4 * AMENDABLE.len();

/// Reads the amendment of a request, at the fields `update_mask` and `interaction`. Values that the
/// mask does not name are left aside unread.
pub fn read_amendment(
    paths: &[String],
    interaction: wire::Interaction,
    found: &mut Violations,
) -> Amendment {
    let masked = check_mask(paths, found);
    let has = |name: &str| masked.iter().any(|path| path == name);
    let at = FieldPath::of("interaction");
    let mut amendment = Amendment::default();
    macro_rules! optional {
        ($($name:ident $read:ident),*) => {$(
            if has(stringify!($name)) {
                let at = at.field(stringify!($name));
                amendment.$name = Some(message::$read(interaction.$name, at, found));
            }
        )*};
    }
    optional!(handling optional_unless_empty, disposition optional, driver_segment optional);
    optional!(sentiment optional_unless_empty, disconnect optional_unless_empty);
    if has("contact_reasons") {
        let at = at.field("contact_reasons");
        let len_max = limits::CONTACT_REASONS_MAX;
        amendment.contact_reasons = Some(message::list(
            interaction.contact_reasons,
            len_max,
            at,
            found,
        ));
    }
    if has("occurred_at") {
        let at = at.field("occurred_at");
        amendment.occurred_at = Some(instant::required(interaction.occurred_at, at, found));
    }
    if has("ended_at") {
        amendment.ended_at = Some(instant::optional(
            interaction.ended_at,
            at.field("ended_at"),
            found,
        ));
    }
    if has("problem_onset_at") {
        let at = at.field("problem_onset_at");
        amendment.problem_onset_at =
            Some(instant::optional(interaction.problem_onset_at, at, found));
    }
    if has("sentiments") {
        let (at, len_max) = (at.field("sentiments"), limits::SENTIMENTS_MAX);
        amendment.sentiments = Some(message::list(interaction.sentiments, len_max, at, found));
    }
    macro_rules! lists {
        ($($name:ident $read:ident),*) => {$(
            if has(stringify!($name)) {
                let at = at.field(stringify!($name));
                amendment.$name = Some(message::$read(interaction.$name, limits::LIST_MAX, at, found));
            }
        )*};
    }
    lists!(solution_uses list, escalations list, signals list, segments list, labels bounded);
    lists!(non_talk list, interruptions list, ivr_path list);
    amendment
}

fn check_mask<'a>(paths: &'a [String], found: &mut Violations) -> &'a [String] {
    let at = FieldPath::of("update_mask");
    if paths.is_empty() {
        let text = "name the fields to replace, such as contact_reasons";
        found.add(at, Reason::Required, text);
    }
    let list = at.field("paths");
    if paths.len() > PATHS_MAX {
        let text = format!("has {} paths; at most {PATHS_MAX} are taken", paths.len());
        found.add(list, Reason::TooMany, text);
        return &[];
    }
    for (index, path) in paths.iter().enumerate() {
        if !AMENDABLE.contains(&path.as_str()) {
            let text = format!("can't be replaced; take some of: {}", AMENDABLE.join(", "));
            found.add(list.index(index), Reason::UnknownValue, text);
        }
    }
    paths
}

/// An amendment as the wire has it: the mask, its paths in their own fixed order, and the new values.
/// Equal amendments give equal bytes.
pub fn amended(amendment: Amendment) -> (FieldMask, wire::Interaction) {
    let Amendment {
        contact_reasons,
        handling,
        disposition,
        solution_uses,
        escalations,
        signals,
        sentiment,
        labels,
        segments,
        disconnect,
        occurred_at,
        ended_at,
        problem_onset_at,
        non_talk,
        interruptions,
        sentiments,
        driver_segment,
        ivr_path,
    } = amendment;
    let named = [
        contact_reasons.is_some(),
        handling.is_some(),
        disposition.is_some(),
        solution_uses.is_some(),
        escalations.is_some(),
        signals.is_some(),
        sentiment.is_some(),
        labels.is_some(),
        segments.is_some(),
        disconnect.is_some(),
        occurred_at.is_some(),
        ended_at.is_some(),
        problem_onset_at.is_some(),
        non_talk.is_some(),
        interruptions.is_some(),
        sentiments.is_some(),
        driver_segment.is_some(),
        ivr_path.is_some(),
    ];
    let paths = AMENDABLE.iter().zip(named).filter(|(_, named)| *named);
    let paths = paths.map(|(path, _)| (*path).to_owned()).collect();
    let interaction = wire::Interaction {
        contact_reasons: message::outward(contact_reasons.unwrap_or_default()),
        handling: handling.flatten().map(Into::into),
        disposition: disposition.flatten().map(Into::into),
        solution_uses: message::outward(solution_uses.unwrap_or_default()),
        escalations: message::outward(escalations.unwrap_or_default()),
        signals: message::outward(signals.unwrap_or_default()),
        sentiment: sentiment.flatten().map(Into::into),
        labels: labels.unwrap_or_default(),
        segments: message::outward(segments.unwrap_or_default()),
        disconnect: disconnect.flatten().map(Into::into),
        occurred_at: occurred_at.map(time::to_wire),
        ended_at: ended_at.flatten().map(time::to_wire),
        problem_onset_at: problem_onset_at.flatten().map(time::to_wire),
        non_talk: message::outward(non_talk.unwrap_or_default()),
        interruptions: message::outward(interruptions.unwrap_or_default()),
        sentiments: message::outward(sentiments.unwrap_or_default()),
        driver_segment: driver_segment.flatten().map(Into::into),
        ivr_path: message::outward(ivr_path.unwrap_or_default()),
        ..wire::Interaction::default()
    };
    (FieldMask { paths }, interaction)
}
