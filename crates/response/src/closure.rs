//! What a trigger can reach, and what must be known to decide on it.
//!
//! A measure on a person depends on nothing further away than this: their own samples, pools and cases; the people with
//! whom they share a home, a room or a recorded exposure; and, of those, the same once more (a contact of a contact).
//! So a case reaches two such steps, and to decide on whoever it reaches one needs the cases within two steps of them.
//! Zones, closures and holds of places are few and always decided whole. The law, tested over generated situations:
//! deciding on the closure equals deciding on everything, restricted to it.

use std::collections::BTreeSet;

use outpace_core::{AssessmentId, CaseId, PersonId, PlaceId, Trigger, TubeCode};

use crate::decide::Response;
use crate::items::{InForce, Item, Key, Subject, What};
use crate::situation::{ExposedTo, Finding, Situation};

/// What a trigger reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// People whose measures are decided.
    pub people: BTreeSet<PersonId>,
    /// Cases whose work is decided.
    pub cases: BTreeSet<CaseId>,
    /// Pools whose work is decided.
    pub tubes: BTreeSet<TubeCode>,
    /// Everybody who must be known for that; holds `people`.
    pub support: BTreeSet<PersonId>,
    /// Whether everything is reached.
    pub everything: bool,
}

/// Who decides on an item: a person, case or pool that must be reached, or the ground, which always is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A person.
    Person(PersonId),
    /// A case.
    Case(CaseId),
    /// A pool.
    Tube(TubeCode),
    /// Areas and places.
    Ground,
}

/// The owner of something desired or in force.
#[must_use]
pub fn owner(what: &What, with: Option<&Key>, about: Option<&Subject>) -> Owner {
    match what {
        What::Hold { person, .. } | What::Confine { person, .. } => return Owner::Person(*person),
        What::Order { .. } | What::Notice { .. } => {}
        _ => return Owner::Ground,
    }
    if let Some(with) = with {
        let person = with.0.strip_prefix("person/").and_then(|rest| rest.split('/').next());
        return match person.and_then(|id| id.parse().ok()) {
            Some(id) => Owner::Person(PersonId(id)),
            None => Owner::Ground,
        };
    }
    match about {
        Some(Subject::Person(id)) => Owner::Person(*id),
        Some(Subject::Case(id)) => Owner::Case(*id),
        Some(Subject::Tube(code)) => Owner::Tube(code.clone()),
        _ => Owner::Ground,
    }
}

impl Reach {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self { everything: true, ..Self::default() }
    }

    fn holds(&self, owner: &Owner) -> bool {
        self.everything
            || match owner {
                Owner::Person(id) => self.people.contains(id),
                Owner::Case(id) => self.cases.contains(id),
                Owner::Tube(code) => self.tubes.contains(code),
                Owner::Ground => true,
            }
    }

    /// Whether an item is decided within this reach.
    #[must_use]
    pub fn decides(&self, item: &Item) -> bool {
        self.holds(&owner(&item.what, item.with.as_ref(), item.about.as_ref()))
    }

    /// Whether something in force is decided within this reach.
    #[must_use]
    pub fn decides_held(&self, held: &InForce) -> bool {
        self.holds(&owner(&held.what, held.with.as_ref(), held.about.as_ref()))
    }

    /// Whether something planned is decided within this reach.
    #[must_use]
    pub fn decides_planned(&self, what: &What, with: Option<&Key>, about: Option<&Subject>) -> bool {
        self.holds(&owner(what, with, about))
    }

    /// The part of a response that is decided within this reach.
    #[must_use]
    pub fn restrict(&self, response: &Response) -> Response {
        let items = response.items.iter().filter(|(_, item)| self.decides(item));
        Response { items: items.map(|(key, item)| (key.clone(), item.clone())).collect() }
    }
}

/// The questions that finding a reach asks; answered by a loaded situation or by the store.
pub trait World {
    /// Why a question could not be answered.
    type Error;

    /// People who share a home, a room or a recorded exposure with this one, in either direction.
    ///
    /// # Errors
    /// What the store refused.
    fn neighbours(&mut self, person: PersonId) -> Result<Vec<PersonId>, Self::Error>;
    /// People who live with this one.
    ///
    /// # Errors
    /// What the store refused.
    fn household(&mut self, person: PersonId) -> Result<Vec<PersonId>, Self::Error>;
    /// People who work at a place.
    ///
    /// # Errors
    /// What the store refused.
    fn workers(&mut self, place: PlaceId) -> Result<Vec<PersonId>, Self::Error>;
    /// Every case that counts, with its person.
    ///
    /// # Errors
    /// What the store refused.
    fn cases(&mut self) -> Result<Vec<(CaseId, PersonId)>, Self::Error>;
    /// The person of a case, counted or excluded.
    ///
    /// # Errors
    /// What the store refused.
    fn person_of(&mut self, case: CaseId) -> Result<Option<PersonId>, Self::Error>;
    /// The members of a pool.
    ///
    /// # Errors
    /// What the store refused.
    fn members(&mut self, tube: &TubeCode) -> Result<Vec<PersonId>, Self::Error>;
    /// Positive or inconclusive pools that a person is in.
    ///
    /// # Errors
    /// What the store refused.
    fn tubes_of(&mut self, person: PersonId) -> Result<Vec<TubeCode>, Self::Error>;
    /// Places and people whom an assessment (or, with `None`, any that counts) calls contacts.
    ///
    /// # Errors
    /// What the store refused.
    fn called_contacts(
        &mut self,
        assessment: Option<AssessmentId>,
    ) -> Result<(Vec<PlaceId>, Vec<PersonId>), Self::Error>;
    /// Cases that an assessment lets go from care.
    ///
    /// # Errors
    /// What the store refused.
    fn let_go(&mut self, assessment: AssessmentId) -> Result<Vec<CaseId>, Self::Error>;
    /// People on whom something is in force because of the trigger: an exclusion must reach them even when nothing
    /// else leads there any more.
    ///
    /// # Errors
    /// What the store refused.
    fn hanging_on(&mut self, trigger: &Trigger) -> Result<Vec<PersonId>, Self::Error>;
}

