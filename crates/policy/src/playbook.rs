//! Playbooks: the kinds of orders. Triggers, subjects, form fields and effects come from closed lists; a new kind with
//! known effects is a file, a new effect is code.

use std::collections::BTreeMap;
use std::sync::Arc;

use outpace_core::Role;

use crate::{Citation, Rules, Sourced};

/// All kinds of orders, by key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Playbook {
    /// The kinds.
    pub kinds: BTreeMap<String, OrderKind>,
}

impl Playbook {
    /// The kind with this key.
    #[must_use]
    pub fn kind(&self, key: &str) -> Option<&OrderKind> {
        self.kinds.get(key)
    }

    /// The kinds that something starts, in the order of their keys. One trigger may start several, on different
    /// subjects.
    pub fn started_by(&self, trigger: OrderTrigger) -> impl Iterator<Item = &OrderKind> {
        self.kinds.values().filter(move |kind| kind.trigger == trigger)
    }
}

section! {
    /// A kind of order.
    pub struct OrderKind {
        /// Key, such as `hold-place`.
        key: String,
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// What starts it.
        trigger: OrderTrigger,
        /// What it is about.
        subject: SubjectKind,
        /// Task force that does it, a key of the jurisdiction profile.
        task_force: String,
        /// Role that owns it.
        owner: Role,
        /// When it is due.
        deadline: Deadline,
        /// Minutes past the deadline after which the next one up is told.
        escalation_minutes: u32,
        /// What is ticked off.
        checklist: Vec<ChecklistItem>,
        /// What is filled in.
        fields: Vec<FormField>,
        /// What finishing it records, from a closed list.
        effects: Vec<Effect>,
        /// True where someone else must verify it.
        verify: bool,
    }
}

section! {
    /// When an order is due: minutes of its own, or a deadline of the pack. Exactly one of the two.
    pub struct Deadline {
        /// Minutes from issue.
        minutes: Option<u32>,
        /// A deadline of the pack.
        rule: Option<DeadlineRule>,
    }
}

/// Minutes, and the clause they come from if a pack gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueIn {
    /// Minutes from the start of the order.
    pub minutes: u32,
    /// The clause of the pack; `None` where the playbook itself sets them.
    pub source: Option<Arc<Citation>>,
}

impl Deadline {
    /// How long the order may take under these rules.
    #[must_use]
    pub fn due_in(&self, rules: &Rules) -> DueIn {
        match self.rule {
            Some(rule) => rule.due_in(rules),
            None => DueIn { minutes: self.minutes.unwrap_or(0), source: None },
        }
    }
}

closed! {
    /// A deadline that packs give.
    pub enum DeadlineRule: "deadline rule" {
        /// Single retest of the members of a positive pool.
        PoolRetest = "pool_retest" / "混管复采",
        /// Network report of a case.
        CaseReport = "case_report" / "网络直报",
        /// Report of the investigation's core movements.
        Movements = "movements" / "核心轨迹",
        /// First report of the investigation.
        FirstReport = "first_report" / "初步报告",
        /// Report within two hours.
        TracingReport = "tracing_report" / "流调速报",
        /// Close contacts moved.
        CloseContactsMoved = "close_contacts_moved" / "密接转运",
        /// Contacts of contacts moved.
        ContactsOfContactsMoved = "contacts_of_contacts_moved" / "次密接转运",
        /// Answer to a co-investigation letter.
        CoInvestigation = "co_investigation" / "协查反馈",
        /// A sampling site made ready.
        SiteReady = "site_ready" / "采样点就绪",
        /// Tubes at the laboratory.
        ToLaboratory = "to_laboratory" / "样本送达",
        /// Antigen positive confirmed by nucleic acid.
        AntigenConfirm = "antigen_confirm" / "抗原阳性复核",
        /// A round completed.
        RoundComplete = "round_complete" / "完成一轮",
        /// A freed room turned over.
        RoomTurnover = "room_turnover" / "房间腾退",
        /// An emergency of a resident answered.
        UrgentCare = "urgent_care" / "紧急就医",
        /// An appeal answered.
        AppealAnswer = "appeal_answer" / "申诉答复",
        /// A request to correct something answered.
        CorrectionAnswer = "correction_answer" / "更正答复",
    }
}

