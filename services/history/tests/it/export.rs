//! Contacts that are taken home.

use std::collections::BTreeMap;

use aftercall_log::{Log, Position};
use aftercall_proto::event::v1::{Event, EventType};
use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{
    ExportFormat, ExportInteractionsRequest, ExportManifest, ExportPart, ExportStart,
    ExportedInteraction, GetExportKeyRequest, InteractionFilter, SearchInteractionsRequest,
};
use aftercall_proto::model::v1::{CallEventKind, HandleKind, Interaction};
use aftercall_service::Role;
use prost::Message;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use tonic::Status;

use crate::contact::contact;
use crate::fixture::{Caller, Events, Service, TENANT, ago, id, reason, views, wrong_fields};
use crate::telephony::told;

/// What came of an export, as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    start: ExportStart,
    pub(crate) parts: Vec<(ExportPart, Vec<u8>)>,
    manifest: Option<ExportManifest>,
    /// What came of the file after the last whole one.
    rest: Vec<u8>,
}

impl Taken {
    /// Takes in the pieces up to the part `parts_max`, and then goes away.
    pub(crate) async fn from(
        client: &mut Caller,
        request: ExportInteractionsRequest,
        parts_max: usize,
    ) -> Result<Self, Status> {
        let request = client.request(request);
        let mut pieces = client
            .exports
            .export_interactions(request)
            .await?
            .into_inner();
        let mut taken = Self::default();
        while let Some(answer) = pieces.message().await? {
            match answer.piece.unwrap() {
                Piece::Start(start) => taken.start = start,
                Piece::Bytes(bytes) => taken.rest.extend_from_slice(&bytes),
                Piece::Part(part) => {
                    let bytes = std::mem::take(&mut taken.rest);
                    taken.parts.push((part, bytes));
                    if taken.parts.len() == parts_max {
                        break;
                    }
                }
                Piece::Manifest(manifest) => taken.manifest = Some(manifest),
            }
        }
        Ok(taken)
    }

    fn rows(&self) -> u64 {
        self.parts.iter().map(|(part, _)| part.rows).sum()
    }

    /// All lines, without the header of columns.
    pub(crate) fn lines(&self, header: usize) -> Vec<String> {
        let lines = self.parts.iter().flat_map(|(_, bytes)| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let lines: Vec<String> = text.lines().skip(header).map(str::to_owned).collect();
            lines
        });
        lines.collect()
    }

    fn contacts(&self) -> Vec<String> {
        self.lines(0).iter().map(|line| contact_of(line)).collect()
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.parts.iter();
        files
            .map(|(part, bytes)| (part.name.clone(), bytes.clone()))
            .collect()
    }
}

/// The id of the contact of a line of JSON.
fn contact_of(line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap();
    let id = line["interaction"]["interactionId"].as_str();
    id.unwrap().to_owned()
}

pub(crate) fn asked(format: ExportFormat, part_rows: i32) -> ExportInteractionsRequest {
    ExportInteractionsRequest {
        format: format.into(),
        part_rows,
        latest: true,
        ..Default::default()
    }
}

fn going_on(resume_token: String) -> ExportInteractionsRequest {
    ExportInteractionsRequest {
        resume_token,
        ..Default::default()
    }
}

/// Contacts of several customers and of nobody, some amended, some moved, with promises.
fn write(events: &Events, count: u64) {
    for n in 0..count {
        let one = contact(n)
            .summary(["alpha beta", "beta", "gamma"][n as usize % 3])
            .handle(HandleKind::Telephone, "+4930999001")
            .ago(60 + n as i64);
        let one = match n % 5 {
            0 => one.customer(""),
            n => one.customer(&format!("customer-{n}")),
        };
        let one = if n % 2 == 0 { one.promise(n, 600) } else { one };
        one.record(events);
        if n % 7 == 0 {
            one.identify(events, 2, "found");
        }
        if n % 6 == 0 {
            one.fulfil(events, n, 2, 10);
        }
    }
}

/// Telephony tells of a contact that it was answered.
fn answered(events: &Events, n: u64) {
    told(events, n, (40, CallEventKind::Answered, "agent-1"));
}

