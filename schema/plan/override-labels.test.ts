import { expect, it } from 'vitest';
import { isActiveFor } from './override-labels.ts';

const requests = Array.from({ length: 1_000 }, (_, id) => ({ requestId: `r${id}`, headers: {} }));
const shareOf = (isActive: (request: (typeof requests)[number]) => boolean) => requests.filter(isActive).length / 1_000;

it('a label holds for its share of all requests, whoever names the share', () => {
  expect(shareOf((request) => isActiveFor('percent(20)', request))).toBeCloseTo(0.2, 1);
  expect(shareOf((request) => isActiveFor('beta', request, { beta: { percent: 20 } }))).toBeCloseTo(0.2, 1);
  expect(shareOf((request) => isActiveFor('percent(0)', request))).toBe(0);
  expect(shareOf((request) => isActiveFor('percent(100)', request))).toBe(1);
});

it('who is in a small share is in a larger one', () => {
  for (const request of requests) {
    if (!isActiveFor('percent(20)', request)) continue;
    expect(isActiveFor('beta', request, { beta: { percent: 50 } })).toBe(true);
  }
});

it('a label holds for clients that send its header, with the value if there is one', () => {
  const of = (headers: Record<string, string>) => ({ requestId: 'r', headers });
  const rules = { beta: { header: 'X-Beta', value: 'on' }, any: { header: 'x-any' } };
  expect(isActiveFor('beta', of({ 'x-beta': 'on' }), rules)).toBe(true);
  expect(isActiveFor('beta', of({ 'x-beta': 'off' }), rules)).toBe(false);
  expect(isActiveFor('beta', of({}), rules)).toBe(false);
  expect(isActiveFor('any', of({ 'x-any': '' }), rules)).toBe(true);
});

it('a label without a rule never holds, whatever it is called', () => {
  for (const label of ['beta', 'constructor', 'percent(1e3)', 'percent()'])
    expect(shareOf((request) => isActiveFor(label, request))).toBe(0);
});
