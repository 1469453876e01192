import type { UpstreamAddress } from '../upstream/resilience/upstream-pool.ts';

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:/?#@]+):(\d{1,5})$/;

/** Where a gRPC service answers, as `host:port`; undefined if it is none. */
export function readAddress(text: string): UpstreamAddress | undefined {
  const [, host = '', port = ''] = ADDRESS.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535) return undefined;
  return { origin: text, host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}
