//! Tokens that nobody was given: made up, cut short, of another question, of another log.

use super::*;

/// Tokens of another log, another list, cut, garbled and made up.
pub(super) async fn forged_tokens(acme: &mut Tenant, position: &str) {
    let stranger = LogId([7; 16]);
    let far = Position {
        partition: 0,
        offset: 5,
    };
    let page = PageToken {
        query: 1,
        complete_through: Positions::through(far),
        payload: vec![0xFF; 100].into(),
    };
    let tokens = [
        page.encode(stranger),
        Positions::through(far).encode(stranger),
        position[..position.len() - 1].to_owned(),
        position.replace(|c: char| c.is_ascii_digit(), "z") + "z",
        "A".repeat(100_000),
        "😀".to_owned(),
    ];
    for token in tokens.into_iter().chain([position.to_owned()]) {
        let forged = if token == position {
            BAD_PAGE
        } else {
            BAD_POSITION
        };
        pages(acme, &token).await;
        if forged == BAD_POSITION {
            positions(acme, &token).await;
        }
    }
}

async fn pages(acme: &mut Tenant, page_token: &str) {
    let page_token = page_token.to_owned();
    let list = ListTimelineRequest {
        whose: Some(CUSTOMER.to_owned().into()),
        page_token: page_token.clone(),
        ..ListTimelineRequest::default()
    };
    refused("timeline", acme.history.list_timeline(list).await, BAD_PAGE);
    let list = SearchInteractionsRequest {
        page_token: page_token.clone(),
        ..SearchInteractionsRequest::default()
    };
    refused(
        "search",
        acme.history.search_interactions(list).await,
        BAD_PAGE,
    );
    let find = FindCustomersRequest {
        text: CUSTOMER.to_owned(),
        page_token: page_token.clone(),
        ..FindCustomersRequest::default()
    };
    refused(
        "customers",
        acme.history.find_customers(find).await,
        BAD_PAGE,
    );
    let list = ListCommitmentsRequest {
        page_token: page_token.clone(),
        ..ListCommitmentsRequest::default()
    };
    refused(
        "promises",
        acme.followups.list_commitments(list).await,
        BAD_PAGE,
    );
    let list = ListAlertsRequest {
        page_token: page_token.clone(),
        ..ListAlertsRequest::default()
    };
    refused("alerts", acme.alerts.list_alerts(list).await, BAD_PAGE);
    let list = ListCandidatesRequest {
        page_token: page_token.clone(),
        ..ListCandidatesRequest::default()
    };
    refused(
        "candidates",
        acme.knowledge.list_candidates(list).await,
        BAD_PAGE,
    );
    let list = ListSolutionsRequest {
        page_token,
        ..ListSolutionsRequest::default()
    };
    refused(
        "solutions",
        acme.knowledge.list_solutions(list).await,
        BAD_PAGE,
    );
}

async fn positions(acme: &mut Tenant, min_position: &str) {
    let min_position = min_position.to_owned();
    let get = GetCustomerContextRequest {
        whose: Some(CUSTOMER.to_owned().into()),
        min_position: min_position.clone(),
        ..GetCustomerContextRequest::default()
    };
    refused(
        "context",
        acme.history.get_customer_context(get).await,
        BAD_POSITION,
    );
    let list = ListCommitmentsRequest {
        min_position: min_position.clone(),
        ..ListCommitmentsRequest::default()
    };
    refused(
        "promises",
        acme.followups.list_commitments(list).await,
        BAD_POSITION,
    );
    let list = ListSolutionsRequest {
        min_position,
        ..ListSolutionsRequest::default()
    };
    refused(
        "solutions",
        acme.knowledge.list_solutions(list).await,
        BAD_POSITION,
    );
}
