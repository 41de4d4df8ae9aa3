//! Vehicles with people aboard: opened as the system proposes them, boarded by the list, driven, handed over with two
//! signatures, disinfected.

use outpace_core::Timestamp;
use serde_json::{Value, json};

use crate::client::{CallError, Staff, list, number};

/// Minutes of the steps of a trip.
#[derive(Debug, Clone, Copy)]
pub struct Minutes {
    /// From the stop's call to departure.
    pub boarding: i64,
    /// From departure to arrival.
    pub ride: i64,
    /// From arrival to the last signature.
    pub hand_over: i64,
    /// From there to the end of disinfection.
    pub disinfection: i64,
}

/// A trip under way.
#[derive(Debug)]
struct Trip {
    id: i64,
    vehicle: i64,
    facility: i64,
    people: Vec<i64>,
    driver: Staff,
    calls_at: Timestamp,
    minutes: Minutes,
    done: Step,
}

/// The last step that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Planned,
    Boarded,
    Departed,
    Arrived,
    HandedOver,
    Disinfected,
}

/// All trips that are not over, and those that just were.
#[derive(Debug, Default)]
pub struct Trips {
    running: Vec<Trip>,
    handed_over: Vec<Over>,
    finished: Vec<Over>,
}

/// A trip that is over.
#[derive(Debug, Clone)]
pub struct Over {
    /// Its number.
    pub id: i64,
    /// The vehicle.
    pub vehicle: i64,
    /// Who went.
    pub people: Vec<i64>,
    /// When they boarded.
    pub boarded_at: Timestamp,
    /// When they arrived.
    pub arrived_at: Timestamp,
    /// When the last was signed for.
    pub handed_at: Timestamp,
    /// When the vehicle was clean.
    pub clean_at: Timestamp,
}

/// What the system proposes: one draft for each vehicle.
///
/// # Errors
/// What the system refused.
pub async fn proposed(head: &Staff) -> Result<Vec<Value>, CallError> {
    let plan: Value = head.get("/api/isolation/trip-plan", &[]).await?;
    Ok(list(&plan, "/trips").to_vec())
}

impl Trips {
    /// Opens a trip that will call at its stop at a moment.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn open(
        &mut self,
        head: &Staff,
        driver: &Staff,
        trip: &Value,
        calls_at: Timestamp,
        minutes: Minutes,
    ) -> Result<i64, CallError> {
        const OPEN: &str = "/api/isolation/open-trips";
        let opened: Value = head.post(OPEN, &json!({ "trips": [trip] })).await?;
        let id = number(OPEN, &opened, "/trips/0")?;
        const SHOW: &str = "/api/isolation/trip";
        let shown: Value = driver.get(SHOW, &[("trip", id.to_string())]).await?;
        let people = list(&shown, "/people").iter().filter_map(|one| one.get("person")?.as_i64()).collect();
        let facility = number(SHOW, &shown, "/trip/facility")?;
        let vehicle = number(SHOW, &shown, "/trip/vehicle")?;
        let (driver, done) = (driver.clone(), Step::Planned);
        self.running.push(Trip { id, vehicle, facility, people, driver, calls_at, minutes, done });
        Ok(id)
    }

    /// Records what has happened by now.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn go_on(&mut self, now: Timestamp, takers: i64) -> Result<(), CallError> {
        for trip in &mut self.running {
            let before = trip.done;
            trip.go_on(now, takers).await?;
            if before < Step::HandedOver && trip.done >= Step::HandedOver {
                self.handed_over.push(trip.over());
            }
        }
        let over = self.running.iter().filter(|trip| trip.done == Step::Disinfected).map(Trip::over);
        self.finished.extend(over);
        self.running.retain(|trip| trip.done != Step::Disinfected);
        Ok(())
    }

    /// The trips whose people were signed for since this was asked last.
    pub fn take_handed_over(&mut self) -> Vec<Over> {
        std::mem::take(&mut self.handed_over)
    }

    /// The trips that ended since this was asked last.
    pub fn take_finished(&mut self) -> Vec<Over> {
        std::mem::take(&mut self.finished)
    }

    /// Whether a vehicle is on a trip.
    #[must_use]
    pub fn uses(&self, vehicle: i64) -> bool {
        self.running.iter().any(|trip| trip.vehicle == vehicle)
    }

    /// Whether a trip carries anyone of these people.
    #[must_use]
    pub fn carries_any(&self, id: i64, people: &std::collections::BTreeSet<i64>) -> bool {
        self.running.iter().any(|trip| trip.id == id && trip.people.iter().any(|one| people.contains(one)))
    }

    /// Whether all people of a trip were handed over.
    #[must_use]
    pub fn handed_over(&self, id: i64) -> bool {
        self.running.iter().all(|trip| trip.id != id || trip.done >= Step::HandedOver)
    }
}

impl Trip {
    fn over(&self) -> Over {
        let [boarded_at, arrived_at, handed_at, clean_at] = self.hours();
        Over {
            id: self.id,
            vehicle: self.vehicle,
            people: self.people.clone(),
            boarded_at,
            arrived_at,
            handed_at,
            clean_at,
        }
    }

    /// When everybody is aboard, arrived, signed for, and the vehicle clean.
    fn hours(&self) -> [Timestamp; 4] {
        let boarded = self.calls_at.plus_minutes(self.minutes.boarding);
        let arrived = boarded.plus_minutes(self.minutes.ride);
        let handed = arrived.plus_minutes(self.minutes.hand_over);
        [boarded, arrived, handed, handed.plus_minutes(self.minutes.disinfection)]
    }

    async fn go_on(&mut self, now: Timestamp, takers: i64) -> Result<(), CallError> {
        let [boarded, arrived, handed, clean] = self.hours();
        let signed_by = json!([self.driver.id(), takers]);
        if self.done == Step::Planned && boarded <= now {
            let body = json!({
                "trip": self.id, "people": self.people, "stop": null, "signed_by": signed_by, "occurred_at": boarded,
            });
            self.driver.tell("/api/isolation/board", &body).await?;
            self.done = Step::Boarded;
        }
        if self.done == Step::Boarded && boarded <= now {
            self.step("/api/isolation/depart", boarded, Step::Departed).await?;
        }
        if self.done == Step::Departed && arrived <= now {
            self.step("/api/isolation/arrive", arrived, Step::Arrived).await?;
        }
        if self.done == Step::Arrived && handed <= now {
            let body = json!({
                "trip": self.id, "facility": self.facility, "people": self.people, "signed_by": signed_by,
                "occurred_at": handed,
            });
            self.driver.tell("/api/isolation/hand-over", &body).await?;
            self.done = Step::HandedOver;
        }
        if self.done == Step::HandedOver && clean <= now {
            let body = json!({ "trip": self.id, "signed_by": [self.driver.id()], "occurred_at": clean });
            self.driver.tell("/api/isolation/disinfect", &body).await?;
            self.done = Step::Disinfected;
        }
        Ok(())
    }

    async fn step(&mut self, path: &str, at: Timestamp, to: Step) -> Result<(), CallError> {
        self.driver.tell(path, &json!({ "trip": self.id, "occurred_at": at })).await?;
        self.done = to;
        Ok(())
    }
}
