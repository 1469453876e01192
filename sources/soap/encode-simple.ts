import type { SimplePlan } from './plan.ts';
import { InputError } from './xml-text.ts';

/** Text of a value, not escaped yet. `declare` gives a prefix for a namespace. @throws InputError */
export type SimpleEncoder = (value: unknown, declare: (namespace: string) => string) => string;

const DECIMAL = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*$/;
const INTEGER = /^\s*[+-]?\d+\s*$/;

export function createSimpleEncoder(plan: SimplePlan): SimpleEncoder {
  const item = itemEncoder(plan);
  if (!plan.list) return item;
  return (value, declare) => {
    const items = Array.isArray(value) ? value : [value];
    return items
      .map((each: unknown, index) => {
        const text = item(each, declare);
        if (text !== '' && !/\s/.test(text)) return text;
        const error = new InputError(
          'is empty or has a space, but stands in a list whose values are set apart by spaces',
        );
        error.path.push(index);
        throw error;
      })
      .join(' ');
  };
}

function itemEncoder({ form }: SimplePlan): SimpleEncoder {
  switch (form) {
    case 'decimal':
      return (value) => matching(String(value), DECIMAL, 'is not a decimal number');
    case 'integer':
      return (value) => matching(String(value), INTEGER, 'is not an integer');
    case 'name':
      return (value, declare) => {
        const [, namespace, local] = /^\{([^{}]+)\}(.*)$/s.exec(String(value)) ?? [];
        return namespace === undefined ? String(value) : `${declare(namespace)}:${local}`;
      };
    default:
      // GraphQL has seen to the rest: booleans and finite numbers read the same in XML.
      return String;
  }
}

function matching(text: string, pattern: RegExp, reason: string): string {
  if (!pattern.test(text)) throw new InputError(reason);
  return text.trim();
}
