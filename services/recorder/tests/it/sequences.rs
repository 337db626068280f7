//! Any sequence of commands, against a model of it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::AmendInteractionRequest;
use pbjson_types::FieldMask;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::contact::{id, interaction, reason, request};
use crate::fixture::{Client, Fixture, reason_of};

/// One command; small numbers, so that they meet.
#[derive(Debug, Clone)]
enum Command {
    Record {
        id: u32,
        content: u8,
    },
    Amend {
        id: u32,
        request: u8,
        content: u8,
        expected: u64,
    },
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (0..3_u32, 0..2_u8).prop_map(|(id, content)| Command::Record { id, content }),
        (0..3_u32, 0..4_u8, 0..2_u8, 0..4_u64).prop_map(|(id, request, content, expected)| {
            Command::Amend {
                id,
                request,
                content,
                expected,
            }
        }),
    ]
}

/// What must be true after the commands so far.
#[derive(Debug, Default)]
struct Model {
    recorded: HashMap<u32, u8>,
    versions: HashMap<u32, u64>,
    amended: HashMap<u8, (u32, u8, u64, u64)>,
}

impl Model {
    /// What a command is answered: in short.
    fn answer(&mut self, command: &Command) -> String {
        match *command {
            Command::Record { id, content } => match self.recorded.get(&id) {
                Some(before) if *before == content => "again".to_owned(),
                Some(_) => "REQUEST_ID_REUSED".to_owned(),
                None => {
                    self.recorded.insert(id, content);
                    self.versions.insert(id, 1);
                    "recorded".to_owned()
                }
            },
            Command::Amend {
                id,
                request,
                content,
                expected,
            } => {
                // Of what the caller can't see, nothing else is told.
                let Some(version) = self.versions.get_mut(&id) else {
                    return "INTERACTION_NOT_FOUND".to_owned();
                };
                // A request's id is the caller's, whatever it is used for.
                if let Some((other, before, asked, made)) = self.amended.get(&request) {
                    return match (*other, *before, *asked) == (id, content, expected) {
                        true => format!("version {made}"),
                        false => "REQUEST_ID_REUSED".to_owned(),
                    };
                }
                if expected != 0 && expected != *version {
                    return "VERSION_MISMATCH".to_owned();
                }
                *version += 1;
                self.amended
                    .insert(request, (id, content, expected, *version));
                format!("version {version}")
            }
        }
    }
}

async fn answer(client: &mut Client, command: &Command) -> String {
    let code = |content: u8| vec![reason(&format!("reason-{content}"))];
    match *command {
        Command::Record {
            id: number,
            content,
        } => {
            let sent = wire::Interaction {
                contact_reasons: code(content),
                ..interaction(&id(number))
            };
            match client.record_interaction(request(sent)).await {
                Ok(answer) if answer.get_ref().already_recorded => "again".to_owned(),
                Ok(_) => "recorded".to_owned(),
                Err(status) => reason_of(&status).0,
            }
        }
        Command::Amend {
            id: number,
            request,
            content,
            expected,
        } => {
            let command = AmendInteractionRequest {
                request_id: format!("request-{request}"),
                interaction_id: id(number),
                expected_version: expected,
                interaction: Some(wire::Interaction {
                    contact_reasons: code(content),
                    ..wire::Interaction::default()
                }),
                update_mask: Some(FieldMask {
                    paths: vec!["contact_reasons".to_owned()],
                }),
                reason: "a correction".to_owned(),
            };
            match client.amend_interaction(command).await {
                Ok(answer) => format!("version {}", answer.get_ref().version),
                Err(status) => reason_of(&status).0,
            }
        }
    }
}

#[test]
fn any_sequence_is_answered_as_the_model_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fixture = RefCell::new(Some(runtime.block_on(Fixture::new())));
    let case = Cell::new(0);
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let cases = (
        prop::collection::vec(command(), 1..30),
        any::<prop::sample::Index>(),
    );
    let outcome = runner.run(&cases, |(commands, restart_at)| {
        // Each case has a tenant of its own, and so an empty past.
        case.set(case.get() + 1);
        let who = format!("tenant-{} crm integration,compliance_officer", case.get());
        let mut model = Model::default();
        let restart_at = restart_at.index(commands.len());
        for (index, command) in commands.iter().enumerate() {
            if index == restart_at && case.get() % 4 == 0 {
                let stopped = fixture.take().unwrap();
                fixture.replace(Some(runtime.block_on(async {
                    let restarted = stopped.restart().await;
                    restarted.ready().await;
                    restarted
                })));
            }
            let given = runtime.block_on(async {
                let mut client = fixture.borrow().as_ref().unwrap().client(&who);
                answer(&mut client, command).await
            });
            prop_assert_eq!(given, model.answer(command), "at {}: {:?}", index, command);
        }
        Ok(())
    });
    outcome.unwrap();
}
