//! What happens when a step begins, and whether it is done. The longer parts of the work have files of their own.

use outpace_core::Text;
use serde_json::{Map, Value, json};

use super::play::Play;
use crate::client::{CallError, list, number};
use crate::scenario::StepKey;
use crate::score::measure::teams;
use crate::setup::office::unit_key;

impl Play {
    /// Begins a step.
    pub(crate) async fn begin(&mut self, key: StepKey) -> Result<(), CallError> {
        match key {
            StepKey::FirstPositive
            | StepKey::FirstResponse
            | StepKey::AmbulanceIndex
            | StepKey::NightResults
            | StepKey::NightAmbulances
            | StepKey::Assessments
            | StepKey::RoundResults => Ok(()),
            StepKey::Emergency => self.switch_to_emergency().await,
            StepKey::TeamsOut => self.send_tackle_teams().await,
            StepKey::HoldCentre => self.guard_the_centre().await,
            StepKey::NightSampling => self.begin_night_sampling().await,
            StepKey::StaffOut => self.send_county_staff().await,
            StepKey::AntigenWest => self.begin_antigen().await,
            StepKey::RoundPrepared => self.prepare_round().await,
            StepKey::BedsReady => self.order_beds().await,
            StepKey::Zones => {
                self.decisions.open_the_day();
                Ok(())
            }
            StepKey::MembersOut => self.send_members().await,
            StepKey::RoundEast => self.begin_round().await,
            StepKey::Transfer => self.begin_transfer().await,
            StepKey::Trucks => self.trucks_arrive().await,
        }
    }

    /// Goes on with a step; answers whether it is done.
    pub(crate) async fn go_on(&mut self, key: StepKey) -> Result<bool, CallError> {
        match key {
            StepKey::FirstPositive => Ok(!self.cases().await?.is_empty()),
            StepKey::FirstResponse | StepKey::Emergency => Ok(true),
            StepKey::AmbulanceIndex | StepKey::NightAmbulances => self.cases_are_in_hospital().await,
            StepKey::TeamsOut => self.teams_arrive(key).await,
            StepKey::HoldCentre => Ok(true),
            StepKey::NightSampling => self.go_on_night_sampling().await,
            StepKey::NightResults => Ok(self.flow.pending() == 0),
            StepKey::AntigenWest => self.go_on_antigen().await,
            // Their orders say when they are there.
            StepKey::StaffOut | StepKey::MembersOut | StepKey::RoundPrepared => Ok(self.lasted(key)),
            StepKey::BedsReady => self.go_on_beds().await,
            StepKey::Assessments => self.sign_assessments().await,
            StepKey::Zones => self.zones_are_published().await,
            StepKey::RoundEast => self.go_on_round().await,
            StepKey::Transfer => Ok(self.go_on_transfer()),
            StepKey::Trucks => self.go_on_trucks().await,
            StepKey::RoundResults => Ok(self.east.closed && self.flow.pending() == 0 && self.retests.is_over()),
        }
    }

    async fn switch_to_emergency(&mut self) -> Result<(), CallError> {
        for commander in &self.office.commanders {
            commander.tell("/api/command/take-duty", &json!({})).await?;
        }
        let reason = Text::new(
            "王答乡快递物流园发现初筛阳性人员",
            "a person of the parcel logistics park in Wangda township was found preliminary positive",
        );
        let body = json!({ "mode": "emergency", "level": "two", "reason": reason });
        self.office.commanders[0].tell("/api/command/switch", &body).await
    }

    /// Eleven teams to nine townships: the two that lie nearest to the park get a second one.
    async fn send_tackle_teams(&mut self) -> Result<(), CallError> {
        let mut townships: Vec<i64> = self.county.villages.iter().map(|village| village.township().0).collect();
        townships.sort_unstable();
        townships.dedup();
        // East of the river the work is heaviest.
        townships.sort_by_key(|code| !matches!(code, 140_121_203 | 140_121_101));
        let teams_wanted = usize::try_from(self.scenario.amount("tackle_teams")).unwrap_or(0);
        let mut sent = Vec::new();
        for number in 0..teams_wanted {
            let area = townships[number % townships.len().max(1)];
            let name = Text::new(format!("攻坚落实小组{}", number + 1), format!("Tackle team {}", number + 1));
            let team = self.form(&format!("{}-{}", teams::TACKLE, number + 1), &name, Some("command"), 12).await?;
            self.deploy(team, area).await?;
            sent.push((team, area));
        }
        self.teams.insert(StepKey::TeamsOut, sent);
        Ok(())
    }

