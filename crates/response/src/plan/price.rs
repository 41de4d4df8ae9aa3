//! What a plan costs: people by level, each counted once by the strictest, person-days, and what has to be at hand.
//!
//! Person-days count those who are confined or may not leave (locked, controlled, facility, home, held); an area on
//! precaution limits gatherings and is counted apart. A zone without a date is reckoned with the days that its rule of
//! lifting asks for at least.

use std::collections::BTreeMap;

use outpace_core::time::{DAY_MS, HOUR_MS};
use outpace_core::{AreaId, PersonId, PlaceId, Timestamp};
use outpace_policy::{Effect, LiftBy, ZoneLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decide::{Response, Rules};
use crate::items::{Confinement, Item, Transfer, What};
use crate::plan::Line;
use crate::situation::{Fleet, Situation, ZoneScope};

/// People by the strictest measure on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Affected {
    /// In lockdown or high-risk areas.
    pub locked: i64,
    /// In control zones or medium-risk areas.
    pub controlled: i64,
    /// In precaution or low-risk areas.
    pub precaution: i64,
    /// At quarantine sites and in isolation.
    pub facility: i64,
    /// In quarantine or under monitoring at home.
    pub home: i64,
    /// Held for hours.
    pub held: i64,
}

/// The price of a line or of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// People.
    pub affected: Affected,
    /// Hours of people who are confined or may not leave.
    pub person_hours: i64,
    /// The same in days, rounded up.
    pub person_days: i64,
    /// Of these, the days that judgement and not a rule asks for.
    pub person_days_on_judgement: i64,
    /// Days of people in precaution areas.
    pub person_days_precaution: i64,
    /// Beds at quarantine sites and in isolation.
    pub beds: i64,
    /// Buses and ambulances.
    pub vehicles: i64,
    /// Tubes.
    pub tubes: i64,
    /// Hours of samplers, and of doctors and nurses at quarantine sites.
    pub staff_hours: i64,
    /// Antigen kits.
    pub kits: i64,
    /// Packs of food and daily needs for households that may not leave home.
    #[serde(default)]
    pub household_packs: i64,
    /// Orders.
    pub orders: i64,
}

/// Adds prices up.
#[must_use]
pub fn total<'a>(prices: impl Iterator<Item = &'a Price>) -> Price {
    prices.fold(Price::default(), |sum, price| Price {
        affected: Affected {
            locked: sum.affected.locked + price.affected.locked,
            controlled: sum.affected.controlled + price.affected.controlled,
            precaution: sum.affected.precaution + price.affected.precaution,
            facility: sum.affected.facility + price.affected.facility,
            home: sum.affected.home + price.affected.home,
            held: sum.affected.held + price.affected.held,
        },
        person_hours: sum.person_hours + price.person_hours,
        person_days: sum.person_days + price.person_days,
        person_days_on_judgement: sum.person_days_on_judgement + price.person_days_on_judgement,
        person_days_precaution: sum.person_days_precaution + price.person_days_precaution,
        beds: sum.beds + price.beds,
        vehicles: sum.vehicles + price.vehicles,
        tubes: sum.tubes + price.tubes,
        staff_hours: sum.staff_hours + price.staff_hours,
        kits: sum.kits + price.kits,
        household_packs: sum.household_packs + price.household_packs,
        orders: sum.orders + price.orders,
    })
}

/// The zones of a response, and who of each is counted elsewhere already.
pub struct Zones {
    own: BTreeMap<ZoneScope, (u8, i64)>,
    plain: BTreeMap<ZoneScope, u8>,
    confined: BTreeMap<PersonId, Confinement>,
}

