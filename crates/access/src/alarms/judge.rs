//! From what was seen to what is wrong: one function, with a threshold to raise and a lower one to clear.

use outpace_core::{Text, Timestamp};

use super::AlarmKind;
use super::board::{Board, Event, Level, Reading};

/// Bytes of a GiB.
const GIB: u64 = 1024 * 1024 * 1024;

/// From which figures an alarm is raised, and below which it clears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// Seconds that follow-up work may wait; it clears below a quarter.
    pub response_s_max: i64,
    /// Seconds since deadlines were last looked at; it clears below half. The clock ticks every 20 s.
    pub clock_s_max: i64,
    /// Hours that the last backup may be old.
    pub backup_hours_max: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { response_s_max: 120, clock_s_max: 120, backup_hours_max: 26 }
    }
}

/// A laboratory with tubes that wait and no result for hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentLaboratory {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Tubes that wait there.
    pub pending: i64,
    /// Whole hours since its last result, or since the oldest of these tubes came, whichever is later.
    pub hours: i64,
    /// Hours after which that is too long: of the pack, or of the command line.
    pub hours_max: i64,
}

/// What was seen at one moment. Absent is not known and raises nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Seconds that the oldest follow-up work has waited.
    pub oldest_work_s: Option<i64>,
    /// Follow-up work that failed every time.
    pub stuck: i64,
    /// Seconds since the last full look at deadlines.
    pub clock_s: Option<i64>,
    /// Why nothing can be written.
    pub paused: Option<Text>,
    /// Free and total bytes of the data folder's disk.
    pub disk: Option<(u64, u64)>,
    /// Laboratories with tubes and without results for longer than three quarters of what they may.
    pub laboratories: Vec<SilentLaboratory>,
    /// Hours since the last backup, or since the server started where there was none.
    pub backup_hours: Option<i64>,
    /// Entries whose hash somebody kept and that the journal has otherwise or not at all.
    pub heads: Vec<i64>,
}

/// What stands after this look, and what is to be told. Pure.
pub fn judge(board: &mut Board, seen: &Seen, thresholds: &Thresholds, now: Timestamp) -> Vec<Event> {
    board.follow(readings(seen, thresholds), now)
}

fn level(figure: i64, raise: i64, clear: i64) -> Option<Level> {
    match figure {
        figure if figure >= raise => Some(Level::Raise),
        figure if figure >= clear => Some(Level::Keep),
        _ => None,
    }
}

fn readings(seen: &Seen, thresholds: &Thresholds) -> Vec<Reading> {
    let of = |alarm, level, text| Reading { alarm, subject: String::new(), level, text };
    let mut found = Vec::new();
    if let Some(seq) = seen.heads.first() {
        let text = Text::new(
            format!(
                "日志第 {seq} 条与留存的日志头不符:日志可能被回退、替换或分叉。请停止写入,保留现场,按运维手册核对。"
            ),
            format!(
                "Entry {seq} of the journal is not the one whose hash was kept: the journal may have gone back, been \
                 replaced or split. Stop writing, keep everything as it is, and follow docs/OPERATIONS.md."
            ),
        );
        found.push(of(AlarmKind::HeadMismatch, Level::Raise, text));
    }
    found.extend(response(seen, thresholds).map(|(level, text)| of(AlarmKind::ResponseBehind, level, text)));
    if let Some(seconds) = seen.clock_s
        && let Some(level) = level(seconds, thresholds.clock_s_max, thresholds.clock_s_max / 2)
    {
        let text = Text::new(
            format!("期限、到期和解除已有 {seconds} 秒没有检查:到期的措施可能没有解除。"),
            format!(
                "Deadlines, ends and releases were not looked at for {seconds} s: measures may stand past their end."
            ),
        );
        found.push(of(AlarmKind::ClockBehind, level, text));
    }
    if let Some(why) = &seen.paused {
        let text = Text::new(
            format!("不能写入:{};采样改用离线通道表或停机应急单。", why.zh),
            format!("Nothing can be written: {}. Lanes go on with offline sheets or the printed ones.", why.en),
        );
        found.push(of(AlarmKind::WritingPaused, Level::Raise, text));
    }
    found.extend(disk(seen).map(|(level, text)| of(AlarmKind::DiskLow, level, text)));
    found.extend(seen.laboratories.iter().filter_map(silent));
    if let Some(hours) = seen.backup_hours
        && let Some(level) = level(hours, thresholds.backup_hours_max, thresholds.backup_hours_max)
    {
        let text = Text::new(
            format!("已有 {hours} 小时没有备份;请运行 outpace admin backup。"),
            format!("There was no backup for {hours} h; run outpace admin backup."),
        );
        found.push(of(AlarmKind::BackupOld, level, text));
    }
    found
}

