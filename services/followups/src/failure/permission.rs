//! Who may do what with a promise, in words.

use aftercall_domain::commitment::Permission;

/// What an actor lacks, and who has it.
#[expect(clippy::too_many_lines, reason = "one arm for each permission")]
pub(super) const fn lacks(permission: Permission) -> (&'static str, &'static str) {
    const OWNER: &str = "agent (the owner), team_lead, supervisor";
    const LEADS: &str = "team_lead, supervisor";
    match permission {
        Permission::Fulfil => (
            "only the owner, a team lead, a supervisor or an integration may say that it was kept",
            "agent (the owner), team_lead, supervisor, integration",
        ),
        Permission::Cancel => (
            "only a team lead or supervisor may call it off; the owner may with \
             customer_informed_interaction_id, and whoever made it within 15 minutes",
            OWNER,
        ),
        Permission::Reschedule => (
            "only the owner, a team lead or a supervisor may move it",
            OWNER,
        ),
        Permission::RescheduleAfterLapse => (
            "the due has passed: only a team lead or supervisor may move it",
            LEADS,
        ),
        Permission::RescheduleAgain => (
            "it was moved twice already: only a team lead or supervisor may move it again",
            LEADS,
        ),
        Permission::Pause => (
            "only the owner, a team lead or a supervisor may pause it or let it go on",
            OWNER,
        ),
        Permission::PauseSoLong => (
            "an owner may wait for the customer for five business days; for another reason or longer only a \
             team lead or supervisor may pause it",
            LEADS,
        ),
        Permission::PauseAgain => (
            "with its earlier pauses it would wait for the customer for more than five business days; end the pause \
             earlier, or have a team lead or supervisor pause it",
            LEADS,
        ),
        Permission::Reassign => (
            "only the owner, a team lead or a supervisor may give it to somebody else",
            OWNER,
        ),
        Permission::ReassignAtOnce => (
            "only a team lead or supervisor may give it away without asking; leave out at_once",
            LEADS,
        ),
        Permission::Accept => (
            "only whoever is asked to keep it may accept it; they, whoever asked, the owner, a team lead or a \
             supervisor may decline",
            OWNER,
        ),
        Permission::AskWaiver => (
            "only the owner, a team lead or a supervisor may ask to let it go",
            OWNER,
        ),
        Permission::Waive => (
            "only a supervisor may let it go, and a compliance officer what a regulator requires",
            "supervisor, compliance_officer",
        ),
        Permission::WaiveOnesOwn => (
            "whoever asks to let it go can't be the one who agrees; ask another supervisor",
            "supervisor, compliance_officer (another one)",
        ),
        Permission::Supersede => (
            "only the owner, a team lead, a supervisor or an integration may say that another promise took \
             its place",
            "agent (the owner), team_lead, supervisor, integration",
        ),
        Permission::Confirm => (
            "only an agent, a team lead, a supervisor or an integration may say whether it was promised",
            "agent, team_lead, supervisor, integration",
        ),
        Permission::FulfilUrgent => (
            "it is overdue and of the highest priority: only a team lead or supervisor may say with a note \
             alone that it was kept",
            LEADS,
        ),
        Permission::Attempt => (
            "only an agent, a team lead, a supervisor or an integration may note an attempt",
            "agent, team_lead, supervisor, integration",
        ),
        Permission::Acknowledge => (
            "only an agent, a team lead or a supervisor may see to an alert",
            "agent, team_lead, supervisor",
        ),
        Permission::Depend => (
            "only the owner, a team lead or a supervisor may say what it waits for",
            OWNER,
        ),
        Permission::EndRecurrence => (
            "only the owner of the latest promise, a team lead or a supervisor may say that it is promised no more",
            OWNER,
        ),
        Permission::Reopen => (
            "only a team lead or supervisor may take a promise up again",
            LEADS,
        ),
        Permission::CloseAlert => ("only a supervisor may put an alert away", "supervisor"),
    }
}
