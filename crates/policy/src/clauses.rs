//! Clauses as people read them: facts keep them as the layer cites them, whoever reads them gets both languages.

use outpace_core::Text;
use outpace_core::refusal::has_chinese;

use crate::Library;

/// Between the layer and its clause.
const BETWEEN: &str = " · ";
/// What stands where judgement and no clause decided.
const ASSESSMENT: &str = "研判 assessment ";

/// A clause as a fact keeps it, `layer · clause` or the clause alone, in both languages.
#[must_use]
pub fn clause_words(kept: &str) -> Text {
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

/// The same in one text, `中文 / English`, for answers that have one field for it; as it is where only one language is known.
#[must_use]
pub fn clause_in_one(kept: &str) -> String {
    let Text { zh, en } = clause_words(kept);
    if has_chinese(&zh) && !has_chinese(&en) { format!("{zh} / {en}") } else { kept.to_owned() }
}

fn in_both(clause: &str) -> Text {
    Text::new(Library::shared().in_chinese(clause).unwrap_or(clause), clause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_told_in_the_language_of_the_reader() {
        let told = clause_words("control-plan-ed8 · lockdown: stay home");
        assert_eq!(told.zh, "新型冠状病毒肺炎防控方案(第八版) · 封控区:足不出户");
        assert_eq!(told.en, "Control plan, 8th edition · lockdown: stay home");
        assert_eq!(clause_words("lockdown: stay home").zh, "封控区:足不出户");
        assert_eq!(clause_words("研判 assessment 3").en, "assessment 3");
        assert_eq!(clause_words("an overlay of our own").zh, "an overlay of our own");
    }

    #[test]
    fn one_field_holds_both_languages_so_that_a_reader_sees_only_theirs() {
        let kept = "control-plan-ed8 · lockdown: stay home";
        let told = Text::typed(&clause_in_one(kept));
        assert_eq!(told, clause_words(kept));
        assert_eq!(clause_in_one("an overlay of our own"), "an overlay of our own");
        assert_eq!(clause_in_one(&clause_in_one(kept)), clause_in_one(kept), "what is told in both stays so");
    }
}