impl DeadlineRule {
    /// The minutes that the pack gives, with the clause.
    #[must_use]
    pub fn due_in(self, rules: &Rules) -> DueIn {
        let hours =
            |value: &Sourced<u32>| DueIn { minutes: value.value.saturating_mul(60), source: Some(value.cite()) };
        let minutes = |value: &Sourced<u32>| DueIn { minutes: value.value, source: Some(value.cite()) };
        match self {
            Self::PoolRetest => hours(&rules.pool_positive.retest_hours),
            Self::CaseReport => hours(&rules.cases.report_hours.get(crate::CaseClass::Confirmed).network),
            Self::Movements => hours(&rules.tracing.movements_hours),
            Self::FirstReport => hours(&rules.tracing.first_report_hours),
            Self::TracingReport => hours(&rules.tracing.report_hours),
            Self::CloseContactsMoved => hours(&rules.tracing.close_contacts_moved_hours),
            Self::ContactsOfContactsMoved => hours(&rules.tracing.contacts_of_contacts_moved_hours),
            Self::CoInvestigation => hours(&rules.tracing.coinvestigation_answer_hours),
            Self::SiteReady => hours(&rules.screening.site_ready_hours_max),
            Self::ToLaboratory => hours(&rules.screening.to_laboratory_hours_max),
            Self::AntigenConfirm => hours(&rules.antigen.confirm_hours),
            Self::RoundComplete => hours(&rules.screening.round_hours),
            Self::RoomTurnover => hours(&rules.facility.turnover_hours),
            Self::UrgentCare => minutes(&rules.home_care.urgent_minutes),
            Self::AppealAnswer => hours(&rules.appeal.answer_hours),
            Self::CorrectionAnswer => hours(&rules.codes.correction_hours),
        }
    }
}

section! {
    /// One line of a checklist.
    pub struct ChecklistItem {
        /// Chinese.
        zh: String,
        /// English.
        en: String,
    }
}

section! {
    /// One field of a form.
    pub struct FormField {
        /// Key in the answer.
        key: String,
        /// Chinese label.
        zh: String,
        /// English label.
        en: String,
        /// What may be entered.
        kind: FieldKind,
        /// True where the order cannot be finished without it.
        required: bool,
        /// The choices, where the kind is a choice.
        choices: Vec<Choice>,
    }
}

section! {
    /// One choice of a form field.
    pub struct Choice {
        /// Key in the answer.
        key: String,
        /// Chinese label.
        zh: String,
        /// English label.
        en: String,
    }
}

closed! {
    /// What a form field takes.
    pub enum FieldKind: "field type" {
        /// Free text.
        Text = "text" / "文本",
        /// Whole number from 0.
        Count = "count" / "数量",
        /// Yes or no.
        YesNo = "yes_no" / "是否",
        /// A moment.
        Time = "time" / "时间",
        /// One of the choices.
        Choice = "choice" / "单选",
        /// A person of the registry.
        Person = "person" / "人员",
        /// A place of the registry.
        Place = "place" / "场所",
        /// An area of the registry.
        Area = "area" / "区域",
        /// A quarantine site.
        Facility = "facility" / "隔离点",
        /// A vehicle.
        Vehicle = "vehicle" / "车辆",
        /// A tube's barcode.
        Tube = "tube" / "采样管",
        /// A box's barcode.
        Box = "box" / "转运箱",
        /// A signature of the person who acts.
        Signature = "signature" / "签名",
    }
}

closed! {
    /// What an order is about.
    pub enum SubjectKind: "subject" {
        /// The jurisdiction as a whole.
        Jurisdiction = "jurisdiction" / "本级",
        /// An area.
        Area = "area" / "区域",
        /// A zone.
        Zone = "zone" / "三区",
        /// A place.
        Place = "place" / "场所",
        /// A class of places.
        PlaceClass = "place_class" / "场所类别",
        /// A person.
        Person = "person" / "人员",
        /// A household.
        Household = "household" / "户",
        /// A case.
        Case = "case" / "病例",
        /// A tube.
        Tube = "tube" / "采样管",
        /// A box.
        Box = "box" / "转运箱",
        /// A sampling site.
        Site = "site" / "采样点",
        /// A round.
        Round = "round" / "轮次",
        /// A quarantine site.
        Facility = "facility" / "隔离点",
        /// A trip.
        Trip = "trip" / "转运批次",
        /// A vehicle.
        Vehicle = "vehicle" / "车辆",
        /// A shipment of supplies.
        Shipment = "shipment" / "物资批次",
        /// A lot of goods.
        Lot = "lot" / "货物批次",
        /// A conflict between observations.
        Conflict = "conflict" / "数据冲突",
        /// A measure on someone or something.
        Measure = "measure" / "管控措施",
        /// A notice.
        Notice = "notice" / "通告",
        /// Another order.
        Order = "order" / "任务单",
        /// A team.
        Team = "team" / "队伍",
    }
}

