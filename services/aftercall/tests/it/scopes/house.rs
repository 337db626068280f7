//! A house of two teams at two sites, and a person of every role in each of them.

use std::fmt::Write as _;

use aftercall::app::App;
use aftercall_client::{Client, Token};
use aftercall_proto::model::v1::owner::Owner as OwnedBy;
use aftercall_proto::model::v1::{
    Commitment, Handling, Interaction, Owner, ReasonResolution, Segment, SegmentKind,
};
use aftercall_proto::recorder::v1::{AmendInteractionRequest, RecordInteractionRequest};
use aftercall_service::testing::{contact, promise, reason};
use aftercall_service::{Access, Agents, Clock, ManualClock, Permissions, Role, Supervisors};
use jiff::SignedDuration;
use pbjson_types::FieldMask;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::app::{around, clock, config};

const AGENTS: [&str; 5] = ["agent-0", "agent-1", "agent-2", "agent-3", ""];
const TEAMS: [&str; 3] = ["billing", "tech", ""];
const SITES: [&str; 3] = ["lyon", "nantes", ""];
const CUSTOMERS: [&str; 3] = ["C-0", "C-1", "C-2"];
const ANSWERS: [&str; 4] = [
    "Paid one charge back.",
    "Restarted the router.",
    "Sent a new card.",
    "",
];
const CONTACTS: usize = 24;

/// Somebody who calls.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) actor: &'static str,
    pub(super) role: Role,
    teams: &'static [&'static str],
    sites: &'static [&'static str],
}

impl Person {
    /// People of every role, without a team, of a team, at a site, and both.
    pub(super) fn all() -> Vec<Self> {
        let groups: [(&[&str], &[&str]); 4] = [
            (&[], &[]),
            (&["billing"], &[]),
            (&[], &["lyon"]),
            (&["tech", "absent"], &["nantes"]),
        ];
        let roles = Role::ALL.iter();
        let people = roles.flat_map(|role| {
            groups
                .iter()
                .zip(AGENTS)
                .map(|((teams, sites), actor)| Self {
                    actor,
                    role: *role,
                    teams,
                    sites,
                })
        });
        people.collect()
    }

    pub(super) fn token(&self) -> String {
        format!("{}-of-{}", self.actor, self.role)
    }

    pub(super) fn may(&self, path: &str) -> bool {
        let roles = Permissions::default().of(path);
        roles.is_some_and(|roles| roles.contains(&self.role))
    }

    /// Whether a record with these parties is for this person to see, in the words of `docs/permissions.md`:
    /// nothing of it is shared with what is tested.
    pub(super) fn sees<'p>(
        &self,
        access: Access,
        parties: impl IntoIterator<Item = (&'static str, &'p str)>,
    ) -> bool {
        let reach = match self.role.name() {
            "kb_publisher" | "kb_domain_expert" | "compliance_officer" | "privacy_officer"
            | "integration" | "auditor" => "tenant",
            _ if access.agents == Agents::All => "tenant",
            "supervisor" | "qa_analyst" | "kb_coach" => match access.supervisors {
                Supervisors::All => "tenant",
                Supervisors::Site => "site",
            },
            "team_lead" => "team",
            _ if access.agents == Agents::Own => "own",
            _ => "team",
        };
        let mut parties = parties.into_iter();
        reach == "tenant"
            || parties.any(|(sort, id)| match sort {
                "agent" => id == self.actor,
                "team" => reach != "own" && self.teams.contains(&id),
                _ => reach == "site" && self.sites.contains(&id),
            })
    }
}

/// Who has a part in a contact: read from its fields.
pub(super) fn of_contact(contact: &Interaction) -> Vec<(&'static str, &str)> {
    let own = [
        ("agent", &*contact.agent_id),
        ("team", &*contact.team_id),
        ("site", &*contact.site_id),
    ];
    let segments = contact.segments.iter().flat_map(|segment| {
        [
            ("agent", &*segment.agent_id),
            ("team", &*segment.team_id),
            ("site", &*segment.site_id),
        ]
    });
    own.into_iter().chain(segments).collect()
}

/// Who has a part in a promise.
pub(super) fn of_promise(promise: &Commitment) -> Vec<(&'static str, &str)> {
    let owner = match promise
        .owner
        .as_ref()
        .and_then(|owner| owner.owner.as_ref())
    {
        Some(OwnedBy::AgentId(id)) => id,
        _ => "",
    };
    vec![
        ("agent", owner),
        ("agent", &promise.made_by_agent_id),
        ("team", &promise.owner_team_id),
        ("team", &promise.team_id),
        ("site", &promise.site_id),
    ]
}

/// The house, with a server in front of it.
pub(super) struct House {
    pub(super) app: App,
    pub(super) clock: ManualClock,
    pub(super) access: Access,
    /// Who recorded everything, and sees it.
    pub(super) root: Client,
    _data: TempDir,
}

