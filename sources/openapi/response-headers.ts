import type { HttpHeaders } from '../upstream/http.ts';
import type { OpenapiDocument } from './document.ts';
import { isJsonObject, member, textMember, UnusableError } from './json-object.ts';
import { responsesOf, successStatuses } from './media.ts';
import type { Operation } from './operations.ts';
import type { SchemaKind, SchemaReader } from './schema.ts';

/** A header of an answer and how its text is read. */
export interface HeaderPlan {
  /** In lower case. */
  readonly name: string;
  /** What its value is called: as the document wrote it, as far as its field can be named after that. */
  readonly key: string;
  readonly read: 'text' | 'number' | 'boolean';
  readonly isList: boolean;
}

export interface DeclaredHeader {
  readonly plan: HeaderPlan;
  /** As the document wrote it. */
  readonly writtenName: string;
  readonly schema: unknown;
}

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** The headers that successful answers of an operation have by the document; each once. */
export function declaredHeaders(
  document: OpenapiDocument,
  { node }: Operation,
  schemas: SchemaReader,
): DeclaredHeader[] {
  const found = new Map<string, DeclaredHeader>();
  for (const status of successStatuses(node)) {
    const headers = member(document.resolve(responsesOf(node)[status]).value, 'headers');
    for (const [writtenName, raw] of isJsonObject(headers) ? Object.entries(headers) : []) {
      const name = writtenName.toLowerCase();
      // OpenAPI has a definition of the content type ignored.
      if (found.has(name) || name === 'content-type' || !TOKEN.test(name)) continue;
      found.set(name, readHeader(writtenName, raw, document, schemas));
    }
  }
  return [...found.values()];
}

const READ: Readonly<Partial<Record<SchemaKind, HeaderPlan['read']>>> = {
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  int64: 'text',
  string: 'text',
  enum: 'text',
};

/** What is no plain value nor a list of them is text: nobody agrees how else it is written. */
function readHeader(
  writtenName: string,
  raw: unknown,
  document: OpenapiDocument,
  schemas: SchemaReader,
): DeclaredHeader {
  const name = writtenName.toLowerCase();
  // `X-RateLimit-Limit` tells words apart; `ETag` and `Link` are no names for fields.
  const key = writtenName.includes('-') ? writtenName : name;
  try {
    const header = document.resolve(raw).value;
    const rawSchema = member(header, 'schema') ?? header;
    const schema = schemas.read(rawSchema);
    const description = textMember(header, 'description') ?? schema.description;
    const item = schema.kind === 'array' ? schemas.read(schema.items) : schema;
    const read = READ[item.kind];
    const plan: HeaderPlan = { name, key, read: read ?? 'text', isList: schema.kind === 'array' && read !== undefined };
    const shown = read === undefined ? { type: 'string' } : rawSchema;
    return { plan, writtenName, schema: { allOf: [shown], description, nullable: true } };
  } catch (error) {
    if (!(error instanceof UnusableError)) throw error;
    return {
      plan: { name, key, read: 'text', isList: false },
      writtenName,
      schema: { type: 'string', nullable: true },
    };
  }
}

/** The schema of `{ body headers { … } }`, the fields of which are the headers. */
export function withHeaders(body: unknown, headers: readonly DeclaredHeader[]): object {
  const properties = Object.fromEntries(headers.map(({ plan, schema }) => [plan.key, schema]));
  return {
    type: 'object',
    required: ['headers'],
    properties: {
      body,
      headers: { type: 'object', description: 'Headers of the answer.', properties },
    },
  };
}

/** Values by the keys of the headers; null for what is absent or cannot be read. */
export function headerReader(plans: readonly HeaderPlan[]): (headers: HttpHeaders) => Record<string, unknown> {
  return (headers) => {
    const values: Record<string, unknown> = {};
    for (const { name, key, read, isList } of plans) {
      const raw = headers[name];
      const text = Array.isArray(raw) ? raw.join(', ') : raw;
      if (text === undefined) values[key] = null;
      else if (isList)
        values[key] = text.trim() === '' ? [] : text.split(',').map((item) => readText(item.trim(), read));
      else values[key] = readText(text, read);
    }
    return values;
  };
}

function readText(text: string, read: HeaderPlan['read']): unknown {
  if (read === 'text') return text;
  if (read === 'boolean') return /^(?:true|1)$/i.test(text) ? true : /^(?:false|0)$/i.test(text) ? false : null;
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? null : number;
}

/** Counts what is declared and not asked for: hundreds of operations have the same headers. */
export interface HeaderTotals {
  add(headers: readonly DeclaredHeader[]): void;
  notices(): string[];
}

const MAX_TOLD = 8;

export function createHeaderTotals(): HeaderTotals {
  const names = new Map<string, string>();
  let operations = 0;
  return {
    add(headers) {
      if (headers.length === 0) return;
      operations += 1;
      for (const { plan, writtenName } of headers) if (!names.has(plan.name)) names.set(plan.name, writtenName);
    },
    notices() {
      if (operations === 0) return [];
      const told = [...names.values()].slice(0, MAX_TOLD).join(', ');
      const count = operations === 1 ? 'One operation declares' : `${operations} operations declare`;
      return [
        `${count} response headers (${told}${names.size > MAX_TOLD ? ', …' : ''}), which are not shown: set "responseHeaders: true" for an operation in "operations" to have them.`,
      ];
    },
  };
}
