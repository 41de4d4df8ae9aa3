//! `outpace plan`: what should be in force against what is, as a difference with its price; with another pack, both
//! prices side by side.

use outpace_response::pages::{self, Side, WhatIfQuery};

use super::{Failure, open_existing};
use crate::Data;

/// Reads, decides, prints. Changes nothing.
pub fn run(data: Data, pack: Option<String>) -> Result<(), Failure> {
    let opened = open_existing(&data)?;
    let call = opened.office.system_call();
    let answer = opened.office.store.read(|tx| pages::what_if(tx, &call, WhatIfQuery { pack, date: None }))?;
    println!("{}\n\n{}", answer.now.text.zh, answer.now.text.en);
    match &answer.other {
        None => println!("{}", table(&[&answer.now])),
        Some(other) => {
            println!("\n== {} ==\n{}\n\n{}", other.pack, other.text.zh, other.text.en);
            println!("{}", table(&[&answer.now, other]));
        }
    }
    Ok(())
}

/// Prices of everything that each pack asks for, one column a pack.
fn table(sides: &[&Side]) -> String {
    type Figure = fn(&Side) -> i64;
    let rows: [(&str, Figure); 13] = [
        ("locked / 封控 (people)", |side| side.price.affected.locked),
        ("controlled / 管控 (people)", |side| side.price.affected.controlled),
        ("precaution / 防范 (people)", |side| side.price.affected.precaution),
        ("facility / 集中隔离 (people)", |side| side.price.affected.facility),
        ("home / 居家 (people)", |side| side.price.affected.home),
        ("held / 就地 (people)", |side| side.price.affected.held),
        ("person-days / 人天", |side| side.price.person_days),
        ("of these on judgement / 其中研判", |side| side.price.person_days_on_judgement),
        ("beds / 床位", |side| side.price.beds),
        ("vehicles / 车辆", |side| side.price.vehicles),
        ("tubes / 采样管", |side| side.price.tubes),
        ("staff-hours / 人时", |side| side.price.staff_hours),
        ("orders / 任务单", |side| side.price.orders),
    ];
    let mut text = format!("\n{:<40}", "price / 代价");
    sides.iter().for_each(|side| text.push_str(&format!("{:>22}", side.pack)));
    for (name, figure) in rows {
        text.push_str(&format!("\n{name:<40}"));
        sides.iter().for_each(|side| text.push_str(&format!("{:>22}", figure(side))));
    }
    text
}
