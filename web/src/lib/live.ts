/**
 * The contract between the server and the page. The server sends exactly this, the page reads nothing else.
 *
 * - `GET /api/live` answers `text/event-stream`: event `live`, data one JSON {@link Live}. The first comes at once,
 *   the next whenever something changed (at most two a second); when nothing changes a comment line (`: alive`)
 *   at least every 10 seconds, so that a dead connection is noticed.
 * - `GET /api/registry/boundaries?under=CODE&level=village` (also `township`, `county`) answers {@link Boundaries}; an
 *   empty collection where nothing is drawn.
 * - `GET /api/drill/report` answers {@link DrillReport}; 404 while there is none.
 * - `POST /api/access/sign-in` with {@link SignIn} answers {@link SignedIn} and sets a cookie that scripts cannot read; the
 *   browser sends it with every later request. A drill's data folder answers without it. `GET /api/access/own` answers
 *   {@link WhoAsks}; `POST /api/access/enrol` {@link Enrolment}; `confirm-enrolment` and `renew` {@link SignedIn}.
 * - `GET /api/response/plan` answers {@link WaitingPlan}; `POST /api/response/approve` and `/decline` answer
 *   {@link Answered}. `GET /api/command/briefing` answers {@link Briefing}.
 *
 * Names are snake_case. A moment is whole milliseconds since the epoch. An area is its GB/T 2260 code as a number
 * (6, 9, 12 or 15 digits). Counts are whole and never negative; only the differences
 * of the conservation law have a sign. What is not known is `null`, never 0 and never left out. `zh` and `en` are
 * both always filled.
 */

/** One sentence in both languages. */
export interface Text {
  zh: string;
  en: string;
}

