import type { FileDescriptor } from './descriptor-wire.ts';

/** `4,0,2,1` → the comment of the second field of the first message, where the set was compiled with source info. */
export function descriptorComments({ sourceCodeInfo }: FileDescriptor): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (const { path, leadingComments, trailingComments } of sourceCodeInfo?.location ?? []) {
    const text = leadingComments.trim() || trailingComments.trim();
    if (text !== '') comments.set(path.join(','), text.replace(/^ +/gm, ''));
  }
  return comments;
}
