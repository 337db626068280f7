//! A watch that breaks goes on where it was.

use aftercall_client::Error;
use aftercall_proto::alerts::v1::{AlertFilter, WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::model::v1::Alert;
use futures::{StreamExt, TryStreamExt};
use tonic::{Code, Status};

use crate::server::{Script, Server, Watched, refusal};

fn began(token: &str) -> Result<WatchAlertsResponse, Status> {
    Ok(WatchAlertsResponse {
        resume_token: token.to_owned(),
        ..Default::default()
    })
}

fn fired(token: &str) -> Result<WatchAlertsResponse, Status> {
    Ok(WatchAlertsResponse {
        alert: Some(Alert::default()),
        resume_token: token.to_owned(),
    })
}

async fn watching(watches: impl IntoIterator<Item = Watched>) -> Server {
    Server::start(Script {
        watches: watches.into_iter().collect(),
        ..Script::default()
    })
    .await
}

fn north() -> AlertFilter {
    AlertFilter {
        team_ids: vec!["north".to_owned()],
        ..AlertFilter::default()
    }
}

/// The tokens of the first answers.
async fn tokens(server: &Server, count: usize) -> Vec<String> {
    let request = WatchAlertsRequest {
        filter: Some(north()),
        ..Default::default()
    };
    let watch = server.client().await.watch_alerts(request);
    let answers: Vec<_> = watch.take(count).try_collect().await.unwrap();
    answers.into_iter().map(|it| it.resume_token).collect()
}

#[tokio::test]
async fn a_broken_watch_goes_on_after_the_last_answer() {
    let server = watching([
        vec![began("a"), fired("b"), Err(Status::unavailable("broken"))],
        vec![],
        vec![Err(refusal(Code::Unavailable, "SERVER_STOPPING", None))],
        vec![began("b"), fired("c")],
    ])
    .await;
    assert_eq!(tokens(&server, 4).await, ["a", "b", "b", "c"]);
    let watched = server.script.lock().watched.clone();
    let resumed: Vec<_> = watched.iter().map(|it| it.resume_token.as_str()).collect();
    assert_eq!(resumed, ["", "b", "b", "b"]);
    assert!(watched.iter().all(|it| it.filter == Some(north())));
}

#[tokio::test]
async fn a_watch_that_can_not_go_on_says_why() {
    let gone = refusal(Code::InvalidArgument, "PAGE_TOKEN_INVALID", None);
    let server = watching([vec![began("a"), Err(gone)], vec![]]).await;
    let watch = server.client().await;
    let mut watch = std::pin::pin!(watch.watch_alerts(WatchAlertsRequest::default()));
    watch.next().await.unwrap().unwrap();
    match watch.next().await {
        Some(Err(Error::Refused(refusal))) => assert_eq!(refusal.reason, "PAGE_TOKEN_INVALID"),
        other => panic!("{other:?}"),
    }
    assert!(watch.next().await.is_none(), "it has ended");
}

#[tokio::test]
async fn a_watch_that_never_began_does_not_begin_anew_unseen() {
    let broken = vec![Err(Status::unavailable("broken"))];
    let server = watching([broken, vec![began("a")]]).await;
    let watch = server.client().await;
    let mut watch = std::pin::pin!(watch.watch_alerts(WatchAlertsRequest::default()));
    assert!(watch.next().await.unwrap().is_err());
    assert_eq!(server.script.lock().watched.len(), 1);
}
