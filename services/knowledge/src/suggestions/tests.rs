//! What the index still has is not told once the store knows better: here the index is held at what was published first,
//! as it may be for some seconds while the view is behind.

use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_ledger::Happening;
use aftercall_ledger::testing::fold_to_store;
use aftercall_log::Record;
use aftercall_proto::envelope::{Fact, solution_key};
use aftercall_proto::event::v1::{
    Event, SolutionPublished, SolutionRetired, SolutionVersionRecalled,
};
use aftercall_proto::model::v1::Audience;
use aftercall_service::{ActorKind, Principal, Role};
use aftercall_view::testing::Partitions;
use aftercall_view::{Indexer, Positions, Txn};
use bytes::Bytes;

use super::*;
use crate::keys;
use crate::notes::Notes;
use crate::view::KnowledgeView;

const TENANT: &str = "acme";
pub(crate) const SLOW: &str = "01990000-0000-7000-8000-000000000001";
pub(crate) const DARK: &str = "01990000-0000-7000-8000-000000000002";

/// A log, and the index as it was at one time.
pub(crate) struct Held {
    log: Partitions,
    /// Where the log ends.
    through: Positions,
    /// The solutions that were published.
    published: BTreeSet<String>,
    snapshot: Option<Snapshot>,
}

impl Held {
    pub(crate) fn new() -> Self {
        Self {
            log: Partitions::new(1),
            through: Positions::new(),
            published: BTreeSet::new(),
            snapshot: None,
        }
    }

    pub(crate) fn append(&mut self, solution_id: &str, sequence: u64, fact: &Fact) {
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: solution_id.to_owned(),
            sequence,
            ..fact.event()
        };
        let position = self.log.append(Record {
            key: solution_key(TENANT, solution_id),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        });
        self.through.include(position);
    }

    pub(crate) fn publish(&mut self, solution_id: &str, version: u32, solution: Solution) {
        let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(Solution {
                version,
                ..solution
            }),
            superseded_version: version - 1,
            ..SolutionPublished::default()
        }));
        self.append(solution_id, version.into(), &fact);
        self.published.insert(solution_id.to_owned());
    }

    pub(crate) fn recall(&mut self, solution_id: &str) {
        let fact = Fact::SolutionVersionRecalled(SolutionVersionRecalled {
            version: 1,
            ..SolutionVersionRecalled::default()
        });
        self.append(solution_id, 2, &fact);
    }

    pub(crate) fn store(&self) -> Store {
        let mut view = KnowledgeView::new(Fields::new(), Notes::default());
        fold_to_store(&self.log, &mut view, &[(0, usize::MAX)])
    }

    /// The index stays as it is now.
    pub(crate) fn hold(&mut self) {
        let (store, mut fields) = (self.store(), Fields::new());
        let txn = Txn::new(&store);
        let mut document = |solution_id: &str| {
            let key = keys::solution(TENANT, solution_id);
            let document = Indexer::<Happening>::document(&mut fields, &key, &txn);
            Some((Bytes::from(key), document.unwrap()?))
        };
        let documents = self.published.iter().map(String::as_str);
        let documents: Vec<_> = documents.filter_map(&mut document).collect();
        let schema = Indexer::<Happening>::schema(&Fields::new());
        let searcher = schema.in_memory(documents).unwrap();
        self.snapshot = Some(Snapshot {
            searcher,
            complete_through: self.through.clone(),
        });
    }

    pub(crate) fn snapshot(&self) -> &Snapshot {
        self.snapshot.as_ref().unwrap()
    }

    fn ask(&self, viewer: &Viewer, request: SuggestSolutionsRequest) -> Answer {
        let request = SuggestSolutionsRequest {
            text: "my router is slow".to_owned(),
            ..request
        };
        let wanted = Wanted::of(&request, viewer, 1_000).unwrap();
        let with = (&Fields::new(), &Comparing::default());
        suggest(&self.store(), self.snapshot(), with, viewer, &wanted).unwrap()
    }

    /// The titles of what is suggested.
    fn titles(&self, viewer: &Viewer, request: SuggestSolutionsRequest) -> Vec<String> {
        let suggestions = self.ask(viewer, request).suggestions.into_iter();
        let titles = suggestions.filter_map(|one| one.solution.map(|solution| solution.title));
        titles.collect()
    }
}

pub(crate) fn solution(title: &str) -> Solution {
    Solution {
        title: title.to_owned(),
        question_in_customer_words: vec!["my router is slow".to_owned()],
        resolution: "Restart it".to_owned(),
        customer_wording: "Please restart your router".to_owned(),
        ..Solution::default()
    }
}

