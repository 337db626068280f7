//! Changing settings: all that a request names, or none of it.

use std::collections::BTreeSet;

use aftercall_domain::limits::{LINE_BYTES_MAX, SETTINGS_CHANGED_MAX, SETTINGS_OF_A_KIND_MAX};
use aftercall_domain::violation::Reason as FieldReason;
use aftercall_domain::{Cleaner, FieldPath, Warning};
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_ledger::{Ledger, Settings, kind_of};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::setting as convert;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SettingsChanged};
use aftercall_proto::model::v1::Setting;
use aftercall_proto::settings::v1::{ChangeSettingsRequest, ChangeSettingsResponse, SettingChange};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Deps, Principal, Reading};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use crate::failure::Error;

/// What the events of settings are about: a tenant has one such aggregate.
const AGGREGATE: &str = "settings";

/// What the settings are to be, by what they are.
pub(crate) trait Plan: Send + Sync + 'static {
    /// The settings that change, each whole but for what [`Command`] writes into it: its version, by whom
    /// it was made, when and why.
    fn settings(&self, now: &Settings<'_>, today: Timestamp) -> Result<Vec<Setting>, Error>;
}

/// A change that is sound in itself, and who asked for it.
pub(crate) struct Command<P> {
    pub(crate) ledger: Ledger,
    pub(crate) log: LogIdentity,
    pub(crate) principal: Principal,
    pub(crate) request_id: String,
    pub(crate) hash: RequestHash,
    /// Why. Personal.
    pub(crate) reason: String,
    pub(crate) plan: P,
}

/// A change that counts.
pub(crate) struct Changed {
    pub(crate) settings: Vec<Setting>,
    pub(crate) position: String,
}

impl<P: Plan> command::Command for Command<P> {
    type Done = Changed;
    type Refusal = Error;

    fn decide(&self, _: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Error> {
        let current = self.ledger.settings(&self.principal.tenant_id);
        let revision = current.revision()?;
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method: EventType::SettingsChanged,
            request_id: &self.request_id,
        };
        match self.ledger.request(name, self.hash.as_bytes())? {
            Known::Not => {}
            Known::Reused => return Err(Error::RequestIdReused),
            Known::Done(done) => return self.answer(&current, &done).map(Decision::Done),
        }
        let mut settings = self.plan.settings(&current, now)?;
        for setting in &mut settings {
            self.stamp(&current, setting, now)?;
        }
        let record = self.record(revision + 1, settings, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl<P> Command<P> {
    fn answer(&self, current: &Settings<'_>, done: &Done) -> Result<Changed, Error> {
        Ok(Changed {
            settings: current.made(done.answer())?,
            position: Positions::through(done.position()).encode(&self.log),
        })
    }

    /// Makes a setting the next version of itself.
    fn stamp(
        &self,
        current: &Settings<'_>,
        setting: &mut Setting,
        now: Timestamp,
    ) -> Result<(), Error> {
        let kind = kind_of(setting).unwrap_or_default();
        let before = current.get(kind, &setting.setting_id)?;
        if before.is_none() && current.list(kind, None).count() >= SETTINGS_OF_A_KIND_MAX {
            let text = format!(
                "would be one of more than {SETTINGS_OF_A_KIND_MAX} of its kind; change one that is retired"
            );
            return Err(Error::field("changes", FieldReason::TooMany, &text));
        }
        setting.version = before.map_or(0, |before| before.version) + 1;
        setting.changed_at = Some(to_wire(now));
        setting.changed_by = self.principal.actor_id.to_string();
        setting.reason.clone_from(&self.reason);
        Ok(())
    }

    fn record(
        &self,
        sequence: u64,
        settings: Vec<Setting>,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: AGGREGATE,
            interaction_id: "",
            customer_id: "",
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        let changed = SettingsChanged { settings };
        Ok(sealing.seal(&Fact::SettingsChanged(Box::new(changed)))?)
    }
}

/// Settings as a request has them.
struct Put(Vec<SettingChange>);

impl Plan for Put {
    fn settings(&self, now: &Settings<'_>, _: Timestamp) -> Result<Vec<Setting>, Error> {
        let mut settings = Vec::new();
        for change in &self.0 {
            let Some(setting) = &change.setting else {
                continue;
            };
            let before = now.get(kind_of(setting).unwrap_or_default(), &setting.setting_id)?;
            let current = before.as_ref().map_or(0, |before| before.version);
            expect(setting, change.expected_version, current)?;
            let mut setting = setting.clone();
            convert::keep_staged(&mut setting, before.as_ref());
            settings.push(setting);
        }
        Ok(settings)
    }
}

/// Refuses to change another version than the caller has seen.
pub(crate) fn expect(setting: &Setting, expected: Option<u64>, current: u64) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != current => Err(Error::VersionMismatch {
            setting_id: setting.setting_id.clone(),
            current,
        }),
        _ => Ok(()),
    }
}

/// Changes what a request names.
pub(crate) async fn change(
    deps: &Deps,
    reading: &Reading,
    call: Call<ChangeSettingsRequest>,
) -> Result<ChangeSettingsResponse, Error> {
    let until = call.write_until();
    let hash = RequestHash::of(&call.message);
    let mut message = call.message;
    let warnings = check(&mut message)?;
    let command = Command {
        ledger: Ledger::of(&deps.feed),
        log: reading.log_identity(),
        principal: call.principal,
        request_id: message.request_id,
        hash,
        reason: message.reason,
        plan: Put(message.changes),
    };
    let done = command::run(reading, &deps.clock, command, until).await?;
    Ok(ChangeSettingsResponse {
        settings: done.settings,
        position: done.position,
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

/// Cleans and checks what is asked for, and names all that is wrong with it.
fn check(asked: &mut ChangeSettingsRequest) -> Result<Vec<Warning>, Error> {
    let mut cleaner = Cleaner::default();
    cleaner.text(FieldPath::of("reason"), &mut asked.reason);
    let mut checker = Checker::new();
    checker.required_id("request_id", &asked.request_id);
    checker.text("reason", &asked.reason, LINE_BYTES_MAX);
    if asked.changes.is_empty() {
        checker.found().required("changes");
    }
    if !checker.few("changes", asked.changes.len(), SETTINGS_CHANGED_MAX) {
        asked.changes.clear();
    }
    let mut named = BTreeSet::new();
    let changes = FieldPath::of("changes");
    for (place, change) in asked.changes.iter_mut().enumerate() {
        let change_at = changes.index(place);
        let at = change_at.field("setting");
        let Some(setting) = &mut change.setting else {
            checker.found().required(at);
            continue;
        };
        let id_at = at.field("setting_id").to_string();
        checker.required_id(&id_at, &setting.setting_id);
        convert::take(setting, at, &mut cleaner, checker.found());
        let name = (kind_of(setting), setting.setting_id.clone());
        if !named.insert(name) {
            let text = "names a setting that the request changes already; give each once";
            checker.add(id_at, FieldReason::Conflicting, text);
        }
    }
    checker.done(())?;
    Ok(cleaner.into_warnings())
}
