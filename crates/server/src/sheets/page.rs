//! A sheet as one HTML page to print: header, what to do, numbered blank lines, serial and QR code. Everything that people
//! named is escaped.

use std::fmt::Write;

use outpace_core::Text;
use outpace_orders::briefing::Language;
use qrcode::{Color, EcLevel, QrCode};

use super::Kind;

const STYLE: &str = "@page{size:A4 landscape;margin:10mm}body{font:13px/1.35 system-ui,sans-serif;margin:0;padding:8mm}\
header{display:flex;gap:1rem;align-items:flex-start;justify-content:space-between}h1{font-size:20px;margin:0 0 .2rem}\
svg{width:24mm;height:24mm}ol{margin:.2rem 0 .5rem;padding-left:1.3rem}table{border-collapse:collapse;width:100%}\
th,td{border:1px solid #333;padding:0 .3rem;text-align:left}th{background:#eee;font-weight:600}\
td{height:7.2mm}td:first-child,th:first-child{width:2.2rem;text-align:right}.mono{font-family:monospace;font-size:15px}\
.drill{background:#fd6;padding:.2rem .6rem;font-weight:bold}thead{display:table-header-group}tr{break-inside:avoid}";

/// What stands on a sheet beside its lines.
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) name: Text,
    pub(super) serial: String,
    /// The local day for which it is printed.
    pub(super) day: String,
    pub(super) drill: bool,
}

fn both(zh: &str, en: &str) -> Text {
    Text::new(zh, en)
}

fn title(kind: Kind) -> Text {
    match kind {
        Kind::Lane => both("停机应急单 · 采样通道", "Until it is back · sampling lane"),
        Kind::Gate => both("停机应急单 · 门岗", "Until it is back · gate"),
        Kind::Site => both("停机应急单 · 采样点", "Until it is back · sampling site"),
        Kind::Ward => both("停机应急单 · 隔离点与病房", "Until it is back · quarantine site or ward"),
    }
}

fn columns(kind: Kind) -> Vec<Text> {
    match kind {
        Kind::Lane => vec![
            both("管码", "tube code"),
            both("管内第几人", "place in tube"),
            both("采样时间", "time of swab"),
            both("姓名", "name"),
            both("证件号码", "ID number"),
            both("电话", "telephone"),
            both("备注", "remark"),
        ],
        Kind::Gate => vec![
            both("时间", "time"),
            both("进或出", "in or out"),
            both("姓名", "name"),
            both("证件号码", "ID number"),
            both("电话", "telephone"),
            both("出示的码或证明", "code or paper shown"),
            both("备注", "remark"),
        ],
        Kind::Site => vec![
            both("箱码", "box code"),
            both("管码从", "tubes from"),
            both("管码到", "tubes to"),
            both("管数", "tubes"),
            both("交出时间", "time given"),
            both("交出人签字", "given by, signed"),
            both("接收人签字", "taken by, signed"),
        ],
        Kind::Ward => vec![
            both("床号", "bed"),
            both("姓名", "name"),
            both("时间", "time"),
            both("体温", "temperature"),
            both("症状", "symptoms"),
            both("采样管码", "tube code"),
            both("入住或离开", "came or left"),
        ],
    }
}

fn steps(kind: Kind) -> Vec<Text> {
    let first = match kind {
        Kind::Lane => both(
            "通道设备装有通道表时先用设备;设备也不能用,才用本单。一人一行,先写管码;封管后在备注栏写“封”。",
            "Use the lane's device as long as its sheet works; use this paper when it does not. One line a person, tube code \
             first; write “sealed” in the remark when a tube is.",
        ),
        Kind::Gate => both(
            "门岗设备能离线核验时先用设备。不能核验不等于红码:登记后放行或请示,不得因系统停机扣留任何人。",
            "Use the gate's device as long as it checks offline. What cannot be checked is not red: write down and let pass, or \
             ask; nobody is held because the system is down.",
        ),
        Kind::Site => both(
            "每一次交接写一行,双方签字;每小时把管数电话报给指挥部。",
            "One line for each hand-over, signed by both; tell the command the number of tubes by telephone every hour.",
        ),
        Kind::Ward => both(
            "每人每次查房一行;发热或症状加重,立即电话报告医生和指挥部,不等系统恢复。",
            "One line a person and round; fever or worse symptoms go to the doctor and the command by telephone at once.",
        ),
    };
    let back = both(
        "系统恢复后:本单原件交补录人,逐行补录,时间写单上的时间;补录人在页脚签字,原件按身份资料保管。",
        "When the system is back: give this paper to who types it in, line by line, with the times written here; they sign \
         below, and the paper is kept as identities are.",
    );
    let asks = both(
        "结果迟:打给最后签收的实验室。通道拒绝:写单,继续。谁都登不进或页面打不开:打给值班管理员。",
        "Results late: call the laboratory that signed last. The lane refuses: write here and go on. Nobody can sign in, or \
         no page: call the administrator on duty.",
    );
    vec![first, asks, back]
}

