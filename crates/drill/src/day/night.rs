//! The evening before and the night: the daily test that finds the first, the centre that is held, its workers sampled
//! one by one.

use outpace_core::{Text, Timestamp};
use serde_json::{Map, Value, json};

use super::flow::Label;
use super::play::Play;
use super::sampling::{Pace, Sampling, Sharing};
use super::sites::{SiteKind, SitePlan, set_up};
use crate::client::{CallError, number, text};
use crate::population::PersonRef;

/// Couriers tested in the evening, one to a tube.
const DAILY_TEST: usize = 12;
/// Minutes before the day begins at which they are sampled, carried away and handed over: the machines are then done
/// when it begins.
const SAMPLED_BEFORE: i64 = 200;
const CARRIED_BEFORE: i64 = 156;
const DELIVERED_BEFORE: i64 = 120;

impl Play {
    /// The evening before: twelve of the park's night workers are sampled, as couriers are every day.
    pub(crate) async fn evening_before(&mut self) -> Result<(), CallError> {
        self.set_up_park_site().await?;
        let starts_at = self.scenario.starts_at;
        let before = |minutes: i64| starts_at.plus_minutes(-minutes);
        let (sampled, carried, delivered) = (before(SAMPLED_BEFORE), before(CARRIED_BEFORE), before(DELIVERED_BEFORE));
        let people: Vec<PersonRef> = self.outsiders().take(DAILY_TEST).collect();
        let mut sampling = Sampling::new(None, Some("key_group"), "QXD");
        self.queue_at_park(&mut sampling, &people, Label::KeyGroup, sampled);
        self.move_clock(carried).await?;
        self.seal_what_is_due(&mut sampling).await?;
        self.flow.collect(self.now).await?;
        self.move_clock(delivered).await?;
        self.flow.deliver(self.now).await?;
        // The laboratory reports a minute before the day begins: the county hears of it at its first minute.
        self.move_clock(before(1)).await?;
        self.flow.test(self.now, &self.bench).await.map(|_| ())
    }

