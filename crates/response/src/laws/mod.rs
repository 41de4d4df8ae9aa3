//! Laws of the heart over generated situations, and the stories of a positive told as tests.

mod judgements;
mod laws_of_decide;
mod stories;
mod world;