/// Finds what triggers reach together and what must be known for it.
///
/// # Errors
/// What the world answered.
pub fn closure<W: World>(triggers: &[Trigger], world: &mut W) -> Result<Reach, W::Error> {
    if triggers.contains(&Trigger::Everything) {
        return Ok(Reach::all());
    }
    let mut reach = Reach::default();
    for trigger in triggers {
        spread(trigger, world, &mut reach)?;
    }
    let cases = world.cases()?;
    reach.cases.extend(cases.iter().filter(|(_, person)| reach.people.contains(person)).map(|(id, _)| *id));
    support(world, &mut reach, &cases)?;
    Ok(reach)
}

/// Adds what one trigger reaches.
fn spread<W: World>(trigger: &Trigger, world: &mut W, reach: &mut Reach) -> Result<(), W::Error> {
    let mut seeds: BTreeSet<PersonId> = world.hanging_on(trigger)?.into_iter().collect();
    let mut tubes = BTreeSet::new();
    let steps = match trigger {
        Trigger::Everything | Trigger::Zone(_) | Trigger::Area(_) => 0,
        Trigger::Tube(code) => {
            tubes.insert(code.clone());
            0
        }
        Trigger::Person(person) => {
            seeds.insert(*person);
            tubes.extend(world.tubes_of(*person)?);
            2
        }
        Trigger::Case(case) => {
            seeds.extend(world.person_of(*case)?);
            reach.cases.insert(*case);
            2
        }
        Trigger::Place(place) => {
            seeds.extend(world.workers(*place)?);
            1
        }
        Trigger::Assessment(assessment) => {
            let (places, people) = world.called_contacts(Some(*assessment))?;
            seeds.extend(people);
            for case in world.let_go(*assessment)? {
                seeds.extend(world.person_of(case)?);
                reach.cases.insert(case);
            }
            for place in places {
                seeds.extend(world.workers(place)?);
            }
            1
        }
    };
    for code in &tubes {
        seeds.extend(world.members(code)?);
    }
    reach.tubes.extend(tubes);
    // Pools reach their members alone; the others spread by what people share.
    let mut edge: Vec<PersonId> = seeds.iter().copied().collect();
    for _ in 0..steps {
        let mut next = Vec::new();
        for person in edge {
            for other in world.neighbours(person)? {
                if seeds.insert(other) {
                    next.push(other);
                }
            }
        }
        edge = next;
    }
    reach.people.extend(seeds);
    Ok(())
}

/// Everybody who must be known: the reached, their households (who cares for whom), and whoever stands between them
/// and a case or a judgement within two steps.
fn support<W: World>(world: &mut W, reach: &mut Reach, cases: &[(CaseId, PersonId)]) -> Result<(), W::Error> {
    if reach.people.is_empty() {
        return Ok(());
    }
    let mut asked = reach.people.clone();
    for person in &reach.people {
        asked.extend(world.household(*person)?);
    }
    reach.support = asked.clone();
    for (_, infected) in cases {
        let ring = world.neighbours(*infected)?;
        if asked.contains(infected) {
            reach.support.insert(*infected);
        }
        for near in &ring {
            let links = asked.contains(near) || touches(world, *near, &asked)?;
            if links {
                reach.support.insert(*infected);
                reach.support.insert(*near);
            }
        }
    }
    let (places, mut called) = world.called_contacts(None)?;
    for place in places {
        called.extend(world.workers(place)?);
    }
    for person in called {
        if asked.contains(&person) || touches(world, person, &asked)? {
            reach.support.insert(person);
        }
    }
    Ok(())
}

fn touches<W: World>(world: &mut W, person: PersonId, asked: &BTreeSet<PersonId>) -> Result<bool, W::Error> {
    Ok(world.neighbours(person)?.iter().any(|other| asked.contains(other)))
}

/// A loaded situation can answer every question itself.
pub struct Loaded<'a>(pub &'a Situation);

