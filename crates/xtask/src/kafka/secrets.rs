//! What clients of the SASL_SSL listeners must know, drawn anew for every cluster.

use std::fs::{self, File};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

/// The one user, who may do everything.
const USER: &str = "aftercall";

/// The user of PLAIN and SCRAM.
pub(super) struct Credentials {
    pub(super) user: &'static str,
    pub(super) password: String,
}

/// Writes the certificates and credentials of a cluster on `hosts` to `dir`: `ca.pem`, `user` and
/// `password` for clients, `broker.pem` (key and certificate) for the nodes.
pub(super) fn draw(dir: &Path, hosts: &[Ipv4Addr]) -> anyhow::Result<Credentials> {
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "test cluster's authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    fs::write(dir.join("ca.pem"), ca.pem())?;

    let mut names: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    names.push("localhost".to_owned());
    let key = KeyPair::generate()?;
    let broker = CertificateParams::new(names)?.signed_by(&key, &ca)?;
    let both = format!("{}{}{}", key.serialize_pem(), broker.pem(), ca.pem());
    secret(&dir.join("broker.pem"), &both)?;

    let password = format!("{:032x}", rand::random::<u128>());
    fs::write(dir.join("user"), USER)?;
    secret(&dir.join("password"), &password)?;
    Ok(Credentials {
        user: USER,
        password,
    })
}

/// A file that its owner alone may read.
pub(super) fn secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
