//! The way of a tube after its last swab: into a box, to a courier, to a laboratory, through its machines, to a result.
//!
//! Each hand-over is signed by the one who gives and the one who takes. The tubes themselves are here, as in the world:
//! who is in a tube is told to the system by the lane, and to the laboratory's bench by the tube.

use std::collections::BTreeMap;

use outpace_core::Timestamp;
use serde_json::{Value, json};

use crate::client::{CallError, Staff, number, side_by_side};
use crate::laboratory::queue::Machines;
use crate::laboratory::{Bench, Outcome};
use crate::population::PersonRef;

/// Why a tube was taken, as its label says: decides its turn at the machines. The order is the pack's: retests and
/// contacts decide most, then locked areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A retest of one person.
    Retest,
    /// A place or area that is locked or held.
    Locked,
    /// Key groups.
    KeyGroup,
    /// A controlled area.
    Control,
}

/// A tube in the world.
#[derive(Debug, Clone)]
struct Tube {
    people: Vec<PersonRef>,
    taken_at: Timestamp,
    label: Label,
    attempts: u64,
}

/// A site, with whoever signs there.
#[derive(Debug, Clone)]
pub struct Post {
    /// The site's id.
    pub site: i64,
    /// Who packs and gives.
    pub staff: Staff,
}

/// A courier's car.
#[derive(Debug, Clone)]
pub struct Courier {
    /// Who signs.
    pub staff: Staff,
    /// The vehicle's id.
    pub vehicle: i64,
}

/// A laboratory at work.
#[derive(Debug)]
pub struct Laboratory {
    /// Its id.
    pub id: i64,
    /// Who signs and reports.
    pub staff: Staff,
    /// Its machines.
    pub machines: Machines,
    /// Minutes of the way to it.
    pub leg_minutes: i64,
    /// From when it works.
    pub from: Timestamp,
}

/// A courier under way.
#[derive(Debug)]
struct Run {
    courier: usize,
    laboratory: usize,
    boxes: Vec<(String, Vec<String>)>,
    arrives_at: Timestamp,
}

/// Everything that is on its way.
#[derive(Debug)]
pub struct Flow {
    tubes: BTreeMap<String, Tube>,
    waiting: BTreeMap<i64, (Post, Vec<String>)>,
    runs: Vec<Run>,
    couriers: Vec<Courier>,
    /// The laboratories, the county's own first.
    pub laboratories: Vec<Laboratory>,
    box_tubes_max: usize,
    boxes: u32,
    next_courier: usize,
}

/// How many sites a courier calls at on one way.
const SITES_PER_RUN: usize = 3;
/// Minutes of backlog from which on the county's own laboratory takes no more retests.
const RETESTS_WAIT_MINUTES: i64 = 60;

impl Flow {
    /// Nothing on its way yet.
    #[must_use]
    pub fn new(couriers: Vec<Courier>, laboratories: Vec<Laboratory>, box_tubes_max: usize) -> Self {
        Self {
            tubes: BTreeMap::new(),
            waiting: BTreeMap::new(),
            runs: Vec::new(),
            couriers,
            laboratories,
            box_tubes_max: box_tubes_max.max(1),
            boxes: 0,
            next_courier: 0,
        }
    }

    /// A sealed tube lies at a site.
    pub fn seal(&mut self, post: &Post, code: &str, people: &[PersonRef], taken_at: Timestamp, label: Label) {
        self.tubes.insert(code.to_owned(), Tube { people: people.to_vec(), taken_at, label, attempts: 0 });
        let (_, tubes) = self.waiting.entry(post.site).or_insert_with(|| (post.clone(), Vec::new()));
        tubes.push(code.to_owned());
    }

    /// Tubes that are not yet resulted.
    #[must_use]
    pub fn pending(&self) -> usize {
        let at_sites: usize = self.waiting.values().map(|(_, tubes)| tubes.len()).sum();
        let driven: usize = self.runs.iter().flat_map(|run| &run.boxes).map(|(_, tubes)| tubes.len()).sum();
        at_sites + driven + self.laboratories.iter().map(|one| one.machines.pending()).sum::<usize>()
    }

