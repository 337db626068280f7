//! Codes, held against the taxonomies that the tenant has set up; and what made customers call.

use aftercall_log::Log;
use aftercall_proto::event::v1::{Event, EventType, InteractionAmended, InteractionRecorded};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    Disposition, DriverSegment, DriverSetter, Interaction, IvrOutcome, IvrStep, Setting, Taxonomy,
    TaxonomyKind, TaxonomyNode, UnknownCodes, Warning,
};
use aftercall_proto::recorder::v1::{AmendInteractionRequest, RecordInteractionRequest};
use aftercall_service::Clock;
use aftercall_service::testing::{setting, setting_changed};
use pbjson_types::FieldMask;
use prost::Message;
use tonic::Code;

use crate::contact::{NOW_S, at, id, interaction, reason, request};
use crate::fixture::{Fixture, reason_of, violations_of};

fn node(code: &str) -> TaxonomyNode {
    TaxonomyNode {
        code: code.to_owned(),
        ..TaxonomyNode::default()
    }
}

/// Reasons: `billing.refund`, and `fax`, which was in use until the contacts of these tests began.
fn reasons(unknown_codes: UnknownCodes) -> Taxonomy {
    Taxonomy {
        kind: TaxonomyKind::ContactReason.into(),
        nodes: vec![
            node("billing.refund"),
            TaxonomyNode {
                active_to: at(NOW_S - 600),
                maps_to: "billing.refund".to_owned(),
                ..node("fax")
            },
        ],
        unknown_codes: unknown_codes.into(),
        ..Taxonomy::default()
    }
}

fn drivers() -> Taxonomy {
    Taxonomy {
        kind: TaxonomyKind::Driver.into(),
        nodes: vec![node("outage.network")],
        unknown_codes: UnknownCodes::Refuse.into(),
        ..Taxonomy::default()
    }
}

impl Fixture {
    async fn set_up(&self, revision: u64, id: &str, taxonomy: Taxonomy) {
        let setting = Setting {
            version: revision,
            ..setting(id, Body::Taxonomy(taxonomy))
        };
        let record = setting_changed("acme", revision, setting, self.clock.now());
        self.log.append(vec![record]).await.unwrap();
        self.caught_up().await;
    }

