import { SkeinError } from '../../kernel/errors.ts';
import type { ModelMessage, ModelRequest } from './model.ts';

/** `ChatInput` as GraphQL has coerced it: types are right, ranges are not checked. */
export interface ChatInput {
  readonly model?: string | null;
  readonly messages: readonly ModelMessage[];
  readonly maxTokens?: number | null;
  readonly temperature?: number | null;
  readonly topP?: number | null;
  readonly stop?: readonly string[] | null;
  readonly seed?: number | null;
}

/** @throws SkeinError BAD_USER_INPUT naming the field that is wrong. */
export function readChatInput(input: ChatInput): ModelRequest {
  const { messages, maxTokens, temperature, topP, stop, seed } = input;
  check(messages.length > 0, 'messages', 'must have at least one message');
  check(isBetween(maxTokens, 1, Number.MAX_SAFE_INTEGER), 'maxTokens', 'must be at least 1');
  check(isBetween(temperature, 0, 2), 'temperature', 'must be from 0 to 2');
  check(isBetween(topP, 0, 1), 'topP', 'must be from 0 to 1');
  check(stop?.every((text) => text !== '') ?? true, 'stop', 'must not have an empty text');
  return {
    messages,
    maxTokens: maxTokens ?? undefined,
    temperature: temperature ?? undefined,
    topP: topP ?? undefined,
    stop: stop?.length ? stop : undefined,
    seed: seed ?? undefined,
  };
}

function isBetween(value: number | null | undefined, min: number, max: number): boolean {
  return value === undefined || value === null || (value >= min && value <= max);
}

function check(fits: boolean, field: string, expectation: string): void {
  if (!fits) throw new SkeinError('BAD_USER_INPUT', `"${field}" ${expectation}.`);
}