#[tokio::test]
async fn an_export_is_what_a_search_counts_and_is_signed() {
    let (events, dir) = (Events::new(), views());
    write(&events, 500);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let all = Taken::from(&mut client, asked(ExportFormat::Ndjson, 64), 99)
        .await
        .unwrap();

    let request = SearchInteractionsRequest::default();
    let found = client.search(request).await.unwrap();
    assert_eq!(
        (all.start.rows, all.rows()),
        (found.total_size, found.total_size)
    );
    assert_eq!(all.parts.len(), 500_usize.div_ceil(64));
    let mut contacts = all.contacts();
    contacts.sort();
    assert_eq!(contacts, (0..500).map(|n| id(1, n)).collect::<Vec<_>>());
    for (part, bytes) in &all.parts {
        let sha256: String = digest(&SHA256, bytes)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!((part.size, &part.sha256), (bytes.len() as u64, &sha256));
    }
    let signed = all.manifest.unwrap();
    let manifest: Value = serde_json::from_str(&signed.manifest).unwrap();
    assert_eq!(manifest["rows"], 500);
    assert_eq!(manifest["exported_by"], "sup-1");
    assert_eq!(manifest["parts"].as_array().unwrap().len(), 8);
    let request = client.request(GetExportKeyRequest {});
    let key = client
        .exports
        .get_export_key(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(manifest["key"]["public_key"], key.public_key);
    let decoded = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap()
    };
    let public = UnparsedPublicKey::new(&ED25519, decoded(&key.public_key));
    let signature = decoded(&signed.signature);
    public
        .verify(signed.manifest.as_bytes(), &signature)
        .unwrap();
    let mut torn = signed.manifest.clone().into_bytes();
    torn[40] ^= 1;
    assert!(public.verify(&torn, &signature).is_err());
}