impl Zones {
    /// Of each area or place its strictest level and the people who are under nothing stricter.
    #[must_use]
    pub fn of(situation: &Situation, desired: &Response) -> Self {
        let mut strictest: BTreeMap<ZoneScope, u8> = BTreeMap::new();
        let mut plain: BTreeMap<ZoneScope, u8> = BTreeMap::new();
        let mut confined: BTreeMap<PersonId, Confinement> = BTreeMap::new();
        for item in desired.items.values() {
            match &item.what {
                What::Zone { scope, level, .. } => {
                    let strictness = item.what.strictness();
                    let kept = strictest.entry(*scope).or_default();
                    *kept = (*kept).max(strictness);
                    if !level.is_risk() {
                        plain.insert(*scope, strictness);
                    }
                }
                What::Confine { person, kind, .. } => {
                    confined.insert(*person, *kind);
                }
                _ => {}
            }
        }
        let own = strictest.keys().map(|scope| (*scope, own(situation, &strictest, *scope))).collect();
        let mut zones = Self { own, plain, confined };
        zones.take_out_the_confined(situation);
        zones
    }

    /// People taken to a facility or hospital no longer count in the zone they lived or worked in.
    fn take_out_the_confined(&mut self, situation: &Situation) {
        for (id, kind) in &self.confined {
            if *kind < Confinement::FacilityQuarantine {
                continue;
            }
            let Some(person) = situation.people.get(id) else { continue };
            let home = person.area;
            let of_home =
                |scope: &ZoneScope| matches!((scope, home), (ZoneScope::Area(area), Some(home)) if area.contains(home));
            let of_work = |scope: &ZoneScope| matches!((scope, person.workplace), (ZoneScope::Place(place), Some(work)) if *place == work);
            let strictest = self
                .own
                .iter()
                .filter(|(scope, _)| of_home(scope))
                .max_by_key(|(scope, (level, _))| (*level, scope_code(scope)));
            let home_scope = strictest.map(|(scope, _)| *scope);
            let work_scope = self.own.keys().find(|scope| of_work(scope)).copied();
            for scope in home_scope.into_iter().chain(work_scope) {
                if let Some((_, people)) = self.own.get_mut(&scope) {
                    *people = (*people - 1).max(0);
                }
            }
        }
    }
}

fn scope_code(scope: &ZoneScope) -> i64 {
    match scope {
        ZoneScope::Area(AreaId(code)) | ZoneScope::Place(PlaceId(code)) => *code,
    }
}

fn inside(situation: &Situation, inner: ZoneScope, outer: ZoneScope) -> bool {
    let outer_area = match outer {
        ZoneScope::Area(area) => area,
        ZoneScope::Place(place) => {
            return situation.grounds.get(&inner).is_some_and(|ground| ground.part_of == Some(place));
        }
    };
    match inner {
        ZoneScope::Area(area) => area != outer_area && outer_area.contains(area),
        ZoneScope::Place(_) => {
            situation.grounds.get(&inner).and_then(|ground| ground.area).is_some_and(|area| outer_area.contains(area))
        }
    }
}

/// The level of a zone and the people whom no other zone inside or around it counts.
fn own(situation: &Situation, strictest: &BTreeMap<ZoneScope, u8>, scope: ZoneScope) -> (u8, i64) {
    let level = strictest.get(&scope).copied().unwrap_or(0);
    let population = |scope: &ZoneScope| situation.grounds.get(scope).map_or(0, |ground| ground.population);
    if strictest.iter().any(|(outer, outer_level)| *outer_level > level && inside(situation, scope, *outer)) {
        return (level, 0);
    }
    let nested: Vec<ZoneScope> = strictest
        .iter()
        .filter(|(inner, inner_level)| **inner_level >= level && inside(situation, **inner, scope))
        .map(|(inner, _)| *inner)
        // Who works at a place lives elsewhere: nothing to take away from the area around it.
        .filter(|inner| matches!(inner, ZoneScope::Area(_)) || matches!(scope, ZoneScope::Place(_)))
        .collect();
    let widest = nested.iter().filter(|inner| !nested.iter().any(|outer| inside(situation, **inner, *outer)));
    let inner: i64 = widest.map(population).sum();
    (level, (population(&scope) - inner).max(0))
}

