//! Everything that is held about a person, as the person reads it. Nobody else is in it: where another person led to a
//! measure, it says that somebody did, and not who.

mod model;
mod read;
mod words;

pub use model::{
    AskedAbout, CaseLine, ContactLine, ExportLine, File, FileQuery, GlassLine, Ground, LetterLine, LookLine, Measure,
    NoticeLine, OrderLine, VisitLine, WhoToCall,
};
pub use read::file;
pub(crate) use read::measure;
pub(crate) use words::of_kind;
