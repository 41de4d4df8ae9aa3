//! Whether a check-in puts somebody at a place: the device saw them, the screen showed their code just then, or a printed
//! code is borne out by where they were shortly before. Anything else is kept as a signal.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{PersonId, PlaceId, Timestamp};
use outpace_registry::Place;
use outpace_store::{Tx, Unit};

use super::codes::{CodeKind, PlaceKey, ReadCode};
use super::facts::CheckInRow;
use super::model::NewCheckIn;
use super::store;
use crate::ContactsError;

/// Metres that a position may be off: two doors of one market are no journey.
const NEARBY_METRES: f64 = 300.0;
/// Mean radius of the earth, metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;
/// Metres in a kilometre.
const KILOMETRE: f64 = 1_000.0;

/// Where somebody was seen: longitude and latitude in degrees, where they are known.
type Spot = (PlaceId, Option<(f64, f64)>);

/// What one request's codes are judged by.
pub(super) struct Proof {
    place: Spot,
    key: Option<PlaceKey>,
    print: i64,
    seconds: u32,
    kmh_max: u32,
    within_ms: i64,
    /// Where people with printed codes were seen, by person.
    seen: BTreeMap<PersonId, Vec<(Timestamp, Spot)>>,
}

impl Proof {
    /// Gathers what the codes of a request ask for; nothing is read where there is none.
    pub(super) fn of(
        unit: &mut Unit<'_>,
        call: &Call,
        place: &Place,
        rows: &[NewCheckIn],
        skew_ms: i64,
    ) -> Result<Self, ContactsError> {
        let rules = &call.pack().codes;
        let within_ms = i64::from(rules.printed_within_minutes.value) * MINUTE_MS;
        let mut proof = Self {
            place: spot(place),
            key: None,
            print: 0,
            seconds: rules.place_seconds.value,
            kmh_max: rules.travel_kmh_max.value,
            within_ms,
            seen: BTreeMap::new(),
        };
        if rows.iter().all(|row| row.code.is_none()) {
            return Ok(proof);
        }
        proof.key = Some(PlaceKey::of(unit.keys(), place.id)?);
        let code = |row: &NewCheckIn| ReadCode::parse(row.code.as_deref()?);
        let printed: Vec<(PersonId, Timestamp)> = rows
            .iter()
            .filter(|row| code(row).is_some_and(|code| code.kind == CodeKind::Printed))
            .map(|row| (row.person, Timestamp(row.at.0.saturating_add(skew_ms)).min(call.now)))
            .collect();
        if !printed.is_empty() {
            proof.print = store::print_of(unit.tx(), place.id)?;
            proof.seen = seen(unit.tx(), &printed, within_ms)?;
        }
        Ok(proof)
    }

    /// The flags of a check-in at a moment by our clock: none where it is evidence.
    pub(super) fn flags(&self, new: &NewCheckIn, at: Timestamp) -> u8 {
        let (Some(text), Some(key)) = (&new.code, &self.key) else { return 0 };
        let Some(code) = ReadCode::parse(text).filter(|code| code.place == self.place.0) else {
            return CheckInRow::FOREIGN;
        };
        match code.kind {
            CodeKind::Shown if key.is_shown_at(code, at, self.seconds) => 0,
            CodeKind::Printed if key.is_print(code, self.print) => self.printed(new.person, at),
            CodeKind::Shown | CodeKind::Printed => CheckInRow::STALE,
        }
    }

    /// A printed code is borne out by a sighting before it from which one gets here in time; one from which nobody does
    /// says that it was a picture.
    fn printed(&self, person: PersonId, at: Timestamp) -> u8 {
        let near = |(seen, _): &&(Timestamp, Spot)| *seen <= at && at.since(*seen) <= self.within_ms;
        let mut flags = CheckInRow::UNPROVEN;
        for (seen, spot) in self.seen.get(&person).into_iter().flatten().filter(near) {
            match self.reaches(*spot, at.since(*seen)) {
                Some(true) => flags = 0,
                Some(false) => return CheckInRow::IMPLAUSIBLE,
                None => {}
            }
        }
        flags
    }

    /// Whether one gets here from there in a time; `None` where nobody knows where one of the two is.
    fn reaches(&self, from: Spot, took_ms: i64) -> Option<bool> {
        if from.0 == self.place.0 {
            return Some(true);
        }
        let metres = metres_between(from.1?, self.place.1?);
        let reach = f64::from(self.kmh_max) * KILOMETRE * took_ms as f64 / HOUR_MS as f64;
        Some(metres <= reach + NEARBY_METRES)
    }
}

fn spot(place: &Place) -> Spot {
    (place.id, place.lon.zip(place.lat))
}

/// Great-circle distance in metres between longitudes and latitudes in degrees.
fn metres_between(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (from, to) = (a.1.to_radians(), b.1.to_radians());
    let (north, east) = ((to - from) / 2.0, (b.0 - a.0).to_radians() / 2.0);
    let half = north.sin().powi(2) + from.cos() * to.cos() * east.sin().powi(2);
    2.0 * EARTH_METRES * half.sqrt().min(1.0).asin()
}

/// Where people were seen by check-ins that are evidence, in the time before their codes.
fn seen(
    tx: &mut Tx<'_>,
    printed: &[(PersonId, Timestamp)],
    within_ms: i64,
) -> Result<BTreeMap<PersonId, Vec<(Timestamp, Spot)>>, ContactsError> {
    let mut found: BTreeMap<PersonId, Vec<(Timestamp, Spot)>> = BTreeMap::new();
    let mut spots: BTreeMap<PlaceId, Spot> = BTreeMap::new();
    for (person, at, place) in store::evidence_before(tx, printed, within_ms)? {
        let spot = match spots.get(&place) {
            Some(known) => *known,
            None => {
                let known = outpace_registry::place(tx, place)?.as_ref().map_or((place, None), spot);
                spots.insert(place, known);
                known
            }
        };
        found.entry(person).or_default().push((at, spot));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::metres_between;

    #[test]
    fn a_degree_of_latitude_is_sixty_nautical_miles() {
        let metres = metres_between((112.0, 37.0), (112.0, 38.0));
        assert!((metres - 111_195.0).abs() < 10.0, "{metres}");
        assert!(metres_between((112.0, 37.0), (112.0, 37.0)).abs() < 1e-6);
        assert!(
            (metres_between((112.0, 37.0), (112.0, 38.0)) - metres_between((112.0, 38.0), (112.0, 37.0))).abs() < 1e-6
        );
    }
}
