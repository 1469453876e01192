import type { AuditEntry } from '../models/audit.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What a line has, in this order. New ones come behind the last. */
export const EXPORT_FIELDS = [
  'id',
  'tenant',
  'createdAt',
  'action',
  'actor',
  'actorName',
  'address',
  'requestId',
  'entity',
  'entityName',
  'before',
  'after',
  'outcome',
] as const;

/** How entries are written: what comes before them, and each with its end of line. */
export interface ExportLines {
  readonly mediaType: string;
  readonly head: string;
  line(entry: AuditEntry): string;
}

/** One JSON object a line (https://github.com/ndjson/ndjson-spec). `before` and `after` are JSON, or null. */
const ndjson: ExportLines = {
  mediaType: 'application/x-ndjson; charset=utf-8',
  head: '',
  line(entry) {
    const { _id: id, tenant, createdAt, action, actor, actorName, address, requestId, entity, entityName } = entry;
    const { before, after, outcome } = entry;
    const told = JSON.stringify({
      ...{ id, tenant, createdAt, action, actor, actorName, address, requestId, entity, entityName },
    });
    // They are kept as JSON in one line.
    return `${told.slice(0, -1)},"before":${before || 'null'},"after":${after || 'null'},"outcome":${JSON.stringify(outcome)}}\n`;
  },
};

/** RFC 4180, with a line of names. `before` and `after` are JSON as text, and what is null is empty. */
const csv: ExportLines = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  head: `${EXPORT_FIELDS.join(',')}\r\n`,
  line({ _id: id, createdAt, ...entry }) {
    const values = { ...entry, id, createdAt: createdAt.toISOString(), outcome: entry.outcome ?? '' };
    return `${EXPORT_FIELDS.map((field) => cell(values[field])).join(',')}\r\n`;
  },
};

export const EXPORT_LINES: Readonly<Record<ExportFormat, ExportLines>> = { ndjson, csv };

/** What spreadsheets take for the beginning of a formula, wherever they skip white space first. */
const FORMULA = /^[\s\p{Cc}\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]/u;

/** Values have names and words that anybody chose: an apostrophe in front keeps a spreadsheet from running them. */
function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
