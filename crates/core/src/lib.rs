//! Ids, time, area tree, actor, refusals, units: the words everything else is written in.
