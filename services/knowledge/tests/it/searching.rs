//! Solutions are found by words and filters, in whatever language, and a question without an answer gets none.

use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListSolutionsRequest, SearchSolutionsRequest, SearchSolutionsResponse,
    SolutionFacet, SolutionFilter, SuggestSolutionsRequest, SuggestSolutionsResponse,
};
use aftercall_proto::model::v1::{Audience, Confidence, EnvironmentEntry, Solution};

use crate::world::{TENANT, World, at, by, fields, reason};

fn solution(n: u8, title: &str, question: &str, resolution: &str) -> Solution {
    Solution {
        solution_id: format!("0199{n:04x}-0000-7000-8000-000000000000"),
        title: title.to_owned(),
        question_in_customer_words: vec![question.to_owned()],
        resolution: resolution.to_owned(),
        reason_code: format!("reason.{}", n % 3),
        confidence: Confidence::NotValidated.into(),
        audience: Audience::Internal.into(),
        published_at: Some(at(1_000 + i64::from(n))),
        ..Solution::default()
    }
}

fn titles(found: &SearchSolutionsResponse) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.title.as_str()).collect()
}

fn asking(text: &str) -> SearchSolutionsRequest {
    SearchSolutionsRequest {
        text: text.to_owned(),
        ..SearchSolutionsRequest::default()
    }
}

#[tokio::test]
async fn every_script_finds_what_a_reader_would_expect() {
    let world = World::new().await;
    let library = [
        (
            "Rückerstattung",
            "Wann bekomme ich mein Geld zurück?",
            "Die Erstattung dauert fünf Tage.",
        ),
        (
            "Ακύρωση κράτησης",
            "Πώς ακυρώνω την κράτησή μου;",
            "Άνοιξε την κράτηση και ακύρωσέ την.",
        ),
        ("退款", "我的退款什么时候到账", "退款五个工作日到账。"),
        (
            "パスワードの再設定",
            "パスワードを忘れました",
            "再設定のリンクを送ります。",
        ),
        (
            "비밀번호 재설정",
            "비밀번호를 잊어버렸어요",
            "재설정 링크를 보내 드립니다.",
        ),
        (
            "Router 重启",
            "路由器 WLAN 断线",
            "Router neu starten: 重启路由器。",
        ),
    ];
    for (n, (title, question, resolution)) in (0..).zip(library) {
        world
            .publish(TENANT, &solution(n, title, question, resolution))
            .await;
    }
    for (text, title) in [
        ("ERSTATTUNG", "Rückerstattung"),
        ("wann kommt das geld zuruck", "Rückerstattung"),
        ("ακυρωση", "Ακύρωση κράτησης"),
        ("ΚΡΑΤΗΣΗ", "Ακύρωση κράτησης"),
        ("退款还没到账", "退款"),
        ("パスワード", "パスワードの再設定"),
        ("ﾊﾟｽﾜｰﾄﾞ 忘れた", "パスワードの再設定"),
        ("비밀번호를 잊어버렸어요", "비밀번호 재설정"),
        ("WLAN 路由器 kaputt", "Router 重启"),
    ] {
        let found = world.search(asking(text)).await;
        assert_eq!(titles(&found).first(), Some(&title), "{text}");
        assert!(found.fits, "{text}");
        assert!(!found.hits[0].matches.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn a_question_without_an_answer_gets_none() {
    let world = World::new().await;
    let slow = solution(0, "Slow network", "my internet crawls", "Reset the router");
    world.publish(TENANT, &slow).await;
    for text in [
        "what is the weather in Oslo",
        "where is my",
        "Und jetzt?",
        "...",
    ] {
        let found = world.search(asking(text)).await;
        assert!(!found.fits, "{text}");
        assert!(found.hits.iter().all(|hit| hit.is_guess), "{text}");
        let request = SuggestSolutionsRequest {
            text: text.to_owned(),
            audience: Audience::Bot.into(),
            min_position: world.now(),
            ..SuggestSolutionsRequest::default()
        };
        let answer = world
            .client
            .clone()
            .suggest_solutions(request)
            .await
            .unwrap();
        let answer = answer.into_inner();
        assert!(!answer.fits && answer.hand_off, "{text}");
    }
}

/// The pages of a search hold each of nine solutions once.
async fn each_once(world: &World, text: &str) {
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let request = SearchSolutionsRequest {
            page_size: 2,
            page_token: token,
            ..asking(text)
        };
        let page = world.search(request).await;
        assert_eq!(page.total_size, 9);
        seen.extend(page.hits.iter().map(|hit| hit.solution_id.clone()));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), count), (9, 9), "{text}");
}

