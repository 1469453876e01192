import type { AuditEntry } from '../models/audit.ts';
import { auditLog } from '../stores/audit.ts';
import type { Builder, Shared } from './builder.ts';
import { addEntity } from './entity.ts';

export function addAudit(builder: Builder, shared: Shared) {
  return addEntity<AuditEntry>(builder, shared, {
    name: 'AuditEntry',
    plural: 'AuditEntries',
    description: 'Who changed what, when, and from where. Entries are never changed and never deleted.',
    entity: auditLog,
    isNamed: false,
    canArchive: false,
    where: (t) => ({
      actor: t.id({ description: 'Id of who did it.' }),
      entity: t.id({ description: 'Id of what was changed.' }),
      action: t.string({ description: 'e.g. `app.create`, `configuration.publish`.' }),
      from: t.field({ type: 'DateTime', description: 'Not before this moment.' }),
      until: t.field({ type: 'DateTime', description: 'Before this moment.' }),
    }),
    fields: (t) => ({
      actor: t.id({ description: 'Id of who did it; `system` for the gateway itself.', resolve: ({ actor }) => actor }),
      actorName: t.exposeString('actorName', { description: 'What they were called then.' }),
      address: t.exposeString('address', { description: 'Where the request came from.' }),
      requestId: t.exposeString('requestId', { description: 'Id of the request, as in the log.' }),
      action: t.exposeString('action', { description: 'What was done, e.g. `app.create`.' }),
      entity: t.exposeString('entity', { description: 'Id of what was changed; empty for what was made.' }),
      entityName: t.exposeString('entityName', { description: 'Name of what was changed.' }),
      before: t.field({
        type: 'JSON',
        nullable: true,
        description: 'What it was, without secrets; null: it was not there.',
        resolve: ({ before }) => fromJson(before),
      }),
      after: t.field({
        type: 'JSON',
        nullable: true,
        description: 'What it became, without secrets.',
        resolve: ({ after }) => fromJson(after),
      }),
      outcome: t.exposeString('outcome', {
        nullable: true,
        description: '`done`, or `refused`; null: it was interrupted.',
      }),
    }),
  });
}

function fromJson(text: string): unknown {
  return text === '' ? null : JSON.parse(text);
}