closed! {
    /// What starts an order.
    pub enum OrderTrigger: "trigger" {
        /// Only a person, by hand.
        Manual = "manual" / "人工下达",
        /// The emergency switch.
        EmergencyStarted = "emergency_started" / "启动应急响应",
        /// A pool came back positive.
        PoolPositive = "pool_positive" / "混管阳性",
        /// A single sample came back positive.
        SinglePositive = "single_positive" / "单管阳性",
        /// An antigen test was positive.
        AntigenPositive = "antigen_positive" / "抗原阳性",
        /// A case was opened.
        CaseOpened = "case_opened" / "病例立案",
        /// A place is held.
        PlaceHeld = "place_held" / "场所临时管控",
        /// A person is held.
        PersonHeld = "person_held" / "人员临时管控",
        /// A person under a measure or due for one was not reached.
        PersonNotReached = "person_not_reached" / "人员未找到",
        /// A person left the area in the look-back window.
        PersonLeftArea = "person_left_area" / "人员外溢",
        /// A quarantine measure was approved.
        QuarantineApproved = "quarantine_approved" / "批准隔离",
        /// Quarantine ends.
        QuarantineEnding = "quarantine_ending" / "隔离期满",
        /// Beds are short.
        BedsShort = "beds_short" / "床位不足",
        /// A zone was approved.
        ZoneApproved = "zone_approved" / "批准三区",
        /// A day begins in a locked area.
        LockedDay = "locked_day" / "封控区每日",
        /// A class of places is closed.
        ClassClosed = "class_closed" / "行业停业",
        /// Goods are held.
        GoodsHeld = "goods_held" / "货物封存",
        /// A round was opened.
        RoundOpened = "round_opened" / "开启轮次",
        /// A round has people who are due and did not come.
        RoundMissing = "round_missing" / "应检未检",
        /// The chain of transmission is unclear in an area: rounds day after day.
        ChainUnclear = "chain_unclear" / "传播链不明",
        /// A tube was lost or turned out not usable.
        TubeLost = "tube_lost" / "样本丢失或作废",
        /// Tubes are late against a deadline.
        TubesLate = "tubes_late" / "样本超时",
        /// A laboratory signed that suspicious results are to be taken back.
        ExclusionSigned = "exclusion_signed" / "申请撤销结果",
        /// Another area's co-investigation letter came in.
        LetterReceived = "letter_received" / "收到协查函",
        /// An antigen round was opened.
        AntigenRound = "antigen_round" / "抗原轮次",
        /// A box is sealed.
        BoxReady = "box_ready" / "样本待转运",
        /// Trip done, or a case left: vehicle or place to be disinfected.
        Contaminated = "contaminated" / "待消毒",
        /// A resident of a locked area needs care.
        CareNeed = "care_need" / "照护需求",
        /// A child or dependant would be left without a carer.
        CarerMissing = "carer_missing" / "照护人缺失",
        /// A measure started on a person.
        MeasureStarted = "measure_started" / "措施开始",
        /// A notice is due.
        NoticeDue = "notice_due" / "待发布",
        /// A shipment arrived.
        ShipmentArrived = "shipment_arrived" / "物资到达",
        /// A place is short of supplies.
        StockShort = "stock_short" / "物资短缺",
        /// Observations contradict each other.
        Conflict = "conflict" / "数据冲突",
        /// An order is overdue.
        OrderOverdue = "order_overdue" / "任务超时",
        /// A shift ends.
        ShiftEnding = "shift_ending" / "班次结束",
        /// An appeal came in.
        AppealMade = "appeal_made" / "收到申诉",
        /// Somebody asked that something held about them be corrected.
        CorrectionAsked = "correction_asked" / "收到更正请求",
        /// A hold ended without a result.
        HoldLapsed = "hold_lapsed" / "临时管控到期未复核",
    }
}

