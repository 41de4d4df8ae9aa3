//! Routes of the residents' side. Those under `/api/mine` are a resident's alone, the others are staff's alone.

use outpace_access::{Call, Routes};
use outpace_contacts::check_ins::{self, Taken};
use outpace_core::{Permission, PersonId, PlaceId, Refusal};
use outpace_status::Display;
use outpace_status::gate::{PassAnswer, pass_for};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::{at_the_door, enter, hand_out_code};
use crate::file::{FileQuery, file};
use crate::requests::{answer_appeal, answer_correction, appeal, appeals, ask_correction, corrections, on_paper};
use crate::whose;

/// The routes of the residents' side.
#[must_use]
pub fn routes() -> Routes {
    use Permission as P;
    Routes::new()
        .entry(
            "/api/mine/sign-in",
            P::Public.own(),
            "Sign in to one's own file with a code on paper",
            at_the_door,
            enter,
        )
        .recall("/api/mine/file", P::OwnFile.own(), "Everything held about oneself, or about whom one acts for", file)
        .recall(
            "/api/mine/pass",
            P::OwnFile.own(),
            "One's own status, signed for gates without a network",
            |office, tx, call, query: FileQuery| -> Result<PassAnswer, Refusal> {
                let person = whose::asked(tx, call, query.person)?;
                pass_for(&outpace_status::display_of(&office.store).board(), office, call, person)
            },
        )
        .command(
            "/api/mine/check-in",
            P::OwnFile.own(),
            "Check in with a place's code that one's telephone read",
            check_in,
        )
        .command("/api/mine/appeal", P::OwnFile.own(), "Appeal against a measure", appeal)
        .command(
            "/api/mine/ask-correction",
            P::OwnFile.own(),
            "Ask that something held about one be corrected",
            ask_correction,
        )
        .command(
            "/api/residents/hand-out-code",
            P::ResidentAdmit.by_area(),
            "Hand somebody a code for their own file",
            hand_out_code,
        )
        .command(
            "/api/residents/on-paper",
            P::ResidentAdmit.by_area(),
            "Write down an appeal or a request for somebody",
            on_paper,
        )
        .recall("/api/residents/appeals", P::AppealAnswer.by_area(), "Appeals that wait for an answer", appeals)
        .command("/api/residents/answer-appeal", P::AppealAnswer.by_area(), "Answer an appeal", answer_appeal)
        .recall(
            "/api/residents/corrections",
            P::ResidentAdmit.by_area(),
            "Requests for correction that wait",
            corrections,
        )
        .command(
            "/api/residents/answer-correction",
            P::ResidentAdmit.by_area(),
            "Answer a request for correction",
            answer_correction,
        )
}

/// A code that one's own telephone read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OwnCheckIn {
    /// For whom one acts; oneself where absent.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// The text of the place's code.
    pub code: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnCheckInAnswer {
    /// The place of the code.
    pub place: PlaceId,
    /// Whether it counts as a stay; else it is kept as a signal.
    pub counts: bool,
}

fn check_in(unit: &mut Unit<'_>, call: &Call, request: OwnCheckIn) -> Result<OwnCheckInAnswer, Refusal> {
    let person = whose::asked(unit.tx(), call, request.person)?;
    let board = unit.remembered(|display: &Display| display.board()).unwrap_or_default();
    let (place, taken): (PlaceId, Taken) = check_ins::take_own(unit, call, (person, &request.code), board.as_ref())?;
    Ok(OwnCheckInAnswer { place, counts: taken.signals == 0 })
}
