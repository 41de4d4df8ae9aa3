//! The store as the world in which a closure is found. Cases, suspect pools and judgements are few and loaded whole;
//! people are read as they are met, each household and room once.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_contacts as contacts;
use outpace_core::{
    AreaId, AssessmentId, CaseId, ExposureId, HouseholdId, PersonId, PlaceId, Seq, Timestamp, Trigger, TubeCode,
};
use outpace_isolation::Because as Hangs;
use outpace_policy::{Aboard, Setting, VehicleKind};
use outpace_registry as registry;
use outpace_screening as screening;
use outpace_store::{Result, StoreError, Tx};

use super::people;
use crate::closure::{Reach, World};
use crate::decide::Rules;
use crate::situation::{
    Assessment, Case, ExposedTo, Exposure, Finding, Outcome, Single, Situation, Stage, Tube, Visited,
};
use crate::store;

/// Cases read in one page.
const CASES_PAGE: i64 = 1_000;

/// The store, with what was read from it so far.
pub(super) struct Stored<'a, 't> {
    tx: &'a mut Tx<'t>,
    offset_minutes: i64,
    cases: BTreeMap<CaseId, Case>,
    tubes: BTreeMap<TubeCode, Tube>,
    self_tests: BTreeMap<PersonId, Vec<Single>>,
    exposures: BTreeMap<ExposureId, Exposure>,
    assessments: BTreeMap<AssessmentId, Assessment>,
    people: BTreeMap<PersonId, Option<registry::Person>>,
    households: BTreeMap<HouseholdId, Vec<PersonId>>,
    rooms: BTreeMap<(PlaceId, String), Vec<PersonId>>,
    neighbours: BTreeMap<PersonId, Vec<PersonId>>,
    exposed: BTreeMap<PersonId, BTreeSet<PersonId>>,
}

impl<'a, 't> Stored<'a, 't> {
    /// Reads what is few: cases with their exposures, suspect pools, self-tests, judgements.
    pub(super) fn open(tx: &'a mut Tx<'t>, call: &Call, rules: &Rules<'_>) -> Result<Self> {
        let mut world = Self {
            tx,
            offset_minutes: call.offset_minutes(),
            cases: BTreeMap::new(),
            tubes: BTreeMap::new(),
            self_tests: BTreeMap::new(),
            exposures: BTreeMap::new(),
            assessments: BTreeMap::new(),
            people: BTreeMap::new(),
            households: BTreeMap::new(),
            rooms: BTreeMap::new(),
            neighbours: BTreeMap::new(),
            exposed: BTreeMap::new(),
        };
        world.assessments = store::assessments(world.tx)?.into_iter().collect();
        world.read_tubes()?;
        world.read_cases(rules)?;
        world.read_exposures(rules)?;
        Ok(world)
    }

    fn person(&mut self, id: PersonId) -> Result<Option<registry::Person>> {
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        let found = registry::person(self.tx, id)?;
        self.people.insert(id, found.clone());
        Ok(found)
    }

    fn read_tubes(&mut self) -> Result<()> {
        for suspect in screening::laboratory::suspects(self.tx)? {
            let people = screening::tube_people(self.tx, &suspect.tube)?;
            let members: BTreeSet<PersonId> = people.into_iter().filter_map(|member| member.person).collect();
            // A tube of one is that person's own sample, not a pool.
            if members.len() < 2 {
                continue;
            }
            let area = match members.first() {
                Some(first) => self.person(*first)?.map(|person| people::village(person.area)),
                None => None,
            };
            let tube = Tube {
                members,
                outcome: suspect.outcome.map_or(Outcome::Invalid, people::outcome),
                sampled_at: suspect.taken_at,
                resulted_at: suspect.resulted_at,
                area,
                excluded: suspect.outcome.is_none(),
                facts: vec![suspect.seq],
            };
            self.tubes.insert(suspect.tube, tube);
        }
        for test in screening::antigen::positive_self_tests(self.tx)? {
            let single = Single {
                sampled_at: test.tested_at,
                resulted_at: test.tested_at,
                outcome: Outcome::Positive,
                tube: None,
                antigen: true,
                excluded: false,
                seq: test.seq,
            };
            self.self_tests.entry(test.person).or_default().push(single);
        }
        Ok(())
    }

