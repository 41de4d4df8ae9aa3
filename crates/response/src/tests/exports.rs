//! Lists with names that leave: sealed, for a purpose, recorded, and over when they are over.

use outpace_core::{PersonId, Refusal, Role};
use outpace_custody::exports::{
    Content, ExportsQuery, FetchExport, Fetched, HOURS_MAX, MadeExport, MakeExport, OwnExportsQuery, exports, fetch,
    file, make, of_person, own_exports, prepare,
};
use outpace_registry::Sex;
use outpace_registry::people::{ImportPerson, RegisterPerson, register_person};

use super::{House, VILLAGES, officer};

const NAME: &str = "=试甲子〇一";
const PHONE: &str = "+10100000001";

fn someone() -> ImportPerson {
    ImportPerson {
        reference: None,
        household: 1,
        born: "1980-01-02".to_owned(),
        sex: Sex::Male,
        tags: Default::default(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent: false,
        name: Some(NAME.to_owned()),
        id_number: Some("P1234567".to_owned()),
        phone: Some(PHONE.to_owned()),
        address: Some("清徐县试1巷".to_owned()),
    }
}

fn house() -> (House, PersonId) {
    let house = House::of(4);
    let known = house.system(|unit, call| register_person(unit, call, RegisterPerson { person: someone() })).unwrap();
    (house, known.id)
}

fn roster(purpose: &str, hours: i64) -> MakeExport {
    MakeExport { content: Content::Roster(VILLAGES[0]), purpose: purpose.to_owned(), hours }
}

fn made(house: &House, by: i64, request: MakeExport) -> Result<MadeExport, Refusal> {
    let actor = officer(by, Role::TaskForceHead);
    let call = outpace_access::Call { actor: actor.clone(), now: house.now(), rules: house.rules.clone(), drill: true };
    let ready = house.store.read(|tx| prepare(tx, &call, request))?;
    house.act(actor, move |unit, call| make(unit, call, ready))
}

fn fetched(house: &House, by: i64, export: i64) -> Result<Fetched, Refusal> {
    house.act(officer(by, Role::TaskForceHead), move |unit, call| fetch(unit, call, FetchExport { export }))
}

#[test]
fn a_list_leaves_sealed_for_a_purpose_and_the_auditor_sees_who_let_it() {
    let (house, person) = house();
    for (purpose, hours, field) in
        [("  ", 24, "purpose"), ("入户核查", 0, "hours"), ("入户核查", HOURS_MAX + 1, "hours")]
    {
        assert_eq!(made(&house, 3, roster(purpose, hours)).unwrap_err().field, field);
    }
    let nobody = MakeExport { content: Content::Letter(99), ..roster("协查反馈", 24) };
    assert_eq!(made(&house, 3, nobody).unwrap_err().code, "unknown_id");
    let county = MakeExport { content: Content::Roster(super::COUNTY), ..roster("全县名单", 24) };
    assert_eq!(made(&house, 3, county).unwrap_err().field, "area", "a county's register does not leave as a list");
    let export = made(&house, 3, roster("入户核查", 24)).unwrap();
    assert!(!export.file.contains("试甲") && !export.file.contains("P1234567"));
    let (label, plain) = file::open(&export.file, &export.passphrase, house.now()).unwrap();
    let text = String::from_utf8(plain.to_vec()).unwrap();
    assert_eq!((label.people, label.purpose.as_str()), (export.export.people as usize, "入户核查"));
    let line = text.lines().find(|line| line.contains("P1234567")).unwrap();
    assert_eq!(line, format!("{person},'=试甲子〇一,1980-01-02,P1234567,'+10100000001,清徐县试1巷"));
    let own = house.store.read(|tx| of_person(tx, person)).unwrap();
    assert_eq!((own.len(), own[0].purpose.as_str()), (1, "入户核查"), "the person can be told who let it leave");
    let query = || ExportsQuery { before: None, person: Some(person) };
    let seen = house.ask(officer(8, Role::Auditor), |tx, call| exports(tx, call, query())).exports;
    assert_eq!(seen.len(), 1);
    let first = &seen[0].export;
    assert_eq!((first.made_by.0, first.purpose.as_str(), first.fetched), (3, "入户核查", 0));
    assert!(seen[0].area.is_some(), "where to look for it");
    // Who may export need not read what others let leave.
    let own = |id| {
        let query = OwnExportsQuery { before: None };
        house.ask(officer(id, Role::Tracer), |tx, call| own_exports(tx, call, query)).exports.len()
    };
    assert_eq!((own(3), own(4)), (1, 0));
    // Families live in the two villages by turns: the second one's members are not in it.
    let other = ExportsQuery { before: None, person: Some(super::member(1, 0)) };
    let other = house.ask(officer(8, Role::Auditor), |tx, call| exports(tx, call, other)).exports;
    assert_eq!(other, []);
    assert!(!format!("{export:?}").contains(&export.passphrase));
    house.assert_rebuilds();
}

#[test]
fn an_export_is_fetched_again_by_its_maker_alone_and_by_nobody_after_its_end() {
    let (house, _) = house();
    let export = made(&house, 3, roster("入户核查", 24)).unwrap();
    let id = export.export.export;
    assert_eq!(fetched(&house, 4, id).unwrap_err().status, 404, "somebody else's looks as if there were none");
    assert_eq!(fetched(&house, 3, id).unwrap().file, export.file);
    let key = format!("export-{id}");
    assert!(house.store.keys().has(&key));
    house.system(outpace_custody::tick).unwrap();
    assert!(house.store.keys().has(&key), "its time has not come");
    house.wait_minutes(24 * 60);
    assert_eq!(fetched(&house, 3, id).unwrap_err().code, "export_ended");
    assert_eq!(house.system(outpace_custody::tick).unwrap(), 1);
    assert_eq!(house.system(outpace_custody::tick).unwrap(), 0);
    assert!(!house.store.keys().has(&key));
    let left = house.store.read(|tx| tx.number("SELECT COUNT(*) FROM export_file", &[])).unwrap();
    assert_eq!(left, 0);
    assert_eq!(fetched(&house, 3, id).unwrap_err().code, "export_ended");
    assert!(file::open(&export.file, &export.passphrase, house.now()).unwrap_err().to_string().contains("ended"));
    let all =
        house.ask(officer(8, Role::Auditor), |tx, call| exports(tx, call, ExportsQuery { before: None, person: None }));
    assert_eq!((all.exports[0].export.fetched, all.exports[0].export.ended_at), (1, Some(house.now())));
    house.assert_rebuilds();
}
