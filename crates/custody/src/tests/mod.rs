//! Due dates, classes, formulas, files that leave, and finding what has leaked.

use std::io::Write;

use outpace_core::{AreaId, Timestamp};
use outpace_policy::{Date, Library, Pack};
use outpace_store::destroy::Part;
use proptest::prelude::*;

use crate::due::{Turn, counted_from, due_at};
use crate::exports::file::{self, Label, Prepared};
use crate::exports::{Content, cell};
use crate::leaks::Wanted;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_local(text, 0).unwrap()
}

fn pack() -> Pack {
    Library::embedded().pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap()
}

fn part(class: &str, month: &str) -> Part {
    Part { class: class.to_owned(), month: month.to_owned() }
}

fn turns(list: &[(&str, bool)]) -> Vec<Turn> {
    list.iter().map(|(moment, emergency)| Turn { at: at(moment), emergency: *emergency }).collect()
}

#[test]
fn the_days_begin_with_the_end_of_the_emergency_and_not_before() {
    let outbreak = turns(&[("2022-04-13T01:00", true), ("2022-05-10T08:00", false)]);
    let pack = pack();
    let due = |month: &str, turns: &[Turn]| due_at(&part("identity", month), turns, &pack);
    assert_eq!(due("2022-04", &outbreak[..1]), None, "an emergency is on");
    assert_eq!(due("2022-04", &outbreak), Some(at("2022-06-09T08:00")));
    assert_eq!(due("2022-01", &outbreak), Some(at("2022-06-09T08:00")), "what was ready before it goes with it");
    assert_eq!(due("2022-06", &outbreak), None, "the peace before the next one");
    assert_eq!(due_at(&part("sample", "2022-04"), &outbreak, &pack), Some(at("2022-11-06T08:00")));
    assert_eq!(due_at(&part("nothing", "2022-04"), &outbreak, &pack), None);
    // A new emergency does not give the old one's data more time, nor takes any from its own.
    let two = [&outbreak[..], &turns(&[("2022-06-20T00:00", true), ("2022-08-01T00:00", false)])].concat();
    assert_eq!(due("2022-04", &two), Some(at("2022-06-09T08:00")));
    assert_eq!(due("2022-06", &two), Some(at("2022-08-31T00:00")));
    // One that begins again in the same month: the month is of both, and waits for the second.
    let again = [&outbreak[..], &turns(&[("2022-05-20T00:00", true), ("2022-07-01T00:00", false)])].concat();
    assert_eq!(due("2022-05", &again), Some(at("2022-07-31T00:00")));
    assert_eq!(due("2022-04", &again), Some(at("2022-06-09T08:00")));
}

proptest! {
    #[test]
    fn nothing_falls_due_before_its_month_is_over_or_without_an_end(
        month in 1_u32..=12, steps in prop::collection::vec((0_i64..60, any::<bool>()), 0..8)
    ) {
        let part = part("identity", &format!("2022-{month:02}"));
        let (from, until) = part.span().unwrap();
        let mut now = at("2022-01-01T00:00");
        let turns: Vec<Turn> = steps.iter().map(|(days, emergency)| {
            now = now.plus_days(*days);
            Turn { at: now, emergency: *emergency }
        }).collect();
        if let Some(counted) = counted_from(from, until, &turns) {
            prop_assert!(counted >= from);
            prop_assert!(turns.iter().any(|turn| turn.at == counted && !turn.emergency));
            prop_assert!(due_at(&part, &turns, &pack()).unwrap() >= until.max(counted));
            // Peace stood when the month ended, or the end came after it.
            let before: Vec<&Turn> = turns.iter().filter(|turn| turn.at < until).collect();
            prop_assert!(counted >= until || before.last().is_some_and(|turn| !turn.emergency));
        }
    }

    #[test]
    fn no_cell_begins_as_a_formula_does(text in "[=+@\\-\t\r'a一]{0,6}") {
        let safe = cell(&text);
        prop_assert!(!safe.starts_with(['=', '+', '-', '@', '\t', '\r']));
        prop_assert!(safe.ends_with(&text));
    }
}

