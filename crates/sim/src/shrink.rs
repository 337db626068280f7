//! Makes a plan that fails shorter.

use crate::{Plan, play};

/// How many plans are tried at most.
const TRIES_MAX: usize = 200;

/// Leaves out of `plan` what its finding does not need: halves, then quarters, down to single steps.
/// A plan that finds anything counts: another finding is one, too.
pub fn shrink(seed: u64, plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let mut size = plan.len().div_ceil(2);
    let mut tries = 0;
    while size > 0 {
        let mut from = 0;
        let mut shorter = false;
        while from < plan.len() && tries < TRIES_MAX {
            tries += 1;
            let without = plan.without(from, from + size);
            match play(seed, &without).finding {
                Some(_) => {
                    plan = without;
                    shorter = true;
                }
                None => from += size,
            }
        }
        // Once more at the same size: what was needed may not be any longer.
        if !shorter {
            size /= 2;
        }
        if tries >= TRIES_MAX {
            break;
        }
    }
    plan
}
