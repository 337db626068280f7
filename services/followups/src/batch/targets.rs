//! Which promises a batch is about, or where and to whom promises are made by it.

use std::collections::BTreeSet;

use aftercall_domain::violation::Reason;
use aftercall_proto::followups::v1::BatchTarget;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_service::Checker;

use crate::limits::BATCH_MAX;

/// Checks the targets of a command.
pub(super) fn check(targets: &[BatchTarget], command: Option<&Command>, checker: &mut Checker) {
    if targets.is_empty() {
        checker.found().required("targets");
    }
    if !checker.few("targets", targets.len(), BATCH_MAX) {
        return;
    }
    let makes = matches!(command, Some(Command::Make(_)));
    let mut met = BTreeSet::new();
    for (place, target) in targets.iter().enumerate() {
        let at = format!("targets[{place}]");
        let field = match makes {
            true => to_make(&at, target, checker),
            false => of_promise(&at, target, checker),
        };
        if !met.insert(name(target)) {
            checker.conflicting(&field, "stands there before; name each once");
        }
    }
}

/// What a target is told from others by: the promise, or the contact in which one is made, or else the customer.
pub(super) fn name(target: &BatchTarget) -> String {
    let BatchTarget {
        commitment_id,
        interaction_id,
        customer_id,
        ..
    } = target;
    match (commitment_id.is_empty(), interaction_id.is_empty()) {
        (false, _) => commitment_id.clone(),
        (true, false) => format!("contact/{interaction_id}"),
        (true, true) => format!("customer/{customer_id}"),
    }
}

/// A promise that there is. Returns the field that names it.
fn of_promise(at: &str, target: &BatchTarget, checker: &mut Checker) -> String {
    let named = format!("{at}.commitment_id");
    checker.required_id(&named, &target.commitment_id);
    for (field, value) in [
        ("interaction_id", &target.interaction_id),
        ("customer_id", &target.customer_id),
    ] {
        if !value.is_empty() {
            let field = format!("{at}.{field}");
            checker.conflicting(&field, "is for make alone; leave it empty");
        }
    }
    named
}

/// Where and to whom a promise is made. Returns the field that tells it from others.
fn to_make(at: &str, target: &BatchTarget, checker: &mut Checker) -> String {
    let contact = format!("{at}.interaction_id");
    let customer = format!("{at}.customer_id");
    if !target.commitment_id.is_empty() {
        let field = format!("{at}.commitment_id");
        checker.conflicting(&field, "follows from request_id; leave it empty with make");
    }
    if target.expected_version != 0 {
        let field = format!("{at}.expected_version");
        let text = "is of no promise that there is; leave it empty with make";
        checker.conflicting(&field, text);
    }
    checker.id(&contact, &target.interaction_id);
    checker.id(&customer, &target.customer_id);
    match (
        target.interaction_id.is_empty(),
        target.customer_id.is_empty(),
    ) {
        (true, true) => {
            let text = "is required, unless customer_id says to whom it was promised; give either";
            checker.add(&contact, Reason::Required, text);
            contact
        }
        (true, false) => customer,
        (false, _) => contact,
    }
}
