//! Where a solution that ended leads.
//!
//! A command that would lead in a circle is refused. Two that are given at once, of solutions in two partitions,
//! may make one all the same. Then the latest of its redirects does not count: every reader finds the same one,
//! whichever of them it saw first, and the solution that it is of stands as though it had not been merged.

use aftercall_view::{ApplyError, Txn};

use crate::heads::{Head, Rows};
use crate::keys;
use crate::limits::REDIRECTS_WALKED_MAX;

/// Where a solution leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Led {
    /// The solution at the end.
    pub(crate) solution_id: String,
    /// Whether it has a redirect that does not count, because it would close a circle.
    pub(crate) is_cut: bool,
}

/// Follows the redirects from a solution to their end.
pub(crate) fn follow(
    rows: &impl Rows,
    tenant_id: &str,
    solution_id: &str,
) -> Result<Led, ApplyError> {
    let mut path: Vec<(String, i64)> = Vec::new();
    let mut at = solution_id.to_owned();
    while path.len() < REDIRECTS_WALKED_MAX {
        if let Some(begin) = path.iter().position(|(id, _)| *id == at) {
            let circle = path[begin..].iter();
            let latest = circle.max_by_key(|(id, since_us)| (*since_us, id.clone()));
            let solution_id = latest.map_or(at, |(id, _)| id.clone());
            return Ok(Led {
                solution_id,
                is_cut: true,
            });
        }
        let Some(head) = Head::read(rows, tenant_id, &at)? else {
            // A target that this reader does not know of yet: the one before it stands for itself until then.
            at = path.pop().map_or(at, |(before, _)| before);
            break;
        };
        let Some((to, since_us)) = head.redirect() else {
            break;
        };
        let to = to.to_owned();
        path.push((std::mem::replace(&mut at, to), since_us));
    }
    Ok(Led {
        solution_id: at,
        is_cut: false,
    })
}

/// Whether a solution is found by searching: a version of it is live, and it does not lead to another one.
pub(crate) fn is_live(
    rows: &impl Rows,
    tenant_id: &str,
    solution_id: &str,
    head: &Head,
) -> Result<bool, ApplyError> {
    if head.published_version == 0 || !head.has_ended() {
        return Ok(head.published_version > 0);
    }
    if !head.is_merged() {
        return Ok(false);
    }
    let led = follow(rows, tenant_id, solution_id)?;
    Ok(led.is_cut && led.solution_id == solution_id)
}

/// Has the documents of all solutions made anew to which the redirects from `solution_id` lead.
pub(super) fn touch(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    solution_id: &str,
) -> Result<(), ApplyError> {
    for met in met(txn, tenant_id, solution_id)? {
        txn.touch(keys::solution(tenant_id, &met));
    }
    Ok(())
}

/// A solution and all to which the redirects from it lead: a circle that comes or goes changes which of them counts.
pub(crate) fn met(
    rows: &impl Rows,
    tenant_id: &str,
    solution_id: &str,
) -> Result<Vec<String>, ApplyError> {
    let mut met: Vec<String> = Vec::new();
    let mut next = Some(solution_id.to_owned());
    while let Some(at) = next.filter(|at| met.len() < REDIRECTS_WALKED_MAX && !met.contains(at)) {
        let head = Head::read(rows, tenant_id, &at)?;
        let redirect = head.as_ref().and_then(Head::redirect);
        next = redirect.map(|(to, _)| to.to_owned());
        met.push(at);
    }
    Ok(met)
}

#[cfg(test)]
mod tests;
