//! The running office: one store and the rules it works by.

use std::sync::{Arc, OnceLock};

use outpace_core::{Actor, AreaId, Refusal, Timestamp};
use outpace_policy::{Pack, Playbook, Profile};
use outpace_store::Store;
use parking_lot::RwLock;

use crate::actors::{self, Doors};
use crate::figures::Figures;
use crate::glass::{self, Panes};
use crate::health::Health;
use crate::watch::Watch;

/// The rules in force: what must be done, how work is ordered, who approves.
#[derive(Debug, Clone)]
pub struct Rulebook {
    /// The policy pack.
    pub pack: Pack,
    /// The kinds of orders.
    pub playbook: Playbook,
    /// Who approves what, and to whom is reported.
    pub profile: Profile,
}

/// A store and the rules it works by; clones share both.
#[derive(Clone)]
pub struct Office {
    /// The data.
    pub store: Store,
    rulebook: Arc<RwLock<Arc<Rulebook>>>,
    pub(crate) doors: Doors,
    pub(crate) panes: Panes,
    pub(crate) watch: Arc<Watch>,
    figures: Figures,
    health: Health,
    authority: Arc<OnceLock<String>>,
}

impl Office {
    /// Opens an office on a store with the rules in force.
    #[must_use]
    pub fn new(store: Store, rulebook: Rulebook) -> Self {
        let (doors, panes) = (actors::doors(&store), glass::panes(&store));
        let figures = Figures::default();
        figures.register(|registry| store.pulse().register(registry));
        let health = Health::of(&figures);
        let watch = Arc::default();
        Self {
            store,
            rulebook: Arc::new(RwLock::new(Arc::new(rulebook))),
            doors,
            panes,
            watch,
            figures,
            health,
            authority: Arc::default(),
        }
    }

    /// What the edge counts, and the registry of all figures.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Lets phones fetch the certificate of the authority that this server made itself.
    pub fn show_authority(&self, pem: String) {
        // A server has one, for as long as it runs.
        let _ = self.authority.set(pem);
    }

    pub(crate) fn authority(&self) -> Option<&str> {
        self.authority.get().map(String::as_str)
    }

    /// What the watcher of this server found.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// The rules in force now. A call keeps the ones it started with.
    #[must_use]
    pub fn rulebook(&self) -> Arc<Rulebook> {
        self.rulebook.read().clone()
    }

    /// Puts other rules in force; the caller has recorded the fact that says so.
    pub fn adopt(&self, rulebook: Rulebook) {
        *self.rulebook.write() = Arc::new(rulebook);
    }

    /// A call by an actor at this moment.
    #[must_use]
    pub fn call(&self, actor: Actor) -> Call {
        Call { actor, now: self.store.now(), rules: self.rulebook(), drill: self.store.is_drill() }
    }

    /// A call by the system itself.
    #[must_use]
    pub fn system_call(&self) -> Call {
        self.call(self.store.system())
    }
}

/// Who asks, when, under which rules: given to every handler beside the transaction.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who acts. For a command the same as the unit's actor.
    pub actor: Actor,
    /// The moment of the call. For a command the unit's moment, never earlier than the journal's newest.
    pub now: Timestamp,
    /// The rules in force.
    pub rules: Arc<Rulebook>,
    /// Whether this is a drill's folder.
    pub drill: bool,
}

impl Call {
    /// The policy pack in force.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.rules.pack
    }

    /// Minutes east of Greenwich of the jurisdiction.
    #[must_use]
    pub fn offset_minutes(&self) -> i64 {
        i64::from(self.rules.profile.utc_offset_minutes)
    }

    /// Passes when the area lies in the actor's own.
    ///
    /// # Errors
    /// A refusal that names the area otherwise.
    pub fn covers(&self, area: AreaId) -> Result<(), Refusal> {
        if self.actor.area.contains(area) {
            return Ok(());
        }
        Err(Refusal::forbidden(
            "area",
            area,
            format!("您的权限范围是区域 {},不包括区域 {area}。", self.actor.area),
            format!("Your role holds in area {}, which does not contain area {area}.", self.actor.area),
        ))
    }

    /// Whether the area lies in the actor's own.
    #[must_use]
    pub fn sees(&self, area: AreaId) -> bool {
        self.actor.area.contains(area)
    }
}