fn response(seen: &Seen, thresholds: &Thresholds) -> Option<(Level, Text)> {
    let waits = seen.oldest_work_s.unwrap_or(0);
    let behind = level(waits, thresholds.response_s_max, thresholds.response_s_max / 4);
    match (seen.stuck, behind) {
        (0, None) => None,
        (0, Some(level)) => {
            let zh = format!("最早的待处置事项已等待 {waits} 秒:阳性可能没有得到处置。");
            let en = format!("The oldest follow-up work has waited for {waits} s: a positive may not be answered.");
            Some((level, Text::new(zh, en)))
        }
        (stuck, _) => {
            let zh = format!("{stuck} 项处置多次失败,须有人处理;最早的待处置事项已等待 {waits} 秒。");
            let en = format!(
                "{stuck} pieces of follow-up work failed every time and wait for a person; the oldest that waits has waited for {waits} s."
            );
            Some((Level::Raise, Text::new(zh, en)))
        }
    }
}

/// Low is below 5 % of the disk, but not more than 10 GiB and not less than 1 GiB; it clears a quarter above.
fn disk(seen: &Seen) -> Option<(Level, Text)> {
    let (free, total) = seen.disk?;
    let low = (total / 20).clamp(GIB, 10 * GIB);
    let level = match free {
        free if free < low => Level::Raise,
        free if free < low + low / 4 => Level::Keep,
        _ => return None,
    };
    let megabytes = free / (1024 * 1024);
    let zh = format!("数据目录所在磁盘只剩 {megabytes} MB;写满后不能登记。");
    let en = format!("The data folder's disk has {megabytes} MB left; nothing can be registered once it is full.");
    Some((level, Text::new(zh, en)))
}

fn silent(laboratory: &SilentLaboratory) -> Option<Reading> {
    let SilentLaboratory { key, name, pending, hours, hours_max } = laboratory;
    let level = level(*hours, *hours_max, hours_max * 3 / 4)?;
    let text = Text::new(
        format!("{}有 {pending} 管待检,已有 {hours} 小时没有报告结果。", name.zh),
        format!("{} has {pending} tubes waiting and has reported nothing for {hours} h.", name.en),
    );
    Some(Reading { alarm: AlarmKind::LaboratorySilent, subject: key.clone(), level, text })
}

