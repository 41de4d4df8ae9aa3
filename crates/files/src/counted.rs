//! The conservation of rows.

use outpace_core::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the rows of a file: `content = taken + same + different + told`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counted {
    /// Rows with content under the heading.
    pub content: i64,
    /// Rows taken in now.
    pub taken: i64,
    /// Rows whose content was known already.
    pub same: i64,
    /// Rows about something known, with other content; each is named.
    pub different: i64,
    /// Rows that were kept out, each with its line and the reason.
    pub told: i64,
}

impl Counted {
    /// Rows of which nothing says what became of them; 0 where the law holds.
    #[must_use]
    pub fn missing(&self) -> i64 {
        let sum = [self.taken, self.same, self.different, self.told].into_iter().fold(0, i64::saturating_add);
        self.content.saturating_sub(sum)
    }

    /// The line that is printed, after the proof that the rows add up.
    ///
    /// # Errors
    /// The same line with the number of rows that are unaccounted for: a fault of ours, never of the file.
    pub fn line(&self) -> Result<Text, Text> {
        let Self { content, taken, same, different, told } = self;
        let line = Text::new(
            format!("有内容的行 {content} = 录入 {taken} + 已有且相同 {same} + 已有但不同 {different} + 未录入 {told}"),
            format!(
                "rows with content {content} = taken in {taken} + known and the same {same} + known and different {different} + kept out {told}"
            ),
        );
        match self.missing() {
            0 => Ok(line),
            missing => Err(Text::new(
                format!("行数不符({missing} 行去向不明):{}", line.zh),
                format!("The rows do not add up ({missing} unaccounted for): {}", line.en),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_add_up_give_their_line_others_a_difference() {
        let counted = Counted { content: 10, taken: 5, same: 2, different: 1, told: 2 };
        let line = counted.line().unwrap();
        assert!(line.en.starts_with("rows with content 10 = taken in 5"), "{line:?}");
        let lost = Counted { told: 0, ..counted }.line().unwrap_err();
        assert!(lost.en.contains("2 unaccounted") && lost.zh.contains("2 行去向不明"), "{lost:?}");
    }
}
