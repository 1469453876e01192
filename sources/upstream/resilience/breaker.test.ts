import { describe, expect, test } from 'vitest';
import { createBreaker } from './breaker.ts';
import type { Outcome } from './contracts.ts';

const OPTIONS = { failures: 3, percent: 50, minimumCalls: 10, windowMs: 1_000, openMs: 100 };

function opened() {
  const breaker = createBreaker(OPTIONS);
  for (let failure = 0; failure < 3; failure += 1) breaker.record('failed', 0, breaker.enter(0));
  return breaker;
}

describe('a closed breaker', () => {
  test.each<Outcome>(['failed', 'unsent', 'busy'])('opens after so many calls in a row that end as %s', (outcome) => {
    const breaker = createBreaker(OPTIONS);
    breaker.record(outcome, 0);
    breaker.record(outcome, 1);
    expect([breaker.state(1), breaker.retryAt(), breaker.allows(1)]).toEqual(['closed', undefined, true]);
    breaker.record(outcome, 2);
    expect([breaker.state(2), breaker.retryAt(), breaker.allows(2)]).toEqual(['open', 102, false]);
  });

  test('begins to count anew after an answer, and not after a call that was given up', () => {
    const breaker = createBreaker(OPTIONS);
    for (const outcome of ['failed', 'failed', 'ok', 'failed', 'failed', 'given-up'] as const)
      breaker.record(outcome, 0);
    expect(breaker.state(0)).toBe('closed');
    breaker.record('failed', 0);
    expect(breaker.state(0)).toBe('open');
  });

  test('opens when its share of failures is reached and there were enough calls', () => {
    const breaker = createBreaker(OPTIONS);
    for (let pair = 0; pair < 4; pair += 1) {
      breaker.record('ok', pair * 100);
      breaker.record('failed', pair * 100);
    }
    breaker.record('ok', 450);
    expect(breaker.state(450)).toBe('closed');
    breaker.record('failed', 460);
    expect(breaker.state(460)).toBe('open');
  });

  test('without a number of failures in a row waits until there were enough calls', () => {
    const { failures: _, ...others } = OPTIONS;
    const breaker = createBreaker(others);
    for (let failure = 0; failure < 9; failure += 1) breaker.record('failed', 0);
    expect(breaker.state(0)).toBe('closed');
    breaker.record('failed', 0);
    expect(breaker.state(0)).toBe('open');
  });

  test('forgets calls of before its window', () => {
    const breaker = createBreaker(OPTIONS);
    // Four failures of eight, which are over when the next come.
    for (let pair = 0; pair < 4; pair += 1) {
      breaker.record('failed', 0);
      breaker.record('ok', 0);
    }
    breaker.record('ok', 1_100);
    breaker.record('failed', 1_100);
    expect(breaker.state(1_100)).toBe('closed');
    // Eight more within the window of the two make ten.
    for (let pair = 0; pair < 4; pair += 1) {
      breaker.record('ok', 1_150 + pair * 200);
      breaker.record('failed', 1_150 + pair * 200);
    }
    expect(breaker.state(1_800)).toBe('open');
  });

  test('forgets its calls bucket by bucket', () => {
    const breaker = createBreaker({ ...OPTIONS, failures: 1_000 });
    for (let call = 0; call < 9; call += 1) breaker.record('failed', call * 100);
    // The first two are over: seven and this one are fewer than ten.
    breaker.record('failed', 1_199);
    expect(breaker.state(1_199)).toBe('closed');
    breaker.record('failed', 1_199);
    expect(breaker.state(1_199)).toBe('closed');
    breaker.record('failed', 1_199);
    expect(breaker.state(1_199)).toBe('open');
  });
});

describe('an open breaker', () => {
  test('lets exactly one call at a time try when its time is over', () => {
    const breaker = opened();
    expect([breaker.allows(99), breaker.enter(99)]).toEqual([false, false]);
    expect([breaker.state(100), breaker.allows(100), breaker.enter(100)]).toEqual(['half-open', true, true]);
    expect([breaker.allows(101), breaker.enter(101)]).toEqual([false, false]);
  });

  test('closes after a trial that was answered, and counts from zero', () => {
    const breaker = opened();
    breaker.record('ok', 110, breaker.enter(100));
    expect([breaker.state(110), breaker.retryAt()]).toEqual(['closed', undefined]);
    breaker.record('failed', 111);
    breaker.record('failed', 112);
    expect(breaker.state(112)).toBe('closed');
    breaker.record('failed', 113);
    // And stays open for its first time again.
    expect(breaker.retryAt()).toBe(213);
  });

  test('stays open for twice as long after each trial that failed, up to ten times', () => {
    const breaker = opened();
    const waits: number[] = [];
    let now = 100;
    for (let trial = 0; trial < 5; trial += 1) {
      breaker.record('busy', now, breaker.enter(now));
      const retryAt = breaker.retryAt() ?? 0;
      waits.push(retryAt - now);
      expect(breaker.allows(retryAt - 1)).toBe(false);
      now = retryAt;
    }
    expect(waits).toEqual([200, 400, 800, 1_000, 1_000]);
    breaker.record('ok', now, breaker.enter(now));
    for (let failure = 0; failure < 3; failure += 1) breaker.record('failed', now);
    expect(breaker.retryAt()).toBe(now + 100);
  });

  test('lets the next call try after a trial that was given up', () => {
    const breaker = opened();
    breaker.record('given-up', 110, breaker.enter(100));
    expect([breaker.state(110), breaker.enter(110)]).toEqual(['half-open', true]);
  });

  test('does not listen to calls that began before it opened', () => {
    const breaker = opened();
    breaker.record('ok', 50);
    expect(breaker.state(50)).toBe('open');
    const isTrial = breaker.enter(100);
    for (const outcome of ['ok', 'failed', 'failed', 'failed', 'given-up'] as const) breaker.record(outcome, 101);
    expect([breaker.state(101), breaker.allows(101), breaker.retryAt()]).toEqual(['half-open', false, 100]);
    breaker.record('ok', 102, isTrial);
    expect(breaker.state(102)).toBe('closed');
  });
});

test('a breaker that closes forgets the calls of before', () => {
  const breaker = createBreaker({ ...OPTIONS, failures: 1_000, minimumCalls: 4 });
  for (let failure = 0; failure < 4; failure += 1) breaker.record('failed', 0);
  breaker.record('ok', 100, breaker.enter(100));
  for (let failure = 0; failure < 3; failure += 1) breaker.record('failed', 101);
  expect(breaker.state(101)).toBe('closed');
  breaker.record('failed', 101);
  expect(breaker.state(101)).toBe('open');
});

test('a breaker that closed does not listen to calls that began before', () => {
  const breaker = opened();
  breaker.record('ok', 100, breaker.enter(100));
  // They hung when the others failed, and run into their timeout only now.
  for (let late = 0; late < 5; late += 1) breaker.record('failed', 101, false, 0);
  expect(breaker.state(101)).toBe('closed');
  for (let failure = 0; failure < 3; failure += 1) breaker.record('failed', 101, false, 100);
  expect(breaker.state(101)).toBe('open');
});

test('no breaker never opens', () => {
  const breaker = createBreaker(false);
  for (let failure = 0; failure < 1_000; failure += 1) breaker.record('failed', failure, breaker.enter(failure));
  expect([breaker.allows(1_000), breaker.state(1_000), breaker.retryAt()]).toEqual([true, 'closed', undefined]);
});
