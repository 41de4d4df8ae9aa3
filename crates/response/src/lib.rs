//! Situation, decide(), plan(), closure(), approvals: the heart.
