/** What the office answers about lanes, checked field by field. */

import type { Text } from '../live';
import { flag, list, number, object, oneOf, optional, text, type Check } from '../stream/checks';
import type { MergeAnswer, RecordAnswer, SignedSheet } from './model';

const both: Check<Text> = object<Text>({ zh: text, en: text });

export const signedSheetCheck: Check<SignedSheet> = object<SignedSheet>({ sheet: text, signature: text, key: text, signed_at: number });

export const keyCheck: Check<{ key: string }> = object<{ key: string }>({ key: text });

export const mergeAnswerCheck: Check<MergeAnswer> = object<MergeAnswer>({
  sheet: number,
  records: list(
    object<RecordAnswer>({
      line: number,
      device: text,
      counter: number,
      state: oneOf('merged', 'already_there', 'waiting', 'flagged', 'undone', 'quarantined'),
      why: optional(both),
    }),
  ),
  returned: flag,
});
