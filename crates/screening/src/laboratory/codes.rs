//! Which tube a code in a file means. A code is text: what a program may have changed about it (capitals, leading zeros,
//! an exponent) counts only if one tube alone can be meant, and is told otherwise.

use outpace_core::{Refusal, Text, TubeCode};
use outpace_store::Tx;

use super::model::Outcome;
use super::rows::Named;
use crate::tubes::store::{codes_like, row_by_code};

/// Digits of a code that lost its leading zeros at most.
const DIGITS_MAX: usize = 24;

/// The tube that is meant, or why none can be told.
///
/// # Errors
/// What the store refused.
pub(super) fn meant(tx: &mut Tx<'_>, named: &Named, outcome: Outcome) -> Result<Result<TubeCode, Text>, Refusal> {
    match named {
        Named::Text(code) => by_text(tx, code),
        Named::Number(digits) => by_number(tx, digits, outcome),
    }
}

fn by_text(tx: &mut Tx<'_>, code: &TubeCode) -> Result<Result<TubeCode, Text>, Refusal> {
    if row_by_code(tx, code)?.is_some() {
        return Ok(Ok(code.clone()));
    }
    let like = codes_like(tx, code)?;
    match like.as_slice() {
        [only] => return Ok(Ok(only.clone())),
        [] => {}
        several => return Ok(Err(known_instead(code.as_str(), several))),
    }
    if code.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
        let same = numbers_like(tx, code.as_str())?;
        if !same.is_empty() {
            return Ok(Err(known_instead(code.as_str(), &same)));
        }
    }
    Ok(Ok(code.clone()))
}

fn by_number(tx: &mut Tx<'_>, digits: &str, outcome: Outcome) -> Result<Result<TubeCode, Text>, Refusal> {
    let same = numbers_like(tx, digits)?;
    let [only] = same.as_slice() else {
        let why = if same.is_empty() {
            Text::new(
                format!("单元格是数字 {digits},没有管码为 {digits} 的采样管;请把该列设为“文本”后重新填写管码。"),
                format!(
                    "The cell is the number {digits} and no tube has this code; make the column a text column and enter the codes again."
                ),
            )
        } else {
            known_instead(digits, &same)
        };
        return Ok(Err(why));
    };
    if only.as_str() != digits {
        return Ok(Err(known_instead(digits, &same)));
    }
    let row = row_by_code(tx, only)?;
    let other = row.and_then(|row| row.tube.outcome).filter(|stands| *stands != outcome);
    if let Some(stands) = other {
        return Ok(Err(Text::new(
            format!("单元格是数字,采样管 {digits} 已有不同结果({}),不能确定是否同一管。", stands.zh()),
            format!(
                "The cell is a number, and tube {digits} has another result ({}) already; it may not be the tube that is meant.",
                stands.word()
            ),
        )));
    }
    Ok(Ok(only.clone()))
}

fn known_instead(code: &str, known: &[TubeCode]) -> Text {
    let names: Vec<&str> = known.iter().map(TubeCode::as_str).collect();
    Text::new(
        format!("无法确定 {code} 指哪一管:已登记 {}。请按管上条码填写为文本。", names.join("、")),
        format!(
            "{code} does not say which tube is meant: {} is known. Enter the code on the tube as text.",
            names.join(", ")
        ),
    )
}

/// Known codes that a spreadsheet reads as the same number: with leading zeros, or as `1E5`.
fn numbers_like(tx: &mut Tx<'_>, digits: &str) -> Result<Vec<TubeCode>, Refusal> {
    let plain = digits.trim_start_matches('0');
    let plain = if plain.is_empty() { "0" } else { plain };
    let mut forms: Vec<String> =
        (plain.len()..=DIGITS_MAX.max(plain.len())).map(|width| format!("{plain:0>width$}")).collect();
    let zeros = plain.len() - plain.trim_end_matches('0').len();
    for power in 1..=zeros {
        let head = &plain[..plain.len() - power];
        forms.extend([format!("{head}E{power}"), format!("{head}e{power}")].into_iter().filter(|_| !head.is_empty()));
    }
    let mut known = Vec::new();
    for form in forms {
        let code = TubeCode(form);
        if row_by_code(tx, &code)?.is_some() {
            known.push(code);
        }
    }
    Ok(known)
}
