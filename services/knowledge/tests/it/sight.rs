//! What somebody may not see changes nothing of what they are told: not the hits, their order and scores, not the
//! counts, facets and passages. A search among all solutions answers as one among those alone that a plain filter
//! lets through.

use aftercall_proto::knowledge::v1::{
    SearchSolutionsRequest, SearchSolutionsResponse, SolutionFacet, SolutionFilter,
    SuggestSolutionsRequest, Suggestion,
};
use aftercall_proto::model::v1::{Audience, Confidence, Governance, Solution};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::world::{World, at, by};

const WORDS: [&str; 7] = [
    "router", "refund", "parcel", "lamp", "invoice", "cancel", "roaming",
];
const CLIENTS: [&str; 3] = ["", "north", "south"];
const LANGUAGES: [&str; 4] = ["", "de", "de-CH", "en"];
const TEAMS: [&str; 3] = ["", "red", "blue"];
const AUDIENCES: [Audience; 7] = [
    Audience::Team,
    Audience::ClientAccount,
    Audience::Internal,
    Audience::Partner,
    Audience::Customer,
    Audience::Public,
    Audience::Bot,
];

fn text(words: &[usize]) -> String {
    words
        .iter()
        .map(|at| WORDS[at % WORDS.len()])
        .collect::<Vec<_>>()
        .join(" ")
}

fn words(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(0..WORDS.len(), 1..most).prop_map(|words| text(&words))
}

fn solution() -> impl Strategy<Value = Solution> {
    let said = (words(4), words(5), words(6), words(4));
    let of = (
        0..7_usize,
        0..3_usize,
        0..4_usize,
        0..3_usize,
        0..3_u8,
        0..9_i64,
    );
    (said, of).prop_map(|((title, question, resolution, wording), of)| {
        let (audience, client, language, team, reason, published) = of;
        Solution {
            title,
            question_in_customer_words: vec![question],
            resolution,
            customer_wording: wording,
            audience: AUDIENCES[audience].into(),
            client_account_id: CLIENTS[client].to_owned(),
            language: LANGUAGES[language].to_owned(),
            owner_group: TEAMS[team].to_owned(),
            reason_code: format!("reason.{reason}"),
            confidence: Confidence::NotValidated.into(),
            governance: Governance::ExperienceBased.into(),
            published_at: Some(at(published)),
            ..Solution::default()
        }
    })
}

/// Who searches, and for whom.
#[derive(Debug, Clone)]
struct Asker {
    /// By the kind of actor, and the team.
    who: &'static [(&'static str, &'static str)],
    audience: Option<Audience>,
    client: &'static str,
    language: &'static str,
}

const WHO: [&[(&str, &str)]; 5] = [
    &[("role", "agent"), ("teams", "red"), ("kind", "AGENT")],
    &[("role", "agent"), ("teams", "blue"), ("kind", "AGENT")],
    &[("role", "kb_publisher"), ("kind", "AGENT")],
    &[("role", "integration"), ("kind", "AI")],
    &[("role", "agent"), ("kind", "CUSTOMER")],
];

fn asker() -> impl Strategy<Value = Asker> {
    let audience = prop::option::of(0..7_usize);
    (0..WHO.len(), audience, 0..3_usize, 0..4_usize).prop_map(
        |(who, audience, client, language)| Asker {
            who: WHO[who],
            audience: audience.map(|at| AUDIENCES[at]),
            client: CLIENTS[client],
            language: LANGUAGES[language],
        },
    )
}

impl Asker {
    /// The plain filter.
    fn sees(&self, solution: &Solution) -> bool {
        let said = |name: &str| {
            self.who
                .iter()
                .find(|(it, _)| *it == name)
                .map(|(_, is)| *is)
        };
        let audience = solution.audience();
        let own = match said("kind") {
            Some("AI") => audience == Audience::Bot,
            Some("CUSTOMER") => audience >= Audience::Customer,
            _ if said("role") == Some("kb_publisher") => true,
            _ => audience != Audience::Team || said("teams") == Some(&*solution.owner_group),
        };
        let asked = self.audience.is_none_or(|asked| audience >= asked);
        // What is for a client's people is for who asks for that very client.
        let theirs = !self.client.is_empty() && solution.client_account_id == self.client;
        let own = own && (audience != Audience::ClientAccount || theirs);
        let client = self.client.is_empty()
            || solution.client_account_id.is_empty()
            || solution.client_account_id == self.client;
        let (written, wanted) = (solution.language.as_str(), self.language);
        let language = written.is_empty()
            || wanted.is_empty()
            || written == wanted
            || written.starts_with(&format!("{wanted}-"))
            || wanted.starts_with(&format!("{written}-"));
        own && asked && client && language
    }

