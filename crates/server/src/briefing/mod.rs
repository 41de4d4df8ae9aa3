//! The whole briefing: what every capability says of itself, at any hour, with the journal's head as a witness.
//!
//! What it tells of screening, cases, measures, beds and supplies is what the page shows at the same moment, so that a
//! reader of either reads the same figures; orders, teams and notices tell their own part.

mod sections;
#[cfg(test)]
mod tests;

use outpace_access::{Call, Document, Routes};
use outpace_core::{Permission, Refusal, Timestamp};
use outpace_orders::briefing::{Briefing, Language, compose, gather, html, markdown};
use outpace_response::pages::{self, WhatIfQuery};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::live;

/// The routes of the briefing.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query("/api/command/briefing", Permission::CommandRead.whole(), "The briefing of this moment", briefing)
        .document(
            "/api/command/print-briefing",
            Permission::CommandRead.whole(),
            "The briefing of this moment as Markdown or as an HTML page, in Chinese or English",
            print,
        )
}

/// From when to count.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct BriefingQuery {
    /// What was done is counted from here; from the start of the emergency where nothing is said, else over a day.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// As what a briefing is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// One page that needs nothing else.
    #[default]
    Html,
    /// Markdown.
    Markdown,
}

/// How to print it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PrintQuery {
    /// `zh` or `en`; Chinese where nothing is said.
    #[serde(default = "chinese")]
    pub language: Language,
    /// `html` or `markdown`; HTML where nothing is said.
    #[serde(default)]
    pub form: Form,
    /// As in the briefing itself.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

fn chinese() -> Language {
    Language::Zh
}

/// Composes the briefing of this moment.
///
/// # Errors
/// What the store refused.
pub fn briefing(tx: &mut Tx<'_>, call: &Call, query: BriefingQuery) -> Result<Briefing, Refusal> {
    let gathered = gather(tx, call, query.since)?;
    let shown = live::moment(tx, call, Value::Null, Value::Null)?;
    let in_force = pages::what_if(tx, call, WhatIfQuery { pack: None, date: None })?.now.price;
    Ok(compose(&gathered, sections::all(&shown, &in_force)))
}

fn print(tx: &mut Tx<'_>, call: &Call, query: PrintQuery) -> Result<Document, Refusal> {
    let made = briefing(tx, call, BriefingQuery { since: query.since })?;
    Ok(match query.form {
        Form::Html => Document { media: "text/html; charset=utf-8", text: html(&made, query.language) },
        Form::Markdown => Document { media: "text/markdown; charset=utf-8", text: markdown(&made, query.language) },
    })
}
