//! Zones, closures, place and goods holds: measures on areas.
