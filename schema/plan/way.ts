/** How an operation is executed: by the sources' own calls, or by the stitched schema. */
export type Way = 'direct' | 'stitched';

export interface WayChoice {
  readonly way: Way;
  /** Why not the direct way. */
  readonly reason?: string;
}
