/** The contract of live.ts as checks: what the page refuses to draw from. */

import type * as live from '../live';
import { anyOf, flag, list, number, object, oneOf, optional, orNull, text, type Check } from './checks';

const both = object<live.Text>({ zh: text, en: text });
/** The event `writing`. */
export const writingCheck = object<live.Writing>({ paused: orNull(both) });
const head = object<live.Head>({ seq: number, hash: text });
const zoneLevel = oneOf('lockdown', 'control', 'precaution', 'high', 'medium', 'low');
const risk = orNull(oneOf('high', 'medium', 'low'));
const figure = anyOf<live.Figure>(number, flag, both);

const conservation = object<live.Conservation>({
  difference: number,
  sealed: number,
  received: number,
  resulted: number,
  pending: number,
  lost: number,
  people_difference: number,
});

const lateKind = oneOf('ambient', 'laboratory', 'result');
const flow = object<live.Flow>({
  late: list(object<live.LateCount>({ kind: lateKind, tubes: number })),
  tubes: list(
    object<live.LateTube>({
      tube: text,
      kind: lateKind,
      due_at: number,
      people: number,
      custody: oneOf('lane', 'site', 'hand_over', 'courier', 'laboratory'),
      place: orNull(both),
      signed_by: orNull(text),
      signed_at: number,
      leg: orNull(number),
      box: orNull(text),
    }),
  ),
  laboratories: list(
    object<live.LaboratoryLoad>({
      id: number,
      name: both,
      pending: number,
      on_the_way: number,
      per_hour: number,
      real_per_hour: number,
      late: number,
      last_result_at: orNull(number),
    }),
  ),
});

const checkpoint = object<live.Checkpoint>({
  name: both,
  at: number,
  kind: oneOf('input', 'outcome'),
  reported: figure,
  reached: orNull(figure),
  reached_at: orNull(number),
  ok: orNull(flag),
});

/** Outlines are checked for being a collection; what is in them the map library checks as it draws. */
const collection: Check<live.Boundaries> = (value, path) =>
  typeof value === 'object' && value !== null && Array.isArray((value as { features?: unknown }).features)
    ? null
    : `${path}: FeatureCollection`;

const scenario = object<live.Scenario>({
  id: text,
  title: both,
  started_at: number,
  ends_at: number,
  mark_24h_at: number,
  landmarks: optional(collection),
});

const command = object<live.Command>({
  mode: oneOf('peacetime', 'emergency'),
  level: orNull(both),
  since: orNull(number),
  task_forces: number,
});

const verb = object<live.VerbCount>({
  verb: oneOf('sample', 'send', 'test', 'report', 'transfer', 'take_in'),
  waiting: number,
  under_way: number,
  done: number,
  late: number,
});

const round = object<live.Round>({
  id: number,
  name: both,
  state: oneOf('open', 'closed'),
  method: oneOf('pcr', 'antigen'),
  due: number,
  sampled: number,
  missing: number,
  exempt: number,
  absent: number,
  quarantine: number,
  opened_at: number,
  closes_at: orNull(number),
  last_result_at: orNull(number),
  promise_at: orNull(number),
  unsynced_lanes: number,
});

const place = object<live.ZonePlace>({ id: number, name: both, lon: number, lat: number });

const zone = object<live.Zone>({
  id: number,
  name: both,
  areas: list(number),
  places: list(place),
  level: zoneLevel,
  risk,
  population: number,
  from: number,
  reason: both,
  clause: both,
  lift_when: both,
  on_judgement: flag,
});

const closure = object<live.Closure>({
  id: number,
  class: both,
  area: number,
  area_name: both,
  from: number,
  reason: both,
  clause: both,
  lift_when: both,
});

const lateOrder = object<live.LateOrder>({
  id: number,
  kind: text,
  title: both,
  owner: both,
  area: both,
  deadline_at: number,
  overdue_minutes: number,
});

const orders = object<live.Orders>({
  open: number,
  accepted: number,
  done: number,
  verified: number,
  overdue: number,
  declined: number,
  cancelled: number,
  late: list(lateOrder),
});

const price = object<live.Price>({
  locked: number,
  controlled: number,
  precaution: number,
  facility: number,
  home: number,
  held: number,
  person_days: number,
  person_days_on_judgement: number,
  beds: number,
  vehicles: number,
  tubes: number,
  orders: number,
});

const planLine = object<live.PlanLine>({
  action: oneOf('add', 'change', 'lift'),
  what: both,
  people: number,
  needs: orNull(both),
  state: oneOf('waiting', 'approved', 'narrowed', 'declined', 'applied', 'blocked'),
  clause: both,
});

const plan = object<live.Plan>({
  id: number,
  version: number,
  trigger: both,
  state: oneOf('waiting', 'approved', 'partly_approved', 'declined', 'applied', 'superseded'),
  ready_at: number,
  waits_for: orNull(both),
  deputy_at: orNull(number),
  price,
  lines: list(planLine),
});

const supply = object<live.Supply>({
  item: text,
  name: both,
  unit: both,
  on_hand: number,
  came_in: number,
  went_out: number,
  days_left: orNull(number),
});

const site = object<live.Site>({
  id: number,
  name: both,
  lon: number,
  lat: number,
  kind: oneOf('ordinary', 'fever'),
  sampled: number,
});

