//! Sampling at lanes: a queue of tubes for each lane, filled at the lane's pace, registered when the last swab is in.

use std::collections::{BTreeMap, VecDeque};

use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, Timestamp};
use serde_json::json;

use super::flow::{Label, Post};
use crate::attendance::Attendance;
use crate::client::{CallError, Staff, side_by_side};
use crate::population::{PersonRef, Population};
use crate::setup::Register;

use super::sites::{Site, SiteKind};

/// A tube that will be filled at a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Filling {
    people: Vec<PersonRef>,
    sealed_at: Timestamp,
}

/// A lane at work.
#[derive(Debug)]
struct Lane {
    id: i64,
    staff: Staff,
    post: Post,
    label: Label,
    tubes: VecDeque<Filling>,
    number: u32,
}

/// A tube that was registered and sealed.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Where it lies.
    pub post: Post,
    /// Its code.
    pub code: String,
    /// Who is in it.
    pub people: Vec<PersonRef>,
    /// When it was sealed.
    pub at: Timestamp,
    /// Its label.
    pub label: Label,
}

/// How people share tubes at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Up to so many people a tube.
    Pool(usize),
    /// One household a tube.
    Household,
}

/// How fast a lane works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many people an hour.
    PeoplePerHour(i64),
    /// As fast as it must to be done with everybody in its queue in so many minutes.
    DoneIn(i64),
}

impl Pace {
    fn of(self, people: usize) -> i64 {
        match self {
            Self::PeoplePerHour(people) => people,
            Self::DoneIn(minutes) => i64::try_from(people).unwrap_or(0) * 60 / minutes.max(1) + 1,
        }
    }
}

/// All lanes of one round.
#[derive(Debug)]
pub struct Sampling {
    round: Option<i64>,
    purpose: Option<&'static str>,
    prefix: String,
    lanes: Vec<Lane>,
}

impl Sampling {
    /// No lanes yet. `prefix` begins the codes on its tubes.
    #[must_use]
    pub fn new(round: Option<i64>, purpose: Option<&'static str>, prefix: &str) -> Self {
        Self { round, purpose, prefix: prefix.to_owned(), lanes: Vec::new() }
    }

    /// Queues people at lanes: whoever comes next goes where the fewest wait, and each lane works through its own at the
    /// pace that is asked for.
    pub fn queue(
        &mut self,
        county: &Population,
        lanes: &[(i64, Staff, Post)],
        people: &[PersonRef],
        (sharing, label): (Sharing, Label),
        (starts_at, pace): (Timestamp, Pace),
    ) {
        let mut queues: Vec<Vec<Vec<PersonRef>>> = vec![Vec::new(); lanes.len()];
        let mut loads = vec![0_usize; lanes.len()];
        for group in groups(county, people, sharing) {
            let Some(lane) = (0..lanes.len()).min_by_key(|lane| loads[*lane]) else { return };
            loads[lane] += group.len();
            queues[lane].push(group);
        }
        for (((id, staff, post), queue), load) in lanes.iter().zip(queues).zip(loads) {
            let tubes = fill(queue.into_iter(), starts_at, pace.of(load));
            let (staff, post) = (staff.clone(), post.clone());
            self.lanes.push(Lane { id: *id, staff, post, label, tubes, number: 0 });
        }
    }

    /// Registers every tube whose last swab is in by now, side by side.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn go_on(&mut self, register: &Register, now: Timestamp) -> Result<Vec<Sealed>, CallError> {
        let mut sealed = Vec::new();
        let mut requests = Vec::new();
        for lane in &mut self.lanes {
            while lane.tubes.front().is_some_and(|tube| tube.sealed_at <= now) {
                let Some(tube) = lane.tubes.pop_front() else { break };
                lane.number += 1;
                let code = format!("{}-{}-{}", self.prefix, lane.id, lane.number);
                let people: Vec<_> = tube.people.iter().map(|one| json!({ "person": register.person(*one) })).collect();
                let body = json!({
                    "tube": code, "lane": lane.id, "round": self.round, "purpose": self.purpose, "people": people,
                    "seal": true, "occurred_at": tube.sealed_at,
                });
                let staff = lane.staff.clone();
                requests.push(async move { staff.tell("/api/screening/tubes", &body).await });
                let (post, label) = (lane.post.clone(), lane.label);
                sealed.push(Sealed { post, code, people: tube.people, at: tube.sealed_at, label });
            }
        }
        side_by_side(requests).await?;
        Ok(sealed)
    }

    /// Whether everybody in the queues was sampled.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| lane.tubes.is_empty())
    }

    /// People who still wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lanes.iter().flat_map(|lane| &lane.tubes).map(|tube| tube.people.len()).sum()
    }

    /// When the last one will be sampled.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.lanes.iter().filter_map(|lane| lane.tubes.back()).map(|tube| tube.sealed_at).max()
    }
}

