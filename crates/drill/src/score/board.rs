//! The rows of the reference table as the day goes on. Pure.

use outpace_core::Timestamp;

use crate::scenario::{CheckpointSpec, Compare, Figure, FigureKind, Measure, Question, Scenario};

use super::measure::is_heavy;
use super::report::Checkpoint;

/// One row.
#[derive(Debug, Clone)]
struct Row {
    spec: CheckpointSpec,
    reached: Option<Figure>,
    reached_at: Option<Timestamp>,
    judged: bool,
    ok: Option<bool>,
}

/// All rows.
#[derive(Debug, Clone)]
pub struct Board {
    rows: Vec<Row>,
}

/// Whether a reached figure is as the report says.
#[must_use]
pub fn holds(compare: Compare, reported: &Figure, reached: &Figure) -> bool {
    match (compare, reported, reached) {
        (Compare::AtLeast, Figure::Count(reported), Figure::Count(reached)) => reached >= reported,
        _ => reported == reached,
    }
}

impl Board {
    /// The rows of a scenario; inputs show what was given.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let rows = scenario.checkpoints.iter().map(|spec| {
            let given = match &spec.measure {
                Measure::Given(key) => Some((Figure::Count(scenario.amount(key)), spec.at)),
                Measure::Asked(_) => None,
            };
            Row {
                ok: given.as_ref().map(|(figure, _)| holds(spec.compare, &spec.reported, figure)),
                judged: given.is_some(),
                reached_at: given.as_ref().map(|(_, at)| *at),
                reached: given.map(|(figure, _)| figure),
                spec: spec.clone(),
            }
        });
        Self { rows: rows.collect() }
    }

    /// The questions whose rows are not judged yet, and that can be asked at a moment.
    #[must_use]
    pub fn open(&self, now: Timestamp) -> Vec<Question> {
        let asked = |row: &&Row| match row.spec.measure {
            Measure::Asked(question) => !row.judged && (!is_heavy(question) || now >= row.spec.at),
            Measure::Given(_) => false,
        };
        let open = self.rows.iter().filter(asked);
        open.filter_map(|row| match row.spec.measure {
            Measure::Asked(question) => Some(question),
            Measure::Given(_) => None,
        })
        .collect()
    }

    /// Takes an answer of the system; judges the row when its hour has come. Answers whether the row changed.
    pub fn answer(&mut self, question: Question, figure: Option<Figure>, now: Timestamp) -> bool {
        let asked = |row: &&mut Row| !row.judged && row.spec.measure == Measure::Asked(question);
        let Some(row) = self.rows.iter_mut().find(asked) else { return false };
        let mut changed = figure.is_some() && row.reached != figure;
        if changed {
            row.reached_at = Some(now);
            row.reached = figure;
        }
        if now >= row.spec.at {
            row.judged = true;
            let good = row.reached.as_ref().is_some_and(|reached| holds(row.spec.compare, &row.spec.reported, reached));
            row.ok = Some(good);
            changed = true;
        }
        changed
    }

    /// Whether every outcome was judged and is as the report says.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.rows.iter().filter(|row| row.spec.kind == FigureKind::Outcome).all(|row| row.ok == Some(true))
    }

    /// The rows as the page and the report show them.
    #[must_use]
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        let shown = self.rows.iter().map(|row| Checkpoint {
            key: row.spec.key.clone(),
            name: row.spec.name.clone(),
            kind: row.spec.kind,
            at: row.spec.at,
            reported: row.spec.reported.clone(),
            reached: row.reached.clone(),
            reached_at: row.reached_at,
            ok: row.ok,
        });
        shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn board() -> (Scenario, Board) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills/qingxu-2022");
        let scenario = Scenario::load(Path::new(folder)).unwrap();
        let board = Board::of(&scenario);
        (scenario, board)
    }

    fn reported(scenario: &Scenario, question: Question) -> Figure {
        let row = scenario.checkpoints.iter().find(|row| row.measure == Measure::Asked(question)).unwrap();
        row.reported.clone()
    }

    #[test]
    fn a_drill_in_which_everything_was_reached_is_good() {
        let (scenario, mut board) = board();
        for question in board.open(scenario.ends_at) {
            board.answer(question, Some(reported(&scenario, question)), scenario.ends_at);
        }
        assert!(board.ok());
    }

    #[test]
    fn one_person_less_fails_the_drill() {
        let (scenario, mut board) = board();
        for question in board.open(scenario.ends_at) {
            let mut figure = reported(&scenario, question);
            if question == Question::SampledInWindow {
                figure = Figure::Count(119_245);
            }
            board.answer(question, Some(figure), scenario.ends_at);
        }
        assert!(!board.ok());
    }

    #[test]
    fn a_figure_that_comes_after_its_hour_does_not_count() {
        let (scenario, mut board) = board();
        let late = Question::TrucksUnloaded;
        for question in board.open(scenario.ends_at) {
            let figure = if question == late { Figure::Count(29) } else { reported(&scenario, question) };
            board.answer(question, Some(figure), scenario.ends_at);
        }
        board.answer(late, Some(Figure::Count(30)), scenario.ends_at.plus_minutes(5));
        assert!(!board.ok());
    }

    #[test]
    fn what_nobody_answered_fails_the_drill() {
        let (scenario, mut board) = board();
        for question in board.open(scenario.ends_at) {
            board.answer(question, None, scenario.ends_at);
        }
        assert!(!board.ok());
        assert!(board.open(scenario.ends_at).is_empty());
    }

    #[test]
    fn more_than_is_enough_where_the_report_says_more_than() {
        assert!(holds(Compare::AtLeast, &Figure::Count(10_000), &Figure::Count(10_260)));
        assert!(!holds(Compare::Exactly, &Figure::Count(4), &Figure::Count(5)));
        assert!(!holds(Compare::AtLeast, &Figure::Count(10_000), &Figure::Yes(true)));
    }

    #[test]
    fn the_hour_at_which_a_figure_was_first_reached_is_kept() {
        let (scenario, mut board) = board();
        let early = scenario.starts_at.plus_minutes(20);
        board.answer(Question::TaskForces, Some(Figure::Count(14)), early);
        board.answer(Question::TaskForces, Some(Figure::Count(14)), scenario.ends_at);
        let row = board.checkpoints().into_iter().find(|row| row.key == "task_forces").unwrap();
        assert_eq!((row.reached_at, row.ok), (Some(early), Some(true)));
    }
}
