import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserErrors } from '../../../admin/errors.ts';
import { type AuditExportRequest, readExportRequest } from '../../../admin/stores/audit-export.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../../admin/stores/audit-lines.ts';
import { describeError } from '../../../kernel/errors.ts';
import { readEnvironment } from '../../config/environment.ts';
import { clean } from '../../config/print-problems.ts';
import type { CommandCall } from '../commands.ts';
import { chooseFormat } from '../formats.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import { auditOfGateway } from './audit-of-gateway.ts';
import { DoorError } from './door.ts';

/** Takes parts of the export as they come. @throws NobodyReads, DoorError */
export type TakePart = (text: string) => Promise<void>;
/** `skein audit | head`: no mistake, and no export either. */
export class NobodyReads extends Error {
  override readonly name = 'NobodyReads';
}
export interface AuditQuestion {
  readonly request: AuditExportRequest;
  readonly format: ExportFormat;
}

/** Which option stands for which filter. */
const OPTIONS = {
  tenant: 'tenant',
  actor: 'actor',
  entity: 'entity',
  action: 'action',
  since: 'from',
  until: 'until',
} as const;

/** `skein audit`: the audit log, from a gateway or from the store, as it comes. */
export async function audit({ values, env, terminal }: CommandCall): Promise<number> {
  const format = chooseFormat(values.format, EXPORT_FORMATS, terminal);
  if (format === undefined) return EXIT.usage;
  const given = Object.entries(OPTIONS).flatMap(([option, filter]) => {
    const value = values[option as keyof typeof OPTIONS];
    return typeof value === 'string' ? [[filter, value] as const] : [];
  });
  let sink: Sink | undefined;
  try {
    const request = readExportRequest(given);
    const question = { request, format };
    const opened = typeof values.output === 'string' ? await openFile(resolve(values.output)) : openTerminal(terminal);
    sink = opened;
    if (typeof values.url === 'string')
      await auditOfGateway(values.url, readEnvironment(env).environment.adminToken, question, opened.take);
    else await (await import('./audit-of-store.ts')).auditOfStore(env, question, opened.take);
    await opened.finish();
    return EXIT.ok;
  } catch (error) {
    await sink?.abandon();
    return tell(error, terminal);
  }
}

function tell(error: unknown, terminal: Terminal): number {
  if (error instanceof NobodyReads) return EXIT.ok;
  if (error instanceof UserErrors) {
    let isUsage = false;
    for (const { path, message } of error.errors) {
      const option = Object.entries(OPTIONS).find(([, filter]) => filter === path[0])?.[0];
      isUsage ||= option === 'since' || option === 'until';
      terminal.err(`${clean(option === undefined ? message : `--${option}: ${message}`)}\n`);
    }
    return isUsage ? EXIT.usage : EXIT.mistakes;
  }
  if (!(error instanceof DoorError)) throw error;
  const way = error.suggestion === undefined ? '' : `  ${error.suggestion}\n`;
  terminal.err(`${clean(error.message)}\n${way}`);
  return EXIT.usage;
}

interface Sink {
  readonly take: TakePart;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

function openTerminal(terminal: Terminal): Sink {
  const nothing = async () => {};
  return {
    async take(text) {
      terminal.out(text);
      if ((await terminal.drained?.()) === false) throw new NobodyReads();
    },
    finish: nothing,
    abandon: nothing,
  };
}

/** The whole of it, or nothing. It is for its owner alone to read. */
async function openFile(file: string): Promise<Sink> {
  const beside = `${file}.${process.pid}.tmp`;
  const failed = (error: unknown) => new DoorError(`${file} cannot be written: ${describeError(error)}.`);
  let handle: FileHandle;
  try {
    handle = await open(beside, 'w', 0o600);
  } catch (error) {
    throw failed(error);
  }
  return {
    async take(text) {
      await handle.appendFile(text).catch((error: unknown) => Promise.reject(failed(error)));
    },
    async finish() {
      try {
        await handle.sync();
        await handle.close();
        await rename(beside, file);
      } catch (error) {
        throw failed(error);
      }
    },
    async abandon() {
      await handle.close().catch(() => {});
      await rm(beside, { force: true });
    },
  };
}
