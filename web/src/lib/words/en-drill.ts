import type { zhDrill } from './zh-drill';

/** English words of drills and of secrets that are shown once. */
export const enDrill: Record<keyof typeof zhDrill, string> = {
  drill_banner: 'Drill',
  drill_note: 'Everything here comes from a drill; there is no real outbreak',
  drill_title: '[Drill] {title}',
  drill_roles: 'Sign in as a role of the drill',
  drill_roles_note: 'Everybody in a drill is made up, so no password is needed. Real data do not have this.',
  drill_role_as: 'Sign in as {name}, {area}',
  sign_in_note_drill: 'These are the data of a drill. Sign in with an account, or choose a role below.',
  accounts_again: 'Another first password',
  accounts_never: 'never signed in',
  results_outstanding: '{n} tubes without a result',
  results_all: 'all results are out',
  part_quarantined: 'people quarantined',
  part_treated: 'people treated',
  alarms_nothing: 'Nothing to check yet',
  alarms_nothing_note: 'There are no people, samples or orders; only then can nothing be late or missing.',
  conservation_empty: 'no sample to compare yet',
  answer_half: '{n} agreed, one more needed',
  lane_site: 'Site',
  lane_choose: 'Choose',
  lane_no_round: 'No round is open.',
  lane_twice: 'This card or code was registered at this lane a moment ago (tube {tube}); it was not added again.',
  lane_perhaps_twice: 'This card may have been registered at this lane already: compare',
  lane_loading: 'Reading rounds and sites…',
};
