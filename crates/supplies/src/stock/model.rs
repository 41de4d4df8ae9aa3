//! What is kept, where, and how much of it.

use outpace_core::{AreaId, DepotId, OrderId, PlaceId, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

outpace_registry::words! {
    /// What an item is for.
    pub enum ItemCategory {
        /// Sampling and testing: tubes, swabs, kits, transport boxes.
        Testing = "testing",
        /// Protection of who works: suits, masks, gloves.
        Protection = "protection",
        /// Disinfection.
        Disinfection = "disinfection",
        /// Food and what a household needs.
        Living = "living",
        /// Medicine.
        Medicine = "medicine",
        /// Beds and what a quarantine site needs.
        Quarantine = "quarantine",
        /// Anything else.
        Other = "other",
    }
}

/// Something that is kept in stock, counted in whole pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its key: small letters, digits, underscores.
    pub key: String,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// What one piece is, in both languages: `支 / tube`.
    pub unit: String,
    /// What it is for.
    pub category: ItemCategory,
    /// Days that the stock of a depot must last; below it an order is opened. 0 = nobody watches.
    pub days_min: i64,
}

/// The items that every county starts with. The days are our own setting: no document of the packs gives one.
#[must_use]
pub fn standard_items() -> Vec<Item> {
    use ItemCategory as C;
    let item = |key: &str, name: &str, name_en: &str, unit: &str, category, days_min| Item {
        key: key.to_owned(),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        unit: unit.to_owned(),
        category,
        days_min,
    };
    vec![
        item("sampling_tube", "采样管", "sampling tube", "支 / tube", C::Testing, 3),
        item("swab", "采样拭子", "swab", "支 / swab", C::Testing, 3),
        item("antigen_kit", "抗原试剂盒", "antigen kit", "份 / kit", C::Testing, 3),
        item("transport_box", "样本转运箱", "transport box", "个 / box", C::Testing, 0),
        item("protective_suit", "防护服", "protective suit", "套 / suit", C::Protection, 3),
        item("n95_mask", "N95口罩", "N95 mask", "只 / mask", C::Protection, 3),
        item("gloves", "手套", "gloves", "双 / pair", C::Protection, 3),
        item("disinfectant", "消毒剂", "disinfectant", "升 / litre", C::Disinfection, 3),
        item("food_parcel", "生活物资包", "food parcel", "份 / parcel", C::Living, 2),
        item("meal", "盒饭", "meal", "份 / meal", C::Living, 0),
        item("medicine", "常用药品", "common medicine", "份 / pack", C::Medicine, 3),
        item("bed", "床位套件", "bed with bedding", "套 / bed", C::Quarantine, 0),
    ]
}

outpace_registry::words! {
    /// What a place of stock is.
    pub enum DepotKind {
        /// A depot of the county or a township.
        Depot = "depot",
        /// Where it is used: a sampling site, a quarantine site, a compound.
        Point = "point",
    }
}

/// Where stock lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Depot {
    /// Its id.
    pub id: DepotId,
    /// Chinese name; unique.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Depot or point of use.
    pub kind: DepotKind,
    /// The area it stands in: any level.
    pub area: AreaId,
    /// The place of the registry that it is, if one.
    #[serde(default)]
    pub place: Option<PlaceId>,
}

/// So many of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = SuppliesLine)]
pub struct Line {
    /// The item's key.
    pub item: String,
    /// Pieces.
    pub quantity: i64,
}

outpace_registry::words! {
    /// Why a quantity changed.
    pub enum LedgerReason {
        /// Came in from outside.
        Received = "received",
        /// Handed out for use.
        Issued = "issued",
        /// Seen to have been used.
        Used = "used",
        /// A count found more or less than the book.
        Counted = "counted",
        /// Sent to another depot.
        Sent = "sent",
        /// Arrived from another depot.
        Delivered = "delivered",
    }
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerRow {
    /// The fact.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: LedgerReason,
    /// Pieces: in is positive, out is negative.
    pub change: i64,
    /// From whom, to whom, which paper.
    pub note: String,
}

/// What there is of an item in a depot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StockRow {
    /// Where.
    pub depot: DepotId,
    /// The item.
    pub item: String,
    /// Pieces on hand by the book. Negative when more was seen used than ever came in: somebody must count.
    pub on_hand: i64,
    /// Pieces that ever came in: received, delivered, found by a count.
    pub came_in: i64,
    /// Pieces that ever went out: issued, used, sent, missed by a count.
    pub went_out: i64,
    /// Pieces a day: as planned, else as used of late; `None` where neither is known.
    pub per_day: Option<i64>,
    /// Whole hours that the stock lasts at that rate.
    pub hours_left: Option<i64>,
    /// The same in days, for people.
    pub days_left: Option<f64>,
}

/// Stock that will not last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shortage {
    /// Where.
    pub depot: DepotId,
    /// Of what.
    pub item: String,
    /// Since when.
    pub since: Timestamp,
    /// Hours that were left when it was found.
    pub hours_left: i64,
    /// The order to deliver more.
    pub order: OrderId,
}

/// The conservation law of one item over all depots: what came from outside, less what was used, is on hand, under
/// way or lost. A difference is our error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SuppliesConservation)]
pub struct Conservation {
    /// The item.
    pub item: String,
    /// Received from outside.
    pub received: i64,
    /// Found by counts, less what they missed.
    pub counted: i64,
    /// Issued or used.
    pub used: i64,
    /// On hand in all depots.
    pub on_hand: i64,
    /// Sent and not yet received.
    pub under_way: i64,
    /// Sent and not among what was received; less what was received and never sent.
    pub lost: i64,
    /// What does not add up; 0 where all is well.
    pub difference: i64,
}
