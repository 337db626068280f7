//! What may become of a version of a solution, whether it could be decided or not.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    SolutionApproved, SolutionDrafted, SolutionEdited, SolutionMerged, SolutionPublished,
    SolutionRetired, SolutionReturned, SolutionSubmitted, SolutionUnmerged,
    SolutionVersionRecalled,
};
use aftercall_proto::model::v1::Solution;
use pbjson_types::Timestamp;

/// Something that may become of a version of a solution.
pub(super) fn done(what: u8, (id, version): (&str, u32), other: &str) -> Fact {
    let solution = || {
        Some(Solution {
            solution_id: id.to_owned(),
            version,
            title: format!("Version {version} of {id}"),
            resolution: format!("Do {version} things"),
            // Some wait for their time.
            effective_from: (version == 2).then_some(Timestamp {
                seconds: 5,
                nanos: 0,
            }),
            ..Solution::default()
        })
    };
    match what {
        0 | 1 => Fact::SolutionDrafted(Box::new(SolutionDrafted {
            solution: solution(),
            ..SolutionDrafted::default()
        })),
        2 => Fact::SolutionEdited(Box::new(SolutionEdited {
            solution: solution(),
            ..SolutionEdited::default()
        })),
        3 => Fact::SolutionSubmitted(SolutionSubmitted {
            version,
            ..SolutionSubmitted::default()
        }),
        4 => Fact::SolutionReturned(SolutionReturned {
            version,
            cause: (version % 4) as i32,
            reason: String::new(),
        }),
        5 => Fact::SolutionApproved(SolutionApproved {
            version,
            ..SolutionApproved::default()
        }),
        6 | 7 => Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: solution(),
            ..SolutionPublished::default()
        })),
        8 => Fact::SolutionVersionRecalled(SolutionVersionRecalled {
            version,
            ..SolutionVersionRecalled::default()
        }),
        9 => Fact::SolutionRetired(SolutionRetired {
            replaced_by: other.to_owned(),
            ..SolutionRetired::default()
        }),
        10 => Fact::SolutionMerged(SolutionMerged {
            merged_into: other.to_owned(),
            ..SolutionMerged::default()
        }),
        _ => Fact::SolutionUnmerged(SolutionUnmerged {
            merged_into: other.to_owned(),
            ..SolutionUnmerged::default()
        }),
    }
}
