//! What a scenario says, as types. Hours are moments; keys that the program knows are closed enums.

use std::collections::BTreeMap;
use std::path::PathBuf;

use outpace_core::{AreaId, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::laboratory::Truth;
use crate::population::{PlaceClass, RiverSide};

/// A scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The folder that it was read from.
    pub folder: PathBuf,
    /// Its id, such as `qingxu-2022`.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// The county in which it plays.
    pub county: AreaId,
    /// The jurisdiction profile.
    pub profile: String,
    /// The policy pack where nobody asks for another.
    pub pack: String,
    /// Minutes by which local clocks are ahead of UTC.
    pub utc_offset_minutes: i64,
    /// What all drawing starts from.
    pub seed: u64,
    /// When the office is opened: everything is set up before the day begins.
    pub opens_at: Timestamp,
    /// When the day begins.
    pub starts_at: Timestamp,
    /// The end of the golden 24 hours.
    pub mark_24h_at: Timestamp,
    /// When the drill ends.
    pub ends_at: Timestamp,
    /// Files beside it.
    pub files: Files,
    /// What was there.
    pub resources: Vec<Resource>,
    /// The designated hospitals.
    pub hospitals: Vec<Facility>,
    /// The quarantine sites.
    pub facilities: Vec<Facility>,
    /// The laboratories.
    pub laboratories: Vec<Laboratory>,
    /// What officers judged.
    pub assessments: Vec<Assessment>,
    /// How people behave.
    pub behaviour: Behaviour,
    /// The steps of the day, in the order of the file.
    pub steps: Vec<Step>,
    /// Rates that the reports do not give.
    pub rates: Rates,
    /// The reference table.
    pub checkpoints: Vec<CheckpointSpec>,
    pub(super) truth: Truth,
}

/// Files beside the scenario, by name.
#[derive(Debug, Clone)]
pub struct Files {
    /// Areas (CSV).
    pub areas: String,
    /// Boundaries (GeoJSON).
    pub boundaries: String,
    /// The river (GeoJSON).
    pub river: String,
}

/// People, vehicles, things: so many, from an hour on. Always an input.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// How many.
    pub amount: i64,
    /// From when it can be used.
    pub from: Timestamp,
    /// Whether the amount is the drill's own setting and no report's.
    pub assumed: bool,
}

/// A place with beds.
#[derive(Debug, Clone)]
pub struct Facility {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// The village or community that it stands in.
    pub area: AreaId,
    /// Beds, one to a room.
    pub beds: i64,
    /// Longitude, degrees WGS-84, approximate.
    pub lon: f64,
    /// Latitude, degrees WGS-84, approximate.
    pub lat: f64,
}

/// A laboratory.
#[derive(Debug, Clone)]
pub struct Laboratory {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub area: AreaId,
    /// Tubes that it tests in an hour.
    pub tubes_per_hour: i64,
    /// Minutes from the machine's start to the report.
    pub turnaround_minutes: i64,
    /// Minutes of the way from the sites that it serves.
    pub leg_minutes: i64,
    /// From when it works.
    pub from: Timestamp,
}

/// What an assessment finds. Closed: what follows from each is the system's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The workers of places are close contacts.
    CloseContacts,
    /// Lockdown.
    Lockdown,
    /// Control.
    Control,
    /// Precaution.
    Precaution,
    /// Medium risk, beside the zone level.
    Medium,
    /// Classes of places are closed.
    CloseClasses,
}

/// The places that the population makes and a scenario can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedPlace {
    /// The logistics park.
    Park,
    /// Its distribution centre.
    DistributionCentre,
}

/// An assessment that officers sign.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// When it was signed.
    pub at: Timestamp,
    /// What it finds.
    pub finding: Finding,
    /// The areas that it is about.
    pub areas: Vec<AreaId>,
    /// All villages on this side of the river.
    pub side: Option<RiverSide>,
    /// The places that it is about.
    pub places: Vec<NamedPlace>,
    /// The classes of places that it is about.
    pub classes: Vec<PlaceClass>,
    /// Its finding and ground in words.
    pub text: Text,
    /// Days after which it expires.
    pub valid_days: i64,
}

/// How people behave: drawn from the seed, given to the drill.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// People who come to be sampled east of the river.
    pub east_came: usize,
    /// Of those who could have come and did not, how many in a hundred are exempt.
    pub exempt_percent: usize,
    /// Of a thousand at home west of the river, how many do not report their self-test.
    pub antigen_silent_permille: usize,
    /// Of a thousand who come, how many have fever or an abnormal status.
    pub abnormal_permille: usize,
}

