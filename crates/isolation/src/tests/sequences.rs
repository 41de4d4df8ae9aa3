//! Any sequence of commands, possible or not: no bed is given twice, nobody falls between two states.

use outpace_core::{PersonId, Refusal, Text, TripId};
use outpace_store::Unit;
use proptest::prelude::*;

use super::{House, Size, bus, new_transfer, signed};
use crate::facilities::{self, BedState};
use crate::stays::release;
use crate::transfers::waiting;
use crate::trips::{self, Boarding, HandOver, NewTrip, PassengerKind};
use crate::{TransferId, excuse, open_trip, order_transfers};

#[derive(Debug, Clone)]
enum Step {
    Order { people: Vec<i64>, case: bool },
    Plan { vehicle: i64, case: bool, transfers: Vec<i64> },
    Board { trip: i64, people: Vec<i64> },
    HandOver { trip: i64, elsewhere: bool, people: Vec<i64> },
    Admit { hospital: bool, people: Vec<i64> },
    Excuse { transfer: i64 },
    Release { person: i64 },
    Clean,
    Arrive { trip: i64 },
    Disinfect { trip: i64 },
    Cancel { trip: i64 },
}

fn people() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(1_i64..=8, 1..5)
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (people(), any::<bool>()).prop_map(|(people, case)| Step::Order { people, case }),
        5 => (1_i64..=5, any::<bool>(), prop::collection::vec(1_i64..=20, 1..5))
            .prop_map(|(vehicle, case, transfers)| Step::Plan { vehicle, case, transfers }),
        4 => (1_i64..=6, people()).prop_map(|(trip, people)| Step::Board { trip, people }),
        4 => (1_i64..=6, any::<bool>(), people())
            .prop_map(|(trip, elsewhere, people)| Step::HandOver { trip, elsewhere, people }),
        1 => (any::<bool>(), people()).prop_map(|(hospital, people)| Step::Admit { hospital, people }),
        2 => (1_i64..=20).prop_map(|transfer| Step::Excuse { transfer }),
        2 => (1_i64..=8).prop_map(|person| Step::Release { person }),
        1 => Just(Step::Clean),
        2 => (1_i64..=6).prop_map(|trip| Step::Arrive { trip }),
        2 => (1_i64..=6).prop_map(|trip| Step::Disinfect { trip }),
        1 => (1_i64..=6).prop_map(|trip| Step::Cancel { trip }),
    ]
}

fn kind_of(case: bool) -> PassengerKind {
    if case { PassengerKind::Case } else { PassengerKind::Contact }
}

fn ids(people: Vec<i64>) -> Vec<PersonId> {
    people.into_iter().map(PersonId).collect()
}

/// One of the trips there are, so that most steps mean something; a number that no trip has where there is none.
fn some_trip(unit: &mut Unit<'_>, choice: i64) -> Result<TripId, Refusal> {
    let all = trips::trips(unit.tx(), None, TripId(0), 100)?;
    let at = usize::try_from(choice).unwrap() % all.len().max(1);
    Ok(all.get(at).map_or(TripId(99), |trip| trip.id))
}

/// The people drawn, with those who belong on the trip in front of them every other time.
fn with_planned(unit: &mut Unit<'_>, trip: TripId, people: Vec<i64>) -> Result<Vec<PersonId>, Refusal> {
    let planned = trips::aboard(unit.tx(), trip)?.into_iter().map(|on| on.person);
    let even = people.iter().sum::<i64>() % 2 == 0;
    Ok(if even { planned.chain(ids(people)).collect() } else { planned.chain([PersonId(people[0])]).collect() })
}

/// Transfers that wait, of one kind, and every fourth time whatever was drawn.
fn some_transfers(unit: &mut Unit<'_>, case: bool, drawn: Vec<i64>) -> Result<Vec<TransferId>, Refusal> {
    if drawn[0] % 4 == 0 {
        return Ok(drawn.into_iter().map(TransferId).collect());
    }
    let count = if case { 1 } else { drawn.len() };
    let waiting = waiting(unit.tx(), 100)?.into_iter().filter(|one| one.kind == kind_of(case));
    Ok(waiting.map(|one| one.id).take(count).collect())
}

