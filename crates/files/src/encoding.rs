//! Bytes to text: UTF-8, UTF-16, GB18030.

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

use crate::{Unreadable, unreadable};

/// How a text file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    Utf8,
    /// UTF-16, low byte first ("Unicode text" of spreadsheets).
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// GB18030, and with it GBK and GB2312.
    Gb18030,
}

/// Decodes a file. Without a mark: zero bytes mean UTF-16, what is no UTF-8 is GB18030.
///
/// UTF-8 with a few broken bytes decodes as GB18030 as well, into other characters. It is recognised by its Chinese
/// characters, which GB18030 does not produce in number, and refused with the line of the first broken byte.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Encoding), Unreadable> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8(rest);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, Encoding::Utf16Le);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, Encoding::Utf16Be);
    }
    let zeros = |parity: usize| bytes.iter().enumerate().filter(|(at, byte)| **byte == 0 && at % 2 == parity).count();
    match (zeros(0), zeros(1)) {
        (0, 0) => {}
        (high, low) if low > high => return utf16(bytes, Encoding::Utf16Le),
        _ => return utf16(bytes, Encoding::Utf16Be),
    }
    if std::str::from_utf8(bytes).is_ok() || is_damaged_utf8(bytes) {
        return utf8(bytes);
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text.into_owned(), Encoding::Gb18030)),
        None => Err(unknown()),
    }
}

fn unknown() -> Unreadable {
    unreadable(
        "无法识别文件编码,应为 UTF-8、GB18030 或 UTF-16;请另存为“CSV UTF-8”后重试。",
        "The encoding of the file is not UTF-8, GB18030 or UTF-16; save it as \"CSV UTF-8\" and try again.",
    )
}

fn utf8(bytes: &[u8]) -> Result<(String, Encoding), Unreadable> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((text.to_owned(), Encoding::Utf8)),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            Err(unreadable(
                format!("第 {line} 行含有损坏的 UTF-8 字节,请重新导出文件。"),
                format!("Line {line} holds bytes that are not valid UTF-8; export the file again."),
            ))
        }
    }
}

fn utf16(bytes: &[u8], encoding: Encoding) -> Result<(String, Encoding), Unreadable> {
    let decoder = if encoding == Encoding::Utf16Le { UTF_16LE } else { UTF_16BE };
    match decoder.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text.into_owned(), encoding)),
        None => Err(unknown()),
    }
}

fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut broken, mut chinese) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        broken += usize::from(!chunk.invalid().is_empty());
        chinese += chunk.valid().chars().filter(|letter| *letter >= '\u{2e80}').count();
    }
    chinese > broken
}
