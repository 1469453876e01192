import { type JsonObject, listMember, member, textMember } from './json-object.ts';

/** Formats that the GraphQL type says already. */
const TOLD_BY_TYPE = new Set(['int32', 'int64', 'float', 'double', 'string', 'binary']);
const MAX_PATTERN_LENGTH = 120;
const MAX_VALUE_LENGTH = 60;
const MAX_VALUES = 10;

/**
 * What a value must keep to beside its type, in words: `Format: uuid. 1 to 100. At most 50 characters.` A constrained
 * string is a String: the service checks it, and its answer tells the client.
 */
export function describeConstraints(raw: JsonObject): string | undefined {
  if (!hasConstraint(raw)) return undefined;
  const format = textMember(raw, 'format');
  const pattern = textMember(raw, 'pattern');
  const multiple = member(raw, 'multipleOf');
  const sentences = [
    format !== undefined && format.length <= MAX_VALUE_LENGTH && !TOLD_BY_TYPE.has(format) && `Format: ${format}.`,
    range(member(raw, 'minimum'), member(raw, 'maximum'), ''),
    range(member(raw, 'minLength'), member(raw, 'maxLength'), ' characters'),
    range(member(raw, 'minItems'), member(raw, 'maxItems'), ' items'),
    typeof multiple === 'number' && `A multiple of ${multiple}.`,
    pattern !== undefined && pattern.length <= MAX_PATTERN_LENGTH && `Pattern: ${pattern}`,
    ...allowedValues(raw),
    example(raw),
  ].filter((sentence) => typeof sentence === 'string');
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

const KEYWORDS = new Set(
  'format pattern multipleOf minimum maximum minLength maxLength minItems maxItems const enum example examples'.split(
    ' ',
  ),
);

function hasConstraint(raw: JsonObject): boolean {
  for (const key in raw) if (KEYWORDS.has(key)) return true;
  return false;
}

function range(from: unknown, to: unknown, unit: string): string | undefined {
  const [low, high] = [from, to].map((bound) => (typeof bound === 'number' ? bound : undefined));
  if (low !== undefined && high !== undefined) return `${low} to ${high}${unit}.`;
  if (high !== undefined) return `At most ${high}${unit}.`;
  return low === undefined || low === 0 ? undefined : `At least ${low}${unit}.`;
}

/** Of what GraphQL's enums cannot say: numbers, and a single value. */
function allowedValues(raw: JsonObject): string[] {
  const constant = printed(member(raw, 'const'));
  if (constant !== undefined) return [`Always ${constant}.`];
  const values = listMember(raw, 'enum').filter((value) => value !== null);
  if (values.length === 0 || values.some((value) => typeof value !== 'number')) return [];
  if (member(raw, 'type') === 'string') return [];
  const more = values.length > MAX_VALUES ? ', …' : '';
  return [`One of ${values.slice(0, MAX_VALUES).join(', ')}${more}.`];
}

function example(raw: JsonObject): string | undefined {
  if (Array.isArray(member(raw, 'enum')) || member(raw, 'const') !== undefined) return undefined;
  const text = printed(member(raw, 'example') ?? listMember(raw, 'examples')[0]);
  return text === undefined ? undefined : `Example: ${text}.`;
}

function printed(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length <= MAX_VALUE_LENGTH ? JSON.stringify(value) : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A description with the constraints behind it. */
export function withConstraints(description: string | undefined, constraints: string | undefined): string | undefined {
  const text = description?.trim();
  if (!text || constraints === undefined) return text || constraints;
  if (text.includes('\n')) return `${text}\n\n${constraints}`;
  return `${text}${/[\p{L}\p{N}\])"'`]$/u.test(text) ? '.' : ''} ${constraints}`;
}
