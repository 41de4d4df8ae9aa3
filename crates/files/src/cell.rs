//! One cell, typed as the file has it.

use outpace_core::Text;

/// One cell with content.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, without spaces around them.
    Text(String),
    /// A number cell of a spreadsheet.
    Number(Box<Number>),
    /// A date cell of a spreadsheet with its time, local: `2022-04-14T09:30:00`.
    Moment(String),
    /// An error of a formula, such as `#N/A`.
    Error(String),
    /// A cell that a merged area hides: its content stands in the first cell of the area.
    Merged,
}

/// A number cell: its value is a double, so that at most 15 digits are certain.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// The value.
    pub value: f64,
    /// The format, such as `0000` or `0.00E+00`; `General` where there is none.
    pub format: String,
    /// Whether the book counts days from 1904.
    pub is_1904: bool,
}

/// Why the digits of a number cell are not certain, so that it is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncertain {
    /// Negative, or with a fraction.
    NotWhole,
    /// 16 digits or more: the spreadsheet has rounded them.
    Long,
    /// Shown with leading zeros, which the number itself does not have.
    Padded,
    /// Shown with an exponent: what was typed may have been `1E5`.
    Exponent,
    /// Shown by a format with other signs.
    Format,
}

impl Uncertain {
    /// What is wrong with such a cell as a code, and what to do.
    #[must_use]
    pub fn text(&self) -> Text {
        let (zh, en) = match self {
            Self::NotWhole => ("是小数或负数", "is not a whole number"),
            Self::Long => {
                ("超过 15 位,表格软件已将其四舍五入", "has more than 15 digits, which the spreadsheet has rounded")
            }
            Self::Padded => ("按格式补零,原码无法确定", "has leading zeros by its format only"),
            Self::Exponent => ("以指数形式显示,原码无法确定", "is shown with an exponent"),
            Self::Format => ("按自定义格式显示,原码无法确定", "is shown by a format with other signs"),
        };
        Text::new(
            format!("单元格是数字,且{zh};请把该列设为“文本”后重新填写编码。"),
            format!("The cell is a number that {en}; make the column a text column and enter the codes again."),
        )
    }
}

impl Number {
    /// The digits, if they are certain: whole, at most 15 digits, a format that shows the digits and nothing else.
    ///
    /// # Errors
    /// Why they are not; then the cell is no code.
    pub fn digits(&self) -> Result<String, Uncertain> {
        if self.value < 0.0 || self.value.fract() != 0.0 || !self.value.is_finite() {
            return Err(Uncertain::NotWhole);
        }
        if self.value >= 1e15 {
            return Err(Uncertain::Long);
        }
        let shown = self.format.split(';').next().unwrap_or_default();
        if !matches!(shown, "" | "@") && !shown.eq_ignore_ascii_case("general") {
            if shown.contains(['E', 'e']) {
                return Err(Uncertain::Exponent);
            }
            let (whole, fraction) = shown.split_once('.').unwrap_or((shown, ""));
            if !whole.chars().chain(fraction.chars()).all(|sign| matches!(sign, '0' | '#' | '?' | ',' | '_' | ' ')) {
                return Err(Uncertain::Format);
            }
            if whole.chars().filter(|sign| *sign == '0').count() > 1 {
                return Err(Uncertain::Padded);
            }
        }
        Ok(format!("{:.0}", self.value))
    }

    /// As somebody reads it in the file; with an exponent where the digits were rounded.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.digits() {
            Err(Uncertain::Padded) => {
                let width = self.format.split([';', '.']).next().unwrap_or_default();
                let width = width.chars().filter(|sign| *sign == '0').count().min(40);
                format!("{:0>width$}", format!("{:.0}", self.value))
            }
            Err(Uncertain::Long | Uncertain::Exponent) => format!("{:E}", self.value),
            _ => self.value.to_string(),
        }
    }
}

impl Cell {
    /// A text cell; `None` where nothing is left without the spaces around it. `="0777"`, by which a CSV keeps a
    /// spreadsheet from reading a code as a number, is 0777.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let invisible = |letter: char| letter.is_whitespace() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{feff}');
        let text = text.trim_matches(invisible);
        let text = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).map_or(text, str::trim);
        (!text.is_empty()).then(|| Self::Text(text.to_owned()))
    }

    /// The cell as somebody reads it in the file, whole.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Moment(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => number.shown(),
            Self::Merged => String::new(),
        }
    }

    /// The words of the cell: text and dates as they stand, numbers by their certain digits or as decimals.
    ///
    /// # Errors
    /// Why the cell holds no words: an error of a formula, a merged cell, a number that is no code. The last only
    /// concerns codes: a quantity is read by its [`Number`].
    pub fn words(&self) -> Result<String, Text> {
        match self {
            Self::Text(text) | Self::Moment(text) => Ok(text.clone()),
            Self::Number(number) => match number.digits() {
                Ok(digits) => Ok(digits),
                Err(Uncertain::NotWhole) => Ok(number.value.to_string()),
                Err(uncertain) => Err(uncertain.text()),
            },
            Self::Error(error) => Err(Text::new(
                format!("单元格是公式错误 {error},没有内容。"),
                format!("The cell holds the error {error} and no content."),
            )),
            Self::Merged => Err(Text::new(
                "单元格与其他行或列合并,无法确定本行的内容;请取消合并后逐行填写。",
                "The cell is merged with another one, so its content is not certain; unmerge it and fill in each row.",
            )),
        }
    }
}