const facility = object<live.Facility>({
  id: number,
  name: both,
  lon: number,
  lat: number,
  kind: oneOf('quarantine', 'hospital'),
  beds: number,
  occupied: number,
});

/** The event `live`. */
export const liveCheck = object<live.Live>({
  now: number,
  clock: text,
  offset_minutes: number,
  drill: flag,
  scenario: orNull(scenario),
  jurisdiction: object<live.Jurisdiction>({ code: number, name: both, people: number }),
  head,
  command,
  pack: object<live.PackName>({ id: text, name: both }),
  verbs: list(verb),
  conservation,
  flow,
  rounds: list(round),
  zones: list(zone),
  closures: list(closure),
  orders,
  plan: orNull(plan),
  timeline: list(checkpoint),
  supplies: list(supply),
  trucks: object<live.Trucks>({ expected: number, arrived: number, unloaded: number }),
  trips: object<live.Trips>({ waiting: number, under_way: number, admitted: number, excused: number }),
  beds: object<live.Beds>({ total: number, free: number, reserved: number, occupied: number }),
  cases: object<live.Cases>({ preliminary: number, confirmed: number, asymptomatic: number, excluded: number }),
  holds: object<live.Holds>({ people: number, places: number, lapsed: number }),
  glass: number,
  sites: list(site),
  facilities: list(facility),
});

const waitingPrice = object<live.WaitingPrice>({
  affected: object<live.WaitingPrice['affected']>({
    locked: number,
    controlled: number,
    precaution: number,
    facility: number,
    home: number,
    held: number,
  }),
  person_days: number,
  person_days_on_judgement: number,
  beds: number,
});

/** `GET /api/response/plan`. */
export const waitingCheck = object<live.WaitingPlan>({
  plan: number,
  lines: list(
    object<live.WaitingLine>({
      line: object<live.WaitingLine['line']>({
        key: text,
        action: oneOf('add', 'change', 'lift'),
        title: both,
        price: waitingPrice,
        missing_carers: list(() => null),
      }),
      said_yes: list(number),
      follows: flag,
      mine: flag,
      why_not: orNull(both),
    }),
  ),
  price: waitingPrice,
});

/** `POST /api/response/approve` and `/api/response/decline`. */
export const answeredCheck = object<live.Answered>({
  applied: list(text),
  waiting_for_second: list(text),
  declined: list(text),
  carers_missing: list(number),
});

/** `GET /api/command/briefing`. */
export const briefingCheck = object<live.Briefing>({
  jurisdiction: both,
  at: number,
  clock: text,
  since: text,
  drill: flag,
  head,
  sections: list(
    object<live.BriefingSection>({
      part: oneOf('command', 'found', 'done', 'late', 'next', 'task_forces', 'areas'),
      title: both,
      lines: list(both),
      columns: list(both),
      rows: list(list(both)),
    }),
  ),
});

const actor = object<live.SignedIn['actor']>({ id: number, role: text, area: number });
const secondFactor = oneOf('not_needed', 'given', 'to_enrol');

/** `POST /api/access/sign-in`, `confirm-enrolment`, `renew`. */
export const signedInCheck = object<live.SignedIn>({ expires_at: number, actor, second_factor: secondFactor });

const own = object<live.Own>({
  actor,
  name: text,
  second_factor: secondFactor,
  expires_at: number,
  idle_minutes: number,
  tokens: list(
    object<live.OwnToken>({
      token: text,
      kind: oneOf('page', 'program', 'device'),
      issued_at: number,
      last_seen: number,
      expires_at: number,
      this: flag,
    }),
  ),
});

/** `GET /api/access/own`. */
export const whoAsksCheck = object<live.WhoAsks>({ signed_in: orNull(own) });

/** `POST /api/access/enrol`. */
export const enrolmentCheck = object<live.Enrolment>({ secret: text, address: text, qr_size: number, qr_path: text });

/** An answer without content. */
export const emptyCheck = object<Record<never, never>>({});

const reportPlan = object<live.ReportPlan>({
  trigger: both,
  wall_ms: number,
  affected: object<live.ReportPlan['affected']>({
    locked: number,
    controlled: number,
    precaution: number,
    facility: number,
    home: number,
    held: number,
  }),
  person_days: number,
  person_days_on_judgement: number,
  beds: number,
  vehicles: number,
  tubes: number,
  orders: number,
});

/** `GET /api/drill/report`. */
export const reportCheck = object<live.DrillReport>({
  scenario: text,
  title: optional(both),
  pack: text,
  pace: oneOf('reported', 'at-once'),
  wall_seconds: number,
  people: number,
  sampled_total: number,
  checkpoints: list(checkpoint),
  plans: list(reportPlan),
  conservation,
  orders: object<live.DrillReport['orders']>({
    issued: number,
    open: number,
    done: number,
    verified: number,
    declined: number,
    overdue: number,
    cancelled: number,
  }),
  zones: list(
    object<live.ReportZone>({
      area: both,
      level: zoneLevel,
      risk,
      population: number,
      from: number,
      reason: both,
      lift_when: both,
    }),
  ),
  assumptions: optional(list(both)),
  head,
  ok: flag,
});
