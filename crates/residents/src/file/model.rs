//! The parts of a file.

use outpace_contacts::check_ins::SignalReason;
use outpace_core::{OrderId, PersonId, PlaceId, RestrictionId, Role, Seq, Text, Timestamp};
use outpace_isolation::restrictions::Certificate;
use outpace_policy::StatusColour;
use outpace_registry::people::guardians::Guardian;
use outpace_registry::{Identity, Person};
use outpace_response::status_page::RetestDue;
use outpace_screening::reads::PersonSample;
use outpace_status::ColourReason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::Entry;
use crate::requests::Request;

/// Whose file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnFileQuery)]
pub struct FileQuery {
    /// For whom one acts; oneself where absent.
    #[serde(default)]
    pub person: Option<PersonId>,
}

/// A fact that something rests on, as far as the person may know it: what kind, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GroundFact)]
pub struct Ground {
    /// Its number in the journal, by which anybody who checks finds it.
    pub seq: Seq,
    /// What it is.
    pub what: Text,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A measure on the person, in force or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnMeasure)]
pub struct Measure {
    /// Its number; an appeal names it.
    pub restriction: RestrictionId,
    /// How.
    pub name: Text,
    /// Why.
    pub reason: Text,
    /// By which clause.
    pub clause: String,
    /// The facts that it rests on.
    pub facts: Vec<Ground>,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when at the latest.
    pub ends_at: Timestamp,
    /// Whether it binds now.
    pub in_force: bool,
    /// What lifts it before.
    pub lifted_by: Text,
    /// When and how it ended, where it did.
    pub ended: Option<Text>,
    /// Whether an appeal against it waits for an answer.
    pub appeal_waits: bool,
    /// Whether others imposed it, outside of this system; then the appeal goes to them.
    pub imposed_by_others: bool,
}

/// A stay somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnVisit)]
pub struct VisitLine {
    /// The place; absent for a vehicle.
    pub place: Option<PlaceId>,
    /// Its name.
    pub name: Text,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How it is known.
    pub known_by: Text,
    /// Set where a code was read that proves nothing: it counts as no stay.
    pub signal: Option<SignalReason>,
}

/// An infection of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnCase)]
pub struct CaseLine {
    /// How far it is known.
    pub stage: Text,
    /// When it was found.
    pub found_at: Timestamp,
    /// Why it was none, where it was excluded.
    pub excluded_because: Option<String>,
}

/// A contact with somebody infected. Who that was is not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnContact)]
pub struct ContactLine {
    /// Of which class.
    pub class: Text,
    /// In what setting.
    pub setting: Text,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// Why it was none, where it was taken back.
    pub excluded_because: Option<String>,
}

/// A piece of work about the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnOrder)]
pub struct OrderLine {
    /// Its number.
    pub order: OrderId,
    /// What is to be done.
    pub title: Text,
    /// Where it stands.
    pub state: Text,
    /// Until when.
    pub deadline_at: Timestamp,
}

/// A notice to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnNotice)]
pub struct NoticeLine {
    /// Title.
    pub title: Text,
    /// Words.
    pub body: Text,
    /// When.
    pub at: Timestamp,
}

/// A letter of another area, or to one, that names the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnLetter)]
pub struct LetterLine {
    /// Whether it was sent by us; else we received it.
    pub sent: bool,
    /// The other area.
    pub other: Text,
    /// When.
    pub at: Timestamp,
}

/// Somebody looked at who the person is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnLook)]
pub struct LookLine {
    /// The fact.
    pub seq: Seq,
    /// The account: a function, never a person's name.
    pub account: String,
    /// In which role; absent where the account is gone.
    pub role: Option<Role>,
    /// When.
    pub at: Timestamp,
    /// What for, in their words.
    pub purpose: String,
}

/// Somebody went beyond their role or area for a short time, and what they could see holds this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnGlass)]
pub struct GlassLine {
    /// Its number.
    pub glass: i64,
    /// The account: a function, never a person's name.
    pub account: String,
    /// In which role; absent where the account is gone.
    pub role: Option<Role>,
    /// From when on.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why, in their words.
    pub reason: String,
    /// Requests made by it.
    pub uses: i64,
    /// Whether it was about this person; else about the area in which they live.
    pub about_me: bool,
}

/// A list with the person's name left the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnExport)]
pub struct ExportLine {
    /// Its number.
    pub export: i64,
    /// What for.
    pub purpose: String,
    /// The account that made it.
    pub account: String,
    /// When.
    pub at: Timestamp,
    /// Until when it could be opened.
    pub until: Timestamp,
}

/// Who answers for the person's household and grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoToCall {
    /// In which post.
    pub post: Text,
    /// Who: a team or a post of a unit.
    pub who: Text,
}

/// Of whom one may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedAbout {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: Option<String>,
    /// Whether it is oneself.
    pub own: bool,
}

/// Everything that is held about a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// The moment of the answer.
    pub at: Timestamp,
    /// Minutes east of Greenwich: days and hours are local.
    pub offset_minutes: i64,
    /// Of whom one may ask: oneself, and whom one acts for.
    pub people: Vec<AskedAbout>,
    /// As everybody who works here sees them: without a name.
    pub person: Person,
    /// As the vault holds them.
    pub identity: Option<Identity>,
    /// The colour.
    #[schema(value_type = String, example = "green")]
    pub colour: StatusColour,
    /// Why, the gravest first.
    pub reasons: Vec<ColourReason>,
    /// When the last sample was taken.
    pub last_sample_at: Option<Timestamp>,
    /// When the last sample that was found negative was taken.
    pub last_negative_at: Option<Timestamp>,
    /// A test that is owed.
    pub retest: Option<RetestDue>,
    /// Measures, the newest first.
    pub measures: Vec<Measure>,
    /// Whom to call.
    pub who_to_call: Vec<WhoToCall>,
    /// Appeals and corrections, the newest first.
    pub requests: Vec<Request>,
    /// Who looked at the identity, the newest first.
    pub looks: Vec<LookLine>,
    /// Who went beyond their role or area where this person was to be seen, newest first.
    pub glass: Vec<GlassLine>,
    /// Lists with the person's name that left the house, the newest first.
    pub exports: Vec<ExportLine>,
    /// Codes that were handed out for this file, the newest first.
    pub entries: Vec<Entry>,
    /// Samples and results, the newest first.
    pub samples: Vec<PersonSample>,
    /// Stays and check-ins, the newest first.
    pub visits: Vec<VisitLine>,
    /// Infections.
    pub cases: Vec<CaseLine>,
    /// Contacts with infected people.
    pub contacts: Vec<ContactLine>,
    /// Work about the person.
    pub orders: Vec<OrderLine>,
    /// Notices.
    pub notices: Vec<NoticeLine>,
    /// Letters that name the person.
    pub letters: Vec<LetterLine>,
    /// Certificates of release.
    pub certificates: Vec<Certificate>,
    /// Who acts for the person.
    pub guardians: Vec<Guardian>,
}