    fn request(&self, text: &str) -> SearchSolutionsRequest {
        SearchSolutionsRequest {
            text: text.to_owned(),
            filter: Some(SolutionFilter {
                audience: self.audience.unwrap_or_default().into(),
                client_account_id: self.client.to_owned(),
                language: self.language.to_owned(),
                ..SolutionFilter::default()
            }),
            facets: (1..=8).collect(),
            page_size: 100,
            ..SearchSolutionsRequest::default()
        }
    }

    async fn searched(&self, world: &World, tenant: &str, text: &str) -> SearchSolutionsResponse {
        let request = SearchSolutionsRequest {
            min_position: world.now(),
            ..self.request(text)
        };
        let mut searches = world.searches.clone();
        let answer = searches
            .search_solutions(by(request, &self.as_of(tenant)))
            .await;
        let mut answer = SearchSolutionsResponse {
            search_id: String::new(),
            complete_through: String::new(),
            complete_through_at: None,
            ..answer.unwrap().into_inner()
        };
        // A number is the tenant's own: the same solution has another one elsewhere.
        for hit in &mut answer.hits {
            hit.solution_number.clear();
        }
        answer
    }

    async fn suggested(
        &self,
        world: &World,
        tenant: &str,
        text: &str,
    ) -> (Vec<Suggestion>, bool, bool) {
        let request = SuggestSolutionsRequest {
            text: text.to_owned(),
            suggestions_max: 50,
            audience: self.audience.unwrap_or_default().into(),
            client_account_id: self.client.to_owned(),
            language: self.language.to_owned(),
            min_position: world.now(),
            ..SuggestSolutionsRequest::default()
        };
        let request = by(request, &self.as_of(tenant));
        let answer = world.client.clone().suggest_solutions(request).await;
        let mut answer = answer.unwrap().into_inner();
        for solution in answer
            .suggestions
            .iter_mut()
            .filter_map(|one| one.solution.as_mut())
        {
            solution.solution_number.clear();
        }
        (answer.suggestions, answer.fits, answer.hand_off)
    }

    fn as_of<'a>(&'a self, tenant: &'a str) -> Vec<(&'static str, &'a str)> {
        let who = self.who.iter().map(|(name, is)| (*name, *is));
        who.chain([("tenant", tenant)]).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_may_not_be_seen_changes_nothing(
        solutions in prop::collection::vec(solution(), 1..24),
        askers in prop::collection::vec((asker(), words(4)), 1..5),
    ) {
        Runtime::new().unwrap().block_on(async {
            let world = World::divided().await;
            let named = (0_u32..).zip(&solutions).map(|(n, one)| Solution {
                solution_id: format!("01990000-0000-7000-8000-{n:012x}"),
                ..one.clone()
            });
            let named: Vec<_> = named.collect();
            for solution in &named {
                world.publish("all", solution).await;
                for (n, (asker, _)) in askers.iter().enumerate() {
                    if asker.sees(solution) {
                        world.publish(&format!("seen-{n}"), solution).await;
                    }
                }
            }
            for (n, (asker, text)) in askers.iter().enumerate() {
                let alone = format!("seen-{n}");
                for text in [text.as_str(), ""] {
                    let among_all = asker.searched(&world, "all", text).await;
                    let among_seen = asker.searched(&world, &alone, text).await;
                    assert_eq!(among_all, among_seen, "{asker:?} {text:?}");
                    let facet = |facet: SolutionFacet| {
                        let found = among_all.facets.iter().find(|one| one.facet() == facet);
                        found.map_or(0, |one| one.counts.iter().map(|count| count.count).sum::<u64>())
                    };
                    assert_eq!(facet(SolutionFacet::Audience), among_all.total_size);
                    if text.is_empty() {
                        let seen = named.iter().filter(|one| asker.sees(one)).count();
                        assert_eq!(among_all.total_size, seen as u64, "{asker:?}");
                    }
                }
                let among_all = asker.suggested(&world, "all", text).await;
                let among_seen = asker.suggested(&world, &alone, text).await;
                assert_eq!(among_all, among_seen, "{asker:?} {text:?}");
            }
        });
    }

    #[test]
    fn what_was_asked_before_changes_nothing(
        editions in prop::collection::vec((0..6_usize, solution()), 1..16),
        askers in prop::collection::vec((asker(), words(4)), 1..4),
    ) {
        Runtime::new().unwrap().block_on(async {
            let (asked, fresh) = (World::divided().await, World::divided().await);
            let mut versions = [0; 6];
            for (which, edition) in editions {
                versions[which] += 1;
                let edition = Solution {
                    solution_id: format!("01990000-0000-7000-8000-{which:012x}"),
                    version: versions[which],
                    ..edition
                };
                asked.publish_edition("all", edition.clone()).await;
                fresh.publish_edition("all", edition).await;
                for (asker, text) in &askers {
                    asker.suggested(&asked, "all", text).await;
                }
            }
            for (asker, text) in &askers {
                let again = asker.suggested(&asked, "all", text).await;
                let first = asker.suggested(&fresh, "all", text).await;
                assert_eq!(again, first, "{asker:?} {text:?}");
            }
        });
    }
}