    fn read_cases(&mut self, rules: &Rules<'_>) -> Result<()> {
        let everywhere = AreaId(self.tx.jurisdiction());
        let mut after = CaseId(0);
        loop {
            let page = contacts::cases_in(self.tx, everywhere, after, CASES_PAGE)?;
            let Some(last) = page.last().map(|case| case.id) else { break };
            after = last;
            for case in page {
                let case_id = case.id;
                let mut case = self.case(case)?;
                self.visits(&mut case, rules)?;
                self.cases.insert(case_id, case);
            }
        }
        Ok(())
    }

    fn case(&mut self, found: contacts::Case) -> Result<Case> {
        let person = self.person(found.person)?;
        let isolated = match found.isolated_at {
            Some(at) => Some(at),
            None => people::isolated_at(self.tx, found.person)?,
        };
        let lives_at = match &person {
            Some(person) => people::dormitory(self.tx, person)?,
            None => None,
        };
        let facts: BTreeSet<Seq> = [found.opened_seq, found.changed_seq].into();
        let over = matches!(found.stage, contacts::Stage::Discharged | contacts::Stage::Died);
        Ok(Case {
            person: found.person,
            stage: match found.stage {
                contacts::Stage::Suspected => Stage::Suspected,
                contacts::Stage::Preliminary => Stage::Preliminary,
                contacts::Stage::Asymptomatic => Stage::Asymptomatic,
                contacts::Stage::Excluded => Stage::Excluded,
                contacts::Stage::Confirmed
                | contacts::Stage::PositiveAgain
                | contacts::Stage::Discharged
                | contacts::Stage::Died => Stage::Confirmed,
            },
            found_at: found.found_at,
            onset_at: found.onset_at,
            sampled_at: found.sampled_at,
            last_negative_at: found.last_negative_at,
            by_screening: found.found_how == contacts::FoundHow::ActiveScreening,
            isolated_at: isolated,
            // The end of care is the last thing that happened to a case that is over.
            discharged_at: if over { self.changed_at(found.changed_seq)?.or(found.isolated_at) } else { None },
            area: Some(found.area),
            lives_at,
            places: person.and_then(|person| person.workplace).into_iter().collect(),
            visited: BTreeMap::new(),
            facts: facts.into_iter().collect(),
        })
    }

    /// Where a case that counts was on which days, as far back as any rule of the pack looks.
    fn visits(&mut self, case: &mut Case, rules: &Rules<'_>) -> Result<()> {
        if !case.counts() {
            return Ok(());
        }
        let zones = rules.pack.zones.values().map(|row| row.lookback_days.value);
        let days = zones.chain([rules.pack.lookback.contact_days.value]).max().unwrap_or(0);
        let index = rules.day(case.onset_at.or(case.sampled_at).unwrap_or(case.found_at));
        let from = Timestamp::start_of_local_day(index - i64::from(days), rules.offset_minutes());
        for (visit, seq) in contacts::visits_of(self.tx, case.person, from, case.infectious_until())? {
            if let (contacts::Spot::Place(place), None) = (visit.spot, visit.flaw) {
                let day = rules.day(visit.from.max(from));
                case.visited.entry(place).or_default().insert(Visited { day, seq });
            }
        }
        Ok(())
    }

    fn changed_at(&mut self, seq: Seq) -> Result<Option<Timestamp>> {
        let before = Seq(seq.0 - 1);
        let entries = outpace_store::journal::page(self.tx, before)?;
        Ok(entries.into_iter().find(|entry| entry.seq == seq).map(|entry| entry.occurred_at))
    }

    /// Exposures that tracers recorded, and who was at the same spots at the same time.
    fn read_exposures(&mut self, rules: &Rules<'_>) -> Result<()> {
        let mut number = 0;
        let active: Vec<(CaseId, Case)> =
            self.cases.iter().filter(|(_, case)| case.counts()).map(|(id, case)| (*id, case.clone())).collect();
        for (id, case) in active {
            for contact in contacts::contacts_of_case(self.tx, id)? {
                let excluded = contact.excluded_because.is_some();
                for (exposure, seq) in contacts::tracing::exposures_of(self.tx, id, contact.person)? {
                    let to = exposure.via.map_or(ExposedTo::Case(id), ExposedTo::Person);
                    let exposure = Exposure {
                        person: contact.person,
                        to,
                        setting: exposure.setting,
                        from: exposure.from,
                        until: exposure.to,
                        minutes: minutes(exposure.from, exposure.to),
                        aboard: None,
                        judged: exposure.judged.then_some(exposure.class),
                        excluded,
                        seq,
                    };
                    number += 1;
                    self.exposures.insert(ExposureId(number), exposure);
                }
            }
            let (from, until, _) = crate::decide::window(&case, rules);
            for together in contacts::who_was_with(self.tx, case.person, from, until)? {
                number += 1;
                let exposure = self.together(id, &together)?;
                self.exposures.insert(ExposureId(number), exposure);
            }
        }
        for exposure in self.exposures.values() {
            let to = match exposure.to {
                ExposedTo::Case(case) => self.cases.get(&case).map(|case| case.person),
                ExposedTo::Person(person) => Some(person),
            };
            if let Some(to) = to {
                self.exposed.entry(exposure.person).or_default().insert(to);
                self.exposed.entry(to).or_default().insert(exposure.person);
            }
        }
        Ok(())
    }

