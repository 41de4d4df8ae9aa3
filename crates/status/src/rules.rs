//! The colour of a status: a pure function of the pack's lists and of what bears on the person. Nothing else can give
//! or take a colour.

use outpace_core::{Text, Timestamp};
use outpace_policy::{Pack, StatusColour, StatusReason};

use crate::model::{Cause, Colour, ColourReason, Mark, Reasons, ZoneMark, name_of};

/// Which reasons give which colour, by a pack.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    red: Reasons,
    yellow: Reasons,
    pack: &'a Pack,
}

impl<'a> Rule<'a> {
    /// The rule of a pack: its two lists, and the rule for a missed round, which stands apart from them.
    #[must_use]
    pub fn of(pack: &'a Pack) -> Self {
        let listed = |reasons: &[StatusReason]| reasons.iter().copied().collect::<Reasons>();
        let missed = Reasons::of(StatusReason::MissedRound);
        let without = |reasons: Reasons| Reasons(reasons.0 & !missed.0);
        let mut red = without(listed(&pack.status.red.value));
        let mut yellow = without(listed(&pack.status.yellow.value));
        match pack.missed_round.colour.value {
            StatusColour::Red => red = red.and(missed),
            StatusColour::Yellow => yellow = yellow.and(missed),
            StatusColour::Green => {}
        }
        Self { red, yellow, pack }
    }

    /// The colour that a set of reasons gives: the gravest that any of them does.
    #[must_use]
    pub fn colour(&self, reasons: Reasons) -> StatusColour {
        if reasons.meets(self.red) {
            StatusColour::Red
        } else if reasons.meets(self.yellow) {
            StatusColour::Yellow
        } else {
            StatusColour::Green
        }
    }

    fn clause(&self, reason: StatusReason, colour: StatusColour) -> String {
        let source = match (reason, colour) {
            (StatusReason::MissedRound, _) => &self.pack.missed_round.colour.source,
            (_, StatusColour::Red) => &self.pack.status.red.source,
            (_, StatusColour::Yellow | StatusColour::Green) => &self.pack.status.yellow.source,
        };
        source.clause.clone()
    }

    /// The reasons of one mark or zone that give a colour, each to be told by `tell`.
    fn tell(&self, reasons: Reasons, mut tell: impl FnMut(StatusReason, StatusColour, String)) {
        for reason in reasons.each() {
            let colour = self.colour(Reasons::of(reason));
            if colour != StatusColour::Green {
                tell(reason, colour, self.clause(reason, colour));
            }
        }
    }
}

/// The colour at a moment, with every reason.
#[must_use]
pub fn derive<'z>(
    marks: &[Mark],
    zones: impl IntoIterator<Item = &'z ZoneMark>,
    now: Timestamp,
    rule: &Rule<'_>,
) -> Colour {
    let mut told = Vec::new();
    for mark in marks.iter().filter(|mark| mark.counts_at(now)) {
        rule.tell(mark.reasons, |reason, colour, clause| {
            told.push(ColourReason {
                colour,
                reason,
                name: name_of(reason),
                clause,
                since: mark.since,
                until: mark.until,
                lifted_by: lifted_by(mark.cause),
                ground: mark.because.clone(),
            });
        });
    }
    for zone in zones.into_iter().filter(|zone| zone.starts_at <= now) {
        rule.tell(zone.reasons, |reason, colour, clause| {
            told.push(ColourReason {
                colour,
                reason,
                name: name_of(reason),
                clause,
                since: zone.since,
                until: zone.earliest_at,
                lifted_by: zone.lifted_by.clone(),
                ground: Some(zone.because.clone()),
            });
        });
    }
    told.sort_by_key(|one| (std::cmp::Reverse(one.colour), one.since, one.reason));
    let colour = told.first().map_or(StatusColour::Green, |gravest| gravest.colour);
    Colour { colour, reasons: told }
}

/// What lifts a mark, in words.
fn lifted_by(cause: Cause) -> Text {
    match cause {
        Cause::Case(_) => Text::new(
            "出院、终止或经签署排除后即解除",
            "discharge, or a signed exclusion of the case, lifts it at once",
        ),
        Cause::Restriction(_) => Text::new(
            "到期自动解除;所依据的事实被排除或申诉成立时立即解除",
            "it ends by itself at its end; an exclusion of what it rests on, or an appeal granted, lifts it at once",
        ),
        Cause::Round(_) => {
            Text::new("完成一次采样后即解除", "being sampled once lifts it, from the moment of registration")
        }
    }
}

#[cfg(test)]
mod tests {
    use outpace_core::RestrictionId;
    use outpace_policy::{Closed, Date, Library};

    use super::*;

    fn pack(date: Date) -> Pack {
        Library::embedded().pack("cn-2021-ed8", date).unwrap()
    }

    fn mark(reason: StatusReason, from: i64, until: i64) -> Mark {
        Mark {
            cause: Cause::Restriction(RestrictionId(1)),
            reasons: Reasons::of(reason),
            since: Timestamp(from),
            until: Some(Timestamp(until)),
            because: None,
            sampled_from: None,
        }
    }

    #[test]
    fn without_a_reason_everyone_is_green() {
        let pack = pack(Date::constant(2022, 4, 13));
        let green = derive(&[], [], Timestamp(0), &Rule::of(&pack));
        assert_eq!(green, Colour { colour: StatusColour::Green, reasons: Vec::new() });
    }

    #[test]
    fn a_measure_counts_from_its_start_to_its_end() {
        let pack = pack(Date::constant(2022, 4, 13));
        let marks = [mark(StatusReason::CloseContact, 10, 20)];
        let at = |now| derive(&marks, [], Timestamp(now), &Rule::of(&pack)).colour;
        assert_eq!(
            [9, 10, 19, 20].map(at),
            [StatusColour::Green, StatusColour::Red, StatusColour::Red, StatusColour::Green]
        );
    }

    #[test]
    fn a_missed_round_has_a_colour_only_where_the_pack_says_so() {
        let marks = [mark(StatusReason::MissedRound, 0, 20)];
        let at = |date| derive(&marks, [], Timestamp(5), &Rule::of(&pack(date)));
        assert_eq!(at(Date::constant(2022, 4, 13)).colour, StatusColour::Green);
        let later = at(Date::constant(2022, 4, 25));
        assert_eq!(later.colour, StatusColour::Yellow);
        assert!(later.reasons[0].clause.contains("25 April 2022"), "{:?}", later.reasons[0].clause);
    }

    #[test]
    fn every_coloured_reason_is_told_with_its_clause_in_both_languages() {
        let pack = pack(Date::constant(2022, 4, 25));
        let rule = Rule::of(&pack);
        for reason in StatusReason::ALL {
            let told = derive(&[mark(*reason, 0, 9)], [], Timestamp(1), &rule);
            assert_eq!(told.colour, rule.colour(Reasons::of(*reason)));
            for one in told.reasons {
                let words = [&one.name.zh, &one.name.en, &one.clause, &one.lifted_by.zh, &one.lifted_by.en];
                assert!(words.iter().all(|word| !word.is_empty()), "{one:?}");
            }
        }
    }
}
