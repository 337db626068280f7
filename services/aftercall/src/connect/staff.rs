//! Whose a telephone is: agents and queues by the names that a telephone system has for them.

use std::collections::BTreeMap;
use std::path::Path;

use aftercall_domain::limits::ID_BYTES_MAX;

use super::csv;
use super::facts::Agent;
use crate::command::CommandError;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Agents, or queues with their teams, by the names that a telephone system has for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Staff(BTreeMap<String, Agent>);

impl Staff {
    /// Reads a file of rows: the system's name, our id, and, if it likes, team and site. A first row whose second
    /// value is `agent_id` or `queue_id` names the columns, and is passed over.
    ///
    /// # Errors
    /// When the file can't be read, or a row is none of these.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, CommandError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let shown = path.display();
        let failed = |source| CommandError::File {
            path: shown.to_string(),
            source,
        };
        if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
            return Err(CommandError::Input(format!(
                "{shown} is larger than 16 MiB"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::parse(&text).map_err(|error| CommandError::Input(format!("{shown}, {error}")))
    }

    /// # Errors
    /// When a row is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for (line, row) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if row.trim().is_empty() || row.starts_with('#') {
                continue;
            }
            let values = csv::values(row, ',');
            let value = |column: usize| values.get(column).map_or("", |value| value.trim());
            if line == 1 && matches!(value(1), "agent_id" | "queue_id") {
                continue;
            }
            if value(0).is_empty() || value(1).is_empty() {
                return Err(format!(
                    "line {line}: write the system's name, a comma, and our id"
                ));
            }
            let agent = Agent {
                id: value(1).to_owned(),
                team_id: value(2).to_owned(),
                site_id: value(3).to_owned(),
            };
            for id in [&agent.id, &agent.team_id, &agent.site_id] {
                if id.len() > ID_BYTES_MAX || id.chars().any(char::is_control) {
                    return Err(format!(
                        "line {line}: an id has at most {ID_BYTES_MAX} bytes, and no control characters"
                    ));
                }
            }
            all.insert(value(0).to_owned(), agent);
        }
        Ok(Self(all))
    }

    /// Whose a name is.
    pub(super) fn of(&self, name: &str) -> Option<&Agent> {
        self.0.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_somebodys() {
        let text = "interface,agent_id,team_id,site_id\nPJSIP/1001,ana,billing,berlin\r\n# gone\n\nPJSIP/1002,\"ben\"\n";
        let staff = Staff::parse(text).unwrap();
        let ana = staff.of("PJSIP/1001").unwrap();
        assert_eq!(
            (&*ana.id, &*ana.team_id, &*ana.site_id),
            ("ana", "billing", "berlin")
        );
        assert_eq!(staff.of("PJSIP/1002").unwrap().id, "ben");
        assert_eq!(staff.of("PJSIP/1003"), None);
    }

    #[test]
    fn what_is_no_row_is_said_with_its_line() {
        assert!(
            Staff::parse("a,b\nonly\n")
                .unwrap_err()
                .starts_with("line 2")
        );
        assert!(
            Staff::parse(&format!("a,{}", "x".repeat(200)))
                .unwrap_err()
                .contains("128")
        );
    }
}