    fn together(&mut self, case: CaseId, together: &contacts::Together) -> Result<Exposure> {
        let aboard = match together.spot {
            contacts::Spot::Place(_) => None,
            contacts::Spot::Vehicle(vehicle) => {
                let sealed = registry::vehicle(self.tx, vehicle)?.is_some_and(|vehicle| vehicle.sealed);
                let kind = if sealed { VehicleKind::BusSealed } else { VehicleKind::BusVentilated };
                let apart = (!together.same_room).then_some(()).and(together.room.as_ref()).map(|_| u32::MAX);
                let same = together.same_room;
                let aboard =
                    Aboard { rows_apart: apart, same_carriage: same, same_compartment: same, serving_crew: false };
                Some((kind, aboard))
            }
        };
        let setting = match (together.spot, together.same_room) {
            (contacts::Spot::Vehicle(_), _) => Setting::Vehicle,
            (contacts::Spot::Place(_), true) => Setting::Room,
            (contacts::Spot::Place(_), false) => Setting::Place,
        };
        Ok(Exposure {
            person: together.person,
            to: ExposedTo::Case(case),
            setting,
            from: together.from,
            until: together.to,
            minutes: minutes(together.from, together.to),
            aboard,
            judged: None,
            excluded: false,
            seq: together.other_seq,
        })
    }

    /// Everything that matters: whoever a case, pool, judgement or measure in force leads to.
    pub(super) fn everything(&mut self) -> Result<Reach> {
        let mut reach = Reach::all();
        let mut people: BTreeSet<PersonId> = self.tubes.values().flat_map(|tube| tube.members.clone()).collect();
        people.extend(self.self_tests.keys());
        for (_, infected) in self.cases()? {
            people.insert(infected);
            for near in self.neighbours(infected)? {
                people.insert(near);
                people.extend(self.neighbours(near)?);
            }
        }
        let (places, called) = self.called_contacts(None)?;
        let mut ring: BTreeSet<PersonId> = called.into_iter().collect();
        for place in places {
            ring.extend(self.workers(place)?);
        }
        for person in ring {
            people.insert(person);
            people.extend(self.neighbours(person)?);
        }
        for (_, held) in store::applied_all(self.tx)? {
            if let crate::items::Subject::Person(person) = held.what.subject() {
                people.insert(person);
            }
        }
        let mut support = people.clone();
        for person in &people {
            support.extend(self.household(*person)?);
        }
        reach.cases = self.cases.keys().copied().collect();
        reach.tubes = self.tubes.keys().cloned().collect();
        reach.people = people;
        reach.support = support;
        Ok(reach)
    }

    /// The part of the situation that a reach needs; what is in force comes from elsewhere.
    pub(super) fn situation(mut self, reach: &Reach, now: Timestamp) -> Result<Situation> {
        let year = people::year_of(now, self.offset_minutes);
        let mut situation = Situation { jurisdiction: Some(AreaId(self.tx.jurisdiction())), ..Situation::default() };
        for id in &reach.support {
            if let Some(found) = self.person(*id)? {
                let isolated_at = people::isolated_at(self.tx, *id)?;
                situation.people.insert(*id, people::person(&found, year, isolated_at));
            }
        }
        let asked: Vec<PersonId> = reach.support.iter().copied().collect();
        if !asked.is_empty() {
            for (person, samples) in screening::samples_of(self.tx, &asked)? {
                let singles = people::singles(&samples);
                if !singles.is_empty() {
                    situation.singles.insert(person, singles);
                }
            }
        }
        for (person, tests) in self.self_tests {
            if reach.support.contains(&person) {
                situation.singles.entry(person).or_default().extend(tests);
            }
        }
        situation.tubes = self.tubes;
        situation.tubes.retain(|code, tube| {
            reach.tubes.contains(code) || tube.members.iter().any(|member| reach.people.contains(member))
        });
        situation.exposures = self.exposures;
        situation.exposures.retain(|_, exposure| reach.support.contains(&exposure.person));
        situation.cases = self.cases;
        situation.assessments = self.assessments;
        Ok(situation)
    }
}

