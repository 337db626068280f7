//! What is said of a version beside its uses: in searches that are for no known contact, and by flags.
//!
//! Searches and solutions stand in partitions of their own. What they say is added up, and taken back by what was
//! added, so the sums are the same in whatever order they are read.

use aftercall_proto::model::v1::{SolutionFlag, SolutionFlagState};
use aftercall_view::{ApplyError, Store, Txn};
use prost::Message;

use crate::fold::stored;
use crate::keys::evidence as keys;

/// How often what was said of a version, or of all versions of a solution.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Echo {
    /// Searches in which it was used in the end,
    #[prost(sint64, tag = "1")]
    pub(crate) used: i64,
    /// and in which it was rejected.
    #[prost(sint64, tag = "2")]
    pub(crate) rejected: i64,
    /// Flags that nobody has dismissed.
    #[prost(sint64, tag = "3")]
    pub(crate) flags: i64,
}

impl Echo {
    /// How often it helped.
    pub(crate) fn helped(self) -> u64 {
        u64::try_from(self.used).unwrap_or(0)
    }

    /// How often it did not.
    pub(crate) fn failed(self) -> u64 {
        u64::try_from(self.rejected.saturating_add(self.flags)).unwrap_or(0)
    }
}

/// What is said of a version; of version 0, of all versions together.
pub(crate) fn read(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
) -> Result<Echo, ApplyError> {
    let echo = store.get(keys::echo(tenant_id, solution_id, version))?;
    Ok(stored(echo)?.unwrap_or_default())
}

/// What a search says of a version of a solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) solution_id: String,
    pub(crate) version: u32,
    /// Whether it was used; it was rejected otherwise.
    pub(crate) used: bool,
}

/// Adds what a search says, or takes it back.
pub(crate) fn voice(
    tenant_id: &str,
    voice: &Voice,
    by: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let said = match voice.used {
        true => Echo {
            used: by,
            ..Echo::default()
        },
        false => Echo {
            rejected: by,
            ..Echo::default()
        },
    };
    shift((tenant_id, &voice.solution_id), voice.version, said, txn)
}

/// A flag is raised, or judged: it counts unless it is dismissed.
pub(crate) fn flag(
    tenant_id: &str,
    before: Option<&SolutionFlag>,
    after: &SolutionFlag,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let counts = |flag: &SolutionFlag| i64::from(flag.state() != SolutionFlagState::Dismissed);
    let raised = |flags: i64| Echo {
        flags,
        ..Echo::default()
    };
    let whose = (tenant_id, after.solution_id.as_str());
    if let Some(before) = before {
        shift(whose, before.version, raised(-counts(before)), txn)?;
    }
    shift(whose, after.version, raised(counts(after)), txn)
}

fn shift(
    (tenant_id, solution_id): (&str, &str),
    version: u32,
    by: Echo,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    // All versions together first; what names no version is of none.
    let versions = [0, version];
    let versions = &versions[..if version == 0 { 1 } else { 2 }];
    for version in versions {
        let key = keys::echo(tenant_id, solution_id, *version);
        let before: Echo = stored(txn.get(&key)?)?.unwrap_or_default();
        let after = Echo {
            used: before.used.wrapping_add(by.used),
            rejected: before.rejected.wrapping_add(by.rejected),
            flags: before.flags.wrapping_add(by.flags),
        };
        match (after == before, after == Echo::default()) {
            (true, _) => {}
            (_, true) => txn.delete(key)?,
            (_, false) => txn.put(key, after.encode_to_vec())?,
        }
    }
    Ok(())
}
