//! Tables of letters.

use outpace_core::{AreaId, CaseId, OrderId, PersonId, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{LetterAnswered, LetterPushed, LetterReceived, LetterSent};
use super::{Direction, Letter};

pub(crate) const SCHEMA: &str = "
CREATE TABLE letter (
  j BIGINT NOT NULL, id BIGINT NOT NULL, direction TEXT NOT NULL, reference TEXT NOT NULL, other BIGINT NOT NULL,
  infection BIGINT, summary TEXT NOT NULL, at BIGINT NOT NULL, answer_due_at BIGINT NOT NULL, pushed_to BIGINT,
  answered_at BIGINT, answer TEXT, task BIGINT, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX letter_reference ON letter (j, direction, other, reference);
CREATE TABLE letter_person (
  j BIGINT NOT NULL, letter BIGINT NOT NULL, person BIGINT NOT NULL, PRIMARY KEY (j, letter, person));
";

const LETTER: &str = "id, direction, reference, other, infection, summary, at, answer_due_at, pushed_to, answered_at,
    answer, task, seq";

struct New<'a> {
    id: i64,
    direction: Direction,
    reference: &'a str,
    other: AreaId,
    case: Option<CaseId>,
    people: &'a [PersonId],
    summary: &'a str,
    at: Timestamp,
    answer_due_at: Timestamp,
    order: Option<OrderId>,
}

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("letter", "j, id")
        .table("letter_person", "j, letter, person")
        .fold(|tx, entry, fact: &LetterSent| {
            let new = New {
                id: fact.letter,
                direction: Direction::Out,
                reference: &fact.reference,
                other: fact.to,
                case: fact.case,
                people: &fact.people,
                summary: &fact.summary,
                at: fact.at,
                answer_due_at: fact.answer_due_at,
                order: None,
            };
            add(tx, entry, &new)
        })
        .fold(|tx, entry, fact: &LetterReceived| {
            let new = New {
                id: fact.letter,
                direction: Direction::In,
                reference: &fact.reference,
                other: fact.from,
                case: None,
                people: &fact.people,
                summary: &fact.summary,
                at: fact.at,
                answer_due_at: fact.answer_due_at,
                order: Some(fact.order),
            };
            add(tx, entry, &new)
        })
        .fold(|tx, _, fact: &LetterPushed| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE letter SET pushed_to = $3 WHERE j = $1 AND id = $2", values![j, fact.letter, fact.area])
                .map(|_| ())
        })
        .fold(|tx, _, fact: &LetterAnswered| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE letter SET answered_at = $3, answer = $4 WHERE j = $1 AND id = $2",
                values![j, fact.letter, fact.at, &fact.answer],
            )
            .map(|_| ())
        })
}

fn add(tx: &mut Tx<'_>, entry: &Entry, new: &New<'_>) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO letter (j, id, direction, reference, other, infection, summary, at, answer_due_at, task, seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values![
            j,
            new.id,
            new.direction,
            new.reference,
            new.other,
            new.case,
            new.summary,
            new.at,
            new.answer_due_at,
            new.order,
            entry.seq
        ],
    )?;
    tx.insert_many(
        "INSERT INTO letter_person (j, letter, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        new.people.iter().map(|person| [Value::Int(j), new.id.into(), (*person).into()]),
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Letter> {
    Ok(Letter {
        id: row.get(0)?,
        direction: row.get(1)?,
        reference: row.get(2)?,
        other: row.get(3)?,
        case: row.get(4)?,
        people: Vec::new(),
        summary: row.get(5)?,
        at: row.get(6)?,
        answer_due_at: row.get(7)?,
        pushed_to: row.get(8)?,
        answered_at: row.get(9)?,
        answer: row.get(10)?,
        order: row.get(11)?,
        seq: row.get(12)?,
    })
}

fn with_people(tx: &mut Tx<'_>, mut letter: Letter) -> Result<Letter> {
    let j = tx.jurisdiction();
    letter.people = tx.query(
        "SELECT person FROM letter_person WHERE j = $1 AND letter = $2 ORDER BY person",
        values![j, letter.id],
        |row| row.get(0),
    )?;
    Ok(letter)
}

/// A letter by its number here.
///
/// # Errors
/// What the engine refused.
pub fn letter(tx: &mut Tx<'_>, id: i64) -> Result<Option<Letter>> {
    let j = tx.jurisdiction();
    let found = tx.first(&format!("SELECT {LETTER} FROM letter WHERE j = $1 AND id = $2"), values![j, id], read)?;
    found.map(|letter| with_people(tx, letter)).transpose()
}

/// The letter with a sender's number, if it is known.
pub(super) fn by_reference(
    tx: &mut Tx<'_>,
    direction: Direction,
    other: AreaId,
    reference: &str,
) -> Result<Option<Letter>> {
    let j = tx.jurisdiction();
    let found = tx.first(
        &format!("SELECT {LETTER} FROM letter WHERE j = $1 AND direction = $2 AND other = $3 AND reference = $4"),
        values![j, direction, other, reference],
        read,
    )?;
    found.map(|letter| with_people(tx, letter)).transpose()
}

/// The letters that name a person, by number.
///
/// # Errors
/// What the engine refused.
pub fn letters_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Letter>> {
    let j = tx.jurisdiction();
    let sql = format!(
        "SELECT {LETTER} FROM letter WHERE j = $1
           AND id IN (SELECT letter FROM letter_person WHERE j = $1 AND person = $2) ORDER BY id"
    );
    tx.query(&sql, values![j, person], read)
}

/// One page of letters, by number, after one of them.
///
/// # Errors
/// What the engine refused.
pub fn letters(tx: &mut Tx<'_>, after: i64, limit: i64) -> Result<Vec<Letter>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {LETTER} FROM letter WHERE j = $1 AND id > $2 ORDER BY id LIMIT $3");
    let found = tx.query(&sql, values![j, after, limit], read)?;
    found.into_iter().map(|letter| with_people(tx, letter)).collect()
}