    async fn form(&self, key: &str, name: &Text, force: Option<&str>, people: i64) -> Result<i64, CallError> {
        const FORM: &str = "/api/teams/form";
        let body = json!({
            "key": key, "name": name, "task_force": force, "units": [], "people": people, "members": [],
        });
        let formed: Value = self.office.head("command").post(FORM, &body).await?;
        number(FORM, &formed, "/team")
    }

    async fn deploy(&self, team: i64, area: i64) -> Result<(), CallError> {
        self.office.head("command").tell("/api/teams/deploy", &json!({ "team": team, "area": area })).await
    }

    /// Records that the teams of a step are there, once its time is over.
    async fn teams_arrive(&mut self, key: StepKey) -> Result<bool, CallError> {
        if !self.lasted(key) {
            return Ok(false);
        }
        for (team, area) in self.teams.get(&key).cloned().unwrap_or_default() {
            let body = json!({ "team": team, "area": area, "occurred_at": self.now });
            self.office.head("command").tell("/api/teams/arrived", &body).await?;
        }
        Ok(true)
    }

    async fn send_county_staff(&mut self) -> Result<(), CallError> {
        let units = self.scenario.amount("county_units");
        let keys: Vec<String> = (1..=units).map(unit_key).collect();
        // Each unit is paired with a village, the largest first.
        let mut villages: Vec<_> = self.county.villages.iter().map(|one| (one.residents, one.area.0)).collect();
        villages.sort_unstable_by(|one, other| other.cmp(one));
        let count = usize::try_from(units).unwrap_or(0);
        let villages: Vec<i64> = villages.into_iter().take(count).map(|(_, area)| area).collect();
        let because =
            Text::new("县直机关党员下沉包联村(社区)", "county staff go to the villages that they are paired with");
        let people = self.scenario.amount("county_staff");
        self.mobilise(teams::COUNTY, &keys, &villages, people, &because).await
    }

    async fn send_members(&mut self) -> Result<(), CallError> {
        let units = self.scenario.amount("member_units");
        let keys: Vec<String> = (1..=units).map(unit_key).collect();
        let wangda =
            self.county.villages.iter().map(|village| village.area.0).filter(|area| area / 1000 == 140_121_203);
        let villages: Vec<i64> = wangda.take(10).collect();
        let because = Text::new("王答乡十个村抗疫支援", "help for ten villages of Wangda township");
        let people = self.scenario.amount("members");
        self.mobilise(teams::MEMBERS, &keys, &villages, people, &because).await
    }

    async fn mobilise(
        &self,
        key: &str,
        units: &[String],
        villages: &[i64],
        people: i64,
        because: &Text,
    ) -> Result<(), CallError> {
        let body = json!({
            "key": key, "units": units, "villages": villages, "people": people, "task_force": "community",
            "because": because,
        });
        self.office.commanders[1].tell("/api/teams/mobilise", &body).await
    }

    /// Finishes the orders of a kind that a step has done, as far as the system did not close them by itself.
    pub(crate) async fn finish_orders(&mut self, kind: &str, answers: &Map<String, Value>) -> Result<(), CallError> {
        let query = [("open", "true".to_owned()), ("kind", kind.to_owned())];
        let open = super::orders::orders(&self.office.auditor, &query).await?;
        let pending = open.into_iter().filter(|order| order.state != "done");
        let done: Vec<_> = pending.map(|order| (order, answers.clone())).collect();
        let (office, now) = (self.office.clone(), self.now);
        self.workers.finish(&office, &done, now).await
    }

    pub(crate) async fn cases(&self) -> Result<Vec<Value>, CallError> {
        let answer: Value = self.office.auditor.get("/api/contacts/cases", &[("limit", "1000".to_owned())]).await?;
        Ok(list(&answer, "/cases").to_vec())
    }

    /// Whether nobody found positive so far still waits for a bed of the hospital.
    async fn cases_are_in_hospital(&self) -> Result<bool, CallError> {
        let cases = self.cases().await?;
        let isolated = |case: &Value| case.get("isolated_at").is_some_and(|at| !at.is_null());
        Ok(!cases.is_empty() && cases.iter().all(isolated))
    }
}