/// The page.
pub(super) fn html(head: &Head, lines: i64, language: Language) -> String {
    let say = |text: &Text| escaped(language.of(text));
    let code = if language == Language::Zh { "zh-CN" } else { "en" };
    let heading = say(&title(head.kind));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head><meta charset=\"utf-8\"><title>{heading} {serial}</title>\
         <style>{STYLE}</style></head>\n<body>\n<header><div><h1>{heading}</h1><p><strong>{}</strong> · {}</p>\
         <p class=\"mono\">{serial}</p></div>{}</header>\n",
        say(&head.name),
        escaped(&head.day),
        qr(&head.serial),
        serial = escaped(&head.serial),
    );
    if head.drill {
        let _ = writeln!(out, "<p class=\"drill\">{}</p>", say(&both("演练,非真实疫情", "A drill, no real outbreak")));
    }
    let steps: String = steps(head.kind).iter().map(|step| format!("<li>{}</li>", say(step))).collect();
    let cells: String = columns(head.kind).iter().map(|column| format!("<th>{}</th>", say(column))).collect();
    let _ = writeln!(out, "<ol>{steps}</ol>\n<table><thead><tr><th>#</th>{cells}</tr></thead><tbody>");
    let blank = "<td></td>".repeat(columns(head.kind).len());
    for line in 1..=lines {
        let _ = writeln!(out, "<tr><td>{line}</td>{blank}</tr>");
    }
    let signed = both(
        "值守人签字:            补录人签字:            补录时间:",
        "On duty:            Typed in by:            At:",
    );
    let _ = write!(out, "</tbody></table>\n<p>{}</p>\n</body></html>\n", say(&signed).replace("  ", "&emsp;"));
    out
}

/// The serial as a QR code in SVG; nothing where it cannot be drawn, since the serial stands beside it.
fn qr(text: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return String::new() };
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (at, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let _ = write!(path, "M{} {}h1v1h-1z", at % width, at / width);
    }
    format!("<svg viewBox=\"-2 -2 {0} {0}\" role=\"img\"><path d=\"{path}\"/></svg>", width + 4)
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: Kind) -> Head {
        let name = Text::new("<县>医院 & 门诊", "The \"county's\" <hospital>");
        Head { kind, name, serial: "W7-2022-04-13".to_owned(), day: "2022-04-13".to_owned(), drill: true }
    }

    #[test]
    fn every_sheet_has_its_lines_serial_code_and_what_to_do_in_each_language() {
        for kind in [Kind::Lane, Kind::Gate, Kind::Site, Kind::Ward] {
            for (language, back, drill) in [
                (Language::Zh, "系统恢复后", "演练,非真实疫情"),
                (Language::En, "When the system is back", "A drill, no real outbreak"),
            ] {
                let page = html(&head(kind), 40, language);
                assert!(page.contains("<tr><td>40</td><td></td>") && !page.contains("<td>41</td>"), "{kind:?}");
                assert!(page.contains("W7-2022-04-13") && page.contains("<path d=\"M"), "{kind:?}");
                assert!(page.contains(back) && page.contains(drill), "{kind:?} {language:?}");
                assert!(!page.contains("<县>") && !page.contains("<hospital>"), "names are escaped");
            }
        }
    }

    #[test]
    fn a_chinese_sheet_holds_no_english_words() {
        for kind in [Kind::Lane, Kind::Gate, Kind::Site, Kind::Ward] {
            let page = html(&Head { name: Text::new("县医院", "x"), ..head(kind) }, 1, Language::Zh);
            let body = page.split_once("<body>").map_or("", |(_, body)| body);
            let mut inside = false;
            let shown: String = body
                .chars()
                .filter(|letter| {
                    inside = (inside || *letter == '<') && *letter != '>';
                    !inside && *letter != '>'
                })
                .collect();
            let shown = shown.replace("&emsp;", " ").replace("W7-2022-04-13", "");
            assert!(!shown.chars().any(|letter| letter.is_ascii_alphabetic()), "{shown}");
        }
    }
}