/// The price of some items, with the zones of the whole response for who is counted where.
#[must_use]
pub fn of_items<'a>(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    zones: &Zones,
    items: impl Iterator<Item = &'a Item>,
) -> Price {
    let mut sum = Sum::default();
    for item in items {
        match &item.what {
            What::Hold { person, .. } => sum.hold(item, now, zones.confined.contains_key(person)),
            What::Confine { kind, transfer, test_days, .. } => {
                sum.confine(rules, now, item, *kind, *transfer, test_days);
            }
            What::Zone { scope, level, .. } => sum.zone(situation, rules, now, zones, item, (*scope, *level)),
            What::Order { kind, area, .. } => sum.order(situation, rules, kind, *area),
            What::Closure { .. } | What::PlaceHold { .. } | What::GoodsHold { .. } | What::Notice { .. } => {}
        }
    }
    sum.finish(situation, rules)
}

/// The price of a line about people, from its items alone: nobody in it is counted in a zone.
#[must_use]
pub fn of_people(line: &Line, rules: &Rules<'_>, now: Timestamp, fleet: Fleet) -> Price {
    let items: Vec<Item> = line
        .items
        .iter()
        .map(|planned| Item {
            what: planned.what.clone(),
            starts_at: planned.starts_at,
            ends_at: planned.ends_at,
            because: line.because.first().cloned().into_iter().collect(),
            with: None,
            about: None,
        })
        .collect();
    let situation = Situation { fleet, ..Situation::default() };
    let zones = Zones::of(&situation, &Response::default());
    of_items(&situation, rules, now, &zones, items.iter())
}

/// The price of everything that a response desires, whatever is in force: for comparing packs side by side.
#[must_use]
pub fn price(situation: &Situation, desired: &Response, rules: &Rules<'_>, now: Timestamp) -> Price {
    let zones = Zones::of(situation, desired);
    of_items(situation, rules, now, &zones, desired.items.values())
}

#[derive(Default)]
struct Sum {
    price: Price,
    judgement_hours: i64,
    by_bus: i64,
    by_ambulance: i64,
    samples: i64,
}

impl Sum {
    fn hours(&mut self, item: &Item, people: i64, hours: i64) {
        self.price.person_hours += people * hours;
        if item.on_judgement() {
            self.judgement_hours += people * hours;
        }
    }

    fn hold(&mut self, item: &Item, now: Timestamp, confined_too: bool) {
        if confined_too {
            return;
        }
        self.price.affected.held += 1;
        let end = item.ends_at.unwrap_or(now);
        self.hours(item, 1, ceil(end.since(now), HOUR_MS));
    }

    fn confine(
        &mut self,
        rules: &Rules<'_>,
        now: Timestamp,
        item: &Item,
        kind: Confinement,
        transfer: Option<Transfer>,
        test_days: &[i64],
    ) {
        let away = kind >= Confinement::FacilityQuarantine;
        if away {
            self.price.affected.facility += 1;
            self.price.beds += 1;
        } else {
            self.price.affected.home += 1;
        }
        // Care of a case ends by the treatment plan, not by us: it is no restriction of days that a plan could save.
        let until = item.what.lasts_until(item.ends_at).filter(|_| kind != Confinement::Isolation);
        if let Some(until) = until {
            self.hours(item, 1, ceil(until.since(now), HOUR_MS));
        }
        match transfer {
            Some(Transfer::ToHospital { .. }) => self.by_ambulance += 1,
            Some(Transfer::ToFacility { .. }) => self.by_bus += 1,
            None => {}
        }
        let today = rules.day(now);
        self.samples += i64::try_from(test_days.iter().filter(|day| **day >= today).count()).unwrap_or(0);
        if kind == Confinement::FacilityQuarantine {
            let facility = &rules.pack.facility;
            let staff = i64::from(facility.doctors.value + facility.nurses.value);
            let group = i64::from(facility.staffing_people.value.max(1));
            let days = item.ends_at.map_or(0, |end| ceil(end.since(now), DAY_MS));
            // Staff of a group of the size that the rule gives, around the clock, shared out per person.
            self.price.staff_hours += ceil(staff * 24 * days, group);
        }
    }

