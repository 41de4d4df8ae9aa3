//! Checking people at a facility and letting them go.

use outpace_access::Call;
use outpace_core::{FacilityId, PersonId, Refusal, Text, Timestamp};
use outpace_orders::Subject;
use outpace_store::Unit;

use super::facts::{Checked, ChecksMade, PeopleReleased};
use super::model::{NewCheck, Released};
use super::rules::FEVER_CELSIUS;
use super::store;
use crate::errors::IsolationError;
use crate::facilities;
use crate::observed::{Moment, Oddity, flag};
use crate::restrictions::commands::{count, look_again};
use crate::restrictions::{certificates_of, in_force_of};

/// Records checks made at a facility. Whoever has fever or symptoms is told to the response; somebody who is not there
/// is flagged.
///
/// # Errors
/// An unknown facility, an empty list.
pub fn record_checks(
    unit: &mut Unit<'_>,
    call: &Call,
    facility: FacilityId,
    checks: &[NewCheck],
    occurred_at: Option<Timestamp>,
) -> Result<Vec<String>, Refusal> {
    count("checks", checks.len())?;
    let area = facilities::commands::known(unit, call, facility)?.area;
    let moment = Moment::of(call, occurred_at);
    let (mut items, mut oddities, mut ill) = (Vec::new(), Vec::new(), Vec::new());
    for check in checks {
        let stay = store::open_of(unit.tx(), check.person)?.filter(|stay| stay.facility == facility);
        let Some(stay) = stay else {
            oddities.push(Oddity {
                kind: "checked_elsewhere",
                subject: Subject::Person(check.person),
                what: Text::new(
                    format!("{} 号人员不在该隔离点,却有测温记录({} °C)。", check.person, check.celsius),
                    format!(
                        "Person {} is not at this facility, yet was checked there ({} °C).",
                        check.person, check.celsius
                    ),
                ),
            });
            continue;
        };
        if check.symptoms || check.celsius >= FEVER_CELSIUS {
            ill.push(check.person);
        }
        items.push(Checked { stay: stay.id, celsius: check.celsius, symptoms: check.symptoms });
    }
    let seq = unit.record_at(ChecksMade { facility, items, skew_ms: moment.skew_ms }, moment.at)?;
    look_again(unit, &ill)?;
    flag(unit, call, area, seq, oddities)
}

/// Lets people go whose measures have ended, with the certificate that was made out when they did. Their beds must be
/// cleaned.
///
/// # Errors
/// Somebody who is at no facility, or whose quarantine or isolation has not ended; then nobody leaves.
pub fn release(unit: &mut Unit<'_>, call: &Call, people: &[PersonId]) -> Result<Vec<Released>, Refusal> {
    count("people", people.len())?;
    let now = unit.now();
    let (mut released, mut stays) = (Vec::new(), Vec::new());
    for person in people {
        let stay = store::open_of(unit.tx(), *person)?.ok_or(IsolationError::NoStay(*person))?;
        facilities::commands::known(unit, call, stay.facility)?;
        let kept = in_force_of(unit.tx(), *person)?;
        // An end that has come releases, whether or not the clock has recorded it yet.
        if let Some(kept) = kept.iter().find(|one| one.kind.is_at_facility() && one.in_force_at(now)) {
            return Err(IsolationError::StillRestricted(*person, kept.ends_at).into());
        }
        let paper = certificates_of(unit.tx(), *person)?.pop();
        stays.push(stay.id);
        released.push(Released {
            person: *person,
            stay: stay.id,
            bed: stay.bed,
            certificate: paper.as_ref().map(|paper| paper.number.clone()),
            restriction: paper.as_ref().map(|paper| paper.restriction),
            text: paper.map(|paper| paper.text),
        });
    }
    unit.record(PeopleReleased { stays })?;
    look_again(unit, people)?;
    Ok(released)
}
