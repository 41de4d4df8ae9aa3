//! What the page shows at one moment: the same shape as `web/src/lib/live.ts`, field by field. Names, units and
//! limits are described there; a test reads the page's sample with these types, so that the two cannot drift.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use outpace_core::Text;

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* #[allow(missing_docs)] pub $field: $kind,)* }
    )* };
}

shapes! {
    /// Everything the page shows at one moment. `scenario` and `timeline` are set by the player of a drill.
    Live {
        now: i64,
        clock: String,
        offset_minutes: i64,
        drill: bool,
        scenario: serde_json::Value,
        jurisdiction: Jurisdiction,
        head: HeadShown,
        command: CommandShown,
        pack: PackName,
        verbs: Vec<VerbCount>,
        conservation: ConservationShown,
        flow: FlowShown,
        rounds: Vec<RoundShown>,
        zones: Vec<ZoneShown>,
        closures: Vec<ClosureShown>,
        orders: OrdersShown,
        plan: Option<PlanShown>,
        timeline: serde_json::Value,
        supplies: Vec<SupplyShown>,
        trucks: TrucksShown,
        trips: TripsShown,
        beds: BedsShown,
        cases: CasesShown,
        holds: HoldsShown,
        glass: i64,
        sites: Vec<SiteShown>,
        facilities: Vec<FacilityShown>,
    }
    /// The city or county.
    Jurisdiction { code: i64, name: Text, people: i64, }
    /// The newest entry of the journal.
    HeadShown { seq: i64, hash: String, }
    /// Peacetime or emergency.
    CommandShown { mode: String, level: Option<Text>, since: Option<i64>, task_forces: i64, }
    /// The pack in force.
    PackName { id: String, name: Text, }
    /// One of the six verbs. `sample`, `transfer`, `take_in` count people; `send`, `test`, `report` count tubes.
    VerbCount { verb: String, waiting: i64, under_way: i64, done: i64, late: i64, }
    /// The conservation law.
    ConservationShown {
        difference: i64,
        sealed: i64,
        received: i64,
        resulted: i64,
        pending: i64,
        lost: i64,
        people_difference: i64,
    }
    /// Tubes that are late, and the load of the laboratories.
    FlowShown { late: Vec<LateCount>, tubes: Vec<LateTubeShown>, laboratories: Vec<LaboratoryShown>, }
    /// Late tubes against one deadline.
    LateCount { kind: String, tubes: i64, }
    /// A late tube with its last signature.
    LateTubeShown {
        tube: String,
        kind: String,
        due_at: i64,
        people: i64,
        custody: String,
        place: Option<Text>,
        signed_by: Option<String>,
        signed_at: i64,
        leg: Option<i64>,
        #[serde(rename = "box")]
        in_box: Option<String>,
    }
    /// A laboratory's load.
    LaboratoryShown {
        id: i64,
        name: Text,
        pending: i64,
        on_the_way: i64,
        per_hour: i64,
        real_per_hour: i64,
        late: i64,
        last_result_at: Option<i64>,
    }
    /// A screening round.
    RoundShown {
        id: i64,
        name: Text,
        state: String,
        method: String,
        due: i64,
        sampled: i64,
        missing: i64,
        exempt: i64,
        absent: i64,
        quarantine: i64,
        opened_at: i64,
        closes_at: Option<i64>,
        last_result_at: Option<i64>,
        promise_at: Option<i64>,
        unsynced_lanes: i64,
    }
    /// A zone in force.
    ZoneShown {
        id: i64,
        name: Text,
        areas: Vec<i64>,
        places: Vec<ZonePlace>,
        level: String,
        risk: Option<String>,
        population: i64,
        from: i64,
        reason: Text,
        clause: Text,
        lift_when: Text,
        on_judgement: bool,
    }
    /// A place on which a zone stands.
    ZonePlace { id: i64, name: Text, lon: f64, lat: f64, }
    /// A closed class of places.
    ClosureShown {
        id: i64,
        class: Text,
        area: i64,
        area_name: Text,
        from: i64,
        reason: Text,
        clause: Text,
        lift_when: Text,
    }
    /// Orders by state, and those that are late or due next.
    OrdersShown {
        open: i64,
        accepted: i64,
        done: i64,
        verified: i64,
        overdue: i64,
        declined: i64,
        cancelled: i64,
        late: Vec<LateOrder>,
    }
    /// An order that is late or due next.
    LateOrder {
        id: i64,
        kind: String,
        title: Text,
        owner: Text,
        area: Text,
        deadline_at: i64,
        overdue_minutes: i64,
    }
    /// A plan with its price.
    PlanShown {
        id: i64,
        version: i64,
        trigger: Text,
        state: String,
        ready_at: i64,
        waits_for: Option<Text>,
        deputy_at: Option<i64>,
        price: PriceShown,
        lines: Vec<PlanLineShown>,
    }
    /// People affected by level, and what it takes.
    PriceShown {
        locked: i64,
        controlled: i64,
        precaution: i64,
        facility: i64,
        home: i64,
        held: i64,
        person_days: i64,
        person_days_on_judgement: i64,
        beds: i64,
        vehicles: i64,
        tubes: i64,
        orders: i64,
    }
    /// One line of a plan.
    PlanLineShown {
        action: String,
        what: Text,
        people: i64,
        needs: Option<Text>,
        state: String,
        clause: Text,
    }
    /// Stock of one item.
    SupplyShown {
        item: String,
        name: Text,
        unit: Text,
        on_hand: i64,
        came_in: i64,
        went_out: i64,
        days_left: Option<f64>,
    }
    /// Trucks with supplies: announced, arrived, unloaded.
    TrucksShown { expected: i64, arrived: i64, unloaded: i64, }
    /// People ordered to move; ordered = the sum of the four.
    TripsShown { waiting: i64, under_way: i64, admitted: i64, excused: i64, }
    /// Beds of all facilities.
    BedsShown { total: i64, free: i64, reserved: i64, occupied: i64, }
    /// Cases by stage.
    CasesShown { preliminary: i64, confirmed: i64, asymptomatic: i64, excluded: i64, }
    /// Holds in force, and those that lapsed: our failure.
    HoldsShown { people: i64, places: i64, lapsed: i64, }
    /// An open sampling site.
    SiteShown { id: i64, name: Text, lon: f64, lat: f64, kind: String, sampled: i64, }
    /// A quarantine facility or hospital.
    FacilityShown { id: i64, name: Text, lon: f64, lat: f64, kind: String, beds: i64, occupied: i64, }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_the_page_reads_as_what_the_server_sends() {
        let text = include_str!("../../../../web/fixtures/live.json");
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let live: Live = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(live).unwrap(), value);
    }
}