#[test]
fn a_kind_that_nobody_named_is_kept_no_longer_than_the_audit() {
    assert_eq!(crate::class_of("registry.people_imported"), Some("identity"));
    assert_eq!(crate::class_of("registry.areas_imported"), None);
    assert_eq!(crate::class_of("isolation.checks_made"), Some("health"));
    assert_eq!(crate::class_of("something.new"), Some("audit"));
    assert_eq!(crate::class_of("custody.destroyed"), None, "that it was destroyed outlives it");
}

fn label(prepared: &Prepared, until: Timestamp) -> Label {
    Label {
        area: AreaId(140_121),
        export: 7,
        content: Content::Letter(3),
        purpose: "协查反馈".to_owned(),
        people: 2,
        made_at: at("2022-04-13T01:00"),
        until,
        salt: prepared.salt(),
    }
}

#[test]
fn an_export_opens_with_its_passphrase_until_its_end_and_as_it_was_made() {
    let (end, before) = (at("2022-04-14T01:00"), at("2022-04-14T00:59"));
    let prepared = Prepared::fresh().unwrap();
    let text = file::seal(&prepared, &label(&prepared, end), "试甲子〇一".as_bytes()).unwrap();
    assert!(!text.contains("试甲子〇一"));
    let (told, plain) = file::open(&text, &prepared.passphrase, before).unwrap();
    assert_eq!((told.purpose.as_str(), plain.as_slice()), ("协查反馈", "试甲子〇一".as_bytes()));
    let refused = |text: &str, passphrase: &str, now| file::open(text, passphrase, now).unwrap_err().to_string();
    assert!(refused(&text, &prepared.passphrase, end).contains("ended"));
    assert!(refused(&text, "aaaa-aaaa-aaaa-aaaa-aaaa", before).contains("passphrase"));
    // Neither the end nor the purpose can be changed, nor a byte of what is inside.
    let later = text.replace(&end.0.to_string(), &(end.0 + 1_000_000).to_string());
    assert!(later != text && refused(&later, &prepared.passphrase, end).contains("changed"));
    let other = text.replace("协查反馈", "其他用途");
    assert!(refused(&other, &prepared.passphrase, before).contains("changed"));
    assert!(refused("not one", "x", before).contains("no export"));
}

#[test]
fn a_planted_identity_is_found_in_every_form_and_in_no_clean_file() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = ["试甲子〇一", "000000198001020121", "10100000001", "试甲"].map(str::to_owned);
    let wanted = Wanted::of(&wanted).unwrap();
    assert_eq!((wanted.texts, wanted.too_short), (3, 1));
    let clean = folder.path().join("clean.log");
    std::fs::write(&clean, "GET /api/registry/person?person=7 200 试* 0000**********0121 试甲").unwrap();
    assert!(wanted.search(&[folder.path().to_owned()]).unwrap().leaks.is_empty());
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    let planted: [(&str, Vec<u8>); 4] = [
        ("deep/raw.sqlite", [&[0, 255, 7][..], "试甲子〇一".as_bytes(), &[1]].concat()),
        ("url.log", b"GET /?name=%E8%AF%95%E7%94%B2%E5%AD%90%E3%80%87%E4%B8%80".to_vec()),
        ("escaped.json", b"{\"name\":\"\\u8bd5\\u7532\\u5b50\\u3007\\u4e00\"}".to_vec()),
        ("number", b"x000000198001020121x".to_vec()),
    ];
    for (name, bytes) in &planted {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let searched = wanted.search(&[folder.path().to_owned()]).unwrap();
        assert_eq!(searched.leaks.len(), 1, "{name}");
        assert_eq!((searched.leaks[0].file.clone(), searched.leaks[0].times), (folder.path().join(name), 1));
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
}

#[test]
fn an_identity_across_two_pieces_of_a_large_file_is_found_once() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = Wanted::of(&["000000198001020121".to_owned()]).unwrap();
    let path = folder.path().join("large");
    let piece = 8 << 20;
    for before in [0, piece - 18, piece - 9, piece - 1, piece, 2 * piece - 5] {
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&vec![b'.'; before]).unwrap();
        file.write_all(b"000000198001020121 and more").unwrap();
        drop(file);
        let searched = wanted.search(std::slice::from_ref(&path)).unwrap();
        assert_eq!((searched.leaks[0].times, searched.leaks[0].at.clone()), (1, vec![before as u64]), "at {before}");
    }
}
