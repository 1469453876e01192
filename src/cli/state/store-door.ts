import { applyState } from '../../../admin/gitops/apply.ts';
import { exportState } from '../../../admin/gitops/export.ts';
import { diffState } from '../../../admin/gitops/plan.ts';
import type { Environment } from '../../config/substitute.ts';
import type { StateDoor } from './door.ts';
import { contextOf, openStore } from './open-store.ts';
import { createStorePorts } from './store-ports.ts';

/** The state in the store itself: no gateway has to run. @throws DoorError */
export async function openStoreDoor(env: Environment): Promise<StateDoor> {
  const opened = await openStore(env);
  const { ports, remarks, dispose } = createStorePorts(opened, env);
  const context = { ...contextOf(opened), ports };
  return {
    name: opened.name,
    export: (tenants) => exportState(context, { tenants }),
    diff: (text, request) => diffState(context, text, request),
    apply: (text, request) => applyState(context, text, request),
    remarks,
    async close() {
      await dispose();
      await opened.store.close();
    },
  };
}