    /// Workers of the distribution centre who live outside the park's dormitories.
    fn outsiders(&self) -> impl Iterator<Item = PersonRef> + '_ {
        let park = self.county.park.iter();
        park.flat_map(move |park| {
            let centre = park.distribution_centre;
            let outside = move |one: &PersonRef| {
                self.county.person(*one).place == Some(centre) && self.county.grid_of(*one) != park.grid
            };
            park.workers.iter().copied().filter(outside)
        })
    }

    async fn set_up_park_site(&mut self) -> Result<(), CallError> {
        let Some(park) = &self.county.park else { return Ok(()) };
        let place = self.county.place(park.distribution_centre);
        let plan = SitePlan {
            key: "site-park".to_owned(),
            serves: park.grid,
            kind: SiteKind::Ordinary,
            grid: park.grid,
            name: ("物流园采样点".to_owned(), "Site at the logistics park".to_owned()),
            at: (place.lon, place.lat),
            lanes: usize::try_from(self.scenario.amount("night_medics")).unwrap_or(1),
        };
        let pace = self.scenario.rates.night_swabs_per_hour_medic;
        let hours = Some((0, 24 * 60));
        self.night.site = set_up(&self.api, &self.office.administrator, vec![plan], pace, hours).await?.pop();
        Ok(())
    }

    fn queue_at_park(&self, sampling: &mut Sampling, people: &[PersonRef], label: Label, starts_at: Timestamp) {
        let Some(site) = &self.night.site else { return };
        let lanes: Vec<_> = site.lanes.iter().map(|(id, staff)| (*id, staff.clone(), site.post.clone())).collect();
        let pace = Pace::PeoplePerHour(self.scenario.rates.night_swabs_per_hour_medic);
        sampling.queue(&self.county, &lanes, people, (Sharing::Pool(1), label), (starts_at, pace));
    }

    /// Registers the tubes whose last swab is in, and puts them with what waits for a courier.
    pub(crate) async fn seal_what_is_due(&mut self, sampling: &mut Sampling) -> Result<(), CallError> {
        for tube in sampling.go_on(&self.register, self.now).await? {
            self.flow.seal(&tube.post, &tube.code, &tube.people, tube.at, tube.label);
        }
        Ok(())
    }

    /// Officers stand at the doors of the centre, which the system holds since the first case.
    pub(crate) async fn guard_the_centre(&mut self) -> Result<(), CallError> {
        const FORM: &str = "/api/teams/form";
        let officers = self.scenario.amount("night_officers");
        let name = Text::new("分拨中心执勤组", "Guard of the distribution centre");
        let body = json!({
            "key": "guard-centre", "name": name, "task_force": "quarantine", "units": [], "people": officers,
            "members": [],
        });
        let head = self.office.head("quarantine");
        let formed: Value = head.post(FORM, &body).await?;
        let team = number(FORM, &formed, "/team")?;
        let area = self.county.park.as_ref().map_or(0, |park| park.grid.0);
        head.tell("/api/teams/deploy", &json!({ "team": team, "area": area })).await?;
        head.tell("/api/teams/arrived", &json!({ "team": team, "area": area, "people": officers })).await?;
        let people = self.county.park.as_ref().map_or(0, |park| park.distribution_centre_workers);
        let answers = Map::from_iter([
            ("people".to_owned(), json!(people.saturating_sub(1))),
            ("officers".to_owned(), json!(officers)),
            ("started".to_owned(), json!(self.now)),
        ]);
        self.finish_orders("hold-place", &answers).await
    }

    /// The round of the night: everybody of the centre who is not in hospital, one to a tube.
    pub(crate) async fn begin_night_sampling(&mut self) -> Result<(), CallError> {
        let name = Text::new("分拨中心全员单采", "Single samples of the distribution centre");
        let round = self
            .plan_and_open(json!({
                "key": "night-centre", "name": name, "method": "pcr", "places": [self.names.centre],
                "starts_at": self.now, "ends_at": self.now.plus_minutes(180), "pool_group": "key_group",
            }))
            .await?;
        self.names.night_round = Some(round);
        let isolated = self.isolated().await?;
        let centre = self.county.park.as_ref().map(|park| park.distribution_centre);
        let workers = self.county.park.iter().flat_map(|park| park.workers.iter().copied());
        let people: Vec<PersonRef> = workers
            .filter(|one| self.county.person(*one).place == centre && !isolated.contains(&self.register.person(*one)))
            .collect();
        self.night.people = people.len();
        let mut sampling = Sampling::new(Some(round), None, "QXN");
        self.queue_at_park(&mut sampling, &people, Label::Locked, self.now);
        self.night.sampling = Some(sampling);
        Ok(())
    }

    /// People who were taken to hospital.
    async fn isolated(&self) -> Result<Vec<i64>, CallError> {
        // A case is never sampled with the others, whether the ambulance has come or not.
        Ok(self.cases().await?.iter().filter_map(|case| case.get("person")?.as_i64()).collect())
    }

    /// Plans a round, looks at its hour, and opens it acknowledging that hour.
    pub(crate) async fn plan_and_open(&self, plan: Value) -> Result<i64, CallError> {
        const PLAN: &str = "/api/screening/rounds/plan";
        let head = self.office.head("testing");
        let planned: Value = head.post(PLAN, &plan).await?;
        let round = number(PLAN, &planned, "/round")?;
        self.open_round(round).await
    }

    /// Opens a planned round with the hour that its forecast shows now.
    pub(crate) async fn open_round(&self, round: i64) -> Result<i64, CallError> {
        const SHOW: &str = "/api/screening/round";
        let head = self.office.head("testing");
        let shown: Value = head.get(SHOW, &[("round", round.to_string())]).await?;
        let hour = number(SHOW, &shown, "/forecast/last_result_at")?;
        let body = json!({ "round": round, "acknowledged_last_result_at": hour });
        let opened: Value = head.post("/api/screening/rounds/open", &body).await?;
        let _state = text("/api/screening/rounds/open", &opened, "/state")?;
        Ok(round)
    }

    /// Goes on with the night's samples; closes the round when the last is in.
    pub(crate) async fn go_on_night_sampling(&mut self) -> Result<bool, CallError> {
        let Some(mut sampling) = self.night.sampling.take() else { return Ok(true) };
        self.seal_what_is_due(&mut sampling).await?;
        if !sampling.is_over() {
            self.night.sampling = Some(sampling);
            return Ok(false);
        }
        if let Some(round) = self.names.night_round {
            let body = json!({ "round": round, "reason": "分拨中心人员全部采样 / everyone of the centre was sampled" });
            self.office.head("testing").tell("/api/screening/rounds/close", &body).await?;
        }
        let medics = self.scenario.amount("night_medics");
        let answers = Map::from_iter([
            ("sampled".to_owned(), json!(self.night.people)),
            ("missing".to_owned(), json!(0)),
            ("medics".to_owned(), json!(medics)),
        ]);
        self.finish_orders("sample-place", &answers).await?;
        self.names.night_ends_at = Some(self.now.plus_minutes(8 * 60));
        Ok(true)
    }
}
