//! What must be so before a version is reviewed or published.

use aftercall_domain::masking::Known;
use aftercall_domain::solution::Governance;
use aftercall_domain::{Cleaner, Violations, Warning, solution};
use aftercall_proto::convert::solution as convert;
use aftercall_proto::model::v1::{self as wire, Solution};
use aftercall_view::{Direction, Store};
use jiff::Timestamp;
use prost::Message;

use super::says;
use crate::failure::{Error, Unsolved};
use crate::heads::Head;
use crate::keys;
use crate::limits::{CANDIDATE_CASES_MAX, ORIGINS_READ_MAX};
use crate::personal;
use crate::records::Case;

/// What a request says that a version is to say, put right, with what was put right; and what is wrong with its form.
pub(super) fn sent(solution: &Solution) -> (Solution, Vec<Warning>, Violations) {
    let mut found = Violations::new();
    let mut content = convert::content(solution, &mut found);
    let mut cleaner = Cleaner::default();
    content.clean(&mut cleaner);
    let mut warnings = cleaner.into_warnings();
    for warning in &mut warnings {
        warning.field = format!("solution.{}", warning.field);
    }
    (convert::from_content(content), warnings, below(found))
}

/// Refuses what a draft can't say.
pub(super) fn draft(solution: &Solution, now: Timestamp) -> Result<(), Violations> {
    let mut found = Violations::new();
    says(solution).check(now, &mut found);
    below(found).into_result(())
}

/// The same, as a request names the fields.
fn below(found: Violations) -> Violations {
    let mut all = Violations::new();
    for one in found.as_slice() {
        let field = format!("solution.{}", one.field);
        let field = field.trim_end_matches('.').to_owned();
        all.add(field, one.reason, one.description.clone());
    }
    all
}

/// Refuses a version that lacks what it needs to be reviewed or published.
pub(super) fn whole(solution: &Solution) -> Result<(), Error> {
    let mut lacks = Violations::new();
    says(solution).check_whole(&mut lacks);
    match lacks.is_empty() {
        true => Ok(()),
        false => Err(Unsolved::Incomplete(lacks).into()),
    }
}

/// Refuses to publish what was approved by less strict rules than hold now: what went live since may be governed by
/// stricter ones.
pub(super) fn approved(head: &Head, rules: Governance) -> Result<(), Error> {
    if head.is_approved_by(rules) {
        return Ok(());
    }
    let text = "the version was approved by experience, and what went live since is COMPLIANCE_BASED; request \
                changes, and have a compliance officer approve it";
    Err(Unsolved::State(text.to_owned()).into())
}

/// What of a version is hard to read.
pub(super) fn readability(solution: &Solution) -> Vec<wire::Warning> {
    let warnings = solution::hard_to_read(&says(solution)).into_iter();
    warnings.map(Into::into).collect()
}

/// Refuses words that seem to be personal, unless somebody has looked at them twice. Answers whether there are any.
pub(super) fn personal(
    store: &Store,
    tenant_id: &str,
    solution: &Solution,
    reviewed: bool,
) -> Result<bool, Error> {
    let known = known(store, tenant_id, &solution.origin_interaction_ids)?;
    let left = personal::left(solution, &known);
    match left.is_empty() || reviewed {
        true => Ok(!left.is_empty()),
        false => Err(Error::PersonalWords { left }),
    }
}

/// What the contacts that a version was made from say of their customers. The last one was added last: it is read
/// however many there are.
pub(super) fn known(
    store: &Store,
    tenant_id: &str,
    interaction_ids: &[String],
) -> Result<Known, Error> {
    let mut known = Known::default();
    for interaction_id in interaction_ids.iter().rev().take(ORIGINS_READ_MAX) {
        let cases = store.scan_prefix(keys::cases(tenant_id, interaction_id), Direction::Ascending);
        for entry in cases.take(CANDIDATE_CASES_MAX) {
            let case = Case::decode(entry?.1).map_err(Error::internal)?;
            known.extend(personal::known(&case));
        }
    }
    Ok(known)
}
