//! A briefing before it is printed.

use outpace_core::{Seq, Text, Timestamp};
use outpace_store::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a section stands in the briefing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = BriefingPart)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The state of the command.
    Command,
    /// What was found.
    Found,
    /// What was done.
    Done,
    /// What is late.
    Late,
    /// What comes next.
    Next,
    /// By task force.
    TaskForces,
    /// By area.
    Areas,
}

impl Part {
    /// Every part, in the order in which it is read.
    pub const ALL: [Self; 7] =
        [Self::Command, Self::Found, Self::Done, Self::Late, Self::Next, Self::TaskForces, Self::Areas];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> Text {
        match self {
            Self::Command => Text::new("指挥", "Command"),
            Self::Found => Text::new("发现", "Found"),
            Self::Done => Text::new("已办", "Done"),
            Self::Late => Text::new("滞后", "Late"),
            Self::Next => Text::new("下一步", "Next"),
            Self::TaskForces => Text::new("按专班", "By task force"),
            Self::Areas => Text::new("按区域", "By area"),
        }
    }
}

/// Lines and a table under one title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BriefingSection)]
pub struct Section {
    /// Where it stands.
    pub part: Part,
    /// Its title.
    pub title: Text,
    /// Sentences, one a line.
    pub lines: Vec<Text>,
    /// Headings of the table; empty where there is none.
    pub columns: Vec<Text>,
    /// Rows of the table, each as long as the headings.
    pub rows: Vec<Vec<Text>>,
}

impl Section {
    /// A section of sentences.
    #[must_use]
    pub fn lines(part: Part, title: Text, lines: Vec<Text>) -> Self {
        Self { part, title, lines, columns: Vec::new(), rows: Vec::new() }
    }

    /// A section with a table.
    #[must_use]
    pub fn table(part: Part, title: Text, columns: Vec<Text>, rows: Vec<Vec<Text>>) -> Self {
        Self { part, title, lines: Vec::new(), columns, rows }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.rows.is_empty()
    }
}

/// The newest entry of the journal: a witness that nothing behind it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeadLine {
    /// Its number.
    pub seq: Seq,
    /// Its hash, lower-case hexadecimal.
    pub hash: String,
}

impl From<Head> for HeadLine {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, hash: head.hash.to_string() }
    }
}

/// A briefing of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Briefing {
    /// Whose.
    pub jurisdiction: Text,
    /// The moment it speaks of.
    pub at: Timestamp,
    /// The same in local time.
    pub clock: String,
    /// From when it counts what was done, in local time.
    pub since: String,
    /// Whether it is a drill's: then every print says so.
    pub drill: bool,
    /// The journal's head.
    pub head: HeadLine,
    /// Its sections, by part.
    pub sections: Vec<Section>,
}

/// In which language a briefing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The words in this language.
    #[must_use]
    pub fn of(self, text: &Text) -> &str {
        match self {
            Self::Zh => &text.zh,
            Self::En => &text.en,
        }
    }
}

/// Puts a briefing together: our sections and those of the capabilities above, by part, empty ones left out. Within a
/// part they keep their order, ours last: what was found by testing comes before what was found out about orders.
#[must_use]
pub fn compose(gathered: &super::Gathered, others: Vec<Section>) -> Briefing {
    let mut sections = others;
    sections.extend(super::own_sections(gathered));
    sections.retain(|section| !section.is_empty());
    sections.sort_by_key(|section| section.part);
    Briefing {
        jurisdiction: gathered.jurisdiction.clone(),
        at: gathered.at,
        clock: gathered.at.local(gathered.offset_minutes),
        since: gathered.since.local(gathered.offset_minutes),
        drill: gathered.drill,
        head: gathered.head.clone(),
        sections,
    }
}
