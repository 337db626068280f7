//! Settings of one kind, ready to be decided by.

use std::collections::HashMap;
use std::sync::Arc;

use aftercall_domain::alert::Rule;
use aftercall_domain::commitment::{EscalatesBy, Escalation};
use aftercall_domain::setting::{
    Body, CallPolicy, CodeTree, Edition, EscalationPolicy, FollowUpPolicy, PromiseFacts, Receiver,
    Silence, Team,
};
use aftercall_proto::convert::call::terms_to_wire;
use aftercall_proto::convert::setting as convert;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::{CallTerms, Setting, SettingKind};
use aftercall_view::ApplyError;
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::Ledger;

/// The most tenants whose settings are kept ready. Beyond that all are let go, and made ready again as they are
/// needed.
const KEPT_MAX: usize = 1_000;

/// What is set by the settings of one kind.
pub trait Kind: Sized + Send + Sync + 'static {
    /// The kind.
    const KIND: SettingKind;

    /// What is set; none for another kind.
    fn of(body: Body) -> Option<Self>;

    /// The order in which they are told: of equal ones, by their ids.
    fn rank(&self) -> u32 {
        0
    }
}

macro_rules! kinds {
    ($($name:ident $({ $rank:item })?)*) => {
        $(
            impl Kind for $name {
                const KIND: SettingKind = SettingKind::$name;

                fn of(body: Body) -> Option<Self> {
                    match body {
                        Body::$name(set) => Some(set),
                        _ => None,
                    }
                }

                $($rank)?
            }
        )*
    };
}

kinds! {
    FollowUpPolicy {
        fn rank(&self) -> u32 {
            self.position
        }
    }
    EscalationPolicy
    Team
    Receiver
    Silence
    CallPolicy
}

impl Kind for CodeTree {
    const KIND: SettingKind = SettingKind::Taxonomy;

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Taxonomy(taxonomy) => Some(Self::new(taxonomy)),
            _ => None,
        }
    }
}

impl InUse<CodeTree> {
    /// The same, as codes are held against it.
    pub fn edition(&self) -> Edition<'_> {
        Edition {
            setting_id: &self.id,
            version: self.version,
            tree: &self.set,
        }
    }
}

/// A setting that is in use, as one version has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse<T> {
    /// Its id among those of its kind.
    pub id: String,
    /// The version.
    pub version: u64,
    /// What it sets.
    pub set: T,
}

/// By which escalation policy alerts are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The policy.
    pub policy: InUse<EscalationPolicy>,
    /// Whether it is the tenant's fallback, and taken because nothing names another one.
    pub is_fallback: bool,
}

impl Telling {
    /// The same, as alerts go on by it.
    pub fn escalates_by(&self) -> EscalatesBy<'_> {
        EscalatesBy {
            policy_id: &self.policy.id,
            version: self.policy.version,
            policy: &self.policy.set,
            is_fallback: self.is_fallback,
        }
    }
}

/// Keeps the settings of one kind ready for those tenants that need them: to read all policies for each promise would
/// cost more than all the rest of it. Cheap to clone.
#[derive(Debug)]
pub struct Ready<T> {
    ledger: Ledger,
    kept: Arc<Mutex<HashMap<String, Kept<T>>>>,
}

/// A tenant's settings as they were when they had changed so often.
#[derive(Debug)]
struct Kept<T> {
    revision: u64,
    all: Arc<[InUse<T>]>,
}

impl<T> Clone for Ready<T> {
    fn clone(&self) -> Self {
        Self {
            ledger: self.ledger.clone(),
            kept: Arc::clone(&self.kept),
        }
    }
}

impl<T: Kind> Ready<T> {
    /// The settings of a ledger.
    pub fn of(ledger: Ledger) -> Self {
        Self {
            ledger,
            kept: Arc::default(),
        }
    }

    /// All that are in use, in order: policies as they are asked, others by their ids.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn all(&self, tenant_id: &str) -> Result<Arc<[InUse<T>]>, ApplyError> {
        let settings = self.ledger.settings(tenant_id);
        // Read first: a change that comes meanwhile makes it ready once more than needed.
        let revision = settings.revision()?;
        if let Some(kept) = self.kept.lock().get(tenant_id)
            && kept.revision == revision
        {
            return Ok(Arc::clone(&kept.all));
        }
        let mut all = Vec::new();
        for setting in settings.list(T::KIND, None) {
            all.extend(read(&setting?));
        }
        // Those of equal rank stay in the order of their ids.
        all.sort_by_key(|one: &InUse<T>| one.set.rank());
        let all: Arc<[InUse<T>]> = all.into();
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let now = Kept {
            revision,
            all: Arc::clone(&all),
        };
        kept.insert(tenant_id.to_owned(), now);
        Ok(all)
    }

    /// One that is in use.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn get(&self, tenant_id: &str, id: &str) -> Result<Option<InUse<T>>, ApplyError>
    where
        T: Clone,
    {
        let all = self.all(tenant_id)?;
        Ok(all.iter().find(|one| one.id == id).cloned())
    }

    /// One that is in use, or if it was taken out of use, its last version that was: what names it goes on by that.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn get_or_last(&self, tenant_id: &str, id: &str) -> Result<Option<InUse<T>>, ApplyError>
    where
        T: Clone,
    {
        if let Some(found) = self.get(tenant_id, id)? {
            return Ok(Some(found));
        }
        let settings = self.ledger.settings(tenant_id);
        let mut versions = settings.versions(T::KIND, id, None);
        let last = versions.find(|one| one.as_ref().map_or(true, |it| !it.retired));
        Ok(last.transpose()?.as_ref().and_then(read))
    }

    /// One as a version was, in use or not.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn as_of(&self, tenant_id: &str, id: &str, version: u64) -> Result<Option<T>, ApplyError> {
        let settings = self.ledger.settings(tenant_id);
        let setting = settings.version(T::KIND, id, version)?;
        Ok(setting.as_ref().and_then(convert::body).and_then(T::of))
    }
}

