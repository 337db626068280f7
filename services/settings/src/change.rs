//! Changing settings: all that a request names, or none of it.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::limits::{LINE_BYTES_MAX, SETTINGS_CHANGED_MAX, SETTINGS_OF_A_KIND_MAX};
use aftercall_domain::setting::{Body, SettingKind};
use aftercall_domain::violation::Reason as FieldReason;
use aftercall_domain::{Cleaner, FieldPath, Violations, Warning};
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
use aftercall_service::{Call, Checker, Deps, Forbidden, Principal, Reading, Role};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use crate::failure::Error;
use crate::whole;

/// What the events of settings are about: a tenant has one such aggregate.
const AGGREGATE: &str = "settings";

/// What a request wishes settings to be.
pub(crate) trait Wish: Send + Sync + 'static {
    /// The settings as they are to be, but for what follows from who changes them, and when. Notes what is wrong with
    /// them as things stand.
    fn settings(
        &self,
        current: &Settings<'_>,
        asked: Asked<'_>,
        found: &mut Violations,
    ) -> Result<Vec<Setting>, Error>;
}

/// By whom and when something is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) by: &'a Principal,
    pub(crate) now: Timestamp,
}

/// A change that is sound in itself, and who asked for it.
pub(crate) struct ChangeCommand<W> {
    pub(crate) ledger: Ledger,
    pub(crate) log: LogIdentity,
    pub(crate) principal: Principal,
    pub(crate) request_id: String,
    pub(crate) hash: RequestHash,
    /// Why. Personal.
    pub(crate) reason: String,
    pub(crate) wish: W,
}

/// A change that counts.
pub(crate) struct Changed {
    pub(crate) settings: Vec<Setting>,
    pub(crate) position: String,
}

impl<W: Wish> command::Command for ChangeCommand<W> {
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
        let settings = self.settings(&current, now)?;
        let record = self.record(revision + 1, settings, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl<W: Wish> ChangeCommand<W> {
    fn answer(&self, current: &Settings<'_>, done: &Done) -> Result<Changed, Error> {
        Ok(Changed {
            settings: current.made(done.answer())?,
            position: Positions::through(done.position()).encode(&self.log),
        })
    }

    /// The next version of each setting that changes, checked with all others.
    fn settings(&self, current: &Settings<'_>, now: Timestamp) -> Result<Vec<Setting>, Error> {
        let mut found = Violations::new();
        let by = &self.principal;
        let asked = Asked { by, now };
        let mut settings = self.wish.settings(current, asked, &mut found)?;
        let mut added = BTreeMap::new();
        for setting in &mut settings {
            let kind = kind_of(setting).unwrap_or_default();
            let before = current.get(kind, &setting.setting_id)?;
            if before.is_none() {
                *added.entry(kind).or_insert(0) += 1;
            }
            setting.version = before.map_or(0, |before| before.version) + 1;
            setting.changed_at = Some(to_wire(now));
            setting.changed_by = by.actor_id.to_string();
            setting.reason.clone_from(&self.reason);
        }
        for (kind, added) in added {
            check_count(current.count(kind)? + added, &mut found);
        }
        whole::check(current, &settings, &mut found)?;
        Ok(found.into_result(settings)?)
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

/// Settings as a caller gives them.
struct Given(Vec<SettingChange>);

impl Wish for Given {
    fn settings(
        &self,
        current: &Settings<'_>,
        asked: Asked<'_>,
        found: &mut Violations,
    ) -> Result<Vec<Setting>, Error> {
        let (mut settings, changes) = (Vec::new(), FieldPath::of("changes"));
        for (place, change) in self.0.iter().enumerate() {
            let mut setting = change.setting.clone().unwrap_or_default();
            let kind = kind_of(&setting).unwrap_or_default();
            let before = current.get(kind, &setting.setting_id)?;
            let version = before.as_ref().map_or(0, |before| before.version);
            if change.expected_version.is_some_and(|it| it != version) {
                return Err(Error::VersionMismatch {
                    setting_id: setting.setting_id,
                    current: version,
                });
            }
            let change = changes.index(place);
            let at = change.field("setting");
            begin(&mut setting, before.as_ref(), asked, (at, found));
            settings.push(setting);
        }
        Ok(settings)
    }
}

/// Says of a silence since when it is and whose, which follow from when and by whom it is made.
fn begin(
    setting: &mut Setting,
    before: Option<&Setting>,
    asked: Asked<'_>,
    (at, found): (FieldPath<'_>, &mut Violations),
) {
    let silence = |setting: &Setting| match convert::body(setting) {
        Some(Body::Silence(silence)) => Some(silence),
        _ => None,
    };
    let Some(mut new) = silence(setting) else {
        return;
    };
    let before = before.and_then(silence);
    let mut wrong = Violations::new();
    let by = (before.as_ref(), &*asked.by.actor_id);
    new.begin(by, asked.now, at.field("silence"), &mut wrong);
    if !setting.retired {
        found.extend(wrong);
    }
    setting.body = Some(convert::to_wire(Body::Silence(new)));
}

/// Notes more settings of a kind than a tenant may have.
fn check_count(count: usize, found: &mut Violations) {
    if count > SETTINGS_OF_A_KIND_MAX {
        let text = format!(
            "would make {count} settings of a kind, of which there may be {SETTINGS_OF_A_KIND_MAX}; change one \
             that is retired"
        );
        found.add("changes", FieldReason::TooMany, text);
    }
}

/// Refuses changes that the caller's roles don't allow: who is no administrator may be silent about alerts, and
/// nothing else.
fn check_roles(principal: &Principal, changes: &[SettingChange]) -> Result<(), Forbidden> {
    let mut settings = changes.iter().filter_map(|change| change.setting.as_ref());
    match settings.all(|setting| convert::kind_of(setting) == Some(SettingKind::Silence)) {
        true => Ok(()),
        false => principal.require_any(&[Role::TenantAdmin]),
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
    check_roles(&call.principal, &message.changes)?;
    let warnings = check(&mut message)?;
    let command = ChangeCommand {
        ledger: Ledger::of(&deps.feed),
        log: reading.log_identity(),
        principal: call.principal,
        request_id: message.request_id,
        hash,
        reason: message.reason,
        wish: Given(message.changes),
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
    check_changes(&mut asked.changes, &mut checker, &mut cleaner);
    checker.done(())?;
    Ok(cleaner.into_warnings())
}

/// Cleans and checks the settings that a request names in `changes`, each alone.
pub(crate) fn check_changes(
    asked: &mut Vec<SettingChange>,
    checker: &mut Checker,
    cleaner: &mut Cleaner,
) {
    if asked.is_empty() {
        checker.found().required("changes");
    }
    if !checker.few("changes", asked.len(), SETTINGS_CHANGED_MAX) {
        asked.clear();
    }
    let mut named = BTreeSet::new();
    let changes = FieldPath::of("changes");
    for (place, change) in asked.iter_mut().enumerate() {
        let change_at = changes.index(place);
        let at = change_at.field("setting");
        let Some(setting) = &mut change.setting else {
            checker.found().required(at);
            continue;
        };
        let id_at = at.field("setting_id").to_string();
        checker.required_id(&id_at, &setting.setting_id);
        convert::take(setting, at, cleaner, checker.found());
        let name = (kind_of(setting), setting.setting_id.clone());
        if !named.insert(name) {
            let text = "names a setting that the request changes already; give each once";
            checker.add(id_at, FieldReason::Conflicting, text);
        }
    }
}
