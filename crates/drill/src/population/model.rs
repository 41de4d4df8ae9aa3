//! What a synthetic county is made of: villages, grids, households, people, places, rooms and vehicles. Plain data;
//! the processes beside this file fill it in, and [`super::rows`] writes it out.

use outpace_core::AreaId;
use serde::{Deserialize, Serialize};

use super::areas::RiverSide;
use super::care::CareTags;
use super::classes::PlaceClass;

macro_rules! references {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        ///
        /// Dense numbers from 1, in the order in which the population lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// Where it stands in the population's list.
            #[must_use]
            pub fn index(self) -> usize { (self.0 as usize).saturating_sub(1) }

            /// The reference of what stands at `index` in the population's list. Lists longer than a `u32` do not occur.
            #[must_use]
            pub fn at(index: usize) -> Self { Self(u32::try_from(index + 1).unwrap_or(u32::MAX)) }
        }
    )* };
}

references! {
    /// A person.
    PersonRef;
    /// A household.
    HouseholdRef;
    /// A place.
    PlaceRef;
    /// A room of a place.
    RoomRef;
    /// A vehicle.
    VehicleRef;
}

/// Sex as registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
}

impl Sex {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Male => Self::Female,
            Self::Female => Self::Male,
        }
    }
}

/// What a person is in the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// One of the couple, the single parent, or the person alone.
    Core,
    /// A child of the core, of any age.
    Child,
    /// A parent of the core.
    Elder,
    /// Another relative, at least 18.
    Other,
    /// Someone in a dormitory room.
    Lodger,
}

/// Whether the person is in the county in the days of the drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// In the county.
    Present,
    /// Living elsewhere for work.
    AwayWorking,
    /// Living elsewhere to study.
    AwayStudying,
    /// With family elsewhere.
    AwayFamily,
}

/// What fills a person's days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// At home.
    Home,
    /// At a kindergarten or school.
    Pupil,
    /// At a workplace of the county.
    Worker,
    /// On the fields.
    Farmer,
    /// Odd jobs and own trade, with no fixed place.
    SelfEmployed,
    /// At work in the city by day, home in the evening.
    Commuter,
}

/// When a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// 08:00 to 20:00.
    Day,
    /// 20:00 to 08:00 of the next day.
    Night,
    /// 08:30 to 17:30, Monday to Friday.
    Office,
}

/// A village or community that the population lives in.
#[derive(Debug, Clone, PartialEq)]
pub struct Village {
    /// Its code.
    pub area: AreaId,
    /// Its Chinese name, as registered.
    pub name: String,
    /// Its English name.
    pub english: String,
    /// Its township's Chinese name.
    pub township_name: String,
    /// Its township's English name.
    pub township_english: String,
    /// Residents.
    pub residents: u32,
    /// Longitude of its seat, degrees WGS-84.
    pub lon: f64,
    /// Latitude of its seat, degrees WGS-84.
    pub lat: f64,
    /// Its bank of the Fen.
    pub river_side: Option<RiverSide>,
    /// Whether it is a community (flats) and not a village (houses).
    pub community: bool,
}

impl Village {
    /// Its township's code.
    #[must_use]
    pub fn township(&self) -> AreaId {
        AreaId(self.area.0 / 1000)
    }

    /// Its name without the word for its committee: 王答村委会 is 王答村.
    #[must_use]
    pub fn plain_name(&self) -> &str {
        let name = self.name.as_str();
        name.strip_suffix("居委会").or_else(|| name.strip_suffix("委会")).unwrap_or(name)
    }
}

/// A grid: some hundreds of households with one grid worker. In a community it is one compound (小区).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Its code: the village's code, times 1000, plus its number from 1 (901 for the park's dormitories).
    pub area: AreaId,
    /// The village.
    pub parent: AreaId,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Longitude, degrees WGS-84, approximate.
    pub lon: f64,
    /// Latitude, degrees WGS-84, approximate.
    pub lat: f64,
    /// Households in it.
    pub households: u32,
    /// Residents in it, present or not.
    pub people: u32,
}

/// What kind of household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseholdKind {
    /// A family household.
    Family,
    /// A room of a dormitory.
    Dormitory,
}

