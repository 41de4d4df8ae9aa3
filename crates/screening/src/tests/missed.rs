//! Who missed a round, and that nobody pays for a failure of ours.

use std::collections::BTreeSet;

use outpace_core::{PersonId, RoundId, SiteId};
use proptest::prelude::*;

use super::{House, grid_of, request, way};
use crate::coverage::{MissedRound, OurFailure, missed_round};
use crate::rounds::{self, CloseRound, Method};
use crate::sites::{self, OpenState, SetSite};
use crate::tubes::{NoFile, Swab};

const PEOPLE: i64 = 40;
/// Lives in the village of the site, and does not come.
const LATE: i64 = 5;

fn missed(house: &House, person: i64) -> Option<MissedRound> {
    house.read(|tx| missed_round(tx, PersonId(person), grid_of(person - 1, PEOPLE)))
}

fn close(house: &House, round: RoundId) {
    let close = CloseRound { round, reason: "时间到 / the time is over".to_owned() };
    house.act(move |unit, call| rounds::close_round(unit, call, close)).unwrap();
}

#[test]
fn a_test_is_owed_from_the_close_of_the_round_until_any_sample() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2, 3]);
    way::report(&house, &[("A", "negative")]);
    assert_eq!(missed(&house, LATE), None, "the round is still open");
    house.wait_minutes(60);
    close(&house, round);
    let owed = missed(&house, LATE).unwrap();
    assert_eq!((owed.round, owed.since, owed.counts()), (round, house.now(), true));
    assert_eq!(missed(&house, 1), None, "was sampled");
    assert_eq!(missed(&house, 10), None, "is not here");
    house.wait_minutes(60);
    let mut alone = request(round, house.lanes[0], "B", &[LATE]);
    alone.round = None;
    house.register(alone).unwrap();
    assert_eq!(missed(&house, LATE), None, "any later sample ends it");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever fails on our side, and only that, keeps a missed round from counting against anybody.
    #[test]
    fn nobody_pays_for_a_failure_of_ours(lane: bool, late: bool, nameless: bool, shut: bool) {
        let house = House::small();
        let round = house.open_round(Method::Pcr);
        house.tube(round, "A", &[1, 2]);
        let mut results = vec![("A", "negative")];
        let mut expected = BTreeSet::new();
        if nameless {
            let mut tube = request(round, house.lanes[0], "N", &[3]);
            let stranger = Swab { no_file: Some(NoFile::CodeUnreadable), slip: Some("S-1".to_owned()), ..Swab::default() };
            tube.people.push(stranger);
            house.register(tube).unwrap();
            results.push(("N", "negative"));
            expected.insert(OurFailure::SampleWithoutName);
        }
        way::report(&house, &results);
        if late {
            house.tube(round, "L", &[4]);
            expected.insert(OurFailure::ResultsLate);
        }
        if lane {
            let mut tube = request(round, house.lanes[0], "O", &[6]);
            tube.seal = false;
            house.register(tube).unwrap();
            // A tube that is not sealed has no result either.
            expected.extend([OurFailure::LaneNotSynced, OurFailure::ResultsLate]);
        }
        if shut {
            for state in [OpenState::Closed, OpenState::Open] {
                house.wait_minutes(10);
                let set = SetSite { site: SiteId(1), state, reason: "停电 / no power".to_owned() };
                house.act(move |unit, call| sites::set_site(unit, call, set)).unwrap();
            }
            expected.insert(OurFailure::SiteShut);
        }
        house.wait_minutes(30);
        close(&house, round);
        let owed = missed(&house, LATE).unwrap();
        prop_assert_eq!(owed.counts(), expected.is_empty());
        prop_assert_eq!(owed.ours, expected);
        house.assert_rebuilds();
    }
}
