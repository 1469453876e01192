import { SkeinError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../sources/ai/model.ts';
import type { ModelInfo } from '../../sources/ai/model-client.ts';

/** `GET /v1/models` in the format of one family of clients. */
export interface ModelListFormat {
  list(models: readonly ModelInfo[]): JsonObject;
  one(model: ModelInfo): JsonObject;
}

/** Nobody knows when a model was made; the field is there for clients that want one. */
const CREATED = 0;

/** https://platform.openai.com/docs/api-reference/models */
export const openaiModels: ModelListFormat = {
  list: (models) => ({ object: 'list', data: models.map(openaiModels.one) }),
  one: ({ name, provider }) => ({ id: name, object: 'model', created: CREATED, owned_by: provider ?? 'route' }),
};

/** https://docs.anthropic.com/en/api/models-list: all of them are one page. */
export const anthropicModels: ModelListFormat = {
  list: (models) => ({
    data: models.map(anthropicModels.one),
    has_more: false,
    first_id: models[0]?.name ?? null,
    last_id: models.at(-1)?.name ?? null,
  }),
  one: ({ name }) => ({
    type: 'model',
    id: name,
    display_name: name,
    created_at: new Date(CREATED).toISOString(),
  }),
};

/** @throws SkeinError MODEL_NOT_FOUND */
export function findModel(models: readonly ModelInfo[], name: string): ModelInfo {
  const found = models.find((model) => model.name === name);
  if (found === undefined)
    throw new SkeinError('MODEL_NOT_FOUND', `There is no model or route "${name.slice(0, 100)}".`);
  return found;
}
