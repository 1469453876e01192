import { join, resolve } from 'node:path';
import { SYSTEM } from '../../admin/actor.ts';
import { createEncryption } from '../../admin/secrets/encryption.ts';
import { connectStore, embeddedUri } from '../../admin/store/connect.ts';
import { createStore } from '../../admin/store/store.ts';
import type { FeedbackChange } from '../../admin/store/usage-log.ts';
import { firstAdministrator } from '../../admin/stores/users.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import type { GatewayEnvironment } from '../config/environment.ts';
import type { Environment } from '../config/substitute.ts';
import { createCompileWorker } from '../graph/compile-worker.ts';
import { createFeedback } from '../metering/feedback.ts';
import type { Metrics } from '../metering/metrics/metrics.ts';
import { createStoreSink } from '../metering/store-sink.ts';
import { createUsageMeter } from '../metering/usage-meter.ts';
import type { UsageSinkState } from '../metering/usage-sink.ts';
import { type ControlPlane, createControlPlane } from './control-plane.ts';
import { orAgain } from './patience.ts';

export interface StartedControlPlane {
  readonly control: ControlPlane;
  /** The token of the first administrator, when it was made just now: to be shown once. */
  readonly adminToken: string | undefined;
  /** How many usage records are written, wait, and are lost. */
  usage(): UsageSinkState;
}

export interface StartOptions {
  readonly environment: GatewayEnvironment;
  readonly env: Environment;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts calls of models. Default: nobody does. */
  readonly metrics?: Pick<Metrics, 'meter'> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the store and reads what is in it.
 *
 * @throws Error for a store that cannot be opened, or a key that is none. A server that does not answer is waited for.
 */
export async function startControlPlane({
  environment,
  env,
  clock,
  log,
  metrics,
  signal,
}: StartOptions): Promise<StartedControlPlane> {
  const { mongodbUri, dataFolder, encryptionKey, previousEncryptionKeys } = environment;
  const isEmbedded = mongodbUri === undefined;
  const encryption = createEncryption({
    key: encryptionKey,
    previous: previousEncryptionKeys,
    keyFile: isEmbedded && dataFolder !== ':memory:' ? join(resolve(dataFolder), 'encryption.key') : undefined,
  });
  const connection = await connectStore({ uri: mongodbUri ?? embeddedUri(dataFolder), log, signal });
  const store = await createStore(connection, { clock });
  const compiler = createCompileWorker();
  const usage = createStoreSink({ store: store.usage, log, batchSize: isEmbedded ? 50 : 500 });
  const changes = createStoreSink<FeedbackChange>({
    store: { write: (batch) => store.usage.addFeedback(batch) },
    words: { records: 'changes of scores', loss: 'sums are without them until they are counted again' },
    log,
  });
  const feedback = createFeedback({ store, usage, changes, clock, log });
  const meter = createUsageMeter({ sink: usage, clock });
  const control = await createControlPlane({
    store,
    encryption,
    compiler,
    env,
    dataFolder,
    clock,
    log,
    meter: { ...(metrics?.meter(meter) ?? meter), feedback },
  });
  const made = await orAgain(() => firstAdministrator(control.contextOf(SYSTEM), environment.adminToken));
  await control.settle();
  const dispose = async () => {
    await Promise.all([usage.stop(), changes.stop()]);
    await control.dispose();
    await compiler.dispose();
  };
  return {
    control: { ...control, dispose },
    adminToken: environment.adminToken === undefined ? made : undefined,
    usage: () => usage.state(),
  };
}