#[tokio::test]
async fn filters_facets_and_pages_say_the_same() {
    let world = World::new().await;
    for n in 0..9 {
        let title = format!("Router {n}");
        let one = Solution {
            language: ["de-CH", "de", "en", ""][usize::from(n) % 4].to_owned(),
            environment: match n % 2 {
                0 => vec![EnvironmentEntry {
                    key: "product".to_owned(),
                    value: format!("Box {}", n % 4),
                }],
                _ => Vec::new(),
            },
            ..solution(n, &title, "router is slow", "restart the router")
        };
        world.publish(TENANT, &one).await;
    }
    let filtered = |filter: SolutionFilter| SearchSolutionsRequest {
        filter: Some(filter),
        facets: vec![SolutionFacet::Reason.into(), SolutionFacet::Language.into()],
        ..asking("router")
    };
    let all = world.search(filtered(SolutionFilter::default())).await;
    assert_eq!((all.total_size, all.hits.len()), (9, 9));
    let counts: Vec<_> = all.facets[0]
        .counts
        .iter()
        .map(|one| (one.value.as_str(), one.count))
        .collect();
    assert_eq!(counts, [("reason.0", 3), ("reason.1", 3), ("reason.2", 3)]);
    // `de` finds its forms and what has no language, and `de-CH` what it is a form of.
    for (tag, expected) in [("de", 7), ("de-CH", 7), ("DE", 7), ("en-GB", 4), ("fr", 2)] {
        let language = tag.to_owned();
        let found = world
            .search(filtered(SolutionFilter {
                language,
                ..SolutionFilter::default()
            }))
            .await;
        assert_eq!(found.total_size, expected, "{tag}");
    }
    let product = "box 2".to_owned();
    let found = world
        .search(filtered(SolutionFilter {
            product,
            ..SolutionFilter::default()
        }))
        .await;
    // What names no product fits every one.
    assert_eq!(found.total_size, 2 + 4);
    let reason_codes = vec!["reason.1".to_owned()];
    let found = world
        .search(filtered(SolutionFilter {
            reason_codes,
            ..SolutionFilter::default()
        }))
        .await;
    assert_eq!(found.facets[0].counts.len(), 1);
    assert_eq!(found.total_size, 3);
    for text in ["router", ""] {
        each_once(&world, text).await;
    }
    let latest = world.search(asking("")).await;
    assert_eq!(titles(&latest)[..2], ["Router 8", "Router 7"]);
}

/// A world with a solution for the people of one client, and one for everybody.
async fn with_clients() -> (World, String) {
    let world = World::divided().await;
    let north = Solution {
        audience: Audience::ClientAccount.into(),
        client_account_id: "north".to_owned(),
        ..solution(0, "Refund", "I want my money back", "Ask the desk")
    };
    world.publish(TENANT, &north).await;
    let anybody = solution(1, "Refund of postage", "my money for postage", "Pay it");
    world.publish(TENANT, &anybody).await;
    (world, north.solution_id)
}

#[tokio::test]
async fn what_is_for_a_clients_people_is_found_by_who_asks_for_that_client_alone() {
    let (world, _) = with_clients().await;
    let all = ["Refund", "Refund of postage"];
    for who in [
        &[("role", "agent"), ("teams", "red"), ("kind", "AGENT")][..],
        &[("role", "supervisor"), ("kind", "SUPERVISOR")][..],
    ] {
        for (client, expected) in [("", &all[1..]), ("south", &all[1..]), ("north", &all[..])] {
            for text in ["my money back", ""] {
                let request = SearchSolutionsRequest {
                    filter: Some(SolutionFilter {
                        client_account_id: client.to_owned(),
                        ..SolutionFilter::default()
                    }),
                    facets: vec![SolutionFacet::Audience.into()],
                    min_position: world.now(),
                    ..asking(text)
                };
                let mut searches = world.searches.clone();
                let found = searches.search_solutions(by(request, who)).await;
                let found = found.unwrap().into_inner();
                let mut found_titles = titles(&found);
                found_titles.sort_unstable();
                assert_eq!(found_titles, expected, "{who:?} {client} {text}");
                let counts = &found.facets[0].counts;
                assert_eq!(counts.len(), expected.len(), "{who:?} {client} {text}");
            }
            let request = SuggestSolutionsRequest {
                text: "my money back".to_owned(),
                client_account_id: client.to_owned(),
                min_position: world.now(),
                ..SuggestSolutionsRequest::default()
            };
            let mut asked = world.client.clone();
            let answer = asked.suggest_solutions(by(request, who)).await;
            let suggestions = answer.unwrap().into_inner().suggestions;
            assert_eq!(suggestions.len(), expected.len(), "{who:?} {client}");
        }
    }
}

