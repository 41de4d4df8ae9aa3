//! Restrictions on persons, facilities, rooms, stays, trips.
