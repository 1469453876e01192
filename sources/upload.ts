/**
 * A file that came with a GraphQL multipart request: what the `Upload` scalar gives to calls. The whole request was
 * read, within the gateway's limit for bodies, before the operation began; so its bytes are in memory.
 */
export interface Upload {
  /** As the client gave it: not to be trusted, and not to be used as a path. */
  readonly name: string;
  /** Media type as the client gave it; empty where it gave none. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Nothing that JSON or a GraphQL literal can say is one: only the door that read the multipart request makes them. */
export function isUpload(value: unknown): value is Upload {
  return (
    typeof value === 'object' &&
    value !== null &&
    'arrayBuffer' in value &&
    typeof value.arrayBuffer === 'function' &&
    'size' in value &&
    typeof value.size === 'number'
  );
}