    /// The contact that was recorded last.
    fn last_recorded(&self) -> Interaction {
        let events = self.events();
        let recorded = events
            .iter()
            .rfind(|event| event.sequence == 1 && event.r#type == 1);
        let data = recorded.unwrap().data().unwrap().clone();
        let recorded = InteractionRecorded::decode(data).unwrap();
        recorded.interaction.unwrap()
    }
}

fn with_reason(number: u32, code: &str) -> RecordInteractionRequest {
    request(Interaction {
        contact_reasons: vec![reason(code)],
        ..interaction(&id(number))
    })
}

fn driver(code: &str) -> DriverSegment {
    DriverSegment {
        code: code.to_owned(),
        set_by: DriverSetter::Classifier.into(),
        confidence: Some(0.75),
        classifier: "topics".to_owned(),
        classifier_version: "7".to_owned(),
        ..DriverSegment::default()
    }
}

fn amended(request_id: &str, path: &str, values: Interaction) -> AmendInteractionRequest {
    AmendInteractionRequest {
        request_id: request_id.to_owned(),
        interaction_id: id(1),
        interaction: Some(values),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        reason: "found out later".to_owned(),
        ..AmendInteractionRequest::default()
    }
}

#[tokio::test]
async fn without_a_taxonomy_any_code_is_taken_as_it_is() {
    let fixture = Fixture::new().await;
    let mut contact = interaction(&id(1));
    contact.contact_reasons[0].taxonomy_version = "theirs".to_owned();
    contact.driver_segment = Some(driver("any.thing"));
    let answer = fixture.record(request(contact.clone())).await.unwrap();
    assert_eq!(answer.warnings, []);
    let kept = fixture.last_recorded();
    assert_eq!(kept.contact_reasons, contact.contact_reasons);
    assert_eq!(kept.driver_segment, contact.driver_segment);
}

#[tokio::test]
async fn a_code_that_is_not_in_use_is_refused_with_what_to_do() {
    let fixture = Fixture::new().await;
    fixture
        .set_up(1, "reasons", reasons(UnknownCodes::Refuse))
        .await;
    fixture.set_up(2, "drivers", drivers()).await;
    let mut wrong = interaction(&id(1));
    wrong.contact_reasons = vec![reason("billing.refnd")];
    wrong.driver_segment = Some(driver("outage.netwrk"));
    // Of a kind of which there is no taxonomy, any will do; and what else is wrong is told with it.
    wrong.disposition = Some(Disposition {
        code: "whatever".to_owned(),
        ..Disposition::default()
    });
    wrong.agent_id = " ".to_owned();
    let refused = fixture.record(request(wrong)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields = [
        ("interaction.agent_id", "MALFORMED"),
        ("interaction.contact_reasons[0].code", "UNKNOWN_CODE"),
        ("interaction.driver_segment.code", "UNKNOWN_CODE"),
    ];
    let fields = fields.map(|(field, reason)| (field.to_owned(), reason.to_owned()));
    assert_eq!(violations_of(&refused), fields);
    let told = |refused: &tonic::Status| {
        let (_, details) = reason_of(refused);
        let request = details.bad_request().unwrap();
        request.field_violations.last().unwrap().description.clone()
    };
    assert!(
        told(&refused).contains("did you mean outage.network?"),
        "{refused:?}"
    );

    let refused = fixture.record(with_reason(1, "fax")).await.unwrap_err();
    let text = told(&refused);
    assert!(text.contains("use billing.refund in its place"), "{text}");

    // It was in use when an earlier contact began.
    let mut earlier = interaction(&id(2));
    earlier.contact_reasons = vec![reason("fax")];
    earlier.occurred_at = at(NOW_S - 601);
    earlier.driver_segment = Some(driver("outage.network"));
    let answer = fixture.record(request(earlier)).await.unwrap();
    assert_eq!(answer.warnings, []);
    let kept = fixture.last_recorded();
    assert_eq!(kept.contact_reasons[0].taxonomy_version, "reasons@1");
    let segment = kept.driver_segment.unwrap();
    assert_eq!(segment.taxonomy_version, "drivers@2");
    assert_eq!(segment.confidence, Some(0.75));
}

/// The field and the reason of each warning.
fn warned(warnings: &[Warning]) -> Vec<(String, String)> {
    let warned = warnings
        .iter()
        .map(|it| (it.field.clone(), it.reason.clone()));
    warned.collect()
}

#[tokio::test]
async fn where_the_tenant_says_so_and_in_imports_it_is_a_warning() {
    let fixture = Fixture::new().await;
    fixture
        .set_up(1, "reasons", reasons(UnknownCodes::Warn))
        .await;
    let answer = fixture
        .record(with_reason(1, "billing.refnd"))
        .await
        .unwrap();
    let field = "interaction.contact_reasons[0].code".to_owned();
    let expected = [(field, "UNKNOWN_CODE".to_owned())];
    assert_eq!(warned(&answer.warnings), expected);
    let text = &answer.warnings[0].description;
    assert!(text.contains("did you mean billing.refund?"), "{text}");
    let kept = fixture.last_recorded();
    assert_eq!(kept.contact_reasons[0].code, "billing.refnd");
    assert_eq!(kept.contact_reasons[0].taxonomy_version, "");

    fixture
        .set_up(2, "reasons", reasons(UnknownCodes::Refuse))
        .await;
    fixture.record(with_reason(2, "fax")).await.unwrap_err();
    let import = RecordInteractionRequest {
        import_batch: "2025".to_owned(),
        ..with_reason(2, "fax")
    };
    let answer = fixture.record(import).await.unwrap();
    assert_eq!(warned(&answer.warnings), expected);
}

#[tokio::test]
async fn an_amendment_that_is_sent_again_warns_again() {
    let fixture = Fixture::new().await;
    fixture
        .set_up(1, "reasons", reasons(UnknownCodes::Warn))
        .await;
    fixture
        .record(with_reason(1, "billing.refund"))
        .await
        .unwrap();
    let odd = with_reason(1, "billing.refnd").interaction.unwrap();
    let odd = amended("r1", "contact_reasons", odd);
    let send = async || {
        let mut lead = fixture.client("acme lead-1 team_lead");
        let answer = lead.amend_interaction(odd.clone()).await.unwrap();
        answer.into_inner()
    };
    let first = send().await;
    let field = "interaction.contact_reasons[0].code".to_owned();
    let expected = [(field, "UNKNOWN_CODE".to_owned())];
    assert_eq!(warned(&first.warnings), expected);
    assert_eq!(send().await, first);

    // What is refused by now was taken then: it stays done.
    fixture
        .set_up(2, "reasons", reasons(UnknownCodes::Refuse))
        .await;
    let later = send().await;
    assert_eq!((later.version, &*later.warnings), (first.version, &[][..]));
}

#[tokio::test]
async fn what_was_recorded_before_stays_recorded() {
    let fixture = Fixture::new().await;
    let first = fixture.record(with_reason(1, "order")).await.unwrap();
    fixture
        .set_up(1, "reasons", reasons(UnknownCodes::Refuse))
        .await;
    let again = fixture.record(with_reason(1, "order")).await.unwrap();
    assert!(again.already_recorded);
    assert_eq!(again.position, first.position);
    let refused = fixture.record(with_reason(2, "order")).await.unwrap_err();
    assert_eq!(violations_of(&refused)[0].1, "UNKNOWN_CODE");
}

#[tokio::test]
async fn a_classifier_says_later_what_made_the_customer_call() {
    let fixture = Fixture::new().await;
    fixture.set_up(1, "drivers", drivers()).await;
    fixture.record(request(interaction(&id(1)))).await.unwrap();
    let mut program = fixture.client("acme classifier integration");
    let said = |segment| Interaction {
        driver_segment: segment,
        ..Interaction::default()
    };
    let wrong = said(Some(driver("outage.netwrk")));
    let wrong = amended("r1", "driver_segment", wrong);
    let refused = program.amend_interaction(wrong).await.unwrap_err();
    let (field, reason) = &violations_of(&refused)[0];
    assert_eq!(field, "interaction.driver_segment.code");
    assert_eq!(reason, "UNKNOWN_CODE");

    let right = said(Some(driver("outage.network")));
    let right = amended("r1", "driver_segment", right);
    program.amend_interaction(right).await.unwrap();
    let events = fixture.events();
    let is_amended = |event: &&Event| event.r#type() == EventType::InteractionAmended;
    let event = events.iter().rfind(is_amended).unwrap();
    let data = event.data().unwrap().clone();
    let values = InteractionAmended::decode(data).unwrap();
    let kept = values.interaction.unwrap().driver_segment.unwrap();
    assert_eq!(
        (&*kept.code, &*kept.taxonomy_version),
        ("outage.network", "drivers@1")
    );

    // An agent's word, or that there is none, is not a program's to say.
    let by_agent = DriverSegment {
        code: "outage.network".to_owned(),
        set_by: DriverSetter::Agent.into(),
        ..DriverSegment::default()
    };
    for (request_id, segment) in [("r2", Some(by_agent.clone())), ("r3", None)] {
        let request = amended(request_id, "driver_segment", said(segment));
        let refused = program.amend_interaction(request).await.unwrap_err();
        assert_eq!(reason_of(&refused).0, "ROLE_REQUIRED");
    }
    let mut agent = fixture.client("acme agent-1 agent");
    let request = amended("r4", "driver_segment", said(Some(by_agent)));
    agent.amend_interaction(request).await.unwrap();
}

#[tokio::test]
async fn a_classifier_without_a_name_and_an_agent_with_one_are_refused() {
    let fixture = Fixture::new().await;
    let mut contact = interaction(&id(1));
    contact.driver_segment = Some(DriverSegment {
        classifier: String::new(),
        confidence: None,
        ..driver("outage.network")
    });
    contact.ivr_path = vec![IvrStep {
        entered_at: at(NOW_S - 590),
        exited_at: at(NOW_S - 595),
        ..IvrStep::default()
    }];
    let refused = fixture.record(request(contact.clone())).await.unwrap_err();
    let field = |field: &str, reason: &str| (format!("interaction.{field}"), reason.to_owned());
    assert_eq!(
        violations_of(&refused),
        [
            field("ivr_path[0].node", "REQUIRED"),
            field("ivr_path[0].exited_at", "CONFLICTING"),
            field("driver_segment.classifier", "REQUIRED"),
            field("driver_segment.confidence", "REQUIRED"),
        ]
    );
    contact.driver_segment = Some(DriverSegment {
        set_by: DriverSetter::Agent.into(),
        ..driver("outage.network")
    });
    contact.ivr_path[0].node = "main".to_owned();
    contact.ivr_path[0].exited_at = at(NOW_S - 580);
    contact.ivr_path[0].outcome = IvrOutcome::Queued.into();
    let refused = fixture.record(request(contact.clone())).await.unwrap_err();
    let named = violations_of(&refused);
    let reasons: Vec<_> = named.iter().map(|(_, reason)| &**reason).collect();
    assert_eq!(reasons, ["CONFLICTING"; 3]);
    contact.driver_segment = None;
    fixture.record(request(contact.clone())).await.unwrap();
    assert_eq!(fixture.last_recorded().ivr_path, contact.ivr_path);
}
