import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { SYSTEM } from '../../../admin/actor.ts';
import { createEncryption, type Encryption } from '../../../admin/secrets/encryption.ts';
import { connectStore, embeddedUri, redact } from '../../../admin/store/connect.ts';
import { createStore, type Store } from '../../../admin/store/store.ts';
import type { AdminContext } from '../../../admin/stores/context.ts';
import { describeError } from '../../../kernel/errors.ts';
import { silentLog, systemClock } from '../../../kernel/ports.ts';
import { type GatewayEnvironment, readEnvironment } from '../../config/environment.ts';
import type { Environment } from '../../config/substitute.ts';
import { DoorError } from './door.ts';

export interface OpenedStore {
  /** Without what may be secret in it. */
  readonly name: string;
  readonly store: Store;
  readonly encryption: Encryption;
  /** Whether there is a key: without one, nothing can be said about what is encrypted. */
  readonly hasKey: boolean;
  readonly environment: GatewayEnvironment;
}

const WAIT_MS = 15_000;

/** The store that the environment names. @throws DoorError for one that cannot be opened, or not within 15 seconds */
export async function openStore(env: Environment): Promise<OpenedStore> {
  const { environment, problems } = readEnvironment(env);
  const [problem] = problems;
  if (problem !== undefined) throw new DoorError(problem.message);
  const { mongodbUri, dataFolder, encryptionKey, previousEncryptionKeys } = environment;
  const uri = mongodbUri ?? embeddedUri(dataFolder);
  const name = mongodbUri === undefined ? `The store in ${dataFolder}` : `The store ${redact(mongodbUri)}`;
  try {
    const isFile = mongodbUri === undefined && dataFolder !== ':memory:';
    const encryption = createEncryption({
      key: encryptionKey,
      previous: previousEncryptionKeys,
      keyFile: isFile ? join(resolve(dataFolder), 'encryption.key') : undefined,
    });
    const signal = AbortSignal.timeout(WAIT_MS);
    const connection = await connectStore({ uri, log: silentLog, signal });
    const store = await createStore(connection, { clock: systemClock });
    const hasKey = isFile || encryptionKey !== undefined || previousEncryptionKeys.length > 0;
    return { name, store, encryption, hasKey, environment };
  } catch (error) {
    throw new DoorError(`${name} cannot be opened: ${describeError(error)}`);
  }
}

/** Who has the store may do everything; the log says who it was. */
export function contextOf({ store }: OpenedStore): Omit<AdminContext, 'ports'> {
  const actor = { ...SYSTEM, id: 'skein-cli', name: `skein, run by ${userName()}` };
  return { actor, store, clock: systemClock };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'a user without a name';
  }
}
