//! What people did with follow-up work that failed.

use outpace_core::{ActorId, PersonId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

/// A job was tried again before its time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobRetried {
    /// Its number.
    pub job: i64,
    /// Which work.
    pub kind: String,
    /// What it was about, as JSON.
    pub payload: String,
    /// How often it had failed.
    pub attempts: i64,
    /// Why.
    pub reason: String,
}

impl Fact for JobRetried {
    const KIND: &'static str = "jobs.retried";
}

/// Somebody proposed to set a job aside that another person has to confirm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetAsideProposed {
    /// Its number.
    pub job: i64,
    /// Which work.
    pub kind: String,
    /// What it was about, as JSON.
    pub payload: String,
    /// How often it had failed.
    pub attempts: i64,
    /// With what.
    pub error: String,
    /// Who the proposer is in the registry, where that is known.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// Why.
    pub reason: String,
}

impl Fact for SetAsideProposed {
    const KIND: &'static str = "jobs.set_aside_proposed";
}

/// A job was set aside: it is not tried any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobSetAside {
    /// Its number.
    pub job: i64,
    /// Which work.
    pub kind: String,
    /// What it was about, as JSON.
    pub payload: String,
    /// How often it had failed.
    pub attempts: i64,
    /// With what.
    pub error: String,
    /// Who proposed it, where two persons were needed.
    #[serde(default)]
    pub proposed_by: Option<ActorId>,
    /// Why.
    pub reason: String,
}

impl Fact for JobSetAside {
    const KIND: &'static str = "jobs.set_aside";
}