closed! {
    /// What finishing an order records. Each is code; a playbook may only name it.
    pub enum Effect: "effect" {
        /// Task forces are active.
        TaskForcesActive = "task_forces_active" / "专班启动",
        /// A team is in place.
        TeamInPlace = "team_in_place" / "队伍到位",
        /// A place is held.
        PlaceHeld = "place_held" / "场所已管控",
        /// People of a place were sampled.
        PlaceSampled = "place_sampled" / "场所已采样",
        /// A person was sampled alone.
        PersonSampled = "person_sampled" / "人员已采样",
        /// A person was reached.
        PersonReached = "person_reached" / "人员已找到",
        /// Movements of a case are known.
        MovementsKnown = "movements_known" / "轨迹已查明",
        /// Contacts of a case are listed.
        ContactsListed = "contacts_listed" / "接触者已判定",
        /// The report stands.
        ReportFiled = "report_filed" / "报告已提交",
        /// A case was reported up.
        ReportedUp = "reported_up" / "已上报",
        /// An ambulance took the case.
        CaseTaken = "case_taken" / "病例已转运",
        /// A trip was made.
        TripDone = "trip_done" / "转运完成",
        /// Sites for the missing beds were named.
        BedsFound = "beds_found" / "床位来源已落实",
        /// Beds are ready.
        BedsReady = "beds_ready" / "床位就绪",
        /// A sampling site is open.
        SiteOpened = "site_opened" / "采样点开放",
        /// Samplers are at their site.
        SamplersMoved = "samplers_moved" / "采样人员到位",
        /// A box was handed over.
        BoxHandedOver = "box_handed_over" / "样本已交接",
        /// Kits were handed out.
        KitsHandedOut = "kits_handed_out" / "抗原试剂已发放",
        /// A door was visited.
        DoorVisited = "door_visited" / "已上门",
        /// A zone is sealed.
        ZoneSealed = "zone_sealed" / "区域已封控",
        /// The duties of the day were done.
        DutiesDone = "duties_done" / "每日任务完成",
        /// A care plan stands.
        CarePlanned = "care_planned" / "一人一策已建立",
        /// A pass was issued.
        PassIssued = "pass_issued" / "通行已签发",
        /// Disinfected.
        Disinfected = "disinfected" / "已消毒",
        /// Places of the class are closed.
        ClassClosed = "class_closed" / "行业已停业",
        /// Goods are sealed.
        GoodsSealed = "goods_sealed" / "货物已封存",
        /// Supplies were delivered.
        SuppliesDelivered = "supplies_delivered" / "物资已送达",
        /// Trucks were unloaded into stock.
        TrucksUnloaded = "trucks_unloaded" / "车辆已卸货入库",
        /// A conflict was settled.
        ConflictSettled = "conflict_settled" / "冲突已处理",
        /// A guardian was named.
        GuardianNamed = "guardian_named" / "监护人已确定",
        /// The people of a tube were sampled again.
        TubeResampled = "tube_resampled" / "已重新采样",
        /// Late tubes were found and are on their way.
        TubesFound = "tubes_found" / "超时样本已查明",
        /// Suspicious results were taken back by two signatures.
        ResultsTakenBack = "results_taken_back" / "结果已撤销",
        /// A letter was answered.
        LetterAnswered = "letter_answered" / "协查函已反馈",
        /// A round was planned and opened.
        RoundOpened = "round_opened" / "已组织采样",
        /// A letter was sent.
        LetterSent = "letter_sent" / "协查函已发",
        /// A person was released with a certificate.
        Released = "released" / "已解除并发放证明",
        /// A written notice was handed over.
        NoticeHandedOver = "notice_handed_over" / "告知书已送达",
        /// A notice was published.
        NoticePublished = "notice_published" / "通告已发布",
        /// The next one up was told.
        Escalated = "escalated" / "已升级",
        /// A shift was relieved.
        ShiftRelieved = "shift_relieved" / "已换班休整",
        /// An appeal was answered.
        AppealAnswered = "appeal_answered" / "申诉已答复",
        /// A request to correct something was answered.
        CorrectionAnswered = "correction_answered" / "更正请求已答复",
        /// Records only the result; nothing else changes.
        ResultOnly = "result_only" / "仅记录结果",
    }
}

/// What is wrong with a kind beyond its types, as (key below the kind, message).
pub(crate) fn contradictions(kind: &OrderKind) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    match (kind.deadline.minutes, kind.deadline.rule) {
        (Some(_), Some(_)) => wrong.push(("deadline", "minutes and rule contradict each other; keep one".to_owned())),
        (None, None) => wrong.push(("deadline", "needs minutes or a rule".to_owned())),
        (Some(0), None) => wrong.push(("deadline", "0 minutes leave no time to do it".to_owned())),
        _ => {}
    }
    if kind.checklist.is_empty() {
        wrong.push(("checklist", "needs at least one item".to_owned()));
    }
    if kind.effects.is_empty() {
        wrong.push(("effects", "needs at least one; `result_only` if finishing it changes nothing".to_owned()));
    }
    for field in &kind.fields {
        let twice = kind.fields.iter().filter(|other| other.key == field.key).count() > 1;
        if twice {
            wrong.push(("fields", format!("`{}` stands twice", field.key)));
        }
        if (field.kind == FieldKind::Choice) == field.choices.is_empty() {
            wrong.push((
                "fields",
                format!("`{}` is a {}: choices belong to choices alone", field.key, field.kind.key()),
            ));
        }
    }
    if kind.effects.iter().any(|effect| kind.effects.iter().filter(|other| *other == effect).count() > 1) {
        wrong.push(("effects", "one effect stands twice".to_owned()));
    }
    wrong
}
