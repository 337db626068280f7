//! What is said about a credentials file that is wrong.

use std::path::Path;

use aftercall_service::{Authenticator, CredentialsError};

const ENTRY: &str = r#"[[token]]
sha256 = "HASH"
tenant = "acme"
actor = "crm"
kind = "INTEGRATION"
roles = ["integration", "auditor"]
country = "DE"
teams = ["billing", "Équipe 2"]
sites = ["lyon"]
"#;

fn entry() -> String {
    ENTRY.replace("HASH", &"ab".repeat(32))
}

fn read(text: &str) -> Result<Authenticator, CredentialsError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Authenticator::from_file(file.path())
}

#[test]
fn each_fault_names_its_line_its_field_and_the_remedy() {
    let cases = [
        (
            &*"ab".repeat(32),
            "ab",
            2,
            "token[0].sha256",
            "64 hexadecimal digits",
        ),
        (
            "\"acme\"",
            "\"a|b\"",
            3,
            "token[0].tenant",
            "printable ASCII",
        ),
        ("\"crm\"", "\"\"", 4, "token[0].actor", "1 to 128"),
        (
            "INTEGRATION",
            "ROBOT",
            5,
            "token[0].kind",
            "AGENT, SUPERVISOR",
        ),
        (
            "auditor",
            "auditer",
            6,
            "token[0].roles[1]",
            "\"auditer\" is not one of agent",
        ),
        ("\"DE\"", "\"Germany\"", 7, "token[0].country", "ISO 3166-1"),
        (
            "Équipe 2",
            " ",
            8,
            "token[0].teams[1]",
            "the name of a team or site",
        ),
        (
            "[\"lyon\"]",
            &*format!("[{}]", "\"s\",".repeat(101)),
            9,
            "token[0].sites",
            "has 101 names, and may have 100",
        ),
        ("tenant", "tenent", 3, "token[0].tenent", "unknown field"),
        ("roles = [", "roles = ", 6, "the file", ""),
    ];
    for (right, wrong, line, field, problem) in cases {
        let message = read(&entry().replace(right, wrong))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains(&format!("line {line}: {field}: ")),
            "{wrong}: {message}"
        );
        assert!(message.contains(problem), "{wrong}: {message}");
    }
}

#[test]
fn the_content_of_the_file_is_not_repeated() {
    let mistaken = entry().replace(&"ab".repeat(32), "my-secret-token");
    let error = read(&mistaken).unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("my-secret-token"),
        "{error:?}"
    );
}

#[test]
fn a_file_without_tokens_or_with_one_twice_is_refused() {
    assert!(matches!(
        read(""),
        Err(CredentialsError::Count { tokens: 0, .. })
    ));
    let twice = read(&(entry() + &entry()));
    assert!(matches!(
        twice,
        Err(CredentialsError::Repeated {
            first: 0,
            again: 1,
            ..
        })
    ));
    let absent = Authenticator::from_file(Path::new("no/such/file.toml")).unwrap_err();
    assert!(absent.to_string().contains("no/such/file.toml"), "{absent}");
}

#[test]
fn a_certificate_is_known_by_its_fingerprint_or_a_name_and_not_by_both() {
    let certificate = |by: &str| {
        let by = by.replace("HASH", &"ab".repeat(32));
        let entry = entry().replace("[[token]]", "[[certificate]]");
        entry.replace(&format!("sha256 = \"{}\"", "ab".repeat(32)), &by)
    };
    let name = "name = \"crm.acme.example\"";
    let hash = "sha256 = \"HASH\"";
    for by in [name, hash] {
        assert!(read(&certificate(by)).unwrap().has_credentials(), "{by}");
    }
    for by in ["", "name = \"\"", &format!("{name}\n{hash}")] {
        let error = read(&certificate(by)).unwrap_err().to_string();
        assert!(error.contains("certificate[0]"), "{error}");
        assert!(error.contains("needs either sha256"), "{error}");
    }
    let twice = read(&(certificate(name) + &certificate(name)));
    assert!(matches!(twice, Err(CredentialsError::Repeated { .. })));
}

#[test]
fn a_right_file_is_read() {
    assert!(read(&entry()).unwrap().has_credentials());
}
