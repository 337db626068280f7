//! The fields of a contact that an amendment replaces.

use crate::model::v1::Interaction;

/// Replaces the fields of `interaction` that `paths` name by those of `values`, and returns the
/// values before. A path that this version doesn't know changes nothing.
pub fn replace(
    interaction: &mut Interaction,
    values: Interaction,
    paths: &[String],
) -> Interaction {
    let mut values = values;
    let mut before = Interaction::default();
    macro_rules! replace {
        ($path:expr, $($field:ident),*) => {
            match $path {
                $(stringify!($field) => {
                    let value = std::mem::take(&mut values.$field);
                    before.$field = std::mem::replace(&mut interaction.$field, value);
                })*
                _ => {}
            }
        };
    }
    let mut replaced: Vec<&str> = Vec::new();
    for path in paths {
        // A path that stands there twice must not replace the new value by nothing.
        if !replaced.contains(&&**path) {
            replaced.push(path);
            replace!(
                path.as_str(),
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
                ivr_path
            );
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_fields_are_replaced_and_kept() {
        let mut interaction = Interaction {
            agent_id: "a-1".into(),
            labels: vec!["old".into()],
            ..Interaction::default()
        };
        let values = Interaction {
            agent_id: "a-2".into(),
            labels: vec!["new".into()],
            ..Interaction::default()
        };
        let paths = ["labels", "agent_id", "labels", "unheard_of"].map(str::to_owned);
        let before = replace(&mut interaction, values, &paths);
        assert_eq!(
            before,
            Interaction {
                labels: vec!["old".into()],
                ..Interaction::default()
            }
        );
        assert_eq!(interaction.labels, ["new"]);
        assert_eq!(interaction.agent_id, "a-1");
    }
}