pub(crate) fn viewer(kind: ActorKind, team: &str) -> Viewer {
    let mut principal = Principal::new(TENANT, "kim", kind, [Role::Agent].into_iter().collect());
    principal.teams = Arc::new([team.to_owned()].into());
    Viewer::new(principal, Scope::All)
}

fn anything() -> SuggestSolutionsRequest {
    SuggestSolutionsRequest::default()
}

#[test]
fn what_was_recalled_or_retired_is_told_to_nobody_from_then_on() {
    let kim = viewer(ActorKind::Agent, "red");
    let recalled = SolutionVersionRecalled {
        version: 1,
        ..SolutionVersionRecalled::default()
    };
    let retired = SolutionRetired {
        version: 1,
        ..SolutionRetired::default()
    };
    for end in [
        Fact::SolutionVersionRecalled(recalled),
        Fact::SolutionRetired(retired),
    ] {
        let mut held = Held::new();
        held.publish(SLOW, 1, solution("Slow network"));
        held.hold();
        assert_eq!(held.titles(&kim, anything()), ["Slow network"]);
        held.append(SLOW, 2, &end);
        let answer = held.ask(&kim, anything());
        assert!(!answer.fits && answer.suggestions.is_empty(), "{answer:?}");
    }
}

#[test]
fn what_is_gone_neither_vouches_for_what_is_left_nor_takes_its_place() {
    let kim = viewer(ActorKind::Agent, "red");
    let mut held = Held::new();
    held.publish(SLOW, 1, solution("Slow network"));
    let dark = Solution {
        question_in_customer_words: vec!["the screen of the television stays dark".to_owned()],
        resolution: "Change the cable between the box and the router".to_owned(),
        customer_wording: String::new(),
        ..solution("Dark screen")
    };
    held.publish(DARK, 1, dark);
    held.hold();
    held.recall(SLOW);
    let only = SuggestSolutionsRequest {
        suggestions_max: 1,
        ..anything()
    };
    let answer = held.ask(&kim, only.clone());
    held.hold();
    let fresh = held.ask(&kim, only);
    assert_eq!(answer.fits, fresh.fits);
    let ids = |answer: &Answer| -> Vec<String> {
        let all = answer.suggestions.iter();
        all.filter_map(|one| one.solution.as_ref().map(|one| one.solution_id.clone()))
            .collect()
    };
    assert_eq!(ids(&answer), ids(&fresh));
    assert_eq!(ids(&answer), [DARK]);
}

#[test]
fn whoever_may_not_read_the_next_version_is_not_given_its_words() {
    let (red, blue) = (
        viewer(ActorKind::Agent, "red"),
        viewer(ActorKind::Agent, "blue"),
    );
    let bot = viewer(ActorKind::Ai, "red");
    let mut held = Held::new();
    let open = Solution {
        audience: Audience::Bot.into(),
        ..solution("For everybody")
    };
    held.publish(SLOW, 1, open);
    held.hold();
    for one in [&red, &blue, &bot] {
        assert_eq!(held.titles(one, anything()), ["For everybody"]);
    }
    let narrow = Solution {
        audience: Audience::Team.into(),
        owner_group: "red".to_owned(),
        ..solution("For the red team")
    };
    held.publish(SLOW, 2, narrow);
    // The index finds it by the words of the first version, and the marks of that one let it through to everybody.
    assert_eq!(held.titles(&bot, anything()), [""; 0]);
    assert_eq!(held.titles(&blue, anything()), [""; 0]);
    assert_eq!(held.titles(&red, anything()), ["For the red team"]);
    let for_customers = SuggestSolutionsRequest {
        audience: Audience::Customer.into(),
        ..anything()
    };
    assert_eq!(held.titles(&red, for_customers), [""; 0]);
}

#[test]
fn what_is_another_clients_or_in_another_language_by_now_is_not_told() {
    let kim = viewer(ActorKind::Agent, "red");
    let of = |client: &str, language: &str, title: &str| Solution {
        client_account_id: client.to_owned(),
        language: language.to_owned(),
        ..solution(title)
    };
    let asking = |client: &str, language: &str| SuggestSolutionsRequest {
        client_account_id: client.to_owned(),
        language: language.to_owned(),
        ..anything()
    };
    let mut held = Held::new();
    held.publish(SLOW, 1, of("north", "de", "Langsam"));
    held.hold();
    assert_eq!(held.titles(&kim, asking("north", "de-CH")), ["Langsam"]);
    held.publish(SLOW, 2, of("south", "de", "Langsam im Süden"));
    assert_eq!(held.titles(&kim, asking("north", "de-CH")), [""; 0]);
    held.publish(SLOW, 3, of("north", "fr", "Lent"));
    assert_eq!(held.titles(&kim, asking("north", "de-CH")), [""; 0]);
    assert_eq!(held.titles(&kim, asking("north", "")), ["Lent"]);
}
