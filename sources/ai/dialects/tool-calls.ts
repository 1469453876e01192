import { SkeinError } from '../../../kernel/errors.ts';
import type { FinishReason, ModelPart, Signature } from '../model.ts';
import { isObject } from './read.ts';

/** One piece of a call, as a provider sends it. */
export interface ToolCallDelta {
  /** The provider's own mark of which call it belongs to: the same for all pieces of one. */
  readonly key: number | string;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly arguments?: string | undefined;
  readonly signature?: Signature | undefined;
}

interface Assembled {
  readonly index: number;
  isNamed: boolean;
  id: string | undefined;
  name: string;
  text: string;
}

/**
 * Makes steady pieces of those of a provider: indexes from 0 in the order of the calls, id and name once and first,
 * arguments as they come.
 */
export class ToolCallAssembler {
  readonly #calls = new Map<number | string, Assembled>();
  /** Of the answer they are in, once it is known. */
  answerId: string | undefined;

  get size(): number {
    return this.#calls.size;
  }

  push(delta: ToolCallDelta): ModelPart[] {
    let call = this.#calls.get(delta.key);
    if (call === undefined) {
      call = { index: this.#calls.size, isNamed: false, id: undefined, name: '', text: '' };
      this.#calls.set(delta.key, call);
    }
    const added = delta.arguments ?? '';
    call.text += added;
    if (call.isNamed) {
      if (added === '' && delta.signature === undefined) return [];
      return [piece(call.index, added, delta.signature)];
    }
    call.id ??= delta.id;
    call.name += delta.name ?? '';
    // A name that is still to come holds back what belongs behind it.
    if (call.name === '') return [];
    call.isNamed = true;
    const id = call.id ?? madeUpId(this.answerId, call.index);
    return [{ ...piece(call.index, call.text, delta.signature), id, name: call.name }];
  }

  /** The call is whole: one without arguments gets those that are known otherwise, or empty ones. */
  close(key: number | string, known = '{}'): ModelPart[] {
    return this.#calls.get(key)?.text === '' ? this.push({ key, arguments: known }) : [];
  }

  /** @throws SkeinError MODEL_OUTPUT_INVALID when a call is not what it must be, unless the answer was cut. */
  check(reason: FinishReason): void {
    if (isCut(reason)) return;
    for (const { isNamed, text } of this.#calls.values()) {
      if (!isNamed) throw invalidCall('has no name');
      checkArguments(text);
    }
  }
}

/** For a call that came without one: calls of one conversation must differ. */
export function madeUpId(answerId: string | undefined, index: number): string {
  return answerId ? `call_${index}_${answerId}` : `call_${index}`;
}

function piece(index: number, text: string, signature: Signature | undefined): ModelPart & { type: 'tool-call' } {
  return { type: 'tool-call', index, arguments: text, ...(signature !== undefined && { signature }) };
}

/** Whether calls of an answer that has ended so need not be whole. */
export function isCut(reason: FinishReason): boolean {
  return reason === 'length' || reason === 'content-filter';
}

/** @throws SkeinError MODEL_OUTPUT_INVALID, which never quotes the text. */
export function checkArguments(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw invalidCall('has arguments that are not JSON');
  }
  if (!isObject(value)) throw invalidCall('has arguments that are not an object');
}

export function invalidCall(what: string): SkeinError {
  return new SkeinError(
    'MODEL_OUTPUT_INVALID',
    `The model called a tool in a way that cannot be used: the call ${what}.`,
  );
}
