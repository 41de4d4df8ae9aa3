//! Putting a file together.

use std::collections::BTreeMap;

use outpace_access::glass::panes_touching;
use outpace_access::{Call, Office, actors};
use outpace_contacts::Spot;
use outpace_contacts::check_ins::signals_of;
use outpace_core::{PersonId, PlaceId, Refusal, Seq, Text, Timestamp};
use outpace_isolation::Restriction;
use outpace_isolation::restrictions as measures_of;
use outpace_orders::notices::{self, Audience};
use outpace_orders::teams::{Holder, responsible_for};
use outpace_orders::{Subject, names};
use outpace_registry::Person;
use outpace_registry::people::guardians::{acts_for, guardians_of, wards_of};
use outpace_registry::people::{looks_of, own_identity};
use outpace_response::status_page::{StatusQuery, status_of};
use outpace_screening::reads;
use outpace_status::Display;
use outpace_store::{Tx, journal};

use super::model::{
    AskedAbout, CaseLine, ContactLine, ExportLine, File, FileQuery, GlassLine, Ground, LetterLine, LookLine, Measure,
    NoticeLine, OrderLine, VisitLine, WhoToCall,
};
use super::words;
use crate::errors::ResidentsError;
use crate::requests::{self, Request, RequestKind};
use crate::{entry, whose};

/// Days of stays and check-ins that a file shows: all that is kept.
const ORDERS_MAX: i64 = 200;
const NOTICES_MAX: i64 = 200;
/// Facts of one measure that are named, at most.
const FACTS_MAX: usize = 50;

type Answer<T> = Result<T, Refusal>;

/// The whole file of the caller, or of somebody they act for.
///
/// # Errors
/// Somebody else's file.
pub fn file(office: &Office, tx: &mut Tx<'_>, call: &Call, query: FileQuery) -> Answer<File> {
    let id = whose::asked(tx, call, query.person)?;
    let person = outpace_registry::person(tx, id)?.ok_or(ResidentsError::UnknownPerson(id))?;
    let keys = office.store.keys();
    let mut requests = requests::of_person(tx, keys, id)?;
    requests.reverse();
    // What the response says of them: asked as the system asks, since the caller's own area is no office's.
    let system = Call { actor: office.store.system(), ..call.clone() };
    let status = status_of(tx, &system, StatusQuery { person: id })?;
    let board = outpace_status::display_of(&office.store);
    let seen = seen(&board, &person, call);
    Ok(File {
        at: call.now,
        offset_minutes: call.offset_minutes(),
        people: people(office, tx, call)?,
        identity: own_identity(tx, keys, id)?,
        colour: status.status.colour,
        reasons: status.status.reasons,
        last_sample_at: seen.0,
        last_negative_at: seen.1,
        retest: status.retest,
        measures: measures(tx, call, id, &requests)?,
        who_to_call: who_to_call(tx, &person)?,
        looks: looks(tx, id)?,
        glass: glass(tx, &person)?,
        exports: exports(tx, id)?,
        entries: entry::entries_of(tx, id)?,
        samples: reads::samples_of_one(tx, id)?,
        visits: visits(tx, id)?,
        cases: cases(tx, id)?,
        contacts: contacts(tx, id)?,
        orders: orders(tx, call, id)?,
        notices: notices(tx, id)?,
        letters: letters(tx, id)?,
        certificates: measures_of::certificates_of(tx, id)?,
        guardians: guardians_of(tx, id)?,
        requests,
        person,
    })
}

fn seen(display: &Display, person: &Person, call: &Call) -> (Option<Timestamp>, Option<Timestamp>) {
    let status = display.board().status(person.id, call.now, call.pack());
    status.map_or((None, None), |status| (status.last_sample_at, status.last_negative_at))
}

fn people(office: &Office, tx: &mut Tx<'_>, call: &Call) -> Answer<Vec<AskedAbout>> {
    let own = whose::own(tx, call)?;
    let mut ids = vec![own];
    for ward in wards_of(tx, own)? {
        if acts_for(tx, own, ward.person, call.now)? {
            ids.push(ward.person);
        }
    }
    let mut people = Vec::new();
    for person in ids {
        let name = own_identity(tx, office.store.keys(), person)?.map(|identity| identity.name.clone());
        people.push(AskedAbout { person, name, own: person == own });
    }
    Ok(people)
}

