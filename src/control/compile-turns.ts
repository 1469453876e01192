import type { JobArguments, JobName, JobResult } from '../graph/compile-jobs.ts';
import type { CompileWorker } from '../graph/compile-worker.ts';

/** Of each worker, the last job that a tenant has asked for. */
const lastJobs = new WeakMap<CompileWorker, Map<string, Promise<unknown>>>();

/**
 * The worker as one tenant has it: its jobs come one after the other, so that of each tenant one at the most waits for
 * the worker. That takes what waits in its order, and so tenants in turn, however many documents one of them has.
 */
export function compilerOf(worker: CompileWorker, tenant: string): CompileWorker {
  const jobs = lastJobs.get(worker) ?? new Map<string, Promise<unknown>>();
  lastJobs.set(worker, jobs);
  return {
    run<Name extends JobName>(name: Name, ...given: JobArguments<Name>): Promise<JobResult<Name>> {
      const before = jobs.get(tenant);
      const job = before === undefined ? worker.run(name, ...given) : before.then(() => worker.run(name, ...given));
      const settled: Promise<unknown> = job
        .catch(() => {})
        .then(() => {
          if (jobs.get(tenant) === settled) jobs.delete(tenant);
        });
      jobs.set(tenant, settled);
      return job;
    },
    dispose: () => worker.dispose(),
  };
}