/// People who live together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Household {
    /// The village, as an index into [`super::Population::villages`].
    pub village: u16,
    /// The grid.
    pub grid: AreaId,
    /// Number within the grid, from 1: gives the address.
    pub number: u16,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// The first of its people.
    pub first: PersonRef,
    /// How many people.
    pub size: u8,
    /// The household that lets the home to this one; `None` where it owns it.
    pub landlord: Option<HouseholdRef>,
}

/// A person, without name: identities are made by [`super::Population::identity`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person {
    /// The household; nobody is in two.
    pub household: HouseholdRef,
    /// Date of birth.
    pub born: jiff::civil::Date,
    /// Sex.
    pub sex: Sex,
    /// Role in the household.
    pub role: Role,
    /// In the county or not.
    pub presence: Presence,
    /// Care needs.
    pub tags: CareTags,
    /// What fills the days.
    pub activity: Activity,
    /// When a worker works.
    pub shift: Option<Shift>,
    /// The workplace of a worker or the school of a pupil.
    pub place: Option<PlaceRef>,
    /// The class of a pupil, the team room of a worker.
    pub room: Option<RoomRef>,
    /// The bus or shuttle usually taken on working days.
    pub vehicle: Option<VehicleRef>,
    /// Number among those born on the same day with the same sex, from 0: gives the made-up ID number.
    pub birth_number: u16,
}

impl Person {
    /// Whether the person is in the county.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.presence == Presence::Present
    }

    /// Age in full years on a day; 0 before birth.
    #[must_use]
    pub fn age_on(&self, day: jiff::civil::Date) -> u8 {
        let years = day.year() - self.born.year();
        let before_birthday = (day.month(), day.day()) < (self.born.month(), self.born.day());
        u8::try_from(years - i16::from(before_birthday)).unwrap_or(0)
    }
}

/// A place where people meet. All names are made up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its reference.
    pub place_ref: PlaceRef,
    /// The place that it is part of.
    pub part_of: Option<PlaceRef>,
    /// Its class.
    pub class: PlaceClass,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// The grid that it stands in.
    pub area: AreaId,
    /// Longitude, degrees WGS-84, approximate.
    pub lon: f64,
    /// Latitude, degrees WGS-84, approximate.
    pub lat: f64,
    /// People who work there.
    pub staff: u32,
}

/// What a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// A class of a school.
    Classroom,
    /// A team, line or office of a workplace.
    Workroom,
    /// A room where people sleep: its people are one household of kind dormitory.
    Dormitory,
}

/// A room of a place: people of one room meet every working day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Its reference.
    pub room_ref: RoomRef,
    /// The place that it is in.
    pub place_ref: PlaceRef,
    /// What it is for.
    pub kind: RoomKind,
    /// Its number within the place, from 1.
    pub number: u32,
    /// The household that sleeps in it, for a dormitory.
    pub household_ref: Option<HouseholdRef>,
}

/// What a vehicle is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleKind {
    /// Takes park workers home and back.
    Shuttle,
    /// Takes pupils to school and back.
    SchoolBus,
    /// A county bus line between two townships.
    CountyBus,
}

/// A vehicle with usual riders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vehicle {
    /// Its reference.
    pub vehicle_ref: VehicleRef,
    /// What it is used for.
    pub kind: VehicleKind,
    /// A made-up plate: 演 begins no real one.
    pub plate: String,
    /// Chinese name of the line.
    pub name_zh: String,
    /// English name of the line.
    pub name_en: String,
    /// Seats for passengers.
    pub seats: u32,
    /// How many usually ride in it.
    pub riders: u32,
}

/// The parcel logistics park where the drill's first positive is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Park {
    /// The park as a place.
    pub place_ref: PlaceRef,
    /// Its distribution centre, part of the park.
    pub distribution_centre: PlaceRef,
    /// The grid that holds the park, its dormitories and nothing else.
    pub grid: AreaId,
    /// All workers of the park, those of the distribution centre first.
    pub workers: Vec<PersonRef>,
    /// How many of [`Park::workers`] belong to the distribution centre.
    pub distribution_centre_workers: u32,
}