fn measures(tx: &mut Tx<'_>, call: &Call, person: PersonId, requests: &[Request]) -> Answer<Vec<Measure>> {
    let mut found = Vec::new();
    for restriction in measures_of::history_of(tx, person)?.into_iter().rev() {
        let waits = requests.iter().any(|request| {
            request.kind == RequestKind::Appeal
                && request.restriction == Some(restriction.id)
                && request.answered_at.is_none()
        });
        found.push(measure(tx, call, restriction, waits)?);
    }
    for observed in measures_of::observed_of(tx, person)? {
        let ends_at = observed.ends_at.unwrap_or(Timestamp(i64::MAX));
        found.push(Measure {
            restriction: observed.id,
            name: observed.kind.name(),
            reason: observed.reason,
            clause: String::new(),
            facts: Vec::new(),
            starts_at: observed.starts_at,
            ends_at,
            in_force: observed.starts_at <= call.now && call.now < ends_at,
            lifted_by: Text::new("由实施单位解除", "whoever imposed it lifts it"),
            ended: None,
            appeal_waits: false,
            imposed_by_others: true,
        });
    }
    Ok(found)
}

/// A measure as the person reads it.
pub(crate) fn measure(tx: &mut Tx<'_>, call: &Call, restriction: Restriction, appeal_waits: bool) -> Answer<Measure> {
    let facts = restriction.ground.facts.iter().take(FACTS_MAX).copied();
    let facts = facts.collect::<Vec<Seq>>();
    Ok(Measure {
        in_force: restriction.in_force_at(call.now),
        restriction: restriction.id,
        name: restriction.kind.name(),
        reason: restriction.ground.reason,
        clause: restriction.ground.clause,
        facts: grounds(tx, &facts)?,
        starts_at: restriction.starts_at,
        ends_at: restriction.ends_at,
        lifted_by: words::lifted_by(restriction.kind),
        ended: restriction.ended_why.as_ref().map(words::ended),
        appeal_waits,
        imposed_by_others: false,
    })
}

fn grounds(tx: &mut Tx<'_>, facts: &[Seq]) -> Answer<Vec<Ground>> {
    let mut grounds = Vec::new();
    for seq in facts {
        if let Some(entry) = journal::entry(tx, *seq)? {
            grounds.push(Ground { seq: *seq, what: words::of_kind(&entry.kind), at: entry.recorded_at });
        }
    }
    Ok(grounds)
}

fn who_to_call(tx: &mut Tx<'_>, person: &Person) -> Answer<Vec<WhoToCall>> {
    let mut found = Vec::new();
    for subject in [Subject::Household(person.household), Subject::Area(person.area)] {
        for list in responsible_for(tx, &subject)? {
            for (post, holder) in list.holders {
                let who = match holder {
                    Holder::Title(words) => Some(Text::typed(&words)),
                    Holder::Team(team) => outpace_orders::teams::by_id(tx, team)?.map(|team| team.name),
                    Holder::Actor(actor) => actors::name_of(tx, actor)?.map(|name| Text::new(&name, &name)),
                    // Another resident's number is nobody's business.
                    Holder::Person(_) => None,
                };
                found.extend(who.map(|who| WhoToCall { post: post.name(), who }));
            }
        }
    }
    Ok(found)
}

