import type { SimplePlan } from './plan.ts';
import { resolveName, type XmlElement } from './xml.ts';

/** The value of a text. `around` is where its prefixes are declared. */
export type SimpleDecoder = (text: string, around: XmlElement | undefined) => unknown;

/**
 * What is no value of the type stays text: GraphQL then refuses that field alone. Empty text is null where it is no
 * value.
 */
export function createSimpleDecoder(plan: SimplePlan): SimpleDecoder {
  const item = itemDecoder(plan);
  if (!plan.list) return item;
  return (text, around) =>
    text
      .trim()
      .split(/\s+/)
      .filter((part) => part !== '')
      .map((part) => item(part, around));
}

function itemDecoder({ form, scalar, enum: enumId, hasEmpty }: SimplePlan): SimpleDecoder {
  if (enumId !== undefined) return hasEmpty === true ? (text) => text.trim() : filled((text) => text);
  switch (form) {
    case 'text':
      return (text) => text;
    case 'token':
      return (text) => text.trim();
    case 'boolean':
      return filled((text) =>
        text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text,
      );
    case 'integer':
      return filled((text) => {
        if (!/^[+-]?\d+$/.test(text)) return text;
        return scalar === 'Int' ? Number(text) : text.replace(/^\+/, '');
      });
    case 'float':
      return filled((text) => {
        if (text === 'INF') return Number.POSITIVE_INFINITY;
        if (text === '-INF') return Number.NEGATIVE_INFINITY;
        const number = Number(text);
        return Number.isNaN(number) ? text : number;
      });
    case 'decimal':
      return filled((text) => text);
    case 'name':
      return (text, around) => {
        const name = around === undefined ? undefined : resolveName(text, around);
        if (name === undefined) return text.trim();
        return name.namespace === '' ? name.local : `{${name.namespace}}${name.local}`;
      };
  }
}

function filled(decode: (text: string) => unknown): SimpleDecoder {
  return (text) => {
    const trimmed = text.trim();
    return trimmed === '' ? null : decode(trimmed);
  };
}
