import type { CallContext } from './source.ts';

/** The client's part of a call that no client made: documents are fetched and services introspected with it. */
export const NO_CLIENT: Pick<CallContext, 'headers' | 'callerScope' | 'returnHeader'> = {
  headers: {},
  callerScope: '',
  returnHeader: () => {},
};
