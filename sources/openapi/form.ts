import { SkeinError } from '../../kernel/errors.ts';
import type { FieldPlan } from './body-plan.ts';
import { queryWriter, type WriteValue } from './styles.ts';

/** A body of `application/x-www-form-urlencoded`, written as queries are. */
export function formWriter(fields: readonly FieldPlan[]): (value: unknown) => string {
  const writers = new Map<string, WriteValue>();
  for (const { name, styled } of fields) if (styled !== undefined) writers.set(name, queryWriter(styled));
  return (value) => {
    let written = '';
    for (const [name, own] of members(value)) written += (writers.get(name) ?? usualWriter(name))(own);
    return written.slice(1);
  };
}

/** A pair for each item of a list; objects as JSON. */
function usualWriter(name: string): WriteValue {
  const plain = queryWriter({ name, style: 'form', explode: true });
  const json = queryWriter({ name, style: 'json', explode: false });
  const one: WriteValue = (value) => (typeof value === 'object' ? json(value) : plain(value));
  return (value) => (Array.isArray(value) ? value.map(one).join('') : one(value));
}

/** What is given of an object. @throws SkeinError BAD_USER_INPUT for what is none */
export function members(value: unknown): [string, unknown][] {
  if (value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new SkeinError('BAD_USER_INPUT', 'A form must be given as an object.');
  }
  return Object.entries(value).filter(([, own]) => own !== undefined && own !== null);
}
