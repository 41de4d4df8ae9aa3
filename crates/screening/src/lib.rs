//! Rounds, sites, tubes, boxes, laboratory, coverage, conservation.
