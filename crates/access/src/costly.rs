//! The queues for costly work and their bounds: heavy reads, password hashing, preparations of commands.

use std::time::Duration;

use outpace_core::Refusal;

use crate::turns::{Bounds, Turns};

/// Heavy reads: each computes a whole plan or briefing and takes up to some 80 MB for a county.
const HEAVY_READS: Bounds =
    Bounds { at_once: 2, of_one_at_once: 1, waiting: 32, of_one_waiting: 4, wait: Duration::from_secs(60) };
/// Password hashing: 19 MiB each. A hundred people may sign in from behind one address at the start of a shift.
const HASHING: Bounds =
    Bounds { at_once: 2, of_one_at_once: 1, waiting: 1_024, of_one_waiting: 128, wait: Duration::from_secs(30) };
/// Preparations of a command beside the writer: reading a sheet of results, sealing an export.
const PREPARING: Bounds =
    Bounds { at_once: 2, of_one_at_once: 2, waiting: 256, of_one_waiting: 64, wait: Duration::from_secs(60) };
/// Seconds after which a caller who was turned away may come back.
const RETRY_AFTER_S: u64 = 5;

pub(crate) fn heavy_reads() -> Turns {
    Turns::new(HEAVY_READS, heavy_full)
}

pub(crate) fn hashing() -> Turns {
    Turns::new(HASHING, hashing_full)
}

pub(crate) fn preparing() -> Turns {
    Turns::new(PREPARING, preparing_full)
}

fn heavy_full(of_one: bool) -> Refusal {
    let wait = RETRY_AFTER_S;
    if of_one {
        return Refusal::new(
            429,
            "heavy_read_under_way",
            "request",
            wait,
            format!("您的账号已有同类大型查询在计算或排队,请等其完成,{wait} 秒后再试。"),
            format!(
                "Your account has heavy queries running and waiting already; let them finish and try again in {wait} s."
            ),
        );
    }
    Refusal::new(
        503,
        "heavy_reads_full",
        "request",
        wait,
        format!("排队的大型查询过多,请在 {wait} 秒后再试;登记和其他查询照常。"),
        format!("Too many heavy queries are waiting; try again in {wait} s. Registration and other queries go on."),
    )
}

fn hashing_full(of_one: bool) -> Refusal {
    let wait = RETRY_AFTER_S;
    let (status, code) = if of_one { (429, "sign_ins_of_one") } else { (503, "sign_ins_full") };
    Refusal::new(
        status,
        code,
        "name",
        wait,
        format!("同时登录的人过多,请在 {wait} 秒后再试。"),
        format!("Too many people are signing in at once; try again in {wait} s."),
    )
}

fn preparing_full(of_one: bool) -> Refusal {
    let wait = RETRY_AFTER_S;
    let (status, code) = if of_one { (429, "preparing_of_one") } else { (503, "preparing_full") };
    Refusal::new(
        status,
        code,
        "request",
        wait,
        format!("同类操作排队过多,未作任何更改;请在 {wait} 秒后再试。"),
        format!("Too many requests of this kind are waiting; nothing was changed. Try again in {wait} s."),
    )
}
