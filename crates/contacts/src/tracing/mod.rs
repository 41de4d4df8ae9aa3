//! Exposures and contacts: who was exposed to a case, of which class that makes them, and whether they were reached.
//!
//! An exposure is one observation; a contact is what the exposures of one person to one case add up to, together with
//! what was done about it.

mod commands;
mod facts;
mod http;
mod model;
pub mod rules;
pub(crate) mod store;

pub use commands::{
    ContactsAnswer, ExcludeContact, NewExposure, RecordContacts, UpdateContact, exclude_contact, record_contacts,
    update_contact,
};
pub use facts::{ContactExcluded, ContactUpdated, ContactsRecorded};
pub use http::{
    ContactList, ContactRow, ContactsInQuery, ContactsOfQuery, ContactsQuery, ExposureRow, ExposuresAnswer,
    ExposuresQuery, contacts, contacts_in, contacts_of, exposures, routes,
};
pub use model::{Contact, ContactGap, Exposure, Observation, Outcome};
pub use store::{contact, contacts_of_case, contacts_of_person, exposures_of};

pub(crate) use store::{SCHEMA, fold};
