//! Appeals (申诉) and corrections: what somebody asks about a measure or about what is held of them, and the answer.
//!
//! Each is an order with the pack's deadline. An appeal goes to somebody who took no part in the decision and is not under
//! who did ([`rules`]); an overdue one escalates as every order does. The answer, with its reason, goes to the person. A yes
//! changes nothing by itself: it rests on a fact that the response decides by, and the measure falls with its ground.

mod answer;
mod ask;
mod facts;
mod model;
mod reads;
pub mod rules;
mod store;
mod waiting;

pub use answer::{AnswerRequest, answer_appeal, answer_correction};
pub use ask::{AskAppeal, AskCorrection, CLASS, OPEN_MAX, OnPaper, appeal, ask_correction, on_paper, tick};
pub use facts::{RequestAnswered, RequestMade, RequestOrdered};
pub use model::{About, AskedBy, Outcome, Request, RequestKind, RequestRow};
pub use reads::{ListRequests, RequestList, appeals, corrections, of_person};
pub use waiting::Waiting;

pub(crate) use store::{SCHEMA, fold};

use outpace_orders::kinds::IssuedKind;
use outpace_policy::SubjectKind;

/// The kind of the order that an appeal opens.
pub const ANSWER_APPEAL: IssuedKind = IssuedKind { key: "answer-appeal", subject: SubjectKind::Measure };
/// The kind of the order that a request for correction opens.
pub const ANSWER_CORRECTION: IssuedKind = IssuedKind { key: "answer-correction", subject: SubjectKind::Person };