    /// Couriers take what waits at the sites: packed, given, taken.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn collect(&mut self, now: Timestamp) -> Result<(), CallError> {
        let waiting: Vec<(Post, Vec<String>)> = std::mem::take(&mut self.waiting).into_values().collect();
        for stops in waiting.chunks(SITES_PER_RUN) {
            let load: usize = stops.iter().map(|(_, tubes)| tubes.len()).sum();
            if load == 0 || self.couriers.is_empty() {
                continue;
            }
            let (courier, laboratory) = (self.next_courier % self.couriers.len(), self.choose(now, stops));
            self.next_courier += 1;
            let mut boxes = Vec::new();
            for (post, tubes) in stops {
                let packed = self.pack(tubes);
                hand_over_at_site(post, &self.couriers[courier], &packed, now).await?;
                boxes.extend(packed);
            }
            let arrives_at = now.plus_minutes(self.laboratories[laboratory].leg_minutes);
            self.runs.push(Run { courier, laboratory, boxes, arrives_at });
        }
        Ok(())
    }

    fn pack(&mut self, tubes: &[String]) -> Vec<(String, Vec<String>)> {
        let mut packed = Vec::new();
        for load in tubes.chunks(self.box_tubes_max) {
            self.boxes += 1;
            packed.push((format!("BX-{:05}", self.boxes), load.to_vec()));
        }
        packed
    }

    /// The laboratory that would start a load first, with what is on its way there; retests go to the county's own, as
    /// long as it has room for them.
    fn choose(&self, now: Timestamp, stops: &[(Post, Vec<String>)]) -> usize {
        let driven = |index: usize| -> i64 {
            let tubes = self.runs.iter().filter(|run| run.laboratory == index).flat_map(|run| &run.boxes);
            tubes.map(|(_, tubes)| i64::try_from(tubes.len()).unwrap_or(0)).sum()
        };
        let wait = |index: usize, one: &Laboratory| {
            let way = driven(index) * 60 / one.machines.tubes_per_hour();
            one.machines.backlog_minutes() + way
        };
        let mut labels = stops.iter().flat_map(|(_, tubes)| tubes).filter_map(|code| self.tubes.get(code));
        let single = labels.all(|tube| tube.label == Label::Retest || tube.label == Label::KeyGroup);
        if single && self.laboratories.first().is_some_and(|own| wait(0, own) < RETESTS_WAIT_MINUTES) {
            return 0;
        }
        let open = self.laboratories.iter().enumerate().filter(|(_, one)| one.from <= now);
        open.min_by_key(|(index, one)| wait(*index, one).max(one.leg_minutes)).map_or(0, |(index, _)| index)
    }

    /// Couriers who have arrived hand over; the laboratories sign, scan every tube and put it in line.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn deliver(&mut self, now: Timestamp) -> Result<(), CallError> {
        let (arrived, under_way) = std::mem::take(&mut self.runs).into_iter().partition(|run| run.arrives_at <= now);
        self.runs = under_way;
        for run in arrived {
            let (courier, laboratory) = (&self.couriers[run.courier], &mut self.laboratories[run.laboratory]);
            let at = run.arrives_at.0;
            let codes: Vec<&String> = run.boxes.iter().map(|(code, _)| code).collect();
            let body = json!({
                "boxes": codes, "to": "laboratory", "laboratory": laboratory.id, "vehicle": courier.vehicle,
                "occurred_at": at,
            });
            const GIVE: &str = "/api/screening/hand-overs/give";
            let given: Value = courier.staff.post(GIVE, &body).await?;
            let leg = number(GIVE, &given, "/leg")?;
            let taken = json!({ "leg": leg, "occurred_at": at });
            laboratory.staff.tell("/api/screening/hand-overs/take", &taken).await?;
            let intakes = run.boxes.iter().map(|(code, tubes)| {
                let body = json!({
                    "laboratory": laboratory.id, "box": code, "tubes": tubes, "declare_missing": false,
                    "occurred_at": at,
                });
                let staff = laboratory.staff.clone();
                async move { staff.tell("/api/screening/intake", &body).await }
            });
            side_by_side(intakes.collect::<Vec<_>>()).await?;
            for code in run.boxes.iter().flat_map(|(_, tubes)| tubes) {
                let rank = self.tubes.get(code).map_or(0, |tube| tube.label as i64);
                laboratory.machines.take_in(code, rank, run.arrives_at);
            }
        }
        Ok(())
    }

    /// The machines turn; what is done is reported. Answers how many tubes were reported.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn test(&mut self, now: Timestamp, bench: &Bench) -> Result<usize, CallError> {
        let mut reported = 0;
        for laboratory in &mut self.laboratories {
            let mut results = Vec::new();
            for (at, code) in laboratory.machines.until(now) {
                let Some(tube) = self.tubes.get_mut(&code) else { continue };
                let reading = bench.test(&code, &tube.people, tube.taken_at, tube.attempts);
                tube.attempts += 1;
                if reading.outcome == Outcome::Invalid {
                    // What is left in the tube is tested once more, before anything else.
                    laboratory.machines.take_in(&code, Label::Retest as i64, at);
                } else {
                    self.tubes.remove(&code);
                }
                results.push(json!({ "tube": code, "outcome": reading.outcome, "ct": reading.ct, "tested_at": at }));
            }
            if results.is_empty() {
                continue;
            }
            reported += results.len();
            let body = json!({ "laboratory": laboratory.id, "results": results });
            laboratory.staff.tell("/api/screening/results", &body).await?;
        }
        Ok(reported)
    }
}

/// A site packs and gives, a courier takes.
async fn hand_over_at_site(
    post: &Post,
    courier: &Courier,
    boxes: &[(String, Vec<String>)],
    now: Timestamp,
) -> Result<(), CallError> {
    for (code, tubes) in boxes {
        let body = json!({ "box": code, "tubes": tubes, "site": post.site, "occurred_at": now });
        post.staff.tell("/api/screening/boxes/pack", &body).await?;
    }
    const GIVE: &str = "/api/screening/hand-overs/give";
    let codes: Vec<&String> = boxes.iter().map(|(code, _)| code).collect();
    let body = json!({ "boxes": codes, "to": "courier", "vehicle": courier.vehicle, "occurred_at": now });
    let given: Value = post.staff.post(GIVE, &body).await?;
    let taken = json!({ "leg": number(GIVE, &given, "/leg")?, "occurred_at": now });
    courier.staff.tell("/api/screening/hand-overs/take", &taken).await
}
