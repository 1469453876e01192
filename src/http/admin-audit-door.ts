import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../../admin/actor.ts';
import { type AuditPages, exportAudit, readExportRequest } from '../../admin/stores/audit-export.ts';
import { EXPORT_LINES, type ExportFormat, type ExportLines } from '../../admin/stores/audit-lines.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Clock, IdGenerator, Log } from '../../kernel/ports.ts';
import type { AdminIdentity } from '../control/admin-identity.ts';
import type { StoreHealth } from '../control/sync.ts';
import { credentialsOf } from '../identity/credentials.ts';
import { isStoreUnavailable, RETRY_AFTER, toAdminError, unlessSilent } from './admin-errors.ts';
import type { Door } from './graphql-door.ts';
import { negotiate } from './media-types.ts';
import { queryOf } from './request-target.ts';
import { sendErrors } from './respond.ts';

export interface AuditDoorDeps {
  readonly identify: AdminIdentity;
  contextOf(actor: Actor): AdminContext;
  /** How this instance stands to the store. */
  storeHealth(): StoreHealth;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Log;
  /** How long a client may take nothing of what is sent. Default: a minute. */
  readonly stallTimeoutMs?: number | undefined;
}

const MOST_AT_ONCE = 16;
const MOST_OF_ONE_TENANT = 2;
const STALL_TIMEOUT_MS = 60_000;
const CHUNK = 65_536;
const MEDIA_TYPES = ['application/x-ndjson', 'text/csv'] as const;

/**
 * `/admin/audit-log`: the audit log as a file of lines, to whoever may ask for `auditEntries`. It is read page by page, as
 * fast as the client takes it. One that breaks off ends without the end of its last chunk.
 */
export function createAuditDoor(deps: AuditDoorDeps): Door {
  const { identify, contextOf, storeHealth, clock, ids, log, stallTimeoutMs = STALL_TIMEOUT_MS } = deps;
  const running = createPlaces();

  const serve = async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const actor = await identify(credentialsOf(request), requestId);
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      throw new SkeinError('METHOD_NOT_ALLOWED');
    }
    const { format, wanted } = readRequest(request);
    const lines = EXPORT_LINES[format];
    const leave = running.enter(actor.tenant);
    const writer = createWriter(response, stallTimeoutMs);
    try {
      await exportAudit(contextOf(actor), wanted, format, async (pages, of) => {
        const name = `audit-log-${of?.name ?? 'all'}-${compactTime(clock.now())}.${format}`;
        await sendPages(whileAnswered(pages, storeHealth), lines, writer, () =>
          response.writeHead(200, {
            'content-type': lines.mediaType,
            'content-disposition': `attachment; filename="${name}"`,
            'x-content-type-options': 'nosniff',
          }),
        );
      });
      response.end();
    } finally {
      leave();
    }
  };

  return async (request, response) => {
    const requestId = ids.next();
    response.setHeader('x-request-id', requestId);
    response.setHeader('cache-control', 'no-store');
    try {
      await serve(request, response, requestId);
    } catch (error) {
      const told = toAdminError(error);
      if (!response.headersSent) {
        if (isStoreUnavailable(told)) response.setHeader('retry-after', RETRY_AFTER);
        return sendErrors(response, [told], { requestId, log });
      }
      const hasLeft = error instanceof SkeinError && error.code === 'CLIENT_CLOSED_REQUEST';
      if (!hasLeft) log.error({ requestId, err: error }, 'an export of the audit log broke off');
      // A reset: proxies that speak HTTP/1.0 take any other end for the end of the file.
      if (response.socket === null) response.destroy();
      else response.socket.resetAndDestroy();
    }
  };
}

async function sendPages(pages: AuditPages, { head, line }: ExportLines, writer: Writer, begin: () => void) {
  let text = head;
  let hasBegun = false;
  for await (const page of pages) {
    if (!hasBegun) begin();
    hasBegun = true;
    for (const entry of page) {
      text += line(entry);
      if (text.length < CHUNK) continue;
      await writer.write(text);
      text = '';
    }
    // The embedded store answers at once: without this nobody else would have a turn, nor a client that leaves be noticed.
    await nextTurn();
    writer.check();
  }
  if (!hasBegun) begin();
  if (text !== '') await writer.write(text);
}

async function* whileAnswered(pages: AuditPages, health: () => StoreHealth): AuditPages {
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await unlessSilent(health, iterator.next());
    if (done === true) return;
    yield value;
  }
}

interface Writer {
  /** Resolves when more can be written. @throws SkeinError for a client that has left, or takes nothing */
  write(text: string): Promise<void>;
  check(): void;
}

function createWriter(response: ServerResponse, stallTimeoutMs: number): Writer {
  const check = () => {
    if (response.destroyed) throw new SkeinError('CLIENT_CLOSED_REQUEST');
  };
  return {
    check,
    async write(text) {
      check();
      if (response.write(text)) return;
      await new Promise<void>((resolve, reject) => {
        const settle = (act: () => void) => () => {
          clearTimeout(timer);
          response.off('drain', drained);
          response.off('close', closed);
          act();
        };
        const drained = settle(resolve);
        const closed = settle(() => reject(new SkeinError('CLIENT_CLOSED_REQUEST')));
        const late = settle(() => reject(new SkeinError('REQUEST_TIMEOUT', 'The client takes nothing of its export.')));
        const timer = setTimeout(late, stallTimeoutMs);
        response.once('drain', drained);
        response.once('close', closed);
      });
    },
  };
}

/** Exports under way: each holds a page in memory for as long as its client is slow. */
function createPlaces() {
  const byTenant = new Map<string, number>();
  let all = 0;
  return {
    enter(tenant: string): () => void {
      const own = byTenant.get(tenant) ?? 0;
      if (all >= MOST_AT_ONCE || own >= MOST_OF_ONE_TENANT)
        throw new SkeinError('RATE_LIMITED', 'Too many exports of the audit log are under way: wait for one to end.');
      byTenant.set(tenant, own + 1);
      all += 1;
      return () => {
        all -= 1;
        const left = (byTenant.get(tenant) ?? 1) - 1;
        if (left === 0) byTenant.delete(tenant);
        else byTenant.set(tenant, left);
      };
    },
  };
}

function readRequest(request: IncomingMessage) {
  const wanted = readExportRequest(queryOf(request));
  if (wanted.format !== undefined) return { format: wanted.format, wanted };
  const accepted = negotiate(request.headers.accept, MEDIA_TYPES);
  if (accepted === undefined) throw new SkeinError('NOT_ACCEPTABLE');
  const format: ExportFormat = accepted === 'text/csv' ? 'csv' : 'ndjson';
  return { format, wanted };
}

/** `20300131T120000Z` */
function compactTime(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
