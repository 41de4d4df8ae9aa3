import { describe, expect, it } from 'vitest';
import { LOOK_AGE_MS_MAX, SILENT_MS_MAX, verdict, type AlarmsAnswer } from './model';

const calm: AlarmsAnswer = { alarms: [], looked_at: 1_000, now: 2_000 };
const alarm: AlarmsAnswer = {
  ...calm,
  alarms: [{ alarm: 'disk_low', name: { zh: '磁盘空间不足', en: 'The disk is nearly full' }, subject: '', since: 1, text: { zh: '剩', en: 'left' } }],
};

describe('siren', () => {
  it('is green only while the server answers and looks', () => {
    expect(verdict(calm, 0, 0, 5_000)).toBe('calm');
    expect(verdict({ ...calm, now: 1_000 + LOOK_AGE_MS_MAX + 1 }, 0, 0, 5_000)).toBe('blind');
    expect(verdict({ ...calm, looked_at: null }, 0, 0, 5_000)).toBe('blind');
    expect(verdict(calm, 0, 0, SILENT_MS_MAX + 1)).toBe('away');
  });
  it('is red with an alarm, and red when nothing answers from the start', () => {
    expect(verdict(alarm, 0, 0, 5_000)).toBe('alarm');
    expect(verdict(null, null, 0, 5_000)).toBe('asking');
    expect(verdict(null, null, 0, SILENT_MS_MAX + 1)).toBe('away');
  });
});
