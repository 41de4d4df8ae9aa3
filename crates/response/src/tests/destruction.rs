//! An outbreak that ended, and the destruction of what was recorded of it: any part of it, in any order, to the last byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outpace_access::{Empty, Office};
use outpace_core::time::DAY_MS;
use outpace_core::{Actor, PersonId, Refusal, Role, Text};
use outpace_custody::attest::{Attestation, Statement};
use outpace_custody::destruction::{
    self, ClassMonth, DueAnswer, OrderDestruction, StandingOrder, attestation, carry_out, due, uncovered,
};
use outpace_custody::leaks::Wanted;
use outpace_orders::command::{Mode, ResponseLevel, Switch, switch};
use outpace_policy::{Closed, DataClass};
use outpace_registry::Sex;
use outpace_registry::people::{Find, ImportPerson, RegisterPerson, Reveal, find, register_person, reveal};
use outpace_screening::tubes::Purpose;
use outpace_store::{Capabilities, Keys, Place, Settings, Store, backup, journal, testing};
use proptest::prelude::*;

use super::{COUNTY, House, member, officer, start};

const NAME: &str = "试甲子〇一";
const PHONE: &str = "10100000001";
const ADDRESS: &str = "清徐县王答乡甲村试1巷1排1号";
const MONTH: &str = "2022-04";
/// Longer than the pack keeps anything.
const YEARS_MINUTES: i64 = 4 * 365 * 24 * 60;

/// An ID number of the region 000000 with its check character.
fn id_number() -> String {
    let body = "00000019800102012";
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().filter_map(|digit| digit.to_digit(10)).zip(weights).map(|(a, b)| a * b).sum();
    format!("{body}{}", ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize])
}

fn secrets() -> Vec<String> {
    [NAME, PHONE, ADDRESS, "1980-01-02"].map(str::to_owned).into_iter().chain([id_number()]).collect()
}

fn turn(house: &House, mode: Mode) {
    let reason = Text::new("演练用理由", "a reason for the test");
    let level = (mode == Mode::Emergency).then_some(ResponseLevel::One);
    let request = Switch { mode, level, reason, task_forces: None };
    house.act(officer(1, Role::Commander), move |unit, call| switch(unit, call, request).map(|_| ())).unwrap();
    house.settled();
}

