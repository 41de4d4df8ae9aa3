//! The briefing at any hour: complete, escaped, in both languages.

#![allow(clippy::unwrap_used)]

mod office;

use office::{Desk, WANGDA, new_order, text};
use outpace_core::Text;
use outpace_orders::briefing::{self, Language, Part, Section};
use outpace_orders::command::{self, Mode, ResponseLevel, Switch};
use outpace_orders::notices::{self, Audience, NewNotice};
use outpace_orders::{Form, NewConflict, Subject, complete, conflict, issue, tick};

fn busy() -> Desk {
    let desk = Desk::new();
    desk.system(|unit, call| {
        let reason = Text::new("初筛阳性", "a preliminary positive");
        let level = Some(ResponseLevel::Three);
        command::switch(unit, call, Switch { mode: Mode::Emergency, level, reason, task_forces: None })?;
        let done = issue(unit, call, new_order("a", "hold-place"))?;
        complete(unit, call, done, Form::new())?;
        issue(unit, call, new_order("b", "sample-place"))?;
        let what = text("<b>eleven</b> | in a tube");
        conflict(
            unit,
            call,
            NewConflict { kind: "tube_over_full", subject: Subject::None, area: WANGDA, what, seq: None },
        )?;
        notices::publish(
            unit,
            call,
            NewNotice {
                key: None,
                kind: "zone".to_owned(),
                audience: Audience::Public,
                area: WANGDA,
                title: Text::new("管控区通告", "Control zone"),
                body: text("words"),
                reference: Subject::None,
                clause: None,
                deadline_at: None,
            },
        )
    })
    .unwrap();
    desk.pass_minutes(61);
    desk.system(tick).unwrap();
    desk
}

#[test]
fn it_says_what_was_found_done_late_and_next_with_the_head_of_the_journal() {
    let desk = busy();
    let call = desk.office.system_call();
    let gathered = desk.look(|tx| briefing::gather(tx, &call, None));
    let tubes = Section::lines(Part::Found, text("Tubes"), vec![text("1 positive")]);
    let made = briefing::compose(&gathered, vec![tubes]);
    let parts: std::collections::BTreeSet<Part> = made.sections.iter().map(|section| section.part).collect();
    assert_eq!(parts.into_iter().collect::<Vec<_>>(), Part::ALL);
    let found: Vec<_> = made.sections.iter().filter(|section| section.part == Part::Found).collect();
    assert_eq!(found[0].title.en, "Tubes", "what others found comes first");
    assert_eq!(made.head.hash, desk.store().head().hash.to_string());
    for section in made.sections.iter().filter(|section| !section.rows.is_empty()) {
        assert!(section.rows.iter().all(|row| row.len() == section.columns.len()), "{}", section.title.en);
    }
    let page = briefing::markdown(&made, Language::En);
    assert!(page.contains("Team to a township") && page.contains("Hold a place") && page.contains("A drill"));
    assert!(page.contains(&made.head.hash));
    assert!(briefing::markdown(&made, Language::Zh).contains("清徐县疫情处置简报"));
}

#[test]
fn what_people_typed_can_neither_break_a_table_nor_run_in_a_page() {
    let desk = busy();
    let call = desk.office.system_call();
    let gathered = desk.look(|tx| briefing::gather(tx, &call, None));
    let made = briefing::compose(&gathered, Vec::new());
    let page = briefing::html(&made, Language::En);
    assert!(page.contains("&lt;b&gt;eleven&lt;/b&gt;") && !page.contains("<b>eleven"));
    let words = briefing::markdown(&made, Language::En);
    assert!(words.contains("&lt;b&gt;eleven&lt;/b&gt; \\| in a tube"));
}

#[test]
fn a_quiet_day_has_a_briefing_too() {
    let desk = Desk::new();
    let call = desk.office.system_call();
    let gathered = desk.look(|tx| briefing::gather(tx, &call, None));
    let made = briefing::compose(&gathered, Vec::new());
    insta::assert_snapshot!(briefing::markdown(&made, Language::En));
}
