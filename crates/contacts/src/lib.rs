//! Cases, exposures, visits, contacts, chains.