/// Does a step. What is refused is an intention that could not be; our own failure never is the answer.
fn perform(house: &House, step: Step) {
    let (site, hospital) = (house.site, house.hospital);
    let outcome = house.system(move |unit, call| match step {
        Step::Order { people, case } => {
            let to = if case { hospital } else { site };
            let news = people.into_iter().map(|person| new_transfer(person, kind_of(case), Some(to))).collect();
            order_transfers(unit, call, news).map(|_| ())
        }
        Step::Plan { vehicle, case, transfers } => {
            let transfers = some_transfers(unit, case, transfers)?;
            let vehicle = if case { 4 + vehicle % 2 } else { 1 + vehicle % 3 };
            let trip = NewTrip {
                vehicle: bus(vehicle),
                facility: if case { hospital } else { site },
                kind: kind_of(case),
                drivers: 2,
                stops: Vec::new(),
                transfers,
                plan: None,
            };
            open_trip(unit, call, trip).map(|_| ())
        }
        Step::Board { trip, people } => {
            let trip = some_trip(unit, trip)?;
            let people = with_planned(unit, trip, people)?;
            let seen = Boarding { trip, people, stop: None, signed_by: signed(), occurred_at: None };
            trips::board(unit, call, seen).map(|_| ())
        }
        Step::HandOver { trip, elsewhere, people } => {
            let trip = some_trip(unit, trip)?;
            let people = with_planned(unit, trip, people)?;
            let facility = if elsewhere { hospital } else { site };
            let seen = HandOver { trip, facility, people, signed_by: signed(), occurred_at: None };
            trips::hand_over(unit, call, seen).map(|_| ())
        }
        Step::Admit { hospital: case, people } => {
            let facility = if case { hospital } else { site };
            trips::admit(unit, call, facility, &ids(people), signed(), None).map(|_| ())
        }
        Step::Excuse { transfer } => excuse(unit, call, TransferId(transfer), Text::new("排除", "excluded")),
        Step::Release { person } => release(unit, call, &[PersonId(person)]).map(|_| ()),
        Step::Clean => {
            let now = unit.now();
            let beds = facilities::store::to_clean(unit.tx(), site, now)?;
            facilities::beds_cleaned(unit, call, &beds).map(|_| ())
        }
        Step::Arrive { trip } => {
            let trip = some_trip(unit, trip)?;
            trips::arrive(unit, call, trip, None)
        }
        Step::Disinfect { trip } => {
            let trip = some_trip(unit, trip)?;
            trips::disinfected(unit, call, trip, signed(), None).map(|_| ())
        }
        Step::Cancel { trip } => {
            let trip = some_trip(unit, trip)?;
            trips::cancel(unit, call, trip, Text::new("取消", "cancelled"))
        }
    });
    if let Err(refusal) = outcome {
        assert!(!refusal.is_internal(), "{refusal}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_bed_is_given_twice_and_nobody_is_lost_whatever_happens(steps in prop::collection::vec(any_step(), 1..40)) {
        let house = House::of(Size { people: 8, buses: 3, seats: 8, rooms: 4, beds_per_room: 1 });
        for step in steps {
            perform(&house, step);
            house.check_laws();
        }
        house.check_rebuild();
    }
}

#[test]
fn a_bed_that_somebody_has_cannot_be_folded_to_another() {
    let house = House::open();
    let transfers = house.order(&[1, 2], PassengerKind::Contact);
    let site = house.site;
    let trip = |transfer| NewTrip {
        vehicle: bus(1),
        facility: site,
        kind: PassengerKind::Contact,
        drivers: 2,
        stops: Vec::new(),
        transfers: vec![transfer],
        plan: None,
    };
    let planned = trip(transfers[0]);
    house.system(move |unit, call| open_trip(unit, call, planned)).unwrap();
    let beds = house.store.read(|tx| facilities::beds_of(tx, site, outpace_core::BedId(0), 100)).unwrap();
    let taken = beds.iter().find(|bed| bed.state == BedState::Reserved).unwrap().id;
    // A fact that gives the same bed again: what a race or a wrong command would record.
    let forged = crate::trips::facts::TripPlanned {
        id: TripId(99),
        trip: trip(transfers[1]),
        places: 4,
        seats: vec![crate::trips::facts::Seat {
            transfer: transfers[1],
            person: PersonId(2),
            guardian: false,
            bed: taken,
            kept: false,
        }],
    };
    let head = house.store.head().seq;
    let outcome = house.system(move |unit, _| unit.record(forged).map_err(Into::into));
    assert!(outcome.unwrap_err().is_internal());
    assert_eq!(house.store.head().seq, head, "nothing of it remains");
    house.check_laws();
}
