import { join, resolve } from 'node:path';
import type { ConfigurationState } from '../../../admin/models/revision.ts';
import type { Tenant } from '../../../admin/models/tenant.ts';
import { documentsOf } from '../../../admin/stores/entries.ts';
import { latestOf, readState } from '../../../admin/stores/latest.ts';
import type { AdminPorts, Validation, ValidationRequest } from '../../../admin/stores/ports.ts';
import { silentLog } from '../../../kernel/ports.ts';
import { readConfig } from '../../config/read-config.ts';
import type { Environment } from '../../config/substitute.ts';
import { checkEntryAlone, createValidation } from '../../control/admin-ports.ts';
import { readSecret } from '../../control/read-secret.ts';
import { readTenantConfiguration } from '../../control/tenant-configuration.ts';
import { createCompileWorker } from '../../graph/compile-worker.ts';
import { createGraph } from '../../graph/graph.ts';
import { generationOptions } from '../../graph/load-graph.ts';
import { contextOf, type OpenedStore } from './open-store.ts';

export interface StorePorts {
  readonly ports: AdminPorts;
  remarks(): readonly string[];
  dispose(): Promise<void>;
}

const UNCHECKED: Validation = { errors: [], notices: [], changes: { breaking: [], dangerous: [], safe: [] } };
/** Stands for a secret that is on the gateway's machine alone: what it is does not matter for whether it fits. */
const SOME_SECRET = 'secret';

/** What a gateway would say to a configuration, where none runs: graphs are built here, and let go of. */
export function createStorePorts(opened: OpenedStore, env: Environment): StorePorts {
  const { store, encryption, hasKey, environment } = opened;
  const compiler = createCompileWorker();
  const remarks = new Set<string>();
  const documentsFolder = join(
    resolve(environment.dataFolder === ':memory:' ? '.skein' : environment.dataFolder),
    'documents',
  );

  const read = async ({ tenant, state, documents, secrets: given = [] }: ValidationRequest) => {
    const gateway = (await readConfig(environment.configFile, env)).config;
    const kept = await store.secrets.all({ all: false, tenant: tenant._id }, { archivedAt: null });
    const values = new Map<string, string>();
    for (const secret of [...kept, ...given])
      values.set(secret.name, readSecret(secret, tenant, { encryption, env, log: silentLog }) ?? SOME_SECRET);
    return readTenantConfiguration({ tenant, state, secrets: values, documents }, { gateway, env, documentsFolder });
  };
  const sdlOf = async (tenant: Tenant, state: ConfigurationState): Promise<string | undefined> => {
    const found = await documentsOf({ ...contextOf(opened), ports }, state, tenant);
    const documents = new Map(found.map((document) => [document._id, document]));
    const { config, problems } = await read({ tenant, state, documents });
    if (problems.length > 0 || Object.keys(state).length === 0) return undefined;
    const deps = { log: silentLog, generation: generationOptions(config), compiler };
    try {
      const graph = await createGraph(config, [], deps);
      const sdl = graph.registry.current()?.composition.publicSdl;
      await graph.dispose();
      return sdl;
    } catch {
      // What serves cannot be built here: there is nothing to compare with, and what should serve is told for itself.
      return undefined;
    }
  };
  const ports: AdminPorts = {
    checkEntry: checkEntryAlone,
    async validate(request) {
      const { tenant } = request;
      const granted = await store.grants.count({ all: true }, { tenant: tenant._id, state: 'approved' });
      if (granted > 0) {
        remarks.add(
          `The graph of "${tenant.name}" has parts of other tenants' graphs, and was not built: with --url a gateway does it.`,
        );
        return UNCHECKED;
      }
      const before = await sdlOf(tenant, readState(await latestOf({ ...contextOf(opened), ports }, tenant)));
      const deps = { log: silentLog, compiler, read, currentSdl: () => before, givenTo: () => [] };
      return createValidation(deps)(request);
    },
    encrypt: (text, context) => encryption.encrypt(text, context),
    opens: hasKey ? (text, context) => encryption.opens(text, context) : undefined,
    playground: () => Promise.reject(new Error('Prompts are tried on a gateway.')),
  };
  return { ports, remarks: () => [...remarks], dispose: () => compiler.dispose() };
}