#[tokio::test]
async fn it_is_an_event_who_took_what() {
    let (events, dir) = (Events::new(), views());
    write(&events, 3);
    let service = Service::start(&events, dir.path()).await;
    let before = events.log.tails().unwrap()[0];
    let filter = InteractionFilter {
        customer_ids: vec!["customer-1".into()],
        ..Default::default()
    };
    let request = ExportInteractionsRequest {
        query: "beta".into(),
        filter: Some(filter),
        ..asked(ExportFormat::Csv, 0)
    };
    let mut client = service.client_as(TENANT, Role::Auditor);
    let taken = Taken::from(&mut client, request, 9).await.unwrap();
    let at = |offset| Position {
        partition: 0,
        offset,
    };
    let mut reader = events.log.reader(&[at(before)]).unwrap();
    let noted = reader.next(10, 1 << 20, std::time::Duration::ZERO).unwrap();
    let [noted] = &noted[..] else {
        panic!("{noted:?}")
    };
    let event = Event::decode(noted.record.body.clone()).unwrap();
    assert_eq!(event.r#type(), EventType::ExportBegun);
    assert_eq!((&*event.actor_id, &*event.tenant_id), ("sup-1", TENANT));
    assert_eq!(event.aggregate_id, taken.start.export_id);
    // Going on is no other export.
    let tail = events.log.tails().unwrap()[0];
    Taken::from(&mut client, going_on(taken.start.resume_token), 9)
        .await
        .unwrap();
    assert_eq!(events.log.tails().unwrap()[0], tail);
}

#[tokio::test]
async fn an_export_goes_on_after_either_side_was_killed_with_the_same_bytes() {
    for format in [
        ExportFormat::Ndjson,
        ExportFormat::Csv,
        ExportFormat::Parquet,
    ] {
        let (events, dir) = (Events::new(), views());
        write(&events, 300);
        // Calls come last; one of these is recorded meanwhile.
        answered(&events, 700);
        answered(&events, 701);
        let service = Service::start(&events, dir.path()).await;
        let mut client = service.client();
        let begun = Taken::from(&mut client, asked(format, 50), 2)
            .await
            .unwrap();
        let (last, _) = begun.parts.last().unwrap().clone();
        let whole = going_on(begun.start.resume_token.clone());
        let whole = Taken::from(&mut client, whole, 99).await.unwrap();
        // Meanwhile everything changes, and the server is another process.
        for n in 0..300 {
            let values = Interaction {
                labels: vec!["later".into()],
                occurred_at: Some(ago(5)),
                ..Default::default()
            };
            let customer = if n % 5 == 0 {
                String::new()
            } else {
                format!("customer-{}", n % 5)
            };
            let version = if n % 7 == 0 { 3 } else { 2 };
            let one = contact(n).customer(&customer);
            one.amend(&events, version, &["labels", "occurred_at"], values);
        }
        contact(700).record(&events);
        contact(900).record(&events);
        service.stop().await;
        let service = Service::start(&events, dir.path()).await;
        let mut client = service.client();

        let rest = Taken::from(&mut client, going_on(last.resume_token), 99)
            .await
            .unwrap();

        let mut files = begun.files();
        files.extend(rest.files());
        assert_eq!(files, whole.files(), "{format:?}");
        assert_eq!((rest.start.next_part, rest.start.rows), (3, 302));
        assert_eq!(rest.manifest, whole.manifest, "{format:?}");
        assert_eq!(begun.rows() + rest.rows(), 302);
        service.stop().await;
    }
}

#[tokio::test]
async fn columns_stand_in_csv_and_no_cell_is_a_formula() {
    let (events, dir) = (Events::new(), views());
    contact(1)
        .customer("=cmd|' /C calc'!A0")
        .summary("He said \"no\",\r\nand hung up")
        .labels(&["one", "two"])
        .feeling(-2.5)
        .promise(1, 600)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let taken = Taken::from(&mut client, asked(ExportFormat::Csv, 0), 9)
        .await
        .unwrap();
    let (part, bytes) = &taken.parts[0];
    assert_eq!((&*part.name, part.rows), ("part-00001.csv", 1));
    let mut reader = csv::ReaderBuilder::new().from_reader(&bytes[..]);
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| &row[header.iter().position(|column| column == name).unwrap()];
    assert_eq!(cell("interaction_id"), id(1, 1));
    assert_eq!(cell("customer_id"), "'=cmd|' /C calc'!A0");
    assert_eq!(cell("summary"), "He said \"no\",\r\nand hung up");
    assert_eq!((cell("labels"), cell("sentiment_end")), ("one;two", "-2.5"));
    assert_eq!((cell("promises"), cell("open_promises")), ("1", "1"));
    assert_eq!(cell("next_due_at"), "2026-06-15T12:10:00Z");
    assert_eq!((cell("channel"), cell("ended_at")), ("CHANNEL_VOICE", ""));
}

#[tokio::test]
async fn parquet_is_read_by_its_own_library() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    let (events, dir) = (Events::new(), views());
    write(&events, 40);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let taken = Taken::from(&mut client, asked(ExportFormat::Parquet, 30), 9)
        .await
        .unwrap();
    let mut ids = Vec::new();
    for (part, bytes) in &taken.parts {
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes.clone())).unwrap();
        let rows = reader.metadata().file_metadata().num_rows();
        assert_eq!(rows, i64::try_from(part.rows).unwrap());
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            ids.push(row.get_string(0).unwrap().clone());
            assert!(row.get_long(4).unwrap() >= 1);
        }
    }
    ids.sort();
    assert_eq!(ids, (0..40).map(|n| id(1, n)).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_are_read_as_they_come_and_few_one_by_one_in_the_same_order() {
    let (events, dir) = (Events::new(), views());
    write(&events, 400);
    // Two calls that nobody records, and one that somebody does.
    for n in 5_000..5_003 {
        answered(&events, n);
    }
    contact(5_000).record(&events);
    // So many that all are read as they come.
    for n in 0..20_001 {
        contact(10_000 + n)
            .customer("many")
            .summary("delta")
            .record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let few = ExportInteractionsRequest {
        query: "-delta".into(),
        ..asked(ExportFormat::Ndjson, 0)
    };
    let few = Taken::from(&mut client, few, 99).await.unwrap().lines(0);
    let many = asked(ExportFormat::Ndjson, 0);
    let mut many = Taken::from(&mut client, many, 99).await.unwrap().lines(0);
    assert_eq!(many.len(), 20_404);
    let delta = |line: &String| {
        let id = contact_of(line);
        u64::from_str_radix(&id[24..], 16).unwrap() >= 10_000
    };
    many.retain(|line| !delta(line));
    // What became of their promises, too: of many it is not asked one by one.
    assert_eq!((few.len(), few), (403, many));
}

#[tokio::test]
async fn a_line_is_what_is_answered_of_its_contact() {
    let (events, dir) = (Events::new(), views());
    write(&events, 60);
    let one = contact(60)
        .customer("customer-1")
        .summary("\"No\"\r\nC:\\ \u{1} \u{7f} 2 € 😀 and so on, for more than a few letters")
        .feeling(-2.5);
    one.record(&events);
    one.make(&events, 60, 600);
    one.fulfil_made(&events, 60, 2, 10);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let taken = Taken::from(&mut client, asked(ExportFormat::Ndjson, 50), 9)
        .await
        .unwrap();
    let mut then = client.asking_as_of(taken.start.as_of_position.clone());
    let lines = taken.lines(0);
    assert_eq!(lines.len(), 61);
    for line in lines {
        let answer = then.get(&contact_of(&line)).await.unwrap();
        let expected = ExportedInteraction {
            interaction: answer.interaction,
            commitments: answer.commitments,
        };
        assert_eq!(line, serde_json::to_string(&expected).unwrap());
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_own_caller_alone() {
    let (events, dir) = (Events::new(), views());
    write(&events, 10);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let begun = Taken::from(&mut client, asked(ExportFormat::Csv, 5), 1)
        .await
        .unwrap();
    let token = begun.parts[0].0.resume_token.clone();
    let mut torn = token.clone().into_bytes();
    torn[30] = if torn[30] == b'A' { b'B' } else { b'A' };
    let torn = String::from_utf8(torn).unwrap();
    let mut other = service.client_as("other", Role::Supervisor);
    for (client, token) in [(&mut other, token.clone()), (&mut client.clone(), torn)] {
        let refused = Taken::from(client, going_on(token), 9).await.unwrap_err();
        assert_eq!(reason(&refused), "EXPORT_TOKEN_INVALID");
    }
    let both = ExportInteractionsRequest {
        query: "beta".into(),
        ..going_on(token)
    };
    let refused = Taken::from(&mut client, both, 9).await.unwrap_err();
    let field = ("resume_token".to_owned(), "CONFLICTING".to_owned());
    assert_eq!(wrong_fields(&refused), [field]);
}

#[tokio::test]
async fn what_makes_no_sense_or_is_not_theirs_is_refused() {
    let (events, dir) = (Events::new(), views());
    write(&events, 2_001);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let refused =
        async |client: &mut Caller, request| Taken::from(client, request, 9).await.unwrap_err();
    let nothing = refused(&mut client, ExportInteractionsRequest::default()).await;
    let field = ("format".to_owned(), "REQUIRED".to_owned());
    assert_eq!(wrong_fields(&nothing), [field]);
    let large = refused(&mut client, asked(ExportFormat::Csv, 1)).await;
    assert_eq!(reason(&large), "EXPORT_TOO_LARGE");
    for role in [
        Role::Agent,
        Role::TeamLead,
        Role::Integration,
        Role::TenantAdmin,
    ] {
        let mut client = service.client_as(TENANT, role);
        let refused = refused(&mut client, asked(ExportFormat::Csv, 0)).await;
        assert_eq!(reason(&refused), "ROLE_REQUIRED", "{role:?}");
    }
    let mut other = service.client_as("other", Role::Auditor);
    let none = Taken::from(&mut other, asked(ExportFormat::Csv, 0), 9)
        .await
        .unwrap();
    assert_eq!((none.start.rows, none.parts.len()), (0, 0));
    assert!(none.manifest.is_some());
    // Two that are not taken in hold their places.
    let mut held = Vec::new();
    for _ in 0..2 {
        let request = client.request(asked(ExportFormat::Ndjson, 0));
        held.push(client.exports.export_interactions(request).await.unwrap());
    }
    let third = refused(&mut client, asked(ExportFormat::Csv, 0)).await;
    assert_eq!(reason(&third), "TOO_MANY_EXPORTS");
}
