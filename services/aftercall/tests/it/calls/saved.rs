//! A wrap-up that is saved in parts, before it is recorded as a whole.

use aftercall_proto::followups::v1::SaveWrapUpRequest;
use aftercall_proto::history::v1::{InteractionFilter, SearchInteractionsRequest};
use pbjson_types::FieldMask;

use super::*;

fn save(request: &str, id: &str, paths: &[&str], values: Interaction) -> SaveWrapUpRequest {
    SaveWrapUpRequest {
        request_id: request.to_owned(),
        interaction_id: id.to_owned(),
        interaction: Some(values),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    }
}

impl House {
    /// The contacts that have a label, or all, and how they stand.
    async fn found(&self, label: &str) -> Vec<(String, RecordStatus)> {
        let labels = [label].into_iter().filter(|label| !label.is_empty());
        let request = SearchInteractionsRequest {
            latest: true,
            filter: Some(InteractionFilter {
                labels: labels.map(str::to_owned).collect(),
                ..InteractionFilter::default()
            }),
            ..SearchInteractionsRequest::default()
        };
        let answer = self.client.call(request).await.unwrap();
        assert_eq!(answer.total_size as usize, answer.results.len());
        let contacts = answer.results.into_iter().filter_map(|one| one.interaction);
        let found = contacts.map(|one| (one.interaction_id.clone(), one.record_status()));
        found.collect()
    }
}

#[tokio::test]
async fn what_is_saved_is_shown_of_the_call_until_the_whole_is_recorded() {
    in_a_house(|house| async move {
        let id = house.told(house.answered()).await;
        let labels = Interaction {
            labels: vec!["vip".to_owned()],
            ..Interaction::default()
        };
        let first = save("r-1", &id, &["labels"], labels.clone());
        let position = house.client.call(first.clone()).await.unwrap().position;
        assert_eq!(house.client.call(first).await.unwrap().position, position);
        let reasons = Interaction {
            contact_reasons: contact(house.clock.now()).contact_reasons,
            ..Interaction::default()
        };
        let mut written = reasons.clone();
        written.contact_reasons[0].stated_verbatim.push('\u{7}');
        let second = save("r-2", &id, &["contact_reasons"], written);
        let warned = house.client.call(second).await.unwrap().warnings;
        let warned: Vec<_> = warned.iter().map(|one| &*one.field).collect();
        assert_eq!(warned, ["interaction.contact_reasons[0].stated_verbatim"]);
        let shown = house.get(&id).await.interaction.unwrap();
        assert_eq!(shown.record_status(), RecordStatus::Provisional);
        assert_eq!(shown.labels, ["vip"]);
        assert_eq!(shown.contact_reasons, reasons.contact_reasons);
        assert_eq!(shown.segments[0].kind(), SegmentKind::Queue);
        assert_eq!(
            house.found("vip").await,
            [(id.clone(), RecordStatus::Provisional)]
        );
        // It is replaced field by field, and emptied by an empty value.
        let third = save("r-3", &id, &["labels"], Interaction::default());
        house.client.call(third).await.unwrap();
        assert!(house.get(&id).await.interaction.unwrap().labels.is_empty());
        assert_eq!(house.found("vip").await, []);

        house.told(vec![house.event(200, Kind::Ended)]).await;
        house.wrap_up().await;
        let shown = house.get(&id).await.interaction.unwrap();
        assert_eq!(shown.record_status(), RecordStatus::Unspecified);
        assert_eq!(house.timeline().await.len(), 1);
        // The record takes the call's place where contacts are found, too.
        let all = house.found("").await;
        assert_eq!(all, [(id, RecordStatus::Unspecified)]);
    })
    .await;
}

#[tokio::test]
async fn what_telephony_tells_is_not_saved_and_no_call_is_made_by_it() {
    in_a_house(|house| async move {
        let id = house.told(house.answered()).await;
        let ended = save(
            "r-1",
            &id,
            &["ended_at", "promises"],
            Interaction::default(),
        );
        let refused = house.client.call(ended).await.unwrap_err().to_string();
        assert!(
            refused.contains("names ended_at, which telephony tells"),
            "{refused}"
        );
        assert!(refused.contains("update_mask.paths[1]"), "{refused}");
        let nowhere = uuid::Uuid::from_u128(9).to_string();
        let unknown = save("r-2", &nowhere, &["labels"], Interaction::default());
        let refused = house.client.call(unknown).await.unwrap_err().to_string();
        assert!(refused.contains("no such call"), "{refused}");
    })
    .await;
}