/** The event `writing` of the stream: said at the start and when it changes, whether or not figures can be read. */
export interface Writing {
  /** Why nothing can be written at present. */
  paused: Text | null;
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Moment = number;

/** GB/T 2260 code as a number; grids have 15 digits. */
export type AreaCode = number;

/** Everything the page shows at one moment. */
export interface Live {
  /** The clock of the data folder: simulated in a drill. */
  now: Moment;
  /** The same in local time, `YYYY-MM-DD HH:MM`. */
  clock: string;
  /** Minutes east of Greenwich; China 480. */
  offset_minutes: number;
  /** True in a folder marked as a drill. */
  drill: boolean;
  /** The scenario that is being played; `null` outside a drill. */
  scenario: Scenario | null;
  jurisdiction: Jurisdiction;
  /** Newest entry of the journal. */
  head: Head;
  command: Command;
  /** The policy pack in force. */
  pack: PackName;
  /** The six verbs, always all six and in this order: sample, send, test, report, transfer, take_in. */
  verbs: VerbCount[];
  conservation: Conservation;
  flow: Flow;
  /** Screening rounds, newest first; at most 12. */
  rounds: Round[];
  /** Zones in force, strictest first; all of them. */
  zones: Zone[];
  /** Closures of place classes in force. */
  closures: Closure[];
  orders: Orders;
  /** The oldest plan that waits for a yes; else the newest plan; `null` before the first. */
  plan: Plan | null;
  /** Checkpoints of the scenario by hour; empty outside a drill. */
  timeline: Checkpoint[];
  /** Stock, shortest `days_left` first; at most 20. */
  supplies: Supply[];
  trucks: Trucks;
  trips: Trips;
  beds: Beds;
  cases: Cases;
  holds: Holds;
  /** Break-glass accesses that stand open now: somebody looks beyond their role or area. */
  glass: number;
  /** Sampling sites that are open; at most 2,000. */
  sites: Site[];
  /** Quarantine facilities and designated hospitals; at most 500. */
  facilities: Facility[];
}

export interface Scenario {
  id: string;
  title: Text;
  started_at: Moment;
  ends_at: Moment;
  /** The golden 24 hours end here. */
  mark_24h_at: Moment;
  /** What the map draws besides areas, small: the river, with level `river`. May be left out. */
  landmarks?: Boundaries;
}

export interface Jurisdiction {
  code: AreaCode;
  name: Text;
  /** Registered people. */
  people: number;
}

export interface Head {
  /** Sequence number of the newest entry. */
  seq: number;
  /** Its hash, lower-case hexadecimal. */
  hash: string;
}

export interface Command {
  mode: 'peacetime' | 'emergency';
  /** Level of the response; `null` in peacetime. */
  level: Text | null;
  /** When the mode was entered; `null` while nobody ever switched. */
  since: Moment | null;
  /** Task forces (专班) at work. */
  task_forces: number;
}

export interface PackName {
  id: string;
  name: Text;
}

export type VerbName = 'sample' | 'send' | 'test' | 'report' | 'transfer' | 'take_in';

/**
 * One verb of the pipeline. Counted in people: `sample` (of the open and closed rounds), `transfer`, `take_in`
 * (at facilities and hospitals). Counted in tubes: `send`, `test`, `report`.
 */
export interface VerbCount {
  verb: VerbName;
  /** Due, nothing begun. */
  waiting: number;
  under_way: number;
  done: number;
  /** Of waiting and under way: past the deadline or the promise. */
  late: number;
}

/** The conservation law (design §4). Both differences are 0, or something was lost. */
export interface Conservation {
  /** Tubes: sealed − (under way + received + lost) + received − (resulted + pending). */
  difference: number;
  sealed: number;
  received: number;
  resulted: number;
  pending: number;
  /** Declared lost. */
  lost: number;
  /** People: ordered to move − (waiting + under way + admitted + excused). */
  people_difference: number;
}

/** Against which deadline a tube is late: ambient hours, arrival at the laboratory, promised result. */
export type LateKind = 'ambient' | 'laboratory' | 'result';
export type CustodyPlace = 'lane' | 'site' | 'hand_over' | 'courier' | 'laboratory';

/** Tubes that are late now, and the load of the laboratories. */
export interface Flow {
  /** How many are late, by deadline; none of a kind is left out. */
  late: LateCount[];
  /** The longest overdue first; at most 12. */
  tubes: LateTube[];
  /** Laboratories that work or have something; at most 12. */
  laboratories: LaboratoryLoad[];
}

export interface LateCount {
  kind: LateKind;
  tubes: number;
}

export interface LateTube {
  tube: string;
  kind: LateKind;
  due_at: Moment;
  people: number;
  /** Where it was last signed. */
  custody: CustodyPlace;
  /** The site or laboratory; `null` with a courier. */
  place: Text | null;
  /** The name they sign in with; `null` where nobody has signed. */
  signed_by: string | null;
  signed_at: Moment;
  /** Number of the hand-over. */
  leg: number | null;
  box: string | null;
}

export interface LaboratoryLoad {
  id: number;
  name: Text;
  /** Tubes that wait there. */
  pending: number;
  on_the_way: number;
  /** Tubes an hour that it says it can do, and that it really does. */
  per_hour: number;
  real_per_hour: number;
  late: number;
  /** When its last result will be there; `null` while nothing waits, or where it does not work. */
  last_result_at: Moment | null;
}

export interface Round {
  id: number;
  name: Text;
  state: 'open' | 'closed';
  method: 'pcr' | 'antigen';
  due: number;
  sampled: number;
  /** Due, not seen, no reason known: on the door list. */
  missing: number;
  exempt: number;
  absent: number;
  /** Due, but in quarantine and sampled there. */
  quarantine: number;
  opened_at: Moment;
  closes_at: Moment | null;
  last_result_at: Moment | null;
  /** By when the results are promised. */
  promise_at: Moment | null;
  /** Lanes from which not everything is here: in their areas nobody is held to a missed test. */
  unsynced_lanes: number;
}

export type ZoneLevel = 'lockdown' | 'control' | 'precaution' | 'high' | 'medium' | 'low';
export type RiskLevel = 'high' | 'medium' | 'low';

/** A zone stands on areas, or on places, or on both. */
export interface Zone {
  id: number;
  name: Text;
  areas: AreaCode[];
  places: ZonePlace[];
  level: ZoneLevel;
  /** The risk level that stands beside it, or `null`. */
  risk: RiskLevel | null;
  population: number;
  from: Moment;
  reason: Text;
  /** Layer and clause, in our words. */
  clause: Text;
  lift_when: Text;
  /** True where judgement (研判), not rule, decided. */
  on_judgement: boolean;
}

export interface ZonePlace {
  id: number;
  name: Text;
  lon: number;
  lat: number;
}

/** A closed class of places, such as post and parcel services. */
export interface Closure {
  id: number;
  class: Text;
  area: AreaCode;
  area_name: Text;
  from: Moment;
  reason: Text;
  clause: Text;
  lift_when: Text;
}

export interface Orders {
  open: number;
  accepted: number;
  done: number;
  verified: number;
  overdue: number;
  declined: number;
  cancelled: number;
  /** Open and accepted orders that are overdue or next due, most overdue first; at most 50. */
  late: LateOrder[];
}

export interface LateOrder {
  id: number;
  /** Key in the playbook. */
  kind: string;
  title: Text;
  /** Team or office that owns it. */
  owner: Text;
  area: Text;
  deadline_at: Moment;
  /** Positive when overdue, negative while there is time left. */
  overdue_minutes: number;
}

export type PlanState = 'waiting' | 'approved' | 'partly_approved' | 'declined' | 'applied' | 'superseded';

export interface Plan {
  id: number;
  /** An approval binds to a version. */
  version: number;
  /** What made the plan necessary. */
  trigger: Text;
  state: PlanState;
  ready_at: Moment;
  /** Whose yes it waits for; `null` once decided. */
  waits_for: Text | null;
  /** When the question passes on to the deputy; `null` once decided. */
  deputy_at: Moment | null;
  price: Price;
  /** At most 200, what restricts most people first. */
  lines: PlanLine[];
}

/** People affected by level, and what it takes. */
export interface Price {
  locked: number;
  controlled: number;
  precaution: number;
  facility: number;
  home: number;
  held: number;
  /** All of them, those on judgement included. */
  person_days: number;
  person_days_on_judgement: number;
  beds: number;
  vehicles: number;
  tubes: number;
  orders: number;
}

export interface PlanLine {
  action: 'add' | 'change' | 'lift';
  what: Text;
  people: number;
  /** What must be there first, such as beds or a carer; `null` when nothing. */
  needs: Text | null;
  /** `blocked`: cannot be approved before what it needs is there. */
  state: 'waiting' | 'approved' | 'narrowed' | 'declined' | 'applied' | 'blocked';
  clause: Text;
}

/** What a figure is: a count, a yes or no, or words. */
export type Figure = number | boolean | Text;

export interface Checkpoint {
  name: Text;
  /** When the page reports it. */
  at: Moment;
  /** `input`: given to the drill; `outcome`: what the system must reach. Only outcomes are scored. */
  kind: 'input' | 'outcome';
  reported: Figure;
  /** `null` until something was reached. */
  reached: Figure | null;
  reached_at: Moment | null;
  /** `null` until it can be judged. */
  ok: boolean | null;
}

export interface Supply {
  /** Key of the item. */
  item: string;
  name: Text;
  unit: Text;
  on_hand: number;
  /** Ever came in and went out, over all depots. */
  came_in: number;
  went_out: number;
  /** Days at the use of the last day; `null` where nothing was used yet. */
  days_left: number | null;
}

/** Trucks with supplies: announced, of these arrived, of these empty. */
export interface Trucks {
  expected: number;
  arrived: number;
  unloaded: number;
}

/** People ordered to move; ordered = the sum of the four. */
export interface Trips {
  waiting: number;
  under_way: number;
  admitted: number;
  excused: number;
}

export interface Beds {
  total: number;
  free: number;
  reserved: number;
  occupied: number;
}

export interface Cases {
  preliminary: number;
  confirmed: number;
  asymptomatic: number;
  excluded: number;
}

export interface Holds {
  people: number;
  places: number;
  /** Lapsed into "retest due": our failure. */
  lapsed: number;
}

export interface Site {
  id: number;
  name: Text;
  lon: number;
  lat: number;
  kind: 'ordinary' | 'fever';
  sampled: number;
}

export interface Facility {
  id: number;
  name: Text;
  lon: number;
  lat: number;
  kind: 'quarantine' | 'hospital';
  beds: number;
  occupied: number;
}

/**
 * GeoJSON. `name_en` may be empty. `level` is `county`, `township`, `village` or `river`. `code` is a number where it is
 * an area; files write it as text, and both are read.
 */
export interface Boundaries {
  type: 'FeatureCollection';
  features: {
    type: 'Feature';
    properties: { code: string | number; name: string; name_en?: string; level: string };
    geometry:
      | { type: 'Polygon'; coordinates: number[][][] }
      | { type: 'MultiPolygon'; coordinates: number[][][][] }
      | { type: 'LineString'; coordinates: number[][] };
  }[];
}

export type * from './access/model';

/**
 * `GET /api/response/plan`: the plan that waits, for whoever is signed in. The page reads these fields of it; the
 * server decides who may answer what, and says why not.
 */
export interface WaitingPlan {
  /** The number to answer with: an approval binds to it. */
  plan: number;
  lines: WaitingLine[];
  price: WaitingPrice;
}

export interface WaitingLine {
  line: {
    /** Stable name of the line. */
    key: string;
    action: 'add' | 'change' | 'lift';
    title: Text;
    price: WaitingPrice;
    /** Dependants for whom somebody has to be named first. */
    missing_carers: unknown[];
  };
  said_yes: number[];
  /** It comes with another line and is not answered by itself. */
  follows: boolean;
  /** Whether the caller may answer it now; if not, why. */
  mine: boolean;
  why_not: Text | null;
}

export interface WaitingPrice {
  affected: { locked: number; controlled: number; precaution: number; facility: number; home: number; held: number };
  person_days: number;
  person_days_on_judgement: number;
  beds: number;
}

/** `POST /api/response/approve` and `/api/response/decline`: what became of the lines. */
export interface Answered {
  applied: string[];
  waiting_for_second: string[];
  declined: string[];
  carers_missing: number[];
}

/**
 * `GET /api/command/briefing`: the whole briefing of this moment. `GET /api/command/print-briefing?language=zh|en` and
 * `&form=html|markdown` is the same as a document.
 */
export interface Briefing {
  jurisdiction: Text;
  at: Moment;
  clock: string;
  /** From when it counts what was done, in local time. */
  since: string;
  drill: boolean;
  head: Head;
  sections: BriefingSection[];
}

export type BriefingPart = 'command' | 'found' | 'done' | 'late' | 'next' | 'task_forces' | 'areas';

export interface BriefingSection {
  part: BriefingPart;
  title: Text;
  lines: Text[];
  /** Headings of the table; empty where there is none. */
  columns: Text[];
  rows: Text[][];
}

/** The report of a drill: keys that stay stable. What the command line writes with `--json` is the same. */
export interface DrillReport {
  scenario: string;
  /** Title of the scenario, where the server knows it. */
  title?: Text;
  pack: string;
  pace: 'reported' | 'at-once';
  wall_seconds: number;
  people: number;
  sampled_total: number;
  checkpoints: Checkpoint[];
  plans: ReportPlan[];
  conservation: Conservation;
  orders: {
    issued: number;
    open: number;
    done: number;
    verified: number;
    declined: number;
    overdue: number;
    cancelled: number;
  };
  zones: ReportZone[];
  /** What `at-once` takes for granted; empty with `reported`. */
  assumptions?: Text[];
  head: Head;
  ok: boolean;
}

export interface ReportPlan {
  trigger: Text;
  wall_ms: number;
  affected: { locked: number; controlled: number; precaution: number; facility: number; home: number; held: number };
  person_days: number;
  person_days_on_judgement: number;
  beds: number;
  vehicles: number;
  tubes: number;
  orders: number;
}

export interface ReportZone {
  /** Name of the area or places. */
  area: Text;
  level: ZoneLevel;
  risk: RiskLevel | null;
  population: number;
  from: Moment;
  reason: Text;
  lift_when: Text;
}
