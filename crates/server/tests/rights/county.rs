//! A small county under a response. Everything of it lives, stands and happens in one township; the other is empty.

use axum::body::{Bytes, to_bytes};
use outpace_access::{Routes, matrix};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Permission, Role, Timestamp};
use outpace_server::every_route::every_route;
use outpace_server::office::Opening;
use serde_json::{Value, json};

/// The whole of it.
pub const COUNTY: AreaId = AreaId(140_121);
/// The township where everything happens.
pub const BUSY: AreaId = AreaId(140_121_203);
/// A village there.
pub const VILLAGE: i64 = 140_121_203_206;
/// A grid there.
pub const GRID: i64 = 140_121_203_206_001;
/// The township where nothing does.
pub const QUIET: AreaId = AreaId(140_121_202);
/// A village there.
pub const QUIET_VILLAGE: i64 = 140_121_202_202;

/// Somebody of a role over an area. The same role in the same area is the same person.
pub fn actor(role: Role, area: AreaId) -> Actor {
    let kind = if role == Role::Gatekeeper { ActorKind::Device } else { ActorKind::Account };
    let place = Role::ALL.iter().position(|other| *other == role).unwrap();
    let first = if area == COUNTY { 1_000 } else { 2_000 };
    Actor::new(ActorId(first + i64::try_from(place).unwrap()), kind, role, area)
}

/// One of the commanders of the county.
pub fn commander(number: i64) -> Actor {
    Actor { id: ActorId(5_000 + number), ..actor(Role::Commander, COUNTY) }
}

/// The first role that has a permission; roles that judge others stand behind those that work.
pub fn who_may(permission: Permission) -> Role {
    // What a head may comes with a task force.
    Role::ALL.into_iter().find(|role| *role != Role::TaskForceHead && matrix::allows(*role, permission)).unwrap()
}

pub struct County {
    pub opened: outpace_server::Opened,
    pub routes: Routes,
    _folder: tempfile::TempDir,
}

