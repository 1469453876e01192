/** Bytes that are no descriptors, or descriptors that cannot be. */
export class DescriptorError extends Error {
  override readonly name = 'DescriptorError';
}