impl Ready<EscalationPolicy> {
    /// The policy by which alerts of a rule about contacts or customers are told: of several, the first by its id; where
    /// there is none, the tenant's fallback.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn for_rule(&self, tenant_id: &str, rule: Rule) -> Result<Option<Telling>, ApplyError> {
        let all = self.all(tenant_id)?;
        match all.iter().find(|one| one.set.is_for(rule)) {
            Some(policy) => Ok(Some(Telling {
                policy: policy.clone(),
                is_fallback: false,
            })),
            None => self.fallback(tenant_id),
        }
    }

    /// The policy by which alerts are told that it is named for: where it is out of use, as it was before; where none is
    /// named, the tenant's fallback.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn named(
        &self,
        tenant_id: &str,
        policy_id: Option<&str>,
    ) -> Result<Option<Telling>, ApplyError> {
        let named = policy_id.map(|id| self.get_or_last(tenant_id, id));
        match named.transpose()?.flatten() {
            Some(policy) => Ok(Some(Telling {
                policy,
                is_fallback: false,
            })),
            None => self.fallback(tenant_id),
        }
    }

    /// The policy by which an alert goes on that is told by one already: the fallback, if it was told by that and there is
    /// one, or else the same as it is now; where it is out of use, as it was before.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn going_on(
        &self,
        tenant_id: &str,
        told: &Escalation,
    ) -> Result<Option<Telling>, ApplyError> {
        let fallback = match told.by_fallback {
            true => self.fallback(tenant_id)?,
            false => None,
        };
        if fallback.is_some() {
            return Ok(fallback);
        }
        let same = self.get_or_last(tenant_id, &told.policy_id)?;
        Ok(same.map(|policy| Telling {
            policy,
            is_fallback: told.by_fallback,
        }))
    }

    /// The tenant's fallback, if there is one.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn fallback(&self, tenant_id: &str) -> Result<Option<Telling>, ApplyError> {
        let all = self.all(tenant_id)?;
        let fallback = all.iter().find(|one| one.set.fallback);
        Ok(fallback.map(|policy| Telling {
            policy: policy.clone(),
            is_fallback: true,
        }))
    }
}

impl Ready<CallPolicy> {
    /// By what calls are judged and closed that are told of now, as events have it; none where the tenant has set nothing.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn terms(&self, tenant_id: &str) -> Result<Option<CallTerms>, ApplyError> {
        let all = self.all(tenant_id)?;
        let terms = |one: &InUse<CallPolicy>| terms_to_wire(&one.id, one.version, one.set.terms());
        Ok(all.first().map(terms))
    }
}

impl Ready<FollowUpPolicy> {
    /// The policy that a promise has when it is made now: of those that match it, the one that is asked first.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn first(
        &self,
        tenant_id: &str,
        promise: &PromiseFacts<'_>,
    ) -> Result<Option<InUse<FollowUpPolicy>>, ApplyError> {
        let all = self.all(tenant_id)?;
        Ok(all.iter().find(|one| one.set.matches(promise)).cloned())
    }
}

impl Ready<FollowUpPolicy> {
    /// The policies that were in use at an instant, in the order in which they are asked. Read as they stand: what is
    /// kept ready is as it is now.
    ///
    /// # Errors
    /// As [`Ready::all`].
    pub fn at(
        &self,
        tenant_id: &str,
        at: Timestamp,
    ) -> Result<Vec<InUse<FollowUpPolicy>>, ApplyError> {
        let settings = self.ledger.settings(tenant_id);
        let mut all = Vec::new();
        for setting in settings.list(FollowUpPolicy::KIND, None) {
            let setting = setting?;
            if !was_made_by(&setting, at) {
                let id = &setting.setting_id;
                let mut before = settings.versions(FollowUpPolicy::KIND, id, Some(setting.version));
                let then = before.find(|one| one.as_ref().map_or(true, |it| was_made_by(it, at)));
                all.extend(then.transpose()?.as_ref().and_then(read));
            } else {
                all.extend(read(&setting));
            }
        }
        all.sort_by_key(|one: &InUse<FollowUpPolicy>| one.set.rank());
        Ok(all)
    }
}

/// Whether a version of a setting was made at an instant or before.
fn was_made_by(setting: &Setting, at: Timestamp) -> bool {
    let changed_at = setting.changed_at.as_ref().and_then(from_wire);
    changed_at.is_none_or(|changed_at| changed_at <= at)
}

/// A setting that is in use; none for what no writer of ours makes.
fn read<T: Kind>(setting: &Setting) -> Option<InUse<T>> {
    if setting.retired {
        return None;
    }
    Some(InUse {
        id: setting.setting_id.clone(),
        version: setting.version,
        set: T::of(convert::body(setting)?)?,
    })
}
