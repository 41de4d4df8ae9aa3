//! Orders, teams, responsibility, notices, command and the briefing.