impl World for Loaded<'_> {
    type Error = std::convert::Infallible;

    fn neighbours(&mut self, id: PersonId) -> Result<Vec<PersonId>, Self::Error> {
        let situation = self.0;
        let mut found = BTreeSet::new();
        if let Some(person) = situation.people.get(&id) {
            found.extend(situation.people.iter().filter_map(|(other, one)| {
                let home = person.household.is_some() && one.household == person.household;
                let room = person.room.is_some() && (one.workplace, &one.room) == (person.workplace, &person.room);
                (home || (room && person.workplace.is_some())).then_some(*other)
            }));
        }
        for exposure in situation.exposures.values() {
            let to = match exposure.to {
                ExposedTo::Case(case) => situation.cases.get(&case).map(|case| case.person),
                ExposedTo::Person(person) => Some(person),
            };
            if exposure.person == id {
                found.extend(to);
            } else if to == Some(id) {
                found.insert(exposure.person);
            }
        }
        found.remove(&id);
        Ok(found.into_iter().collect())
    }

    fn household(&mut self, id: PersonId) -> Result<Vec<PersonId>, Self::Error> {
        let Some(home) = self.0.people.get(&id).and_then(|person| person.household) else { return Ok(Vec::new()) };
        let members = self.0.people.iter().filter(|(_, person)| person.household == Some(home));
        Ok(members.map(|(id, _)| *id).collect())
    }

    fn workers(&mut self, place: PlaceId) -> Result<Vec<PersonId>, Self::Error> {
        let workers = self.0.people.iter().filter(|(_, person)| person.workplace == Some(place));
        Ok(workers.map(|(id, _)| *id).collect())
    }

    fn cases(&mut self) -> Result<Vec<(CaseId, PersonId)>, Self::Error> {
        Ok(self.0.cases.iter().filter(|(_, case)| case.counts()).map(|(id, case)| (*id, case.person)).collect())
    }

    fn person_of(&mut self, case: CaseId) -> Result<Option<PersonId>, Self::Error> {
        Ok(self.0.cases.get(&case).map(|case| case.person))
    }

    fn members(&mut self, tube: &TubeCode) -> Result<Vec<PersonId>, Self::Error> {
        Ok(self.0.tubes.get(tube).into_iter().flat_map(|tube| tube.members.iter().copied()).collect())
    }

    fn tubes_of(&mut self, person: PersonId) -> Result<Vec<TubeCode>, Self::Error> {
        let tubes = self.0.tubes.iter().filter(|(_, tube)| tube.members.contains(&person));
        Ok(tubes.map(|(code, _)| code.clone()).collect())
    }

    fn called_contacts(
        &mut self,
        assessment: Option<AssessmentId>,
    ) -> Result<(Vec<PlaceId>, Vec<PersonId>), Self::Error> {
        let (mut places, mut people) = (Vec::new(), Vec::new());
        let all = self.0.assessments.iter().filter(|(id, _)| assessment.is_none_or(|asked| asked == **id));
        for (_, one) in all {
            if one.finding.is_about_contacts() {
                places.extend(one.scope.places.iter().copied());
                people.extend(one.scope.people.iter().copied());
            }
        }
        Ok((places, people))
    }

    fn let_go(&mut self, assessment: AssessmentId) -> Result<Vec<CaseId>, Self::Error> {
        let found = self.0.assessments.get(&assessment).filter(|one| one.finding == Finding::DischargeAgreed);
        Ok(found.into_iter().flat_map(|one| one.scope.cases.iter().copied()).collect())
    }

    fn hanging_on(&mut self, trigger: &Trigger) -> Result<Vec<PersonId>, Self::Error> {
        // What is in force names facts; the facts of a case or pool are known here.
        let facts: BTreeSet<_> = match trigger {
            Trigger::Case(id) => self.0.cases.get(id).map(|case| case.facts.clone()),
            Trigger::Tube(code) => self.0.tubes.get(code).map(|tube| tube.facts.clone()),
            Trigger::Assessment(id) => self.0.assessments.get(id).map(|one| vec![one.seq]),
            _ => None,
        }
        .into_iter()
        .flatten()
        .collect();
        let held = self.0.in_force.values().filter(|held| held.facts.iter().any(|fact| facts.contains(fact)));
        Ok(held
            .filter_map(|held| match held.what.subject() {
                Subject::Person(person) => Some(person),
                _ => None,
            })
            .collect())
    }
}

impl Situation {
    /// The part of this situation that a reach needs: what loading the closure from the store gives.
    #[must_use]
    pub fn restrict(&self, reach: &Reach) -> Self {
        if reach.everything {
            return self.clone();
        }
        let needed = |person: &PersonId| reach.support.contains(person);
        let mut part = self.clone();
        part.people.retain(|id, _| needed(id));
        part.singles.retain(|id, _| needed(id));
        part.tubes.retain(|code, tube| {
            reach.tubes.contains(code) || tube.members.iter().any(|member| reach.people.contains(member))
        });
        part.exposures.retain(|_, exposure| needed(&exposure.person));
        part.in_force.retain(|_, held| reach.decides_held(held));
        part
    }
}
