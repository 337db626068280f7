//! Every method, called by every role.

use std::fmt::Write as _;
use std::path::PathBuf;

use aftercall::app::App;
use aftercall_service::testing::call_raw;
use aftercall_service::{Permissions, Reason, Role};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;

use crate::app::{around, clock, config};

/// What no message of any method looks like.
const UNDECODABLE: [u8; 1] = [0xFF];

/// Credentials in which each role has a token: its name.
fn credentials(data: &TempDir) -> PathBuf {
    let mut text = String::new();
    for role in Role::ALL {
        let hash = Sha256::digest(role.name());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(
            text,
            "[[token]]\nsha256 = \"{hash}\"\ntenant = \"acme\"\nactor = \"somebody\"\n\
             kind = \"AGENT\"\nroles = [\"{role}\"]"
        )
        .unwrap();
    }
    let hash = Sha256::digest("roleless");
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(
        text,
        "[[token]]\nsha256 = \"{hash}\"\ntenant = \"acme\"\nactor = \"somebody\"\nkind = \"AGENT\"\n\
         roles = []"
    )
    .unwrap();
    let path = data.path().join("tokens.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// The reason of the refusal that the caller with `token` gets.
async fn refused(channel: &Channel, path: &str, token: &str) -> String {
    let status = refusal(channel, path, token).await;
    let info = status.get_details_error_info();
    info.unwrap_or_else(|| panic!("{path}: {status:?}")).reason
}

async fn refusal(channel: &Channel, path: &str, token: &str) -> Status {
    let credentials = format!("Bearer {token}");
    let authorize = move |mut request: Request<()>| -> Result<Request<()>, Status> {
        let value = credentials.parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    };
    let channel = tonic::service::interceptor::InterceptedService::new(channel.clone(), authorize);
    let (answers, status) = call_raw(channel, path, vec![UNDECODABLE.to_vec()]).await;
    assert_eq!(answers.len(), 0, "{path}");
    status
}

/// Every method of every service, and what is none: all are refused in the same words, before a message is read.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_role_learns_nothing() {
    let data = TempDir::new().unwrap();
    let mut config = config(&data);
    config.server.credentials = Some(credentials(&data));
    let app = App::start(&config, &[], around(&clock())).await.unwrap();
    let channel = Channel::from_shared(format!("http://{}", app.grpc_addr())).unwrap();
    let channel = channel.connect().await.unwrap();

    let permissions = Permissions::default();
    let paths = permissions.iter().map(|(path, _)| path);
    let no_method = [
        "/aftercall.history.v1.HistoryService/Guess",
        "/aftercall.guess.v1.GuessService/GetGuess",
    ];
    let mut said = Vec::new();
    for path in paths.chain(no_method) {
        let status = refusal(&channel, path, "roleless").await;
        assert_eq!(status.code(), tonic::Code::PermissionDenied, "{path}");
        said.push((status.message().to_owned(), status.details().to_vec()));
    }
    let first = said[0].clone();
    assert!(
        said.len() > 20 && said.iter().all(|one| *one == first),
        "{said:?}"
    );
    drop(channel);
    app.run(std::future::ready(())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_is_open_to_its_roles_and_refused_to_all_others_before_it_is_read() {
    let data = TempDir::new().unwrap();
    let mut config = config(&data);
    config.server.credentials = Some(credentials(&data));
    let app = App::start(&config, &[], around(&clock())).await.unwrap();
    let channel = Channel::from_shared(format!("http://{}", app.grpc_addr())).unwrap();
    let channel = channel.connect().await.unwrap();

    for (path, roles) in Permissions::default().iter() {
        for role in Role::ALL {
            let expected = match roles.contains(role) {
                true => Reason::InvalidRequest,
                false => Reason::RoleRequired,
            };
            let reason = refused(&channel, path, role.name()).await;
            assert_eq!(reason, expected.name(), "{path} by {role}");
        }
        let unknown = refused(&channel, path, "nobody").await;
        assert_eq!(unknown, Reason::Unauthenticated.name(), "{path}");
    }
    drop(channel);
    app.run(std::future::ready(())).await.unwrap();
}
