//! Clauses as people read them: facts keep them as the layer cites them, the page shows them in both languages.

use outpace_core::Text;
use outpace_policy::Library;

/// Between the layer and its clause.
const BETWEEN: &str = " · ";
/// What stands where judgement and no clause decided.
const ASSESSMENT: &str = "研判 assessment ";

/// A clause as a fact keeps it, `layer · clause` or the clause alone, in both languages.
pub(crate) fn words(kept: &str) -> Text {
    if let Some(number) = kept.strip_prefix(ASSESSMENT) {
        return Text::new(format!("研判第 {number} 号"), format!("assessment {number}"));
    }
    let Some((layer, clause)) = kept.split_once(BETWEEN) else { return in_both(kept) };
    let clause = in_both(clause);
    match Library::shared().layer_title(layer) {
        Some((zh, en)) => Text::new(format!("{zh}{BETWEEN}{}", clause.zh), format!("{en}{BETWEEN}{}", clause.en)),
        None => clause,
    }
}

fn in_both(clause: &str) -> Text {
    Text::new(Library::shared().in_chinese(clause).unwrap_or(clause), clause)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_clause_is_told_in_the_language_of_the_reader() {
        let told = words("control-plan-ed8 · lockdown: stay home");
        assert_eq!(told.zh, "新型冠状病毒肺炎防控方案(第八版) · 封控区:足不出户");
        assert_eq!(told.en, "Control plan, 8th edition · lockdown: stay home");
        assert_eq!(words("lockdown: stay home").zh, "封控区:足不出户");
        assert_eq!(words("研判 assessment 3").en, "assessment 3");
        assert_eq!(words("an overlay of our own").zh, "an overlay of our own");
    }
}