impl County {
    /// A county with its areas and nothing else, at the hour at which [`County::busy`] ends.
    pub fn quiet() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = outpace_server::open(Opening {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            profile: None,
            pack: None,
            date: None,
            drill_from: Timestamp::parse_local("2022-04-13T01:00", 480),
        })
        .unwrap();
        Self { opened, routes: every_route(), _folder: folder }
    }

    pub fn now(&self) -> Timestamp {
        self.opened.office.store.now()
    }

    /// What a route answers an actor: the status and the body.
    pub async fn ask(&self, actor: &Actor, path: &str, request: &Value) -> (u16, String) {
        let route = self.routes.list().iter().find(|route| route.path == path).unwrap();
        let input = if route.is_command { request.to_string() } else { as_query(request) };
        let answer = route.answer(&self.opened.office, actor.clone(), Bytes::from(input)).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(problem) => axum::response::IntoResponse::into_response(problem),
        };
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 24).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// What somebody does for the whole county; the test stops where it is refused.
    pub async fn done(&self, role: Role, path: &str, request: Value) -> Value {
        let (status, body) = self.ask(&actor(role, COUNTY), path, &request).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// What follows from the facts is done: the response has thought.
    pub fn settled(&self) {
        self.opened.office.store.work_off().unwrap();
        let stuck = self.opened.office.store.read(outpace_store::jobs::stuck).unwrap();
        assert!(stuck.is_empty(), "{stuck:?}");
    }

    /// Facts that somebody recorded.
    pub fn facts_by(&self, actor: &Actor) -> i64 {
        let by = outpace_core::Value::Int(actor.id.0);
        self.opened.office.store.read(|tx| tx.number("SELECT COUNT(*) FROM journal WHERE actor = $1", &[by])).unwrap()
    }

    pub fn head(&self) -> i64 {
        self.opened.office.store.head().seq.0
    }

    /// Brings the areas in: both counties have them, since geography is everybody's.
    pub async fn charted(self) -> Self {
        let area = |id: i64, level: &str| {
            json!({ "id": id, "level": level, "name": format!("地{id}"), "name_en": format!("area {id}"), "lon": 112.4,
                    "lat": 37.6, "seat_approximate": true })
        };
        let areas = json!([
            area(COUNTY.0, "county"),
            area(BUSY.0, "township"),
            area(QUIET.0, "township"),
            area(VILLAGE, "village"),
            area(QUIET_VILLAGE, "village"),
        ]);
        self.done(Role::Administrator, "/api/registry/import-areas", json!({ "source": "test", "areas": areas })).await;
        self
    }

    /// The county of [`County::quiet`] after a day in which everything happened in one township.
    pub async fn busy() -> Self {
        let county = Self::undecided().await;
        county.decide().await;
        county.organise().await;
        county.move_people().await;
        county.looked_at_everything();
        county
    }

    /// Its people, with nothing that has happened to them.
    pub async fn peopled(self) -> Self {
        self.settle().await;
        self
    }

    /// The response looks at everything, as it does at the turn of a day.
    pub fn looked_at_everything(&self) {
        let store = &self.opened.office.store;
        let done = store.write(&store.system(), |unit| {
            unit.enqueue(outpace_core::trigger::RESPOND, &outpace_core::Trigger::Everything)
        });
        done.unwrap();
        self.settled();
    }

    /// The county of [`County::busy`] before anybody decided: a plan waits.
    pub async fn undecided() -> Self {
        let county = Self::quiet().charted().await;
        county.settle().await;
        county.furnish().await;
        county.sample().await;
        county.trace().await;
        county.assess().await;
        county
    }

    async fn settle(&self) {
        let place = |reference: i64, class: &str| json!({ "reference": reference, "class": class, "name": "场所", "name_en": "place", "area": GRID, "staff": 3 });
        let places = json!([place(1, "logistics_park"), place(2, "office")]);
        self.done(Role::Administrator, "/api/registry/import-places", json!({ "source": "test", "places": places }))
            .await;
        let households: Vec<Value> =
            (0..4).map(|family| json!({ "reference": family, "area": GRID, "kind": "family" })).collect();
        let request = json!({ "source": "test", "households": households });
        self.done(Role::Administrator, "/api/registry/import-households", request).await;
        let people: Vec<Value> = (0..12)
            .map(|number| {
                json!({ "reference": number, "household": number % 4, "born": "1985-03-01", "sex": "female",
                        "tags": if number == 11 { json!(["dialysis"]) } else { json!([]) },
                        "workplace": 1, "name": "张三", "id_number": format!("E7654{number:04}"),
                        "phone": format!("1390000{number:04}"), "absent": false })
            })
            .collect();
        let request = json!({ "source": "test", "by_reference": true, "people": people });
        self.done(Role::Administrator, "/api/registry/import-people", request).await;
        let vehicle = |reference: i64, kind: &str| {
            json!({ "reference": reference, "kind": kind, "plate": format!("V-{reference}"), "name": "车",
                    "name_en": "vehicle", "seats": 40, "drivers": 2, "sealed": true })
        };
        let vehicles = json!([vehicle(1, "bus"), vehicle(2, "ambulance")]);
        let request = json!({ "source": "test", "vehicles": vehicles });
        self.done(Role::Administrator, "/api/registry/import-vehicles", request).await;
    }

    async fn furnish(&self) {
        let facility = |code: &str, kind: &str| {
            json!({ "code": code, "kind": kind, "name": code, "name_en": code, "area": GRID, "rooms": 30,
                    "beds_per_room": 1, "ready": true })
        };
        let facilities = json!([facility("site", "quarantine_site"), facility("hospital", "hospital")]);
        self.done(Role::Administrator, "/api/isolation/import-facilities", json!({ "facilities": facilities })).await;
        let sites = json!([{ "key": "one", "name": { "zh": "一", "en": "one" }, "area": GRID, "lanes": 2, "samplers": 1,
                             "open": true }]);
        self.done(Role::SiteManager, "/api/screening/sites/import", json!({ "sites": sites })).await;
        let spec = json!({ "key": "lab", "name": { "zh": "县疾控", "en": "CDC" }, "area": GRID, "tubes_per_hour": 500,
                           "turnaround_minutes": 120, "leg_minutes": 60 });
        self.done(Role::SiteManager, "/api/screening/laboratories/set", json!({ "spec": spec })).await;
    }

    /// A round; one tube that is still open, one boxed, one that a laboratory has, and one positive.
    async fn sample(&self) {
        let round =
            json!({ "key": "r1", "name": { "zh": "首轮", "en": "first" }, "method": "pcr", "areas": [VILLAGE] });
        let planned = self.done(Role::SiteManager, "/api/screening/rounds/plan", round).await;
        let hour = planned["forecast"]["last_result_at"].clone();
        let open = json!({ "round": 1, "acknowledged_last_result_at": hour });
        self.done(Role::SiteManager, "/api/screening/rounds/open", open).await;
        let antigen = json!({ "key": "r2", "name": { "zh": "自测", "en": "self-tests" }, "method": "antigen",
                              "areas": [VILLAGE], "starts_at": self.now(), "ends_at": self.now().plus_hours(12) });
        let planned = self.done(Role::SiteManager, "/api/screening/rounds/plan", antigen).await;
        let hour = planned["forecast"]["last_result_at"].clone();
        let open = json!({ "round": planned["round"], "acknowledged_last_result_at": hour });
        self.done(Role::SiteManager, "/api/screening/rounds/open", open).await;
        for (tube, person) in [("TUBE-0001", 1), ("TUBE-0002", 2), ("TUBE-0003", 3)] {
            self.tube(tube, person, true).await;
        }
        self.tube("TUBE-0004", 4, false).await;
        for (code, tube) in [("BOX-1", "TUBE-0001"), ("BOX-2", "TUBE-0002"), ("BOX-3", "TUBE-0003")] {
            let pack = json!({ "box": code, "tubes": [tube], "site": 1 });
            self.done(Role::SiteManager, "/api/screening/boxes/pack", pack).await;
        }
        let give = json!({ "boxes": ["BOX-1", "BOX-3"], "to": "laboratory", "laboratory": 1 });
        self.done(Role::Sampler, "/api/screening/hand-overs/give", give).await;
        self.done(Role::Laboratory, "/api/screening/hand-overs/take", json!({ "leg": 1 })).await;
        let intake = json!({ "laboratory": 1, "tubes": ["TUBE-0001", "TUBE-0003"] });
        self.done(Role::Laboratory, "/api/screening/intake", intake).await;
        let give = json!({ "boxes": ["BOX-2"], "to": "courier" });
        self.done(Role::Sampler, "/api/screening/hand-overs/give", give).await;
        let results = json!({ "laboratory": 1, "results": [{ "tube": "TUBE-0001", "outcome": "positive" }] });
        self.done(Role::Laboratory, "/api/screening/results", results).await;
        self.settled();
    }

    async fn tube(&self, code: &str, person: i64, seal: bool) {
        let request = json!({ "tube": code, "lane": 1, "round": 1, "people": [{ "person": person }], "seal": seal });
        self.done(Role::SiteManager, "/api/screening/tubes", request).await;
    }

    async fn trace(&self) {
        let case = json!({ "person": 5, "stage": "confirmed", "found_how": "active_screening" });
        self.done(Role::Tracer, "/api/contacts/open-case", case).await;
        let (from, to) = (self.now().plus_hours(-30), self.now().plus_hours(-20));
        let visits = json!([{ "person": 5, "place": 1, "from": from, "to": to, "evidence": "interview" },
                            { "person": 6, "vehicle": 1, "from": from, "to": to, "evidence": "interview" }]);
        self.done(Role::Tracer, "/api/contacts/record-visits", json!({ "visits": visits })).await;
        let exposure = json!({ "person": 7, "setting": "household", "from": from, "to": to, "evidence": "interview" });
        let request = json!({ "case": 2, "found_how": "active_screening", "exposures": [exposure] });
        self.done(Role::Tracer, "/api/contacts/record-contacts", request).await;
        let left = json!({ "person": 8, "left_at": to, "to": "elsewhere", "evidence": "interview" });
        self.done(Role::Tracer, "/api/contacts/record-departure", left).await;
        let lot = json!({ "code": "LOT-1", "what": "parcel", "case": 2, "place": 1, "hands": [] });
        self.done(Role::Tracer, "/api/contacts/trace-lot", lot).await;
        let link = json!({ "infectee": 2, "infector": 1, "grounds": "shared meal" });
        self.done(Role::Tracer, "/api/contacts/record-link", link).await;
        let letter = json!({ "reference": "L-1", "from": 140_105, "people": [9], "summary": "asks" });
        self.done(Role::Tracer, "/api/contacts/receive-letter", letter).await;
        self.done(Role::Tracer, "/api/contacts/push-letter", json!({ "letter": 1, "area": VILLAGE })).await;
        self.settled();
    }

    async fn assess(&self) {
        let assess = json!({ "scope": { "areas": [VILLAGE] }, "finding": { "zone": { "level": "lockdown" } },
                             "expires_at": self.now().plus_days(20), "reason": { "zh": "扩散", "en": "spread" } });
        self.done(Role::Tracer, "/api/response/assess", assess).await;
        self.settled();
    }

    /// The lines that wait for an officer, by key, and whether they need two.
    pub async fn waiting(&self) -> Vec<(String, bool)> {
        let plan = self.done(Role::Commander, "/api/response/plan", json!({ "full": true })).await;
        let lines = plan["lines"].as_array().unwrap().iter().filter(|line| line["follows"] == json!(false));
        lines
            .map(|line| {
                let two = line["line"]["needs"]["approval"]["persons"] == json!(2);
                (line["line"]["key"].as_str().unwrap().to_owned(), two)
            })
            .collect()
    }

    /// Somebody says yes to everything that waits and that they may answer.
    pub async fn approve(&self, officer: &Actor) -> (u16, Value) {
        let plan = self.done(Role::Commander, "/api/response/plan", json!({})).await;
        let request = json!({ "plan": plan["plan"], "lines": [] });
        let (status, body) = self.ask(officer, "/api/response/approve", &request).await;
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    /// What two commanders agree to.
    async fn decide(&self) {
        for number in [1, 2] {
            let (status, body) = self.approve(&commander(number)).await;
            assert_eq!(status, 200, "{body}");
            self.settled();
        }
        let zones = self.done(Role::Commander, "/api/zoning/zones", json!({})).await;
        assert!(!zones["zones"].as_array().unwrap().is_empty(), "nobody decided anything");
        let words = json!({ "zh": "外部", "en": "from outside" });
        let by = json!({ "whom": "街道", "order_number": "7", "known_by": "complaint" });
        let seen = json!({ "person": 9, "kind": "home_quarantine", "reason": words, "starts_at": self.now(), "imposed_by": by });
        self.done(Role::Commander, "/api/isolation/observe-restriction", seen).await;
        let pass = json!({ "zone": zones["zones"][0]["zone"]["id"], "person": 9, "reason": words, "from_at": self.now(),
                           "to_at": self.now().plus_hours(2) });
        self.done(Role::Commander, "/api/zoning/issue-pass", pass).await;
    }

    async fn organise(&self) {
        let words = json!({ "zh": "一队", "en": "one" });
        let team = json!({ "key": "t1", "name": words, "people": 20 });
        self.done(Role::Commander, "/api/teams/form", team).await;
        self.done(Role::Commander, "/api/teams/deploy", json!({ "team": 1, "area": VILLAGE })).await;
        let target = json!({ "what": words, "area": VILLAGE, "horizon": "same_day" });
        self.done(Role::Commander, "/api/command/set-target", target).await;
        let notice = json!({ "kind": "measure", "audience": { "kind": "receivers", "to": ["street"] }, "area": VILLAGE, "title": words,
                             "body": words, "reference": { "kind": "none" } });
        self.done(Role::Commander, "/api/notices/publish", notice).await;
        let exempt = json!({ "people": [11], "reason": "medical" });
        self.done(Role::SiteManager, "/api/screening/exempt", exempt).await;
        let kits = json!({ "round": 2, "grid": GRID, "total": 9 });
        self.done(Role::GridWorker, "/api/screening/kits", kits).await;
    }

    /// One person on the way, one in the hospital, and a conflict about a signature.
    async fn move_people(&self) {
        let admit = json!({ "facility": 2, "people": [5], "signed_by": [1] });
        self.done(Role::FacilityStaff, "/api/isolation/admit", admit).await;
        let check = json!({ "facility": 2, "checks": [{ "person": 5, "celsius": 36.8 }] });
        self.done(Role::FacilityStaff, "/api/isolation/record-checks", check).await;
        let plan = self.done(Role::Commander, "/api/isolation/trip-plan", json!({})).await;
        let trips = json!({ "trips": [plan["trips"][0]["trip"]] });
        self.done(Role::Commander, "/api/isolation/open-trips", trips).await;
        self.settled();
    }
}

fn as_query(request: &Value) -> String {
    let fields = request.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    fields.collect::<Vec<_>>().join("&")
}
