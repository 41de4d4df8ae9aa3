//! A briefing as Markdown and as one HTML page. Whatever stands in it was typed by people: everything is escaped.

use std::fmt::Write;

use outpace_core::Text;

use super::model::{Briefing, Language, Part, Section};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{border:1px solid #999;padding:.2rem .6rem;text-align:left}\
th{background:#eee}.drill{background:#fd6;padding:.4rem 1rem;font-weight:bold}footer{color:#555;margin-top:2rem;\
overflow-wrap:anywhere}@media print{body{margin:0}}";

fn title(briefing: &Briefing) -> Text {
    Text::new(
        format!("{}疫情处置简报", briefing.jurisdiction.zh),
        format!("Briefing on the response in {}", briefing.jurisdiction.en),
    )
}

fn moment(briefing: &Briefing) -> Text {
    let (clock, since) = (&briefing.clock, &briefing.since);
    Text::new(format!("{clock}(已办自 {since} 起统计)"), format!("{clock} (what was done is counted since {since})"))
}

fn drill() -> Text {
    Text::new("演练,非真实疫情", "A drill, no real outbreak")
}

fn witness(briefing: &Briefing) -> Text {
    let (seq, hash) = (briefing.head.seq, &briefing.head.hash);
    Text::new(format!("日志第 {seq} 条,哈希 {hash}"), format!("Journal entry {seq}, head {hash}"))
}

/// The sections of a part.
fn of(briefing: &Briefing, part: Part) -> impl Iterator<Item = &Section> {
    briefing.sections.iter().filter(move |section| section.part == part)
}

/// Prints Markdown.
#[must_use]
pub fn markdown(briefing: &Briefing, language: Language) -> String {
    let say = |text: &Text| plain(language.of(text));
    let mut out = format!("# {}\n\n{}\n", say(&title(briefing)), say(&moment(briefing)));
    if briefing.drill {
        out.push_str(&format!("\n**{}**\n", say(&drill())));
    }
    for part in Part::ALL {
        let mut sections = of(briefing, part).peekable();
        if sections.peek().is_none() {
            continue;
        }
        out.push_str(&format!("\n## {}\n", say(&part.title())));
        for section in sections {
            out.push_str(&format!("\n### {}\n\n", say(&section.title)));
            for line in &section.lines {
                out.push_str(&format!("- {}\n", say(line)));
            }
            if !section.rows.is_empty() {
                let row = |cells: &[Text]| format!("| {} |\n", cells.iter().map(say).collect::<Vec<_>>().join(" | "));
                if !section.lines.is_empty() {
                    out.push('\n');
                }
                out.push_str(&row(&section.columns));
                out.push_str(&format!("|{}\n", " --- |".repeat(section.columns.len())));
                section.rows.iter().for_each(|cells| out.push_str(&row(cells)));
            }
        }
    }
    out.push_str(&format!("\n---\n\n{}\n", say(&witness(briefing))));
    out
}

/// Words that mean nothing to Markdown and nothing to the HTML that it becomes.
fn plain(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Prints one HTML page that needs nothing else.
#[must_use]
pub fn html(briefing: &Briefing, language: Language) -> String {
    let say = |text: &Text| escaped(language.of(text));
    let (heading, code) = (say(&title(briefing)), if language == Language::Zh { "zh-CN" } else { "en" });
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{heading}</title><style>{STYLE}</style></head>\n<body>\n<h1>{heading}</h1>\n\
         <p>{}</p>\n",
        say(&moment(briefing))
    );
    if briefing.drill {
        out.push_str(&format!("<p class=\"drill\">{}</p>\n", say(&drill())));
    }
    for part in Part::ALL {
        let mut sections = of(briefing, part).peekable();
        if sections.peek().is_none() {
            continue;
        }
        out.push_str(&format!("<h2>{}</h2>\n", say(&part.title())));
        for section in sections {
            html_section(&mut out, section, &say);
        }
    }
    out.push_str(&format!("<footer>{}</footer>\n</body>\n</html>\n", say(&witness(briefing))));
    out
}

fn html_section(out: &mut String, section: &Section, say: &dyn Fn(&Text) -> String) {
    out.push_str(&format!("<h3>{}</h3>\n", say(&section.title)));
    if !section.lines.is_empty() {
        let items: String = section.lines.iter().map(|line| format!("<li>{}</li>", say(line))).collect();
        out.push_str(&format!("<ul>{items}</ul>\n"));
    }
    if section.rows.is_empty() {
        return;
    }
    let cells = |cells: &[Text], tag: &str| -> String {
        cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", say(cell))).collect()
    };
    let mut table = format!("<table><thead><tr>{}</tr></thead><tbody>\n", cells(&section.columns, "th"));
    for row in &section.rows {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "<tr>{}</tr>", cells(row, "td"));
    }
    out.push_str(&table);
    out.push_str("</tbody></table>\n");
}

fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}
