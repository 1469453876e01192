import type { ApplyRequest } from '../../../admin/gitops/apply.ts';
import type { StateDiff, StateRequest } from '../../../admin/gitops/plan.ts';

/** Where the state is: the store itself, or a gateway that runs on one. */
export interface StateDoor {
  /** What it is called; nothing of it is secret. */
  readonly name: string;
  export(tenants: readonly string[] | undefined): Promise<string>;
  diff(text: string, request: StateRequest): Promise<StateDiff>;
  apply(text: string, request: ApplyRequest): Promise<StateDiff>;
  /** What could not be checked, in sentences. */
  remarks(): readonly string[];
  close(): Promise<void>;
}

/** Why the state cannot be had, for people. */
export class DoorError extends Error {
  override readonly name = 'DoorError';
  readonly suggestion: string | undefined;
  constructor(message: string, suggestion?: string) {
    super(message);
    this.suggestion = suggestion;
  }
}