fn known_person() -> ImportPerson {
    ImportPerson {
        reference: None,
        household: 1,
        born: "1980-01-02".to_owned(),
        sex: Sex::Female,
        tags: Default::default(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent: false,
        name: Some(NAME.to_owned()),
        id_number: Some(id_number()),
        phone: Some(PHONE.to_owned()),
        address: Some(ADDRESS.to_owned()),
    }
}

/// A person whose identity is kept, an emergency, a positive pool and a case, holds, quarantine, a look at an identity.
fn outbreak() -> (House, PersonId) {
    let house = House::of(12);
    let person =
        house.system(|unit, call| register_person(unit, call, RegisterPerson { person: known_person() })).unwrap().id;
    turn(&house, Mode::Emergency);
    let pool: Vec<PersonId> = (0..9).map(|family| member(family, 0)).chain([person]).collect();
    house.tested("P1", &pool, Purpose::Routine, "positive");
    house.wait_minutes(60);
    house.tested("S1", &[member(0, 0)], Purpose::Retest, "positive");
    house.approve_all();
    let request = Reveal { person, purpose: "流调核实".to_owned() };
    house.act(officer(1, Role::Commander), move |unit, call| reveal(unit, call, request)).unwrap();
    house.wait_minutes(60);
    house.tick();
    (house, person)
}

fn office(house: &House) -> Office {
    Office::new(house.store.clone(), (*house.rules).clone())
}

fn part(class: DataClass) -> ClassMonth {
    ClassMonth { class: class.key().to_owned(), month: MONTH.to_owned() }
}

fn ordered(house: &House, by: Actor, parts: Vec<ClassMonth>) -> Result<StandingOrder, Refusal> {
    let request = OrderDestruction { parts, reason: "保存期已满".to_owned() };
    house.act(by, move |unit, call| destruction::order(unit, call, request))
}

fn destroyed(house: &House, parts: Vec<ClassMonth>) -> Attestation {
    let order = ordered(house, officer(1, Role::Commander), parts).unwrap();
    carry_out(&office(house), officer(9, Role::Administrator), order.order).unwrap()
}

fn what_is_due(house: &House) -> DueAnswer {
    house.ask(officer(1, Role::Commander), |tx, call| due(tx, call, Empty {}))
}

fn is_whole(house: &House) -> i64 {
    let verified = house.store.read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!(verified.broken, Vec::<String>::new());
    assert_eq!(house.store.read(uncovered).unwrap(), Vec::<String>::new());
    house.assert_rebuilds();
    verified.destroyed
}

#[test]
fn nothing_is_destroyed_before_its_days_are_over_during_an_emergency_or_by_one_person_alone() {
    let (house, _) = outbreak();
    assert!(what_is_due(&house).rows.iter().all(|row| row.due_at.is_none()), "the clock stands during an emergency");
    let identity = || vec![part(DataClass::Identity)];
    let commander = || officer(1, Role::Commander);
    assert_eq!(ordered(&house, commander(), identity()).unwrap_err().code, "emergency");
    turn(&house, Mode::Peacetime);
    let rows = what_is_due(&house).rows;
    let of = |class: DataClass| rows.iter().find(|row| row.part == part(class)).unwrap().clone();
    assert_eq!(of(DataClass::Identity).due_at.unwrap().since(house.now()) / DAY_MS, 30);
    assert_eq!(of(DataClass::Sample).due_at.unwrap().since(house.now()) / DAY_MS, 180);
    assert_eq!((of(DataClass::Identity).values, of(DataClass::Identity).is_due), (1, false));
    assert_eq!(ordered(&house, commander(), identity()).unwrap_err().code, "not_due");
    house.wait_minutes(31 * 24 * 60);
    assert_eq!(ordered(&house, commander(), vec![part(DataClass::Sample)]).unwrap_err().code, "not_due");
    assert_eq!(ordered(&house, officer(5, Role::Tracer), identity()).unwrap_err().status, 403);
    let before = house.store.head();
    let order = ordered(&house, commander(), Vec::new()).unwrap();
    assert_eq!(
        order.parts,
        [part(DataClass::Identity), part(DataClass::Movement)]
            .into_iter()
            .filter(|due| rows.iter().any(|row| row.part == *due))
            .collect::<Vec<_>>()
    );
    // Who ordered it does not carry it out, nor does anybody but an administrator; a second order of the same is none.
    for (id, role) in [(1, Role::Administrator), (9, Role::Commander)] {
        assert_eq!(carry_out(&office(&house), officer(id, role), order.order).unwrap_err().status, 403);
    }
    assert_eq!(house.store.head().seq.0, before.seq.0 + 1);
    let early = attestation(&office(&house), order.order).unwrap_err();
    assert_eq!(early.code, "not_carried_out", "nothing is attested before it is done");
    let first = carry_out(&office(&house), officer(9, Role::Administrator), order.order).unwrap();
    assert_eq!(attestation(&office(&house), order.order).unwrap(), first, "the same word for whoever asks later");
    let again = carry_out(&office(&house), officer(9, Role::Administrator), order.order).unwrap_err();
    assert_eq!(again.code, "carried_out");
    is_whole(&house);
}

/// The payloads of an hour's facts, as they stood in the journal: 24 bytes and more, so that none is there by chance.
fn payloads(store: &Store) -> Vec<String> {
    let rows = store.read(|tx| {
        tx.query("SELECT kind, payload FROM journal WHERE payload IS NOT NULL", &[], |row| {
            Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?))
        })
    });
    let of_residents = rows.unwrap().into_iter().filter(|(kind, _)| outpace_custody::class_of(kind).is_some());
    of_residents.map(|(_, payload)| String::from_utf8(payload).unwrap()).filter(|text| text.len() >= 24).collect()
}