impl House {
    pub(super) async fn open(access: Access) -> Self {
        let (data, clock) = (TempDir::new().unwrap(), clock());
        let mut text = entry(
            "root",
            "root",
            r#""auditor", "integration", "supervisor", "kb_publisher""#,
            "",
        );
        for person in Person::all() {
            let groups = format!("teams = {:?}\nsites = {:?}\n", person.teams, person.sites);
            let role = format!("{:?}", person.role.name());
            text.push_str(&entry(&person.token(), person.actor, &role, &groups));
        }
        let credentials = data.path().join("credentials.toml");
        std::fs::write(&credentials, text).unwrap();
        let mut config = config(&data);
        config.server.credentials = Some(credentials);
        config.access = access;
        let app = App::start(&config, &[], around(&clock)).await.unwrap();
        let root = client(&app, "root").await;
        let house = Self {
            app,
            clock,
            access,
            root,
            _data: data,
        };
        house.fill().await;
        house
    }

    pub(super) async fn client_of(&self, person: &Person) -> Client {
        client(&self.app, &person.token()).await
    }

    /// Records contacts in which anybody may have had a part, and says later of one who had.
    async fn fill(&self) {
        let mut rng = StdRng::seed_from_u64(13);
        for number in 0..CONTACTS {
            let interaction = self.contact(&mut rng, number);
            let recorded = self.root.call(RecordInteractionRequest {
                interaction: Some(interaction),
                ..RecordInteractionRequest::default()
            });
            let recorded = recorded.await.unwrap();
            if number % 6 == 5 {
                let amended = Interaction {
                    segments: vec![segment(&mut rng)],
                    ..Interaction::default()
                };
                let amend = AmendInteractionRequest {
                    interaction_id: recorded.interaction_id,
                    interaction: Some(amended),
                    update_mask: Some(FieldMask {
                        paths: vec!["segments".to_owned()],
                    }),
                    reason: "telephony says so".to_owned(),
                    ..AmendInteractionRequest::default()
                };
                self.root.call(amend).await.unwrap();
            }
        }
    }

    fn contact(&self, rng: &mut StdRng, number: usize) -> Interaction {
        let began = self.clock.now() - SignedDuration::from_secs(number as i64 * 60);
        let mut contact = contact(began);
        let customer = contact.customer.get_or_insert_default();
        customer.customer_id = any(rng, &CUSTOMERS);
        customer.display_name = "Ada Lovelace".to_owned();
        contact.agent_id = any(rng, &AGENTS);
        contact.team_id = any(rng, &TEAMS);
        contact.site_id = any(rng, &SITES);
        contact.segments = (0..rng.random_range(0..3)).map(|_| segment(rng)).collect();
        contact.contact_reasons = vec![reason("billing.double_charge")];
        contact.contact_reasons[0].resolution = ReasonResolution::Resolved.into();
        contact.contact_reasons[0].stated_verbatim = format!("words of contact {number}");
        contact.handling = Some(Handling {
            summary: "router and orange light ".repeat(number % 3 + 1),
            resolution: any(rng, &ANSWERS),
            ..Handling::default()
        });
        if number.is_multiple_of(2) {
            let due = self.clock.now() + SignedDuration::from_secs(3_600 + number as i64);
            let mut promised = promise(due);
            promised.owner_team_id = any(rng, &TEAMS);
            promised.owner = match rng.random_range(0..3) {
                0 => None,
                1 => Some(OwnedBy::QueueId("back office".to_owned())),
                _ => Some(OwnedBy::AgentId("agent-1".to_owned())),
            }
            .map(|owner| Owner { owner: Some(owner) });
            contact.commitments = vec![promised];
            contact.no_follow_up_promised = false;
        }
        contact
    }
}

fn segment(rng: &mut StdRng) -> Segment {
    Segment {
        kind: SegmentKind::Agent.into(),
        agent_id: any(rng, &AGENTS),
        team_id: any(rng, &TEAMS),
        site_id: any(rng, &SITES),
        ..Segment::default()
    }
}

fn any(rng: &mut impl Rng, of: &[&str]) -> String {
    of[rng.random_range(0..of.len())].to_owned()
}

async fn client(app: &App, token: &str) -> Client {
    let client = Client::builder(format!("http://{}", app.grpc_addr()));
    let client = client.token(Token::new(token)).latest();
    client.connect().await.unwrap()
}

fn entry(token: &str, actor: &str, roles: &str, groups: &str) -> String {
    let mut hash = String::new();
    for byte in Sha256::digest(token) {
        write!(hash, "{byte:02x}").unwrap();
    }
    format!(
        "[[token]]\nsha256 = \"{hash}\"\ntenant = \"acme\"\nactor = \"{actor}\"\nkind = \"AGENT\"\n\
         roles = [{roles}]\n{groups}"
    )
}
