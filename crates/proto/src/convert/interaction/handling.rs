//! What was done about a contact.

use aftercall_domain::interaction::{
    Action, Handling, Money, Remedy, RemedyKind, SolutionUse, SolutionUseKind, SummaryAuthor,
};
use aftercall_domain::{FieldPath, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, instant, message, time};
use crate::model::v1 as wire;

impl FromWire<wire::Handling> for Handling {
    fn from_wire(wire: wire::Handling, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Handling {
            summary,
            summary_by,
            actions,
            steps_already_tried,
            resolution,
            workaround,
            remedies,
            read_back_confirmed,
        } = wire;
        Self {
            summary,
            summary_by: enums::optional::<wire::SummaryAuthor>(
                summary_by,
                path.field("summary_by"),
                found,
            ),
            actions: message::list(actions, limits::LIST_MAX, path.field("actions"), found),
            steps_already_tried: message::bounded(
                steps_already_tried,
                limits::LIST_MAX,
                path.field("steps_already_tried"),
                found,
            ),
            resolution,
            workaround,
            remedies: message::list(remedies, limits::LIST_MAX, path.field("remedies"), found),
            read_back_confirmed,
        }
    }
}

impl From<Handling> for wire::Handling {
    fn from(value: Handling) -> Self {
        let Handling {
            summary,
            summary_by,
            actions,
            steps_already_tried,
            resolution,
            workaround,
            remedies,
            read_back_confirmed,
        } = value;
        Self {
            summary,
            summary_by: enums::number::<wire::SummaryAuthor>(summary_by),
            actions: message::outward(actions),
            steps_already_tried,
            resolution,
            workaround,
            remedies: message::outward(remedies),
            read_back_confirmed,
        }
    }
}

enums::closed!(SummaryAuthor {
    Agent,
    Ai,
    AiEdited
});

impl FromWire<wire::Action> for Action {
    fn from_wire(wire: wire::Action, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Action { code, at, note } = wire;
        Self {
            code,
            at: instant::optional(at, path.field("at"), found),
            note,
        }
    }
}

impl From<Action> for wire::Action {
    fn from(value: Action) -> Self {
        let Action { code, at, note } = value;
        Self {
            code,
            at: at.map(time::to_wire),
            note,
        }
    }
}

impl FromWire<wire::Remedy> for Remedy {
    fn from_wire(wire: wire::Remedy, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Remedy {
            kind,
            kind_code,
            amount,
            authority_limit,
            approved_by,
        } = wire;
        Self {
            kind: enums::coded::<wire::RemedyKind>(
                kind,
                &kind_code,
                RemedyKind::Other,
                path.field("kind"),
                found,
            ),
            kind_code,
            amount: message::optional(amount, path.field("amount"), found),
            authority_limit: message::optional(
                authority_limit,
                path.field("authority_limit"),
                found,
            ),
            approved_by,
        }
    }
}

impl From<Remedy> for wire::Remedy {
    fn from(value: Remedy) -> Self {
        let Remedy {
            kind,
            kind_code,
            amount,
            authority_limit,
            approved_by,
        } = value;
        Self {
            kind: wire::RemedyKind::from(kind).into(),
            kind_code,
            amount: amount.map(Into::into),
            authority_limit: authority_limit.map(Into::into),
            approved_by,
        }
    }
}

impl FromWire<wire::Money> for Money {
    fn from_wire(wire: wire::Money, _path: FieldPath<'_>, _found: &mut Violations) -> Self {
        let wire::Money {
            currency_code,
            units,
            nanos,
        } = wire;
        Self {
            currency_code,
            units,
            nanos,
        }
    }
}

impl From<Money> for wire::Money {
    fn from(value: Money) -> Self {
        let Money {
            currency_code,
            units,
            nanos,
        } = value;
        Self {
            currency_code,
            units,
            nanos,
        }
    }
}

enums::closed!(RemedyKind {
    Refund,
    Credit,
    Waiver,
    Replacement,
    Apology,
    Other
});

impl FromWire<wire::SolutionUse> for SolutionUse {
    fn from_wire(wire: wire::SolutionUse, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::SolutionUse {
            solution_id,
            version,
            kind,
            relied_on_for_statement,
        } = wire;
        Self {
            solution_id,
            version,
            kind: enums::required::<wire::SolutionUseKind>(kind, path.field("kind"), found),
            relied_on_for_statement,
        }
    }
}

impl From<SolutionUse> for wire::SolutionUse {
    fn from(value: SolutionUse) -> Self {
        let SolutionUse {
            solution_id,
            version,
            kind,
            relied_on_for_statement,
        } = value;
        Self {
            solution_id,
            version,
            kind: wire::SolutionUseKind::from(kind).into(),
            relied_on_for_statement,
        }
    }
}

enums::closed!(SolutionUseKind {
    UsedAsIs,
    UsedModified,
    Viewed,
    Rejected,
    CreatedFrom
});