/// Every key of a file, in both forms in which it could stand somewhere, but those that outlive a destruction.
fn keys(file: &Path) -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(name, digits)| (name.to_owned(), digits.as_bytes().to_vec())).collect()
}

fn everywhere(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn holds(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}

#[test]
fn what_was_destroyed_stands_in_no_byte_of_database_log_or_backup_and_no_backup_brings_it_back() {
    let (house, person) = outbreak();
    turn(&house, Mode::Peacetime);
    let (folder, copy) = (house.store.folder().to_owned(), tempfile::tempdir().unwrap());
    let place = testing::place(&folder);
    let capabilities = || Capabilities::new(House::capabilities()).classed(outpace_custody::class_of);
    let to = copy.path().join("backup");
    let manifest = backup::take(&place, &folder, &to, &capabilities(), house.now()).unwrap();
    let texts = payloads(&house.store);
    assert!(texts.len() > 20);
    let wanted = Wanted::of(&texts).unwrap();
    let is_file = place == Place::Folder;
    // The search finds what is there: the facts in the database, and in no case an identity, or anything in a backup.
    assert!(!is_file || !wanted.search(std::slice::from_ref(&folder)).unwrap().leaks.is_empty());
    assert!(
        wanted.search(std::slice::from_ref(&to)).unwrap().leaks.is_empty(),
        "a backup without keys tells nobody anything"
    );
    let identities = Wanted::of(&secrets()).unwrap();
    assert!(identities.search(&[folder.clone(), to.clone()]).unwrap().leaks.is_empty());
    let before: Vec<(String, Vec<u8>)> = [keys(&folder.join("vault.keys")), keys(&folder.join("backup.keys"))].concat();
    let sealed: Vec<u8> =
        house.store.read(|tx| tx.first("SELECT sealed FROM vault", &[], |row| row.get::<Vec<u8>>(0))).unwrap().unwrap();
    // What is looked for afterwards is found before: the sealed identity, and the key of each class and month.
    assert!(!is_file || everywhere(&folder).iter().any(|(_, bytes)| holds(bytes, &sealed)));
    let identity = format!("identity-{MONTH}");
    assert!(before.iter().filter(|(name, _)| *name == identity).count() >= 1, "no key of {identity}");
    for (name, digits) in &before {
        assert!(everywhere(&folder).iter().any(|(_, bytes)| holds(bytes, digits)), "{name} stands nowhere");
    }

    house.wait_minutes(YEARS_MINUTES);
    let attestation = destroyed(&house, Vec::new());
    assert_eq!(what_is_due(&house).rows.iter().filter(|row| row.is_due).count(), 0);
    if is_file {
        let searched = wanted.search(std::slice::from_ref(&folder)).unwrap();
        assert!(searched.leaks.is_empty(), "{searched:?}");
        assert!(everywhere(&folder).iter().all(|(_, bytes)| !holds(bytes, &sealed)), "the sealed identity");
    }
    // The keys are in no file any more; those of what is kept are.
    let kept = |name: &str| name == "root" || name.starts_with("kept-");
    for (name, digits) in &before {
        let raw = (0..32)
            .map(|at| u8::from_str_radix(std::str::from_utf8(&digits[2 * at..2 * at + 2]).unwrap(), 16).unwrap());
        let raw: Vec<u8> = raw.collect();
        for (path, bytes) in everywhere(&folder).into_iter().chain(everywhere(&to)) {
            let found = holds(&bytes, digits) || holds(&bytes, &raw);
            assert!(!found || kept(name), "{name} stands in {}", path.display());
        }
    }
    // The person is found by nothing, and opens for nobody.
    let by_number = Find { id_number: Some(id_number()), ..Find::default() };
    let found = house.act(officer(1, Role::Commander), move |unit, call| find(unit, call, by_number)).unwrap();
    assert!(found.people.is_empty());
    let request = Reveal { person, purpose: "流调核实".to_owned() };
    assert!(house.act(officer(1, Role::Commander), move |unit, call| reveal(unit, call, request)).is_err());

    // A backup from before comes back with what is kept, and with nothing else.
    let target = copy.path().join("restored");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::copy(folder.join("backup.keys"), target.join("backup.keys")).unwrap();
    let settings = Settings {
        folder: target.clone(),
        place: Place::Folder,
        area: COUNTY,
        drill: true,
        clock: std::sync::Arc::new(super::Hands(house.hands.clone())),
    };
    let restored = backup::restore(&to, &settings, &capabilities(), false).unwrap();
    assert!(restored.destroyed > 20, "{restored:?}");
    let again = Store::open(settings, capabilities()).unwrap();
    assert_eq!(payloads(&again), Vec::<String>::new());
    let verified = again.read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!((verified.broken, verified.destroyed), (vec![], restored.destroyed));
    assert_eq!(verified.head.hash.to_string(), manifest.head_hash);
    assert!(!again.read(uncovered).unwrap().is_empty(), "that it is a backup from before a destruction is said");
    drop(again);
    assert!(wanted.search(&[target]).unwrap().leaks.is_empty());
    told(&house, &attestation);
}

/// The attestation says what was done, holds under its own key, and under no other and with no letter changed.
fn told(house: &House, attestation: &Attestation) {
    let key = outpace_custody::attest::public_key(house.store.keys()).unwrap();
    let statement: Statement = attestation.checked(Some(&key)).unwrap();
    assert_eq!((statement.rows_left, statement.what.values), (0, 1));
    assert_eq!((statement.ordered_by.id.0, statement.carried_out_by.id.0), (1, 9));
    assert!(statement.what.keys.contains(&format!("identity-{MONTH}")));
    assert!(statement.what.backup_keys.contains(&format!("sample-{MONTH}")));
    let entries: i64 = statement.what.gone.iter().map(|gone| gone.entries).sum();
    assert_eq!(entries, is_whole(house));
    assert_eq!(attestation.checked(Some(&"0".repeat(64))), None);
    let changed = Attestation {
        statement: attestation.statement.replacen("\"values\":1", "\"values\":2", 1),
        ..attestation.clone()
    };
    assert_ne!(changed.statement, attestation.statement);
    assert_eq!(changed.checked(None), None);
    let witness = outpace_store::Hash::parse(&statement.hash);
    assert_eq!(house.store.read(|tx| journal::verify(tx, witness)).unwrap().witness_found, Some(true));
    // Counts for science hold no small cell.
    assert!(statement.what.counts.iter().all(|(cell, people)| cell.starts_with("cells-under") || *people >= 10));
}

#[test]
fn a_payload_taken_out_by_hand_is_named_because_no_destruction_says_so() {
    let (house, _) = outbreak();
    let sql = "UPDATE journal SET salt = NULL, payload = NULL WHERE kind = 'isolation.restrictions_began'";
    assert!(testing::by_hand(&house.store, sql).unwrap() > 0);
    let verified = house.store.read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!(verified.broken, Vec::<String>::new(), "the chain alone does not tell");
    let found = house.store.read(uncovered).unwrap();
    assert!(found.len() == 1 && found[0].contains("isolation.restrictions_began"), "{found:?}");
}

#[test]
fn a_destruction_that_was_interrupted_is_finished_by_the_next() {
    let (house, _) = outbreak();
    turn(&house, Mode::Peacetime);
    house.wait_minutes(YEARS_MINUTES);
    let folder = house.store.folder().to_owned();
    let before = std::fs::read(folder.join("vault.keys")).unwrap();
    destroyed(&house, vec![part(DataClass::Identity)]);
    // As if the machine had stopped after the commit: the key is still there.
    std::fs::write(folder.join("vault.keys"), before).unwrap();
    house.store.keys().reload().unwrap();
    assert!(house.store.keys().has(&format!("identity-{MONTH}")));
    forget_steps(&house, "step = 'keys'");
    assert_eq!(destruction::finish_all(&office(&house)).unwrap(), [1]);
    assert!(!Keys::open(&folder).unwrap().has(&format!("identity-{MONTH}")));
    assert_eq!(destruction::finish_all(&office(&house)).unwrap(), Vec::<i64>::new());
}

/// Takes steps back, as if the machine had stopped before they were recorded.
fn forget_steps(house: &House, which: &str) {
    assert!(testing::by_hand(&house.store, &format!("DELETE FROM destruction_step WHERE {which}")).unwrap() > 0);
}

/// After the transaction alone the engine's old pages still hold every text; nothing is attested before they are gone, and
/// whoever starts next goes on where the steps end.
#[test]
fn an_interrupted_destruction_is_not_attested_until_its_last_step_is_done() {
    let (house, _) = outbreak();
    turn(&house, Mode::Peacetime);
    house.wait_minutes(YEARS_MINUTES);
    let (folder, texts) = (house.store.folder().to_owned(), payloads(&house.store));
    let wanted = Wanted::of(&texts).unwrap();
    let order = ordered(&house, officer(1, Role::Commander), Vec::new()).unwrap();
    let parts = order.parts.iter().cloned().map(Into::into).collect();
    let number = order.order;
    let check = move |_: &mut outpace_store::Unit<'_>| Ok::<_, Refusal>((number, BTreeMap::new()));
    house.store.destroy(&officer(9, Role::Administrator), parts, outpace_custody::class_of, check).unwrap();
    let left = || wanted.search(std::slice::from_ref(&folder)).unwrap().leaks.len();
    let is_file = testing::place(&folder) == Place::Folder;
    assert!(!is_file || left() > 0, "the transaction alone leaves old pages");
    let told = attestation(&office(&house), number).unwrap_err();
    assert_eq!(told.code, "not_finished");
    assert!(told.text.en.contains("keys, memory, lookups, files"), "{}", told.text.en);
    assert_eq!(destruction::finish_all(&office(&house)).unwrap(), [number]);
    assert_eq!(if is_file { left() } else { 0 }, 0);
    let first: Statement = attestation(&office(&house), number).unwrap().checked(None).unwrap();
    assert!(first.finished_at >= Some(first.carried_out_at));
    // Wherever it stopped before: the steps that are not recorded are taken again, and nothing else comes of it.
    for which in ["step = 'files'", "step <> 'keys'", "step = 'memory' OR step = 'lookups'"] {
        forget_steps(&house, which);
        assert_eq!(attestation(&office(&house), number).unwrap_err().code, "not_finished", "{which}");
        assert_eq!(destruction::finish_all(&office(&house)).unwrap(), [number], "{which}");
        let again: Statement = attestation(&office(&house), number).unwrap().checked(None).unwrap();
        assert_eq!((again.rows_left, again.what), (0, first.what.clone()), "{which}");
    }
    is_whole(&house);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn chain_and_tables_hold_whichever_classes_are_destroyed_and_in_which_order(first in 1_usize..255) {
        let (house, _) = outbreak();
        turn(&house, Mode::Peacetime);
        house.wait_minutes(YEARS_MINUTES);
        let all: BTreeMap<ClassMonth, i64> =
            what_is_due(&house).rows.into_iter().map(|row| (row.part, row.entries)).collect();
        let (chosen, rest): (Vec<ClassMonth>, Vec<ClassMonth>) = all.keys().cloned().partition(|of| {
            DataClass::ALL.iter().position(|class| class.key() == of.class).is_some_and(|place| first & (1 << place) != 0)
        });
        let mut gone = 0;
        for parts in [chosen, rest].into_iter().filter(|parts| !parts.is_empty()) {
            gone += parts.iter().map(|part| all[part]).sum::<i64>();
            let statement = destroyed(&house, parts).checked(None).unwrap();
            prop_assert_eq!(statement.rows_left, 0);
            prop_assert_eq!(is_whole(&house), gone);
        }
        // The next outbreak begins in the same house.
        turn(&house, Mode::Emergency);
        prop_assert!(house.now() > start());
    }
}
