import { expect, it } from 'vitest';

import { partitionsText, traceAddress } from './backlog';

it('some partitions are named, all of them are not', () => {
  expect(partitionsText([3, 7])).toBe('3, 7');
  expect(partitionsText(Array.from({ length: 16 }, (_, number) => number))).toBe('');
});

it('a trace lies below where traces are', () => {
  expect(traceAddress('http://localhost:7482', 'ab12')).toBe('http://localhost:7482/trace/ab12');
  expect(traceAddress('https://traces.example/jaeger/', 'ab12')).toBe('https://traces.example/jaeger/trace/ab12');
});
