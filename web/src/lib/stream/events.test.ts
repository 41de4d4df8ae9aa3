import { expect, test } from 'vitest';

import { EventReader } from './events';

test('an event is whole at the empty line, however it was cut on the way', () => {
  const wire = ': alive\n\nevent: live\ndata: {"a":\ndata: 1}\n\nevent: other\ndata:x\n\n';
  const expected = [{ name: 'live', data: '{"a":\n1}' }, { name: 'other', data: 'x' }];
  for (let size = 1; size <= wire.length; size += 1) {
    const reader = new EventReader();
    const events = [];
    for (let at = 0; at < wire.length; at += size) events.push(...reader.feed(wire.slice(at, at + size)));
    expect(events).toEqual(expected);
  }
});

test('lines may end with carriage return and line feed, and an event may have no name', () => {
  expect(new EventReader().feed('data: 1\r\n\r\n')).toEqual([{ name: 'message', data: '1' }]);
});

test('what has not ended is kept back', () => {
  const reader = new EventReader();
  expect(reader.feed('event: live\ndata: 1\n')).toEqual([]);
  expect(reader.feed('\n')).toEqual([{ name: 'live', data: '1' }]);
});
