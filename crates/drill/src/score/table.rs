//! The table on a terminal: Chinese and English side by side, columns aligned by what they take on the screen.

use outpace_core::Timestamp;

use super::report::{Checkpoint, Report};
use crate::scenario::{Figure, FigureKind};

/// Columns that a character takes: two for the wide ones of Chinese.
fn columns(text: &str) -> usize {
    text.chars().map(|one| if is_wide(one) { 2 } else { 1 }).sum()
}

fn is_wide(one: char) -> bool {
    matches!(u32::from(one), 0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6)
}

fn padded(text: &str, width: usize, right: bool) -> String {
    let gap = " ".repeat(width.saturating_sub(columns(text)));
    if right { format!("{gap}{text}") } else { format!("{text}{gap}") }
}

fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

fn figure(figure: Option<&Figure>) -> String {
    match figure {
        None => "–".to_owned(),
        Some(Figure::Yes(true)) => "是 yes".to_owned(),
        Some(Figure::Yes(false)) => "否 no".to_owned(),
        Some(Figure::Count(count)) => grouped(*count),
        Some(Figure::Words(text)) => format!("{} {}", text.zh, text.en),
    }
}

fn mark(row: &Checkpoint) -> &'static str {
    match (row.kind, row.ok) {
        (FigureKind::Input, _) => "·",
        (FigureKind::Outcome, Some(true)) => "✓",
        (FigureKind::Outcome, Some(false)) => "✗",
        (FigureKind::Outcome, None) => "?",
    }
}

/// The report as text.
pub(super) fn of(report: &Report) -> String {
    let hour = |at: Timestamp| at.local(report.offset_minutes).get(8..).unwrap_or_default().to_owned();
    let head = ["", "日 时 at", "事项 what", "报道 reported", "达到 reached", "达到时间 reached at"];
    let mut rows: Vec<[String; 6]> = vec![head.map(str::to_owned)];
    for row in &report.checkpoints {
        rows.push([
            mark(row).to_owned(),
            hour(row.at),
            format!("{} · {}", row.name.zh, row.name.en),
            figure(Some(&row.reported)),
            figure(row.reached.as_ref()),
            row.reached_at.map_or_else(|| "–".to_owned(), hour),
        ]);
    }
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| columns(&row[column])).max().unwrap_or(0)).collect();
    let mut text = format!("\n{} · {}\n\n", report.title.zh, report.title.en);
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| padded(cell, widths[column], matches!(column, 3 | 4)))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
        if number == 0 {
            text.push_str(&"─".repeat(widths.iter().sum::<usize>() + 10));
            text.push('\n');
        }
    }
    text.push_str(&foot(report));
    text
}

fn foot(report: &Report) -> String {
    let law = &report.conservation;
    let orders = &report.orders;
    let mut text = format!(
        "\n· 给定 given   ✓ 达到 reached   ✗ 未达到 not reached\n\n\
         人口 people {}   采样 sampled {}   采样管 tubes {}   已出结果 resulted {}   丢失 lost {}   守恒差 difference {} / {}\n\
         任务单 orders {}   完成 done {}   核验 verified {}   待接 open {}   超时 overdue {}   退单 declined {}   取消 cancelled {}\n",
        grouped(report.people),
        grouped(report.sampled_total),
        grouped(law.sealed),
        grouped(law.resulted),
        law.lost,
        law.difference,
        law.people_difference,
        grouped(orders.issued),
        grouped(orders.done),
        grouped(orders.verified),
        orders.open,
        orders.overdue,
        orders.declined,
        orders.cancelled,
    );
    for assumption in &report.assumptions {
        text.push_str(&format!("假设 assumption: {} {}\n", assumption.zh, assumption.en));
    }
    let memory = report.memory_peak_mb.map_or_else(String::new, |peak| format!("   内存峰值 memory {peak} MB"));
    let verdict = if report.ok { "全部达到 everything reached" } else { "未全部达到 NOT everything reached" };
    text.push_str(&format!("用时 wall {:.1} s{memory}   {verdict}\n", report.wall_seconds));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("河东 east"), 9);
        assert_eq!(columns(&padded("河东", 10, true)), 10);
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(grouped(119_246), "119,246");
        assert_eq!(grouped(-1_000), "-1,000");
        assert_eq!(grouped(7), "7");
    }
}