#[tokio::test]
async fn what_is_for_a_clients_people_is_listed_for_who_works_on_it_and_given_to_who_names_it() {
    let (world, north) = with_clients().await;
    let agent = &[("role", "agent"), ("kind", "AGENT")];
    let writer = &[("role", "kb_candidate"), ("kind", "AGENT")];
    let mut client = world.client.clone();
    for (who, asked, expected) in [(agent, "", 1), (agent, "north", 2), (writer, "", 2)] {
        let request = ListSolutionsRequest {
            client_account_id: asked.to_owned(),
            min_position: world.now(),
            ..ListSolutionsRequest::default()
        };
        let listed = client.list_solutions(by(request, who)).await;
        let listed = listed.unwrap().into_inner().solutions;
        assert_eq!(listed.len(), expected, "{who:?} {asked}");
    }
    let get = GetSolutionRequest {
        solution_id: north,
        ..GetSolutionRequest::default()
    };
    let given = client.get_solution(by(get, agent)).await.unwrap();
    assert_eq!(given.into_inner().solution.unwrap().title, "Refund");
}

/// An answer for a program that talks with customers.
async fn for_bot(world: &World, text: &str) -> SuggestSolutionsResponse {
    let request = SuggestSolutionsRequest {
        text: text.to_owned(),
        audience: Audience::Bot.into(),
        min_position: world.now(),
        ..SuggestSolutionsRequest::default()
    };
    let answer = world.client.clone().suggest_solutions(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_bot_gets_the_customer_wording_alone_and_hands_over_when_unsure() {
    let world = World::new().await;
    let cleared = Solution {
        audience: Audience::Bot.into(),
        customer_wording: "We send you a new card within three days.".to_owned(),
        cause: "The chip supplier".to_owned(),
        do_not_say: vec!["supplier".to_owned()],
        symptoms: vec!["terminal says E17".to_owned()],
        discriminating_questions: vec!["Is the chip scratched?".to_owned()],
        owner_group: "cards".to_owned(),
        ..solution(
            0,
            "Card broken",
            "my card does not work",
            "Check the vault, then reissue",
        )
    };
    world.publish(TENANT, &cleared).await;
    let inner = solution(
        1,
        "Card fraud",
        "my card was stolen",
        "Block it in the vault",
    );
    world.publish(TENANT, &inner).await;
    let answer = for_bot(&world, "my card does not work").await;
    assert!(answer.fits && !answer.hand_off);
    let [only] = answer.suggestions.as_slice() else {
        panic!("{answer:?}");
    };
    let given = only.solution.clone().unwrap();
    assert_eq!(
        given.customer_wording,
        "We send you a new card within three days."
    );
    assert!(given.resolution.is_empty() && given.cause.is_empty());
    assert!(given.do_not_say.is_empty() && given.symptoms.is_empty());
    assert!(given.owner_group.is_empty() && only.discriminating_questions.is_empty());
    // Nor is it found by its internal words, which would tell that they stand there.
    for inner in ["vault", "E17", "supplier", "scratched", "fraud stolen"] {
        let answer = for_bot(&world, inner).await;
        assert!(answer.suggestions.is_empty() && answer.hand_off, "{inner}");
    }
    // Two that fit alike: a program can't tell which is meant.
    let twin = Solution {
        solution_id: solution(2, "", "", "").solution_id,
        ..cleared.clone()
    };
    world.publish(TENANT, &twin).await;
    assert!(for_bot(&world, "my card does not work").await.hand_off);
}

#[tokio::test]
async fn a_search_says_when_a_bot_should_hand_over_too() {
    let world = World::new().await;
    let cleared = Solution {
        audience: Audience::Bot.into(),
        customer_wording: "We send you a new card within three days.".to_owned(),
        ..solution(0, "Card broken", "my card does not work", "Reissue it")
    };
    world.publish(TENANT, &cleared).await;
    let search = async |text: &str, audience: Audience| {
        let request = SearchSolutionsRequest {
            filter: Some(SolutionFilter {
                audience: audience.into(),
                ..SolutionFilter::default()
            }),
            ..asking(text)
        };
        world.search(request).await.hand_off
    };
    let (broken, oslo) = ("my card does not work", "what is the weather in Oslo");
    assert!(!search(broken, Audience::Bot).await);
    assert!(search(oslo, Audience::Bot).await);
    // People know themselves when they don't know.
    assert!(!search(oslo, Audience::Unspecified).await);
    let twin = Solution {
        solution_id: solution(2, "", "", "").solution_id,
        ..cleared
    };
    world.publish(TENANT, &twin).await;
    assert!(search(broken, Audience::Bot).await);
}

#[tokio::test]
async fn what_tells_neighbours_apart_is_asked_for_by_either() {
    let world = World::new().await;
    let ask = |question: &str, one: Solution| Solution {
        discriminating_questions: vec![question.to_owned()],
        ..one
    };
    let lamp = solution(0, "Red lamp", "the router lamp is red", "Restart");
    let cable = solution(1, "Loose cable", "the router is dead", "Plug it in");
    world
        .publish(TENANT, &ask("Which lamp is red?", lamp))
        .await;
    world
        .publish(TENANT, &ask("Is it plugged in?", cable))
        .await;
    let suggestions = world.suggest("router lamp").await;
    assert_eq!(suggestions.len(), 2);
    assert_eq!(
        suggestions[0].discriminating_questions,
        ["Which lamp is red?", "Is it plugged in?"]
    );
    assert_eq!(
        suggestions[1].discriminating_questions,
        ["Is it plugged in?", "Which lamp is red?"]
    );
}

#[tokio::test]
async fn expired_verification_is_shown_and_can_be_left_out() {
    let world = World::new().await;
    let expired = Solution {
        verify_by: Some(at(1_779_999_999)),
        ..solution(0, "Old router", "router", "restart")
    };
    let fresh = Solution {
        verify_by: Some(at(1_780_000_001)),
        ..solution(1, "New router", "router", "restart")
    };
    world.publish(TENANT, &expired).await;
    world.publish(TENANT, &fresh).await;
    let found = world.search(asking("router")).await;
    let shown = |title: &str| {
        let hit = found.hits.iter().find(|hit| hit.title == title).unwrap();
        hit.verification_expired
    };
    assert!(shown("Old router") && !shown("New router"));
    let found = world
        .search(SearchSolutionsRequest {
            filter: Some(SolutionFilter {
                only_verified: true,
                ..SolutionFilter::default()
            }),
            ..asking("router")
        })
        .await;
    assert_eq!((titles(&found), found.total_size), (vec!["New router"], 1));
    let suggestions = world.suggest("router").await;
    assert_eq!(
        suggestions
            .iter()
            .filter(|one| one.verification_expired)
            .count(),
        1
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    let mut searches = world.searches.clone();
    let request = SearchSolutionsRequest {
        text: "x".repeat(4_001),
        search_id: "no id".to_owned(),
        facets: vec![0],
        page_size: -1,
        filter: Some(SolutionFilter {
            product: "x".repeat(129),
            ..SolutionFilter::default()
        }),
        ..SearchSolutionsRequest::default()
    };
    let refused = searches.search_solutions(request).await.unwrap_err();
    let expected = [
        "text",
        "filter.product",
        "search_id",
        "facets[0]",
        "page_size",
    ];
    assert_eq!(fields(&refused), expected);
    let request = SearchSolutionsRequest {
        page_token: "AAAA".to_owned(),
        ..SearchSolutionsRequest::default()
    };
    let refused = searches.search_solutions(request).await.unwrap_err();
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
    let request = by(asking("x"), &[("role", "tenant_admin")]);
    let refused = searches.search_solutions(request).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
}
