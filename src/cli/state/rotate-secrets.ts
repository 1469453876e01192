import { UserErrors } from '../../../admin/errors.ts';
import { rotateSecrets } from '../../../admin/secrets/rotate-secrets.ts';
import { clean } from '../../config/print-problems.ts';
import type { CommandCall } from '../commands.ts';
import { EXIT } from '../terminal.ts';
import { DoorError } from './door.ts';
import { contextOf, type OpenedStore, openStore } from './open-store.ts';
import { createStorePorts } from './store-ports.ts';

/** `skein rotate-secrets`: encrypts what is encrypted with an earlier key with the present one. */
export async function rotate({ env, terminal }: CommandCall): Promise<number> {
  let opened: OpenedStore | undefined;
  try {
    opened = await openStore(env);
    const { ports, dispose } = createStorePorts(opened, env);
    const { rotated, unchanged, failed } = await rotateSecrets({ ...contextOf(opened), ports }, opened.encryption);
    await dispose();
    for (const reason of failed) terminal.err(`${clean(reason)}\n`);
    terminal.out(
      `${rotated} encrypted anew, ${unchanged} were under the present key, ${failed.length} cannot be opened.\n`,
    );
    return failed.length === 0 ? EXIT.ok : EXIT.mistakes;
  } catch (error) {
    if (!(error instanceof DoorError || error instanceof UserErrors)) throw error;
    terminal.err(`${clean(error.message)}\n`);
    return EXIT.usage;
  } finally {
    await opened?.store.close();
  }
}
