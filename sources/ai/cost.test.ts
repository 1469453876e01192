import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costNanoUsd, nanoUsdPerMillion, type Price, usdOf } from './cost.ts';
import type { Usage } from './model.ts';
import { modelOptions } from './options.ts';
import { createPricing } from './prices.ts';

const usage = (over: Partial<Usage>): Usage => ({
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: undefined,
  cachedInputTokens: undefined,
  reasoningTokens: undefined,
  raw: undefined,
  ...over,
});
const price = (input: number, more: Partial<Record<keyof Price, number>> = {}): Price => ({
  input: nanoUsdPerMillion(input),
  ...Object.fromEntries(Object.entries(more).map(([name, usd]) => [name, nanoUsdPerMillion(usd)])),
});

describe('the cost', () => {
  test('is the sum of all classes, each at its own price', () => {
    const full = price(3, { output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWrite1h: 6, reasoning: 20 });
    const all = usage({
      inputTokens: 1_000,
      cachedInputTokens: 400,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 100,
      outputTokens: 50,
      reasoningTokens: 20,
    });
    // 300 × 3,000 + 400 × 300 + 200 × 3,750 + 100 × 6,000 + 30 × 15,000 + 20 × 20,000 nano-USD
    expect(costNanoUsd(all, full)).toBe(3_220_000n);
    expect(usdOf(3_220_000n)).toBe(0.00322);
  });

  test('of a class without a price is that of the class it is part of', () => {
    const parts = usage({
      inputTokens: 100,
      cachedInputTokens: 20,
      cacheWriteTokens: 30,
      cacheWrite1hTokens: 10,
      outputTokens: 10,
      reasoningTokens: 5,
    });
    expect(costNanoUsd(parts, price(1, { output: 2 }))).toBe(120_000n);
  });

  test('is not known where tokens or their price are not', () => {
    const known = price(1, { output: 2 });
    expect(costNanoUsd(usage({ inputTokens: undefined }), known)).toBeUndefined();
    expect(costNanoUsd(usage({ outputTokens: undefined }), known)).toBeUndefined();
    expect(costNanoUsd(usage({ inputTokens: 5, outputTokens: 1 }), price(1))).toBeUndefined();
    expect(costNanoUsd(usage({ inputTokens: 5, outputTokens: undefined }), price(1))).toBe(5_000n);
  });

  const count = fc.nat({ max: 10_000_000 });
  const usd = fc.integer({ min: 0, max: 1_000_000_000 }).map((millionths) => millionths / 1_000_000);

  test('is exact: it is the sum of fractions of integers, rounded once', () => {
    fc.assert(
      fc.property(count, count, count, count, usd, usd, usd, (fresh, cached, written, output, i, c, o) => {
        const prices = price(i, { cachedInput: c, cacheWrite: i, output: o });
        const inputTokens = fresh + cached + written;
        const cost = costNanoUsd(
          usage({ inputTokens, cachedInputTokens: cached, cacheWriteTokens: written, outputTokens: output }),
          prices,
        );
        const exact =
          BigInt(fresh + written) * BigInt(Math.round(i * 1e9)) +
          BigInt(cached) * BigInt(Math.round(c * 1e9)) +
          BigInt(output) * BigInt(Math.round(o * 1e9));
        const distance = (cost ?? -1n) * 1_000_000n - exact;
        expect(distance <= 500_000n && distance > -500_000n).toBe(true);
      }),
    );
  });

  test('never grows when tokens are cached at a lower price, and is never below zero whatever is told', () => {
    fc.assert(
      fc.property(count, count, count, count, (inputTokens, cached, written, outputTokens) => {
        const prices = price(3, { output: 15, cachedInput: 0.3 });
        const plain = costNanoUsd(usage({ inputTokens, outputTokens }), prices) ?? -1n;
        const cost = costNanoUsd(
          usage({ inputTokens, outputTokens, cachedInputTokens: cached, cacheWriteTokens: written }),
          prices,
        );
        expect(cost).toBeGreaterThanOrEqual(0n);
        expect(cost).toBeLessThanOrEqual(plain);
      }),
    );
  });
});

describe('the price of a model', () => {
  const pricing = (model: string, priceList: string | undefined, over: object = {}) =>
    createPricing(modelOptions.parse({ provider: 'p', model, ...over }), priceList);

  test('is found in the list of its provider, with its context', () => {
    const mini = pricing('gpt-4.1-mini', 'openai');
    expect(mini.price(0, 100)).toMatchObject({
      input: 400_000_000n,
      cachedInput: 100_000_000n,
      output: 1_600_000_000n,
    });
    expect(mini.contextTokens).toBeGreaterThan(100_000);
    expect(pricing('claude-haiku-4-5', 'anthropic').price(0, 1)).toMatchObject({
      cacheWrite: 1_250_000_000n,
      cacheWrite1h: 2_000_000_000n,
    });
  });

  test('may be higher for a long question', () => {
    const { price: of } = pricing('gemini-2.5-pro', 'google');
    expect(of(0, 200_000)?.input).toBe(1_250_000_000n);
    expect(of(0, 200_001)?.input).toBe(2_500_000_000n);
  });

  test('is unknown, not zero, where nobody knows it', () => {
    expect(pricing('my-own-model', 'openai').price(0, 1)).toBeUndefined();
    expect(pricing('gpt-4.1-mini', undefined).price(0, 1)).toBeUndefined();
    expect(pricing('gpt-4.1-mini', undefined).contextTokens).toBeUndefined();
  });

  test('is what the configuration says, if it says one', () => {
    const own = pricing('gpt-4.1-mini', 'openai', { price: { input: 0.075, output: 0.3 }, contextTokens: 5 });
    expect(own.price(0, 1)).toMatchObject({ input: 75_000_000n, output: 300_000_000n, cachedInput: undefined });
    expect(own.contextTokens).toBe(5);
    expect(pricing('x', undefined, { price: 'free' }).price(0, 1)).toEqual({ input: 0n, output: 0n });
  });
});