#[cfg(test)]
mod tests {
    use super::super::board::{CALM_MS, REPEAT_GRAVE_MS, REPEAT_MS, Turn};
    use super::*;
    use outpace_core::refusal::has_chinese;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(1_650_000_000_000 + ms)
    }

    fn look(board: &mut Board, seen: &Seen, ms: i64) -> Vec<(Turn, AlarmKind)> {
        let events = judge(board, seen, &Thresholds::default(), at(ms));
        for event in &events {
            assert!(has_chinese(&event.text.zh) && !has_chinese(&event.text.en), "{event:?}");
        }
        events.into_iter().map(|event| (event.event, event.alarm)).collect()
    }

    #[test]
    fn an_alarm_is_raised_repeated_and_cleared_once() {
        let (mut board, calm) = (Board::default(), Seen::default());
        let behind = Seen { oldest_work_s: Some(121), ..Seen::default() };
        let between = Seen { oldest_work_s: Some(60), ..Seen::default() };
        assert_eq!(look(&mut board, &between, 0), []);
        assert_eq!(look(&mut board, &behind, 1), [(Turn::Raised, AlarmKind::ResponseBehind)]);
        assert_eq!(look(&mut board, &behind, 2), []);
        assert_eq!(look(&mut board, &between, REPEAT_MS + 1), [(Turn::Repeated, AlarmKind::ResponseBehind)]);
        let over = REPEAT_MS + 10;
        assert_eq!(look(&mut board, &calm, over), []);
        assert_eq!(look(&mut board, &calm, over + CALM_MS - 1), []);
        assert_eq!(look(&mut board, &calm, over + CALM_MS), [(Turn::Cleared, AlarmKind::ResponseBehind)]);
        assert_eq!(look(&mut board, &calm, over + CALM_MS + 1), []);
    }

    #[test]
    fn one_that_comes_and_goes_within_a_minute_is_told_once() {
        let mut board = Board::default();
        let paused = Seen { paused: Some(Text::new("磁盘已满", "the disk is full")), ..Seen::default() };
        let mut told = Vec::new();
        for second in 0..600 {
            let seen = if second % 50 < 5 { paused.clone() } else { Seen::default() };
            told.extend(look(&mut board, &seen, second * 1_000));
        }
        assert_eq!(told, [(Turn::Raised, AlarmKind::WritingPaused)]);
    }

    #[test]
    fn everything_at_once_is_told_gravest_first_and_each_laboratory_by_itself() {
        let silent = |key: &str, hours| SilentLaboratory {
            key: key.to_owned(),
            name: Text::new("县实验室", "The county's laboratory"),
            pending: 40,
            hours,
            hours_max: 6,
        };
        let seen = Seen {
            oldest_work_s: Some(5),
            stuck: 1,
            clock_s: Some(500),
            paused: Some(Text::new("磁盘已满", "the disk is full")),
            disk: Some((GIB / 2, 100 * GIB)),
            laboratories: vec![silent("north", 6), silent("south", 7), silent("west", 5)],
            backup_hours: Some(30),
            heads: vec![17],
        };
        let mut board = Board::default();
        let told: Vec<_> = look(&mut board, &seen, 0).into_iter().map(|(_, alarm)| alarm).collect();
        let mut expected = AlarmKind::ALL.to_vec();
        expected.insert(5, AlarmKind::LaboratorySilent);
        assert_eq!(told, expected);
        assert_eq!(look(&mut board, &seen, REPEAT_GRAVE_MS), [(Turn::Repeated, AlarmKind::HeadMismatch)]);
    }

    #[test]
    fn the_disk_is_low_in_proportion_but_within_bounds() {
        let level =
            |free: u64, total: u64| disk(&Seen { disk: Some((free, total)), ..Seen::default() }).map(|one| one.0);
        assert_eq!(level(GIB - 1, 4 * GIB), Some(Level::Raise));
        assert_eq!(level(11 * GIB, 10_000 * GIB), Some(Level::Keep));
        assert_eq!(level(13 * GIB, 10_000 * GIB), None);
        assert_eq!(level(4 * GIB, 100 * GIB), Some(Level::Raise));
    }

    proptest! {
        /// Of each alarm: raised and cleared take turns, and a repeat stands between them.
        #[test]
        fn every_alarm_that_is_raised_is_cleared_before_it_is_raised_again(
            steps in proptest::collection::vec((0_i64..200_000, 0_i64..300, 0_i64..3, any::<bool>()), 1..200),
        ) {
            let (mut board, mut now) = (Board::default(), 0);
            let mut stands = std::collections::BTreeSet::new();
            for (gap, waits, stuck, paused) in steps {
                now += gap;
                let paused = paused.then(|| Text::new("磁盘已满", "the disk is full"));
                let seen = Seen { oldest_work_s: Some(waits), stuck, paused, ..Seen::default() };
                for (turn, alarm) in look(&mut board, &seen, now) {
                    match turn {
                        Turn::Raised => prop_assert!(stands.insert(alarm)),
                        Turn::Repeated => prop_assert!(stands.contains(&alarm)),
                        Turn::Cleared => prop_assert!(stands.remove(&alarm)),
                    }
                }
                prop_assert_eq!(board.raised().count(), stands.len());
            }
        }
    }
}