    fn zone(
        &mut self,
        situation: &Situation,
        rules: &Rules<'_>,
        now: Timestamp,
        zones: &Zones,
        item: &Item,
        (scope, level): (ZoneScope, ZoneLevel),
    ) {
        let Some((strictest, people)) = zones.own.get(&scope).copied() else { return };
        if item.what.strictness() < strictest {
            return;
        }
        // Where both families name one area equally strict, it is counted once: by the three zones.
        if level.is_risk() && zones.plain.get(&scope) == Some(&strictest) {
            return;
        }
        let days = zone_days(rules, now, item, level);
        match level {
            ZoneLevel::Lockdown | ZoneLevel::High => self.price.affected.locked += people,
            ZoneLevel::Control | ZoneLevel::Medium => self.price.affected.controlled += people,
            ZoneLevel::Precaution | ZoneLevel::Low => {
                self.price.affected.precaution += people;
                self.price.person_days_precaution += people * days;
                return;
            }
        }
        self.hours(item, people, days * 24);
        let Some(row) = rules.pack.zone(level) else { return };
        let rounds = i64::try_from(row.test_days.value.len()).unwrap_or(0);
        let pool = rules.pack.screening.pool_in(Some(level));
        let households = situation.grounds.get(&scope).map_or(people, |ground| ground.households.max(1));
        let tubes =
            if pool.household_tube.value { households } else { ceil(people, i64::from(pool.people_max.value.max(1))) };
        self.price.tubes += rounds * tubes;
        self.price.staff_hours +=
            rounds * ceil(people, i64::from(rules.pack.screening.lane_people_per_hour.value.max(1)));
        if row.locked.value {
            let packs = i64::from(rules.pack.home_care.packs_per_household_day.value);
            self.price.household_packs += households * days * packs;
        }
        let antigen = i64::try_from(row.antigen_days.value.len()).unwrap_or(0);
        self.price.kits += antigen * people * i64::from(rules.pack.antigen.kits_per_person.value);
    }

    /// An order that holds a round costs the tubes and hours of one.
    fn order(&mut self, situation: &Situation, rules: &Rules<'_>, kind: &str, area: AreaId) {
        self.price.orders += 1;
        let known = rules.playbook.kind(kind);
        if !known.is_some_and(|kind| kind.effects.contains(&Effect::RoundOpened)) {
            return;
        }
        let people = situation.grounds.get(&ZoneScope::Area(area)).map_or(0, |ground| ground.population);
        let pool = rules.pack.screening.pool_in(None);
        self.price.tubes += ceil(people, i64::from(pool.people_max.value.max(1)));
        self.price.staff_hours += ceil(people, i64::from(rules.pack.screening.lane_people_per_hour.value.max(1)));
    }

    fn finish(mut self, situation: &Situation, rules: &Rules<'_>) -> Price {
        let transfer = &rules.pack.transfer;
        let seats = i64::from(transfer.seats_used(situation.fleet.bus_seats));
        let cases = i64::from(transfer.cases_per_vehicle.value.max(1));
        self.price.vehicles += ceil(self.by_bus, seats) + ceil(self.by_ambulance, cases);
        self.price.tubes += self.samples;
        self.price.staff_hours += ceil(self.samples, i64::from(rules.pack.screening.lane_people_per_hour.value.max(1)));
        self.price.person_days = ceil(self.price.person_hours, 24);
        self.price.person_days_on_judgement = ceil(self.judgement_hours, 24);
        self.price
    }
}

/// Days that a zone lasts at least.
fn zone_days(rules: &Rules<'_>, now: Timestamp, item: &Item, level: ZoneLevel) -> i64 {
    if let Some(end) = item.ends_at {
        return ceil(end.since(now), DAY_MS);
    }
    let own = |level: ZoneLevel| {
        rules
            .pack
            .zone(level)
            .map_or(0, |row| i64::from(row.lift.no_case_days.value.max(row.lift.last_contact_days.value)))
    };
    match rules.pack.zone(level) {
        Some(row) if row.lift.by.value == LiftBy::WhenOthersLifted => {
            row.lift.wait_for.value.iter().map(|other| own(*other)).max().unwrap_or(0)
        }
        _ => own(level),
    }
}

fn ceil(amount: i64, by: i64) -> i64 {
    if amount <= 0 || by <= 0 { 0 } else { (amount + by - 1) / by }
}
