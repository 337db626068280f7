//! Settings as a log holds them.

use aftercall_log::Record;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::SettingsChanged;
use aftercall_proto::model::v1::Setting;
use jiff::Timestamp;

use crate::ActorKind;
use crate::seal::{Author, Sealing};

/// The log's record by which a tenant's settings change for the `revision`th time.
///
/// # Panics
/// When the setting is larger than the log's records may be.
pub fn setting_changed(tenant_id: &str, revision: u64, setting: Setting, now: Timestamp) -> Record {
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: "admin",
            kind: ActorKind::Supervisor,
        },
        aggregate_id: "settings",
        interaction_id: "",
        customer_id: "",
        sequence: revision,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    let changed = SettingsChanged {
        settings: vec![setting],
    };
    let sealed = sealing.seal(&Fact::SettingsChanged(Box::new(changed)));
    sealed.expect("a setting that fits into a record")
}