fn minutes(from: Timestamp, until: Timestamp) -> u32 {
    u32::try_from(until.since(from) / outpace_core::time::MINUTE_MS).unwrap_or(0)
}

impl World for Stored<'_, '_> {
    type Error = StoreError;

    fn neighbours(&mut self, id: PersonId) -> Result<Vec<PersonId>> {
        if let Some(known) = self.neighbours.get(&id) {
            return Ok(known.clone());
        }
        let mut found: BTreeSet<PersonId> = self.household(id)?.into_iter().collect();
        if let Some(person) = self.person(id)?
            && let (Some(place), Some(room)) = (person.workplace.or(person.school), person.room)
        {
            let key = (place, room);
            if !self.rooms.contains_key(&key) {
                let members = registry::people_in_room(self.tx, key.0, &key.1)?;
                self.rooms.insert(key.clone(), members);
            }
            found.extend(self.rooms.get(&key).into_iter().flatten());
        }
        found.extend(self.exposed.get(&id).into_iter().flatten());
        found.remove(&id);
        let found: Vec<PersonId> = found.into_iter().collect();
        self.neighbours.insert(id, found.clone());
        Ok(found)
    }

    fn household(&mut self, id: PersonId) -> Result<Vec<PersonId>> {
        let Some(home) = self.person(id)?.map(|person| person.household) else { return Ok(Vec::new()) };
        if !self.households.contains_key(&home) {
            let members = registry::household_members(self.tx, home)?;
            self.households.insert(home, members);
        }
        Ok(self.households.get(&home).cloned().unwrap_or_default())
    }

    fn workers(&mut self, place: PlaceId) -> Result<Vec<PersonId>> {
        registry::people_at_workplace(self.tx, place)
    }

    fn cases(&mut self) -> Result<Vec<(CaseId, PersonId)>> {
        Ok(self.cases.iter().filter(|(_, case)| case.counts()).map(|(id, case)| (*id, case.person)).collect())
    }

    fn person_of(&mut self, case: CaseId) -> Result<Option<PersonId>> {
        Ok(self.cases.get(&case).map(|case| case.person))
    }

    fn members(&mut self, tube: &TubeCode) -> Result<Vec<PersonId>> {
        let known = self.tubes.get(tube).map(|tube| tube.members.iter().copied().collect());
        match known {
            Some(known) => Ok(known),
            None => {
                let people = screening::tube_people(self.tx, tube)?;
                Ok(people.into_iter().filter_map(|member| member.person).collect())
            }
        }
    }

    fn tubes_of(&mut self, person: PersonId) -> Result<Vec<TubeCode>> {
        let tubes = self.tubes.iter().filter(|(_, tube)| tube.members.contains(&person));
        Ok(tubes.map(|(code, _)| code.clone()).collect())
    }

    fn called_contacts(&mut self, assessment: Option<AssessmentId>) -> Result<(Vec<PlaceId>, Vec<PersonId>)> {
        let one;
        let all: Vec<&Assessment> = match assessment {
            None => self.assessments.values().collect(),
            Some(id) => {
                one = store::assessment(self.tx, id)?;
                one.iter().collect()
            }
        };
        let (mut places, mut people) = (Vec::new(), Vec::new());
        for assessment in all {
            if assessment.finding.is_about_contacts() {
                places.extend(assessment.scope.places.iter().copied());
                people.extend(assessment.scope.people.iter().copied());
            }
        }
        Ok((places, people))
    }

    fn let_go(&mut self, assessment: AssessmentId) -> Result<Vec<CaseId>> {
        let found = store::assessment(self.tx, assessment)?;
        let agreed = found.filter(|one| one.finding == Finding::DischargeAgreed);
        Ok(agreed.into_iter().flat_map(|one| one.scope.cases).collect())
    }

    fn hanging_on(&mut self, trigger: &Trigger) -> Result<Vec<PersonId>> {
        let because = match trigger {
            Trigger::Case(id) => Hangs::Case(*id),
            Trigger::Tube(code) => Hangs::Tube(code.clone()),
            Trigger::Assessment(id) => Hangs::Assessment(*id),
            _ => return Ok(Vec::new()),
        };
        let held = outpace_isolation::in_force_because(self.tx, &because)?;
        Ok(held.into_iter().map(|restriction| restriction.person).collect())
    }
}
