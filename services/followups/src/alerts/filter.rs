//! Which alerts somebody wants: the same for lists and for watches.

use aftercall_domain::Scope;
use aftercall_domain::alert::Rule;
use aftercall_domain::violation::Reason;
use aftercall_proto::alerts::v1::AlertFilter;
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::owner::Owner;
use aftercall_proto::model::v1::{self as wire, AlertSeverity, AlertState, CommitmentKind};
use aftercall_service::Checker;
use aftercall_view::{Store, StoreError};

use crate::keys;
use crate::limits::FILTER_VALUES_MAX;
use crate::watch::Raised;

/// What must hold of an alert; of each field, any value will do, and none is no filter.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// Whose alerts the caller sees.
    scope: Scope,
    states: Vec<AlertState>,
    team_ids: Vec<String>,
    owner_agent_ids: Vec<String>,
    owner_queue_ids: Vec<String>,
    severities: Vec<AlertSeverity>,
    kinds: Vec<CommitmentKind>,
    customer_ids: Vec<String>,
    rules: Vec<String>,
}

impl Filter {
    /// The request's filter; what is wrong with it is noted.
    pub(crate) fn new(filter: AlertFilter, scope: Scope, checker: &mut Checker) -> Self {
        let AlertFilter {
            states,
            team_ids,
            owner_agent_ids,
            owner_queue_ids,
            severities,
            kinds,
            customer_ids,
            rules,
        } = filter;
        for (field, ids) in [
            ("filter.team_ids", &team_ids),
            ("filter.owner_agent_ids", &owner_agent_ids),
            ("filter.owner_queue_ids", &owner_queue_ids),
            ("filter.customer_ids", &customer_ids),
        ] {
            checker.ids(field, ids, FILTER_VALUES_MAX);
        }
        if checker.few("filter.rules", rules.len(), FILTER_VALUES_MAX) {
            check_rules(&rules, checker);
        }
        Self {
            scope,
            states: checker.known_list("filter.states", &states, FILTER_VALUES_MAX),
            team_ids,
            owner_agent_ids,
            owner_queue_ids,
            severities: checker.known_list("filter.severities", &severities, FILTER_VALUES_MAX),
            kinds: checker.known_list("filter.kinds", &kinds, FILTER_VALUES_MAX),
            customer_ids,
            rules,
        }
    }

    /// The same, with all customers that are one with those that are asked for.
    pub(crate) fn with_merged(
        mut self,
        store: &Store,
        tenant_id: &str,
    ) -> Result<Self, StoreError> {
        let asked = std::mem::take(&mut self.customer_ids);
        for customer_id in &asked {
            let one = keys::MERGED.customers(store, tenant_id, customer_id)?;
            self.customer_ids.extend(one);
        }
        Ok(self)
    }

    /// Whose alerts the caller sees.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether only certain customers' alerts are wanted.
    pub(crate) fn names_customers(&self) -> bool {
        !self.customer_ids.is_empty()
    }

    /// Which lists hold the alerts: of the open ones, of the others. The open ones come first.
    pub(crate) fn open(&self) -> &'static [bool] {
        let wanted = |states: &[AlertState]| states.iter().any(|it| any_of(&self.states, it));
        let open = wanted(&[
            AlertState::Triggered,
            AlertState::Acknowledged,
            AlertState::Snoozed,
            AlertState::Exhausted,
            AlertState::Pending,
        ]);
        match (open, wanted(&[AlertState::Resolved, AlertState::Closed])) {
            (true, false) => &[true],
            (false, true) => &[false],
            (true, true) | (false, false) => &[true, false],
        }
    }

    /// Whether the caller sees an alert, and every filter holds for it.
    pub(crate) fn admits(&self, raised: &Raised) -> bool {
        let Raised { alert, parties } = raised;
        let kind = alert.subject.as_ref().and_then(|subject| match subject {
            Subject::Promise(promise) => Some(promise.kind()),
            Subject::Signal(_) | Subject::SlipUps(_) => None,
        });
        self.scope.admits(parties.iter())
            && self.is_in_state(alert)
            && any_of(&self.team_ids, &alert.team_id)
            && self.is_owned(alert)
            && any_of(&self.severities, &alert.severity())
            && (self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind)))
            && any_of(&self.customer_ids, &alert.customer_id)
            && any_of(&self.rules, &alert.rule)
    }

    /// Whether it stands as is asked for. That nobody took it on any level is no state of its own.
    fn is_in_state(&self, alert: &wire::Alert) -> bool {
        let state = alert.state();
        let mut escalation = alert.escalation.iter();
        let exhausted = state == AlertState::Triggered && escalation.any(|it| it.exhausted);
        any_of(&self.states, &state) || exhausted && self.states.contains(&AlertState::Exhausted)
    }

    fn is_owned(&self, alert: &wire::Alert) -> bool {
        let anybodys = self.owner_agent_ids.is_empty() && self.owner_queue_ids.is_empty();
        let owner = alert.owner.as_ref().and_then(|owner| owner.owner.as_ref());
        anybodys
            || match owner {
                Some(Owner::AgentId(id)) => self.owner_agent_ids.contains(id),
                Some(Owner::QueueId(id)) => self.owner_queue_ids.contains(id),
                None => false,
            }
    }
}

/// Whether `value` is one of those that are wanted.
fn any_of<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

/// Notes which of them are no rules of alerts.
fn check_rules(rules: &[String], checker: &mut Checker) {
    for (place, rule) in rules.iter().enumerate() {
        if Rule::named(rule).is_none() {
            let known = Rule::ALL.map(Rule::as_str).join(", ");
            let text = format!("is no rule of alerts; take some of: {known}");
            checker.add(format!("filter.rules[{place}]"), Reason::UnknownValue, text);
        }
    }
}
