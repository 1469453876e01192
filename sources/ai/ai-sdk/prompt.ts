import type { LanguageModelV3FilePart, LanguageModelV3Message, SharedV3ProviderOptions } from '@ai-sdk/provider';
import { argumentsObject, extrasOf, joinText, misplaced, partPath, partsOf, systemParts } from '../dialects/content.ts';
import { refuse } from '../dialects/dialect.ts';
import { AI_SDK } from '../dialects/index.ts';
import { fitId, type IdForm } from '../dialects/tool-call-ids.ts';
import type {
  ContentPart,
  FilePart,
  ImagePart,
  MediaSource,
  ModelRequest,
  PartBase,
  Signature,
  ToolResultPart,
} from '../model.ts';
import { metadataOf } from './metadata.ts';

/** What a model says of itself that its prompt depends on. */
export interface PromptTarget {
  /** The package's name of the provider. */
  readonly provider: string;
  /** Addresses that it fetches by itself, by type of media. */
  readonly supportedUrls: Readonly<Record<string, readonly RegExp[]>>;
}

type Content<Role extends LanguageModelV3Message['role']> = Extract<
  LanguageModelV3Message,
  { role: Role }
>['content'][number];

/** @throws SkeinError BAD_USER_INPUT for what has no place in the form. */
export function promptOf(call: ModelRequest, target: PromptTarget): LanguageModelV3Message[] {
  const prompt: LanguageModelV3Message[] = systemParts(call).map((part) => ({
    role: 'system',
    content: part.text,
    ...optionsOf(part),
  }));
  const names = new Map<string, string>();
  for (const [index, message] of call.messages.entries()) {
    const parts = partsOf(message);
    const each = <T>(read: (part: ContentPart, path: string) => T[]): T[] =>
      parts.flatMap((part, place) => read(part, partPath(index, place, message.content)));
    switch (message.role) {
      case 'system':
        break;
      case 'user':
        prompt.push({ role: 'user', content: each((part, path) => [userPart(part, path, target)]) });
        break;
      case 'assistant': {
        const content = each((part, path) => assistantPart(part, path, target, names));
        // Thoughts of another model alone: providers refuse a turn without any content.
        if (content.length > 0) prompt.push({ role: 'assistant', content });
        break;
      }
      case 'tool':
        prompt.push({ role: 'tool', content: each((part, path) => [toolPart(part, path, target, names)]) });
        break;
    }
  }
  return prompt;
}

function userPart(part: ContentPart, path: string, target: PromptTarget): Content<'user'> {
  if (part.type === 'text') return { type: 'text', text: part.text, ...optionsOf(part) };
  if (part.type === 'image' || part.type === 'file') return mediaPart(part, path, target);
  throw misplaced(part, path, 'user');
}

function mediaPart(part: ImagePart | FilePart, path: string, target: PromptTarget): LanguageModelV3FilePart {
  const { source } = part;
  const filename = part.type === 'file' && part.name !== undefined ? { filename: part.name } : {};
  const own = { type: 'file' as const, ...filename, ...optionsOf(part) };
  if (source.type === 'url') {
    const mediaType = source.mediaType ?? (part.type === 'image' ? 'image/*' : 'application/octet-stream');
    return { ...own, mediaType, data: addressOf(source.url, mediaType, path, target) };
  }
  const { mediaType, data } = source;
  // Some packages take a text for the file's own content, and not for its bytes in base64.
  const isText = /^text\/|^application\/json\b/.test(mediaType);
  return { ...own, mediaType, data: isText ? new Uint8Array(Buffer.from(data, 'base64')) : data };
}

/** Nothing is fetched for a model: what it does not fetch itself must come as bytes. */
function addressOf(url: string, mediaType: string, path: string, { supportedUrls }: PromptTarget): URL {
  const isSupported = Object.entries(supportedUrls).some(
    ([type, patterns]) => fitsType(mediaType, type) && patterns.some((pattern) => pattern.test(url.toLowerCase())),
  );
  if (isSupported && URL.canParse(url)) return new URL(url);
  throw refuse(path, 'has an address that this model cannot fetch: give its bytes');
}

function fitsType(mediaType: string, supported: string): boolean {
  if (supported === '*' || supported === '*/*' || supported === mediaType) return true;
  return supported.endsWith('/*') && mediaType.startsWith(supported.slice(0, -1));
}

function assistantPart(
  part: ContentPart,
  path: string,
  target: PromptTarget,
  names: Map<string, string>,
): Content<'assistant'>[] {
  if (part.type === 'text') return [{ type: 'text', text: part.text, ...optionsOf(part, target) }];
  // A thought of another model has no meaning here.
  if (part.type === 'reasoning')
    return metadataOf(target.provider, part.signature) === undefined
      ? []
      : [{ type: 'reasoning', text: part.text, ...optionsOf(part, target) }];
  if (part.type !== 'tool-call') throw misplaced(part, path, 'assistant');
  const { id, name } = part;
  names.set(id, name);
  const input = argumentsObject(part.arguments, path);
  const toolCallId = fitId(id, idsOf(target));
  return [{ type: 'tool-call', toolCallId, toolName: name, input, ...optionsOf(part, target) }];
}

/** What ids of calls a provider takes, by the package's name of it. */
function idsOf({ provider }: PromptTarget): IdForm | undefined {
  if (provider.startsWith('mistral')) return 'mistral';
  if (/anthropic|bedrock/.test(provider)) return 'anthropic';
  return /^(?:openai|azure)\b/.test(provider) ? 'openai' : undefined;
}

function toolPart(
  part: ContentPart,
  path: string,
  target: PromptTarget,
  names: ReadonlyMap<string, string>,
): Content<'tool'> {
  if (part.type !== 'tool-result') throw misplaced(part, path, 'tool');
  const toolName = names.get(part.id);
  if (toolName === undefined) throw refuse(path, 'answers a call of a tool that is not among the messages before it');
  return {
    type: 'tool-result',
    toolCallId: fitId(part.id, idsOf(target)),
    toolName,
    output: outputOf(part, path, target),
    ...optionsOf(part),
  };
}

type Output = Extract<Content<'tool'>, { type: 'tool-result' }>['output'];

function outputOf({ content, isError }: ToolResultPart, path: string, target: PromptTarget): Output {
  const type = isError ? 'error-text' : 'text';
  if (typeof content === 'string') return { type, value: content };
  if (content.every((part) => part.type === 'text')) return { type, value: joinText(content) };
  if (isError) throw refuse(path, 'is an error with an image, which this model cannot be told');
  return {
    type: 'content',
    value: content.map((part) => {
      if (part.type === 'text') return { type: 'text', text: part.text };
      return imageOutput(part.source, path, target);
    }),
  };
}

function imageOutput(source: MediaSource, path: string, target: PromptTarget) {
  if (source.type === 'base64') return { type: 'image-data', data: source.data, mediaType: source.mediaType } as const;
  return { type: 'image-url', url: addressOf(source.url, 'image/*', path, target).href } as const;
}

/** What a part has for the package: fields of the caller's, and what the model gave with it. */
function optionsOf(
  part: PartBase & { readonly signature?: Signature | undefined },
  target?: PromptTarget,
): { providerOptions?: SharedV3ProviderOptions } {
  const metadata = target && metadataOf(target.provider, part.signature)?.metadata;
  const extras = part.extras === undefined ? undefined : (extrasOf(AI_SDK, part) as SharedV3ProviderOptions);
  return metadata === undefined && extras === undefined ? {} : { providerOptions: { ...metadata, ...extras } };
}