fn looks(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<LookLine>> {
    let mut found = Vec::new();
    for look in looks_of(tx, person)? {
        found.push(LookLine {
            seq: look.seq,
            account: actors::name_of(tx, look.actor)?.unwrap_or_default(),
            role: actors::by_id(tx, look.actor)?.map(|actor| actor.role),
            at: look.at,
            purpose: look.purpose,
        });
    }
    Ok(found)
}

fn glass(tx: &mut Tx<'_>, person: &Person) -> Answer<Vec<GlassLine>> {
    let mut found = Vec::new();
    for pane in panes_touching(tx, person.id, person.area)? {
        found.push(GlassLine {
            glass: pane.id,
            account: actors::name_of(tx, pane.actor)?.unwrap_or_default(),
            role: actors::by_id(tx, pane.actor)?.map(|actor| actor.role),
            at: pane.broken_at,
            until: pane.ends_at,
            reason: pane.reason,
            uses: pane.uses,
            about_me: pane.person.is_some(),
        });
    }
    Ok(found)
}

fn exports(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<ExportLine>> {
    let mut found = Vec::new();
    for made in outpace_custody::exports::of_person(tx, person)? {
        let account = actors::name_of(tx, made.made_by)?.unwrap_or_default();
        let (export, purpose) = (made.export, made.purpose);
        found.push(ExportLine { export, purpose, account, at: made.made_at, until: made.until });
    }
    Ok(found)
}

fn visits(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<VisitLine>> {
    let ever = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    let mut names: BTreeMap<PlaceId, Text> = BTreeMap::new();
    let mut found = Vec::new();
    for (visit, _) in outpace_contacts::visits_of(tx, person, ever.0, ever.1)? {
        let (place, name) = match visit.spot {
            Spot::Place(place) => (Some(place), name_of(tx, &mut names, place)?),
            Spot::Vehicle(_) => (None, Text::new("车辆", "a vehicle")),
        };
        let known_by = words::known_by(visit.evidence);
        found.push(VisitLine { place, name, from: visit.from, to: visit.to, known_by, signal: None });
    }
    for signal in signals_of(tx, person, ever.0, ever.1)? {
        found.push(VisitLine {
            place: Some(signal.place),
            name: name_of(tx, &mut names, signal.place)?,
            from: signal.at,
            to: signal.at,
            known_by: words::known_by(outpace_contacts::Evidence::CheckIn),
            signal: Some(signal.reason),
        });
    }
    found.sort_by_key(|visit| std::cmp::Reverse(visit.from));
    Ok(found)
}

fn name_of(tx: &mut Tx<'_>, names: &mut BTreeMap<PlaceId, Text>, place: PlaceId) -> Answer<Text> {
    if let Some(known) = names.get(&place) {
        return Ok(known.clone());
    }
    let found = outpace_registry::place(tx, place)?;
    let name =
        found.map_or_else(|| Text::new(place.to_string(), place.to_string()), |one| Text::new(one.name, one.name_en));
    names.insert(place, name.clone());
    Ok(name)
}

fn cases(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<CaseLine>> {
    let mut found = Vec::new();
    for id in outpace_contacts::cases::case_ids_of(tx, person)? {
        if let Some(case) = outpace_contacts::case(tx, id)? {
            found.push(CaseLine {
                stage: Text::new(case.stage.zh(), case.stage.word().replace('_', " ")),
                found_at: case.found_at,
                excluded_because: case.excluded_because,
            });
        }
    }
    Ok(found)
}

fn contacts(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<ContactLine>> {
    let found = outpace_contacts::contacts_of_person(tx, person)?.into_iter();
    let line = |contact: outpace_contacts::Contact| ContactLine {
        class: Text::new(contact.class.zh(), contact.class.key().replace('_', " ")),
        setting: Text::new(contact.setting.zh(), contact.setting.key().replace('_', " ")),
        from: contact.first_exposure_at,
        to: contact.last_exposure_at,
        excluded_because: contact.excluded_because,
    };
    Ok(found.map(line).collect())
}

fn orders(tx: &mut Tx<'_>, call: &Call, person: PersonId) -> Answer<Vec<OrderLine>> {
    let found = outpace_orders::orders::about(tx, &Subject::Person(person), ORDERS_MAX)?.into_iter();
    let line = |order: outpace_orders::Order| OrderLine {
        order: order.id,
        title: outpace_orders::kinds::title(&call.rules, &order.kind),
        state: order.state.name(),
        deadline_at: order.deadline_at,
    };
    Ok(found.map(line).collect())
}

fn notices(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<NoticeLine>> {
    let mut found = Vec::new();
    for id in notices::for_receiver(tx, &Audience::person(person), NOTICES_MAX)? {
        found.extend(notices::by_id(tx, id)?.filter(|notice| notice.withdrawn_at.is_none()).map(|notice| NoticeLine {
            title: notice.title,
            body: notice.body,
            at: notice.published_at,
        }));
    }
    Ok(found)
}

fn letters(tx: &mut Tx<'_>, person: PersonId) -> Answer<Vec<LetterLine>> {
    let mut found = Vec::new();
    for letter in outpace_contacts::letters::letters_of(tx, person)? {
        found.push(LetterLine {
            sent: letter.direction == outpace_contacts::letters::Direction::Out,
            other: names::area(tx, letter.other)?,
            at: letter.at,
        });
    }
    Ok(found)
}
