import { UserErrors } from '../../../admin/errors.ts';
import { exportAudit } from '../../../admin/stores/audit-export.ts';
import { EXPORT_LINES } from '../../../admin/stores/audit-lines.ts';
import { describeError } from '../../../kernel/errors.ts';
import type { Environment } from '../../config/substitute.ts';
import { type AuditQuestion, NobodyReads, type TakePart } from './audit.ts';
import { DoorError } from './door.ts';
import { contextOf, openStore } from './open-store.ts';
import { createStorePorts } from './store-ports.ts';

/** The export of the store itself: no gateway has to run. @throws UserErrors, DoorError */
export async function auditOfStore(
  env: Environment,
  { request, format }: AuditQuestion,
  take: TakePart,
): Promise<void> {
  const opened = await openStore(env);
  const { ports, dispose } = createStorePorts(opened, env);
  const { head, line } = EXPORT_LINES[format];
  try {
    await exportAudit({ ...contextOf(opened), ports }, request, format, async (pages) => {
      if (head !== '') await take(head);
      for await (const page of pages) await take(page.map(line).join(''));
    });
  } catch (error) {
    if (error instanceof UserErrors || error instanceof DoorError || error instanceof NobodyReads) throw error;
    throw new DoorError(`${opened.name} broke off: ${describeError(error)}. What was written is not complete.`);
  } finally {
    await dispose();
    await opened.store.close();
  }
}