/// Rates that the reports do not give; all of them are assumptions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Single swabs that one medic takes in an hour at night.
    pub night_swabs_per_hour_medic: i64,
    /// People an hour through one lane.
    pub lane_people_per_hour: i64,
    /// Minutes between two courier cars at a site.
    pub courier_every_minutes: i64,
    /// Tubes in a box at the most.
    pub box_tubes_max: usize,
    /// Minutes of an ambulance's run, disinfection not counted.
    pub ambulance_minutes: i64,
    /// Minutes to fill a bus.
    pub bus_boarding_minutes: i64,
    /// Minutes of a bus's way to a quarantine site.
    pub bus_ride_minutes: i64,
    /// Minutes between two departures.
    pub bus_departure_every_minutes: i64,
    /// Boxes on a truck.
    pub truck_boxes: i64,
    /// Minutes from a plan that stands ready to the officers' yes.
    pub decision_minutes: i64,
    #[serde(default)]
    #[allow(dead_code, reason = "a label for the reader of the file")]
    assumed: bool,
}

/// The steps that the player knows how to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKey {
    /// A test of the evening before is positive.
    FirstPositive,
    /// The response's first measures are taken up.
    FirstResponse,
    /// The person found goes to hospital.
    AmbulanceIndex,
    /// The switch to emergency.
    Emergency,
    /// Task forces start, teams reach the townships.
    TeamsOut,
    /// The distribution centre is held.
    HoldCentre,
    /// Its workers are sampled.
    NightSampling,
    /// Their results come.
    NightResults,
    /// The positives leave.
    NightAmbulances,
    /// County staff are out.
    StaffOut,
    /// Antigen tests west of the river.
    AntigenWest,
    /// Sites and lanes east of the river are made ready.
    RoundPrepared,
    /// Beds are made ready.
    BedsReady,
    /// Officers sign their assessments.
    Assessments,
    /// The plan is approved, zones are published.
    Zones,
    /// Members reach the villages.
    MembersOut,
    /// PCR east of the river.
    RoundEast,
    /// Workers of the park are moved to beds.
    Transfer,
    /// Trucks are unloaded.
    Trucks,
    /// Results of the round, and what follows from a positive.
    RoundResults,
}

/// A step of the day.
#[derive(Debug, Clone)]
pub struct Step {
    /// Which.
    pub key: StepKey,
    /// Its name.
    pub name: Text,
    /// The reported hour at which it begins.
    pub at: Timestamp,
    /// How long it takes with what it uses; 0 where that comes out of what happens.
    pub minutes: i64,
    /// Steps that must be done before.
    pub needs: Vec<StepKey>,
    /// What it uses while it lasts.
    pub uses: BTreeMap<String, i64>,
}

/// What a figure of the report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Given to the drill.
    Input,
    /// What the system must reach.
    Outcome,
}

/// A reported or reached figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// Yes or no.
    Yes(bool),
    /// A count.
    Count(i64),
    /// Words.
    Words(Text),
}

/// How a reached figure is held against the reported one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The same.
    #[default]
    Exactly,
    /// As many or more: the report says "more than".
    AtLeast,
}

/// How a figure is asked of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// A resource of the scenario: an input.
    Given(String),
    /// A question to the system.
    Asked(Question),
}

/// The questions that the score knows to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Whether there is a case.
    FirstCase,
    /// Whether the county is in emergency.
    Emergency,
    /// How many task forces are at work.
    TaskForces,
    /// How many tackle teams reached their township.
    TackleTeams,
    /// Whether the distribution centre is held.
    CentreHeld,
    /// How many were sampled there.
    NightSampled,
    /// Whether every positive of the night is at the hospital.
    NightPositivesGone,
    /// Whether kits went out and reports came in from every village west of the river.
    AntigenWest,
    /// How many county staff reported in.
    CountyStaff,
    /// How many areas and places are locked.
    Locked,
    /// Whether every village east of the river is under control or stricter.
    EastControlled,
    /// Whether the county is on precaution.
    CountyPrecaution,
    /// Whether the park is at medium risk.
    ParkMedium,
    /// Whether post and parcel services are closed.
    PostClosed,
    /// How many members reached their village.
    Members,
    /// How many villages they reached.
    MemberVillages,
    /// How many beds are ready.
    Beds,
    /// How many were sampled in the window of the round.
    SampledInWindow,
    /// How many vehicles moved workers of the park.
    TransferVehicles,
    /// How many workers of the park were taken in.
    Transferred,
    /// How many trucks were unloaded.
    TrucksUnloaded,
    /// How many boxes they put into stock.
    BoxesInStock,
    /// Whether every tube of the round has a result.
    RoundResulted,
    /// The conservation law of tubes.
    TubesDifference,
    /// The conservation law of people.
    PeopleDifference,
    /// Orders that lack an owner, a deadline or a state.
    OrdersIncomplete,
}

/// A row of the reference table.
#[derive(Debug, Clone)]
pub struct CheckpointSpec {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// The reported hour.
    pub at: Timestamp,
    /// Input or outcome.
    pub kind: FigureKind,
    /// What the report says.
    pub reported: Figure,
    /// How the two are compared.
    pub compare: Compare,
    /// How the figure is asked of the system.
    pub measure: Measure,
}
