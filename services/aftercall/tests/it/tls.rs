//! The server and the command over TLS.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, line, run, run_with};

/// The command `crm` may record, by its certificate.
const CREDENTIALS: &str = r#"
[[certificate]]
name = "crm.acme.example"
tenant = "acme"
actor = "crm"
kind = "INTEGRATION"
roles = ["integration"]
"#;

/// Writes an authority's certificate, and those that it gave to the server and to the CRM.
fn certificates(dir: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    std::fs::write(dir.join("ca.pem"), authority).unwrap();
    let issuer = Issuer::new(params, key);
    for (file, name) in [("server", "127.0.0.1"), ("crm", "crm.acme.example")] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap().pem();
        std::fs::write(dir.join(format!("{file}.pem")), certificate).unwrap();
        std::fs::write(dir.join(format!("{file}.key")), key.serialize_pem()).unwrap();
    }
}

#[test]
fn the_command_records_over_tls_by_its_certificate() {
    let dir = TempDir::new().unwrap();
    certificates(dir.path());
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("credentials.toml"), CREDENTIALS).unwrap();
    let data = TempDir::new().unwrap();
    let mut serve = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    serve
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .arg("--credentials")
        .arg(path("credentials.toml"))
        .env(
            "AFTERCALL_SERVER__TLS__CERTIFICATE_FILE",
            path("server.pem"),
        )
        .env("AFTERCALL_SERVER__TLS__KEY_FILE", path("server.key"))
        .env("AFTERCALL_SERVER__TLS__CLIENT_CA_FILE", path("ca.pem"));
    let server = Server::spawn(&mut serve, data);
    assert!(server.said("grpc").starts_with("https://"));
    assert!(server.said("metrics").starts_with("https://"));

    let mut untrusting = server.client(["health"]);
    let error = run(&mut untrusting).fails(1);
    assert!(error.contains("no server answers"), "{error}");
    let trusting = |args: [&str; 2]| {
        let mut command = server.client(args);
        command.arg("--ca").arg(path("ca.pem"));
        command
    };
    assert_eq!(
        run(&mut trusting(["health", "--json"])).messages()[0]["status"],
        "SERVING"
    );
    let error = run_with(&mut trusting(["record", "-"]), line(1, "C-1").as_bytes()).fails(1);
    assert!(error.contains("no credentials"), "{error}");
    let mut record = trusting(["record", "-"]);
    record.arg("--certificate").arg(path("crm.pem"));
    record.arg("--key").arg(path("crm.key"));
    run_with(&mut record, line(1, "C-1").as_bytes()).ok();
}
