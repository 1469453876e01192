import { Kind, parse, print, visit } from 'graphql';
import { FINISH_REASONS, streamEventSdl } from '../ai/ai-sdl.ts';

const TYPES = { finishReason: 'PromptFinishReason', usage: 'PromptUsage', event: 'PromptStreamEvent' };

const MADE_BY = `type Made {
  "Provider of the model."
  provider: String!
  "Name of the version of the prompt that asked; inline where there is one only."
  version: String!
  "What that version is: the same for the same content, whatever its name."
  versionHash: String!
  "Whether the answer was kept and no model was asked; with the last event only."
  cached: Boolean
  "Id of the call, to say by promptFeedback how good the answer was; with the last event only."
  call: ID
}`;

/** Values of the enums of the SDL. */
export const STREAM_ENUMS = new Map([[TYPES.finishReason, FINISH_REASONS]]);

/** The event of a stream of models, with what made it. */
export function promptStreamSdl(): string {
  const [made] = parse(MADE_BY, { noLocation: true }).definitions;
  const more = made?.kind === Kind.OBJECT_TYPE_DEFINITION ? (made.fields ?? []) : [];
  const document = parse(streamEventSdl(TYPES), { noLocation: true });
  const withMade = visit(document, {
    ObjectTypeDefinition: (node) =>
      node.name.value === TYPES.event ? { ...node, fields: [...(node.fields ?? []), ...more] } : undefined,
  });
  return print(withMade);
}
