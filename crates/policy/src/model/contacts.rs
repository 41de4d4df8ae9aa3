//! Who is a contact: by the setting of the exposure, and aboard vehicles.

use crate::{Every, Sourced};

closed! {
    /// Class of a contact.
    pub enum ContactClass: "contact class" {
        /// Close contact.
        Close = "close" / "密切接触者",
        /// Contact of a close contact.
        ContactOfContact = "contact_of_contact" / "密接的密接",
        /// Casual contact: was there, but not close.
        Casual = "casual" / "一般接触者",
        /// Exposed at an outbreak venue (9th edition).
        OutbreakVenue = "outbreak_venue" / "涉疫场所暴露人员",
        /// No contact.
        None = "none" / "不判定",
    }
}

closed! {
    /// Where an exposure took place.
    pub enum Setting: "exposure setting" {
        /// Lives in the same household.
        Household = "household" / "同住",
        /// Shares a bedroom or dormitory room.
        Room = "room" / "同室",
        /// Works in the same workshop, office or shift.
        Workplace = "workplace" / "同工作场所",
        /// Shares a classroom or study room.
        Study = "study" / "同教室",
        /// Ate at the same table.
        Meal = "meal" / "同餐",
        /// Cared for the person, or was cared for.
        Care = "care" / "照护",
        /// Diagnosis and nursing without sufficient protection.
        Medical = "medical" / "诊疗护理",
        /// Same hospital ward.
        Ward = "ward" / "同病房",
        /// Leisure and entertainment together.
        Leisure = "leisure" / "娱乐",
        /// Same vehicle: who counts is a matter of the rules of vehicles.
        Vehicle = "vehicle" / "同交通工具",
        /// Same place or venue at the same time.
        Place = "place" / "同场所同时空",
        /// Same school, other classroom.
        School = "school" / "同学校",
        /// Handled the same goods.
        Goods = "goods" / "同货物",
        /// Another kind of exposure, described in words.
        Other = "other" / "其他",
    }
}

section! {
    /// Who is a contact of which class.
    pub struct ContactRules {
        /// What an exposure to a case means, by setting.
        settings: Every<Setting, SettingRules>,
        /// Contacts of close contacts.
        second_ring: SecondRingRules,
    }
}

section! {
    /// What an exposure to a case in one setting means.
    pub struct SettingRules {
        /// Class of those exposed for at least `minutes_min`.
        class: Sourced<ContactClass>,
        /// Shared minutes from which the class counts; 0 = any.
        minutes_min: Sourced<u32>,
        /// Class of those exposed for less.
        class_below: Sourced<ContactClass>,
    }
}

impl SettingRules {
    /// The class that an exposure of so many shared minutes gives, with its ground.
    #[must_use]
    pub fn class_for(&self, minutes: u32) -> &Sourced<ContactClass> {
        if minutes >= self.minutes_min.value { &self.class } else { &self.class_below }
    }
}

section! {
    /// Contacts of close contacts. The window runs from the close contact's first exposure to the case until the
    /// close contact is isolated.
    pub struct SecondRingRules {
        /// False where the edition no longer determines them.
        determined: Sourced<bool>,
        /// Settings shared with a close contact that make someone a contact of contact.
        settings: Sourced<Vec<Setting>>,
        /// True where a contact of contact becomes a close contact when the close contact turns positive.
        becomes_close_when_linked_positive: Sourced<bool>,
    }
}

closed! {
    /// Kind of vehicle, as far as it decides who aboard counts.
    pub enum VehicleKind: "kind of vehicle" {
        /// Sealed, air-conditioned bus.
        BusSealed = "bus_sealed" / "密闭空调客车",
        /// Ventilated bus.
        BusVentilated = "bus_ventilated" / "通风客车",
        /// Aircraft.
        Aircraft = "aircraft" / "飞机",
        /// Sealed train: seats or hard sleepers.
        TrainCarriage = "train_carriage" / "全封闭空调列车硬座硬卧",
        /// Sealed train: soft sleepers.
        TrainCompartment = "train_compartment" / "软卧",
        /// Car, taxi, van or truck cab.
        Car = "car" / "小汽车",
    }
}

section! {
    /// Who aboard a vehicle is a close contact; everyone else aboard is of `class_elsewhere`.
    pub struct VehicleRules {
        /// The part of the vehicle whose people are close contacts.
        scope: Sourced<VehicleScope>,
        /// Rows before and behind the case, where the scope is rows; else 0.
        rows: Sourced<u32>,
        /// True where the crew who served the case count too.
        crew: Sourced<bool>,
        /// Class of the others aboard.
        class_elsewhere: Sourced<ContactClass>,
    }
}

closed! {
    /// Part of a vehicle.
    pub enum VehicleScope: "scope aboard" {
        /// Everyone aboard.
        All = "all" / "全部人员",
        /// The case's row and some rows before and behind.
        Rows = "rows" / "同排及前后排",
        /// The whole carriage.
        Carriage = "carriage" / "同车厢",
        /// The same compartment.
        Compartment = "compartment" / "同包厢",
    }
}
