import type { SharedV3ProviderMetadata } from '@ai-sdk/provider';
import { AI_SDK } from '../dialects/index.ts';
import { isObject, objectOf } from '../dialects/read.ts';
import type { Signature } from '../model.ts';

/** Metadata of a part, as the text that goes to clients and comes back: whose it is stands in it. */
export function signatureOf(
  provider: string,
  metadata: SharedV3ProviderMetadata | undefined,
  isRedacted = false,
): Signature {
  const value = Buffer.from(JSON.stringify({ provider, metadata })).toString('base64url');
  return { dialect: AI_SDK, value, ...(isRedacted && { isRedacted }) };
}

/** `undefined` for a signature that is another's. */
export function metadataOf(
  provider: string,
  signature: Signature | undefined,
): { readonly metadata: SharedV3ProviderMetadata | undefined } | undefined {
  if (signature?.dialect !== AI_SDK) return undefined;
  try {
    const value = objectOf(JSON.parse(Buffer.from(signature.value, 'base64url').toString('utf8')));
    if (value.provider !== provider) return undefined;
    // A client may have written it: only objects of objects are metadata.
    const isMetadata = isObject(value.metadata) && Object.values(value.metadata).every(isObject);
    return { metadata: isMetadata ? (value.metadata as SharedV3ProviderMetadata) : undefined };
  } catch {
    return undefined;
  }
}
