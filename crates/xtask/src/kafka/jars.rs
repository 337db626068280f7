//! Kafka's program, by Maven.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::command;

/// What is fetched, with all that it needs. The last is how Kafka's own log gets into a file.
const POM: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>aftercall</groupId>
  <artifactId>test-cluster</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>4.3.0</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka-tools</artifactId>
      <version>4.3.0</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
"#;

/// The directory of the jars, in `parent`; fetches them unless this very selection is there.
pub(super) fn provide(parent: &Path) -> anyhow::Result<PathBuf> {
    let jars = parent.join("jars");
    let pom = jars.join("pom.xml");
    if fs::read_to_string(&pom).is_ok_and(|there| there == POM) {
        return Ok(jars);
    }
    // The pom enters the directory last: one that is there says that all jars are.
    let draft = parent.join("pom.xml");
    if jars.exists() {
        fs::remove_dir_all(&jars)?;
    }
    fs::create_dir_all(&jars)?;
    fs::write(&draft, POM)?;
    let mut maven = Command::new("mvn");
    maven
        .args(["--batch-mode", "--quiet", "dependency:copy-dependencies"])
        .arg(format!("-DoutputDirectory={}", jars.display()))
        .arg("--file")
        .arg(&draft)
        // What is printed here is for the caller of `kafka up`.
        .stdout(std::io::stderr());
    command::run(&mut maven).context("can't fetch Kafka by Maven")?;
    fs::rename(&draft, &pom)?;
    Ok(jars)
}