/// Cuts a queue into tubes.
fn groups(county: &Population, people: &[PersonRef], sharing: Sharing) -> Vec<Vec<PersonRef>> {
    match sharing {
        Sharing::Pool(size) => people.chunks(size.max(1)).map(<[PersonRef]>::to_vec).collect(),
        Sharing::Household => {
            let mut households: BTreeMap<_, Vec<PersonRef>> = BTreeMap::new();
            for person in people {
                households.entry(county.person(*person).household).or_default().push(*person);
            }
            households.into_values().collect()
        }
    }
}

/// When each tube is full, at so many people an hour.
fn fill(groups: impl Iterator<Item = Vec<PersonRef>>, starts_at: Timestamp, people_per_hour: i64) -> VecDeque<Filling> {
    let each_ms = HOUR_MS / people_per_hour.max(1);
    let mut swabs = 0;
    groups
        .map(|people| {
            swabs += i64::try_from(people.len()).unwrap_or(0);
            Filling { people, sealed_at: Timestamp(starts_at.0 + swabs * each_ms) }
        })
        .collect()
}

/// Queues everybody who comes to the round at the sites of their village: households together at the locked ones, tens
/// elsewhere; people with fever or an abnormal status at the sites that are for them.
pub fn queue_round(
    sampling: &mut Sampling,
    county: &Population,
    sites: &[Site],
    attendance: &Attendance,
    sharing_of: impl Fn(AreaId) -> Sharing,
    (starts_at, hours): (Timestamp, i64),
) {
    let mut abnormal: BTreeMap<AreaId, Vec<PersonRef>> = BTreeMap::new();
    for (village, people) in &attendance.by_village {
        let (apart, ordinary): (Vec<PersonRef>, Vec<PersonRef>) =
            people.iter().copied().partition(|person| attendance.abnormal.contains(person));
        abnormal.entry(AreaId(village.0 / 1000)).or_default().extend(apart);
        queue_at(
            sampling,
            county,
            sites,
            *village,
            SiteKind::Ordinary,
            &ordinary,
            sharing_of(*village),
            starts_at,
            hours,
        );
    }
    for (township, people) in abnormal {
        // One tube each: what they have is not known.
        queue_at(sampling, county, sites, township, SiteKind::Abnormal, &people, Sharing::Pool(1), starts_at, hours);
    }
}

#[expect(clippy::too_many_arguments, reason = "one call for each of two kinds of site")]
fn queue_at(
    sampling: &mut Sampling,
    county: &Population,
    sites: &[Site],
    serves: AreaId,
    kind: SiteKind,
    people: &[PersonRef],
    sharing: Sharing,
    starts_at: Timestamp,
    hours: i64,
) {
    let here = sites.iter().filter(|site| site.plan.serves == serves && site.plan.kind == kind);
    let lanes: Vec<(i64, Staff, Post)> =
        here.flat_map(|site| site.lanes.iter().map(|(id, staff)| (*id, staff.clone(), site.post.clone()))).collect();
    // The last one is sampled ten minutes before the sites close.
    let pace = Pace::DoneIn(hours * 60 - 10);
    let label = if sharing == Sharing::Household { Label::Locked } else { Label::Control };
    sampling.queue(county, &lanes, people, (sharing, label), (starts_at, pace));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tubes_are_sealed_at_the_pace_of_the_lane() {
        let ten = |first: u32| (first..first + 10).map(PersonRef).collect::<Vec<_>>();
        let tubes = fill([ten(1), ten(11)].into_iter(), Timestamp(0), 120);
        assert_eq!(tubes[0].sealed_at, Timestamp(HOUR_MS / 12));
        assert_eq!(tubes[1].sealed_at, Timestamp(HOUR_MS / 6));
    }
}
