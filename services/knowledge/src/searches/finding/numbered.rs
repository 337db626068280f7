//! A text that is a solution's number finds that solution.

use aftercall_domain::solution::SolutionNumber;
use aftercall_proto::knowledge::v1::Match;
use aftercall_view::Store;

use super::{Listed, Place, Query, facets, latest_hit};
use crate::failure::Error;
use crate::keys;
use crate::numbers;
use crate::reader::Viewer;
use crate::visible::Visible;

/// What has the number that was searched for, of what the filters leave; none where the text is no such number.
pub(super) fn find(
    store: &Store,
    visible: &Visible<'_>,
    viewer: &Viewer,
    query: &Query,
) -> Result<Option<Listed>, Error> {
    let Some(number) = SolutionNumber::read(&query.text) else {
        return Ok(None);
    };
    let holders = numbers::holders(store, viewer.tenant_id(), &number).map_err(Error::internal)?;
    let (mut hits, mut documents) = (Vec::new(), Vec::new());
    for solution_id in holders {
        let place = Place::of(0, &solution_id);
        let Some(mut hit) = latest_hit(store, viewer, query, &place)? else {
            continue;
        };
        hit.matches = vec![Match {
            field: "solution_number".to_owned(),
            terms: vec![number.to_string()],
            score: 0.0,
            synonyms: Vec::new(),
        }];
        let key = keys::solution(viewer.tenant_id(), &solution_id);
        documents.extend(visible.having_key(&key)?);
        hits.push((place, hit));
    }
    if hits.is_empty() {
        return Ok(None);
    }
    let total = hits.len() as u64;
    let hits = hits.into_iter();
    let due = hits.filter(|(place, _)| query.after.as_ref().is_none_or(|after| place > after));
    let due = due.map(|(place, hit)| Ok::<_, Error>((place.bytes(query.trusted_at), hit)));
    let (hits, next) = query.paging.fill(due)?;
    Ok(Some(Listed {
        hits,
        next,
        fits: true,
        hand_off: false,
        total,
        is_upper_bound: false,
        facets: facets(visible, &query.facets, documents.into_iter())?,
    }))
}
